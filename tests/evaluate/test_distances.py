"""Every metric against an answer known beforehand; and each of those tests fails when its formula is altered."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np
import pytest

from tests.evaluate.altered import altered
from text2svg.errors import ConfigError
from text2svg.evaluate import distances

GENERATOR = np.random.default_rng(7)


def frechet_of_shifted_gaussians() -> None:
    """Same covariance: the squared distance of the means. Diagonal ones: sum of (s1 - s2)^2."""
    cov = np.diag([1.0, 4.0, 9.0])
    mean = np.zeros(3)
    assert distances.frechet_gaussians((mean, cov), (mean + [1, 2, 2], cov)) == pytest.approx(9)
    other = np.diag([4.0, 1.0, 25.0])
    assert distances.frechet_gaussians((mean, cov), (mean, other)) == pytest.approx(1 + 1 + 4)


def frechet_of_matrices_that_do_not_commute() -> None:
    """tr((C1 C2)^(1/2)) of 2 x 2 matrices is sqrt(tr(C1 C2) + 2 sqrt(det(C1 C2)))."""
    one, two = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([[4.0, -1.0], [-1.0, 1.0]])
    cross = np.sqrt(np.trace(one @ two) + 2 * np.sqrt(np.linalg.det(one @ two)))
    expected = np.trace(one) + np.trace(two) - 2 * cross
    zero = np.zeros(2)
    assert distances.frechet_gaussians((zero, one), (zero, two)) == pytest.approx(expected)


def gaussian_of_two_points() -> None:
    mean, cov = distances.gaussian(np.array([[0.0, 0.0], [2.0, 4.0]]))
    assert mean.tolist() == [1, 2] and cov.tolist() == [[2, 4], [4, 8]]
    assert distances.frechet(np.eye(3), np.eye(3)) == pytest.approx(0, abs=1e-9)


def kernel_distance_by_hand() -> None:
    """One dimension, x = (0, 1), y = (1, 2): k = (ab + 1)^3."""
    x, y = np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]])
    within_x, within_y, between = 1.0, 27.0, (1 + 1 + 8 + 27) / 4
    assert distances.kernel_distance(x, y) == pytest.approx(1000 * (within_x + within_y - 2 * between))


def clip_scores_by_hand() -> None:
    images = np.array([[3.0, 4.0], [1.0, 0.0], [0.0, 0.0]])
    texts = np.array([[4.0, 3.0], [-1.0, 0.0], [1.0, 0.0]])
    assert distances.clip_scores(images, texts).tolist() == pytest.approx([96, 0, 0])
    assert distances.cosines(images, texts).tolist() == pytest.approx([0.96, -1, 0])


def dino_scores_by_hand() -> None:
    ours, theirs = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]), np.array([[2.0, 0.0], [0.0, 5.0], [-1.0, 0.0]])
    assert distances.dino_scores(ours, theirs).tolist() == pytest.approx([1, 0.5, 0])


def mse_by_hand() -> None:
    assert distances.mse(np.array([0.0, 0.5]), np.array([1.0, 0.5])) == pytest.approx(0.5)


def psnr_by_hand() -> None:
    grey = np.full((4, 4), 0.5)
    assert distances.psnr(grey, grey + 0.1) == pytest.approx(20)
    assert distances.psnr(grey, grey) == 100


def ssim_of_flat_pictures() -> None:
    """Without variance only the luminance term is left: (2ab + C1) / (a^2 + b^2 + C1)."""
    one, two = np.full((16, 16), 0.2), np.full((16, 16), 0.6)
    expected = (2 * 0.2 * 0.6 + 0.01**2) / (0.2**2 + 0.6**2 + 0.01**2)
    assert distances.ssim(one, two) == pytest.approx(expected)
    assert distances.ssim(one, one) == pytest.approx(1)


def ssim_window_by_window() -> None:
    """The definition written out for one window of 11 x 11, whose variances are taken with N - 1."""
    random = np.random.default_rng(3)
    a, b = random.random((11, 11)), random.random((11, 11))
    cov = np.cov(a.ravel(), b.ravel())
    c1, c2 = 1e-4, 9e-4
    top = (2 * a.mean() * b.mean() + c1) * (2 * cov[0, 1] + c2)
    expected = top / ((a.mean() ** 2 + b.mean() ** 2 + c1) * (cov[0, 0] + cov[1, 1] + c2))
    assert distances.ssim(a, b) == pytest.approx(expected)


def lpips_by_hand() -> None:
    """Two channels at two places, one layer: unit vectors (.6, .8) against (.8, .6), and (1, 0) against itself."""
    ours = np.array([[[3.0, 1.0]], [[4.0, 0.0]]])
    theirs = np.array([[[8.0, 2.0]], [[6.0, 0.0]]])
    assert distances.lpips([ours], [theirs], [np.array([0.25, 0.75])]) == pytest.approx(0.02)
    assert distances.lpips([ours, ours], [theirs, theirs], [np.array([1.0, 0.0])] * 2) == pytest.approx(0.04)


KNOWN = [value for value in list(globals().values()) if inspect.isfunction(value) and value.__module__ == __name__]


@pytest.mark.parametrize("check", KNOWN, ids=lambda check: check.__name__)
def test_known_answers(check: Callable[[], None]) -> None:
    check()


MUTATIONS = [
    ("frechet_gaussians", "gap @ gap", "np.abs(gap).sum()", frechet_of_shifted_gaussians),
    ("frechet_gaussians", "- 2 * cross", "- cross", frechet_of_shifted_gaussians),
    ("frechet_gaussians", "root @ cov2 @ root", "cov1 * cov2", frechet_of_matrices_that_do_not_commute),
    ("_root", "np.sqrt(", "(", frechet_of_matrices_that_do_not_commute),
    ("gaussian", "rowvar=False", "rowvar=False, ddof=0", gaussian_of_two_points),
    ("gaussian", "data.mean(0)", "data.sum(0)", gaussian_of_two_points),
    ("kernel_distance", "** 3", "** 2", kernel_distance_by_hand),
    ("kernel_distance", "(n * (n - 1))", "(n * n)", kernel_distance_by_hand),
    ("kernel_distance", "2 * xy.mean()", "xy.mean()", kernel_distance_by_hand),
    ("clip_scores", "100 *", "250 *", clip_scores_by_hand),
    ("clip_scores", ", 0, None", ", -1, None", clip_scores_by_hand),
    ("cosines", "np.linalg.norm(b, axis=1)", "1", clip_scores_by_hand),
    ("dino_scores", "+ 1) / 2", ") / 1", dino_scores_by_hand),
    ("mse", "** 2", "", mse_by_hand),
    ("psnr", "-10 *", "-20 *", psnr_by_hand),
    ("psnr", "100.0 if error == 0", "99.0 if error == 0", psnr_by_hand),
    ("ssim", "c1, c2 = SSIM_K1**2, SSIM_K2**2", "c1, c2 = SSIM_K1, SSIM_K2", ssim_of_flat_pictures),
    ("ssim", "2 * mean_a * mean_b", "mean_a * mean_b", ssim_of_flat_pictures),
    ("ssim", "SSIM_WINDOW**2 / (SSIM_WINDOW**2 - 1)", "1", ssim_window_by_window),
    ("ssim", "2 * both", "both", ssim_window_by_window),
    ("_window_mean", "/ w**2", "/ w", ssim_of_flat_pictures),
    ("lpips", "** 2", "", lpips_by_hand),
    ("lpips", ".mean()", ".sum()", lpips_by_hand),
    ("lpips", "total +=", "total =", lpips_by_hand),
    ("_unit_channels", "axis=0", "axis=1", lpips_by_hand),
]


@pytest.mark.parametrize(("name", "old", "new", "check"), MUTATIONS, ids=lambda value: getattr(value, "__name__", value))
def test_an_altered_formula_is_noticed(
    name: str, old: str, new: str, check: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its known answer must then be missed."""
    monkeypatch.setattr(distances, name, altered(distances, name, old, new))
    with pytest.raises(AssertionError):
        check()


