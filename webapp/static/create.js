// The Create page's stage: candidates drawn by the model side by side, pictures composed from the corpus beneath them, and
// the one that was picked, large.
(() => {
  "use strict";
  const { t, h, paint, count, bytes, notice, makers, get, group, card, detail, composing } = Text2SVG;

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

  // What was taken over from a reference.
  function manner(view) {
    const taken = view.asked.manner;
    if (!taken) return null;
    return h("p", { class: "t2s-sub t2s-manner" }, h("span", { text: t("create.manner", { style: t("style." + taken.style),
      stroke: taken.stroke_width || "–" }) }), ...taken.inks.map((ink) => {
      const dot = h("i", { class: "t2s-ink", title: ink });
      dot.style.background = ink;
      return dot;
    }));
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

  // Candidates as they lie on the page: in the order of their seeds while they grow, then the best first.
  function lying(view) {
    const all = view.candidates.map((one) => one.index);
    return view.state === "running" ? all : [...new Set([...view.order, ...all])];
  }

  // What a candidate of the model says of itself.
  function drawn(view, candidate, trigger) {
    const list = candidate.warnings.length
      ? h("ul", { class: "t2s-list" }, ...candidate.warnings.map((text) => h("li", { text }))) : null;
    return detail({ drawing: candidate.drawing, kind: "drawn", title: view.prompt, name: `${view.prompt} ${candidate.seed}`,
      sub: t("create.of", { n: lying(view).indexOf(candidate.index) + 1, all: view.candidates.length }), before: [readings(view), manner(view)], after: [list],
      measured: [["fact.tokens", candidate.tokens || ""], ["fact.seed", candidate.seed]], settled: candidate.state === "done",
      link: view.asked.n && !view.asked.manner ? () => link(view) : null }, trigger);
  }

  makers.stage = ({ root, trigger }) => {
    const line = h("p", { class: "t2s-line", role: "status", "aria-live": "polite" });
    const grid = h("div", { class: "t2s-cards" }), below = h("div", {}), said = h("div", {});
    const composed = composing({ pick: pickComposed, example: (one) => trigger("example", one), trigger });
    root.replaceChildren(said, group("drawn", line, grid), composed.node, below);
    let cards = [], picked = null, run = null, halted = null, kept = null, last = {}, shown = "", examples = null;

    // What "optimize here" showed belongs to the drawing that was looked at then.
    const forget = () => {
      const compare = document.querySelector("#create-compare .t2s");
      if (compare) compare.replaceChildren();
    };
    const look = () => below.scrollIntoView({ block: "nearest", behavior: "smooth" });
    function pick(index) {
      if (last.state === "idle" && examples) return trigger("example", examples.drawn[index]);
      picked = index;
      forget();
      composed.press(null);
      draw(last);
      return look();
    }
    function pickComposed() { picked = null; forget(); shown = ""; draw(last); look(); }

    function settle(view) {
      if (view.state !== "running" || halted !== view.run) return view;
      const candidates = view.candidates.map((one) => (
        ["waiting", "drawing"].includes(one.state) ? { ...one, state: "stopped" } : one));
      return { ...view, state: "stopped", candidates };
    }

    function status(view) {
      if (view.state === "idle") return t("create.idle");
      if (view.state === "running") return view.ahead ? t("create.ahead", { n: view.ahead }) : t("create.running");
      if (view.state === "stopped") return t("create.stopped");
      return view.state === "done" ? t("create.seconds", { n: view.candidates.length, s: count(view.seconds) }) : "";
    }

    function layCards(candidates) {
      const wanted = candidates.length || 4;
      if (cards.length === wanted) return;
      cards = Array.from({ length: wanted }, (_, index) => card(index, pick));
      root.dataset.many = String(wanted > 4);
      grid.replaceChildren(...cards.map((one) => one.node));
    }

    // Cards change places where one can follow them with the eye.
    function arrange(order) {
      order.forEach((index, place) => cards[index].call(place + 1));
      const nodes = order.map((index) => cards[index].node);
      if (nodes.every((node, place) => grid.children[place] === node)) return;
      const stood = nodes.map((node) => node.getBoundingClientRect()), focused = document.activeElement;
      grid.replaceChildren(...nodes);
      if (nodes.includes(focused)) focused.focus({ preventScroll: true });
      grid.scrollLeft = 0; // on a phone the best must not stay beside the screen
      if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
      nodes.forEach((node, place) => {
        const from = stood[place], to = node.getBoundingClientRect();
        const start = `translate(${from.x - to.x}px, ${from.y - to.y}px) scale(${from.width / to.width})`;
        node.animate([{ transform: start, transformOrigin: "0 0" }, { transform: "none", transformOrigin: "0 0" }],
          { duration: 260, easing: "cubic-bezier(.2, .7, .2, 1)" });
      });
    }

    function chosen(view) {
      const able = (index) => view.candidates[index] && view.candidates[index].drawing.svg;
      const wanted = [picked, ...view.order, ...view.candidates.map((one) => one.index)];
      return wanted.find((index) => index !== null && able(index));
    }

    function showDetail(view, index) {
      // While strokes arrive the cards tell the story; the large view comes when there is something to keep.
      const ready = view.state !== "running" || picked !== null;
      const candidate = ready && index !== undefined && !composed.chosen() ? view.candidates[index] : null;
      const key = composed.chosen() ? composed.key()
        : candidate ? [view.run, index, candidate.state, view.candidates.length].join() : "";
      const big = below.querySelector(".t2s-big img");
      if (key && key === shown && big) return candidate ? paint(big, candidate.drawing.svg) : undefined;
      shown = key;
      const made = composed.chosen() ? composed.detail() : candidate ? drawn(view, candidate, trigger) : null;
      below.replaceChildren(...(made ? [made] : []));
      return undefined;
    }

    // Before anybody asked, the cards hold what this server made of a few words.
    function showExample(one, at) {
      const example = last.state === "idle" && examples && examples.drawn[at];
      if (!example) return false;
      one.show({ state: "example", svg: example.drawing.svg, label: example.text, text: "" });
      return true;
    }

    function showCards(view, index) {
      cards.forEach((one, at) => {
        const candidate = view.candidates[at];
        if (showExample(one, at)) return;
        one.show(candidate ? { state: candidate.state, svg: candidate.drawing.svg, text: caption(candidate, at === view.order[0]) } : {});
        one.node.setAttribute("aria-pressed", String(at === index && !composed.chosen() && Boolean(below.querySelector(".t2s-detail"))));
      });
    }

    function draw(incoming) {
      last = incoming;
      const view = settle({ candidates: [], order: [], readings: [], asked: {}, state: "idle", ...incoming });
      if (view.run !== run) { run = view.run; picked = null; shown = ""; composed.press(null); forget(); }
      if (view.state === "done" && view.asked.n && kept !== run) {
        kept = run;
        // A link cannot carry the drawing whose manner was taken.
        history.replaceState(null, "", view.asked.manner ? location.pathname : link(view));
        if (!view.recalled) Text2SVG.keep(view, query(view));
      }
      root.dataset.state = document.body.dataset.create = view.state;
      root.dataset.run = view.run;
      line.textContent = status(view);
      said.replaceChildren(...(view.notice ? [notice(view.notice)] : []));
      layCards(view.candidates);
      arrange(view.candidates.length ? lying(view) : [...cards.keys()]);
      const index = chosen(view);
      showDetail(view, index);
      showCards(view, index);
    }

    async function exemplify() {
      const answer = await get("examples");
      if (!answer.ok) return;
      examples = await answer.json();
      if (last.state !== "idle") return;
      composed.exemplify(examples.composed);
      draw(last);
    }

    // Between the click and the first view there may be a queue; the visitor sees at once that it counts.
    Text2SVG.begin = ([prompt, style, n, seed]) => {
      root.dataset.state = document.body.dataset.create = "running";
      line.textContent = t("create.running");
      composed.ask({ prompt, style, n, seed });
    };
    Text2SVG.show = (view) => {
      draw(view);
      composed.ask({ prompt: view.prompt, style: view.style, n: view.asked.n, seed: view.asked.seed });
      below.scrollIntoView({ block: "nearest" });
    };
    Text2SVG.linked = () => {
      if (new URLSearchParams(location.search).get("q")) {
        if (last.state === "idle") document.querySelector("#create-go").click();
      } else exemplify();
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
