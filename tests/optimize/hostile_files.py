"""Files no honest program would write: a seeded folder of broken, giant, binary and hostile drawings.

    python tests/optimize/hostile_files.py FOLDER 10000

writes the same files for the same count and seed, one kind after the other, some under names that break programs too.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import random
import re
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 100 100">'
RICH = HEAD + (
    '<style>.a{fill:red;stroke:#00f}g>.b{opacity:.5}#c{transform:rotate(9deg)}</style><defs><linearGradient id="g" '
    'gradientTransform="rotate(30)"><stop stop-color="#fa0"/><stop offset="100%" stop-color="navy"/></linearGradient>'
    '<pattern id="p" width="10" height="10" patternUnits="userSpaceOnUse"><circle cx="5" cy="5" r="4"/></pattern><mask '
    'id="m"><rect width="80" height="80" fill="#fff"/></mask><clipPath id="k"><path d="M0 0H50V90z"/></clipPath><filter '
    'id="f"><feGaussianBlur stdDeviation="2"/></filter><symbol id="s" viewBox="0 0 9 9"><path d="M0 0L9 9"/></symbol>'
    '</defs><g transform="translate(3 4) scale(1.5,-1)" class="a"><rect class="b" x="1" y="2" width="30%" height="20"/>'
    '<use href="#s" x="3" width="20" height="9"/></g><path id="c" fill="url(#g)" mask="url(#m)" stroke-dasharray="3 1" '
    'd="M3 3A20 30 45 0 1 60 70C1 2 3 4 5 6S9 9 20 8Q7 7 6 5T3 4z"/><circle cx="50" cy="50" r="20" fill="url(#p)" '
    'clip-path="url(#k)" filter="url(#f)"/><text x="5" y="60" font-size="14">h&#233;llo<tspan dx="3">!</tspan></text>'
    '<svg x="50" y="50" width="40" height="40" viewBox="0 0 8 8"><ellipse cx="4" cy="4" rx="3" ry="2"/></svg></svg>'
)  # fmt: skip
NUMBERS = ("1e308", "-1e308", "1e-320", "NaN", "Infinity", "-0", "", "0", "9" * 400, "1e999999", "0x10", "--1", ".", "-1",
           "1e9", "100%", "1e5em", "4294967296", "1,,2", "٣")  # fmt: skip
NASTY = ("url(#g)", "url(#nowhere)", "url(data:image/svg+xml,<svg/>)", "calc(1px + 2px)", "javascript:alert(1)",
         "inherit", "var(--x)", "&#0;", "\x0b", "\ufffe", "rgb(1e9,-5,NaN)", "expression(alert(1))", "#", "red;fill:blue",
         "𝒳" * 50)  # fmt: skip

ODD_NAMES = ("\n", "\x7f", "ümläut", "日本", '"', "'", "-", "%00", "{{x}}", "$(x)", "a" * 200, "\udcff\udc80", "..")

Make = Callable[[random.Random, list[str]], bytes]


def _text(rng: random.Random, texts: list[str]) -> str:
    return RICH if rng.random() < 0.3 else rng.choice(texts)


def truncated(rng: random.Random, texts: list[str]) -> bytes:
    data = _text(rng, texts).encode()
    return data[: rng.randrange(len(data))]


def flipped(rng: random.Random, texts: list[str]) -> bytes:
    """Any bytes in one case of four; else digits, letters and signs, which leave more drawings readable."""
    data = bytearray(_text(rng, texts).encode())
    some = range(256) if rng.random() < 0.25 else b"0123456789.-+ eMLCAZz#,%"
    for _ in range(rng.choice((1, 1, 2, 5, 40))):
        data[rng.randrange(len(data))] = rng.choice(some)
    return bytes(data)


def _replaced(rng: random.Random, texts: list[str], pattern: str, new: Callable[[str], str]) -> bytes:
    """A drawing with some of what the pattern finds behind the root's start tag replaced."""
    head, end, body = _text(rng, texts).partition(">")
    share = rng.choice((0.02, 0.1, 0.5, 1.0))
    body = re.sub(pattern, lambda m: new(m[0]) if rng.random() < share else m[0], body)
    return (head + end + body).encode(errors="replace")


def renumbered(rng: random.Random, texts: list[str]) -> bytes:
    return _replaced(rng, texts, r"-?\d*\.?\d+", lambda old: rng.choice(NUMBERS))


def scaled(rng: random.Random, texts: list[str]) -> bytes:
    factor = 10.0 ** rng.randint(-12, 12)
    return _replaced(rng, texts, r"\d+", lambda old: repr(int(old) * factor))


def revalued(rng: random.Random, texts: list[str]) -> bytes:
    return _replaced(rng, texts, r'(?<==")[^"]*', lambda old: rng.choice(NASTY))


