"""The wide allow-list: which elements, attributes and style properties a safe drawing may hold, and of which type.

`sanitize` rebuilds drawings from this table and from nothing else. Each type is one regular expression, and repetitions
that could meet are possessive, so a long hostile value costs linear time. Refuses by silence: what is not named here
does not survive. The trade-off: CSS functions outside the lists (`env()`, `image-set()`, `color-mix()`) are lost rather
than judged.

`schema` is the narrow table of canonical drawings; everything it allows is allowed here too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

Check = Callable[[str], str | None]
"""The value in its safe spelling, or None."""

# Any name but one that could be mistaken for an address.
_NAME: Final = r"""(?!\S*(?i:script):)[^\s"'()<>\\&#;{}`/]++"""
_FRAGMENT: Final = f"#{_NAME}"
_ARGUMENTS: Final = r"[A-Za-z\d\s.,%+#/-]*+"
_COLOR: Final = rf"#[0-9a-fA-F]{{3,8}}|[A-Za-z]++|(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color)\({_ARGUMENTS}\)"
_URL: Final = rf"""[uU][rR][lL]\(\s*+(?:"(?P<a>{_FRAGMENT})"|'(?P<b>{_FRAGMENT})'|(?P<c>{_FRAGMENT}))\s*+\)"""
_CALLED: Final = rf"\({_ARGUMENTS}(?:\({_ARGUMENTS}\){_ARGUMENTS})*+\)"
_FILTERS: Final = "blur|brightness|contrast|drop-shadow|grayscale|hue-rotate|invert|opacity|saturate|sepia"
_TRANSFORMS: Final = "matrix|translate|translateX|translateY|scale|scaleX|scaleY|rotate|skew|skewX|skewY"
_SHAPES: Final = "inset|circle|ellipse|polygon"


def _matching(pattern: str) -> Check:
    compiled = re.compile(pattern)

    def check(value: str) -> str | None:
        return value if compiled.fullmatch(value) else None

    return check


numbers = _matching(r"[\s\d.,+eE-]*")
lengths = _matching(r"[\s\d.,%+A-Za-z-]*")
"""Numbers with units and single words such as `auto`; nothing that could call or address anything."""
words = _matching(r"[\s\w,-]*")
color = _matching(rf"\s*+(?:{_COLOR})\s*+")
calls = _matching(rf"\s*+(?:none\s*+|(?:(?:{_TRANSFORMS})\s*+\({_ARGUMENTS}\)[\s,]*+)*+)")
fonts = _matching(r"""[\w\s,."'-]*""")
font = _matching(r"""(?:[\w\s,.%"'-]|/(?!/))*""")
name = _matching(_NAME)
names = _matching(rf"\s*+(?:{_NAME}\s*+)++")
octaves = _matching(r"\s*(?:10|\d)(?:\.0*)?\s*")
"""Each octave costs the renderer a pass over all pixels; browsers stop at 9."""
prose = _matching(r"(?s:.*)")
_paint = re.compile(rf"\s*+(?:(?P<color>{_COLOR})|{_URL}(?P<fallback>\s*+(?:{_COLOR}))?)\s*+")
_reference = re.compile(rf"\s*+(?:(?P<word>(?:{_SHAPES}){_CALLED}|[A-Za-z-]++)|{_URL})\s*+")
_filter = re.compile(rf"\s*+(?:(?:none|inherit|initial|unset)\s*+|(?:(?:(?:{_FILTERS}){_CALLED}|{_URL})\s*+)*+)")
_fragment = re.compile(rf"\s*+({_FRAGMENT})\s*+")
_picture = re.compile(r"\s*+data:(?P<type>image/(?:png|jpe?g|webp|gif))?;base64,(?P<bytes>[A-Za-z0-9+/=\s]++)")
_MAGIC: Final = {"iVBORw0KGgo": "image/png", "/9j/": "image/jpeg", "R0lGOD": "image/gif", "UklGR": "image/webp"}
"""How the bytes of an untyped picture begin, in base64; old Illustrator wrote `data:;base64,`."""


_path = re.compile(r"[\s\d.,+eE\-MmZzLlHhVvCcSsQqTtAa]*")


def path_data(value: str) -> str | None:
    """Path data up to the first letter that no path has: SVG draws a path up to its first error."""
    return _path.match(value)[0] or None


def _id(match: re.Match[str]) -> str:
    return f"url({match['a'] or match['b'] or match['c']})"


def paint(value: str) -> str | None:
    """A colour, or a local reference with an optional fallback colour."""
    match = _paint.fullmatch(value)
    if not match:
        return None
    return match["color"] or _id(match) + (match["fallback"] or "")


def reference(value: str) -> str | None:
    """A keyword, a basic shape, or `url(#local)`."""
    match = _reference.fullmatch(value)
    if not match:
        return None
    return match["word"] or _id(match)


def filters(value: str) -> str | None:
    """A list of filter functions and local references."""
    return value.replace('"', "").replace("'", "") if _filter.fullmatch(value) else None


def fragment(value: str) -> str | None:
    """`#id` and nothing else."""
    match = _fragment.fullmatch(value)
    return match[1] if match else None


def picture(value: str) -> str | None:
    """An embedded raster image."""
    match = _picture.fullmatch(value)
    if not match:
        return None
    kind = match["type"] or next((name for start, name in _MAGIC.items() if match["bytes"].startswith(start)), "")
    return f"data:{kind};base64,{match['bytes']}" if kind else None


PRESENTATION: Final[Mapping[str, Check]] = {
    **dict.fromkeys(("fill", "stroke"), paint),
    **dict.fromkeys(("color", "flood-color", "lighting-color", "stop-color"), color),
    **dict.fromkeys(("clip-path", "mask", "marker-start", "marker-mid", "marker-end"), reference),
    "filter": filters,
    **dict.fromkeys(
        ("fill-opacity", "flood-opacity", "opacity", "stop-opacity", "stroke-opacity", "stroke-width")
        + ("stroke-miterlimit", "stroke-dashoffset", "stroke-dasharray"),
        lengths,
    ),
    **dict.fromkeys(
        ("clip-rule", "color-interpolation", "color-interpolation-filters", "color-rendering", "display", "fill-rule")
        + ("image-rendering", "mask-type", "overflow", "paint-order", "shape-rendering", "stroke-linecap")
        + ("stroke-linejoin", "text-rendering", "vector-effect", "visibility"),
        words,
    ),
}
"""Properties that mean the same as attribute and as CSS, so a style declaration may become an attribute."""

TYPOGRAPHY: Final[Mapping[str, Check]] = {
    "font-family": fonts,
    **dict.fromkeys(("font-size", "letter-spacing", "word-spacing", "baseline-shift", "font-stretch"), lengths),
    **dict.fromkeys(
        ("alignment-baseline", "direction", "dominant-baseline", "font-style", "font-variant", "font-weight")
        + ("text-anchor", "text-decoration", "unicode-bidi", "white-space", "writing-mode"),
        words,
    ),
}
"""Properties that stay in `style` when they came from there: `font-size: 12` is an error in CSS only."""

STYLE_ONLY: Final[Mapping[str, Check]] = {
    **TYPOGRAPHY,
    "font": font,
    **dict.fromkeys(("mix-blend-mode", "isolation", "transform-box"), words),
    "transform": calls,
    **dict.fromkeys(
        ("transform-origin", "x", "y", "width", "height", "cx", "cy", "r", "rx", "ry"),
        lengths,
    ),
}

_COMMON: Final[Mapping[str, Check]] = {
    **PRESENTATION,
    **TYPOGRAPHY,
    "id": name,
    "transform": calls,
    "transform-origin": lengths,
    "xml:space": words,
    "systemLanguage": words,
    "role": words,
    "aria-hidden": words,
    "aria-label": prose,
    "aria-labelledby": names,
    "aria-describedby": names,
}

_BOX: Final = dict.fromkeys(("x", "y", "width", "height"), lengths)
_VIEW: Final = {"viewBox": numbers, "preserveAspectRatio": words}
_GRADIENT: Final = {"gradientUnits": words, "gradientTransform": calls, "spreadMethod": words, "href": fragment}
_TEXT: Final = {
    **dict.fromkeys(("x", "y", "dx", "dy", "rotate", "textLength"), lengths),
    "lengthAdjust": words,
}
_TITLED: Final[Mapping[str, Check]] = {"id": name}


def _primitive(*, numeric: str = "", wordy: str = "", **others: Check) -> Mapping[str, Check]:
    """A filter primitive: its region, its inputs, its own attributes by type."""
    own: dict[str, Check] = {"in": name, "result": name, **_BOX}
    own.update(dict.fromkeys(numeric.split(), numbers))
    own.update(dict.fromkeys(wordy.split(), words))
    own.update(others)
    return own


_TRANSFER: Final = _primitive(numeric="tableValues slope intercept amplitude exponent offset", wordy="type")

_OWN: Final[Mapping[str, Mapping[str, Check]]] = {
    "svg": {**_BOX, **_VIEW},
    "g": {},
    "defs": {},
    "switch": {},
    "symbol": {**_BOX, **_VIEW, "refX": lengths, "refY": lengths},
    "use": {**_BOX, "href": fragment},
    "path": {"d": path_data, "pathLength": numbers},
    "rect": {**_BOX, "rx": lengths, "ry": lengths, "pathLength": numbers},
    "circle": {"cx": lengths, "cy": lengths, "r": lengths, "pathLength": numbers},
    "ellipse": {"cx": lengths, "cy": lengths, "rx": lengths, "ry": lengths, "pathLength": numbers},
    "line": {"x1": lengths, "y1": lengths, "x2": lengths, "y2": lengths, "pathLength": numbers},
    "polyline": {"points": numbers, "pathLength": numbers},
    "polygon": {"points": numbers, "pathLength": numbers},
    "text": _TEXT,
    "tspan": _TEXT,
    "textPath": {"href": fragment, "startOffset": lengths, "method": words, "spacing": words, "side": words, **_TEXT},
    "title": _TITLED,
    "desc": _TITLED,
    "linearGradient": {**_GRADIENT, "x1": lengths, "y1": lengths, "x2": lengths, "y2": lengths},
    "radialGradient": {**_GRADIENT, **dict.fromkeys(("cx", "cy", "r", "fx", "fy", "fr"), lengths)},
    "stop": {"offset": lengths},
    "clipPath": {"clipPathUnits": words},
    "mask": {**_BOX, "maskUnits": words, "maskContentUnits": words},
    "pattern": {
        **_BOX,
        **_VIEW,
        "patternUnits": words,
        "patternContentUnits": words,
        "patternTransform": calls,
        "href": fragment,
    },
    "marker": {
        **_VIEW,
        **dict.fromkeys(("refX", "refY", "markerWidth", "markerHeight", "orient"), lengths),
        "markerUnits": words,
    },
    "image": {**_BOX, "preserveAspectRatio": words, "href": picture},
    "filter": {**_BOX, "filterUnits": words, "primitiveUnits": words},
    "feBlend": _primitive(wordy="mode", in2=name),
    "feColorMatrix": _primitive(numeric="values", wordy="type"),
    "feComponentTransfer": _primitive(),
    **dict.fromkeys(("feFuncR", "feFuncG", "feFuncB", "feFuncA"), _TRANSFER),
    "feComposite": _primitive(numeric="k1 k2 k3 k4", wordy="operator", in2=name),
    "feConvolveMatrix": _primitive(
        numeric="order kernelMatrix divisor bias targetX targetY", wordy="edgeMode preserveAlpha"
    ),
    "feDiffuseLighting": _primitive(numeric="surfaceScale diffuseConstant"),
    "feDisplacementMap": _primitive(numeric="scale", wordy="xChannelSelector yChannelSelector", in2=name),
    "feDistantLight": _primitive(numeric="azimuth elevation"),
    "feDropShadow": _primitive(numeric="dx dy stdDeviation"),
    "feFlood": _primitive(),
    "feGaussianBlur": _primitive(numeric="stdDeviation", wordy="edgeMode"),
    "feMerge": _primitive(),
    "feMergeNode": _primitive(),
    "feMorphology": _primitive(numeric="radius", wordy="operator"),
    "feOffset": _primitive(numeric="dx dy"),
    "fePointLight": _primitive(numeric="z", x=numbers, y=numbers),
    "feSpecularLighting": _primitive(numeric="surfaceScale specularConstant specularExponent"),
    "feSpotLight": _primitive(numeric="z pointsAtX pointsAtY pointsAtZ specularExponent limitingConeAngle"),
    "feTile": _primitive(),
    "feTurbulence": _primitive(numeric="baseFrequency seed", wordy="stitchTiles type", numOctaves=octaves),
}

ELEMENTS: Final[Mapping[str, Mapping[str, Check]]] = {
    element: own if own is _TITLED else {**_COMMON, **own} for element, own in _OWN.items()
}
"""The table: element to attribute to type."""

INERT: Final = frozenset(
    ["class", "version", "baseProfile", "enable-background", "contentStyleType", "contentScriptType", "zoomAndPan"]
    + ["requiredFeatures", "tabindex", "focusable", "lang", "type", "media", "requiredExtensions", "style", "title"]
)
"""Attributes whose loss changes no picture; their removal is not worth telling."""
