// What this visitor drew before, kept in the browser alone; and many prompts at once from a CSV.
(() => {
  "use strict";
  const { t, h, picture, paint, notice, makers, remember, recall, post, problem, save, action } = Text2SVG;
  const MOST = 24, ROOM = 600_000;

  function load() {
    try {
      const found = JSON.parse(recall("history") || "[]");
      return Array.isArray(found) ? found.filter((one) => one && one.view && Array.isArray(one.view.candidates)) : [];
    } catch {
      return []; // somebody else's text under our key
    }
  }

  const best = (view) => view.candidates[view.order[0] ?? 0] || view.candidates[0];
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

  // Called with every finished drawing; the oldest give way when there is no room.
  function keep(view, asked) {
    if (!view.candidates.some((one) => one.state === "done")) return;
    const entries = [{ at: Date.now(), asked, view }, ...load().filter((one) => !same(one.asked, asked))].slice(0, MOST);
    while (entries.length > 1 && JSON.stringify(entries).length > ROOM) entries.pop();
    remember("history", JSON.stringify(entries));
    Text2SVG.showRecent();
  }

  makers.recent = ({ root, trigger }) => {
    function open(one) {
      Text2SVG.show({ ...one.view, run: -one.at, recalled: true });
      trigger("recall", { asked: one.asked });
    }

    function show() {
      const entries = load();
      if (!entries.length) return root.replaceChildren();
      const clear = h("button", { type: "button", class: "t2s-link", "data-act": "recent.clear", text: t("recent.clear"),
        on: { click: () => { remember("history", null); show(); } } });
      return root.replaceChildren(h("div", { class: "t2s-top" }, h("h2", { text: t("recent.title") }),
        h("span", { class: "t2s-from", text: t("recent.where") }), clear),
      h("div", { class: "t2s-strip", "data-testid": "recent" }, ...entries.map((one) => h("button", { type: "button",
        class: "t2s-small", title: t("recent.open", { q: one.view.prompt }), on: { click: () => open(one) } },
      h("span", { class: "t2s-paper" }, picture(best(one.view).drawing.svg)),
      h("span", { class: "t2s-name", text: one.view.prompt })))));
    }

    Text2SVG.keep = keep;
    Text2SVG.showRecent = show;
    return show;
  };

  // Server-sent events of an answer, one object at a time.
  async function* events(answer) {
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        const data = block.split("\n").find((line) => line.startsWith("data: "));
        if (data) yield JSON.parse(data.slice(6));
      }
    }
  }

  function batchParts(limit) {
    const text = h("textarea", { class: "t2s-edit", rows: 5, spellcheck: "false", "data-testid": "csv", "data-own-keys": "",
      "aria-label": t("batch.csv"), placeholder: "prompt,style,seed\nred heart,color,1\narrow left,outline,2" });
    const file = h("input", { type: "file", accept: ".csv,text/csv,text/plain", hidden: true, "aria-label": t("batch.file") });
    file.addEventListener("change", async () => { if (file.files[0]) text.value = await file.files[0].text(); file.value = ""; });
    return { text, file, line: h("p", { class: "t2s-line", role: "status" }), bar: h("progress", { max: 1, value: 0, hidden: true, "aria-label": t("batch.title") }),
      tiles: h("div", { class: "t2s-tiles" }), hint: h("p", { class: "t2s-from", text: t("batch.hint", { n: limit }) }) };
  }

  makers.batch = ({ root }) => {
    let rows = [], stop = null;

    return (value) => {
      const { text, file, line, bar, tiles, hint } = batchParts(value.rows);
      const go = action("batch.go", run, "strong");
      const halt = action("create.stop", () => stop && stop.abort());
      const zip = action("batch.zip", pack);
      halt.hidden = zip.hidden = true;
      root.replaceChildren(hint, text, h("div", { class: "t2s-acts" }, go, halt, action("batch.file", () => file.click(), "quiet"), zip, file),
        bar, line, tiles);

      function take(view) {
        bar.max = view.total;
        bar.value = view.done;
        line.textContent = t("batch.progress", { n: view.done, all: view.total });
        if (view.notice) line.after(notice(view.notice));
        if (!view.row) return;
        rows.push(view.row);
        const image = picture("");
        paint(image, view.row.drawing.svg);
        tiles.append(h("figure", { class: "t2s-small", "data-state": view.row.state }, h("span", { class: "t2s-paper" }, image),
          h("figcaption", { class: "t2s-name", text: view.row.prompt }),
          view.row.reason ? h("span", { class: "t2s-from", text: t(view.row.reason) }) : null));
      }

      async function run() {
        rows = [];
        tiles.replaceChildren();
        root.querySelectorAll(".t2s-notice").forEach((old) => old.remove());
        stop = new AbortController();
        go.hidden = zip.hidden = true;
        halt.hidden = bar.hidden = false;
        root.dataset.state = "running";
        try {
          const answer = await post("batch", text.value, { signal: stop.signal });
          if (!answer.ok) line.after(notice(await problem(answer)));
          else for await (const view of events(answer)) take(view);
        } catch (error) {
          if (error.name !== "AbortError") throw error;
          line.textContent = t("create.stopped");
        }
        go.hidden = false;
        halt.hidden = bar.hidden = true;
        zip.hidden = !rows.some((row) => row.state === "done");
        root.dataset.state = "done";
      }

      async function pack() {
        const files = rows.filter((row) => row.state === "done").map((row) => ({ name: row.name, svg: row.drawing.svg }));
        const answer = await post("zip", { files });
        if (answer.ok) save(await answer.blob(), "drawings.zip");
        else line.after(notice(await problem(answer)));
      }
    };
  };

  Object.assign(Text2SVG, { keep });
})();
