from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from text2svg.errors import ConfigError
from text2svg.runtime import Once, Runtime
from text2svg.settings import Settings

HEART = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256">'
    '<path fill="#f00" d="M128 200L40 110V60H120L128 80L136 60H216V110Z"/></svg>'
)


@pytest.fixture(scope="module")
def runtime(tmp_path_factory):
    made = Runtime(Settings(data=tmp_path_factory.mktemp("none"), cache=tmp_path_factory.mktemp("cache")))
    yield made
    made.close()


def test_the_starter_corpus_serves_when_there_is_no_store(runtime) -> None:
    facts = runtime.describe()
    assert facts["corpus"] == "starter"
    assert facts["rows"] >= 5000
    assert set(facts["licences"]) <= {
        "MIT",
        "Apache-2.0",
        "ISC",
        "CC-BY-4.0",
        "CC-BY-3.0",
        "CC0-1.0",
        "OFL-1.1",
        "BSD-3-Clause",
    }


def test_browse_pages_do_not_overlap(runtime) -> None:
    pages = [runtime.browse(24, offset, style="outline") for offset in (0, 24)]
    digests = [hit.digest for page in pages for hit in page]
    assert len(set(digests)) == 48
    assert {hit.style for page in pages for hit in page} == {"outline"}


def test_every_starter_row_carries_licence_author_and_link(runtime) -> None:
    for hit in runtime.browse(7200):
        p = hit.sample.provenance
        assert p.licence
        assert p.author
        assert p.url.startswith("https://")


def test_search_by_drawing_cleans_it_first(runtime) -> None:
    hostile = HEART.replace("<path", "<script>alert(1)</script><path")
    assert len(runtime.search_drawing(hostile, 5)) == 5


def test_png_and_optimize(runtime) -> None:
    assert runtime.png(HEART, 32).startswith(b"\x89PNG")
    assert runtime.optimize(HEART, profile="model").rung == "integer"


def test_settings_come_from_the_environment_and_refuse_the_unknown() -> None:
    settings = Settings.read({"TEXT2SVG_PORT": "8080", "TEXT2SVG_DATA": "/data", "HOME": "/x"})
    assert (settings.port, settings.data) == (8080, Path("/data"))
    for wrong in ({"TEXT2SVG_PROT": "1"}, {"TEXT2SVG_PORT": "ninety"}, {"TEXT2SVG_PORT": "99999"}):
        with pytest.raises(ConfigError):
            Settings.read(wrong)


def test_a_tool_is_made_once_whoever_asks_first() -> None:
    class Owner:
        def __init__(self) -> None:
            self._lock, self.count = threading.RLock(), 0

        @Once
        def tool(self) -> object:
            self.count += 1
            time.sleep(0.02)
            return object()

    owner, seen = Owner(), []
    threads = [threading.Thread(target=lambda: seen.append(owner.tool)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert owner.count == 1
    assert len(set(map(id, seen))) == 1
