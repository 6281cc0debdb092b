// The Measure page: reports side by side, figure by figure and drawing by drawing; what others published stands apart.
(() => {
  "use strict";
  const { t, h, picture, count, notice, get, problem, makers, action, language } = Text2SVG;

  const exact = new Intl.NumberFormat(language, { maximumSignificantDigits: 3 });
  const number = (value) => (Math.abs(value) >= 1000 ? count(Math.round(value)) : exact.format(value));
  const heading = (key) => h("h2", { text: t(key) });

  const letter = (at) => h("span", { class: "t2s-letter", text: "ABCD"[at] });

  // Reports of one protocol, version, data and renderer; only these may stand side by side.
  function groups(reports) {
    const found = new Map();
    for (const one of reports) found.set(one.group, [...(found.get(one.group) || []), one]);
    return [...found.values()];
  }

  function choice(report, chosen, toggle) {
    return h("button", { type: "button", class: "t2s-report", "data-report": report.name, "aria-pressed": String(chosen.includes(report.name)),
      on: { click: () => toggle(report) } },
    h("b", { text: report.generator }), h("span", { class: "t2s-from", text: report.name + (report.digest ? ` · ${report.digest}` : "") }),
    report.bundled ? h("span", { class: "t2s-from", text: t("measure.bundled") }) : null);
  }

  function shelf(reports, chosen, toggle) {
    return groups(reports).map((group) => h("div", { class: "t2s-shelf" },
      h("p", { class: "t2s-head", text: `${group[0].protocol} · ${group[0].data}, n ${count(group[0].n)}` }),
      ...group.map((report) => choice(report, chosen, toggle))));
  }

  // The value, and the interval as a stroke on a track that all reports of the row share.
  function figure(value, low, high, best) {
    if (!value) return h("td", { class: "t2s-none", text: "–" });
    const span = Math.max(high - low, 1e-9);
    const stroke = h("i", {}), dot = h("u", {});
    stroke.style.left = `${(100 * (value.low - low)) / span}%`;
    stroke.style.width = `${(100 * (value.high - value.low)) / span}%`;
    dot.style.left = `${(100 * (value.value - low)) / span}%`;
    return h("td", { "data-best": String(best) }, h("span", { class: "t2s-figure", text: number(value.value) }),
      h("span", { class: "t2s-from t2s-interval", text: `${number(value.low)}–${number(value.high)}` }), h("span", { class: "t2s-track", "aria-hidden": "true" }, stroke, dot));
  }

  // Figures of our own protocol are explained in the reader's language, others in the report's words.
  function says(one) {
    const key = "metric." + one.metric, text = t(key);
    return text === key ? one.says : text;
  }

  function row(one) {
    const there = one.figures.filter(Boolean);
    const low = Math.min(...there.map((value) => value.low)), high = Math.max(...there.map((value) => value.high));
    const values = there.map((value) => value.value);
    const best = one.better === "higher" ? Math.max(...values) : one.better === "lower" ? Math.min(...values) : NaN;
    const unlike = new Set(values).size > 1;
    const way = one.better === "higher" ? " ↑" : one.better === "lower" ? " ↓" : "";
    return h("tr", {}, h("th", { scope: "row" }, h("span", { text: one.metric + way }), h("span", { class: "t2s-from", text: says(one) })),
      ...one.figures.map((value) => figure(value, low, high, unlike && value !== null && value.value === best)));
  }

  function scroll(label, table) {
    return h("div", { class: "t2s-scroll", tabindex: "0", role: "region", "aria-label": label }, table);
  }

  function figures(view) {
    const heads = view.reports.map((report, at) => h("th", { scope: "col" }, letter(at), h("span", { text: report.generator }), h("span", { class: "t2s-from", text: report.name })));
    return h("section", {}, heading("measure.figures"),
      h("p", { class: "t2s-how", text: t("measure.figures.how", { renderer: view.reports[0].renderer, seed: view.reports[0].seed }) }),
      ...[...new Set(view.reports.flatMap((report) => report.notes))].map((text) => h("p", { class: "t2s-warning", text })),
      scroll(t("measure.figures"), h("table", { class: "t2s-figures", "data-testid": "figures" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col", text: t("measure.metric") }), ...heads)), h("tbody", {}, ...view.rows.map(row)))));
  }

  function cell(one, label) {
    const shown = one.svg ? picture(one.svg, label) : h("span", { class: "t2s-why", text: one.why || "–" });
    return h("div", { title: label }, h("span", { class: "t2s-paper", "data-empty": String(!one.svg) }, shown),
      one.svg && one.why ? h("span", { class: "t2s-from", text: one.why }) : null);
  }

  function prompt(one, reports) {
    return h("div", { class: "t2s-prompt" }, h("p", { title: one.words }, one.words || one.id, " ", h("span", { class: "t2s-from", text: one.style })),
      h("div", { class: "t2s-cells" }, ...one.cells.map((each, at) => cell(each, `${"ABCD"[at]} ${reports[at].generator}: ${one.words}`))));
  }

  function sheet(view, state, again) {
    const failed = h("button", { type: "button", class: "t2s-act quiet", "data-act": "measure.failed", "aria-pressed": String(state.failed),
      text: t("measure.failed"), on: { click: () => again({ failed: !state.failed, sheet: [] }) } });
    const more = view.next ? action("act.more", () => again({ offset: view.next }), "quiet") : null;
    const key = h("p", { class: "t2s-key" }, ...view.reports.map((report, at) => h("span", {}, letter(at), report.generator)));
    const rows = h("div", { class: "t2s-sheet", "data-testid": "sheet" }, ...state.sheet.map((one) => prompt(one, view.reports)));
    rows.style.setProperty("--columns", view.reports.length);
    return h("section", {}, h("div", { class: "t2s-top" }, heading("measure.sheet"), failed), key,
      state.sheet.length ? rows : h("p", { class: "t2s-line", text: t("measure.nofailed") }), more || "");
  }

  // Never in one table with ours: other data, other runs, somebody else's word.
  function published(view) {
    if (!view.published.length) return null;
    const peer = (one) => h("li", {}, h("b", { text: one.system }), h("span", { text: Object.entries(one.figures).map(([name, value]) => `${name} ${number(value)}`).join(" · ") }),
      h("span", { class: "t2s-from", text: t("measure.reported", { who: one.reported_by, data: one.data }) }));
    return h("section", { "data-testid": "published" }, heading("measure.published"), h("p", { class: "t2s-how", text: t("measure.published.how") }),
      h("ul", { class: "t2s-peers" }, ...view.published.map(peer)));
  }

  function runs(found) {
    if (!found.length) return null;
    const one = (run) => h("li", {}, h("b", { text: `${run.kind}: ${run.name}` }),
      h("span", { class: "t2s-from", text: [run.started, ...Object.entries(run.figures).slice(0, 6).map(([name, value]) => `${name} ${typeof value === "number" ? number(value) : value}`)].join(" · ") }));
    return h("div", { class: "t2s-shelf", "data-testid": "runs" }, h("p", { class: "t2s-head", text: t("measure.runs") }), h("ul", { class: "t2s-peers" }, ...found.map(one)));
  }

  makers.board = ({ root }) => {
    let most = 1, board = { reports: [], runs: [] }, chosen = [], turn = 0;
    const state = { sheet: [], failed: false, offset: 0 };
    const left = h("div", { class: "t2s-shelves" }), right = h("div", { class: "t2s-board" });

    // Another group's report takes the place of what was chosen: unlike reports are not compared.
    function toggle(report) {
      const same = chosen.filter((name) => board.reports.find((one) => one.name === name).group === report.group);
      const next = same.includes(report.name) ? same.filter((name) => name !== report.name) : [...same, report.name];
      chosen = next.length ? next.slice(-most) : [report.name];
      again({ sheet: [] });
    }

    function showShelf() {
      left.replaceChildren(heading("measure.reports"), h("p", { class: "t2s-how", text: t("measure.how") }), ...shelf(board.reports, chosen, toggle), runs(board.runs) || "");
    }

    async function again(changes) {
      Object.assign(state, { offset: 0 }, changes);
      const mine = turn += 1;
      showShelf();
      root.dataset.state = "running";
      const asked = new URLSearchParams([...chosen.map((name) => ["name", name]), ["offset", state.offset], ["failed", state.failed]]);
      const answer = await get("reports/compare?" + asked);
      if (mine !== turn) return;
      root.dataset.state = answer.ok ? "done" : "error";
      if (!answer.ok) return right.replaceChildren(notice(await problem(answer)));
      const view = await answer.json();
      state.sheet = state.offset ? [...state.sheet, ...view.sheet] : view.sheet;
      right.replaceChildren(...[figures(view), sheet(view, state, again), published(view)].filter(Boolean));
      return undefined;
    }

    async function start() {
      root.dataset.state = "running";
      root.replaceChildren(h("div", { class: "t2s-measure" }, left, right));
      const answer = await get("reports");
      if (!answer.ok) { root.dataset.state = "error"; return right.replaceChildren(notice(await problem(answer))); }
      board = await answer.json();
      showShelf();
      if (board.notice) left.append(notice(board.notice));
      if (!board.reports.length) { root.dataset.state = "done"; return right.replaceChildren(h("p", { class: "t2s-line", text: t("measure.none") })); }
      chosen = groups(board.reports)[0].slice(0, 3).map((one) => one.name);
      return again({ sheet: [] });
    }

    return (value) => { most = value.columns; start(); };
  };
})();
