"""Shares, means, ranks and the facts of a drawing against answers known beforehand; altered, each of them is noticed."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest

from tests.evaluate.altered import altered
from text2svg.evaluate import encoder, judge, measure, metrics, readings
from text2svg.evaluate.protocols import CORE
from text2svg.evaluate.readings import Answer
from text2svg.evaluate.tasks import Task, Tasks
from text2svg.raster import load

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256">'
DISC = f'{HEAD}<circle cx="128" cy="128" r="90"/></svg>'
OVER = f'{HEAD}<circle cx="250" cy="128" r="90"/></svg>'
BLANK = f'{HEAD}<path d="M0 0H9" fill="none"/></svg>'
NO_SIZE = '<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0"/>'
SCRIPT = DISC.replace("<circle", "<script>1</script><circle")
RESVG = load("resvg")


def mean_by_hand() -> None:
    figure = metrics.mean([1.0, 2.0, 3.0, 6.0])
    assert (figure.value, figure.n) == (3.0, 4)
    half = metrics.mean([0.0, 1.0] * 200)  # the normal interval is 0.5 ± 1.96 * 0.5 / sqrt(400)
    assert half.low == pytest.approx(0.451, abs=0.006) and half.high == pytest.approx(0.549, abs=0.006)


def share_by_hand() -> None:
    assert metrics.share([True, True, True, False]).value == 0.75


def ranks_by_hand() -> None:
    """Each drawing sees the two texts after its own: drawing 1 likes text 2 better, drawing 2 cannot tell 2 from 0."""
    texts = np.eye(4, dtype=np.float32)
    drawings = np.array([[1, 0, 0, 0], [0, 0.5, 1, 0], [1, 0, 1, 0], [0, 1, 0, 0.5]], np.float32)
    ranks, wins, size = metrics.retrieval_ranks(drawings, texts, 3)
    assert ranks.tolist() == [0, 1, 1, 1] and wins.tolist() == [1, 0.5, 0.5, 0.5] and size == 3


def bootstrap_by_hand() -> None:
    figure = metrics.bootstrap(lambda picks: float(np.mean(picks)), 101, times=300)
    assert figure.value == 50 and figure.low == pytest.approx(44.3, abs=1.5) and figure.high == pytest.approx(55.7, abs=1.5)


class Sure:
    """Knows three words; a drawing of two looks half as much like the second."""

    def encode_text(self, texts: list[str]) -> np.ndarray:
        known = np.eye(3, dtype=np.float32)
        return np.stack([sum(known["abc".index(word)] / (1 + at) for at, word in enumerate(text)) for text in texts])

    encode_svg = encode_text


def verdict_by_hand() -> None:
    found = judge.verdict(Sure(), ["a", "b", "c"], ["a", "cb", ""])  # right; c before b; not there
    assert (found["r1"].value, found["r5"].value, found["own"].value) == (0.3333, 1.0, 0.5)


def range_by_hand() -> None:
    tasks = Tasks("t", tuple(Task(word, word, svg=word) for word in "abc"))
    found = judge.range_of(Sure(), tasks)
    assert found["real"]["r1"].value == 1 and found["shuffled"]["r1"].value == 0


def facts_of_drawings() -> None:
    svgs = (DISC, DISC, DISC, OVER, BLANK, SCRIPT, NO_SIZE, "<svg")
    read = [readings.read(Answer(Task("0", "x"), svg, 1), RESVG, 64) for svg in svgs]
    found = {name: figure.value for name, figure in measure._shares(read, 0).items()}
    assert found == {"parse": 0.875, "render": 0.75, "success": 0.75, "not_blank": 0.625, "safe": 0.75, "canonical": 0.5,
                     "inside": 0.625}  # fmt: skip


def lengths_of_drawings() -> None:
    """A failure has no length in tokens and no shapes."""
    found = measure.measure(CORE, [Answer(Task("0", "x"), svg, 40) for svg in (DISC, "<svg")], measure.Bench(RESVG)).figures
    assert (found["tokens"].value, found["tokens"].n) == (40, 1)
    assert (found["shapes"].value, found["segments"].value, found["bytes"].n) == (0.5, 0.5, 2)
    assert found["bytes"].value == (len(DISC) + len("<svg")) / 2


def ranks_of_an_encoder() -> None:
    """The best right row counts, a hidden one does not, and a tie counts against the answer."""
    asked = np.array([[0.9, 0.5, 0.4, 0.1], [0.9, 0.5, 0.4, 0.1], [0.5, 0.5, 0.4, 0.1]], np.float32)
    right = [np.array([1, 3]), np.array([1, 3]), np.array([1])]
    task = encoder.Task("t", right, [np.zeros(0, int), np.array([0]), np.zeros(0, int)])
    assert encoder.ranks(asked, np.eye(4, dtype=np.float32), task).tolist() == [2, 1, 2]


def figures_of_an_encoder() -> None:
    found = encoder.figures(np.array([1, 2, 10, 11]), 50)
    assert [found[name]["value"] for name in ("recall_1", "recall_10", "mrr")] == [0.25, 0.75, 0.4227]


def ink_outside() -> None:
    assert readings.stays_inside(DISC, RESVG) and not readings.stays_inside(OVER, RESVG)


def copies() -> None:
    read = [readings.read(Answer(Task("0", "x"), svg, 1), RESVG, 64) for svg in (DISC, OVER)]
    bench = measure.Bench(RESVG, near=lambda _svg: [DISC.replace('r="90"', 'r="91"'), OVER])
    assert [measure._copied(one, bench) for one in read] == [(True, False), (True, True)]


MUTATIONS = [
    (metrics, "mean", "data.mean()", "np.median(data)", mean_by_hand),
    (metrics, "mean", "[2.5, 97.5]", "[25, 75]", mean_by_hand),
    (metrics, "share", "float(f)", "float(not f)", share_by_hand),
    (metrics, "retrieval_ranks", ">= own", "> own", ranks_by_hand),
    (metrics, "retrieval_ranks", "< own", "<= own", ranks_by_hand),
    (metrics, "retrieval_ranks", "np.arange(1, size)", "np.arange(size - 1)", ranks_by_hand),
    (metrics, "retrieval_ranks", "drawings @ texts.T", "texts @ drawings.T", ranks_by_hand),
    (metrics, "bootstrap", "statistic(np.arange(count))", "statistic(np.arange(9))", bootstrap_by_hand),
    (metrics, "bootstrap", "size=count", "size=4 * count", bootstrap_by_hand),
    (judge, "verdict", "rank < k", "rank <= k", verdict_by_hand),
    (judge, "range_of", "np.roll(order, 1)", "order", range_by_hand),
    (measure, "_shares", "not r.blank", "r.blank", facts_of_drawings),
    (measure, "_shares", "r.canonical", "r.parsed", facts_of_drawings),
    (measure, "_shares", "r.inside", "r.rendered", facts_of_drawings),
    (measure, "_shares", "r.parsed, \"render\"", "r.rendered, \"render\"", facts_of_drawings),
    (measure, "_shares", "lambda r: r.rendered", "lambda r: r.parsed", facts_of_drawings),
    (measure, "_shares", "r.parsed and r.rendered", "r.parsed or r.rendered", facts_of_drawings),
    (measure, "_shares", "r.safe", "r.parsed", facts_of_drawings),
    (readings, "read", "removed == ()", "removed != ()", facts_of_drawings),
    (measure, "_gather", "if reading.rendered:", "if True:", lengths_of_drawings),
    (measure, "_gather", "getattr(reading, name)", "reading.bytes", lengths_of_drawings),
    (encoder, "ranks", ">= best", "> best", ranks_of_an_encoder),
    (encoder, "ranks", "line[right].max()", "line[right].min()", ranks_of_an_encoder),
    (encoder, "ranks", "line[task.hidden[at]]", "line[:0]", ranks_of_an_encoder),
    (encoder, "figures", "found <= 1)", "found <= 2)", figures_of_an_encoder),
    (encoder, "figures", "found <= 10", "found < 10", figures_of_an_encoder),
    (encoder, "figures", "1 / found", "1 / found**2", figures_of_an_encoder),
    (readings, "stays_inside", "> 8", "> 255", ink_outside),
    (measure, "_copied", "gap < NEAR", "gap < 0", copies),
    (measure, "_copied", "exact = reading.answer.svg in others", "exact = False", copies),
]
KNOWN = list(dict.fromkeys(check for *_, check in MUTATIONS))


@pytest.mark.parametrize("check", KNOWN, ids=lambda check: check.__name__)
def test_known_answers(check: Callable[[], None]) -> None:
    check()


@pytest.mark.parametrize(("module", "name", "old", "new", "check"), MUTATIONS, ids=[f"{n}-{o}" for _, n, o, *_ in MUTATIONS])
def test_an_altered_formula_is_noticed(
    module: ModuleType, name: str, old: str, new: str, check: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = altered(module, name, old, new)
    for place in (module, judge, measure):  # also where it was imported to
        if hasattr(place, name):
            monkeypatch.setattr(place, name, made)
    with pytest.raises((AssertionError, ValueError)):
        check()
