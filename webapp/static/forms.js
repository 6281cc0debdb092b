// A drawing as other texts: data URI, JSX, CSS, and with other colours. Text in, text out; nothing here touches the page.
(() => {
  "use strict";
  const { DRAWING } = Text2SVG;

  // Only what a URI or a double-quoted attribute would mind is escaped; that is a third shorter than escaping everything.
  function dataUri(svg) {
    const text = svg.replace(/"/g, "'").replace(/[%#<>{}|\\^`\n\r]/g, (sign) => encodeURIComponent(sign));
    return DRAWING + text;
  }

  const css = (svg, name) => `.${name.replace(/^(\d)/, "_$1")} {\n  background: url("${dataUri(svg)}") center / contain no-repeat;\n}\n`;

  const KEPT = /^(data-|aria-)/;
  const RENAMED = { class: "className", "xlink:href": "xlinkHref", "xml:space": "xmlSpace", "xml:lang": "xmlLang" };
  const camel = (name) => RENAMED[name] || (KEPT.test(name) ? name : name.replace(/[-:](\w)/g, (_, next) => next.toUpperCase()));

  // React's component of a drawing; its props reach the svg element, so size, colour and a label are the caller's.
  function jsx(svg, words) {
    const parts = words.split(/[^\p{L}\p{N}]+/u).filter(Boolean).map((word) => word[0].toUpperCase() + word.slice(1));
    const name = parts.join("").replace(/^(\d|$)/, "Drawing$1");
    const text = svg.replace(/>[^<]*[{}][^<]*</g, (part) => part.replace(/[{}]/g, (sign) => `{"${sign}"}`));
    const body = text.replace(/<([\w:]+)((?:\s+[\w:.-]+="[^"]*")*)\s*(\/?)>/g, (_, tag, given, end) => {
      const attributes = [...given.matchAll(/([\w:.-]+)="([^"]*)"/g)].filter(([, key]) => !/^xmlns/.test(key))
        .map(([, key, value]) => ` ${camel(key)}="${value}"`);
      return `<${tag}${attributes.join("")}${tag === "svg" ? " {...props}" : ""}${end ? " />" : ">"}`;
    });
    return `export const ${name} = (props) => (\n  ${body}\n);\n`;
  }

  const PAINT = /\b(fill|stroke|stop-color|flood-color)="([^"]+)"/g;
  const NOT_A_COLOUR = /^(none|currentColor|inherit|transparent|context-|url\()/i;
  const SHAPES = new Set(["path", "rect", "circle", "ellipse", "polygon", "polyline", "text", "line"]);

  // Whether some shape is black only because nobody said otherwise.
  function implicitBlack(svg) {
    const open = [];
    for (const [, close, tag, given, alone] of svg.matchAll(/<(\/?)([\w:]+)((?:\s+[\w:.-]+="[^"]*")*)\s*(\/?)>/g)) {
      if (close) { open.pop(); continue; }
      const filled = /\sfill="/.test(given) || open.at(-1) === true;
      if (SHAPES.has(tag) && tag !== "line" && !filled) return true;
      if (!alone) open.push(filled);
    }
    return false;
  }

  // Colours as they are written, most used first; "" stands for the black that is not written.
  function colours(svg) {
    const seen = new Map();
    for (const [, , value] of svg.matchAll(PAINT)) {
      if (!NOT_A_COLOUR.test(value)) seen.set(value, (seen.get(value) || 0) + 1);
    }
    const written = [...seen].sort((a, b) => b[1] - a[1]).map(([value]) => value);
    return implicitBlack(svg) ? ["", ...written] : written;
  }

  function recolour(svg, from, to) {
    if (from === "") return svg.replace(/^(\s*<svg)\b(?![^>]*\sfill=)/, `$1 fill="${to}"`);
    return svg.replace(PAINT, (whole, name, value) => (value === from ? `${name}="${to}"` : whole));
  }

  // Any CSS colour as #rrggbb, which is all that a colour field takes.
  const brush = document.createElement("canvas").getContext("2d");
  function hex(colour) {
    brush.fillStyle = "#000000";
    brush.fillStyle = colour || "#000000";
    return /^#/.test(brush.fillStyle) ? brush.fillStyle : "#000000";
  }

  Object.assign(Text2SVG, { dataUri, css, jsx, colours, recolour, hex });
})();
