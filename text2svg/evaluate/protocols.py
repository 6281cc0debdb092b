"""The named protocols: what is drawn from, how it is rendered, what a failure costs, and which figures come out.

Refuses a bare figure: two numbers may be compared when protocol, version, data and renderer are the same, and not else.
The trade-off: definitions are values in code, so a change of any of them is a new version.
"""

from __future__ import annotations

from dataclasses import dataclass

from text2svg.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of a protocol."""

    name: str
    better: str
    """`higher`, `lower`, or empty for a figure that only describes."""
    says: str
    """Definition with unit and range."""
    weights: tuple[str, ...] = ()
    """Models it needs, by their names in `weights.KNOWN`."""
    reference: bool = False
    """Whether it needs the real drawing of each prompt."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """Everything that must be the same for two figures to be comparable."""

    name: str
    version: int
    data: str
    """What it is meant to be run on."""
    renderer: str
    size: int
    """Pixels of the square; aspect kept, centred, on white."""
    failure: str
    """What a drawing that cannot be rendered costs."""
    black_failures: bool
    """Whether such a drawing is scored as a black picture; otherwise it is left out of picture figures."""
    metrics: tuple[Metric, ...]
    source: str = ""
    """Where the definition comes from."""

    @property
    def id(self) -> str:
        """Name and version, as reports carry it."""
        return f"{self.name}-{self.version}"


_TOKENS = Metric("tokens", "", "mean length of the drawings that rendered, in tokens of the tokenizer the report names")

CORE = Protocol(
    "core", 3, "captions of the corpus that were never trained on", "resvg", 64,
    "counts against every share; scored as a zero vector where drawings are judged", False,
    (
        Metric("parse", "higher", "share that is well-formed SVG, 0..1"),
        Metric("render", "higher", "share that the renderer draws, 0..1"),
        Metric("not_blank", "higher", "share whose picture is at a mean squared distance of 1e-4 or more from white, 0..1"),
        Metric("safe", "higher", "share from which the sanitizer removes nothing, 0..1"),
        Metric("canonical", "higher", "share in canonical SVG, 0..1"),
        Metric("inside", "higher", "share that leaves no ink outside its viewBox, 0..1"),
        Metric("r1", "higher", "the judge ranks the drawing's own words first among 100 it can read, 0..1; chance 0.01"),
        Metric("r5", "higher", "the same within five; chance 0.05"),
        Metric("r10", "higher", "the same within ten; chance 0.1"),
        Metric("own", "higher", "the judge prefers its own words to one other prompt's, 0..1; chance 0.5"),
        Metric("near_copy", "lower",
               "share within a mean grey difference of 0.02 of one of its five nearest in the corpus"),
        Metric("exact_copy", "lower", "share that is a corpus drawing to the letter, of those five"),
        Metric("bytes", "", "mean UTF-8 bytes of a drawing"),
        Metric("shapes", "", "mean number of shapes"),
        Metric("segments", "", "mean number of path segments, other shapes counted as one"),
        _TOKENS,
    ),
    "this project",
)  # fmt: skip

SARENA = Protocol(
    "sarena-t2s", 2, "SArena-Icon, 6,013 captions with their icons", "cairo", 448,
    "scored as a black picture; left out of the mean length", True,
    (
        Metric("success", "higher", "share that parses and renders, 0..1"),
        Metric("fid", "lower", "Fréchet distance of 2,048 Inception features to the real icons' renders",
               ("pt_inception-2015-12-05",), True),
        Metric("fid_c", "lower", "Fréchet distance of 512 CLIP B/32 features to the real icons' renders",
               ("clip-vit-base-patch32",), True),
        Metric("kid_c", "lower", "kernel distance x 1,000 of the same features; its mean does not depend on n",
               ("clip-vit-base-patch32",), True),
        Metric("clip_t2i", "higher", "100 max(cos, 0) of CLIP L/14 features of picture and caption",
               ("clip-vit-large-patch14",)),
        Metric("clip_i2i", "higher", "100 max(cos, 0) of CLIP L/14 features of picture and real icon's render",
               ("clip-vit-large-patch14",), True),
        Metric("dino", "higher", "(cos + 1) / 2 of DINOv2 features of picture and real icon's render",
               ("dinov2-base",), True),
        Metric("lpips", "lower", "perceptual distance to the real icon's render through VGG16, 0 is best",
               ("vgg16", "lpips-vgg"), True),
        Metric("ssim", "higher", "structural similarity to the real icon's render, -1..1", (), True),
        Metric("psnr", "higher", "peak signal to noise to the real icon's render, dB, equal pictures 100", (), True),
        _TOKENS,
    ),
    "arXiv 2510.11341 (InternSVG), re-implemented",
)  # fmt: skip

MMSVG = Protocol(
    "mmsvgbench-t2s", 1, "MMSVG-Bench, 150 icon and 150 illustration prompts", "cairo", 448,
    "left out of picture figures; the success share says how many", False,
    (
        Metric("success", "higher", "share that parses and renders, 0..1"),
        Metric("clip_b32", "higher", "cosine of CLIP B/32 features of picture and prompt, -1..1",
               ("clip-vit-base-patch32",)),
        Metric("aesthetic", "higher", "linear-MSE head on CLIP L/14 features, about 1..10",
               ("clip-vit-large-patch14", "aesthetic-l14-linearMSE")),
        Metric("hps", "higher", "Human Preference Score v2.0; no adapter here yet", ("hps-v2.0",)),
        Metric("kid_c", "lower", "kernel distance x 1,000 of CLIP B/32 features to the real drawings, where there are some: "
               "the published Fréchet distance is mostly sample size at 150", ("clip-vit-base-patch32",), True),
        _TOKENS,
    ),
    "arXiv 2504.06263 (OmniSVG), re-implemented",
)  # fmt: skip

PROTOCOLS = {protocol.name: protocol for protocol in (CORE, SARENA, MMSVG)}


def protocol_of(name: str) -> Protocol:
    """The protocol of that name. Raises ConfigError."""
    if name not in PROTOCOLS:
        raise ConfigError(f"unknown protocol {name!r}", hint=f"one of: {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]
