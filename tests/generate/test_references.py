from __future__ import annotations

from dataclasses import replace

import pytest

from text2svg.engine.embedded import EmbeddedEngine
from text2svg.errors import ConfigError, NotCanonical
from text2svg.generate import Finished, Request, Setup, generate
from text2svg.generate.prompt import build_prompts
from text2svg.generate.references import LONGEST, Reference, choose_references, prefix, read_references, words_of_name
from text2svg.generate.vocabulary import Reading
from text2svg.optimize.options import Optimized
from text2svg.sample import Provenance, Sample
from text2svg.svg.order import order
from text2svg.svg.reader import canonicalize
from text2svg.svg.schema import FOOTER, HEADER
from text2svg.svg.tokenizer import Tokenizer

HOUSE = canonicalize(HEADER + '<path d="M20 128L128 32L236 128V236H20Z"/>' + FOOTER)
BELL = canonicalize(HEADER + '<circle cx="128" cy="128" r="64" fill="none" stroke="#000" stroke-width="16"/>' + FOOTER)


def _sample(svg: str, caption: str, collection: str = "lucide", tokens: int = 20) -> Sample:
    return Sample(
        caption + collection, "", Provenance("package", collection), caption, style="filled", optimized=svg,
        rung="integer", tokens=tokens,
    )  # fmt: skip


def _never(_svg: str) -> Optimized:
    raise AssertionError("a canonical drawing needs no optimizer")


def test_a_reference_is_a_whole_document_before_the_prompt(tokenizer: Tokenizer) -> None:
    one = Reference("a house", HOUSE, 20, "filled", "lucide")
    ids = prefix((one,), tokenizer)
    assert ids[0] == tokenizer.bos_id
    assert ids[-1] == tokenizer.eos_id
    text = tokenizer.inner.decode(list(ids), skip_special_tokens=False)
    assert text.startswith("<|bos|><|set:lucide|><|style:filled|><|detail:0|>")
    assert order(HOUSE) in text
    assert "<|set:" not in tokenizer.inner.decode(
        list(prefix((replace(one, collection="unknown"),), tokenizer)), skip_special_tokens=False
    )


def test_candidates_take_references_by_turns_and_guidance_keeps_them(tokenizer: Tokenizer) -> None:
    house, bell = (Reference(words, svg, 20) for words, svg in (("house", HOUSE), ("bell", BELL)))
    request = Request("car", "outline", 3, references=((house,), (bell, house)))
    plain = build_prompts(Request("car", "outline", 3), Reading(("car",)), tokenizer)
    prompts = build_prompts(request, Reading(("car",)), tokenizer)
    for prompt, own, before in zip(prompts, plain, ((house,), (bell, house), (house,)), strict=True):
        ids = prefix(before, tokenizer)
        assert prompt.ids == ids + own.ids
        assert prompt.blank == ids + own.blank
        assert prompt.examples == tuple((one.words, one.svg) for one in before)
    assert all(not prompt.examples for prompt in plain)


def test_references_of_the_corpus_are_short_and_differ() -> None:
    rows = [
        _sample(HOUSE, "house"),
        _sample(HOUSE, "home", "tabler"),
        _sample(BELL, "bell", tokens=LONGEST),
        replace(_sample(BELL, "bell"), rung="wrap"),
        _sample(BELL, "bell"),
    ]
    assert [[one.words for one in before] for before in choose_references(rows, 8)] == [["house"], ["bell"]]
    assert len(choose_references(rows, 1)) == 1
    assert choose_references([], 8) == ()


def test_drawings_of_the_user_stand_together(tokenizer: Tokenizer) -> None:
    read = read_references([("My_House-24.svg", HOUSE), ("7.svg", f" {BELL}\n")], _never, tokenizer)
    assert [(one.words, one.svg, one.style) for one in read] == [("my house", HOUSE, "filled"), ("", BELL, "outline")]
    with pytest.raises(ConfigError, match="3 references, 2 at most"):
        read_references([("a", HOUSE)] * 3, _never, tokenizer)
    corners = "".join(f"L{n * 37 % 250} {n * 91 % 250}" for n in range(90))
    long = canonicalize(f'{HEADER}<path d="M1 1{corners}Z"/>{FOOTER}')
    with pytest.raises(ConfigError, match=f"fewer than {LONGEST} leave room"):
        read_references([("long", long)], _never, tokenizer)
    with pytest.raises(NotCanonical):
        read_references([("mask", "<svg/>")], lambda svg: Optimized(svg, "wrap", 1, 1, 1, None), tokenizer)


def test_more_references_than_are_read_are_refused() -> None:
    one = Reference("house", HOUSE, 20)
    with pytest.raises(ConfigError, match="more than 2 references"):
        Request("car", references=((one, one, one),))


@pytest.mark.parametrize(
    ("name", "words"),
    [("Arrow-left_24.svg", "arrow left"), ("家.SVG", "家"), ("-", ""), ("a b c d e f g h i.svg", "a b c d e f g h")],
)
def test_a_file_is_named_for_what_it_shows(name: str, words: str) -> None:
    assert words_of_name(name) == words


def test_a_model_draws_behind_references(folder, tokenizer: Tokenizer) -> None:
    engine = EmbeddedEngine(folder)
    request = Request("car", "outline", 2, max_tokens=40)
    behind = replace(request, references=((Reference("house", HOUSE, 20),),))
    drawn = [
        [e.svg for e in generate(asked, engine, tokenizer, Setup(max_fps=0)) if isinstance(e, Finished)]
        for asked in (request, behind)
    ]
    assert drawn[0] != drawn[1]
    assert all(canonicalize(svg) == svg for svgs in drawn for svg in svgs)
