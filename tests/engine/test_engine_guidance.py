"""Guidance: the formula, its neutral scale, and that a batch changes nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tiny_model import BOS, HEADER, TINY, TinyGrammar, TinyTokenizer

from text2svg.engine import Prompt, Sampling
from text2svg.engine.embedded import EmbeddedEngine, EmbeddedOptions
from text2svg.engine.guidance import GuidedCache
from text2svg.engine.reference import NumpyDecoder
from text2svg.engine.weights import read_config, read_safetensors

LEFT, ARROW = 30, 40
SHORT, LONG = (BOS, ARROW), (BOS, ARROW, LEFT)
BLANKS = {SHORT: (BOS, 0), LONG: (BOS, 0, 0)}
PROMPTS = [Prompt("arrow", ids=SHORT, blank=BLANKS[SHORT]), Prompt("arrow left", ids=LONG, blank=BLANKS[LONG])]
SAMPLING = Sampling(60, 0.9, 0.95, seed=2, guidance=3.0)


@pytest.fixture(scope="module", params=["numpy", "onnx"])
def engine(request: pytest.FixtureRequest) -> EmbeddedEngine:
    options = EmbeddedOptions(decoder=request.param, graph="onnx-fp32")
    return EmbeddedEngine(TINY, options, tokenizer=TinyTokenizer(), grammar=TinyGrammar())


def test_logits_are_the_blank_ones_and_the_difference_scaled() -> None:
    decoder = NumpyDecoder(read_config(TINY), read_safetensors(TINY / "model.safetensors"))
    told, untold = decoder.cache(1, 20), decoder.cache(1, 20)
    expected = []
    for ids in ([], [50], [51]):
        step = [c.step(ids)[0] if ids else None for c in (told, untold)]
        if not ids:
            step = [told.prefill(0, [*LONG, HEADER]), untold.prefill(0, [*BLANKS[LONG], HEADER])]
        expected.append(step[1] + np.float32(3) * (step[0] - step[1]))
    # The shorter prompt begins the longer one and comes first: it must not be taken for it.
    guided = GuidedCache(decoder.cache(1, 20), decoder.cache(1, 20), BLANKS, 3.0)
    got = [guided.prefill(0, [*LONG, HEADER]), guided.step([50])[0], guided.step([51])[0]]
    assert np.array_equal(np.stack(got), np.stack(expected))


def test_scale_one_is_the_plain_model_and_others_are_not(engine: EmbeddedEngine) -> None:
    plain = [p.text for p in engine.complete([replace(p, blank=()) for p in PROMPTS], SAMPLING)]
    assert [a.text for a in engine.complete(PROMPTS, replace(SAMPLING, guidance=1.0))] == plain
    assert [a.text for a in engine.complete(PROMPTS, SAMPLING)] != plain


def test_a_guided_candidate_is_the_same_alone_and_in_a_batch(engine: EmbeddedEngine) -> None:
    prompts = [PROMPTS[i % 2] for i in range(11)]
    together = [a.text for a in engine.complete(prompts, SAMPLING)]
    for i, text in enumerate(together):
        alone = engine.complete([prompts[i]], replace(SAMPLING, seed=SAMPLING.seed + i))
        assert alone[0].text == text, i