def spliced(rng: random.Random, texts: list[str]) -> bytes:
    one, other = _text(rng, texts), _text(rng, texts)
    a, b = sorted(rng.randrange(len(one)) for _ in range(2))
    c = rng.randrange(len(other))
    return (one[:a] + other[c : c + rng.randrange(400)] + one[b:]).encode()


def repeated(rng: random.Random, texts: list[str]) -> bytes:
    text = _text(rng, texts)
    a, b = sorted(rng.randrange(len(text)) for _ in range(2))
    return (text[:b] + text[a:b] * rng.choice((1, 3, 50, 400)) + text[b:]).encode()[:1_500_000]


def retagged(rng: random.Random, texts: list[str]) -> bytes:
    tags = "g path use mask filter pattern text svg symbol image switch a script x:y".split()
    return _replaced(rng, texts, r"(?<=<)[a-zA-Z]+(?=[^>]*/>)", lambda old: rng.choice(tags))


def published(rng: random.Random, texts: list[str]) -> bytes:
    return rng.choice(HOSTILE).encode()


def published_flipped(rng: random.Random, texts: list[str]) -> bytes:
    return flipped(rng, HOSTILE)


def noise(rng: random.Random, texts: list[str]) -> bytes:
    return rng.randbytes(rng.choice((0, 1, 7, 100, 5000, 100_000)))


def printable_noise(rng: random.Random, texts: list[str]) -> bytes:
    return "".join(rng.choices("<>/=\"'&;#svgpathd MLCz01.-\n", k=rng.randrange(3000))).encode()


def binary(rng: random.Random, texts: list[str]) -> bytes:
    magics = (b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"\x1f\x8b\x08\0", b"%PDF-1.7\n", b"\xff\xd8\xff", b"\0" * 9, b"MZ")
    return rng.choice(magics) + rng.randbytes(rng.randrange(2000))


def encoded(rng: random.Random, texts: list[str]) -> bytes:
    text = _text(rng, texts)
    name = rng.choice(("utf-16", "utf-16-le", "utf-32", "utf-7", "latin-1", "cp037", "shift_jis"))
    declared = f'<?xml version="1.0" encoding="{rng.choice((name, "utf-8", "rot13", "x" * 99))}"?>'
    data = (declared * rng.randint(0, 1) + text).encode(name, "replace")
    return data[: rng.choice((len(data), len(data) - 1))]


def deep(rng: random.Random, texts: list[str]) -> bytes:
    tag, depth = rng.choice(("g", "svg", "a", "switch", "text", "x")), rng.choice((50, 70, 500, 5000, 100_000))
    return (HEAD + f"<{tag}>" * depth + "<path d='M0 0h9'/>" + f"</{tag}>" * depth * rng.randint(0, 1) + "</svg>").encode()


def wide(rng: random.Random, texts: list[str]) -> bytes:
    one = rng.choice(('<rect width="9" height="9"/>', '<path d="M1 1h8"/>', '<g class="a b"/>', "<text>x</text>"))
    return (HEAD + one * rng.choice((1000, 5000, 19_000, 60_000)) + "</svg>").encode()


def _use(level: int) -> str:
    return f'<use href="#u{level}"/>'


def bombs(rng: random.Random, texts: list[str]) -> bytes:
    """Few elements that stand for many: use, entities, patterns, masks, markers."""
    levels, fan = rng.randint(2, 14), rng.randint(2, 12)
    kind = rng.choice(("use", "self", "entity", "pattern", "mask", "marker"))
    if kind == "entity":
        lines = "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * fan}">' for i in range(levels))
        return f'<!DOCTYPE svg [<!ENTITY e0 "aaaa">{lines}]>{HEAD}<text>&e{levels};</text></svg>'.encode()
    if kind == "self":
        return (HEAD + '<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/><use href="#b"/></g></svg>').encode()
    if kind == "use":
        inner = "".join(f'<g id="u{i + 1}">{_use(i) * fan}</g>' for i in range(levels))
        return f'{HEAD}<defs><path id="u0" d="M0 0h9v9z"/>{inner}</defs><use href="#u{levels}"/></svg>'.encode()
    box = 'width="7" height="7" patternUnits="userSpaceOnUse"' if kind == "pattern" else ""
    attribute = {"pattern": "fill", "mask": "mask", "marker": "marker-mid"}[kind]
    inner = "".join(
        f'<{kind} id="u{i + 1}" {box}>' + f'<path {attribute}="url(#u{i})" d="M0 0h9v9h3v3z"/>' * fan + f"</{kind}>"
        for i in range(levels)
    )
    return f'{HEAD}<defs>{inner}</defs><path {attribute}="url(#u{levels})" d="M0 0h99v99h-50z"/></svg>'.encode()


