// The corpus as a wall of tiles, and the one that was opened with all that its licence asks to be shown.
(() => {
  "use strict";
  const { t, h, picture, count, bytes, facts, notice, code, copy, actions, action, makers, viewer } = Text2SVG;

  function title(view) {
    if (view.kind === "words") return t("explore.found", { q: view.query });
    return t(view.kind === "drawing" ? "explore.like" : "explore.browse");
  }

  function tile(one, open) {
    return h("button", { type: "button", class: "t2s-tile", "data-testid": "tile", "data-digest": one.digest,
      title: t("explore.open", { name: one.caption || one.name }), on: { click: () => open(one) } },
    h("span", { class: "t2s-paper" }, picture(one.drawing.svg)),
    h("span", { class: "t2s-name", text: one.caption || one.name }),
    h("span", { class: "t2s-from", text: `${one.licence} · ${one.collection}` }));
  }

  function source(url) {
    if (!url.startsWith("https://")) return "";
    const shown = url.replace(/^https:\/\//, "");
    return h("a", { href: url, rel: "noopener noreferrer", target: "_blank", text: shown });
  }

  function opened(one, trigger, close) {
    const words = { text: one.caption, style: one.style };
    return h("aside", { class: "t2s-opened", "data-testid": "opened" },
      h("header", {}, h("h2", { text: one.caption || one.name }),
        h("button", { type: "button", class: "t2s-close", "data-close": "", "aria-label": t("act.close"), text: "×",
          on: { click: close } })),
      viewer({ layers: [picture(one.drawing.svg, one.caption)], label: one.caption || one.name }),
      facts([["fact.licence", one.licence], ["fact.author", one.author], ["fact.collection", one.collection],
        ["fact.name", one.name], ["fact.source", source(one.url)], ["fact.evidence", one.evidence],
        ["fact.duplicates", one.duplicates ? t("explore.folded", { n: count(one.duplicates) }) : ""],
        ["fact.style", one.style ? t("style." + one.style) : ""],
        ["fact.size", `${bytes(one.drawing.size)}, gzip ${bytes(one.drawing.gzip)}`],
        ["fact.score", one.score ? count(Math.round(one.score * 100) / 100) : ""]]),
      h("div", { class: "t2s-credit" }, h("p", { class: "t2s-head", text: t("explore.credit") }), h("p", { text: one.attribution, "data-testid": "credit" }),
        action("act.credit", (button) => copy(one.attribution, button), "quiet")),
      actions(() => one.drawing.svg, one.name, [
        ["act.words", () => trigger("words", words)],
        ["act.similar", () => trigger("similar", { svg: one.drawing.svg })],
      ]), code(one.drawing.svg));
  }

  makers.gallery = ({ root, trigger }) => {
    let tiles = [], now = "", expected = 0;

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

    return (incoming) => {
      const view = { state: "idle", kind: "browse", relatives: [], offset: 0, ...incoming };
      const same = [view.kind, view.query].join("\u0000");
      // The next page of the same list is added to what is there.
      const follows = view.offset && same === now && view.offset === expected;
      tiles = follows ? [...tiles, ...view.relatives] : view.relatives;
      now = same;
      expected = view.next;
      root.dataset.state = view.state;
      root.classList.remove("with-opened");
      const asked = view.kind === "drawing" && view.query_drawing && view.query_drawing.svg
        ? h("span", { class: "t2s-asked" }, picture(view.query_drawing.svg)) : null;
      const more = view.next ? action("act.more", () => trigger("more", { offset: view.next }), "quiet") : null;
      root.replaceChildren(h("div", { class: "t2s-wall" },
        h("h2", { class: "t2s-found" }, asked, h("span", { text: title(view) })), notice(view.notice) || "",
        h("div", { class: "t2s-tiles" }, ...tiles.map((one) => tile(one, open))), more || ""));
    };
  };
})();
