"""The adapters of published models, with tiny random weights of the same architecture: real code, no download."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from text2svg.evaluate import weights as weights_module
from text2svg.evaluate.features import Lpips
from text2svg.evaluate.measure import Bench, measure
from text2svg.evaluate.protocols import MMSVG, SARENA
from text2svg.evaluate.readings import Answer
from text2svg.evaluate.tasks import Task
from text2svg.evaluate.weights import Weights, find
from text2svg.raster import load

pytestmark = pytest.mark.train
HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256">'
BODIES = ('<circle cx="128" cy="128" r="90"/>', '<rect x="8" y="100" width="240" height="56" fill="#c00"/>')


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CLIP, DINOv2 and aesthetic folders as the hub lays them out, a few thousand weights each."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    place = tmp_path_factory.mktemp("weights")
    small = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
    for name, width in (("clip-vit-large-patch14", 768), ("clip-vit-base-patch32", 512)):
        config = transformers.CLIPConfig(
            text_config={**small, "vocab_size": 60, "max_position_embeddings": 16, "eos_token_id": 1, "bos_token_id": 0},
            vision_config={**small, "image_size": 32, "patch_size": 8}, projection_dim=width,
        )  # fmt: skip
        transformers.CLIPModel(config).eval().save_pretrained(place / name)
        words = ["<|startoftext|>", "<|endoftext|>", *(chr(c) + end for c in range(97, 123) for end in ("", "</w>"))]
        (place / name / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
        (place / name / "merges.txt").write_text("#version: 0.2\n")
    dino = transformers.Dinov2Config(**{**small, "image_size": 28, "patch_size": 14})
    transformers.Dinov2Model(dino).eval().save_pretrained(place / "dinov2-base")
    widths = (768, 1024, 128, 64, 16, 1)
    state = {}
    for at, (read, write) in enumerate(zip(widths, widths[1:], strict=False)):
        state[f"layers.{2 * at}.weight"] = torch.randn(write, read) / read**0.5
        state[f"layers.{2 * at}.bias"] = torch.zeros(write)
    torch.save(state, place / "sac+logos+ava1-l14-linearMSE.pth")
    save_vgg(place)
    return place


def save_vgg(place: Path) -> None:
    """The published layout with few channels: convolutions two, two, three, three, three, and a weight a channel."""
    import torch

    widths, state, read = (4, 6, 8, 8, 8), {}, 3
    for width, stage in zip(widths, Lpips.STAGES, strict=True):
        for at in stage:
            state[f"features.{at}.weight"] = torch.randn(width, read, 3, 3) / read**0.5
            state[f"features.{at}.bias"] = torch.randn(width) / 10
            read = width
    torch.save(state, place / "vgg16-397923af.pth")
    linear = {f"lin{at}.model.1.weight": torch.rand(1, width, 1, 1) for at, width in enumerate(widths)}
    torch.save(linear, place / "lpips-vgg.pth")


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names stay, the digests of the real weights cannot."""
    for name, one in list(weights_module.KNOWN.items()):
        path = one.path.replace("pytorch_model.bin", "model.safetensors")
        monkeypatch.setitem(weights_module.KNOWN, name, Weights(name, path, "", one.home, one.package))


def answers(real: bool) -> list[Answer]:
    svgs = [f"{HEAD}{body}</svg>" for body in BODIES] + ["<svg"]
    words = ("a disc", "a bar", "nothing")
    return [Answer(Task(str(i), words[i], svg=svgs[0] if real else ""), svg, 9) for i, svg in enumerate(svgs)]


def test_sarena_with_weights(folder: Path) -> None:
    found = measure(SARENA, answers(True), Bench(load("resvg"), weights=folder))
    assert set(found.skipped) == {"fid"} and "pt_inception" in found.skipped["fid"]
    assert {"clip_t2i", "clip_i2i", "dino", "fid_c", "kid_c", "lpips"} <= set(found.figures)
    assert found.figures["lpips"].n == 3 and found.figures["lpips"].low == 0  # the disc against itself
    assert found.figures["clip_i2i"].n == 3  # the failure is scored as a black picture
    assert found.figures["clip_i2i"].high == pytest.approx(100, abs=0.01)  # the disc against itself
    assert len(found.models["clip-vit-large-patch14"]) == 64


