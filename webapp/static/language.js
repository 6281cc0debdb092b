// Gradio takes its labels' language from the browser, so a visitor's own choice has to look like the browser's.
(() => {
  "use strict";
  let chosen = null;
  try { chosen = localStorage.getItem("text2svg:language"); } catch { /* storage may be off */ }
  if (!/^(en|ru)$/.test(chosen || "")) return;
  Object.defineProperty(navigator, "language", { get: () => chosen });
  Object.defineProperty(navigator, "languages", { get: () => [chosen] });
})();
