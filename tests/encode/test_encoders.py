"""The encoders of text2svg.encode: words, the baseline, the exported towers, whole corpora."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from text2svg.encode import load
from text2svg.encode.corpus import EncodeStep, encode_corpus, encode_samples
from text2svg.encode.words import Vocabulary, content_words, ngrams, words_of
from text2svg.errors import ConfigError, UnknownKind
from text2svg.sample import Sample


def test_words_are_plain() -> None:
    assert words_of("ArrowLeft2, Café — дом") == ["arrow", "left", "2", "cafe", "дом"]
    assert words_of("  ") == []
    assert ngrams("ox") == ["<ox", "ox>", "<ox>"]


def test_articles_say_nothing_but_letters_do() -> None:
    words = words_of("A blue button with a star")
    assert content_words(words) == ["blue", "button", "star"]
    assert content_words(["letter", "a"]) == ["letter", "a"]
    assert content_words(["the"]) == ["the"]
    assert content_words([]) == []


def test_unknown_words_become_pieces_of_weight_one() -> None:
    vocabulary = Vocabulary.of(["left", "arrow"], buckets=50)
    features = vocabulary.features(["arrow", "arrow", "lefft"])
    assert features[0] == (1, 1.0)
    pieces = features[1:]
    assert all(2 <= row < 52 for row, _ in pieces)
    assert sum(weight for _, weight in pieces) == pytest.approx(1)


def test_hashed_is_deterministic_across_processes() -> None:
    code = "from text2svg.encode import load; print(load('hashed').encode_text(['left arrow'])[0].tobytes().hex())"
    runs = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
        for _ in range(2)
    }
    assert len(runs) == 1 and len(runs.pop()) > 1000


def test_hashed_knows_similar_drawings_but_not_their_words(drawn: list[Sample]) -> None:
    hashed = load("hashed")
    near, far = drawn[1].optimized, drawn[-1].optimized
    first, second, third = hashed.encode_svg([drawn[0].optimized, near, far])
    assert first @ second > first @ third + 0.2
    texts = hashed.encode_text([sample.caption for sample in drawn])
    drawings = hashed.encode_svg([sample.optimized for sample in drawn])
    assert abs((texts * drawings).sum(1).mean()) < 0.1


def test_bad_specs_say_what_is_known(tmp_path: Path) -> None:
    with pytest.raises(UnknownKind, match="hashed, onnx, sentence"):
        load("clip:large")
    with pytest.raises(ConfigError, match="dim"):
        load("hashed?dim=0")
    with pytest.raises(ConfigError, match="not an encoder folder"):
        load(f"onnx:{tmp_path}")
    with pytest.raises(ConfigError, match="needs a folder"):
        load("onnx")


def test_towers_learnt_what_words_look_like(exported: Path, drawn: list[Sample]) -> None:
    encoder = load(f"onnx:{exported}")
    captions = list(dict.fromkeys(sample.caption for sample in drawn))
    drawings = encoder.encode_svg([sample.optimized for sample in drawn])
    scores = drawings @ encoder.encode_text(captions).T
    right = [
        captions[at] == sample.caption for at, sample in zip(scores.argmax(1), drawn, strict=True)
    ]
    assert np.mean(right) > 0.5  # chance is 0.04


def test_export_gives_the_vectors_of_the_trained_towers(
    trained: Path, exported: Path, prepared_folder: Path
) -> None:
    import torch

    from text2svg.train.contrast import planes
    from text2svg.train.encoder import load_towers
    from text2svg.train.encoder_data import load_prepared

    _, _, towers = load_towers(trained)
    pixels = load_prepared(prepared_folder).pixels(np.arange(40))
    with torch.no_grad():
        wanted = towers.drawing(planes(torch.from_numpy(pixels))).numpy()
    made = load(f"onnx:{exported}").encode_pixels(pixels)
    assert (wanted * made).sum(1).min() > 0.999


def test_a_text_without_words_is_zero_and_a_typo_is_not(exported: Path) -> None:
    vectors = load(f"onnx:{exported}").encode_text(["", "...", "squarre"])
    assert np.abs(vectors[:2]).max() == 0
    assert np.linalg.norm(vectors[2]) == pytest.approx(1, abs=1e-5)


def test_a_changed_folder_is_refused(copied: Callable[[], Path]) -> None:
    folder = copied()
    (folder / "vocab.txt").write_text("other\nwords", encoding="utf-8")
    with pytest.raises(ConfigError, match="digest"):
        load(f"onnx:{folder}")


def test_a_folder_of_another_format_is_refused(copied: Callable[[], Path]) -> None:
    folder = copied()
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"format": "other"}))
    with pytest.raises(ConfigError, match="text2svg-towers-1"):
        load(f"onnx:{folder}")


def test_corpus_walk_resumes_and_leaves_out_what_does_not_draw(
    drawn: list[Sample], exported: Path, tmp_path: Path
) -> None:
    encoder = load(f"onnx:{exported}")
    broken = Sample("0" * 64, "<svg", drawn[0].provenance, "broken")
    rows = [*drawn[:20], broken, *drawn[20:30]]
    walk = encode_corpus(rows, encoder, tmp_path, rows=16)
    next(walk)
    walk.close()  # as if killed after the first shard
    shards = list(encode_corpus(rows, encoder, tmp_path, rows=16))
    assert [shard.reused for shard in shards] == [True, False]
    assert [shard.failed for shard in shards] == [0, 1]
    assert [sample.digest for shard in shards for sample in shard.samples] == [
        s.digest for s in drawn[:30]
    ]
    again = np.concatenate([shard.vectors for shard in shards])
    np.testing.assert_allclose(again, encode_samples(drawn[:30], encoder), atol=1e-5)


def test_caption_share_pulls_a_vector_to_its_words(drawn: list[Sample], exported: Path) -> None:
    encoder = load(f"onnx:{exported}")
    words = encoder.encode_text([drawn[0].caption])[0]
    alone, mixed, text = (encode_samples(drawn[:1], encoder, share)[0] for share in (0.0, 0.5, 1.0))
    assert alone @ words < mixed @ words < text @ words
    assert text @ words == pytest.approx(1, abs=1e-5)
    with pytest.raises(ConfigError, match="text_share"):
        encode_samples(drawn[:1], encoder, 1.5)


def test_step_is_picklable_and_encodes(drawn: list[Sample]) -> None:
    step = pickle.loads(pickle.dumps(EncodeStep("hashed?dim=64")))
    with step.open() as encode:
        digest, vector = encode(drawn[0])
    assert digest == drawn[0].digest
    np.testing.assert_array_equal(vector, load("hashed?dim=64").encode_svg([drawn[0].optimized])[0])


def test_importing_the_package_loads_nothing_heavy() -> None:
    names = "('numpy', 'torch', 'onnxruntime')"
    code = f"import sys, text2svg.encode, text2svg.search; print([m for m in {names} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
