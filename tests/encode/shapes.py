"""Small real drawings that tests share: simple shapes in four places, so that words and pictures can be learnt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from text2svg.sample import Provenance, Sample, digest_of

if TYPE_CHECKING:
    from text2svg.train.encoder import EncoderRecipe

PLACES = {"top": (0, -70), "bottom": (0, 70), "left": (-70, 0), "right": (70, 0), "middle": (0, 0)}
HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256">'


def shape(kind: str, x: int, y: int, size: int) -> str:
    """The body of one shape centred at (x, y)."""
    if kind == "circle":
        return f'<circle cx="{x}" cy="{y}" r="{size}"/>'
    if kind == "ring":
        return f'<circle fill="none" stroke="#000" stroke-width="12" cx="{x}" cy="{y}" r="{size}"/>'
    if kind == "square":
        return f'<path d="M{x - size} {y - size}H{x + size}V{y + size}H{x - size}Z"/>'
    if kind == "line":
        return f'<path fill="none" stroke="#000" stroke-width="12" d="M{x - size} {y}H{x + size}"/>'
    return f'<path d="M{x} {y - size}L{x + size} {y + size}H{x - size}Z"/>'


def samples() -> list[Sample]:
    """125 drawings: 5 shapes, 5 places, 5 sizes; captions such as `circle left`."""
    made = []
    for kind in ("circle", "ring", "square", "line", "triangle"):
        for place, (dx, dy) in PLACES.items():
            for size in (22, 28, 34, 40, 46):
                svg = f"{HEAD}{shape(kind, 128 + dx, 128 + dy, size)}</svg>"
                made.append(sample(svg, f"{kind} {place}", f"set{size // 6 % 3}"))
    return made


def sample(svg: str, caption: str, collection: str = "tests") -> Sample:
    """A canonical row of the style that its drawing has."""
    style = "outline" if "stroke" in svg else "filled"
    provenance = Provenance("package", collection, caption.replace(" ", "-"), licence="MIT")
    return Sample(
        digest_of(svg), svg, provenance, caption, optimized=svg, rung="integer", style=style
    )


def recipe(**changes: object) -> EncoderRecipe:
    """Towers of 20,000 weights and 60 steps."""
    from text2svg.train.contrast import Shape
    from text2svg.train.encoder import EncoderRecipe

    small = Shape(dim=32, word_dim=16, hidden=32, channels=8)
    values = {"steps": 60, "batch": 32, "warmup": 5, "buckets": 64, "piece_words": 8}
    values |= {"save_every": 20, "report_every": 20, "shape": small}
    return EncoderRecipe(**(values | changes))
