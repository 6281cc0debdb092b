"""The pipeline stage: a Sample in, the same Sample with text, rung, tokens, difference and style."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from text2svg.errors import SvgError
from text2svg.executor import load as load_executor
from text2svg.optimize.step import OptimizeStep
from text2svg.optimize.style import judge_style
from text2svg.optimize.svgo import SvgoOptions
from text2svg.sample import Provenance, Sample, digest_of
from text2svg.svg.tokenizer import load_tokenizer, train_tokenizer

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
OUTLINE = (
    f'{HEAD}<g fill="none" stroke="currentColor" stroke-width="2">'
    '<path d="M5 12h14"/><path d="m12 5 7 7-7 7"/></g></svg>'
)
TEXT = f'{HEAD}<text x="2" y="12" font-size="9">hi</text></svg>'


@pytest.fixture(scope="module")
def step(svgo_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> OptimizeStep:
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    train_tokenizer(["arrow left"], ["lucide"]).inner.save(str(path))
    return OptimizeStep(tokenizer=str(path), svgo=SvgoOptions(cache=svgo_cache))


def sample(raw: str, **fields: object) -> Sample:
    return Sample(digest_of(raw), raw, Provenance("package"), **fields)


def test_fills_the_optimized_fields_and_no_others(step: OptimizeStep) -> None:
    before = sample(OUTLINE, caption="arrow right", tags=("next",))
    with step.open() as run:
        after = run(before)
    assert after.rung == "integer" and after.canonical
    assert after.style == "outline"
    assert after.tokens == len(load_tokenizer(step.tokenizer).encode(after.optimized)) > 5
    assert 0 <= after.difference < 8
    assert (after.digest, after.raw, after.caption, after.tags) == (before.digest, OUTLINE, "arrow right", ("next",))


def test_a_style_that_the_source_knows_stays(step: OptimizeStep) -> None:
    with step.open() as run:
        assert run(sample(OUTLINE, style="duotone")).style == "duotone"
        assert run(sample(OUTLINE, palette=True)).style == "color"


def test_other_rungs_carry_no_tokens(step: OptimizeStep) -> None:
    with step.open() as run:
        after = run(sample(TEXT))
    assert after.rung != "integer" and not after.canonical
    assert after.tokens == 0 and after.optimized


def test_is_deterministic_and_pickles(step: OptimizeStep) -> None:
    with step.open() as one, pickle.loads(pickle.dumps(step)).open() as other:
        assert one(sample(OUTLINE)) == other(sample(OUTLINE))


def test_refusals_are_typed(step: OptimizeStep) -> None:
    with step.open() as run, pytest.raises(SvgError):
        run(sample("<svg"))


def test_runs_under_an_executor_with_one_outcome_a_row(step: OptimizeStep) -> None:
    rows = [sample(OUTLINE), sample("<html/>"), sample(TEXT)]
    outcomes = list(load_executor("processes:1").run(step, rows))
    assert [outcome.index for outcome in outcomes] == [0, 1, 2]
    assert [bool(outcome.error) for outcome in outcomes] == [False, True, False]
    assert outcomes[1].reason


@pytest.mark.parametrize(
    ("body", "style"),
    [
        ('<path fill="none" stroke="#000" d="M1 1H9"/>', "outline"),
        ('<path d="M1 1H9V9Z"/>', "filled"),
        ('<path fill="#f00" d="M1 1H9V9Z"/>', "filled"),
        ('<path fill-opacity=".3" d="M1 1H9V9Z"/><path d="M2 1H9V9Z"/>', "duotone"),
        ('<path fill="#f00" d="M1 1H9V9Z"/><path d="M2 1H9V9Z"/>', "color"),
        ('<path fill="url(#a)" d="M1 1H9V9Z"/>', "color"),
        ('<g fill="none" stroke="#000"><path d="M1 1H9"/><circle cx="9" cy="9" r="3"/></g>', "outline"),
        ('<g fill="none" stroke="#000"><path d="M1 1H9"/></g><circle cx="9" cy="9" r="3"/>', "filled"),
        ("", ""),
    ],
)
def test_judge_style(body: str, style: str) -> None:
    assert judge_style(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256">{body}</svg>') == style
