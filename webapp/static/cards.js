// What both kinds of pictures share: a group with its label, a card, and the large view of the one that was picked.
(() => {
  "use strict";
  const { t, h, picture, paint, bytes, facts, actions, copy, viewer, editor, kin } = Text2SVG;

  // Every picture stands in a group that says who made it: the model, or rules that place corpus drawings.
  function group(kind, line, grid) {
    return h("section", { class: "t2s-group", "data-kind": kind, "aria-label": t("made." + kind) },
      h("div", { class: "t2s-by" }, h("h2", { text: t("made." + kind) }),
        h("p", { class: "t2s-how", text: t("made." + kind + ".how") }), line), grid);
  }

  // `name` stands under a picture that has no words of its own: a number, which is also its key, or a letter.
  function card(index, pick, name = index + 1) {
    const image = picture("");
    let sign = name;
    const label = h("b", { text: name }), text = h("span", { class: "t2s-state", "aria-live": "off" });
    const node = h("button", { type: "button", class: "t2s-card", "data-index": index, "data-testid": "card",
      title: t("create.pick", { n: name }), on: { click: () => pick(index) } },
    h("span", { class: "t2s-paper" }, image), h("span", { class: "t2s-foot" }, label, text));
    function show({ state = "empty", svg = "", text: words = "", label: said = "" }) {
      node.dataset.state = state;
      node.dataset.blank = String(!svg);
      node.disabled = !svg;
      node.setAttribute("aria-pressed", "false");
      label.textContent = said || sign;
      node.title = said || [t("create.pick", { n: sign }), words].filter(Boolean).join(": ");
      text.textContent = words;
      paint(image, svg);
    }
    return { node, show, call: (other) => { sign = other; } };
  }

  function measures(drawing, more) {
    const size = drawing.size || new TextEncoder().encode(drawing.svg).length;
    return facts([["fact.size", bytes(size)], ["fact.gzip", drawing.gzip ? bytes(drawing.gzip) : ""],
      ["fact.brotli", drawing.brotli ? bytes(drawing.brotli) : ""], ...more]);
  }

  // `subject` is a picture of either kind; its own notes stand before the figures and after the colours.
  function detail(subject, trigger) {
    const image = picture(subject.drawing.svg, subject.title);
    const numbers = h("div", {}, measures(subject.drawing, subject.measured));
    const edit = editor(subject.drawing, (next) => {
      paint(image, next.svg);
      numbers.replaceChildren(measures(next, subject.measured));
    });
    return h("section", { class: "t2s-detail", "data-testid": "detail", "data-kind": subject.kind },
      viewer({ layers: [image], label: subject.title }),
      h("div", { class: "t2s-side" }, h("h2", { text: subject.title }),
        h("p", { class: "t2s-sub" }, h("span", { class: "t2s-made", "data-kind": subject.kind, text: t("made." + subject.kind) }), " ",
          h("span", { text: subject.sub })),
        ...subject.before.filter(Boolean), numbers,
        actions(edit.current, subject.name, [
          ["act.optimize", () => trigger("optimize", { svg: edit.current() })],
          ["act.similar", () => trigger("similar", { svg: edit.current() })],
          ["act.manner", () => trigger("manner", { svg: edit.current() })],
          ...(subject.link ? [["act.link", (button) => copy(subject.link(), button)]] : []),
        ]), edit.palette, ...subject.after.filter(Boolean), edit.code),
      subject.settled ? kin(subject.drawing.svg) : "");
  }

  Object.assign(Text2SVG, { group, card, detail });
})();
