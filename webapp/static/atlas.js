// The corpus from above: a dot a drawing, near ones alike. Some dots show their drawing, and more do the closer one looks.
(() => {
  "use strict";
  const { t, h, picture, notice, count, get, post, problem } = Text2SVG;
  const MOST = 40, STEP = 1.6, CELL = 92, SETTLE_MS = 160, AT_ONCE = 70;
  const TONES = { outline: "#3f6fd8", filled: "#c2411b", duotone: "#2f8a5b", color: "#b0830f" };

  const bytesOf = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));

  function unpack(view) {
    const points = new Uint16Array(bytesOf(view.points).buffer), styles = bytesOf(view.styles);
    // Only neighbourhoods mean something, so each axis may fill its side of the frame.
    const [x, y] = [0, 1].map((axis) => {
      let low = 65535, high = 0;
      for (let at = axis; at < points.length; at += 2) { low = Math.min(low, points[at]); high = Math.max(high, points[at]); }
      return (share) => 0.04 + (0.92 * (share * 65535 - low)) / Math.max(1, high - low);
    });
    return { ...view, size: styles.length, styles, x: (at) => x(points[2 * at] / 65535), y: (at) => y(points[2 * at + 1] / 65535),
      centers: view.centers.map(([a, b]) => [x(a), y(b)]) };
  }

  // Where the visitor looks: the middle in shares of the map, and how close.
  function eye(changed) {
    const state = { scale: 1, x: 0.5, y: 0.5 };
    const hold = (value) => Math.max(0.5 / state.scale, Math.min(1 - 0.5 / state.scale, value));
    state.to = (scale, x, y) => {
      state.scale = Math.max(1, Math.min(MOST, scale));
      state.x = hold(x);
      state.y = hold(y);
      changed();
    };
    // `x` and `y` are shares of the frame and stay under the pointer.
    state.by = (factor, x = 0.5, y = 0.5) => {
      const next = Math.max(1, Math.min(MOST, state.scale * factor));
      const move = 1 / state.scale - 1 / next;
      state.to(next, state.x + (x - 0.5) * move, state.y + (y - 0.5) * move);
    };
    return state;
  }

  function listen(frame, look) {
    const fingers = new Map();
    const share = (event) => {
      const box = frame.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    };
    frame.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      look.by(event.deltaY < 0 ? 1.25 : 0.8, ...share(event));
    }, { passive: false });
    frame.addEventListener("dblclick", (event) => look.by(STEP * STEP, ...share(event)));
    frame.addEventListener("pointerdown", (event) => fingers.set(event.pointerId, share(event)));
    frame.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      const now = share(event), other = [...fingers].find(([id]) => id !== event.pointerId);
      if (other) {
        const gap = ([x, y]) => Math.hypot(x - other[1][0], y - other[1][1]) || 0.01;
        look.by(gap(now) / gap(before), (now[0] + other[1][0]) / 2, (now[1] + other[1][1]) / 2);
      } else look.to(look.scale, look.x - (now[0] - before[0]) / look.scale, look.y - (now[1] - before[1]) / look.scale);
      fingers.set(event.pointerId, now);
    });
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) frame.addEventListener(end, (event) => fingers.delete(event.pointerId));
    frame.addEventListener("keydown", (event) => {
      const step = 0.12 / look.scale;
      const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
      const move = moves[event.key];
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "+" || event.key === "=") look.by(STEP);
      else if (event.key === "-") look.by(1 / STEP);
      else if (event.key === "0") look.to(1, 0.5, 0.5);
      else if (move) look.to(look.scale, look.x + move[0], look.y + move[1]);
      else return;
      event.preventDefault();
    });
  }

  function dots(canvas, map, at, hidden) {
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const sheet = canvas.getContext("2d");
    sheet.scale(ratio, ratio);
    sheet.globalAlpha = 0.62;
    const few = Math.max(0, 4 - Math.log10(map.size)); // a few dots would be lost on the sheet
    const side = Math.min(6, 1.9 + Math.sqrt(at.scale) * 0.55) + few;
    map.names.forEach((name, code) => {
      if (hidden.has(name)) return;
      sheet.fillStyle = TONES[name] || "#77716a";
      for (let one = 0; one < map.size; one += 1) {
        if (map.styles[one] !== code) continue;
        const [x, y] = at.place(map.x(one), map.y(one));
        if (x > -side && y > -side && x < width + side && y < height + side) sheet.fillRect(x - side / 2, y - side / 2, side, side);
      }
    });
  }

  // One dot a cell of the screen shows its drawing: the one nearest to the middle of the cell.
  function picked(map, at, box, hidden, taken) {
    const best = new Map();
    const free = (x, y) => taken.every(([a, b, wide]) => Math.abs(a - x) > wide + 24 || Math.abs(b - y) > 36);
    for (let one = 0; one < map.size; one += 1) {
      const [x, y] = at.place(map.x(one), map.y(one));
      if (x < 24 || y < 24 || x > box[0] - 24 || y > box[1] - 24 || hidden.has(map.names[map.styles[one]])) continue;
      const cell = [Math.floor(x / CELL), Math.floor(y / CELL)];
      const away = Math.abs(x / CELL - cell[0] - 0.5) + Math.abs(y / CELL - cell[1] - 0.5);
      const key = cell.join();
      if ((!best.has(key) || best.get(key).away > away) && free(x, y)) best.set(key, { one, x, y, away });
    }
    return [...best.values()].filter(({ away }) => away < 0.45).slice(0, AT_ONCE);
  }

  function labels(map, at, box, look) {
    const taken = [];
    const out = [];
    map.labels.forEach((text, cluster) => {
      const [x, y] = at.place(...map.centers[cluster]);
      const wide = text.length * 3.7 + 14;
      const clear = text && x > wide && x < box[0] - wide && y > 16 && y < box[1] - 16
        && taken.every(([a, b, w]) => Math.abs(a - x) > w + wide || Math.abs(b - y) > 30);
      if (!clear) return;
      taken.push([x, y, wide]);
      const node = h("button", { type: "button", class: "t2s-place", text, title: t("map.go", { name: text }),
        on: { click: () => look.to(Math.max(look.scale * 2, 4), ...map.centers[cluster]) } });
      node.style.left = x + "px";
      node.style.top = y + "px";
      out.push(node);
    });
    return { nodes: out, taken };
  }

  function legend(map, hidden, changed) {
    const counts = map.names.map((_, code) => map.styles.reduce((sum, one) => sum + (one === code), 0) * map.stride);
    return h("div", { class: "t2s-legend", role: "group", "aria-label": t("explore.style") }, ...map.names.map((name, code) => {
      const mark = h("i", {});
      mark.style.background = TONES[name] || "#77716a";
      const node = h("button", { type: "button", "aria-pressed": "true", on: { click: () => {
        if (hidden.has(name)) hidden.delete(name); else hidden.add(name);
        node.setAttribute("aria-pressed", String(!hidden.has(name)));
        changed();
      } } }, mark, h("span", { text: name ? t("style." + name) : "–" }), h("b", { text: count(counts[code]) }));
      return node;
    }));
  }

  function atlas(open) {
    const canvas = h("canvas", { "aria-hidden": "true" }), over = h("div", { class: "t2s-over" });
    const frame = h("div", { class: "t2s-atlas", tabindex: "0", role: "group", "data-own-keys": "", "aria-label": `${t("map.title")}. ${t("zoom.keys")}` }, canvas, over);
    const foot = h("div", { class: "t2s-map-foot" });
    const node = h("div", { class: "t2s-map", "data-testid": "map", "data-state": "idle" }, frame, foot);
    const known = new Map(), hidden = new Set();
    let map = null, timer = 0, turn = 0, named = { nodes: [], taken: [] };
    const look = eye(() => redraw());

    function at() {
      const [width, height] = [frame.clientWidth, frame.clientHeight];
      const place = (x, y) => [((x - look.x) * look.scale + 0.5) * width, ((y - look.y) * look.scale + 0.5) * height];
      return { scale: look.scale, place };
    }

    function redraw() {
      if (!map || !frame.clientWidth) return;
      dots(canvas, map, at(), hidden);
      named = labels(map, at(), [frame.clientWidth, frame.clientHeight], look);
      over.replaceChildren(...named.nodes);
      frame.dataset.zoomed = String(look.scale > 1);
      clearTimeout(timer);
      timer = setTimeout(reveal, SETTLE_MS);
    }

    function thumb({ one, x, y }) {
      const found = known.get(one * map.stride);
      if (!found) return null;
      const button = h("button", { type: "button", class: "t2s-spot", title: t("explore.open", { name: found.caption || found.name }),
        on: { click: () => open(found) } }, picture(found.drawing.svg, found.caption));
      button.style.left = x + "px";
      button.style.top = y + "px";
      return button;
    }

    async function reveal() {
      const mine = turn += 1;
      const spots = picked(map, at(), [frame.clientWidth, frame.clientHeight], hidden, named.taken);
      const rows = spots.map(({ one }) => one * map.stride).filter((row) => !known.has(row));
      if (rows.length) {
        const answer = await post("drawings", { rows });
        if (answer.ok) for (const one of (await answer.json()).relatives) known.set(one.row, one);
        else foot.append(notice(await problem(answer)));
      }
      if (mine !== turn) return;
      over.prepend(...spots.map(thumb).filter(Boolean));
      node.dataset.state = "done";
    }

    function tools() {
      const one = (key, sign, run) => h("button", { type: "button", title: t(key), "aria-label": t(key), text: sign, "data-map": sign, on: { click: run } });
      return h("div", { class: "t2s-zoom" }, one("zoom.out", "−", () => look.by(1 / STEP)), one("zoom.fit", "⤢", () => look.to(1, 0.5, 0.5)),
        one("zoom.in", "+", () => look.by(STEP)));
    }

    async function start() {
      if (map) return redraw();
      node.dataset.state = "running";
      const answer = await get("map");
      if (!answer.ok) { foot.replaceChildren(notice(await problem(answer))); node.dataset.state = "error"; return undefined; }
      map = unpack(await answer.json());
      const said = map.stride > 1 ? t("map.part", { n: count(map.size), all: count(map.rows) }) : t("map.all", { all: count(map.rows) });
      foot.replaceChildren(legend(map, hidden, redraw), h("p", { class: "t2s-from", text: said }), tools());
      return redraw();
    }

    listen(frame, look);
    new ResizeObserver(redraw).observe(frame);
    return { node, start };
  }

  Object.assign(Text2SVG, { atlas });
})();
