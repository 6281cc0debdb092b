"""Going on from what ships: weights read back, words of other languages, batches that hold kin."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from text2svg import raster  # noqa: E402
from text2svg.encode import load  # noqa: E402
from text2svg.encode.embedded import pad  # noqa: E402
from text2svg.encode.words import Vocabulary, words_of  # noqa: E402
from text2svg.errors import ConfigError, SourceError, TrainError  # noqa: E402
from text2svg.runtime import ASSETS  # noqa: E402
from text2svg.store.starter import read_starter  # noqa: E402
from text2svg.train.contrast import Shape, Towers, contrast, nested_contrast, planes  # noqa: E402
from text2svg.train.encoder_kin import Kin  # noqa: E402
from text2svg.train.encoder_locales import foreign_words, locales  # noqa: E402
from text2svg.train.encoder_start import Exported, start_from  # noqa: E402

FOLDER = ASSETS / "encoder"


@pytest.fixture(scope="module")
def pixels() -> torch.Tensor:
    """Eighty renders of the starter corpus."""
    size = json.loads((FOLDER / "config.json").read_text())["size"]
    draw = raster.load("resvg")
    rows = list(read_starter(ASSETS / "starter" / "samples.parquet"))[::90]
    return torch.from_numpy(np.stack([draw.render(row.optimized, size) for row in rows]))


@pytest.fixture(scope="module")
def towers(pixels: torch.Tensor) -> Towers:
    recipe = json.loads((FOLDER / "config.json").read_text())["recipe"]
    _, vectors = Exported(FOLDER).words()
    made = Towers(Shape(**recipe["shape"]), torch.from_numpy(vectors), recipe["buckets"])
    start_from(FOLDER, made, pixels)
    return made


@pytest.mark.parametrize("training", [False, True])
def test_the_shipped_drawing_tower_comes_back(towers: Towers, pixels: torch.Tensor, training: bool) -> None:
    towers.train(training)
    with torch.no_grad():
        made = towers.drawing(planes(pixels)).numpy()
    wanted = load(f"onnx:{FOLDER}").encode_pixels(pixels.numpy())
    assert (made * wanted).sum(1).min() > 0.999


def test_the_shipped_text_tower_comes_back(towers: Towers) -> None:
    encoder = load(f"onnx:{FOLDER}")
    texts = ["left arrow", "house with tree", "qwrtzx", "дом"]
    words = (FOLDER / "vocab.txt").read_text(encoding="utf-8").split("\n")
    vocabulary = Vocabulary.of(words, towers.text.buckets)
    ids, weights = pad([vocabulary.features(words_of(text)) for text in texts])
    with torch.no_grad():
        made = towers.eval().text(torch.from_numpy(ids), torch.from_numpy(weights)).numpy()
    wanted = encoder.encode_text(["left arrow", "house tree", "qwrtzx", "дом"])
    assert (made * wanted).sum(1)[[0, 2, 3]].min() > 0.999


def test_other_widths_are_refused(pixels: torch.Tensor) -> None:
    other = Towers(Shape(dim=16, word_dim=8, hidden=8, channels=4), torch.zeros(5, 8), 4)
    with pytest.raises(TrainError, match="widths"):
        start_from(FOLDER, other, pixels)


def annotations(folder: Path) -> Path:
    """Three emoji in English, German and Russian, as emojibase-data lays them out."""
    rows = {
        "en": (("1F3E0", "house", ["home"]), ("1F408", "cat", ["pet"]), ("1F3E1", "house with garden", [])),
        "de": (("1F3E0", "Haus", ["Zuhause", "Qwohnix"]), ("1F408", "Katze", []), ("1F3E1", "Haus mit Garten", [])),
        "ru": (("1F3E0", "дом", []), ("1F408", "кошка", ["питомец"]), ("1F3E1", "дом с садом", [])),
    }
    for locale, entries in rows.items():
        (folder / locale).mkdir(parents=True)
        listed = [{"hexcode": code, "label": label, "tags": tags} for code, label, tags in entries]
        (folder / locale / "compact.json").write_text(json.dumps(listed, ensure_ascii=False), encoding="utf-8")
    return folder


def test_foreign_words_mean_what_their_emoji_mean(tmp_path: Path) -> None:
    folder = annotations(tmp_path)
    assert locales(folder) == ["de", "ru"]
    known = ["house", "cat", "garden", "pet"]
    words, ids, weights = foreign_words(folder, known)
    assert {"haus", "katze", "zuhause", "дом", "кошка", "питомец", "garten"} <= set(words)
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)
    best = {word: known[ids[at][weights[at].argmax()]] for at, word in enumerate(words)}
    assert (best["haus"], best["katze"], best["дом"], best["питомец"]) == ("house", "cat", "house", "cat")
    assert "house" not in words  # known words keep their meaning
    with pytest.raises(SourceError, match="emojibase-data"):
        locales(tmp_path / "de")


def test_sisters_share_the_words_and_near_ones_only_some() -> None:
    captions = [["arrow", "left"], ["arrow", "left"], ["arrow", "left"], ["arrow", "right"], ["sun"]]
    keys, sets = np.array([0, 0, 0, 1, 2]), np.array([0, 0, 1, 0, 0])
    kin, rng = Kin(keys, sets, captions), np.random.default_rng(0)
    sisters = [kin.sister(0, rng) for _ in range(50)]
    assert sisters.count(2) > sisters.count(1) > sisters.count(0)
    assert {kin.near(0, rng) for _ in range(20)} <= {3, 0} and 3 in {kin.near(0, rng) for _ in range(20)}
    assert kin.sister(4, rng) == kin.near(4, rng) == 4


def test_nested_widths_must_retrieve_too() -> None:
    rows = torch.nn.functional.normalize(torch.randn(6, 8, generator=torch.Generator().manual_seed(0)), dim=1)
    late = torch.cat([torch.ones(6, 2), rows[:, 2:]], 1)  # the first two numbers say nothing
    keys, scale = torch.arange(6), torch.tensor(3.0)
    assert nested_contrast(rows, rows, keys, scale, ()) == contrast(rows, rows, keys, scale)
    assert nested_contrast(late, late, keys, scale, (2,)) > nested_contrast(rows, rows, keys, scale, (2,)) + 0.5


def test_other_languages_join_without_changing_what_was_known(tmp_path: Path) -> None:
    from text2svg.train.encoder_extend import extend_exported

    made = extend_exported(FOLDER, annotations(tmp_path / "locales"), tmp_path / "out")
    old, new = load(f"onnx:{FOLDER}"), load(f"onnx:{tmp_path / 'out'}")
    assert made["languages"] == 2 and new.digest != old.digest
    texts = ["left arrow", "house", "qwrtzx", "red heart"]
    np.testing.assert_allclose(new.encode_text(texts), old.encode_text(texts), atol=1e-4)
    words = set((FOLDER / "vocab.txt").read_text(encoding="utf-8").split("\n"))
    assert "qwohnix" not in words
    assert new.encode_text(["дом"])[0] @ new.encode_text(["house"])[0] > 0.9  # known before, now by its emoji
    assert new.encode_text(["qwohnix"])[0] @ new.encode_text(["house"])[0] > 0.9
    with pytest.raises(ConfigError, match="in place"):
        extend_exported(FOLDER, tmp_path / "locales", FOLDER)
