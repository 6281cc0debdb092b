"""Machine-readable opt-outs from training, wherever a site may state one. Pure text in, the directive found out.

X-Robots-Tag and meta robots (noai, noimageai, noml, noindex, noimageindex, none), TDMRep (header, meta,
/.well-known/tdmrep.json), AIPREF Content-Usage (header, robots.txt) and Content-Signal (header, robots.txt). Refuses to
weigh them: one reservation is enough. The trade-off: `noindex` counts although it speaks of search, because whoever
hides a page from search engines hardly means to feed a corpus.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

NO = frozenset({"noai", "noimageai", "noml", "noindex", "noimageindex", "none"})
_TRAINING = ("train-ai", "train-genai", "ai-train")
_WIDER = ("ai", "bots", "all")


@dataclass(frozen=True, slots=True)
class OptOut:
    """A reservation: the refusal's code, and the directive as the site wrote it."""

    reason: str
    detail: str


def in_headers(headers: Mapping[str, str], agent: str) -> OptOut | None:
    """The first opt-out among response headers; names are lower-case, `agent` is our product token."""
    if (value := headers.get("x-robots-tag")) and (found := _robots_tag(value, agent)):
        return OptOut("opt-out:x-robots-tag", f"X-Robots-Tag: {found}")
    if headers.get("tdm-reservation", "").strip() == "1":
        return OptOut("opt-out:tdm", "tdm-reservation: 1")
    if (value := headers.get("content-usage")) and reserves(value):
        return OptOut("opt-out:content-usage", f"Content-Usage: {value[:80]}")
    if (value := headers.get("content-signal")) and reserves(value):
        return OptOut("opt-out:content-signal", f"Content-Signal: {value[:80]}")
    return None


def in_metas(metas: Iterable[tuple[str, str]], agent: str) -> OptOut | None:
    """The first opt-out among a page's meta elements, given as lower-case name and content."""
    for name, content in metas:
        if name in ("robots", agent.lower()) and (found := _first(content.split(","), NO)):
            return OptOut("opt-out:meta-robots", f'meta name="{name}": {found}')
        if name == "tdm-reservation" and content.strip() == "1":
            return OptOut("opt-out:tdm", 'meta name="tdm-reservation": 1')
    return None


def _robots_tag(value: str, agent: str) -> str:
    """The directive that binds us; `otherbot: noai` does not, and binds until the next name."""
    bound = True
    for part in value.split(","):
        name, colon, rest = part.partition(":")
        directive = part
        if colon and name.strip().lower() not in ("unavailable_after", "max-snippet", "max-image-preview"):
            bound = name.strip().lower() in (agent.lower(), "*")
            directive = rest
        if bound and directive.strip().lower() in NO:
            return directive.strip()
    return ""


def _first(words: Iterable[str], wanted: frozenset[str]) -> str:
    return next((word.strip() for word in words if word.strip().lower() in wanted), "")


def reserves(value: str) -> bool:
    """Whether a preference such as `search=y, train-ai=n` or `ai-train=no` reserves training."""
    stated = {}
    for part in re.split(r"[,;\s]+", value.lower()):
        name, _, answer = part.partition("=")
        stated[name] = answer in ("n", "no", "?0")
    for names in (_TRAINING, _WIDER):
        answers = [stated[name] for name in names if name in stated]
        if answers:
            return any(answers)
    return False


def tdm_rules(text: str) -> tuple[tuple[str, bool], ...]:
    """Location patterns of a tdmrep.json and whether each is reserved, in order; nothing when it is not such a file."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(found, list):
        return ()
    return tuple(
        (str(entry["location"]), str(entry.get("tdm-reservation", 0)) == "1")
        for entry in found[:1000]
        if isinstance(entry, dict) and entry.get("location")
    )


def robots_signals(text: str, agent: str) -> tuple[tuple[str, str, str], ...]:
    """(directive, path prefix, value) of Content-Signal and Content-Usage lines in the group that binds us."""
    groups: dict[str, list[tuple[str, str, str]]] = {}
    names: list[str] = []
    open_names = False
    for key, value in _lines(text):
        if key == "user-agent":
            names = [*names, value.lower()] if open_names else [value.lower()]
            open_names = True
            continue
        open_names = False
        if key in ("content-signal", "content-usage"):
            path, rest = _path_of(value)
            for name in names or ["*"]:
                groups.setdefault(name, []).append((key, path, rest))
        for name in names:
            groups.setdefault(name, [])
    own = next((name for name in groups if name != "*" and name == agent.lower()), "*")
    return tuple(groups.get(own, ()))


def in_robots(signals: Iterable[tuple[str, str, str]], path: str) -> OptOut | None:
    """The opt-out for a path; the longest matching prefix of each directive counts."""
    best: dict[str, tuple[int, str]] = {}
    for key, prefix, value in signals:
        if path.startswith(prefix) and len(prefix) >= best.get(key, (-1, ""))[0]:
            best[key] = (len(prefix), value)
    for key, (_, value) in best.items():
        if reserves(value):
            return OptOut(f"opt-out:{key}", f"robots.txt {key}: {value[:80]}")
    return None


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield key.strip().lower(), value.strip()


def _path_of(value: str) -> tuple[str, str]:
    """`/art/ train-ai=n` has a path, `train-ai=n` speaks of everything."""
    if not value.startswith("/"):
        return "/", value
    path, _, rest = value.partition(" ")
    return path, rest
