// Before and after, with every number that says what changed.
(() => {
  "use strict";
  const { t, h, bytes, grounds, canvas, facts, notice, code, actions, makers } = Text2SVG;

  function verdict(view) {
    const change = Math.abs(view.saved);
    const word = view.saved > 0 ? "optimize.smaller" : view.saved < 0 ? "optimize.larger" : "optimize.same";
    const figure = view.saved === 0 ? "=" : `${change} %`;
    return h("div", { class: "t2s-verdict", "data-better": String(view.saved > 0) },
      h("strong", { "data-testid": "saved", text: figure }), h("span", { text: t(word) }),
      h("span", { class: "t2s-from", text: `${bytes(view.raw_bytes)} → ${bytes(view.after.size)}` }));
  }

  function bar(view) {
    const inner = h("i", {});
    inner.style.width = Math.max(1, Math.min(100, 100 - view.saved)) + "%";
    return h("div", { class: "t2s-bar", "aria-hidden": "true" }, inner);
  }

  function difference(value) {
    if (value < 0) return "";
    return value < 0.01 ? t("optimize.difference.none") : `${value} / 255`;
  }

  function list(key, items) {
    if (!items.length) return null;
    return h("div", { class: "t2s-notes" }, h("h3", { text: t(key) }),
      h("ul", { class: "t2s-list" }, ...items.map((text) => h("li", { text }))));
  }

  function done(view) {
    return h("section", { class: "t2s-compare", "data-testid": "compare" },
      h("div", { class: "t2s-top" }, verdict(view), grounds()), bar(view),
      h("div", { class: "t2s-pair" },
        canvas(view.before.svg, t("optimize.before")),
        canvas(view.after.svg, t("optimize.after"))),
      facts([["fact.gzip", `${bytes(view.raw_gzip)} → ${bytes(view.after.gzip)}`],
        ["optimize.rung", view.rung ? t("rung." + view.rung) : ""], ["optimize.difference", difference(view.difference)]]),
      actions(view.after.svg, "optimized"),
      list("optimize.removed", view.removed), list("optimize.warnings", view.warnings), code(view.after.svg));
  }

  makers.compare = ({ root, props }) => (view) => {
    root.dataset.state = view.state || "idle";
    if (view.state === "done") return root.replaceChildren(done(view));
    if (view.notice) return root.replaceChildren(notice(view.notice));
    if (!props.quiet) {
      root.replaceChildren(h("div", { class: "t2s-pair t2s-empty" },
        canvas("", t("optimize.before")), canvas("", t("optimize.after"))),
      h("p", { class: "t2s-line", text: t("optimize.idle") }));
    } else root.replaceChildren();
    return undefined;
  };
})();
