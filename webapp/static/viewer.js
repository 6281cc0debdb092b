// A drawing large: zoom and pan by buttons, keys, wheel and fingers, on a light, dark or checked ground.
(() => {
  "use strict";
  const { t, h, grounds } = Text2SVG;
  const MOST = 16, STEP = 1.4;

  // One zoom may be shared by several viewers, so that before and after move together.
  function zoom() {
    const state = { scale: 1, x: 0, y: 0, heard: new Set() };
    const hold = (value) => Math.max(-(state.scale - 1) / 2, Math.min((state.scale - 1) / 2, value));
    state.set = (scale, x, y) => {
      state.scale = Math.max(1, Math.min(MOST, scale));
      state.x = hold(x);
      state.y = hold(y);
      state.heard.forEach((tell) => tell());
    };
    // Positions are shares of the viewer's side, so that one zoom suits viewers of any size.
    state.at = (factor, x = 0, y = 0) => {
      const next = Math.max(1, Math.min(MOST, state.scale * factor));
      const ratio = next / state.scale;
      state.set(next, x + (state.x - x) * ratio, y + (state.y - y) * ratio);
    };
    return state;
  }

  function buttons(state) {
    const level = h("button", { type: "button", class: "t2s-level", title: t("zoom.fit"),
      on: { click: () => state.set(1, 0, 0) } });
    const tell = () => { level.textContent = Math.round(state.scale * 100) + " %"; };
    state.heard.add(tell);
    tell();
    const one = (key, sign, factor) => h("button", { type: "button", title: t(key), "aria-label": t(key), text: sign,
      "data-zoom": sign, on: { click: () => state.at(factor) } });
    return h("div", { class: "t2s-zoom" }, one("zoom.out", "−", 1 / STEP), level, one("zoom.in", "+", STEP));
  }

  function drag(figure, state) {
    const points = new Map();
    const share = (event) => {
      const box = figure.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width - 0.5, (event.clientY - box.top) / box.height - 0.5];
    };
    figure.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      state.at(event.deltaY < 0 ? STEP : 1 / STEP, ...share(event));
    }, { passive: false });
    figure.addEventListener("dblclick", (event) => (state.scale > 1 ? state.set(1, 0, 0) : state.at(3, ...share(event))));
    figure.addEventListener("pointerdown", (event) => {
      points.set(event.pointerId, share(event));
      if (state.scale > 1 && figure.setPointerCapture) figure.setPointerCapture(event.pointerId);
    });
    figure.addEventListener("pointermove", (event) => {
      const before = points.get(event.pointerId);
      if (!before) return;
      const now = share(event);
      const other = [...points].find(([id]) => id !== event.pointerId);
      if (other) {
        const gap = ([x, y]) => Math.hypot(x - other[1][0], y - other[1][1]) || 0.01;
        state.at(gap(now) / gap(before), (now[0] + other[1][0]) / 2, (now[1] + other[1][1]) / 2);
      } else if (state.scale > 1) state.set(state.scale, state.x + now[0] - before[0], state.y + now[1] - before[1]);
      points.set(event.pointerId, now);
    });
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
      figure.addEventListener(end, (event) => points.delete(event.pointerId));
    }
  }

  function keys(figure, state) {
    const moves = { ArrowLeft: [0.1, 0], ArrowRight: [-0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };
    figure.addEventListener("keydown", (event) => {
      const move = moves[event.key];
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "+" || event.key === "=") state.at(STEP);
      else if (event.key === "-") state.at(1 / STEP);
      else if (event.key === "0") state.set(1, 0, 0);
      else if (move && state.scale > 1) state.set(state.scale, state.x + move[0], state.y + move[1]);
      else return;
      event.preventDefault();
    });
  }

  // `layers` lie on each other and move together; a layer may stand inside a frame that cuts it.
  function viewer({ layers, label, state = zoom(), tools = true, frames = layers }) {
    const figure = h("figure", { class: "t2s-canvas", tabindex: "0", role: "group", "data-own-keys": "",
      "aria-label": `${label}. ${t("zoom.keys")}` }, ...frames);
    const tell = () => {
      for (const layer of layers) {
        layer.style.transform = `translate(${state.x * 100}%, ${state.y * 100}%) scale(${state.scale})`;
      }
      figure.dataset.zoomed = String(state.scale > 1);
    };
    state.heard.add(tell);
    tell();
    drag(figure, state);
    keys(figure, state);
    return h("div", { class: "t2s-big" }, figure, tools ? grounds() : null, tools ? buttons(state) : null);
  }

  Object.assign(Text2SVG, { zoom, viewer, zoomButtons: buttons });
})();
