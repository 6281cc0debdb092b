"""Which drawings the model is shown, and how they reach it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from text2svg.engine.base import Delta, Prompt, Sampling
from text2svg.errors import ConfigError
from text2svg.generate import Request, Setup, Started, generate
from text2svg.generate.references import LONGEST, choose, read_aloud
from text2svg.sample import Provenance, Sample
from text2svg.svg.schema import FOOTER, HEADER


def _sample(caption: str, style: str, at: int = 10, tokens: int = 20, collection: str = "lucide") -> Sample:
    svg = f'{HEADER}<path d="M{at} 20H200V90Z"/>{FOOTER}'
    where = Provenance("package", collection, caption)
    return Sample(
        f"{caption} {style} {at}", "", where, caption, style=style, optimized=svg, rung="integer", tokens=tokens
    )


ROWS = [
    _sample("bell", "filled"),
    _sample("bell", "outline"),
    _sample("bell", "outline", 30),
    _sample("bell off", "outline"),
    _sample("bell", "color", tokens=LONGEST + 1),
    _sample("car", "filled"),
]


def _find(words: str, style: str) -> Sequence[Sample]:
    asked = set(words.split())
    found = [row for row in ROWS if asked <= set(row.caption.split()) and style in ("", row.style)]
    return sorted(found, key=lambda row: set(row.caption.split()) != asked)


def test_the_style_asked_for_stands_last_and_turns_bring_others() -> None:
    first, second = choose(_find, ["bell"], "outline"), choose(_find, ["bell"], "outline", 1)
    assert [row.style for row in first] == [row.style for row in second] == ["filled", "outline"]
    assert first[1] != second[1]
    assert len(choose(_find, ["bell"], "")) == 2


def test_without_a_whole_caption_longer_ones_and_then_single_words_serve() -> None:
    assert [row.caption for row in choose(_find, ["off"], "outline")] == ["bell off"]
    assert {row.caption for row in choose(_find, ["car", "bell"], "filled")} == {"car", "bell"}
    assert choose(_find, ["zebra"], "outline") == []


def test_long_drawings_leave_no_room_and_are_not_shown() -> None:
    assert all(row.tokens <= LONGEST for turn in range(8) for row in choose(_find, ["bell"], "color", turn))


def test_a_reference_is_read_as_it_was_learned(tokenizer) -> None:
    ids = read_aloud(ROWS[:2], tokenizer)
    text = tokenizer.inner.decode(list(ids), skip_special_tokens=False)
    assert text.count("<|set:lucide|>") == 2 and text.count("<|style:filled|>") == 1
    assert tokenizer.decode(ids).replace(" bell", "") == ROWS[0].optimized + ROWS[1].optimized
    assert ids.count(tokenizer.bos_id) == ids.count(tokenizer.eos_id) == 2 and ids[-1] == tokenizer.eos_id


class _Listening:
    """Keeps what it was asked."""

    name, reads_images, streams = "listening", False, True

    def stream(self, prompts: Sequence[Prompt], sampling: Sampling):  # noqa: ARG002
        self.prompts = list(prompts)
        yield from (Delta(at, ROWS[0].optimized, "stop", 9) for at in range(len(prompts)))


def test_all_candidates_share_the_references_and_the_start_names_them(tokenizer) -> None:
    engine = _Listening()
    events = list(generate(Request("bell", "outline", 2, references="auto"), engine, tokenizer, Setup(find=_find)))
    (started,) = [e for e in events if isinstance(e, Started)]
    before = read_aloud(started.references, tokenizer)
    assert [row.style for row in started.references] == ["filled", "outline"]
    assert all(p.shared == len(before) and p.ids[: p.shared] == p.blank[: p.shared] == before for p in engine.prompts)
    assert len({p.ids for p in engine.prompts}) == 2


def test_none_shows_none_and_other_words_are_refused(tokenizer) -> None:
    engine = _Listening()
    events = list(generate(Request("bell", "outline", 1), engine, tokenizer, Setup(find=_find)))
    assert events[0].references == () and engine.prompts[0].shared == 0
    with pytest.raises(ConfigError, match="unknown references"):
        Request("bell", references="some")