def test_mmsvgbench_with_weights(folder: Path) -> None:
    found = measure(MMSVG, answers(False), Bench(load("resvg"), weights=folder))
    assert found.figures["clip_b32"].n == found.figures["aesthetic"].n == 2  # the failure is left out
    assert set(found.skipped) == {"hps", "kid_c"}


def test_features_do_not_depend_on_the_batch_and_text_is_cut(folder: Path) -> None:
    from text2svg.evaluate.features import Clip, Dino

    clip, dino = Clip(find("clip-vit-large-patch14", folder)), Dino(find("dinov2-base", folder))
    pictures = np.random.default_rng(0).integers(0, 256, (40, 48, 48, 3), dtype=np.uint8)
    for model in (clip, dino):
        rows = model.images(pictures)
        assert rows.shape[0] == 40 and np.allclose(rows[39:], model.images(pictures[39:]), atol=1e-5)
    texts = clip.texts(["a bell", "a bell " * 40])
    assert texts.shape == (2, 768) and not np.allclose(texts[0], texts[1])


def test_the_perceptual_distance_is_that_of_the_published_layers(folder: Path) -> None:
    """Layer by layer in torch's own modules, numbered as the file numbers them."""
    import torch

    state = torch.load(folder / "vgg16-397923af.pth", weights_only=True)
    linear = torch.load(folder / "lpips-vgg.pth", weights_only=True)
    ours, theirs = np.random.default_rng(1).integers(0, 256, (2, 3, 48, 48, 3), dtype=np.uint8)
    ours[0] = theirs[0]
    layers = torch.nn.Sequential(*(
        torch.nn.MaxPool2d(2) if at in (4, 9, 16, 23) else torch.nn.ReLU() if f"features.{at}.weight" not in state
        else torch.nn.Conv2d(*state[f"features.{at}.weight"].shape[1::-1], 3, padding=1) for at in range(30)
    ))  # fmt: skip
    layers.load_state_dict({name.removeprefix("features."): value for name, value in state.items()})
    mean, std, shift, scale = (
        torch.tensor(values).view(1, 3, 1, 1)
        for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450))
    )
    expected = torch.zeros(3)
    with torch.inference_mode():
        one, other = (((torch.from_numpy(p).permute(0, 3, 1, 2) / 255 - mean) / std - shift) / scale for p in (ours, theirs))
        for at, layer in enumerate(layers):
            one, other = layer(one), layer(other)
            if at in (3, 8, 15, 22, 29):
                gap = torch.nn.functional.normalize(one) - torch.nn.functional.normalize(other)
                weight = linear[f"lin{(3, 8, 15, 22, 29).index(at)}.model.1.weight"]
                expected += (gap**2 * weight).sum(1).mean((1, 2))
    found = Lpips(find("vgg16", folder), find("lpips-vgg", folder)).distances(ours, theirs)
    assert found[0] == 0 and found[1] > 0.1 and found == pytest.approx(expected.tolist(), rel=1e-4)


def test_the_aesthetic_head_is_a_chain_of_linear_layers(folder: Path) -> None:
    import torch

    from text2svg.evaluate.features import Aesthetic

    found = find("aesthetic-l14-linearMSE", folder)
    rows = torch.randn(3, 768)
    state = torch.load(found.file, weights_only=True)
    expected = rows / rows.norm(dim=1, keepdim=True)
    for at in range(5):
        expected = expected @ state[f"layers.{2 * at}.weight"].T + state[f"layers.{2 * at}.bias"]
    assert np.allclose(Aesthetic(found).scores(rows.numpy()), expected[:, 0].numpy(), atol=1e-5)
