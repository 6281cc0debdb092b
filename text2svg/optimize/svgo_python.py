"""SVGO without Node: the svgo-py port behind the same line protocol as worker.mjs.

It cannot read a JavaScript config, so the plugins of svgo.config.mjs are repeated here (a test compares both lists).
Refuses custom configs; the client says so aloud. The trade-off: 4 times slower than Node, and no new plugins.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable
from typing import Any

Visitor = dict[str, dict[str, Callable[..., None]]]

MARK = "keep-stroke-"
ORIGIN = re.compile(r"\s*(-?\d*\.?\d+)(?:px)?[\s,]+(-?\d*\.?\d+)(?:px)?(?:\s+0(?:px)?)?\s*")

VARIANTS: dict[str, tuple[str, int, dict[str, object]]] = {
    "default": ("full", 3, {}),
    **{f"flat{decimals}": ("flat", decimals, {"makeArcs": False}) for decimals in range(5)},
    **{f"kept{decimals}": ("full", max(decimals, 1), {"makeArcs": False}) for decimals in range(5)},
    "decimal1": ("full", 1, {}),
    "decimal2": ("full", 2, {}),
    "seed": ("full", 0, {"makeArcs": False, "forceAbsolutePath": True}),
}
"""Which list, path precision and convertPathData overrides, as in svgo.config.mjs."""

BEFORE = (
    "removeDoctype removeXMLProcInst removeComments removeDeprecatedAttrs removeMetadata removeEditorsNSData cleanupAttrs "
    "mergeStyles inlineStyles minifyStyles cleanupIds removeUselessDefs"
).split()
MIDDLE = (
    "convertColors removeUnknownsAndDefaults removeNonInheritableGroupAttrs removeUselessStrokeAndFill "
    "cleanupEnableBackground removeHiddenElems removeEmptyText"
).split()
SHAPES = (
    "convertShapeToPath convertEllipseToCircle moveElemsAttrsToGroup moveGroupAttrsToElems collapseGroups"
).split()


def plugins(variant: str) -> list[Any]:
    """The plugin list of svgo.config.mjs for `variant`; unknown variants are the default one, as in worker.mjs."""
    which, precision, path = VARIANTS.get(variant, VARIANTS["default"])
    merge = {"name": "mergePaths", "params": {"floatPrecision": precision}}
    shorten = {"name": "convertPathData", "params": {"floatPrecision": precision, **path}}
    if which == "flat":
        return [merge, shorten]
    return [
        *BEFORE,
        {"name": "cleanupNumericValues", "params": {"floatPrecision": 3}},
        *MIDDLE,
        {"name": "multiplyOpacity", "fn": _multiply_opacity},
        {"name": "resolveTransformOrigin", "fn": _resolve_origin},
        {"name": "markNonScaling", "fn": _mark},
        *SHAPES,
        shorten,
        *"convertTransform removeEmptyAttrs removeEmptyContainers".split(),
        merge,
        {"name": "unmarkNonScaling", "fn": _unmark},
        *"removeUnusedNS sortAttrs sortDefsChildren removeDesc".split(),
    ]


def _multiply_opacity(_root: Any, _params: object, _info: object) -> Visitor:
    def leave(node: Any, _parent: object) -> None:
        only = [child for child in node.children if child.type == "element"]
        if node.name != "g" or len(only) != 1 or "opacity" not in node.attributes:
            return
        try:
            product = float(node.attributes["opacity"]) * float(only[0].attributes.get("opacity", ""))
        except ValueError:
            return
        only[0].attributes["opacity"] = f"{round(product, 4):g}"
        del node.attributes["opacity"]

    return {"element": {"exit": leave}}


def _resolve_origin(_root: Any, _params: object, _info: object) -> Visitor:
    def enter(node: Any, _parent: object) -> None:
        match = ORIGIN.fullmatch(node.attributes.get("transform-origin", ""))
        if match is None or "style" in node.attributes:
            return
        x, y = float(match[1]), float(match[2])
        if "transform" in node.attributes:
            inner = node.attributes["transform"]
            node.attributes["transform"] = f"translate({x:g} {y:g}){inner}translate({-x:g} {-y:g})"
        del node.attributes["transform-origin"]

    return {"element": {"enter": enter}}


def _mark(_root: Any, _params: object, _info: object) -> Visitor:
    count = 0

    def enter(node: Any, _parent: object) -> None:
        nonlocal count
        effect = node.attributes.get("vector-effect", "") + node.attributes.get("style", "")
        if "non-scaling-stroke" in effect and "id" not in node.attributes:
            count += 1
            node.attributes["id"] = f"{MARK}{count}"

    return {"element": {"enter": enter}}


def _unmark(_root: Any, _params: object, _info: object) -> Visitor:
    def enter(node: Any, _parent: object) -> None:
        if node.attributes.get("id", "").startswith(MARK):
            del node.attributes["id"]

    return {"element": {"enter": enter}}


def main() -> None:
    """Answer the lines of standard input as worker.mjs does."""
    import svgo

    sink = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)  # svgo-py prints warnings; only answers belong on standard output.
    sys.stdin.reconfigure(encoding="utf-8")
    sys.setrecursionlimit(10_000)

    def answer(value: dict[str, object]) -> None:
        sink.write(json.dumps(value) + "\n")
        sink.flush()

    answer({"ready": svgo.VERSION, "variants": sorted(VARIANTS)})
    for line in sys.stdin:
        request = json.loads(line)
        if request.get("cpu"):
            answer({"cpu": time.process_time()})
            continue
        config = {"multipass": not request["variant"].startswith("flat"), "plugins": plugins(request["variant"])}
        for text in request["texts"]:
            try:
                answer({"text": svgo.optimize(text, config)["data"]})
            except Exception as error:
                # A port of 56 plugins raises what it likes; the parent gets the message for this one text.
                answer({"error": f"{type(error).__name__}: {error}"[:300]})


if __name__ == "__main__":
    main()
