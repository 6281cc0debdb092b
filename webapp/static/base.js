// The ground the page's own components stand on: translation, DOM building, pictures, downloads, keys.
//
// One rule makes text from visitors, models and corpora harmless here: elements are built with `h`, which only ever sets
// textContent and named attributes. Nothing in these files parses HTML, and a test keeps it so.
(() => {
  "use strict";

  const words = window.Text2SVGWords || { en: {} };
  const language = (navigator.language || "en").toLowerCase().startsWith("ru") ? "ru" : "en";

  function t(key, values = {}) {
    const text = (words[language] || {})[key] || words.en[key] || key;
    return text.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
  }

  function h(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === undefined || value === null || value === false) continue;
      if (name === "text") node.textContent = value;
      else if (name === "on") for (const [event, run] of Object.entries(value)) node.addEventListener(event, run);
      else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  }

  // The only way a drawing reaches the page. An image runs no script and fetches nothing.
  function picture(svg, alt) {
    const image = h("img", { alt: alt || "", draggable: "false", decoding: "async" });
    paint(image, svg);
    return image;
  }

  function paint(image, svg) {
    if (image.drawn === svg) return;
    image.drawn = svg;
    if (svg) image.src = "data:image/svg+xml," + encodeURIComponent(svg);
    else image.removeAttribute("src");
  }

  const number = new Intl.NumberFormat(language);
  const count = (value) => number.format(value);
  const bytes = (value) =>
    value < 10000 ? count(value) + " B" : number.format(Math.round(value / 102.4) / 10) + " kB";

  const GROUNDS = ["light", "checker", "dark"];

  function setGround(name) {
    document.documentElement.dataset.ground = name;
    remember("ground", name);
    for (const button of document.querySelectorAll("[data-set-ground]")) {
      button.setAttribute("aria-pressed", String(button.dataset.setGround === name));
    }
  }

  function grounds() {
    const now = document.documentElement.dataset.ground;
    return h("div", { class: "t2s-grounds" }, ...GROUNDS.map((name) => h("button", {
      type: "button", "data-set-ground": name, "aria-pressed": String(name === now),
      title: t("ground." + name), "aria-label": t("ground." + name), on: { click: () => setGround(name) },
    })));
  }

  function canvas(svg, label) {
    return h("div", { class: "t2s-labelled" }, h("h3", { text: label }),
      h("figure", { class: "t2s-canvas" }, picture(svg, label)));
  }

  function facts(rows) {
    const list = h("dl", { class: "t2s-facts" });
    for (const [name, value] of rows) {
      if (value === "" || value === null || value === undefined) continue;
      list.append(h("div", {}, h("dt", { text: t(name) }),
        value instanceof Node ? h("dd", {}, value) : h("dd", { text: String(value) })));
    }
    return list;
  }

  function notice(value) {
    if (!value) return null;
    const node = h("div", { class: "t2s-notice", "data-level": value.level, role: "status" },
      h("strong", { text: t(value.key) }));
    if (value.detail) node.append(h("span", { text: value.detail }));
    if (value.hint) node.append(h("em", { text: value.hint }));
    return node;
  }

  // A line break between elements keeps code readable; the copied and downloaded text stays one line.
  const readable = (svg) => svg.replace(/></g, ">\n<");

  function code(svg) {
    return h("details", { class: "t2s-code", open: true }, h("summary", { text: t("act.code") }),
      h("pre", { tabindex: "0" }, h("code", { text: readable(svg) })));
  }

  const slug = (text) => (text || "drawing").toLowerCase().normalize("NFKD").replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "").slice(0, 60) || "drawing";

  function save(blob, name) {
    const url = URL.createObjectURL(blob);
    const link = h("a", { href: url, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  }

  async function savePng(svg, name, place) {
    const address = new URL("render.png?size=1024", document.baseURI);
    const answer = await fetch(address, { method: "POST", body: svg, headers: { "content-type": "image/svg+xml" } });
    if (answer.ok) return save(await answer.blob(), name + ".png");
    const problem = await answer.json().catch(() => ({ key: "error.render" }));
    place.append(notice({ level: "error", ...problem }));
  }

  async function copy(text, button) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Plain http on a local network has no clipboard API.
      const area = h("textarea", { readonly: true });
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.textContent = t("act.copied");
    setTimeout(() => { button.textContent = t("act.copy"); }, 1500);
  }

  function action(key, run, kind) {
    return h("button", { type: "button", class: "t2s-act" + (kind ? " " + kind : ""), "data-act": key,
      text: t(key), on: { click: (event) => run(event.currentTarget) } });
  }

  // Every drawing offers the same ways to take it away; `extra` are the page's own.
  function actions(svg, name, extra = []) {
    const row = h("div", { class: "t2s-acts" });
    row.append(
      action("act.svg", () => save(new Blob([svg], { type: "image/svg+xml" }), slug(name) + ".svg"), "strong"),
      action("act.png", () => savePng(svg, slug(name), row)),
      action("act.copy", (button) => copy(svg, button)),
      ...extra.map(([key, run]) => action(key, run, "quiet")),
    );
    return row;
  }

  function remember(name, value) {
    try { localStorage.setItem("text2svg:" + name, value); } catch { /* storage may be off: forget, then */ }
  }

  function recall(name) {
    try { return localStorage.getItem("text2svg:" + name); } catch { return null; }
  }

  function theme(name) {
    document.body.classList.toggle("dark", name === "dark");
    remember("theme", name);
  }

  const seen = (node) => node && node.offsetParent !== null;
  const click = (selector) => {
    const node = document.querySelector(selector);
    if (seen(node)) node.click();
    return seen(node);
  };

  const ENTERS = ["#create-go", "#optimize-go", "#explore-go"];

  // Listens before Gradio does: its own Enter would start the same drawing a second time.
  function keys(event) {
    if (event.key === "Enter") {
      const forced = event.ctrlKey || event.metaKey;
      const busy = document.body.dataset.create === "running" && event.target.closest("#create-prompt");
      if (!forced && !busy) return false;
      event.preventDefault();
      event.stopImmediatePropagation();
      return forced && !busy && ENTERS.some(click);
    }
    if (event.key === "Escape") return click("#create-stop") || click("[data-close]");
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || event.target.isContentEditable;
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === "/") {
      const field = [...document.querySelectorAll("#create-prompt textarea, #explore-words textarea")].find(seen);
      if (field) { event.preventDefault(); field.focus(); }
    }
    if (/^[1-4]$/.test(event.key)) click(`.t2s-card[data-index="${Number(event.key) - 1}"]`);
    return false;
  }

  // Gradio components are born when their tab is first opened; `boot` is what their js_on_load calls.
  const makers = {};
  function boot(kind, parts) {
    const root = parts.element.querySelector(".t2s");
    const draw = makers[kind]({ ...parts, root });
    const redraw = () => draw(parts.props.value || {});
    parts.watch("value", redraw);
    redraw();
  }

  setGround(recall("ground") || "light");
  document.addEventListener("keydown", keys, true);
  document.addEventListener("DOMContentLoaded", () => recall("theme") && theme(recall("theme")));
  if (document.readyState !== "loading" && recall("theme")) theme(recall("theme"));

  window.Text2SVG = { t, h, picture, paint, count, bytes, grounds, canvas, facts, notice, code, actions, action,
    theme, makers, boot, seen };
})();
