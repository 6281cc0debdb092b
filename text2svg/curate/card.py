"""The README of an exported data set: front matter that the Hugging Face hub and `datasets` read, and words for people.

Refuses to state one licence for rows that carry several: the front matter lists them, the histogram counts them, and
every row names its own. The trade-off: identifiers that the hub does not know are given as `other`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from text2svg.curate.attribution import licence_link

_HUB = frozenset({
    "apache-2.0", "mit", "openrail", "bsd", "bsd-2-clause", "bsd-3-clause", "cc", "cc0-1.0", "cc-by-2.0", "cc-by-2.5",
    "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0",
    "cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0",
    "isc", "mpl-2.0", "ofl-1.1", "unlicense", "wtfpl", "zlib", "bsl-1.0", "gpl-2.0", "gpl-3.0", "lgpl-2.1", "lgpl-3.0",
    "agpl-3.0", "epl-2.0", "eupl-1.2", "gfdl", "odbl", "artistic-2.0", "afl-3.0", "ecl-2.0", "ncsa", "postgresql",
})  # fmt: skip
"""Licence words the hub's front matter accepts, among those that drawings carry."""

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M"))

_SPLIT = (
    "`heldout` holds about two captions in a hundred, chosen by a hash of a caption's words: every style and word order "
    "of a caption is in one split."
)

_USE = """```python
from datasets import load_dataset

rows = load_dataset("path/of/this/folder")
```"""

_COLUMNS = {
    "digest": "lower-case hex sha256 of `raw`, the row's identity",
    "raw": "the SVG as found",
    "caption": "plain words a person would type for it",
    "tags": "further keywords, most telling first",
    "categories": "categories of its source",
    "style": "outline, filled, duotone, color, or empty",
    "palette": "whether the source calls it multi-coloured",
    "optimized": "the drawing on a 256 unit grid, or another faithful form when `rung` is not `integer`",
    "rung": "how far the optimizer stepped back: `integer` is canonical SVG",
    "tokens": "length of `optimized` in tokens of Text2SVG's tokenizer, 0 when not canonical",
    "difference": "mean absolute difference of both at 64 px (0..255), -1 when not measured",
    "captions": "sentences about it",
    "source": "package, url, warc, dataset or upload",
    "collection": "set or site it belongs to",
    "name": "its name there",
    "url": "public address of it or its page",
    "author": "who is to be credited",
    "licence": "SPDX identifier or expression, NOASSERTION when nobody stated one",
    "licence_evidence": "what the licence was read from",
    "retrieved": "UTC time, or empty",
}


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a card tells."""

    name: str
    rows: Mapping[str, int]
    """Rows by split."""
    bytes: Mapping[str, int]
    """Size of the files by split."""
    licences: Mapping[str, int]
    styles: Mapping[str, int]
    dropped: Mapping[str, int]
    """Rows that stayed out, by reason."""
    by_caption: bool


def card_text(facts: CardFacts) -> str:
    """The whole README.md."""
    return f"---\n{_front_matter(facts)}---\n\n{_prose(facts)}"


def _front_matter(facts: CardFacts) -> str:
    total = sum(facts.rows.values())
    words = dict.fromkeys(name.lower() if name.lower() in _HUB else "other" for name in facts.licences)
    size = next((word for limit, word in _SIZES if total < limit), "n>10M")
    lines = ["license:", *[f"- {word}" for word in words or ["other"]]]
    lines += [f"pretty_name: {_quoted(facts.name)}", "task_categories:", "- text-to-image"]
    lines += ["tags:", "- svg", "- vector-graphics", "- icons", "size_categories:", f"- {size}"]
    lines += ["configs:", "- config_name: default", "  data_files:"]
    for split in facts.rows:
        lines += [f"  - split: {split}", f"    path: data/{split}-*.parquet"]
    lines += ["dataset_info:", "  splits:"]
    for split, rows in facts.rows.items():
        lines += [f"  - name: {split}", f"    num_bytes: {facts.bytes[split]}", f"    num_examples: {rows}"]
    whole = sum(facts.bytes.values())
    return "\n".join([*lines, f"  download_size: {whole}", f"  dataset_size: {whole}"]) + "\n"


def _prose(facts: CardFacts) -> str:
    total = sum(facts.rows.values())
    parts = [f"# {facts.name}", f"{total:,} SVG drawings, each with its provenance, licence and the evidence for it."]
    parts.append(_table(("split", "rows"), facts.rows))
    if facts.by_caption:
        parts.append(_SPLIT)
    parts += ["## Licences", "Rows keep their own licences; credits are in `ATTRIBUTION.md`."]
    parts.append(_table(("licence", "rows"), {licence_link(name): rows for name, rows in facts.licences.items()}))
    if any(facts.styles):
        parts += ["## Styles", _table(("style", "rows"), {name or "(none)": rows for name, rows in facts.styles.items()})]
    if facts.dropped:
        parts += ["## Left out", _table(("reason", "rows"), facts.dropped)]
    parts += ["## Columns", _table(("column", "what it holds"), _COLUMNS)]
    parts += ["## Use", _USE]
    return "\n\n".join(parts) + "\n"


def _table(head: tuple[str, str], values: Mapping[str, int | str]) -> str:
    cells = [(name, f"{value:,}") if isinstance(value, int) else (f"`{name}`", value) for name, value in values.items()]
    return "\n".join([f"| {head[0]} | {head[1]} |", "|---|---|", *[f"| {name} | {value} |" for name, value in cells]])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
