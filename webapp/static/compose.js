// Pictures put together from corpus drawings: asked for beside the model's, shown apart from them, never without their sources.
(() => {
  "use strict";
  const { t, h, bytes, copy, action, post, problem, group, card, detail, owned } = Text2SVG;

  function notes(view, one) {
    const unread = view.unread.map((word) => t("create.unread", { word }));
    const texts = [...unread, ...view.notes, ...one.notes];
    return texts.length ? h("p", { class: "t2s-sub t2s-readings", text: texts.join(" · ") }) : null;
  }

  function credits(one) {
    return h("div", { class: "t2s-sources", "data-testid": "sources" },
      h("p", { class: "t2s-head", text: t("compose.sources") }), ...owned(one.sources),
      h("div", { class: "t2s-credit" }, h("p", { text: one.attribution, "data-testid": "composed-credit" }),
        action("act.credit", (button) => copy(one.attribution, button), "quiet")));
  }

  function composing({ pick, example, trigger }) {
    const line = h("p", { class: "t2s-line", role: "status", "aria-live": "polite" });
    const grid = h("div", { class: "t2s-cards" });
    const node = group("composed", line, grid);
    let turn = 0, view = { composed: [] }, cards = [], pressed = null, examples = null;

    function lay(count) {
      if (cards.length === count) return;
      cards = Array.from({ length: count }, (_, at) => card(at, () => chosen(at), "ABCD"[at]));
      grid.replaceChildren(...cards.map((one) => one.node));
    }

    function chosen(at) {
      if (examples) return example(examples[at]);
      press(at);
      return pick();
    }

    function press(at) {
      pressed = at;
      cards.forEach((one, place) => one.node.setAttribute("aria-pressed", String(place === at)));
    }

    function show(state, text) {
      node.dataset.state = state;
      line.textContent = text;
      lay(view.composed.length || 4);
      cards.forEach((one, at) => {
        const made = view.composed[at];
        one.show(made ? { state: "done", svg: made.drawing.svg, text: `${bytes(made.drawing.size)} · ${t("compose.label")}` } : { state: state === "running" ? "waiting" : "empty" });
      });
      press(pressed);
    }

    function exemplify(found) {
      examples = found;
      lay(4);
      cards.forEach((one, at) => { if (found[at]) one.show({ state: "example", svg: found[at].drawing.svg, label: found[at].text }); });
    }

    async function ask(wish) {
      const mine = turn += 1;
      examples = null;
      view = { composed: [], unread: [], notes: [] };
      pressed = null;
      if (!wish.prompt) return show("empty", "");
      show("running", t("compose.running"));
      const answer = await post("compose", { ...wish, n: wish.n || 1, seed: wish.seed || 0 });
      if (mine !== turn) return undefined;
      if (!answer.ok) {
        const { key, detail: why } = await problem(answer);
        return show("empty", [t(key), why].filter(Boolean).join(" "));
      }
      view = await answer.json();
      return show("done", t("compose.done", { n: view.composed.length }));
    }

    function large() {
      const one = view.composed[pressed];
      return detail({ drawing: one.drawing, kind: "composed", title: view.prompt, name: `${view.prompt} composed ${one.seed}`,
        sub: t("compose.of", { n: pressed + 1, all: view.composed.length }), before: [notes(view, one), credits(one)], after: [],
        measured: [["fact.seed", one.seed], ["fact.style", one.style ? t("style." + one.style) : ""]], settled: true }, trigger);
    }

    show("empty", "");
    return { node, ask, press, exemplify, detail: large, chosen: () => pressed !== null, key: () => `composed ${turn} ${pressed}` };
  }

  Object.assign(Text2SVG, { composing });
})();
