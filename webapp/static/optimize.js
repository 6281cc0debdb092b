// Before and after: side by side, under a slider, or as the pixels that differ; and several files at once.
(() => {
  "use strict";
  const { t, h, bytes, grounds, picture, facts, notice, code, actions, action, makers, viewer, zoom, zoomButtons, post, problem,
    save, remember, recall, count } = Text2SVG;
  const MODES = ["pair", "split", "diff"];
  const SIDE = 512, VISIBLE = 16;

  function verdict(view) {
    const change = Math.abs(view.saved);
    const word = view.saved > 0 ? "optimize.smaller" : view.saved < 0 ? "optimize.larger" : "optimize.same";
    const figure = view.saved === 0 ? "=" : `${count(change)} %`;
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
    return value < 0.01 ? t("optimize.difference.none") : `${count(value)} / 255`;
  }

  function list(key, items) {
    if (!items.length) return null;
    return h("div", { class: "t2s-notes" }, h("p", { class: "t2s-head", text: t(key) }),
      h("ul", { class: "t2s-list" }, ...items.map((text) => h("li", { text }))));
  }

  const labelled = (label, node) => h("div", { class: "t2s-labelled" }, h("p", { class: "t2s-head", text: label }), node);

  function pair(view, state) {
    const one = (drawing, label) => labelled(label,
      viewer({ layers: [picture(drawing.svg, label)], label, state, tools: false }));
    return h("div", { class: "t2s-pair" }, one(view.before, t("optimize.before")), one(view.after, t("optimize.after")));
  }

  function split(view, state) {
    const before = picture(view.before.svg, t("optimize.before")), after = picture(view.after.svg, t("optimize.after"));
    const cut = h("div", { class: "t2s-cut" }, after);
    const knob = h("input", { type: "range", min: 0, max: 100, value: 50, class: "t2s-knob", "data-own-keys": "",
      "aria-label": t("optimize.split") });
    const box = viewer({ layers: [before, after], frames: [before, cut], label: t("optimize.split"), state, tools: false });
    const set = () => box.style.setProperty("--cut", knob.value + "%");
    knob.addEventListener("input", set);
    set();
    box.append(h("span", { class: "t2s-tag left", text: t("optimize.before") }), h("span", { class: "t2s-tag right", text: t("optimize.after") }));
    return h("div", { class: "t2s-split" }, box, knob);
  }

  async function pixels(svg) {
    const image = picture(svg);
    await image.decode();
    const sheet = new OffscreenCanvas(SIDE, SIDE).getContext("2d", { willReadFrequently: true });
    sheet.fillStyle = "#fff";
    sheet.fillRect(0, 0, SIDE, SIDE);
    const [wide, high] = [image.naturalWidth || 1, image.naturalHeight || 1];
    const scale = SIDE / Math.max(wide, high);
    sheet.drawImage(image, (SIDE - wide * scale) / 2, (SIDE - high * scale) / 2, wide * scale, high * scale);
    return sheet.getImageData(0, 0, SIDE, SIDE).data;
  }

  // Pale where both agree, the accent where they do not, stronger where they differ more.
  function compare(before, after, canvas) {
    const sheet = canvas.getContext("2d");
    const out = sheet.createImageData(SIDE, SIDE);
    let differing = 0;
    for (let at = 0; at < before.length; at += 4) {
      let most = 0, light = 0;
      for (let channel = 0; channel < 3; channel += 1) {
        most = Math.max(most, Math.abs(before[at + channel] - after[at + channel]));
        light += after[at + channel] / 3;
      }
      const differs = most > VISIBLE;
      differing += differs;
      const tones = differs ? [217, 58, 20] : [60, 54, 46];
      tones.forEach((tone, channel) => { out.data[at + channel] = tone; });
      out.data[at + 3] = differs ? 110 + 145 * (most / 255) : (255 - light) * 0.16;
    }
    sheet.putImageData(out, 0, 0);
    return differing;
  }

  function diff(view, state) {
    const canvas = h("canvas", { width: SIDE, height: SIDE, role: "img", "aria-label": t("optimize.diff") });
    const said = h("p", { class: "t2s-line", role: "status", "data-testid": "pixels" });
    Promise.all([pixels(view.before.svg), pixels(view.after.svg)]).then(([before, after]) => {
      const differing = compare(before, after, canvas);
      said.textContent = t("optimize.pixels", { n: count(differing), all: count(SIDE * SIDE) });
    }, () => { said.textContent = t("error.render"); });
    return h("div", { class: "t2s-diff" }, viewer({ layers: [canvas], label: t("optimize.diff"), state, tools: false }), said);
  }

  const SHOW = { pair, split, diff };

  function stage(view) {
    const state = zoom();
    const place = h("div", { class: "t2s-views" });
    const tabs = MODES.map((name) => h("button", { type: "button", "data-mode": name, text: t("mode." + name),
      on: { click: () => show(name) } }));
    function show(name) {
      remember("compare", name);
      place.replaceChildren(SHOW[name](view, state));
      tabs.forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.mode === name)));
    }
    show(MODES.includes(recall("compare")) ? recall("compare") : "pair");
    return h("div", {}, h("div", { class: "t2s-top t2s-modes-row" },
      h("div", { class: "t2s-modes", role: "group", "aria-label": t("optimize.view") }, ...tabs),
      h("div", { class: "t2s-tools" }, zoomButtons(state), grounds())), place);
  }

  // A reason as the sanitizer gives it, `css-rule:@import`, in the visitor's words.
  function gone(reason) {
    const [code, ...name] = reason.split(":");
    return [t("gone." + code.replaceAll("-", "_")), name.join(":")].filter(Boolean).join(": ");
  }

  const arrow = (before, after) => `${bytes(before)} → ${bytes(after)}`;

  function done(view) {
    return h("section", { class: "t2s-compare", "data-testid": "compare" },
      verdict(view), bar(view), stage(view),
      facts([["fact.gzip", arrow(view.raw_gzip, view.after.gzip)], ["fact.brotli", arrow(view.raw_brotli, view.after.brotli)],
        ["optimize.rung", view.rung ? t("rung." + view.rung) : ""], ["optimize.difference", difference(view.difference)]]),
      actions(() => view.after.svg, "optimized"),
      list("optimize.removed", view.removed.map(gone)), list("optimize.warnings", view.warnings), code(view.after.svg));
  }

  makers.compare = ({ root, props }) => (view) => {
    root.dataset.state = view.state || "idle";
    if (view.state === "done") return root.replaceChildren(done(view));
    if (view.notice) return root.replaceChildren(notice(view.notice));
    if (!props.quiet) {
      const empty = (label) => labelled(label, h("figure", { class: "t2s-canvas" }));
      root.replaceChildren(h("div", { class: "t2s-pair t2s-empty" }, empty(t("optimize.before")), empty(t("optimize.after"))),
        h("p", { class: "t2s-line", text: t("optimize.idle") }));
    } else root.replaceChildren();
    return undefined;
  };

  const field = (id) => document.querySelector(`#${id} input:checked`);
  function choice() {
    const decimals = field("optimize-decimals");
    const boxes = [...document.querySelectorAll("#optimize-groups input")];
    const off = boxes.filter((one) => !one.checked).map((one) => one.name || one.value);
    const number = decimals && /^\d$/.test(decimals.value) ? Number(decimals.value) : null;
    return { profile: field("optimize-profile").value, decimals: number, off };
  }

  function row(file) {
    const size = h("td", { text: bytes(file.size) }), saved = h("td", { text: "…" });
    return { file, saved, size, node: h("tr", {}, h("th", { scope: "row", text: file.name }), size, saved) };
  }

  async function shrink(one, settings, limit) {
    if (one.file.size > limit) return t("error.limit");
    let svg;
    try {
      svg = new TextDecoder("utf-8", { fatal: true }).decode(await one.file.arrayBuffer());
    } catch {
      return t("error.text");
    }
    const answer = await post("optimize", { svg, ...settings });
    if (!answer.ok) return t((await problem(answer)).key);
    const view = await answer.json();
    one.svg = view.after.svg;
    one.size.textContent = arrow(view.raw_bytes, view.after.size);
    return `−${view.saved} %`.replace("−-", "+");
  }

  // What was optimized, in the order it was: Undo goes back a step, Redo forward, Reset to the usual settings.
  makers.steps = ({ root, trigger }) => (usual) => {
    const MOST_STEPS = 50;
    const steps = [];
    let here = -1;
    const go = (to) => { here = to; show(); trigger("went", { step: steps[here] }); };
    const undo = action("optimize.undo", () => go(here - 1)), redo = action("optimize.redo", () => go(here + 1));
    const reset = action("optimize.reset", () => trigger("went", { step: [(steps[here] || [""])[0], usual.profile, usual.decimals, usual.groups] }), "quiet");
    const show = () => { undo.disabled = here < 1; redo.disabled = here >= steps.length - 1; };
    Text2SVG.stepped = (values) => {
      if (values[0] && JSON.stringify(values) !== JSON.stringify(steps[here])) {
        steps.splice(here + 1, Infinity, values);
        if (steps.length > MOST_STEPS) steps.shift();
        here = steps.length - 1;
        show();
      }
      return values;
    };
    show();
    root.replaceChildren(undo, redo, reset);
  };

  // Reads files in the browser: one goes into the field, several become a table and a zip.
  makers.files = ({ root, trigger }) => (value) => {
    const input = h("input", { type: "file", accept: ".svg,image/svg+xml", multiple: true, hidden: true,
      "aria-label": t("optimize.upload") });

    async function several(files) {
      const rows = files.slice(0, value.files).map(row);
      const zip = action("batch.zip", async () => {
        const answer = await post("zip", { files: rows.filter((one) => one.svg).map((one) => ({ name: one.file.name.slice(0, 120), svg: one.svg })) });
        if (answer.ok) save(await answer.blob(), "optimized.zip");
        else zip.after(notice(await problem(answer)));
      }, "strong");
      zip.hidden = true;
      const out = document.querySelector("#optimize-compare .t2s");
      out.dataset.state = "running";
      out.replaceChildren(h("section", { class: "t2s-many", "data-testid": "many" },
        h("table", {}, h("tbody", {}, ...rows.map((one) => one.node))), h("div", { class: "t2s-acts" }, zip)));
      const settings = choice();
      for (const one of rows) one.saved.textContent = await shrink(one, settings, value.bytes);
      zip.hidden = !rows.some((one) => one.svg);
      out.dataset.state = "many";
    }

    async function opened() {
      const files = [...input.files];
      input.value = "";
      if (files.length !== 1) return files.length && several(files);
      const out = document.querySelector("#optimize-compare .t2s");
      const [file] = files;
      const refuse = (key) => { out.dataset.state = "error"; out.replaceChildren(notice({ key, level: "error" })); };
      if (file.size > value.bytes) return refuse("error.limit");
      try {
        return trigger("opened", { text: new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer()) });
      } catch {
        return refuse("error.text");
      }
    }

    input.addEventListener("change", opened);
    root.replaceChildren(action("optimize.upload", () => input.click()), input);
  };
})();