def test_every_public_formula_has_a_mutation() -> None:
    public = {n for n, f in vars(distances).items() if inspect.isfunction(f) and f.__module__ == distances.__name__}
    assert public - {name for name, *_ in MUTATIONS} == {"frechet"}  # composed of gaussian and frechet_gaussians


def test_the_frechet_distance_agrees_with_scipy() -> None:
    scipy = pytest.importorskip("scipy.linalg", reason="scipy comes with the train extra")
    ours, theirs = GENERATOR.normal(size=(60, 12)), GENERATOR.normal(0.3, 2, size=(70, 12))
    (m1, c1), (m2, c2) = distances.gaussian(ours), distances.gaussian(theirs)
    expected = ((m1 - m2) ** 2).sum() + np.trace(c1 + c2 - 2 * scipy.sqrtm(c1 @ c2).real)
    assert distances.frechet(ours, theirs) == pytest.approx(expected, rel=1e-6)


def test_sample_size_alone_raises_a_frechet_distance_and_not_a_kernel_distance() -> None:
    """Why reports on 150 prompts read the kernel distance."""
    draw = np.random.default_rng(1)
    small = [distances.frechet(draw.normal(size=(40, 24)), draw.normal(size=(400, 24))) for _ in range(5)]
    large = [distances.frechet(draw.normal(size=(1200, 24)), draw.normal(size=(400, 24))) for _ in range(5)]
    assert np.mean(small) > 4 * np.mean(large)
    kernel = [distances.kernel_distance(draw.normal(size=(40, 24)), draw.normal(size=(400, 24))) for _ in range(20)]
    assert abs(np.mean(kernel)) < 2 * np.std(kernel)


def test_too_little_is_refused() -> None:
    with pytest.raises(ConfigError):
        distances.frechet(np.ones((1, 2)), np.ones((5, 2)))
    with pytest.raises(ConfigError):
        distances.kernel_distance(np.ones((1, 2)), np.ones((5, 2)))
    with pytest.raises(ConfigError):
        distances.ssim(np.ones((8, 8)), np.ones((8, 8)))
