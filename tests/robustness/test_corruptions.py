"""Corruptions against closed forms, Pillow's JPEG, and their own order of severity."""

import io
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.robustness.corruptions import SEVERITIES, of_pictures, of_series, of_tables, pictures

KINDS = ("noise", "blur", "contrast", "brightness", "pixelation", "compression")


def drawn(side: int = 28, n: int = 8) -> NDArray[np.float64]:
    """Smooth shapes with edges, (n, 1, side, side) in [0, 1]."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:side, :side] / side
    shapes = [(np.hypot(x - a, y - b) < c).astype(float) * d for a, b, c, d in rng.uniform(0.2, 0.7, (n, 4))]
    images: NDArray[np.float64] = np.stack(shapes)[:, None] * 0.8 + 0.1 * x
    return images


@pytest.mark.parametrize("side", [28, 96])
@pytest.mark.parametrize("kind", KINDS)
def test_each_severity_moves_images_further_and_stays_in_range(kind: str, side: int) -> None:
    images = drawn(side)
    away = [
        float(np.abs(pictures(images, kind, severity, dice=np.random.default_rng(1)) - images).mean())
        for severity in SEVERITIES
    ]
    slack = 1.1 if kind == "pixelation" else 1.0  # sides that divide well keep more than their neighbours
    assert all(less < slack * more for less, more in pairwise(away))
    assert away[0] < away[-1]
    assert away[0] > 0.0005
    made = pictures(images, kind, 5, dice=np.random.default_rng(1))
    assert made.min() >= 0
    assert made.max() <= 1


def test_closed_forms() -> None:
    """Contrast keeps the mean; brightness adds; blur keeps a flat image and the sum of a distant point; noise has its deviation."""
    dice = np.random.default_rng(0)
    images = 0.3 + 0.2 * np.random.default_rng(1).random((4, 1, 32, 32))
    np.testing.assert_allclose(
        pictures(images, "contrast", 2, dice=dice).mean(axis=(2, 3)), images.mean(axis=(2, 3)), atol=1e-12
    )
    np.testing.assert_allclose(pictures(images, "contrast", 2, dice=dice).std(), 0.5 * images.std(), rtol=0.02)
    np.testing.assert_allclose(pictures(images, "brightness", 3, dice=dice), images + 0.15)
    flat = np.full((1, 1, 32, 32), 0.4)
    for kind in ("blur", "pixelation", "compression"):
        np.testing.assert_allclose(pictures(flat, kind, 3, dice=dice), flat, atol=0.002)
    point = np.zeros((1, 1, 33, 33))
    point[0, 0, 16, 16] = 1.0
    blurred = pictures(point, "blur", 5, dice=dice)
    assert blurred.sum() == pytest.approx(1)
    assert blurred[0, 0, 16, 17] / blurred[0, 0, 16, 16] == pytest.approx(np.exp(-0.5))  # a deviation of one pixel
    noise = pictures(np.full((40, 1, 32, 32), 0.5), "noise", 5, dice=dice) - 0.5
    assert noise.std() == pytest.approx(0.1, rel=0.02)


def test_pixelation_of_whole_blocks_is_their_mean() -> None:
    """At 96 pixels severity 4 keeps 0.3 of the side: 28; severity 5 keeps a quarter, so blocks are 4 x 4."""
    images = np.random.default_rng(0).random((2, 1, 96, 96))
    made = pictures(images, "pixelation", 5, dice=np.random.default_rng(0))
    means = images.reshape(2, 1, 24, 4, 24, 4).mean(axis=(3, 5))
    np.testing.assert_allclose(made, means.repeat(4, axis=2).repeat(4, axis=3))


@pytest.mark.parametrize("side", [32, 96])
def test_compression_is_near_what_pillow_does(side: int) -> None:
    image = pytest.importorskip("PIL.Image")
    images = np.round(drawn(side, 4) * 255) / 255
    for severity, quality in ((1, 80 if side < 64 else 25), (5, 40 if side < 64 else 7)):
        ours = pictures(images, "compression", severity, dice=np.random.default_rng(0))
        for one, made in zip(images[:, 0], ours[:, 0], strict=True):
            held = io.BytesIO()
            image.fromarray(np.round(one * 255).astype(np.uint8)).save(held, "JPEG", quality=quality)
            theirs = np.asarray(image.open(held), dtype=float) / 255
            assert np.abs(made - theirs).mean() < 0.004  # one level of 255, by rounding and their integer transform


@pytest.mark.parametrize("layout", ["HW", "HWC", "CHW"])
def test_images_come_back_as_they_are_held(layout: str) -> None:
    shape = {"HW": (3, 16, 16), "HWC": (3, 16, 16, 3), "CHW": (3, 3, 16, 16)}[layout]
    images = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    rows = Rows(ids=np.arange(3), columns={}, media={"i": images})
    kinds = of_pictures(Column(name="i", kind="image"), least=0.0, most=255.0)
    for corrupt in kinds.values():
        made = corrupt(rows, 1, np.random.default_rng(0)).media["i"]
        assert made.shape == shape
        assert made.dtype == np.uint8
        assert np.abs(made.astype(int) - images).mean() < 40
    brighter = kinds["brightness"](rows, 1, np.random.default_rng(0)).media["i"]
    np.testing.assert_array_equal(brighter, np.minimum(np.round(images + 0.05 * 255.0), 255).astype(np.uint8))


def test_series() -> None:
    values = np.random.default_rng(0).normal(size=(300, 20))
    rows = Rows(ids=np.arange(300), columns={}, media={"s": values})
    kinds = of_series(Column(name="s", kind="series"), spread=2.0)
    noise = kinds["noise"](rows, 5, np.random.default_rng(0)).media["s"] - values
    assert noise.std() == pytest.approx(1.0, rel=0.05)
    drift = kinds["drift"](rows, 1, np.random.default_rng(0)).media["s"] - values
    np.testing.assert_allclose(np.abs(drift[:, -1]), 0.2)
    np.testing.assert_allclose(drift[:, 0], 0.0)
    gain = kinds["gain"](rows, 2, np.random.default_rng(0)).media["s"] / values
    np.testing.assert_allclose(np.abs(gain - 1), 0.1)


def test_tables() -> None:
    rng = np.random.default_rng(0)
    columns = (
        Column(name="x", kind="number", low=0.0, high=1.0),
        Column(name="k", kind="integer"),
        Column(name="flag", kind="boolean"),
        Column(name="c", kind="category"),
        Column(name="sex", kind="category", role="group"),
    )
    held = {
        "x": rng.random(4000),
        "k": rng.integers(0, 50, 4000).astype(float),
        "flag": np.zeros(4000),
        "c": rng.choice(np.array(["a", "b"], dtype=object), 4000),
        "sex": rng.choice(np.array(["f", "m"], dtype=object), 4000),
    }
    rows = Rows(ids=np.arange(4000), columns=held)
    kinds = of_tables(columns, spread={"x": 0.3, "k": 15.0}, fixed=("sex",))
    assert list(kinds) == ["noise", "missing entries", "wrong entries"]

    noisy = kinds["noise"](rows, 2, np.random.default_rng(1)).columns
    assert 0 <= noisy["x"].min() <= noisy["x"].max() <= 1
    assert (noisy["k"] - held["k"]).std() == pytest.approx(1.5, rel=0.1)
    np.testing.assert_array_equal(noisy["k"], np.round(noisy["k"]))
    assert noisy["c"] is held["c"]

    missing = kinds["missing entries"](rows, 3, np.random.default_rng(1)).columns
    assert np.isnan(missing["x"]).mean() == pytest.approx(0.1, abs=0.02)
    assert (missing["c"] == np.array(None)).mean() == pytest.approx(0.1, abs=0.02)

    wrong = kinds["wrong entries"](rows, 5, np.random.default_rng(1)).columns
    assert (wrong["c"] != held["c"]).mean() == pytest.approx(0.1, abs=0.02)  # half of the fifth exchanged say otherwise
    for made in (noisy, missing, wrong):
        assert (made["sex"] == held["sex"]).all()
