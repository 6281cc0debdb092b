"""The killable rasterizer: bombs, deaths and memory cost one picture, never the process that asked."""

from __future__ import annotations

import threading
import time

import pytest

from text2svg.errors import MissingDependency, RenderError
from text2svg.raster.cairo import Cairo
from text2svg.raster.guard import Guarded
from text2svg.raster.resvg import Resvg

SMALL = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4" cy="4" r="4"/></svg>'
SLOW = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><filter id="f" x="0" y="0" width="1" height="1">'
    + '<feTurbulence baseFrequency=".9" numOctaves="200"/>' * 4
    + '</filter><rect width="100" height="100" filter="url(#f)"/></svg>'
)


def test_a_bomb_is_killed_in_time_and_the_next_drawing_works() -> None:
    with Guarded(Resvg(), timeout_s=0.5) as guarded:
        guarded.render(SMALL, 32)
        start = time.monotonic()
        with pytest.raises(RenderError, match=r"no picture after 0\.5 s"):
            guarded.render(SLOW, 2048)
        assert time.monotonic() - start < 5
        assert guarded.render(SMALL, 32).any()


def test_a_dead_child_costs_one_error_at_most() -> None:
    with Guarded(Resvg(), timeout_s=20) as guarded:
        guarded.render(SMALL, 32)
        guarded._child.kill()
        guarded._child.wait()
        assert guarded.render(SMALL, 32).any()


def test_a_child_that_dies_while_drawing_is_an_error_and_not_a_hang() -> None:
    with Guarded(Resvg(), timeout_s=20) as guarded:
        guarded.render(SMALL, 32)
        threading.Timer(0.3, guarded._child.kill).start()
        with pytest.raises(RenderError, match="killed"):
            guarded.render(SLOW, 2048)
        assert guarded.render(SMALL, 32).any()


def test_threads_take_turns() -> None:
    results: list[tuple[int, ...]] = []
    with Guarded(Resvg(), timeout_s=20) as guarded:
        threads = [
            threading.Thread(target=lambda size=size: results.append(guarded.render(SMALL, size).shape))
            for size in (16, 24, 32, 40)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(results) == [(16, 16, 4), (24, 24, 4), (32, 32, 4), (40, 40, 4)]


def test_cairo_fetches_nothing() -> None:
    pytest.importorskip("cairosvg", exc_type=OSError)
    for address in ("http://127.0.0.1:9/x.png", "file:///etc/passwd"):
        text = SMALL.replace("<circle", f'<image href="{address}" width="9" height="9"/><circle')
        with pytest.raises(RenderError, match="asks for"):
            Cairo().render(text, 32)


def test_cairo_writes_pdf() -> None:
    pytest.importorskip("cairosvg", exc_type=OSError)
    assert Cairo().pdf(SMALL, 64).startswith(b"%PDF")


def test_absent_libcairo_is_a_missing_dependency_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    real = builtins.__import__

    def refuse(name: str, *args: object, **kwargs: object) -> object:
        if name == "cairosvg":
            raise OSError("no library called cairo-2 was found")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingDependency) as caught:
        Cairo().render(SMALL, 32)
    assert "libcairo2" in caught.value.hint
