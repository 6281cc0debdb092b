"""What kind of drawing a canonical text is: outline, filled, duotone or color.

Reads paint only; refuses to guess for other texts and answers "". The trade-off: an outline that a designer expanded into
filled shapes counts as filled, since its paint says so; sources that know better have set the style before.
"""

from __future__ import annotations

import re

TAG = re.compile(r"<(/?)(svg|g|path|circle|ellipse|rect|linearGradient|radialGradient)\b([^>]*?)/?>")
PAINT = re.compile(r'(?<![-\w])(fill|stroke|fill-opacity|stroke-opacity|opacity)="([^"]*)"')
SHAPES = frozenset(["path", "circle", "ellipse", "rect"])


def judge_style(canonical: str, *, palette: bool = False) -> str:
    """`outline`, `filled`, `duotone` or `color`; `palette` says that the source calls it multi-coloured."""
    colors: set[str] = set()
    opacities: set[str] = set()
    filled = stroked = 0
    groups: list[dict[str, str]] = [{}]
    for closing, tag, attributes in TAG.findall(canonical):
        if closing:
            if tag == "g":
                groups.pop()
            continue
        own = dict(PAINT.findall(attributes))
        if tag == "g":
            groups.append({**groups[-1], **own})
        if tag not in SHAPES:
            continue
        paint = {**groups[-1], **own}
        fill, stroke = paint.get("fill", "#000"), paint.get("stroke", "none")
        colors.update({fill, stroke} - {"none"})
        filled += fill != "none"
        stroked += stroke != "none"
        part = "fill-opacity" if fill != "none" else "stroke-opacity"
        opacities.add(paint.get("opacity", "") + "/" + paint.get(part, ""))
    if not filled and not stroked:
        return ""
    if palette or len(colors) > 1 or any(color.startswith("url(") for color in colors):
        return "color"
    if len(opacities) > 1:
        return "duotone"
    return "outline" if stroked and not filled else "filled"
