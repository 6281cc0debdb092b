"""Training pairs without end: natural sentences, a canonical drawing, and whose drawings it is made of.

Pair i depends on the seed, the captions and i alone, so a stopped run goes on where it was. Refuses pairs that a reader
would call wrong: a scene whose composition carries a note (another thing or style stood in) is passed over. The trade-off:
about a third of the scenes are lost to that, for words and pictures that agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from text2svg.compose.compose import Composition, compose
from text2svg.compose.scene import Scene
from text2svg.compose.sentences import scenes, sentences
from text2svg.compose.shelf import Find
from text2svg.errors import ConfigError, NotCanonical
from text2svg.sample import Sample


@dataclass(frozen=True, slots=True)
class Pair:
    """Words for one picture."""

    index: int
    """Number of the scene; those in between were passed over."""
    sentences: tuple[str, ...]
    composition: Composition
    asked: Scene
    """The scene as the sentences say it, before the composer chose what they leave open."""


def pairs(captions: Sequence[str], find: Find, seed: int, first: int = 0) -> Iterator[Pair]:
    """Pairs from scene `first` on; endless as long as a caption is speakable."""
    for index, scene in enumerate(scenes(captions, seed, first), first):
        try:
            made = compose(scene, find, index)
        except (ConfigError, NotCanonical):
            # No room inside, a stroke too wide for its box: another scene comes at once.
            continue
        if not made.notes:
            yield Pair(index, sentences(scene, index), made, scene)


def row(pair: Pair) -> dict[str, Any]:
    """A pair as one JSON object, provenance included."""
    made = pair.composition
    return {
        "index": pair.index,
        "kind": made.kind,
        "prompts": list(pair.sentences),
        "svg": made.svg,
        "style": made.scene.style,
        "sources": [source(sample) for sample in made.sources],
        "attribution": made.attribution,
    }


def source(sample: Sample) -> dict[str, str]:
    """What must be said of a drawing that was used."""
    p = sample.provenance
    return {
        "digest": sample.digest, "caption": sample.caption, "collection": p.collection, "name": p.name,
        "author": p.author, "licence": p.licence, "licence_evidence": p.licence_evidence, "url": p.url,
    }  # fmt: skip
