"""Token shards: the one folder a generator is trained from, written once and read by memory map.

    meta.json            vocabulary facts and a digest, written last: a folder with it is complete
    word_start.npy       bool (vocab,)   this id begins a word of a prompt
    control.npy          bool (vocab,)   this id is a control token (<|style:...|>)
    init.npy             float32 (vocab, width), optional: initial embeddings
    G.S.tok.bin/.idx     uint16 drawing tokens of group G, split S (train, heldout); each ends with eos
    G.S.prompt.bin/.idx  uint16 prompt alternatives, each beginning with bos
    G.S.prompt.of        int64 (N+1): alternatives of document i are prompts of[i] .. of[i+1]

`.idx` files are raw int64 offsets (N+1). Refuses ids outside uint16 or outside the vocabulary, documents without a
drawing or a prompt, and a folder without `meta.json`. The trade-off: 16-bit ids halve the bytes to carry to another
machine and rule out vocabularies above 65,536. Needs numpy alone.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from text2svg.errors import TrainError

SPLITS = ("train", "heldout")
HELDOUT_EVERY = 50
"""Of so many documents that no caption splits, one is held out."""
Ids = Sequence[int] | NDArray[np.integer]
Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Document:
    """One drawing and the ways to ask for it."""

    tokens: Ids
    """Drawing ids from the header token to eos, both included."""
    prompts: Sequence[Ids]
    """Prompt alternatives, each from bos on; the first is the main one."""


@dataclass(frozen=True, slots=True)
class Meta:
    """What a trainer must know about the vocabulary."""

    vocab_size: int
    svg_vocab: int
    """Drawing tokens are the ids below this one."""
    bos_id: int
    eos_id: int
    pad_id: int
    tokenizer_digest: str = ""
    """Digest of the tokenizer.json that made the ids."""
    digest: str = ""
    """Digest of every shard file; `write_meta` fills it in."""
    groups: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Documents and tokens of each `group.split`; `write_meta` fills it in."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """Anything the builder wants to keep: sources, filters, dates."""


@dataclass(frozen=True, slots=True)
class Group:
    """One group of one split, as flat arrays."""

    name: str
    split: str
    tok: Array
    tok_idx: Array
    prompt: Array
    prompt_idx: Array
    prompt_of: Array

    def __len__(self) -> int:
        return len(self.tok_idx) - 1

    def drawing(self, row: int) -> Array:
        """Drawing ids of one document, header and eos included."""
        return self.tok[self.tok_idx[row] : self.tok_idx[row + 1]]

    def prompts(self, row: int) -> list[Array]:
        """Every prompt alternative of one document."""
        span = range(self.prompt_of[row], self.prompt_of[row + 1])
        return [self.prompt[self.prompt_idx[p] : self.prompt_idx[p + 1]] for p in span]

    def lengths(self) -> Array:
        """Ids of each document with its main prompt, int64 (N,)."""
        main = self.prompt_of[:-1]
        return np.diff(self.tok_idx) + self.prompt_idx[main + 1] - self.prompt_idx[main]


def gather(
    group: str, found: Iterable[tuple[int, Document | str]]
) -> tuple[dict[tuple[str, str], list[Document]], Counter[str]]:
    """Documents of one group by split, and counts by outcome, of (number, document or why there is none).

    Of HELDOUT_EVERY numbers one is held out.
    """
    documents: dict[tuple[str, str], list[Document]] = {}
    counts: Counter[str] = Counter()
    for number, one in found:
        if isinstance(one, str):
            counts[f"{group} {one}"] += 1
            continue
        split = "train" if number % HELDOUT_EVERY else "heldout"
        documents.setdefault((group, split), []).append(one)
        counts[f"{group}.{split}"] += 1
    return documents, counts


def write_group(folder: Path, group: str, split: str, documents: Iterable[Document]) -> int:
    """Write one group of one split; returns its number of documents."""
    if split not in SPLITS or not group or "." in group:
        raise TrainError(
            f"cannot write group {group!r}, split {split!r}",
            hint=f"splits are {', '.join(SPLITS)}; a group name has no dot",
        )
    folder.mkdir(parents=True, exist_ok=True)
    tok, prompt = _Flat(), _Flat()
    prompt_of = [0]
    for row, document in enumerate(documents):
        if len(document.tokens) < 2 or not document.prompts:
            raise TrainError(f"document {row} of {group}.{split} has no drawing or no prompt")
        tok.add(document.tokens)
        for alternative in document.prompts:
            prompt.add(alternative)
        prompt_of.append(len(prompt.idx) - 1)
    base = str(folder / f"{group}.{split}")
    tok.write(base + ".tok")
    prompt.write(base + ".prompt")
    _write(Path(base + ".prompt.of"), np.asarray(prompt_of, np.int64))
    return len(prompt_of) - 1


def write_meta(folder: Path, meta: Meta, word_start: Array, control: Array, init: Array | None = None) -> Meta:
    """Finish a folder: the vocabulary arrays, then `meta.json` with the digest and counts of what is there."""
    for name, array, dtype in (
        ("word_start", word_start, np.bool_),
        ("control", control, np.bool_),
        ("init", init, np.float32),
    ):
        if array is None:
            continue
        if len(array) != meta.vocab_size:
            raise TrainError(f"{name} has {len(array)} rows for a vocabulary of {meta.vocab_size}")
        np.save(folder / f"{name}.npy", np.asarray(array, dtype))
    groups = {}
    for name, split in list_groups(folder):
        part = open_group(folder, name, split)
        if part.tok.max(initial=0) >= meta.svg_vocab or part.prompt.max(initial=0) >= meta.vocab_size:
            raise TrainError(
                f"{name}.{split} has ids outside the vocabulary",
                hint="drawing ids lie below svg_vocab, prompt ids below vocab_size",
            )
        groups[f"{name}.{split}"] = {"documents": len(part), "tokens": len(part.tok)}
    fields = asdict(meta) | {"digest": digest_folder(folder), "groups": groups}
    temporary = folder / "meta.json.tmp"
    temporary.write_text(json.dumps(fields, indent=1, sort_keys=True))
    os.replace(temporary, folder / "meta.json")
    return Meta(**fields)


def read_meta(folder: Path) -> Meta:
    """Vocabulary facts of a complete folder. Unknown keys go to `notes`: a newer builder may add some."""
    path = folder / "meta.json"
    if not path.is_file():
        raise TrainError(f"{folder} holds no token shards", hint="build them first; meta.json is written last")
    fields = json.loads(path.read_text())
    known = {k: v for k, v in fields.items() if k in Meta.__dataclass_fields__}
    extra = {k: v for k, v in fields.items() if k not in known}
    known["notes"] = dict(known.get("notes", {})) | extra
    return Meta(**known)


def list_groups(folder: Path) -> list[tuple[str, str]]:
    """(group, split) pairs present in a folder, sorted."""
    names = (path.name.split(".") for path in folder.glob("*.*.tok.bin"))
    return sorted((name[0], name[1]) for name in names if len(name) == 4)


def open_group(folder: Path, group: str, split: str) -> Group:
    """Map one group into memory; nothing is read until it is used."""
    base = str(folder / f"{group}.{split}")
    if not os.path.exists(base + ".tok.bin"):
        known = sorted({name for name, _ in list_groups(folder)})
        raise TrainError(
            f"no group {group!r} with split {split!r} in {folder}",
            hint=f"groups here: {', '.join(known) or 'none'}",
        )
    return Group(
        group,
        split,
        _map(base + ".tok.bin", np.uint16),
        _map(base + ".tok.idx", np.int64),
        _map(base + ".prompt.bin", np.uint16),
        _map(base + ".prompt.idx", np.int64),
        _map(base + ".prompt.of", np.int64),
    )


def digest_folder(folder: Path) -> str:
    """sha256 over the names and bytes of every shard and array file."""
    state = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in {".bin", ".idx", ".of", ".npy"}:
            state.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return "sha256:" + state.hexdigest()


class _Flat:
    """Rows of ids appended to one flat array."""

    def __init__(self) -> None:
        self.rows: list[Array] = []
        self.idx = [0]

    def add(self, ids: Ids) -> None:
        wide = np.asarray(ids, np.int64)
        if wide.min(initial=0) < 0 or wide.max(initial=0) > 0xFFFF:
            raise TrainError("a token id does not fit 16 bits", hint="vocabularies end at 65,536")
        self.rows.append(wide.astype(np.uint16))
        self.idx.append(self.idx[-1] + len(wide))

    def write(self, base: str) -> None:
        flat = np.concatenate(self.rows) if self.rows else np.zeros(0, np.uint16)
        _write(Path(base + ".bin"), flat)
        _write(Path(base + ".idx"), np.asarray(self.idx, np.int64))


def _write(path: Path, array: Array) -> None:
    temporary = path.with_name(path.name + ".tmp")
    array.tofile(temporary)
    os.replace(temporary, path)


def _map(path: str, dtype: type) -> Array:
    # An empty file cannot be mapped.
    return np.memmap(path, dtype, "r") if os.path.getsize(path) else np.zeros(0, dtype)
