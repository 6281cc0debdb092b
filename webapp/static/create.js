// The Create page: the header, example chips, and the stage where candidates are drawn side by side.
(() => {
  "use strict";
  const { t, h, picture, paint, count, bytes, facts, notice, actions, theme, makers, seen, viewer, editor } = Text2SVG;
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

  function card(index, pick) {
    const image = picture("");
    const state = h("span", { class: "t2s-state", "aria-live": "off" });
    const node = h("button", { type: "button", class: "t2s-card", "data-index": index, "data-testid": "card",
      title: t("create.pick", { n: index + 1 }), on: { click: () => pick(index) } },
    h("span", { class: "t2s-paper" }, image), h("span", { class: "t2s-foot" }, h("b", { text: index + 1 }), state));
    return { node, image, state };
  }

  function caption(candidate, best) {
    if (candidate.state === "invalid") return `${t("state.invalid")}: ${candidate.reason}`;
    if (candidate.state === "done") return bytes(candidate.drawing.size) + (best ? " · " + t("create.best") : "");
    return t("state." + candidate.state);
  }

  // A word the model never saw is read as others; the visitor is told which.
  function readings(view) {
    if (!view.readings.length) return null;
    const one = (reading) => (reading.used.length
      ? t("create.read", { word: reading.word, used: reading.used.join(" ") })
      : t("create.unread", { word: reading.word }));
    return h("p", { class: "t2s-sub t2s-readings", text: view.readings.map(one).join(" · ") });
  }

  function size(drawing) {
    return drawing.size || new TextEncoder().encode(drawing.svg).length;
  }

  function measures(drawing, candidate) {
    return facts([["fact.size", bytes(size(drawing))], ["fact.gzip", drawing.gzip ? bytes(drawing.gzip) : ""],
      ["fact.brotli", drawing.brotli ? bytes(drawing.brotli) : ""],
      ["fact.tokens", candidate.tokens || ""], ["fact.seed", candidate.seed]]);
  }

  // A link to what is shown: the same words, style, seed and numbers draw the same on this server.
  const USUAL = { t: 0.4, p: 0.9, m: 300 };
  function query(view) {
    const { n, seed, temperature, top_p: share, max_tokens: most } = view.asked;
    const asked = { q: view.prompt, style: view.style, n, seed };
    for (const [name, value] of Object.entries({ t: temperature, p: share, m: most })) {
      if (value !== USUAL[name]) asked[name] = value;
    }
    return asked;
  }
  const link = (view) => {
    const there = new URL(location.href);
    there.search = new URLSearchParams(query(view));
    there.hash = "";
    return there.href;
  };

  function detail(view, candidate, trigger) {
    const { drawing } = candidate;
    const name = `${view.prompt} ${candidate.seed}`;
    const image = picture(drawing.svg, view.prompt);
    const title = t("create.of", { n: candidate.index + 1, all: view.candidates.length });
    const warnings = candidate.warnings.length
      ? h("ul", { class: "t2s-list" }, ...candidate.warnings.map((text) => h("li", { text }))) : null;
    const numbers = h("div", {}, measures(drawing, candidate));
    const edit = editor(drawing, (next) => {
      paint(image, next.svg);
      numbers.replaceChildren(measures(next, candidate));
    });
    return h("section", { class: "t2s-detail", "data-testid": "detail" },
      viewer({ layers: [image], label: view.prompt }),
      h("div", { class: "t2s-side" }, h("h2", { text: view.prompt }), h("p", { class: "t2s-sub", text: title }),
        readings(view), numbers,
        actions(edit.current, name, [
          ["act.optimize", () => trigger("optimize", { svg: edit.current() })],
          ["act.similar", () => trigger("similar", { svg: edit.current() })],
          ...(view.asked.n ? [["act.link", (button) => Text2SVG.copy(link(view), button)]] : []),
        ]), edit.palette, warnings, edit.code));
  }

  makers.stage = ({ root, trigger }) => {
    const line = h("p", { class: "t2s-line", role: "status", "aria-live": "polite" });
    const grid = h("div", { class: "t2s-cards" });
    const below = h("div", {});
    const said = h("div", {});
    root.replaceChildren(line, said, grid, below);
    let cards = [], picked = null, run = null, halted = null, kept = null, last = {}, shown = "";

    // What "optimize here" showed belongs to the drawing that was looked at then.
    const forget = () => {
      const compare = document.querySelector("#create-compare .t2s");
      if (compare) compare.replaceChildren();
    };
    const pick = (index) => { picked = index; forget(); draw(last); below.scrollIntoView({ block: "nearest", behavior: "smooth" }); };

    function settle(view) {
      if (view.state !== "running" || halted !== view.run) return view;
      const candidates = view.candidates.map((one) => (
        ["waiting", "drawing"].includes(one.state) ? { ...one, state: "stopped" } : one));
      return { ...view, state: "stopped", candidates };
    }

    function status(view) {
      if (view.state === "running") return view.ahead ? t("create.ahead", { n: view.ahead }) : t("create.running");
      if (view.state === "stopped") return t("create.stopped");
      if (view.state !== "done") return "";
      return t("create.seconds", { n: view.candidates.length, s: count(view.seconds) });
    }

    function layCards(candidates) {
      const wanted = candidates.length || 4;
      if (cards.length === wanted) return;
      cards = Array.from({ length: wanted }, (_, index) => card(index, pick));
      grid.replaceChildren(...cards.map((one) => one.node));
      grid.dataset.n = wanted;
    }

    function chosen(view) {
      const able = (index) => view.candidates[index] && view.candidates[index].drawing.svg;
      const wanted = [picked, ...view.order, ...view.candidates.map((one) => one.index)];
      return wanted.find((index) => index !== null && able(index));
    }

    function showDetail(view, index) {
      // While strokes arrive the cards tell the story; the large view comes when there is something to keep.
      const ready = view.state !== "running" || picked !== null;
      const candidate = ready && index !== undefined ? view.candidates[index] : null;
      const key = candidate ? [view.run, index, candidate.state, view.candidates.length].join() : "";
      const big = below.querySelector(".t2s-big img");
      if (candidate && key === shown && big) return paint(big, candidate.drawing.svg);
      shown = key;
      below.replaceChildren(...(candidate ? [detail(view, candidate, trigger)] : []));
      return undefined;
    }

    function draw(incoming) {
      last = incoming;
      const view = settle({ candidates: [], order: [], readings: [], asked: {}, state: "idle", ...incoming });
      if (view.run !== run) { run = view.run; picked = null; shown = ""; forget(); }
      if (view.state === "done" && view.asked.n && kept !== run) {
        kept = run;
        history.replaceState(null, "", link(view));
        if (!view.recalled) Text2SVG.keep(view, query(view));
      }
      root.dataset.state = document.body.dataset.create = view.state;
      root.dataset.run = view.run;
      line.textContent = view.state === "idle" ? t("create.idle") : status(view);
      said.replaceChildren(...(view.notice ? [notice(view.notice)] : []));
      layCards(view.candidates);
      const index = chosen(view);
      cards.forEach((one, at) => {
        const candidate = view.candidates[at];
        one.node.dataset.state = candidate ? candidate.state : "empty";
        one.node.dataset.blank = String(!candidate || !candidate.drawing.svg);
        one.node.disabled = !candidate || !candidate.drawing.svg;
        one.state.textContent = candidate ? caption(candidate, at === view.order[0]) : "";
        paint(one.image, candidate ? candidate.drawing.svg : "");
      });
      showDetail(view, index);
      cards.forEach((one, at) => one.node.setAttribute("aria-pressed",
        String(at === index && Boolean(below.querySelector(".t2s-detail")))));
    }

    // Between the click and the first view there may be a queue; the visitor sees at once that it counts.
    Text2SVG.begin = () => {
      root.dataset.state = document.body.dataset.create = "running";
      line.textContent = t("create.running");
    };
    Text2SVG.show = (view) => { draw(view); below.scrollIntoView({ block: "nearest" }); };
    Text2SVG.linked = () => {
      if (new URLSearchParams(location.search).get("q") && last.state === "idle") document.querySelector("#create-go").click();
    };
    Text2SVG.halt = () => { halted = run; draw(last); };
    Text2SVG.settle = () => { if (last.state === "running") Text2SVG.halt(); else draw(last); };
    Text2SVG.failed = () => {
      Text2SVG.settle();
      said.replaceChildren(notice({ key: "error.unknown", level: "error" }));
    };
    return draw;
  };
})();
