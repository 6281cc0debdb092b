"""The growth of a store's corpus: unique drawings against rows or addresses read, as numbers and as one SVG plot.

Read from the raw shards in the order they were made; nothing is written to the store. Refuses a store without rows. The
trade-off: sixteen bytes of memory a row read, so a billion rows need a larger machine.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from text2svg.curate.heaps import Growth, curve, grow
from text2svg.errors import StoreError
from text2svg.store.base import DUPLICATE, OK, RAW
from text2svg.store.shards import folder_of, read_table, write_whole

if TYPE_CHECKING:
    from text2svg.store.database import Store

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 400, 64, 24, 40, 48
MEASURED, FITTED = "#0072b2", "#d55e00"  # Okabe and Ito: told apart with any colour vision
Against = Literal["rows", "urls"]
Codes = NDArray[np.uint64]


def read_growth(store: Store, against: Against = "rows", shuffle: int | None = None) -> Growth:
    """The corpus' growth as it was read, or as if its rows had come in an order shuffled by a seed.

    Every row counts as read, those without a new drawing too. Raises StoreError without rows, SourceError for too few.
    """
    parts = [_codes(store, manifest) for manifest in store.shards(RAW)]
    if not parts:
        raise StoreError("the store holds no rows yet", hint="import some: text2svg corpus import --help")
    drawings, addresses = (np.concatenate(column) for column in zip(*parts, strict=True))
    if shuffle is not None:
        order = np.random.default_rng(shuffle).permutation(len(drawings))
        drawings, addresses = drawings[order], addresses[order]
    fresh = _first(drawings) & (drawings != 0)
    steps = np.cumsum(_first(addresses) & (addresses != 0)) if against == "urls" else None
    return grow(*curve(fresh, steps))


def _codes(store: Store, manifest: Any) -> tuple[Codes, Codes]:  # noqa: ANN401 - Manifest or a subclass
    """A shard's drawings and addresses as 64-bit codes, 0 for none."""
    table = read_table(folder_of(store.path, manifest.key), ["digest", "url", "status", "reason"])
    columns = [table.column(name).to_pylist() for name in ("digest", "status", "reason")]
    drawings = [int(d[:16], 16) if s == OK or r == DUPLICATE else 0 for d, s, r in zip(*columns, strict=True)]
    urls = [_code(url) if url else 0 for url in table.column("url").to_pylist()]
    return np.array(drawings, np.uint64), np.array(urls, np.uint64)


def _code(url: str) -> int:
    from hashlib import blake2b

    return int.from_bytes(blake2b(url.encode(), digest_size=8).digest(), "big")


def _first(codes: Codes) -> NDArray[np.bool_]:
    found = np.zeros(len(codes), bool)
    found[np.unique(codes, return_index=True)[1]] = True
    return found


def numbers(growth: Growth, to: float, against: Against) -> dict[str, Any]:
    """What the plot shows, for JSON; `to` is how far to extrapolate, in `against`."""
    law = growth.law
    ahead = [float(x) for x in np.geomspace(growth.read[-1], to, 5)] if to > growth.read[-1] else []
    return {
        "against": against,
        "read": growth.read[-1],
        "unique": growth.unique[-1],
        "k": law.k,
        "beta": law.beta,
        "beta_interval_95": [law.low, law.high],
        "log_error": law.error,
        "fitted_up_to": growth.tested_from,
        "error_at_the_end": growth.tested_error,
        "extrapolation": [dict(zip(("read", "unique", "low", "high"), (round(x), *map(round, law.at(x))), strict=True))
                          for x in ahead],
        "curve": [list(point) for point in zip(growth.read, growth.unique, strict=True)],
    }  # fmt: skip


def draw(growth: Growth, to: float, against: Against) -> str:
    """The curve, its law and the law's extrapolation with its 95 % band, on logarithmic axes."""
    end = max(to, growth.read[-1])
    begin = next(x for x in growth.read if x >= growth.read[-1] / 1000)
    highest = max(growth.law.at(end)[2], growth.unique[-1])
    axes = _Axes((begin, end), (max(1.0, growth.law.at(begin)[1] / 1.5), highest))
    place = axes.place
    ahead = [(x, *growth.law.at(x)) for x in np.geomspace(begin, end, 60).tolist()]
    later = [row for row in ahead if row[0] >= growth.read[-1]]
    band = [place(row[0], row[3]) for row in later] + [place(row[0], row[2]) for row in reversed(later)]
    measured = [place(x, y) for x, y in zip(growth.read, growth.unique, strict=True) if x >= begin]
    law = growth.law
    said = f"unique = {law.k:.3g} · {against}^{law.beta:.3f}   (95 %: {law.low:.3f} to {law.high:.3f})"
    reach = "{:,.0f} after {:,.0f} {} (95 %: {:,.0f} to {:,.0f})".format(law.at(end)[0], end, against, *law.at(end)[1:])
    dashes = ' stroke-dasharray="6 4"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>{_grid(axes)}'
        + (f'<polygon points="{_points(band)}" fill="{FITTED}" fill-opacity=".15"/>' if len(later) > 1 else "")
        + f'<polyline points="{_points([place(row[0], row[1]) for row in ahead])}" fill="none" stroke="{FITTED}"'
        f'{dashes} stroke-width="1.5"/>'
        + "".join(f'<circle cx="{x:g}" cy="{y:g}" r="2.5" fill="{MEASURED}"/>' for x, y in measured)
        + f'<text x="{LEFT}" y="16">{said}</text><text x="{LEFT}" y="32" fill="{FITTED}">{reach}</text>'
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2:g}" y="{HEIGHT - 10}" text-anchor="middle">{against} read</text></svg>\n'
    )


@dataclass(frozen=True, slots=True)
class _Axes:
    """Logarithmic axes, each (least, most)."""

    across: tuple[float, float]
    up: tuple[float, float]

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Data to pixels."""
        return (
            round(LEFT + _share(x, self.across) * (WIDTH - LEFT - RIGHT), 1),
            round(HEIGHT - BOTTOM - _share(y, self.up) * (HEIGHT - TOP - BOTTOM), 1),
        )


def _share(value: float, axis: tuple[float, float]) -> float:
    return math.log(value / axis[0]) / max(1e-9, math.log(axis[1] / axis[0]))


def _grid(axes: _Axes) -> str:
    parts = []
    for x in _marks(*axes.across):
        at = axes.place(x, axes.up[0])[0]
        parts.append(f'<path d="M{at:g} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        parts.append(f'<text x="{at:g}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{_short(x)}</text>')
    for y in _marks(*axes.up):
        at = axes.place(axes.across[0], y)[1]
        parts.append(f'<path d="M{LEFT} {at:g}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{at + 4:g}" text-anchor="end">{_short(y)}</text>')
    return "".join(parts)


def _marks(low: float, high: float) -> list[float]:
    """Round numbers between: powers of ten, or 1, 2 and 5 of each when there are fewer than three."""
    powers = [10.0**e for e in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    tens = [value for value in powers if low <= value <= high]
    if len(tens) >= 3:
        return tens
    return [value * m for value in powers for m in (1, 2, 5) if low <= value * m <= high]


def _short(value: float) -> str:
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:g} {name}"
    return f"{value:g}"


def _points(points: list[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)


def write(path: Path, plot: str) -> None:
    """Writes a plot, whole or not at all."""
    write_whole(path, lambda temporary: temporary.write_text(plot, encoding="utf-8"))
