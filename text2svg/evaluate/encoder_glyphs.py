"""Letters of fonts as SVG. The one door to fontTools.

Refuses fonts that cannot be read or lack a letter: they are passed over. The trade-off: a variable font gives
its default face alone, and a face is known by its family's name, so that two families of one designer count as two.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from text2svg.errors import ConfigError, MissingDependency

KINDS = (".ttf", ".otf")
TYPOGRAPHIC_FAMILY, FAMILY = 16, 1


class Glyph(NamedTuple):
    """A letter as SVG on its font's own grid."""

    letter: str
    svg: str
    family: str


def font_files(folders: Iterable[Path]) -> list[Path]:
    """All fonts below the folders, sorted. Raises ConfigError when there is none."""
    folders = list(folders)
    found = sorted({path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in KINDS})
    if not found:
        names = ", ".join(map(str, folders)) or "no folder"
        raise ConfigError(
            f"no font in {names}", hint="name a folder that holds .ttf or .otf files: --fonts /usr/share/fonts"
        )
    return found


def glyphs(paths: Iterable[Path], letters: str = "ab") -> Iterator[Glyph]:
    """The letters of every font that has all of them. Raises MissingDependency."""
    try:
        from fontTools.pens.boundsPen import BoundsPen
        from fontTools.pens.svgPathPen import SVGPathPen
        from fontTools.ttLib import TTFont, TTLibError
    except ImportError as error:
        raise MissingDependency("fonttools", extra="train") from error
    logging.getLogger("fontTools").setLevel(logging.ERROR)  # odd tables that no letter needs
    for path in paths:
        try:
            with path.open("rb") as file, TTFont(file, lazy=True) as font:
                names, drawn = font.getBestCmap() or {}, font.getGlyphSet()
                if not all(ord(letter) in names for letter in letters):
                    continue
                family = font["name"].getDebugName(TYPOGRAPHIC_FAMILY) or font["name"].getDebugName(FAMILY) or path.stem
                for letter in letters:
                    bounds, pen = BoundsPen(drawn), SVGPathPen(drawn)
                    drawn[names[ord(letter)]].draw(bounds)
                    drawn[names[ord(letter)]].draw(pen)
                    if bounds.bounds is not None:
                        yield Glyph(letter, _svg(pen.getCommands(), bounds.bounds), family)
        except (TTLibError, KeyError, AssertionError, OSError):
            continue  # a broken or empty font has nothing to say


def _svg(commands: str, bounds: tuple[float, float, float, float]) -> str:
    """Upright (fonts count upwards), in the middle of a square a fifth larger than the letter."""
    left, low, right, high = bounds
    side = max(right - left, high - low) * 1.2
    x, y = (left + right - side) / 2, (low + high + side) / 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side:g} {side:g}">'
        f'<path transform="matrix(1 0 0 -1 {-x:g} {y:g})" d="{commands}"/></svg>'
    )
