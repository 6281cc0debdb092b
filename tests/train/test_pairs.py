"""Composed pairs become documents whose prompts are those of generation."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tests.svg.drawings import LUCIDE
from text2svg.errors import TrainError
from text2svg.svg.order import order
from text2svg.svg.tokenizer import load_tokenizer
from text2svg.train.dataset import Row, build_shards
from text2svg.train.pairs import pair_documents, read_composed
from text2svg.train.shards import open_group

LINE = {
    "index": 1,
    "prompts": ["a red power symbol on a blue circular button, outlined", "power"],
    "svg": LUCIDE,
    "style": "outline",
    "sources": [{"collection": "lucide"}],
}


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_pair_is_asked_for_as_generation_reads_its_sentence(tmp_path) -> None:
    tokenizer = load_tokenizer()
    path = write(tmp_path / "pairs.jsonl", LINE, LINE | {"index": 50}, LINE | {"index": 2, "svg": "<svg/>"})
    documents, counts = pair_documents(read_composed(path), tokenizer)
    assert counts == Counter({"pairs.train": 1, "pairs.heldout": 1, "pairs not canonical": 1})
    rows = build_shards(
        [Row(LUCIDE, "minus", "lucide", "outline")], tmp_path / "s", tokenizer, lambda _: False, more=documents
    )
    assert rows["stroke.train"] == 1
    group = open_group(tmp_path / "s", "pairs", "train")
    assert tokenizer.decode(group.drawing(0)) == order(LUCIDE)
    texts = [tokenizer.inner.decode(list(p), skip_special_tokens=False) for p in group.prompts(0)]
    words = "red power on blue circular button outlined"
    assert texts == [
        f"<|bos|><|set:lucide|><|style:outline|><|detail:2|> {words}",
        f"<|bos|><|set:lucide|><|style:outline|> {words}",
        "<|bos|><|set:lucide|><|style:outline|><|detail:2|> power",
        "<|bos|><|set:lucide|><|style:outline|> power",
    ]


def test_what_is_too_long_is_counted(tmp_path) -> None:
    path = write(tmp_path / "pairs.jsonl", LINE)
    documents, counts = pair_documents(read_composed(path), load_tokenizer(), longest=5)
    assert not documents and counts == {"pairs too long": 1}


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"index": 1}', json.dumps(LINE | {"prompts": []}), json.dumps(LINE | {"sources": []})]
)
def test_a_line_that_is_no_pair_is_named(tmp_path, line) -> None:
    path = write(tmp_path / "pairs.jsonl", LINE)
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(TrainError, match="pairs.jsonl, line 2"):
        list(read_composed(path))
