"""The grammar of canonical SVG as Lark text, for engines with constrained decoding of their own (llguidance, vLLM).

Written from the same schema as the token automaton. Refuses to say what a regular grammar cannot: that gradients are
named in order, that a reference has its gradient, that a drawing ends within a budget; the reader and `partial.close`
see to those. The trade-off: it constrains bytes, so an engine may spell a number with other tokens than ours.
"""

from __future__ import annotations

from text2svg.svg.schema import (
    FOOTER,
    GEOMETRY,
    GRADIENT,
    GRADIENT_IDS,
    HEADER,
    LEVELS,
    LINECAPS,
    LINEJOINS,
    MAX_STROKE,
    POSITIVE,
)

_NUMBER = "0|[1-9][0-9]?|1[0-9][0-9]|2[0-4][0-9]|25[0-6]"


def lark() -> str:
    """Lark text whose `start` is one whole canonical drawing."""
    rules = [
        f"start: {_quote(HEADER)} gradient* item+ {_quote(FOOTER)}",
        'item: shape | "<g" paint ">" bare+ "</g>" | fade',
        f'fade: "<g" {_attribute("opacity", "LEVEL")} ">" (shape | "<g" paint ">" bare+ "</g>")+ "</g>"',
        *_gradients(),
        *_paint(),
        *_shapes(),
        'data: move (draw+ "Z"? (move draw+ "Z"?)*)',
        'move: "M" N S',
        'draw: "L" N S | ("H" | "V") N | "C" N S S S S S | "S" N S S S | "Q" N S S S | "T" N S | arc',
        'arc: "A" P SP (FLAGS | ANGLE TURNED) S S',
        "FLAGS: / 0,[01],[01]/",
        "TURNED: /,[01],[01]/",
        "ANGLE: / ([1-9][0-9]?|1[0-7][0-9])/",
        f"N: /({_NUMBER})/",
        f"S: / ({_NUMBER})/",
        f"P: /({_NUMBER.removeprefix('0|')})/",
        f"SP: / ({_NUMBER.removeprefix('0|')})/",
        f"LEVEL: {_any(LEVELS[1:20])}",
        f"STOP: {_any(LEVELS)}",
        f"FAINT: {_any(LEVELS[:20])}",
        "HEX: /#[0-9a-f]{3}/",
        f"ID: /[{GRADIENT_IDS[0]}-{GRADIENT_IDS[-1]}]/",
        f"WIDTH: {_any(str(n) for n in range(2, MAX_STROKE + 1))}",
    ]
    return "\n".join(rules) + "\n"


def _quote(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


def _any(texts: object) -> str:
    return " | ".join(_quote(t) for t in texts)  # type: ignore[attr-defined]


def _attribute(name: str, value: str) -> str:
    return f'{_quote(f" {name}=" + chr(34))} {value} "\\""'


def _gradients() -> list[str]:
    out = ["gradient: linear | radial"]
    for kind, rule in (("linearGradient", "linear"), ("radialGradient", "radial")):
        names = GRADIENT[kind]
        coords = [_attribute(n, "P" if n in POSITIVE else "N") for n in names if n not in ("fx", "fy")]
        if "fx" in names:
            coords.append(f"({_attribute('fx', 'N')} {_attribute('fy', 'N')})?")
        units = _quote(' gradientUnits="userSpaceOnUse"')
        head = f'{_quote(f"<{kind} id=" + chr(34))} ID "\\"" {units} {" ".join(coords)} ">"'
        out.append(f"{rule}: {head} stop+ {_quote(f'</{kind}>')}")
    faint = f"({_attribute('stop-opacity', 'FAINT')})?"
    out.append(f'stop: "<stop" {_attribute("offset", "STOP")} {_attribute("stop-color", "HEX")} {faint} "/>"')
    return out


def _paint() -> list[str]:
    """At least one attribute, in order, and a stroke where there is no fill."""
    caps, joins = (f"({_any(v[1:])})" for v in (LINECAPS, LINEJOINS))
    more = [
        ("stroke-width", "WIDTH"),
        ("stroke-linecap", caps),
        ("stroke-linejoin", joins),
        ("stroke-opacity", "LEVEL"),
        ("opacity", "LEVEL"),
    ]
    optional = " ".join(f"({_attribute(name, value)})?" for name, value in more)
    color = '(HEX | "url(#" ID ")")'
    return [
        f"paint: {_quote(' fill=' + chr(34) + 'none' + chr(34))} stroke | fill stroke? | stroke",
        "fill: color_fill rule? faded? | rule faded? | faded",
        f"color_fill: {_attribute('fill', color)}",
        f"rule: {_quote(' fill-rule=' + chr(34) + 'evenodd' + chr(34))}",
        f"faded: {_attribute('fill-opacity', 'LEVEL')}",
        f"stroke: {_attribute('stroke', color)} {optional}",
    ]


def _shapes() -> list[str]:
    out = ["shape: " + " | ".join(f"painted_{tag}" for tag in GEOMETRY) + " | bare", ]
    out.append("bare: " + " | ".join(f"bare_{tag}" for tag in GEOMETRY))
    for tag, names in GEOMETRY.items():
        if tag == "path":
            geometry = _attribute("d", "data")
        else:
            parts = [_attribute(n, "P" if n in POSITIVE else "N") for n in names]
            if tag == "rect":
                parts[-1] = f"({parts[-1]})?"
            geometry = " ".join(parts)
        out.append(f'bare_{tag}: "<{tag}" {geometry} "/>"')
        out.append(f'painted_{tag}: "<{tag}" paint {geometry} "/>"')
    return out
