"""The losses of a run as one small SVG, drawn with nothing but string formatting.

Refuses a log without two points of any curve. The trade-off: axes are linear with four marks each, and the first
tenth of a training curve may leave the frame, because the part worth reading is the last one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from text2svg.errors import TrainError

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 360, 48, 132, 16, 32
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""Okabe and Ito's palette without its yellow and black: told apart with any colour vision."""
Curve = Sequence[tuple[float, float]]


def curves(lines: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Curve], dict[str, Curve]]:
    """(tokens, loss) points of each group: of the training stream, and held out."""
    training: dict[str, list[tuple[float, float]]] = {}
    heldout: dict[str, list[tuple[float, float]]] = {}
    for line in lines:
        into, key = (heldout, "heldout") if line.get("event") == "heldout" else (training, "groups")
        if line.get("event") not in {"heldout", "train"}:
            continue
        for group, loss in line[key].items():
            into.setdefault(group, []).append((float(line["tokens"]), float(loss)))
    return dict(training), dict(heldout)


def draw(lines: Iterable[Mapping[str, Any]]) -> str:
    """Training losses as thin lines, held-out losses as thick ones in the same colour. Raises TrainError."""
    training, heldout = curves(lines)
    groups = [group for group in (heldout | training) if len(training.get(group, ())) > 1]
    if not groups:
        raise TrainError("the log has no curve to draw yet", hint="two log lines make one")
    last = max(curve[-1][0] for group in groups for curve in [training[group]])
    shown = [y for g in groups for x, y in (*training[g], *heldout.get(g, ())) if x >= last / 10]
    low, high = min(shown), max(shown)
    high = high if high > low else low + 1

    def place(point: tuple[float, float]) -> tuple[float, float]:
        x = LEFT + point[0] / last * (WIDTH - LEFT - RIGHT)
        share = min(1.0, (point[1] - low) / (high - low))
        return round(x, 1), round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    parts = [_axes(last, low, high)]
    for at, group in enumerate(groups):
        color, y = COLORS[at % len(COLORS)], TOP + 16 * (at + 1)
        for curve, width in ((training[group], 1), (heldout.get(group, ()), 3)):
            if len(curve) > 1:
                points = " ".join(f"{x:g},{y:g}" for x, y in map(place, curve))
                parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="{width}"/>')
        end = heldout[group][-1][1] if group in heldout else training[group][-1][1]
        parts.append(f'<text x="{WIDTH - RIGHT + 12}" y="{y}" fill="{color}">{escape(group)} {end:.3f}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="12"><rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def _axes(last: float, low: float, high: float) -> str:
    parts = []
    for mark in range(4):
        y = HEIGHT - BOTTOM - mark / 3 * (HEIGHT - TOP - BOTTOM)
        x = LEFT + mark / 3 * (WIDTH - LEFT - RIGHT)
        parts.append(f'<path d="M{LEFT} {y:g}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:g}" text-anchor="end">{low + mark / 3 * (high - low):.2f}</text>')
        parts.append(f'<text x="{x:g}" y="{HEIGHT - 10}" text-anchor="middle">{last * mark / 3e6:.3g} M</text>')
    return "".join(parts)


def write(lines: Iterable[Mapping[str, Any]], path: Path) -> None:
    """Draw into a file, written aside and renamed."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text(draw(lines), encoding="utf-8")
    os.replace(temporary, path)
