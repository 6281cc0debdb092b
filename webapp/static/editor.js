// Colours and code of one drawing. Every edit goes to the server and comes back clean; only what came back is shown.
(() => {
  "use strict";
  const { t, h, post, problem, notice, readable, colours, recolour, hex } = Text2SVG;
  const PAUSE_MS = 180;
  const PALETTES = {
    fire: ["#c4411c", "#f2a33a", "#7a1f12"], sea: ["#1f6feb", "#7cc4ff", "#0b2e59"],
    forest: ["#2a7a4b", "#9ccf6b", "#16402a"], ink: ["#1b1a17", "#8a857c", "#d8d3ca"],
  };

  // What a person typed keeps its line breaks on screen; the drawing itself is one line.
  const joined = (text) => text.trim().replace(/>\s*\n\s*</g, "><");

  function swatch(colour, change) {
    const name = colour || "#000";
    const field = h("input", { type: "color", "aria-label": t("colour.change", { c: name }), title: name });
    field.value = hex(colour);
    field.addEventListener("input", () => change(colour, field.value));
    return h("span", { class: "t2s-swatch" }, field);
  }

  // The most used colour takes the first of the palette, and so on. Colours pass through one of their own each, so that
  // none is taken for another that was changed before it.
  function dressed(svg, palette) {
    const found = colours(svg), between = (at) => "#fe01" + (16 + at).toString(16);
    const apart = found.reduce((text, one, at) => recolour(text, one, between(at)), svg);
    return found.reduce((text, _, at) => recolour(text, between(at), palette[at % palette.length]), apart);
  }

  // `take` is told every accepted drawing.
  function editor(drawing, take) {
    let text = drawing.svg, asked = 0, timer = 0, closing = false;
    const field = h("textarea", { class: "t2s-edit", spellcheck: "false", autocapitalize: "off", autocomplete: "off",
      rows: 8, "aria-label": t("edit.label"), "data-testid": "code", "data-own-keys": "" });
    const said = h("div", { class: "t2s-said", "aria-live": "polite" });
    const palette = h("div", { class: "t2s-palette" });
    const reset = h("button", { type: "button", class: "t2s-link", text: t("edit.reset"), "data-act": "edit.reset",
      on: { click: () => { set(drawing.svg); accept(drawing); } } });
    field.value = readable(text);

    function accept(next) {
      text = next.svg;
      said.replaceChildren();
      field.removeAttribute("aria-invalid");
      reset.hidden = text === drawing.svg;
      showPalette(closing);
      closing = false;
      take(next);
    }

    async function check(wanted) {
      const turn = asked += 1;
      const answer = await post("clean", { svg: wanted });
      if (turn !== asked) return;
      if (answer.ok) return accept((await answer.json()).drawing);
      field.setAttribute("aria-invalid", "true");
      said.replaceChildren(notice(await problem(answer)));
    }

    function soon(wanted) {
      clearTimeout(timer);
      timer = setTimeout(() => check(wanted), PAUSE_MS);
    }

    function set(next) {
      clearTimeout(timer);
      asked += 1;
      field.value = readable(next);
    }

    // While a colour field is open its swatch must not be replaced, so it remembers what its colour is called now.
    function change(from, to) {
      const base = joined(field.value);
      const now = changed.get(from) ?? from;
      changed.set(from, to);
      const next = recolour(base, now, to);
      field.value = readable(next);
      soon(next);
    }
    let changed = new Map();

    // The most used colour becomes the one of the text around the drawing.
    function toCurrent() {
      const next = recolour(text, colours(text)[0], "currentColor");
      field.value = readable(next);
      check(next);
    }

    const chips = h("span", { class: "t2s-chips" }, ...Object.entries(PALETTES).map(([name, tones]) => {
      const dots = tones.map((tone) => h("i", {}));
      dots.forEach((dot, at) => { dot.style.background = tones[at]; });
      const dress = () => { const next = dressed(text, tones); field.value = readable(next); check(next); };
      return h("button", { type: "button", class: "t2s-tones", "data-palette": name, title: t("palette." + name),
        "aria-label": t("palette." + name), on: { click: dress } }, ...dots);
    }));

    function showPalette(settled) {
      const swatches = [...palette.querySelectorAll("input")];
      const held = swatches.indexOf(document.activeElement);
      if (held >= 0 && !settled) return;
      changed = new Map();
      const found = colours(text);
      const first = found[0];
      const current = first === undefined ? null : h("button", { type: "button", class: "t2s-link", "data-act": "colour.current",
        text: t("colour.current", { c: first || "#000" }), on: { click: toCurrent } });
      palette.replaceChildren(...found.slice(0, 12).map((one) => swatch(one, change)), current || "", chips, reset);
      if (held >= 0) palette.querySelectorAll("input")[Math.min(held, found.length - 1)]?.focus();
    }

    // The picker was closed: the colours may be named anew once the server has answered.
    palette.addEventListener("change", () => { closing = true; });
    field.addEventListener("input", () => soon(joined(field.value)));
    reset.hidden = true;
    showPalette();
    const code = h("details", { class: "t2s-code", open: true }, h("summary", { text: t("act.code") }), field, said);
    return { palette, code, current: () => text };
  }

  Object.assign(Text2SVG, { editor });
})();
