"""What may be taken from a stranger's model folder: data, checked, and nothing that runs.

    check_folder(folder)       refuses pickles, code and links; every safetensors file must describe itself truly
    write_sums(folder), check_sums(folder)        SHA256SUMS, as `sha256sum -c` reads it

Refuses by content as well as by name: a pickle called model.safetensors is one. The trade-off: a folder that holds both good
and bad files is refused whole, since other programs may prefer the bad ones.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from text2svg.errors import EngineError

SUMS = "SHA256SUMS"
PICKLES = frozenset(".bin .pt .pth .pkl .pickle .ckpt .joblib .npy .npz .h5 .keras .msgpack .ot .mar .nemo".split())
"""Endings of formats that run code when read, or may."""
CODE = frozenset(".py .pyc .so .dll .dylib .exe .sh .ipynb .js .wasm".split())
MAX_HEADER_BYTES = 100_000_000
"""The safetensors format's own limit."""
_BYTES = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4, "F16": 2, "BF16": 2, "I16": 2, "U16": 2, "F8_E4M3": 1,
          "F8_E5M2": 1, "I8": 1, "U8": 1, "BOOL": 1}  # fmt: skip
_HINT = "ask for the model as safetensors; nothing was read or copied"


class Checked(NamedTuple):
    """What a folder holds."""

    files: int
    bytes: int
    tensors: int
    weights: int
    """Numbers in all tensors."""


def check_folder(folder: Path) -> Checked:
    """Raises EngineError for anything but data whose shape can be known without running it."""
    paths = list(_files(folder))
    if not any(path.name == "config.json" for path in paths):
        raise EngineError(f"{folder} has no config.json", hint="name a model folder")
    tensors = weights = 0
    for path in paths:
        _refuse(path)
        if path.suffix == ".safetensors":
            found = tensor_sizes(path)
            tensors, weights = tensors + len(found), weights + sum(found)
        elif path.name == "config.json":
            _refuse_own_code(path)
    if not tensors and not any(path.suffix == ".onnx" for path in paths):
        raise EngineError(f"{folder} has neither safetensors nor an ONNX graph", hint=_HINT)
    return Checked(len(paths), sum(path.stat().st_size for path in paths), tensors, weights)


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise EngineError(f"{folder} is no folder", hint="name a model folder")
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            raise EngineError(f"{path} is a link", hint="copy the file itself into the folder")
        if path.is_file():
            yield path


def _refuse(path: Path) -> None:
    ending = path.suffix.lower()
    if ending in PICKLES or ending in CODE:
        kind = "may be a pickle" if ending in PICKLES else "is code"
        raise EngineError(f"{path.name} {kind}, which runs when it is read", hint=_HINT)
    with path.open("rb") as file:
        begin = file.read(4)
    # A pickle of protocol 2 to 5, torch's zip of one, an ELF program, a script.
    if (begin[:1] == b"\x80" and begin[1:2] in b"\x02\x03\x04\x05" and ending != ".onnx") or begin.startswith(
        (b"PK\x03\x04", b"\x7fELF", b"#!")
    ):
        raise EngineError(f"{path.name} is not what its name says: a pickle, an archive or a program", hint=_HINT)


def _refuse_own_code(path: Path) -> None:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EngineError(f"{path} is not JSON: {error}", hint="fetch or export it again") from error
    if isinstance(config, dict) and "auto_map" in config:
        raise EngineError(f"{path} asks for code of its own (auto_map)", hint="take a model that transformers knows")


def tensor_sizes(path: Path) -> list[int]:
    """Numbers in each tensor of a safetensors file, from its header. Raises EngineError when header and file disagree."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(MAX_HEADER_BYTES, size - 8):
            raise EngineError(f"{path.name} is not a safetensors file", hint="fetch or export it again")
        head = file.read(length)
    try:
        entries = [entry for name, entry in json.loads(head).items() if name != "__metadata__"]
        spans = sorted((int(e["data_offsets"][0]), int(e["data_offsets"][1]), _bytes(e)) for e in entries)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise EngineError(f"{path.name} is damaged: {error}", hint="fetch or export it again") from error
    at = 0
    for begin, end, held in spans:
        if begin != at or end - begin != held:
            raise EngineError(f"{path.name} is damaged: a tensor at bytes {begin} to {end}", hint="fetch it again")
        at = end
    if at != size - 8 - length:
        raise EngineError(
            f"{path.name} is damaged: {size - 8 - length - at} bytes that no tensor names", hint="fetch it again"
        )
    return [math.prod(int(n) for n in entry["shape"]) for entry in entries]


def _bytes(entry: dict[str, object]) -> int:
    return math.prod(int(n) for n in entry["shape"]) * _BYTES[str(entry["dtype"])]  # type: ignore[attr-defined]


def write_sums(folder: Path) -> Path:
    """Write SHA256SUMS over every other file; returns its path. Raises EngineError for links."""
    lines = [f"{_sum(p)}  {p.relative_to(folder).as_posix()}\n" for p in _files(folder) if p.name != SUMS]
    temporary = folder / f"{SUMS}.tmp"
    temporary.write_text("".join(lines), encoding="utf-8")
    os.replace(temporary, folder / SUMS)
    return folder / SUMS


def check_sums(folder: Path) -> bool:
    """Whether the folder has sums; EngineError naming the first file that they do not fit, in either direction."""
    path = folder / SUMS
    if not path.is_file():
        return False
    told = dict(line.split("  ", 1)[::-1] for line in path.read_text(encoding="utf-8").splitlines() if "  " in line)
    there = {p.relative_to(folder).as_posix(): p for p in _files(folder) if p.name != SUMS}
    for name in sorted(told.keys() | there.keys()):
        if name not in there or told.get(name) != _sum(there[name]):
            what = "is missing" if name not in there else "has changed" if name in told else "has no checksum"
            raise EngineError(f"{folder.name}/{name} {what}", hint="fetch or export it again")
    return True


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
