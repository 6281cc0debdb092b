"""The benchmark prompts: 500, of seven kinds, with provenance, and none of them a caption that training reads."""

from __future__ import annotations

import json
from collections import Counter

from text2svg.caption.keywords import is_heldout, words_of
from text2svg.evaluate.disjoint import overlap
from text2svg.evaluate.tasks import prompt_tasks
from text2svg.generate.request import MAX_PROMPT
from text2svg.runtime import ASSETS
from text2svg.sample import Provenance, Sample
from text2svg.store.starter import read_starter

DATA = json.loads((ASSETS / "benchmark-prompts.json").read_text(encoding="utf-8"))
PROMPTS = DATA["prompts"]


def test_there_are_500_of_seven_kinds() -> None:
    assert len(PROMPTS) == len({p["id"] for p in PROMPTS}) == len({p["text"].lower() for p in PROMPTS}) == 500
    counts = Counter(p["category"] for p in PROMPTS)
    assert set(counts) == set(DATA["categories"]) and min(counts.values()) >= 50
    assert all(p["id"].startswith(p["category"]) for p in PROMPTS)
    assert DATA["version"] == 1 and "November 2026" in DATA["provenance"] and DATA["licence"] == "CC0-1.0"


def test_each_is_in_its_language_and_fits_a_request() -> None:
    for prompt in PROMPTS:
        russian = any("а" <= letter <= "я" for letter in prompt["text"].lower())
        assert russian == (prompt["language"] == "ru") == (prompt["category"] == "russian")
        assert 1 <= len(prompt["text"].split()) <= 14 and len(prompt["text"]) <= MAX_PROMPT


def test_none_is_what_training_reads_of_the_starter_corpus() -> None:
    found = overlap((p["text"] for p in PROMPTS), read_starter(ASSETS / "starter" / "samples.parquet"))
    assert found.shared == () and found.rows > 6000 and found.prompts > 400


def test_the_check_sees_orders_articles_tags_and_colours_and_forgives_held_out_captions() -> None:
    def rows(caption: str, *tags: str) -> list[Sample]:
        return [Sample("d", "<svg/>", Provenance("package"), caption, tags)]

    assert overlap(["a left arrow", "the bell"], rows("arrow left")).shared == ("a left arrow",)
    assert overlap(["a bird with a nest"], rows("crow", "bird nest")).shared == ("a bird with a nest",)
    assert overlap(["a left arrow"], rows("right arrow")).shared == ()
    held = next(f"caption {i}" for i in range(99) if is_heldout(f"caption {i}"))
    assert overlap([f"a {held}"], rows(held)).rows == 0
    assert words_of("красный круг") == ()


def test_tasks_carry_their_category() -> None:
    tasks = prompt_tasks(DATA)
    assert tasks.name == "prompts-1" and len(tasks.tasks) == 500
    part = tasks.first(70)
    assert Counter(task.category for task in part.tasks) == dict.fromkeys(DATA["categories"], 10)
    assert part.sha256 != tasks.sha256 == prompt_tasks(DATA).sha256