def slow(rng: random.Random, texts: list[str]) -> bytes:
    """What takes a renderer or a parser long."""
    size = rng.choice((1e3, 1e5, 1e7))
    filtered = '<filter id="f">%s</filter><rect width="90" height="90" filter="url(#f)"/>'
    body = rng.choice((
        filtered % f'<feGaussianBlur stdDeviation="{size}"/>',
        filtered % f'<feMorphology operator="dilate" radius="{size}"/>',
        filtered % ('<feTurbulence baseFrequency="9" numOctaves="9"/>' * 60),
        f'<path d="M0 0H{size * 1e4}" stroke="#000" stroke-dasharray="{1 / size} {1 / size}"/>',
        f'<path d="M0 0{"h1v1" * 40_000}" stroke="#000" stroke-width="{size}" stroke-linejoin="round"/>',
        f'<rect width="{size}" height="{size}" fill="none" stroke="red" stroke-dasharray=".0001"/>',
        f'<style>{"".join(f".c{i} .d{i} g path{{fill:red}}" for i in range(3000))}</style>' + '<path class="c1 d2"/>' * 3000,
        f'<path d="M{"1" * 200_000} 0L1 1"/>',
        f'<path d="{"M0 0A1 1 0 0 1 9 9" * 20_000}"/>',
        f'<g transform="{"rotate(1)" * 20_000}"><path d="M0 0h9v9z"/></g>',
        f'<text>{"x" * 300_000}</text>',
        f'<path fill="{"(" * 5000}" style="{"fill:red;" * 50_000}"/>',
    ))  # fmt: skip
    return f"{HEAD}{body}</svg>".encode()


def odd_boxes(rng: random.Random, texts: list[str]) -> bytes:
    values = [rng.choice(("0", "-5", "1e-9", "1e9", "NaN", "100", "", "1e300")) for _ in range(6)]
    box = f'viewBox="{" ".join(values[:4])}" width="{values[4]}" height="{values[5]}"'
    return RICH.replace('viewBox="0 0 100 100"', box, 1).encode()


def pictures(rng: random.Random, texts: list[str]) -> bytes:
    side = rng.choice((1, 100, 50_000, 2**31 - 1))
    header = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    chunk = b"IHDR" + header
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + rng.randbytes(50)
    data = base64.b64encode(rng.choice((png, rng.randbytes(3000)))).decode()
    return f'{HEAD}<image width="90" height="90" href="data:image/png;base64,{data}"/></svg>'.encode()


def packed(rng: random.Random, texts: list[str]) -> bytes:
    """Gzip: honest, cut, damaged, and a bomb of 100 MB."""
    kind = rng.choice(("honest", "honest", "cut", "damaged", "bomb", "twice"))
    if kind == "bomb":
        return BOMB
    data = gzip.compress(_text(rng, texts).encode(), mtime=0)
    if kind == "cut":
        return data[: rng.randrange(2, len(data))]
    if kind == "damaged":
        place = rng.randrange(10, len(data))
        return data[:place] + b"\0\xff" + data[place + 2 :]
    return gzip.compress(data, mtime=0) if kind == "twice" else data


HOSTILE: list[str] = [
    entry["svg"] for entry in json.loads((Path(__file__).parents[1] / "svg" / "hostile.json").read_text(encoding="utf-8"))
]
BOMB = gzip.compress(b" " * 100_000_000, compresslevel=9, mtime=0)
COMMON: tuple[Make, ...] = (truncated, flipped, renumbered, scaled, revalued, spliced, repeated, retagged, published_flipped)
RARE: tuple[Make, ...] = (
    published, noise, printable_noise, binary, encoded, deep, wide, bombs, slow, odd_boxes, pictures, packed,
)  # fmt: skip
"""Every tenth file is one of these; some are large or slow."""


def write_hostile(folder: Path, count: int, texts: list[str], seed: int = 0) -> None:
    """Writes `count` files in folders of 500."""
    rng = random.Random(seed)
    for i in range(count):
        make = rng.choice(RARE if i % 10 == 0 else COMMON)
        ending = "svgz" if make is packed else "svg"
        name = f"{i:05}-{make.__name__}.{ending}"
        if i % 97 == 0:
            name = rng.choice(ODD_NAMES) + name
        place = folder / f"{i // 500:03}"
        place.mkdir(parents=True, exist_ok=True)
        with open(os.fsencode(place / name), "wb") as file:
            file.write(make(rng, texts))


def starter_texts() -> list[str]:
    """The drawings of the starter corpus."""
    import pyarrow.parquet

    path = Path(__file__).parents[2] / "text2svg" / "assets" / "starter" / "samples.parquet"
    return pyarrow.parquet.read_table(path, columns=["optimized"])["optimized"].to_pylist()


if __name__ == "__main__":
    write_hostile(Path(sys.argv[1]), int(sys.argv[2]), starter_texts())
