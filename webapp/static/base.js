// The ground the page's own components stand on: translation, DOM building, pictures, downloads, keys.
//
// One rule makes text from visitors, models and corpora harmless here: elements are built with `h`, which only ever sets
// textContent and named attributes. Nothing in these files parses HTML, and a test keeps it so.
(() => {
  "use strict";

  const words = window.Text2SVGWords || { en: {} };

  function remember(name, value) {
    try {
      if (value === null) localStorage.removeItem("text2svg:" + name);
      else localStorage.setItem("text2svg:" + name, value);
    } catch { /* storage may be off or full: forget, then */ }
  }

  function recall(name) {
    try { return localStorage.getItem("text2svg:" + name); } catch { return null; }
  }

  // `language.js` has put a visitor's own choice here already.
  const language = (navigator.language || "en").toLowerCase().startsWith("ru") ? "ru" : "en";
  document.documentElement.lang = language;

  function setLanguage(name) {
    remember("language", name);
    location.reload();
  }

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

  const DRAWING = "data:image/svg+xml,";

  function paint(image, svg) {
    if (image.drawn === svg) return;
    image.drawn = svg;
    if (svg) image.src = DRAWING + encodeURIComponent(svg);
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

  function facts(rows) {
    const list = h("dl", { class: "t2s-facts" });
    for (const [name, value] of rows) {
      if (value === "" || value === null || value === undefined) continue;
      list.append(h("div", { "data-fact": name }, h("dt", { text: t(name) }),
        value instanceof Node ? h("dd", {}, value) : h("dd", { text: String(value) })));
    }
    return list;
  }

  // Where a drawing comes from; anything but https stays out of the page.
  function source(url) {
    if (!url.startsWith("https://")) return "";
    return h("a", { href: url, rel: "noopener noreferrer", target: "_blank", text: url.replace(/^https:\/\//, "") });
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

  const address = (path) => new URL("api/v1/" + path, document.baseURI);

  // The API's answer, or the notice that says why there is none.
  async function post(path, body, options = {}) {
    const kind = typeof body === "string" ? "text/plain" : "application/json";
    const text = typeof body === "string" ? body : JSON.stringify(body);
    try {
      return await fetch(address(path), { method: "POST", body: text, headers: { "content-type": kind }, ...options });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      return new Response(JSON.stringify({ key: "error.gone" }), { status: 503 });
    }
  }

  async function get(path) {
    try {
      return await fetch(address(path));
    } catch {
      return new Response(JSON.stringify({ key: "error.gone" }), { status: 503 });
    }
  }

  async function problem(answer) {
    const said = await answer.json().catch(() => ({}));
    const value = said.notice || said;
    return { level: "error", key: words.en[value.key] ? value.key : "error.unknown", detail: value.detail, hint: value.hint };
  }

  async function savePicture(svg, name, form, place) {
    const answer = await post(`render?form=${form}&size=${form === "pdf" ? 512 : 1024}`, svg);
    if (answer.ok) return save(await answer.blob(), `${name}.${form}`);
    place.querySelectorAll(".t2s-notice").forEach((old) => old.remove());
    place.append(notice(await problem(answer)));
    return undefined;
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
    const label = button.dataset.label || (button.dataset.label = button.textContent);
    button.textContent = t("act.copied");
    setTimeout(() => { button.textContent = label; }, 1500);
  }

  function action(key, run, kind) {
    return h("button", { type: "button", class: "t2s-act" + (kind ? " " + kind : ""), "data-act": key,
      text: t(key), on: { click: (event) => run(event.currentTarget) } });
  }

  // A button that opens a short list; Escape, a choice or a click elsewhere closes it.
  function menu(key, entries) {
    const list = h("div", { class: "t2s-menu-list" },
      ...entries.map(([name, run]) => action(name, (button) => { run(button); setTimeout(close, 700); }, "quiet")));
    const node = h("details", { class: "t2s-menu", "data-menu": key },
      h("summary", { class: "t2s-act", text: t(key) }), list);
    const close = () => { node.open = false; };
    document.addEventListener("click", (event) => { if (!node.contains(event.target)) close(); });
    node.addEventListener("keydown", (event) => { if (event.key === "Escape") { close(); event.stopPropagation(); } });
    return node;
  }

  // Every drawing offers the same ways to take it away; `current` gives its text at that moment, `extra` are the page's own.
  function actions(current, name, extra = []) {
    const row = h("div", { class: "t2s-acts" });
    const { dataUri, jsx, css } = Text2SVG;
    const pdf = action("act.pdf", () => savePicture(current(), slug(name), "pdf", row));
    if (document.body.dataset.pdf) pdf.title = t("act.pdf.none", { what: document.body.dataset.pdf });
    row.append(
      action("act.svg", () => save(new Blob([current()], { type: "image/svg+xml" }), slug(name) + ".svg"), "strong"),
      action("act.png", () => savePicture(current(), slug(name), "png", row)), pdf,
      menu("act.copy", [
        ["copy.svg", (button) => copy(current(), button)],
        ["copy.uri", (button) => copy(dataUri(current()), button)],
        ["copy.jsx", (button) => copy(jsx(current(), name), button)],
        ["copy.css", (button) => copy(css(current(), slug(name)), button)],
      ]),
      ...extra.map(([key, run]) => action(key, run, "quiet")),
    );
    return row;
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
    if (event.target.closest("[data-own-keys]")) return false;
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || event.target.isContentEditable;
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === "/") {
      const field = [...document.querySelectorAll("#create-prompt textarea, #explore-words textarea")].find(seen);
      if (field) { event.preventDefault(); field.focus(); }
    }
    if (/^[1-8]$/.test(event.key)) click(`[data-kind="drawn"] .t2s-card:nth-child(${event.key})`);
    if (event.key === "9") click('[data-kind="composed"] .t2s-card[aria-pressed="true"] + .t2s-card:enabled')
      || click('[data-kind="composed"] .t2s-card:enabled');
    if (event.key === "d") click('.t2s-detail [data-act="act.svg"]');
    if (event.key === "c") click('.t2s-detail [data-menu="act.copy"] > summary');
    return false;
  }

  // A defect on the server: it is in the log there, and said here.
  function defect(selector) {
    const root = document.querySelector(selector + " .t2s");
    root.dataset.state = "error";
    root.replaceChildren(notice({ key: "error.unknown", level: "error" }));
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

  window.Text2SVG = { t, h, picture, paint, count, bytes, grounds, facts, notice, code, actions, action, menu, post,
    problem, copy, save, slug, readable, remember, recall, theme, language, setLanguage, languages: Object.keys(words),
    get, source, makers, boot, defect, seen, DRAWING };
})();
