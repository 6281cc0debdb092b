"""Distances between sets of features and between pictures: pure numpy, each with a test whose answer is known.

Refuses to load models: features come from `features`. The trade-off: the matrix root goes through two symmetric
eigenvalue problems, slower than scipy's sqrtm at 2,048 dimensions (about 6 s) and never complex.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from text2svg.errors import ConfigError

Array = NDArray[np.float64]

SSIM_WINDOW, SSIM_K1, SSIM_K2 = 11, 0.01, 0.03
"""Wang et al. 2004, with the uniform window that published SVG evaluations use."""


def frechet(ours: NDArray, theirs: NDArray) -> float:
    """Squared Fréchet distance of two Gaussians fitted to features (N, D) and (M, D); 0 is best.

    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)), covariances with N - 1. Raises ConfigError for fewer than two rows.
    """
    if min(len(ours), len(theirs)) < 2:
        raise ConfigError("a Fréchet distance needs two drawings a side", hint="ask for more prompts")
    return frechet_gaussians(gaussian(ours), gaussian(theirs))


def gaussian(features: NDArray) -> tuple[Array, Array]:
    """Mean (D,) and covariance (D, D) of features."""
    data = np.asarray(features, np.float64)
    return data.mean(0), np.atleast_2d(np.cov(data, rowvar=False))


def frechet_gaussians(ours: tuple[Array, Array], theirs: tuple[Array, Array]) -> float:
    """The distance of two Gaussians given as mean and covariance."""
    (mean1, cov1), (mean2, cov2) = ours, theirs
    root = _root(cov1)
    # (C1 C2)^(1/2) has the trace of (C1^(1/2) C2 C1^(1/2))^(1/2), which is symmetric.
    cross = np.sqrt(np.clip(np.linalg.eigvalsh(root @ cov2 @ root), 0, None)).sum()
    gap = mean1 - mean2
    return float(max(0.0, gap @ gap + np.trace(cov1) + np.trace(cov2) - 2 * cross))


def _root(matrix: Array) -> Array:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T


def kernel_distance(ours: NDArray, theirs: NDArray) -> float:
    """Unbiased squared MMD with the cubic kernel (x.y / D + 1)^3, times 1,000; around 0 for equal distributions.

    What to read instead of a Fréchet distance below some thousand drawings, because its mean does not depend on N.
    """
    x, y = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    n, m, dim = len(x), len(y), x.shape[1]
    if min(n, m) < 2:
        raise ConfigError("a kernel distance needs two drawings a side", hint="ask for more prompts")
    xx, yy, xy = ((a @ b.T / dim + 1) ** 3 for a, b in ((x, x), (y, y), (x, y)))
    within_x = (xx.sum() - np.trace(xx)) / (n * (n - 1))
    within_y = (yy.sum() - np.trace(yy)) / (m * (m - 1))
    return float(1000 * (within_x + within_y - 2 * xy.mean()))


def clip_scores(images: NDArray, texts: NDArray) -> Array:
    """(N,) 100 * max(cosine, 0) of rows that belong together, 0..100, higher is better; vectors need not be unit."""
    return 100 * np.clip(cosines(images, texts), 0, None)


def cosines(ours: NDArray, theirs: NDArray) -> Array:
    """(N,) cosines of rows, -1..1; a zero row has cosine 0."""
    a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.divide((a * b).sum(1), norms, out=np.zeros(len(a)), where=norms > 0)


def dino_scores(ours: NDArray, theirs: NDArray) -> Array:
    """(N,) (cosine + 1) / 2 of mean patch features, 0..1, higher is better."""
    return (cosines(ours, theirs) + 1) / 2


def mse(ours: NDArray, theirs: NDArray) -> float:
    """Mean squared difference of pictures of equal shape with values 0..1; 0 is best."""
    return float(np.mean((np.asarray(ours, np.float64) - np.asarray(theirs, np.float64)) ** 2))


def psnr(ours: NDArray, theirs: NDArray) -> float:
    """Peak signal to noise in dB for values 0..1; equal pictures give 100, as published evaluations put it."""
    error = mse(ours, theirs)
    return 100.0 if error == 0 else float(min(100.0, -10 * np.log10(error)))


def ssim(ours: NDArray, theirs: NDArray) -> float:
    """Mean structural similarity of (H, W) or (H, W, C) pictures with values 0..1; 1 is best.

    A uniform window of 11, variances with N - 1, borders of half a window left out, channels averaged. Raises
    ConfigError for pictures smaller than the window.
    """
    a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    if a.ndim == 3:
        return float(np.mean([ssim(a[..., c], b[..., c]) for c in range(a.shape[2])]))
    if min(a.shape) < SSIM_WINDOW:
        raise ConfigError(f"SSIM needs pictures of {SSIM_WINDOW} pixels at least", hint="render larger")
    mean_a, mean_b = _window_mean(a), _window_mean(b)
    unbias = SSIM_WINDOW**2 / (SSIM_WINDOW**2 - 1)
    var_a = unbias * (_window_mean(a * a) - mean_a**2)
    var_b = unbias * (_window_mean(b * b) - mean_b**2)
    both = unbias * (_window_mean(a * b) - mean_a * mean_b)
    c1, c2 = SSIM_K1**2, SSIM_K2**2
    top = (2 * mean_a * mean_b + c1) * (2 * both + c2)
    return float((top / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean())


def _window_mean(picture: Array) -> Array:
    """Means of all whole windows, by summed areas."""
    sums = np.pad(picture, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    w = SSIM_WINDOW
    return (sums[w:, w:] - sums[:-w, w:] - sums[w:, :-w] + sums[:-w, :-w]) / w**2


def lpips(ours: Sequence[NDArray], theirs: Sequence[NDArray], weights: Sequence[NDArray]) -> float:
    """Learned perceptual distance from feature maps (C, H, W) of each layer and its channel weights (C,); 0 is best.

    Channels are scaled to unit length at each place, squared differences weighed, averaged over places, summed over
    layers (Zhang et al. 2018).
    """
    total = 0.0
    for a, b, weight in zip(ours, theirs, weights, strict=True):
        gap = (_unit_channels(a) - _unit_channels(b)) ** 2
        total += float(np.tensordot(np.asarray(weight, np.float64), gap, axes=1).mean())
    return total


def _unit_channels(features: NDArray) -> Array:
    data = np.asarray(features, np.float64)
    return data / (np.linalg.norm(data, axis=0, keepdims=True) + 1e-10)
