"""Turns any prefix of a canonical drawing into a whole one, for streaming and for engines that stop at a token limit.

Cuts back to the last complete path segment, shape or gradient, then closes what is open. Refuses nothing that begins
like a canonical drawing: a prefix too short to draw anything gives None. The trade-off: work is done on the text of the
prefix each time (about 30 µs a kilobyte), so the caller needs no state.
"""

from __future__ import annotations

import re

from text2svg.svg.path import ARGUMENTS
from text2svg.svg.schema import FOOTER, HEADER

_SEGMENT = re.compile(r"([MLHVCSQTAZ])([^MLHVCSQTAZ]*)")
_NUMBERS = re.compile(r"\d+")


def close(prefix: str) -> str | None:
    """A whole drawing that shows what `prefix` has drawn so far, or None when that is nothing.

    `prefix` is any cut of a canonical drawing's text; a whole drawing comes back unchanged.
    """
    if prefix.endswith(FOOTER) and prefix.startswith(HEADER):
        return prefix
    if not prefix.startswith(HEADER):
        return None
    body = prefix[len(HEADER) :]
    at = body.rfind("<")
    tail = body[at:] if at >= 0 else ""
    if at >= 0 and not tail.endswith(">"):
        body = body[:at] + _finish_path(tail)
    body = _drop_open_gradient(body)
    body = _close_groups(body)
    if not any(tag in body for tag in ("<path", "<circle", "<ellipse", "<rect")):
        return None
    return HEADER + body + FOOTER


def _finish_path(tail: str) -> str:
    """An unfinished path element cut to its last whole segment; '' for anything else unfinished."""
    head, found, data = tail.partition(' d="')
    if not found or not head.startswith("<path"):
        return ""
    data, closed, _ = data.partition('"')
    if not closed:
        data = _whole_segments(data)
    return f'{head} d="{data}"/>' if data else ""


def _whole_segments(data: str) -> str:
    """Segments whose last number cannot grow, at least one of them drawing; the last M needs a companion."""
    kept = ""
    pending = ""
    matches = list(_SEGMENT.finditer(data))
    for i, match in enumerate(matches):
        letter, body = match.groups()
        if len(_NUMBERS.findall(body)) != ARGUMENTS[letter]:
            break
        if i == len(matches) - 1 and letter != "Z":
            # The last number may still get another digit.
            break
        if letter == "M":
            pending = match.group()
        else:
            kept, pending = kept + pending + match.group(), ""
    return kept


def _drop_open_gradient(body: str) -> str:
    for tag in ("linearGradient", "radialGradient"):
        start = body.rfind(f"<{tag} ")
        if start >= 0 and f"</{tag}>" not in body[start:]:
            return body[:start]
    return body


def _close_groups(body: str) -> str:
    """Closes open groups; a group left empty disappears."""
    while True:
        depth = body.count("<g ") - body.count("</g>")
        if depth <= 0:
            return body
        start = body.rfind("<g ")
        body = body[:start] if body[start:].count("<") == 1 else body + "</g>"
