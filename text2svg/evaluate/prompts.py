"""The benchmark's prompts: captions no training shard holds, and the words people type first.

Refuses to invent: both lists come from a corpus, by count and by hash, so they can be made again. The trade-off: icon
captions are short, so the benchmark says little about sentences.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from text2svg.errors import ConfigError
from text2svg.sample import Sample

LEAST_LETTERS = 3


@dataclass(frozen=True, slots=True)
class Prompts:
    """`heldout` are (caption, style) pairs; `frequent` are single words, most frequent first."""

    heldout: tuple[tuple[str, str], ...]
    frequent: tuple[str, ...]

    def save(self, path: Path) -> None:
        """Writes JSON."""
        path.write_text(json.dumps(asdict(self), indent=0, ensure_ascii=False) + "\n", encoding="utf-8")


def load_prompts(path: Path) -> Prompts:
    """Reads what `save` wrote. Raises ConfigError."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Prompts(tuple((c, s) for c, s in data["heldout"]), tuple(data["frequent"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} holds no prompts: {error}", hint="text2svg evaluate prompts") from error


def real_drawings(samples: Iterable[Sample], prompts: Prompts) -> list[Sample]:
    """For each held-out caption the first canonical drawing of its style, in the prompts' order; some may have none."""
    wanted = dict.fromkeys(prompts.heldout)
    found: dict[tuple[str, str], Sample] = {}
    for sample in samples:
        key = (sample.caption, sample.style)
        if key in wanted and sample.canonical:
            found.setdefault(key, sample)
    return [found[key] for key in wanted if key in found]


def choose_prompts(
    samples: Iterable[Sample], is_heldout: Callable[[str], bool], count: int = 1000, words: int = 64
) -> Prompts:
    """The `count` most frequent held-out captions with the style they come in most, and the `words` top words."""
    held: dict[str, Counter[str]] = {}
    frequent: Counter[str] = Counter()
    for sample in samples:
        letters = sample.caption.replace(" ", "")
        if len(letters) < LEAST_LETTERS or not letters.isalpha():
            continue
        if is_heldout(sample.caption):
            held.setdefault(sample.caption, Counter())[sample.style or "outline"] += 1
        elif " " not in sample.caption:
            frequent[sample.caption] += 1
    ranked = sorted(held.items(), key=lambda item: (-item[1].total(), item[0]))[:count]
    pairs = tuple((caption, styles.most_common(1)[0][0]) for caption, styles in ranked)
    return Prompts(pairs, tuple(word for word, _ in frequent.most_common(words)))
