"""Corpus rows to token shards: which drawing goes to which group, how it may be asked for, what is held out.

Rows come as plain values, so the same code serves the store, a JSONL file and a test. Groups follow the curriculum "narrow
first, then wider": `stroke` (every part an outline), `solid` (one colour, filled), `tone` (one colour with opacity, or
stroke and fill), `color`. Refuses drawings longer than the group's limit, counted by reason, never silently. The
trade-off: prompts are prepared here once with a few alternatives each, and only shuffled and thinned while training.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from text2svg.caption.colors import SHADES
from text2svg.caption.keywords import training_prompts
from text2svg.errors import ConfigError
from text2svg.sample import Sample
from text2svg.svg.order import mirror, order, recolor
from text2svg.svg.schema import HEADER
from text2svg.svg.snap import GRID
from text2svg.svg.tokenizer import Tokenizer
from text2svg.svg.vocabulary import detail_level
from text2svg.train.hands import other_hand
from text2svg.train.shards import Document, Meta, write_group, write_meta

GROUPS = ("stroke", "solid", "tone", "color")
LIMITS = {"stroke": 110, "solid": 110, "tone": 160, "color": 256}
"""Usual longest drawing of each group, in tokens with eos."""


@dataclass(frozen=True, slots=True)
class Row:
    """One drawing to learn from."""

    svg: str
    """Canonical text."""
    caption: str
    collection: str = ""
    style: str = ""
    prompts: tuple[tuple[str, ...], ...] = ()
    """Lists of words it may be asked for with, the usual one first; empty stands for the caption alone."""
    tokens: int = 0
    """Length of `svg` in tokens when it is known, so that what is too long need not be tokenized; 0 when it is not."""

    def fits(self, options: DatasetOptions) -> bool:
        """Whether the known length, with eos, is within its group's limit; true while unknown."""
        return not self.tokens or self.tokens < options.limits.get(group_of(self.svg), 0)


def row_of(sample: Sample) -> Row:
    """What the generator learns from a canonical sample."""
    return Row(
        sample.optimized,
        sample.caption,
        sample.provenance.collection,
        sample.style,
        training_prompts(sample),
        sample.tokens,
    )


