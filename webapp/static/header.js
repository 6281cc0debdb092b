// What stands around the page: header, footer, example chips, and the counter under the words.
(() => {
  "use strict";
  const { t, h, picture, count, theme, makers, seen } = Text2SVG;
  const MARK = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path d="M5 25C5 9 27 23 27 7" ' +
    'fill="none" stroke="#d9542b" stroke-width="3.2" stroke-linecap="round"/><circle cx="5" cy="25" r="3.4" ' +
    'fill="#d9542b"/><rect x="23.6" y="3.6" width="6.8" height="6.8" rx="1.6" fill="#d9542b"/></svg>';

  function languages() {
    const { language, setLanguage } = Text2SVG;
    return h("div", { class: "t2s-languages", role: "group", "aria-label": t("app.language") },
      ...Text2SVG.languages.map((name) => h("button", { type: "button", lang: name, "data-language": name,
        text: name.toUpperCase(), title: t("language." + name), "aria-pressed": String(name === language),
        on: { click: () => setLanguage(name) } })));
  }

  makers.header = ({ root }) => (status) => {
    document.body.dataset.pdf = status.pdf || "";
    const rows = status.rows ? h("span", { class: "t2s-corpus", text: t("app.corpus", { n: count(status.rows) }) }) : null;
    const engine = status.model || status.engine;
    root.replaceChildren(
      h("div", { class: "t2s-brand" }, picture(MARK), h("h1", { text: t("app.title") }),
        h("p", { text: t("app.tagline") })),
      h("div", { class: "t2s-status" }, rows,
        engine ? h("span", { class: "t2s-engine", title: engine, text: engine.replace(/^embedded:/, "") }) : null,
        languages(),
        h("button", { type: "button", class: "t2s-theme", "aria-label": t("app.theme"), title: t("app.theme"),
          on: { click: () => theme(document.body.classList.contains("dark") ? "light" : "dark") } })),
    );
  };

  makers.footer = ({ root }) => () => root.replaceChildren(h("p", {}, t("app.foot") + " ",
    h("a", { href: "api", text: t("app.api") })));

  makers.chips = ({ root, trigger }) => (value) => {
    const chips = (value.examples || []).map((example) => h("button", { type: "button", class: "t2s-chip",
      text: example.text, on: { click: () => trigger("pick", example) } }));
    root.replaceChildren(h("span", { class: "t2s-try", text: t("create.try") }), ...chips);
  };

  makers.counter = ({ root }) => (value) => {
    const left = h("span", { class: "t2s-count", "data-testid": "counter" });
    root.replaceChildren(h("span", { class: "t2s-keys", text: t("create.keys") }), left);
    const show = (text) => { left.textContent = `${[...text].length} / ${value.limit}`; };
    document.addEventListener("input", (event) => {
      if (event.target.closest && event.target.closest("#create-prompt")) show(event.target.value);
    });
    const field = document.querySelector("#create-prompt textarea");
    show(field ? field.value : "");
    // Chips and "use as example words" set the field without an input event.
    setInterval(() => {
      const now = document.querySelector("#create-prompt textarea");
      if (seen(now)) show(now.value);
    }, 500);
  };
})();
