"""What one answer means: an HTML page or an SVG file becomes corpus rows and links to follow, without any I/O.

Live answers and web archives go through here alike. Every drawing gets one row: a Sample, or an Outcome with the reason
it is none. Refuses media types that hold no SVG and whatever opts out. The trade-off: a drawing that a page repeats
is one row, because the sighting would be the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from text2svg.errors import SvgError
from text2svg.executor.base import MAX_ERROR_CHARS, Outcome
from text2svg.licence.evidence import Claim, from_drawing, settle
from text2svg.licence.spdx import NOASSERTION
from text2svg.mine.admit import Admitted, admit, tidy
from text2svg.mine.extract import decode, extract, has_trace, too_many_tags
from text2svg.mine.hosts import host_of
from text2svg.mine.links import Found, Link, Page
from text2svg.mine.optout import in_headers, in_metas
from text2svg.mine.refusal import REASONS, MineRefusal, outcome
from text2svg.mine.words import choose, of_file, of_name
from text2svg.sample import Provenance, Sample, digest_of
from text2svg.svg.document import Limits

Row = Sample | Outcome

HTML = frozenset({"text/html", "application/xhtml+xml"})
SVG = frozenset({"image/svg+xml", "image/svg", "image/svg-xml"})
UNSURE = frozenset({"", "text/xml", "application/xml", "text/plain", "application/octet-stream", "binary/octet-stream"})
"""Types under which servers also send SVG; the first bytes tell."""
KINDS = HTML | SVG | UNSURE


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What is read from an answer, and how much."""

    opt_outs: bool = True
    """Whether opt-outs are honoured; only for sites one may decide for."""
    agent: str = "Text2SVGBot"
    """The product token that opt-outs may name."""
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Where:
    """The sighting: what every row of one answer shares."""

    url: str
    source: str = "url"
    retrieved: str = ""
    collection: str = ""
    """Empty is the URL's host."""
    licence: str = NOASSERTION
    """What is known of everything here; a drawing's own statement wins."""
    licence_evidence: str = ""

    def provenance(self, name: str = "", stated: Claim | None = None) -> Provenance:
        """A row's provenance; rows of a URL itself have no name, rows of drawings always have one."""
        nearer = stated if stated is not None and stated.evidence else None
        return Provenance(
            source=self.source,
            collection=self.collection or host_of(self.url),
            name=name,
            url=self.url,
            licence=nearer.licence if nearer else self.licence,
            licence_evidence=nearer.evidence if nearer else self.licence_evidence,
            retrieved=self.retrieved,
        )


@dataclass(slots=True)
class Reading:
    """What an answer gave."""

    rows: list[Row] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


def check_headers(headers: Mapping[str, str], options: ReadOptions) -> None:
    """Raises MineRefusal when a header opts out; names are lower-case."""
    if options.opt_outs and (found := in_headers(headers, options.agent)):
        raise MineRefusal(found.reason, found.detail)


def read(body: bytes, kind: str, charset: str, where: Where, options: ReadOptions = ReadOptions()) -> Reading:
    """Rows and links of one body. Raises MineRefusal when there is nothing to read."""
    if kind in SVG or (kind in UNSURE and looks_like_svg(body)):
        return Reading(list(file_rows(body, where, Link(where.url), options)))
    if kind not in HTML and not (kind == "" and b"<html" in body[:2048].lower()):
        raise MineRefusal("content-type", kind[:60] or "none, and the bytes are neither")
    if not has_trace(body):
        raise MineRefusal("no-svg")
    if too_many_tags(body):
        raise MineRefusal("tag-limit")
    page = extract(decode(body, charset), where.url)
    if options.opt_outs and (opted := in_metas(page.metas, options.agent)):
        raise MineRefusal(opted.reason, opted.detail)
    reading = Reading(list(_page_rows(page, where, options)), page.links)
    if not reading.rows and not reading.links:
        raise MineRefusal("no-svg", "only in comments or scripts")
    return reading


def file_rows(body: bytes | str, where: Where, link: Link, options: ReadOptions, name: str = "") -> Iterator[Row]:
    """Rows of a drawing that is a file of its own; a sheet of symbols gives one each. It is named by its URL."""
    name = name or where.url.rsplit("/", 1)[-1].partition("?")[0] or "svg"
    caption, tags = choose([link.caption, *link.tags, of_file(name)])
    yield from _rows(Found(body, caption, tags, "file"), name, where, options)


def link_outcome(link: Link, where: Where, reason: str) -> Outcome:
    """The row of a linked drawing that is not asked for; it stands where its page was."""
    return outcome(replace(where.provenance(link.url), url=link.url), reason, REASONS[reason])


def _page_rows(page: Page, where: Where, options: ReadOptions) -> Iterator[Row]:
    seen: set[str | bytes] = set()
    for reason, left in (("svg-limit", page.drawings_left), ("link-limit", page.links_left)):
        if left:
            yield outcome(where.provenance(reason), reason, f"{REASONS[reason]}: {left} left out")
    for number, found in enumerate(page.drawings, 1):
        if found.svg and found.svg in seen:
            continue
        seen.add(found.svg)
        yield from _rows(found, f"#{number}", where, options, page.claims)


def _rows(
    found: Found, name: str, where: Where, options: ReadOptions, claims: Iterable[Claim] = ()
) -> Iterator[Row]:
    provenance = where.provenance(name, settle([*from_drawing(found.svg), *claims]))
    if found.reason:
        yield outcome(provenance, found.reason, REASONS[found.reason])
        return
    try:
        admitted = _admit(found, options.limits)
    except SvgError as error:
        sample = Sample(digest_of(""), "", provenance)
        yield Outcome(-1, sample, error.message[:MAX_ERROR_CHARS], error.reason, dropped=True)
        return
    for one in admitted:
        yield _sample(one, found, name, provenance)


def _admit(found: Found, limits: Limits) -> list[Admitted]:
    try:
        return admit(found.svg, limits, found.used)
    except SvgError as error:
        if error.reason != "not-well-formed" or found.how != "inline" or isinstance(found.svg, bytes):
            raise
        return admit(tidy(found.svg), limits, found.used)


def _sample(one: Admitted, found: Found, name: str, provenance: Provenance) -> Sample:
    caption, tags = found.caption, found.tags
    if one.name:
        provenance = replace(provenance, name=f"{name}/{one.name}")
        caption, tags = choose([of_name(one.name), caption, *tags])
    return Sample(digest=digest_of(one.raw), raw=one.raw, provenance=provenance, caption=caption, tags=tags)


def looks_like_svg(body: bytes) -> bool:
    """Whether the first bytes open an SVG file."""
    head = body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith(b"<svg") or (head.startswith((b"<?xml", b"<!--", b"<!doctype svg")) and b"<svg" in head)
