"""Feature extractors of published metrics, behind the `train` extra: pictures and words in, numpy rows out.

One class a model family, each made from a checked file. Refuses to be a metric: arithmetic is in `distances`. The
trade-off: CLIP's picture is resized by torch's antialiased bicubic instead of Pillow's, at most one grey level apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from text2svg.evaluate.distances import lpips
from text2svg.evaluate.weights import Found

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
SIDE = 224
BATCH = 32


class Clip:
    """CLIP by transformers, from a folder with config and tokenizer beside the weights."""

    def __init__(self, found: Found) -> None:
        from transformers import CLIPModel, CLIPTokenizer

        folder = str(found.file.parent)
        self._model = CLIPModel.from_pretrained(folder, local_files_only=True).eval()
        self._tokenizer = CLIPTokenizer.from_pretrained(folder, local_files_only=True)

    def images(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Projected image features, not normalised."""
        side = int(self._model.config.vision_config.image_size)
        return _batched(lambda batch: _rows(self._model.get_image_features(pixel_values=batch)),
                        pictures, side, (CLIP_MEAN, CLIP_STD))  # fmt: skip

    def texts(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Projected text features, not normalised; longer texts are cut at the model's 77 tokens."""
        import torch

        longest = int(self._model.config.text_config.max_position_embeddings)
        rows = []
        with torch.inference_mode():
            for first in range(0, len(words), BATCH):
                given = self._tokenizer(list(words[first : first + BATCH]), padding=True, truncation=True,
                                        max_length=longest, return_tensors="pt")  # fmt: skip
                rows.append(_rows(self._model.get_text_features(**given)))
        return np.concatenate(rows)


class Dino:
    """DINOv2 by transformers: the mean of the last hidden states."""

    def __init__(self, found: Found) -> None:
        from transformers import AutoModel

        self._model = AutoModel.from_pretrained(str(found.file.parent), local_files_only=True).eval()

    def images(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Mean features of all places."""
        side = min(SIDE, int(self._model.config.image_size))
        return _batched(lambda batch: self._model(pixel_values=batch).last_hidden_state.mean(1).numpy(),
                        pictures, side, (IMAGENET_MEAN, IMAGENET_STD))  # fmt: skip


class Inception:
    """The Inception network of pytorch-fid, 2,048 pool features; the package resizes to 299 itself."""

    def __init__(self, found: Found) -> None:
        import torch
        from pytorch_fid import inception

        self._model = _with_weights(inception, torch.load(found.file, weights_only=True))

    def images(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Pool features."""
        return _batched(lambda batch: self._model(batch)[0].flatten(1).numpy(), pictures, 0, None)


def _with_weights(inception: Any, state: Any) -> Any:
    """The package's FID network with weights from our checked file instead of its own download."""
    keep = inception.load_state_dict_from_url
    inception.load_state_dict_from_url = lambda *_, **__: state
    try:
        return inception.InceptionV3([3]).eval()
    finally:
        inception.load_state_dict_from_url = keep


class Lpips:
    """VGG16 up to each of its five poolings, and how much LPIPS 0.1 makes of each channel."""

    STAGES = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28))
    """Convolutions by their places in the published file."""
    SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
    """The scaling that LPIPS does itself, upon pictures that SArena has normalised before."""

    def __init__(self, vgg: Found, linear: Found) -> None:
        import torch

        state = torch.load(vgg.file, weights_only=True, map_location="cpu")
        parts = ("weight", "bias")
        self._stages = [[[state[f"features.{at}.{part}"] for part in parts] for at in stage] for stage in self.STAGES]
        weights = torch.load(linear.file, weights_only=True, map_location="cpu")
        self._weights = [weights[f"lin{at}.model.1.weight"].flatten().numpy() for at in range(len(self.STAGES))]

    def distances(self, ours: NDArray[np.uint8], theirs: NDArray[np.uint8]) -> list[float]:
        """(N,) of pairs of pictures (N, S, S, 3), 0 is best."""
        pairs = zip(self._maps(ours), self._maps(theirs), strict=True)
        return [lpips(one, other, self._weights) for one, other in pairs]

    def _maps(self, pictures: NDArray[np.uint8]) -> Iterator[list[NDArray[np.float32]]]:
        """Feature maps (C, H, W) of the five stages, a picture at a time: at 448 px they are 50 MB."""
        import torch
        from torch.nn import functional

        scales = ((IMAGENET_MEAN, IMAGENET_STD), (self.SHIFT, self.SCALE))
        for picture in pictures:
            x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
            for mean, std in scales:
                x = (x - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(std).view(1, 3, 1, 1)
            maps = []
            with torch.inference_mode():
                for at, stage in enumerate(self._stages):
                    x = functional.max_pool2d(x, 2) if at else x
                    for weight, bias in stage:
                        x = functional.relu(functional.conv2d(x, weight, bias, padding=1))
                    maps.append(x[0].numpy())
            yield maps


class Aesthetic:
    """The linear-MSE head on normalised CLIP L/14 features: 768-1024-128-64-16-1 without activations."""

    WIDTHS = (768, 1024, 128, 64, 16, 1)

    def __init__(self, found: Found) -> None:
        import torch

        state = torch.load(found.file, weights_only=True, map_location="cpu")
        layers = sorted((int(key.split(".")[1]), key) for key in state if key.endswith(".weight"))
        self._steps = [(state[key].double().numpy(), state[key[:-6] + "bias"].double().numpy()) for _, key in layers]

    def scores(self, clip_images: NDArray) -> NDArray[np.float64]:
        """(N,) about 1..10, higher is better."""
        rows = np.asarray(clip_images, np.float64)
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        for weight, bias in self._steps:
            rows = rows @ weight.T + bias
        return rows[:, 0]


def _rows(answer: Any) -> NDArray[np.float32]:
    """Features as numpy; newer transformers wrap them."""
    found: NDArray[np.float32] = getattr(answer, "pooler_output", answer).float().numpy()
    return found


def _batched(
    run: Any, pictures: NDArray[np.uint8], side: int, scale: tuple[Sequence[float], Sequence[float]] | None
) -> NDArray[np.float32]:
    """Pictures resized to `side` (0: as they are) and normalised, through a model in batches."""
    import torch

    rows = []
    with torch.inference_mode():
        for first in range(0, len(pictures), BATCH):
            batch = torch.from_numpy(pictures[first : first + BATCH]).permute(0, 3, 1, 2).float() / 255
            if side and batch.shape[-1] != side:
                size = (side, side)
                batch = torch.nn.functional.interpolate(batch, size, mode="bicubic", antialias=True).clamp(0, 1)
            if scale:
                mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in scale)
                batch = (batch - mean) / std
            rows.append(run(batch))
    return np.concatenate(rows)
