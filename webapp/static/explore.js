// The corpus as a wall of tiles, and the one that was opened with all that its licence asks to be shown.
(() => {
  "use strict";
  const { t, h, picture, count, bytes, facts, notice, code, copy, actions, action, makers, viewer, source, atlas } = Text2SVG;

  function title(view) {
    if (view.kind === "words") return t("explore.found", { q: view.query });
    if (view.kind === "both") return t("explore.both", { q: view.query });
    return t(view.kind === "drawing" ? "explore.like" : "explore.browse");
  }

  function tile(one, open) {
    return h("button", { type: "button", class: "t2s-tile", "data-testid": "tile", "data-digest": one.digest,
      title: t("explore.open", { name: one.caption || one.name }), on: { click: () => open(one) } },
    h("span", { class: "t2s-paper" }, picture(one.drawing.svg)),
    h("span", { class: "t2s-name", text: one.caption || one.name }),
    h("span", { class: "t2s-from", text: `${one.licence} · ${one.collection}` }));
  }

  function opened(one, trigger, close) {
    const words = { text: one.caption, style: one.style };
    return h("aside", { class: "t2s-opened", "data-testid": "opened" },
      h("header", {}, h("h2", { text: one.caption || one.name }),
        h("button", { type: "button", class: "t2s-close", "data-close": "", "aria-label": t("act.close"), text: "×",
          on: { click: close } })),
      viewer({ layers: [picture(one.drawing.svg, one.caption)], label: one.caption || one.name }),
      actions(() => one.drawing.svg, one.name, [
        ["act.words", () => trigger("words", words)],
        ["act.similar", () => trigger("similar", { svg: one.drawing.svg })],
        ["act.manner", () => trigger("manner", { svg: one.drawing.svg })],
      ]),
      facts([["fact.licence", one.licence], ["fact.author", one.author], ["fact.collection", one.collection],
        ["fact.name", one.name], ["fact.source", source(one.url)], ["fact.evidence", one.evidence],
        ["fact.duplicates", one.duplicates ? t("explore.folded", { n: count(one.duplicates) }) : ""],
        ["fact.style", one.style ? t("style." + one.style) : ""],
        ["fact.size", `${bytes(one.drawing.size)}, gzip ${bytes(one.drawing.gzip)}`],
        ["fact.score", one.score ? count(Math.round(one.score * 100) / 100) : ""]]),
      h("div", { class: "t2s-credit" }, h("p", { class: "t2s-head", text: t("explore.credit") }), h("p", { text: one.attribution, "data-testid": "credit" }),
        action("act.credit", (button) => copy(one.attribution, button), "quiet")),
      code(one.drawing.svg));
  }

  // The corpus as a list of what was asked for, or as a map of all of it.
  function modes(now, choose) {
    return h("div", { class: "t2s-modes", role: "group", "aria-label": t("map.view") }, ...["list", "map"].map((name) => h("button", {
      type: "button", "data-act": `map.${name}`, "aria-pressed": String(name === now), text: t("map." + name), on: { click: () => choose(name) } })));
  }

  makers.gallery = ({ root, trigger }) => {
    let tiles = [], now = "", expected = 0, mode = "list", last = {};
    const map = atlas((one) => open(one));

    function open(one) {
      const from = document.activeElement;
      const close = () => {
        root.querySelector(".t2s-opened").remove();
        root.classList.remove("with-opened");
        for (const node of root.querySelectorAll(".t2s-tile")) node.setAttribute("aria-pressed", "false");
        if (from && from.isConnected) from.focus();
      };
      const old = root.querySelector(".t2s-opened");
      if (old) old.remove();
      root.classList.add("with-opened");
      root.append(opened(one, trigger, close));
      for (const node of root.querySelectorAll(".t2s-tile")) {
        node.setAttribute("aria-pressed", String(node.dataset.digest === one.digest));
      }
    }

    function choose(name) {
      mode = name;
      show();
    }

    function top(view) {
      const asked = view.query_drawing && view.query_drawing.svg
        ? h("span", { class: "t2s-asked" }, picture(view.query_drawing.svg)) : null;
      const words = mode === "map" ? t("map.title") : title(view);
      return h("div", { class: "t2s-top t2s-found-row" }, h("h2", { class: "t2s-found" }, mode === "map" ? null : asked, h("span", { text: words })),
        modes(mode, choose));
    }

    function show() {
      const view = last;
      root.classList.remove("with-opened");
      const more = view.next ? action("act.more", () => trigger("more", { offset: view.next }), "quiet") : null;
      const wall = mode === "map" ? [map.node] : [notice(view.notice) || "",
        h("div", { class: "t2s-tiles" }, ...tiles.map((one) => tile(one, open))), more || ""];
      root.replaceChildren(h("div", { class: "t2s-wall" }, top(view), ...wall));
      if (mode === "map") map.start();
    }

    return (incoming) => {
      const view = { state: "idle", kind: "browse", relatives: [], offset: 0, ...incoming };
      const same = [view.kind, view.query].join("\u0000");
      // The next page of the same list is added to what is there.
      const follows = view.offset && same === now && view.offset === expected;
      tiles = follows ? [...tiles, ...view.relatives] : view.relatives;
      now = same;
      expected = view.next;
      // Who searches wants to see what was found.
      if (last.state) mode = "list";
      last = view;
      root.dataset.state = view.state;
      show();
    };
  };
})();
