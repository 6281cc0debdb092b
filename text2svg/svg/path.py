"""Path data as absolute segments: parse, transform, snap to the integer grid, shorten, write.

A segment is a plain tuple, `("M", x, y)`, `("L", x, y)`, `("C", x1, y1, x2, y2, x, y)`, `("Q", x1, y1, x, y)`,
`("A", rx, ry, rotation, large, sweep, x, y)` or `("Z",)`: 338,000 icons hold about 9 million of them, and a tuple is
built five times faster than a dataclass. Arcs stay arcs: the same icons take half the tokens of their cubic form.

Refuses nothing: as SVG 2 section 9.5.4 asks, a path is drawn up to its first error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

Segment = tuple
"""`(letter, *numbers)`, absolute; after `shorten` also the letters H, V, S and T."""

Matrix = tuple[float, float, float, float, float, float]
"""`(a, b, c, d, e, f)` of SVG 2 section 8.5: x' = a x + c y + e, y' = b x + d y + f."""

_COMMAND = re.compile(r"([MmZzLlHhVvCcSsQqTtAa])([^MmZzLlHhVvCcSsQqTtAa]*)")
# Possessive throughout: an arc's seven numbers need no separator, so 400 digits could be shared out in a trillion ways.
_NUMBER = re.compile(r"[-+]?+(?:\d++\.?+\d*+|\.\d++)(?:[eE][-+]?+\d++)?+")
_STRANGE = re.compile(r"[^\d\s,.eE+-]")
_ARC = re.compile(
    r"\s*+,?+\s*+".join(("", *[f"({_NUMBER.pattern})"] * 3, "([01])", "([01])", *[f"({_NUMBER.pattern})"] * 2))
)
ARGUMENTS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7, "Z": 0}
"""Numbers each command takes (SVG 2 section 9.3)."""


def _chunks(d: str) -> Iterable[tuple[str, list[list[float]], bool]]:
    """Yields `(letter, argument lists, clean)`; stops being clean at the first syntax error."""
    start = len(d) - len(d.lstrip())
    for match in _COMMAND.finditer(d):
        if match.start() != start:
            return
        start = match.end()
        letter, body = match.groups()
        strange = _STRANGE.search(body)
        clean = strange is None
        if strange:
            body = body[: strange.start()]
        count = ARGUMENTS[letter.upper()]
        if count == 7:
            rows, end = [], 0
            while row := _ARC.match(body, end):  # not findall, which would try again at every space of a long run
                rows.append([float(v) for v in row.groups()])
                end = row.end()
        elif count == 0:
            rows, clean = [[]], clean and not body.strip(" \t\r\n\f,")
        else:
            numbers = [float(v) for v in _NUMBER.findall(body)]
            rows = [numbers[i : i + count] for i in range(0, len(numbers) - count + 1, count)]
            clean = clean and len(numbers) % count == 0
        yield letter, rows, clean and bool(rows)
        if not clean or not rows:
            return


def parse_path(d: str) -> list[Segment]:
    """Path data to absolute M, L, C, Q, A and Z segments.

    H and V become L, S and T are resolved, a drawing command after Z gets its M. Everything after the first error is
    dropped (SVG 2 section 9.5.4); an empty list means nothing is drawn.
    """
    out: list[Segment] = []
    x = y = sx = sy = 0.0
    control: tuple[str, float, float] = ("", 0.0, 0.0)
    closed = False
    for letter, rows, _ in _chunks(d):
        upper, relative = letter.upper(), letter.islower()
        if not out and upper != "M":
            return out
        for n, a in enumerate(rows):
            if upper == "Z":
                out.append(("Z",))
                x, y, closed, control = sx, sy, True, ("", 0.0, 0.0)
                continue
            command = "L" if upper == "M" and n else upper
            if closed and command != "M":
                out.append(("M", x, y))
            closed = False
            dx, dy = (x, y) if relative else (0.0, 0.0)
            if command == "M":
                x, y = a[0] + dx, a[1] + dy
                sx, sy = x, y
                out.append(("M", x, y))
                control = ("", 0.0, 0.0)
                continue
            segment, control = _absolute(command, a, (x, y), (dx, dy), control)
            x, y = segment[-2], segment[-1]
            out.append(segment)
    return out


def _absolute(
    command: str,
    a: list[float],
    at: tuple[float, float],
    base: tuple[float, float],
    control: tuple[str, float, float],
) -> tuple[Segment, tuple[str, float, float]]:
    x, y = at
    dx, dy = base
    none = ("", 0.0, 0.0)
    if command == "L":
        return ("L", a[0] + dx, a[1] + dy), none
    if command == "H":
        return ("L", a[0] + dx, y), none
    if command == "V":
        return ("L", x, a[0] + dy), none
    if command == "A":
        end = (a[5] + dx, a[6] + dy)
        if a[0] == 0 or a[1] == 0:
            return ("L", *end), none
        return ("A", abs(a[0]), abs(a[1]), a[2], int(a[3]), int(a[4]), *end), none
    if command in "CS":
        if command == "S":
            first = (2 * x - control[1], 2 * y - control[2]) if control[0] == "C" else (x, y)
            a = [first[0] - dx, first[1] - dy, *a]
        c = (a[2] + dx, a[3] + dy)
        return ("C", a[0] + dx, a[1] + dy, *c, a[4] + dx, a[5] + dy), ("C", *c)
    if command == "T":
        q = (2 * x - control[1], 2 * y - control[2]) if control[0] == "Q" else (x, y)
        return ("Q", *q, a[0] + dx, a[1] + dy), ("Q", *q)
    q = (a[0] + dx, a[1] + dy)
    return ("Q", *q, a[2] + dx, a[3] + dy), ("Q", *q)


def transform(segments: Iterable[Segment], m: Matrix) -> list[Segment]:
    """Applies an affine map exactly; arcs stay arcs, with the radii and rotation of the mapped ellipse."""
    a, b, c, d, e, f = m
    out: list[Segment] = []
    for s in segments:
        kind = s[0]
        if kind == "C":
            _, x1, y1, x2, y2, x, y = s
            first, second = (a * x1 + c * y1 + e, b * x1 + d * y1 + f), (a * x2 + c * y2 + e, b * x2 + d * y2 + f)
            out.append(("C", *first, *second, a * x + c * y + e, b * x + d * y + f))
        elif kind == "Z":
            out.append(s)
        elif kind == "A":
            rx, ry, rotation, flip = map_ellipse(s[1], s[2], s[3], m)
            x, y = s[6], s[7]
            sweep = 1 - s[5] if flip else s[5]
            end = (a * x + c * y + e, b * x + d * y + f)
            out.append(("A", rx, ry, rotation, s[4], sweep, *end) if rx and ry else ("L", *end))
        elif kind == "Q":
            _, x1, y1, x, y = s
            out.append(("Q", a * x1 + c * y1 + e, b * x1 + d * y1 + f, a * x + c * y + e, b * x + d * y + f))
        else:
            _, x, y = s
            out.append((kind, a * x + c * y + e, b * x + d * y + f))
    return out


def map_ellipse(rx: float, ry: float, rotation: float, m: Matrix) -> tuple[float, float, float, bool]:
    """Radii, rotation (degrees) and orientation flip of an ellipse under the linear part of `m`.

    The singular values of m·R(rotation)·diag(rx, ry) are the new radii.
    """
    a, b, c, d = m[:4]
    flip = a * d - b * c < 0
    if abs(a * c + b * d) < 1e-9 * (abs(a * d - b * c) + 1e-300) and abs(a * a + b * b - c * c - d * d) < 1e-9:
        scale = math.hypot(a, b)
        turn = math.degrees(math.atan2(b, a))
        return rx * scale, ry * scale, (turn - rotation if flip else turn + rotation) % 180, flip
    t = math.radians(rotation)
    cos, sin = math.cos(t), math.sin(t)
    p, q = (a * cos + c * sin) * rx, (c * cos - a * sin) * ry
    r, s = (b * cos + d * sin) * rx, (d * cos - b * sin) * ry
    # Closed-form 2x2 singular value decomposition.
    u, v = math.hypot(p + s, r - q), math.hypot(p - s, r + q)
    big, small = (u + v) / 2, abs(u - v) / 2
    angle = (math.atan2(r - q, p + s) + math.atan2(r + q, p - s)) / 2
    return big, small, math.degrees(angle) % 180, flip


def arc_center(x: float, y: float, s: Segment) -> tuple[float, float, float, float, float, float]:
    """Endpoint to centre form (SVG 2 appendix B.2.4): `(cx, cy, rx, ry, start, sweep)`, angles in radians."""
    rx, ry, rotation, large, sweep, x2, y2 = s[1:]
    cos, sin = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    hx, hy = (x - x2) / 2, (y - y2) / 2
    px, py = cos * hx + sin * hy, -sin * hx + cos * hy
    over = (px / rx) ** 2 + (py / ry) ** 2
    if over > 1:
        rx, ry = rx * math.sqrt(over), ry * math.sqrt(over)
    below = (rx * py) ** 2 + (ry * px) ** 2
    root = math.sqrt(max(0.0, (rx * ry) ** 2 - below) / below) if below else 0.0
    if large == sweep:
        root = -root
    qx, qy = root * rx * py / ry, -root * ry * px / rx
    cx, cy = cos * qx - sin * qy + (x + x2) / 2, sin * qx + cos * qy + (y + y2) / 2
    start = math.atan2((py - qy) / ry, (px - qx) / rx)
    delta = math.atan2((-py - qy) / ry, (-px - qx) / rx) - start
    if sweep and delta < 0:
        delta += 2 * math.pi
    elif not sweep and delta > 0:
        delta -= 2 * math.pi
    return cx, cy, rx, ry, start, delta


def arc_point(
    center: tuple[float, float, float, float, float, float], rotation: float, angle: float
) -> tuple[float, float]:
    """The point of a centre-form ellipse at `angle` radians."""
    cx, cy, rx, ry = center[:4]
    cos, sin = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    u, v = rx * math.cos(angle), ry * math.sin(angle)
    return cx + cos * u - sin * v, cy + sin * u + cos * v


def arc_to_cubics(x: float, y: float, s: Segment) -> list[Segment]:
    """An arc as cubics of at most 90 degrees each; radial error below 0.03 % of the radius."""
    center = arc_center(x, y, s)
    cx, cy, rx, ry, start, delta = center
    pieces = max(1, math.ceil(abs(delta) / (math.pi / 2) - 1e-9))
    step = delta / pieces
    k = 4 / 3 * math.tan(step / 4)
    cos, sin = math.cos(math.radians(s[3])), math.sin(math.radians(s[3]))
    out: list[Segment] = []
    for i in range(pieces):
        t0, t1 = start + i * step, start + (i + 1) * step
        points: list[float] = []
        for u, v in (
            (math.cos(t0) - k * math.sin(t0), math.sin(t0) + k * math.cos(t0)),
            (math.cos(t1) + k * math.sin(t1), math.sin(t1) - k * math.cos(t1)),
            (math.cos(t1), math.sin(t1)),
        ):
            points += (cx + cos * rx * u - sin * ry * v, cy + sin * rx * u + cos * ry * v)
        out.append(("C", *points))
    out[-1] = (*out[-1][:5], s[6], s[7])
    return out


def write_number(value: float, decimals: int = 0) -> str:
    """A number as SVGO writes it: no trailing zeros, no leading zero, no `-0`."""
    text = f"{value:.{decimals}f}" if decimals else str(round(value))
    if "." in text:
        text = text.rstrip("0").rstrip(".")
        if text.startswith("0."):
            text = text[1:]
        elif text.startswith("-0."):
            text = "-" + text[2:]
    return "0" if text in ("-0", "", "-") else text


def write_path(segments: Sequence[Segment], decimals: int = 0) -> str:
    """Absolute path data in the canonical layout: one letter a segment, single spaces, arc flags by commas."""
    parts: list[str] = []
    for s in segments:
        kind = s[0]
        if kind == "Z":
            parts.append("Z")
        elif kind == "A":
            rx, ry, rotation, x, y = (write_number(v, decimals) for v in (s[1], s[2], s[3], s[6], s[7]))
            parts.append(f"A{rx} {ry} {rotation},{s[4]},{s[5]} {x} {y}")
        elif decimals:
            parts.append(kind + " ".join(write_number(v, decimals) for v in s[1:]))
        else:
            parts.append(kind + " ".join(map(str, s[1:])))
    return "".join(parts)
