// Whose drawings stand near to one: the corpus's nearest with their licences, and a plain word where one is nearly copied.
(() => {
  "use strict";
  const { t, h, picture, facts, notice, copy, action, post, problem, source } = Text2SVG;
  const answered = new Map(), MOST = 60;

  // Asked once a drawing, however often it is looked at.
  async function ask(svg) {
    if (answered.has(svg)) return answered.get(svg);
    const answer = await post("relatives", { svg });
    if (!answer.ok) return { notice: await problem(answer) };
    const view = await answer.json();
    if (answered.size >= MOST) answered.delete(answered.keys().next().value);
    answered.set(svg, view);
    return view;
  }

  function owner(one) {
    return h("div", { class: "t2s-credit", "data-testid": "owner" },
      facts([["fact.name", one.caption || one.name], ["fact.licence", one.licence], ["fact.author", one.author],
        ["fact.collection", one.collection], ["fact.source", source(one.url)]]),
      h("p", { text: one.attribution }), action("act.credit", (button) => copy(one.attribution, button), "quiet"));
  }

  function small(one, open) {
    const name = one.caption || one.name;
    return h("button", { type: "button", class: "t2s-small", title: `${name}: ${one.attribution}`, "aria-pressed": "false",
      "data-near": String(one.near_copy), on: { click: (event) => open(one, event.currentTarget) } },
    h("span", { class: "t2s-paper" }, picture(one.drawing.svg)),
    h("span", { class: "t2s-name", text: name }), h("span", { class: "t2s-from", text: one.near_copy ? t("kin.near") : one.licence }));
  }

  function strip(relatives) {
    const below = h("div", {});
    const row = h("div", { class: "t2s-strip" });
    function open(one, button) {
      const again = button.getAttribute("aria-pressed") === "true";
      for (const each of row.children) each.setAttribute("aria-pressed", "false");
      button.setAttribute("aria-pressed", String(!again));
      below.replaceChildren(...(again ? [] : [owner(one)]));
    }
    row.append(...relatives.map((one) => small(one, open)));
    return [row, below];
  }

  function copied(one) {
    const values = { name: one.caption || one.name, author: one.author || one.collection, licence: one.licence };
    return h("p", { class: "t2s-warning", "data-testid": "near-copy", text: t("kin.copy", values) });
  }

  function kin(svg) {
    const node = h("section", { class: "t2s-kin", "data-testid": "kin", "data-state": "running" },
      h("p", { class: "t2s-head", text: t("kin.title") }), h("p", { class: "t2s-line", role: "status", text: t("kin.wait") }));
    ask(svg).then((view) => {
      const found = view.relatives || [];
      const near = found.filter((one) => one.near_copy);
      node.dataset.state = "done";
      node.replaceChildren(h("p", { class: "t2s-head", text: t("kin.title") }), ...near.slice(0, 1).map(copied),
        ...(view.notice ? [notice(view.notice)] : []), ...(found.length ? strip(found) : []));
    });
    return node;
  }

  Object.assign(Text2SVG, { kin, owned: strip });
})();