@dataclass(frozen=True, slots=True)
class DatasetOptions:
    """What to keep."""

    limits: Mapping[str, int] = field(default_factory=lambda: dict(LIMITS))
    """Longest drawing of each group, in tokens with eos."""
    max_words: int = 8
    """Caption words kept in a prompt."""
    exclude: frozenset[str] = frozenset()
    """Collections left out."""
    recolored: float = 0.15
    """Chance that a black training drawing is also shown in a colour, which its words then begin with."""
    mirrored: float = 0.0
    """Chance that a training drawing is also shown mirrored, in a group of its own (`strokemirror`, ...)."""
    ordered: bool = True
    """Whether parts and starting points are put into the one order that is learned; false leaves them as they were drawn."""
    families: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Further groups by name, each of some collections: what a mix may want more of, such as emoji."""
    core_words: frozenset[str] = frozenset()
    """Drawings of at most two words, all of them among these, also form a group of their own (`strokecore`, ...): what
    people type first is then seen most often."""


def parse_limits(text: str) -> dict[str, int]:
    """LIMITS with some replaced, `stroke=160,solid=160`. Raises ConfigError."""
    changed = {
        name.strip(): value for name, _, value in (part.partition("=") for part in text.split(",") if part.strip())
    }
    if not all(name in GROUPS and value.isdigit() for name, value in changed.items()):
        raise ConfigError(
            f"cannot read limits {text!r}", hint=f"write stroke=160,solid=160; groups: {', '.join(GROUPS)}"
        )
    return LIMITS | {name: int(value) for name, value in changed.items()}


def parse_families(text: str) -> dict[str, frozenset[str]]:
    """`emoji=twemoji+noto,flags=flag` to collections by group. Raises ConfigError."""
    found = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, members = part.partition("=")
        collections = frozenset(filter(None, members.split("+")))
        if not name.isidentifier() or name.removesuffix("core").removesuffix("mirror") in GROUPS or not collections:
            hint = f"write emoji=twemoji+noto; the name is one word and none of {', '.join(GROUPS)}"
            raise ConfigError(f"cannot read group {part!r}", hint=hint)
        found[name] = collections
    return found


def group_of(svg: str) -> str:
    """The curriculum group of a canonical drawing."""
    body = svg[len(HEADER) :]
    colors = {part[:3] for part in body.split("#")[1:] if part[:1] != "("} - {"000"}
    grey = all(c[0] == c[1] == c[2] for c in colors if len(c) == 3 and not c.endswith(")"))
    if "url(#" in body or (colors and not grey) or len(colors) > 1:
        return "color"
    shapes = body.count(' d="') + body.count("<circle") + body.count("<ellipse") + body.count("<rect")
    if "opacity" in body or colors:
        return "tone"
    strokes = body.count(' stroke="#')
    if not strokes:
        return "solid"
    nofill = body.count('fill="none"')
    alone = body.startswith('<g fill="none"') and body.count("<g") == 1 and body.endswith("</g></svg>")
    if nofill == strokes and (alone or shapes == nofill or _all_stroked(body)):
        return "stroke"
    return "tone"


def _all_stroked(body: str) -> bool:
    """Every top-level item is a stroke without fill."""
    at = 0
    while not body.startswith("</svg>", at):
        end = body.index(">", at)
        if 'fill="none"' not in body[at:end]:
            return False
        at = body.index("</g>", at) + 4 if body.startswith("<g", at) else end + 1
    return True


def core_words(captions: Iterable[str], least: int) -> frozenset[str]:
    """Words of two letters or more that occur in at least `least` captions; `least` 0 gives none."""
    counts = Counter(word for caption in captions for word in set(caption.split()) if len(word) > 1)
    return frozenset(word for word, n in counts.items() if least and n >= least)


def colored(row: Row, options: DatasetOptions) -> Iterator[Row]:
    """The row asked for by its colour, `red heart`; a black one only by chance, and then painted so.

    Chances depend on the row alone.
    """
    words = row.prompts[0] if row.prompts else tuple(row.caption.split())
    if group_of(row.svg) == "color":
        yield from (replace(row, prompts=(asked,)) for asked in row.prompts[1:2] if asked[1:] == words)
        return
    rng = random.Random(f"{row.collection}/{row.caption}/{len(row.svg)}")
    if rng.random() < options.recolored:
        name = rng.choice(sorted(SHADES))
        yield replace(row, svg=recolor(row.svg, rng.choice(SHADES[name])), prompts=((name, *words),))


def mirrored(row: Row, options: DatasetOptions) -> Iterator[Row]:
    """By chance the row with left and right changed over, in its words too; nothing where that would show or say the same.

    Chances depend on the row alone.
    """
    rng = random.Random(f"mirror/{row.collection}/{row.caption}/{len(row.svg)}")
    words = other_hand(tuple(row.caption.split()))
    if words is None or rng.random() >= options.mirrored:
        return
    usual, *others = row.prompts or (words,)
    turned = other_hand(usual)
    other = mirror(row.svg)
    if turned is None or order(other) == order(row.svg):
        return
    prompts = (turned, *(asked for prompt in others if (asked := other_hand(prompt))))
    yield replace(row, svg=other, caption=" ".join(words), prompts=prompts)


def prompts_of(row: Row, tokenizer: Tokenizer, tokens: int, options: DatasetOptions) -> list[list[int]]:
    """Prompt ids, the usual one first: control tokens, then at most `max_words` words."""
    control = tokenizer.control(
        collection=row.collection if row.collection in tokenizer.collections else "",
        style=row.style,
        detail=detail_level(tokens),
    )
    prompts = row.prompts or (tuple(row.caption.split()),)
    texts = [" ".join(words[: options.max_words]) for words in prompts]
    return [[tokenizer.bos_id, *control, *tokenizer.encode_words(text)] for text in texts]


def build_shards(
    rows: Iterable[Row],
    folder: Path,
    tokenizer: Tokenizer,
    is_heldout: Callable[[str], bool],
    options: DatasetOptions = DatasetOptions(),
    init: NDArray[np.float32] | None = None,
    more: Mapping[tuple[str, str], list[Document]] = MappingProxyType({}),
) -> Counter[str]:
    """Writes a shard folder, `more` documents by group and split included.

    Returns counts of the rows by outcome (`stroke.train`, `stroke too long`, `excluded`, ...).
    """
    counts: Counter[str] = Counter()
    documents: dict[tuple[str, str], list[Document]] = dict(more)
    seen: set[str] = set()
    for row in _fitting(rows, options, counts):
        group = group_of(row.svg)
        length = row.tokens or len(tokenizer.encode_batch([row.svg])[0])
        reason = _refusal(row, length + 1, group, options, seen)
        if reason:
            counts[reason] += 1
            continue
        split = "heldout" if is_heldout(row.caption) else "train"
        for shown, names in _shown(row, group, is_heldout, options):
            document = _document(shown, tokenizer, options)
            for name in names:
                documents.setdefault((name, split), []).append(document)
                counts[f"{name}.{split}"] += 1
    for (group, split), members in sorted(documents.items()):
        write_group(folder, group, split, members)
    meta = Meta(
        tokenizer.vocab_size,
        tokenizer.svg_vocab,
        tokenizer.bos_id,
        tokenizer.eos_id,
        tokenizer.pad_id,
    )
    write_meta(folder, meta, *_vocabulary_masks(tokenizer), init)
    return counts


def _shown(
    row: Row, group: str, is_heldout: Callable[[str], bool], options: DatasetOptions
) -> Iterator[tuple[Row, list[str]]]:
    """The row and its copies, each with the groups it goes to."""
    names, heldout = _groups(row, group, options), is_heldout(row.caption)
    yield row, names
    if not heldout:
        yield from ((copy, names) for copy in colored(row, options))
    for copy in mirrored(row, options):
        # A right arrow in the mirror is a left one, whose caption may be of the other split.
        if is_heldout(copy.caption) is heldout:
            yield copy, [f"{group}mirror"]


def _groups(row: Row, group: str, options: DatasetOptions) -> list[str]:
    words = row.caption.split()
    core = len(words) <= 2 and options.core_words.issuperset(words)
    families = [name for name, collections in options.families.items() if row.collection in collections]
    return [group, *([f"{group}core"] if core else []), *families]


def drawing_ids(svg: str, tokenizer: Tokenizer, *, ordered: bool = True) -> list[int]:
    """Ids of a canonical drawing in the order that is learned, or as drawn, with eos. Raises NotCanonical."""
    return tokenizer.encode_drawing(svg) if ordered else [*tokenizer.encode(svg), tokenizer.eos_id]


def _document(row: Row, tokenizer: Tokenizer, options: DatasetOptions) -> Document:
    ids = drawing_ids(row.svg, tokenizer, ordered=options.ordered)
    return Document(np.array(ids, np.uint16), prompts_of(row, tokenizer, len(ids), options))


def _refusal(row: Row, length: int, group: str, options: DatasetOptions, seen: set[str]) -> str:
    if not row.caption:
        return "no caption"
    if row.collection in options.exclude:
        return "excluded"
    if length > options.limits.get(group, 0):
        return f"{group} too long"
    key = f"{row.caption}\n{row.svg}"
    if key in seen:
        return "duplicate"
    seen.add(key)
    return ""


def _fitting(rows: Iterable[Row], options: DatasetOptions, counts: Counter[str]) -> Iterable[Row]:
    for row in rows:
        if row.fits(options):
            yield row
        else:
            counts[f"{group_of(row.svg)} too long"] += 1


def _vocabulary_masks(tokenizer: Tokenizer) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    word_start = np.zeros(tokenizer.vocab_size, np.bool_)
    control = np.zeros(tokenizer.vocab_size, np.bool_)
    for text, i in tokenizer.vocab.items():
        word_start[i] = text.startswith("Ġ") and not text.endswith('"')
        control[i] = text.startswith(("<|set:", "<|style:", "<|detail:"))
    return word_start, control


def initial_embeddings(
    tokenizer: Tokenizer,
    width: int,
    encode: Callable[[Sequence[str]], NDArray[np.float32]] | None,
    seed: int = 0,
) -> NDArray[np.float32]:
    """(vocab, width) start: numbers near their neighbours, words near their meaning.

    Number tokens get sinusoids of their value; whole-word tokens the principal components of `encode(words)`, a sentence
    model's vectors, when one is given. Rows have the usual standard deviation of 0.02 times a constant so that no kind of
    token shouts.
    """
    rng = np.random.default_rng(seed)
    out = rng.normal(0, 1.0, (tokenizer.vocab_size, width)).astype(np.float32)
    values = np.arange(GRID + 1)[:, None]
    bands = np.geomspace(1 / 512, 1 / 4, width // 2)[None] * 2 * np.pi
    waves = np.concatenate([np.sin(values * bands), np.cos(values * bands)], 1) * np.sqrt(2)
    for prefix in ("", "Ġ"):
        rows = [tokenizer.vocab[f"{prefix}{n}"] for n in range(GRID + 1)]
        out[rows] = waves * 0.9 + out[rows[0]] * 0.3 + out[rows] * 0.1
    if encode is not None:
        words = [t for t in tokenizer.vocab if t.startswith("Ġ") and t[1:].isalpha() and len(t) > 3]
        vectors = encode([w[1:] for w in words])
        vectors = vectors - vectors.mean(0)
        _, _, axes = np.linalg.svd(vectors, full_matrices=False)
        parts = vectors @ axes[:width].T
        parts = parts / parts.std()
        out[[tokenizer.vocab[w] for w in words], : parts.shape[1]] = parts
    return out * 0.5
