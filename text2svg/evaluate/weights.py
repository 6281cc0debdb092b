"""Weights that published metrics need and only a hub has: their names, their digests, and where they lie here.

Refuses to download, and a file whose sha256 is not the one known. The trade-off: three digests are not known to us;
those files are used as found, and the report says which file that was.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from text2svg.errors import ConfigError, MissingDependency


@dataclass(frozen=True, slots=True)
class Weights:
    """One model's weights."""

    name: str
    """As the hub and the papers call it."""
    path: str
    """Where the file lies below the weights folder."""
    sha256: str = ""
    """Whole or first digits; empty when we know none."""
    home: str = ""
    """Public address of the file's page."""
    package: str = ""
    """Python package that is needed to run it."""


KNOWN = {
    w.name: w
    for w in (
        Weights("clip-vit-large-patch14", "clip-vit-large-patch14/model.safetensors",
                "a2bf730a0c7debf160f7a6b50b3aaf3703e7e88ac73de7a314903141db026dcb",
                "huggingface.co/openai/clip-vit-large-patch14", "transformers"),
        Weights("clip-vit-base-patch32", "clip-vit-base-patch32/pytorch_model.bin",
                "a63082132ba4f97a80bea76823f544493bffa8082296d62d71581a4feff1576f",
                "huggingface.co/openai/clip-vit-base-patch32", "transformers"),
        Weights("pt_inception-2015-12-05", "pt_inception-2015-12-05-6726825d.pth", "6726825d",
                "github.com/mseitzer/pytorch-fid/releases/tag/fid_weights", "pytorch_fid"),
        Weights("aesthetic-l14-linearMSE", "sac+logos+ava1-l14-linearMSE.pth",
                "21dd590f3ccdc646f0d53120778b296013b096a035a2718c9cb0d511bff0f1e0",
                "github.com/christophschuhmann/improved-aesthetic-predictor", "torch"),
        Weights("hps-v2.0", "HPS_v2_compressed.pt", "", "huggingface.co/xswu/HPSv2", "hpsv2"),
        Weights("dinov2-base", "dinov2-base/model.safetensors", "", "huggingface.co/facebook/dinov2-base", "transformers"),
        Weights("vgg16", "vgg16-397923af.pth", "397923af", "download.pytorch.org/models/vgg16-397923af.pth", "torch"),
        Weights("lpips-vgg", "lpips-vgg.pth", "",
                "github.com/richzhang/PerceptualSimilarity, lpips/weights/v0.1/vgg.pth", "torch"),
    )
}  # fmt: skip
"""Every model a protocol may name."""


@dataclass(frozen=True, slots=True)
class Found:
    """Weights that are here."""

    weights: Weights
    file: Path
    sha256: str


def find(name: str, folder: Path | None) -> Found:
    """The checked file of that model. Raises MissingDependency when it or its package is absent, and ConfigError when it
    is another file than the one known by that name.
    """
    weights = KNOWN[name]
    if folder is None or not (folder / weights.path).is_file():
        place = f"in {folder}" if folder else "here (--weights names no folder)"
        raise MissingDependency(f"{weights.path}", hint=f"not {place}; it is published at {weights.home}")
    _need(weights.package)
    digest = _sha256(folder / weights.path)
    if not digest.startswith(weights.sha256):
        raise ConfigError(
            f"{weights.path} has sha256 {digest[:12]}…, known is {weights.sha256[:12]}…",
            hint="fetch it again; figures of other weights cannot be compared",
        )
    return Found(weights, folder / weights.path, digest)


def _need(package: str) -> None:
    from importlib.util import find_spec

    if find_spec(package) is None:
        extra = "train" if package in ("torch", "transformers") else ""
        raise MissingDependency(package, extra=extra, hint="" if extra else f"install {package} beside text2svg")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
