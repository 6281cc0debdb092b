"""The growth of a corpus: the law is recovered, a dry source is noticed, and the plot is a drawing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from text2svg.curate.heaps import curve, fit, grow
from text2svg.errors import Refused, SourceError, StoreError
from text2svg.executor import Outcome
from text2svg.pipeline import import_samples
from text2svg.pipeline.growth import draw, numbers, read_growth, write
from text2svg.raster import load
from text2svg.sample import Provenance, Sample, digest_of
from text2svg.store import Store
from text2svg.svg.sanitize import sanitize


def drawn_by_law(rows: int, beta: float) -> np.ndarray:
    """First sightings of a stream whose chance of something new is the derivative of rows ** beta."""
    chance = beta * np.arange(1, rows + 1) ** (beta - 1)
    return np.random.default_rng(5).random(rows) < chance


def test_the_law_behind_a_stream_is_found_with_an_interval_around_it() -> None:
    growth = grow(*curve(drawn_by_law(200_000, 0.66)))
    law = growth.law
    assert law.low < law.beta < law.high and abs(law.beta - 0.66) < 0.03
    assert law.low - 0.02 < 0.66 < law.high + 0.02
    expected, low, high = law.at(2_000_000)
    assert low < expected < high and 0.8 < expected / 2_000_000**0.66 < 1.25
    assert growth.tested_from <= 100_000 and abs(growth.tested_error) < 0.1


def test_the_original_publications_curve_gives_its_exponent() -> None:
    read = np.unique(np.geomspace(100, 113_000, 60).astype(int))
    law = fit(read.tolist(), (21.85 * read**0.66).tolist())
    assert (round(law.k, 2), round(law.beta, 2)) == (21.85, 0.66)
    assert 4.6e6 < law.at(30 * 4_000_000)[0] < 4.8e6


def test_a_source_that_runs_dry_shows_in_the_back_test() -> None:
    fresh = np.zeros(10_000, bool)
    fresh[:4_000] = True
    assert grow(*curve(fresh)).tested_error > 0.2


def test_few_points_are_refused() -> None:
    with pytest.raises(SourceError, match="points"):
        grow(*curve(np.ones(5, bool)))
    assert curve(np.zeros(0, bool)) == ([], [])


def sample(n: int, url: str) -> Sample:
    raw = f"<svg>{n}</svg>"
    return Sample(digest_of(raw), raw, Provenance("url", url=url))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    def rows() -> Iterator[Sample | Outcome]:
        for at in range(900):
            found = sample(int(at**0.7), f"https://example.org/{at // 3}")
            if at % 9 == 8:
                error = Refused("blank", "nothing")
                yield Outcome(at, replace(found, raw="", digest=digest_of("")), str(error), "blank", dropped=True)
            else:
                yield found

    with Store.create(tmp_path / "store") as store:
        import_samples(store, [("a", rows())], {}, shard_rows=100)
        yield store


def test_a_stores_rows_and_addresses_are_counted(store: Store) -> None:
    growth = read_growth(store)
    distinct = len({int(at**0.7) for at in range(900) if at % 9 != 8})
    assert (growth.read[-1], growth.unique[-1]) == (900, distinct)
    assert store.histogram("source") == {"url": distinct}
    by_url = read_growth(store, "urls")
    assert (by_url.read[-1], by_url.unique[-1]) == (300, distinct)
    shuffled = read_growth(store, "rows", shuffle=3)
    assert (shuffled.read[-1], shuffled.unique[-1]) == (900, distinct)
    assert shuffled.unique != growth.unique and shuffled == read_growth(store, "rows", shuffle=3)


def test_the_plot_is_safe_whole_and_not_blank(store: Store, tmp_path: Path) -> None:
    growth = read_growth(store)
    text = draw(growth, 9_000, "rows")
    assert sanitize(text).text and "95 %" in text
    assert load("resvg").render(text, 128)[..., :3].std() > 5
    told = numbers(growth, 9_000, "rows")
    assert told["extrapolation"][-1]["read"] == 9_000 and told["beta_interval_95"][0] < told["beta"]
    assert numbers(growth, 0, "rows")["extrapolation"] == [] and draw(growth, 0, "rows")
    write(tmp_path / "growth.svg", text)
    assert (tmp_path / "growth.svg").read_text() == text


def test_an_empty_store_has_no_growth(tmp_path: Path) -> None:
    with Store.create(tmp_path / "store") as store, pytest.raises(StoreError, match="no rows"):
        read_growth(store)
