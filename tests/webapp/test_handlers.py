"""Handlers without a browser: what a page would show, for good requests and for every way to fail."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.ui.demo import HOSTILE, DemoRuntime
from text2svg import errors
from text2svg.generate import Done, Finished, Partial, Ranked, Started
from text2svg.generate.vocabulary import Substitution
from text2svg.sample import Provenance, Sample
from text2svg.search.searcher import Hit
from webapp import gallery, handlers
from webapp.english import ENGLISH
from webapp.gallery import Filters
from webapp.handlers import Wish
from webapp.notices import notice_of
from webapp.tuning import Choice, Tuner
from webapp.views import as_json

DOT = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256"><circle cx="128" cy="128" r="9"/></svg>'


class Script:
    """A runtime that says what a test wrote, and remembers whether it was closed."""

    def __init__(self, *events: object) -> None:
        self.events = events
        self.closed = False

    def generate(self, request: Any) -> Iterator[object]:
        try:
            for event in self.events:
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            self.closed = True


def _ticks(step: float) -> Any:
    times = itertools.count()
    return lambda: next(times) * step


def test_a_wish_becomes_four_drawings(runtime: DemoRuntime) -> None:
    views = list(handlers.generate(runtime, Wish("fast rocket", n=4, seed=5), run=9))
    assert [view.state for view in views[:-1]] == ["running"] * (len(views) - 1)
    last = views[-1]
    assert (last.state, last.run, last.prompt) == ("done", 9, "fast rocket")
    assert [one.state for one in last.candidates] == ["done"] * 4
    assert [one.seed for one in last.candidates] == [5, 6, 7, 8]
    assert sorted(last.order) == [0, 1, 2, 3]
    for one in last.candidates:
        assert one.drawing.size == len(one.drawing.svg.encode())
        assert 0 < one.drawing.gzip <= one.drawing.size + 20


def test_frames_are_paced_but_nothing_final_is_lost() -> None:
    partials = [Partial(0, DOT.replace("9", str(n))) for n in range(10, 60)]
    script = Script(Started(1, 0), *partials, Finished(0, DOT, 7, True), Ranked((0,)), Done(1.0))
    views = list(handlers.generate(script, Wish("x"), clock=_ticks(0.01)))
    assert 6 <= len(views) <= 12, "50 partials in half a second are about seven frames"
    assert views[-1].candidates[0].drawing.svg == DOT
    assert script.closed


def test_what_was_read_otherwise_is_told() -> None:
    started = Started(1, 0, ("sea",), (Substitution("ocean", ("sea",), "synonym"), Substitution("xq", (), "left out")))
    views = list(handlers.generate(Script(started, Finished(0, DOT, 1, True)), Wish("ocean xq")))
    assert [(one.word, one.used) for one in views[-1].readings] == [("ocean", ("sea",)), ("xq", ())]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (Finished(0, "", 3, False, ("cut short", "nothing drawn")), "nothing drawn"),
        (Finished(0, "<svg><path", 3, True), "not-well-formed"),
        (Finished(0, DOT, 3, False, ("blank",)), "blank"),
        (Finished(0, "", 3, False), "nothing drawn"),
    ],
)
def test_an_invalid_candidate_says_why(event: Finished, reason: str) -> None:
    last = list(handlers.generate(Script(Started(1, 0), event), Wish("x")))[-1]
    assert (last.candidates[0].state, last.candidates[0].reason) == ("invalid", reason)


def test_a_frame_that_cannot_be_shown_keeps_the_last_good_one() -> None:
    script = Script(Started(1, 0), Partial(0, DOT), Partial(0, "<svg><pa"), errors.EngineError("gone"))
    last = list(handlers.generate(script, Wish("x"), clock=_ticks(1.0)))[-1]
    assert last.state == "error"
    assert last.candidates[0].drawing.svg == DOT
    assert last.candidates[0].state == "stopped"


def test_closing_and_overtime_free_the_engine() -> None:
    script = Script(Started(2, 0), Partial(0, DOT), Finished(0, DOT, 1, True))
    views = handlers.generate(script, Wish("x"))
    next(views)
    views.close()
    assert script.closed
    slow = Script(Started(2, 0), *[Partial(0, DOT)] * 500)
    last = list(handlers.generate(slow, Wish("x"), clock=_ticks(1.0)))[-1]
    assert last.state == "stopped"
    assert last.notice is not None
    assert last.notice.key == "error.deadline"
    assert slow.closed


@pytest.mark.parametrize("prompt", ["", "   ", "\n\t"])
def test_no_words_is_said_kindly(prompt: str) -> None:
    (view,) = handlers.generate(Script(), Wish(prompt))
    assert view.notice == handlers.Notice("error.empty", level="info")


def test_a_prompt_without_a_readable_character_is_an_error_view() -> None:
    last = list(handlers.generate(Script(), Wish("\u200b\u200b")))[-1]
    assert last.state == "error"


def test_numbers_are_clamped_and_cleared_fields_survive(runtime: DemoRuntime) -> None:
    wide = Wish("x" * 900, "baroque", 99, -4, 10**9, temperature=99, top_p=-1).request(runtime)
    assert (len(wide.prompt), wide.style, wide.n, wide.seed) == (300, "", 8, 0)
    assert (wide.max_tokens, wide.temperature, wide.top_p) == (1024, 2.0, 0.05)
    empty = Wish("x", n=None, seed=None, max_tokens=None, temperature=None, top_p=None).request(runtime)
    assert (empty.n, empty.seed, empty.max_tokens) == (1, 0, 32)


def test_a_wish_is_drawn_in_the_manner_of_its_reference(runtime: DemoRuntime) -> None:
    ring = '<svg viewBox="0 0 24 24"><circle cx="12" cy="12" r="8" fill="none" stroke="teal" stroke-width="1"/></svg>'
    last = list(handlers.generate(runtime, Wish("fast rocket", n=2, reference=ring)))[-1]
    assert last.state == "done"
    assert last.asked.manner == {
        "style": "outline", "detail": 0, "stroke_width": 11, "linecap": "butt", "linejoin": "miter", "inks": ("#088",),
    }  # fmt: skip
    assert all("#088" in one.drawing.svg for one in last.candidates)
    hopeless = list(handlers.generate(runtime, Wish("fast rocket", reference="<svg")))[-1]
    assert (hopeless.state, hopeless.notice.key) == ("error", "error.parse")  # type: ignore[union-attr]


def _kinds() -> list[type[errors.Text2SVGError]]:
    found = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    return [kind for kind in found if issubclass(kind, errors.Text2SVGError)]


@pytest.mark.parametrize("kind", _kinds())
def test_every_error_of_the_tree_is_a_translated_notice(kind: type[errors.Text2SVGError]) -> None:
    error = kind("engine", "x", ["a"]) if kind is errors.UnknownKind else kind("a-reason", hint="do this next")
    last = list(handlers.generate(Script(Started(1, 0), error), Wish("x")))[-1]
    assert last.state == "error"
    assert last.notice == notice_of(error)
    assert last.notice.key in ENGLISH
    assert last.notice.hint == error.hint
    if kind is not errors.Text2SVGError:
        assert last.notice.key != "error.unknown"


def test_a_defect_is_not_smoothed_over() -> None:
    with pytest.raises(ZeroDivisionError):
        list(handlers.generate(Script(ZeroDivisionError()), Wish("x")))


def test_optimize_compares_with_the_text_as_given(runtime: DemoRuntime, tuner: Tuner) -> None:
    raw = DOT.replace("<circle", "<script>alert(1)</script>\n\n   <!-- talk --><circle").replace('r="9"', 'r="9.0000"')
    view = handlers.optimize(tuner, raw, Choice())
    assert 0 < view.after.brotli < view.raw_brotli
    assert view.state == "done"
    assert view.raw_bytes == len(raw.encode())
    assert view.saved == round(100 * (1 - view.after.size / view.raw_bytes), 1)
    assert "script" in " ".join(view.removed)
    assert "script" not in view.before.svg + view.after.svg
    assert 0 <= view.difference < 3


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "error.nothing"),
        ("hello", "error.parse"),
        ("<html/>", "error.parse"),
        (DOT.replace("</svg>", "<desc>" + "a" * 200_001 + "</desc></svg>"), "error.limit"),
        ("<svg xmlns='http://www.w3.org/2000/svg'>" + "<g>" * 90 + "</g>" * 90 + "</svg>", "error.limit"),
    ],
)
def test_optimize_and_clean_refuse_in_words(tuner: Tuner, text: str, key: str) -> None:
    clean = handlers.clean(text)
    assert (clean.state, clean.notice and clean.notice.key, clean.drawing.svg) == ("error", key, "")
    view = handlers.optimize(tuner, text, Choice())
    assert view.state == "error"
    assert view.notice is not None
    assert view.notice.key == key
    assert view.after.svg == ""


def test_an_edited_drawing_comes_back_clean_and_measured() -> None:
    view = handlers.clean(DOT.replace("<circle", "<script>alert(1)</script><circle onclick='x()'"))
    assert view.state == "done"
    assert view.drawing.svg == DOT
    assert view.drawing.brotli > 0
    assert {reason.partition(":")[0] for reason in view.removed} == {"script", "event"}


def test_an_unknown_profile_is_a_notice(tuner: Tuner) -> None:
    view = handlers.optimize(tuner, DOT, Choice("tiny"))
    assert view.notice is not None
    assert view.notice.key == "error.config"


def test_search_by_words_by_drawing_and_browsing(runtime: DemoRuntime) -> None:
    words = gallery.search_words(runtime, " arrow   left ", Filters(count=5))
    assert words.query == "arrow left"
    assert words.relatives[0].caption == "arrow left"
    assert words.next == 0
    first = words.relatives[0]
    near = gallery.search_drawing(runtime, first.drawing.svg, Filters(count=5))
    assert near.relatives[0].drawing.svg == first.drawing.svg
    assert near.query_drawing.svg == first.drawing.svg
    both = gallery.search_drawing(runtime, first.drawing.svg, Filters(count=5), " heart ")
    assert (both.kind, both.query, both.query_drawing.svg) == ("both", "heart", first.drawing.svg)
    assert "heart" in both.relatives[0].caption
    page = gallery.browse(runtime, Filters(count=20))
    following = gallery.browse(runtime, Filters(count=20), page.next)
    assert (page.next, following.offset) == (20, 20)
    assert not {one.digest for one in page.relatives} & {one.digest for one in following.relatives}
    assert gallery.search_words(runtime, "  ", Filters()).kind == "browse"


def test_filters_narrow_and_say_when_nothing_is_left(runtime: DemoRuntime) -> None:
    view = gallery.search_words(runtime, "heart", Filters("filled", "MIT"))
    assert {(one.style, one.licence) for one in view.relatives} == {("filled", "MIT")}
    nothing = gallery.search_words(runtime, "heart", Filters("filled", "ISC"))
    assert nothing.relatives == ()
    assert nothing.notice is not None
    assert nothing.notice.key == "explore.none"


def test_every_drawing_carries_a_line_of_attribution(runtime: DemoRuntime) -> None:
    one = gallery.search_words(runtime, "camera", Filters(count=1)).relatives[0]
    assert one.attribution == f"“{one.name}” from {one.collection} by {one.author}, {one.licence}, {one.url}"
    bare = dataclasses.replace(one, author="", url="", name="")
    assert gallery.attribution(bare) == f"“{one.caption}” from {one.collection}, {one.licence}"


def test_only_https_becomes_a_source_and_unclean_rows_are_left_out(runtime: DemoRuntime) -> None:
    every = gallery.browse(runtime, Filters(count=500)).relatives
    hostile = next(one for one in every if one.caption == HOSTILE)
    assert hostile.url == ""
    assert all(one.url.startswith("https://") for one in every if one is not hostile)
    origin = Provenance("package", "s", "n", "https://example.org/x", "a", "MIT")
    hits = [
        Hit("d", 1.0, Sample("d", DOT, origin, caption="c"), 2),
        Hit("e", 1.0, Sample("e", "<!DOCTYPE svg [<!ENTITY a 'b'>]><nonsense/>", origin)),
    ]
    plain = SimpleNamespace(search_words=lambda query, k: hits)
    (one,) = gallery.search_words(plain, "x", Filters()).relatives
    assert (one.url, one.author, one.licence, one.duplicates) == ("https://example.org/x", "a", "MIT", 2)


def test_a_broken_index_is_a_notice() -> None:
    def fail(*_: object, **__: object) -> None:
        raise errors.StoreError("no index", hint="text2svg search --build")

    broken = SimpleNamespace(search_words=fail, search_drawing=fail, browse=fail)
    for view in (
        gallery.search_words(broken, "x", Filters()),
        gallery.search_drawing(broken, DOT, Filters()),
        gallery.browse(broken, Filters()),
    ):
        assert (view.state, view.notice.key, view.notice.hint) == ("error", "error.store", "text2svg search --build")


def test_a_server_without_a_corpus_still_opens() -> None:
    def fail() -> None:
        raise errors.StoreError("no index", hint="text2svg setup")

    assert handlers.status(SimpleNamespace(describe=fail)).rows == 0


def test_pictures_have_a_known_form_and_a_size_within_limits(runtime: DemoRuntime) -> None:
    assert handlers.picture(runtime, DOT, "png", 1)[16:20] == (16).to_bytes(4, "big")
    with pytest.raises(errors.ConfigError):
        handlers.picture(runtime, DOT, "bmp", 64)
    if handlers.no_pdf():
        with pytest.raises(errors.MissingDependency):
            handlers.picture(runtime, DOT, "pdf", 64)
    else:
        assert handlers.picture(runtime, DOT, "pdf", 64)[:5] == b"%PDF-"


def test_views_travel_as_plain_json(runtime: DemoRuntime, tuner: Tuner) -> None:
    for view in (
        list(handlers.generate(runtime, Wish("fast rocket")))[-1],
        handlers.optimize(tuner, DOT, Choice()),
        handlers.clean(DOT),
        gallery.browse(runtime, Filters()),
        handlers.status(runtime),
    ):
        assert dataclasses.is_dataclass(view)
        assert json.loads(json.dumps(as_json(view)))


HOSTILE_DRAWINGS = json.loads((Path(__file__).parents[1] / "svg" / "hostile.json").read_text(encoding="utf-8"))
DANGER = re.compile(
    r"<script|javascript:|\son\w+=|foreignObject|<animate|<set\b|@import|127\.0\.0\.1|<!", re.IGNORECASE
)


@pytest.mark.parametrize("one", HOSTILE_DRAWINGS, ids=lambda one: one["name"])
def test_nothing_hostile_reaches_the_page(one: dict[str, str], runtime: DemoRuntime, tuner: Tuner) -> None:
    views = (handlers.clean(one["svg"]), handlers.optimize(tuner, one["svg"], Choice()))
    found = gallery.search_drawing(runtime, one["svg"], Filters(count=1))
    shown = [views[0].drawing.svg, views[1].before.svg, views[1].after.svg, found.query_drawing.svg]
    tags = ["".join(re.findall("<[^>]*>", text)) for text in shown]
    assert [text for text in tags if DANGER.search(text)] == []
    if "bomb" in one["name"]:
        assert views[0].state == "error"
