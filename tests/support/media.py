"""Rows of images, text or series in memory."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column, Kind
from fairwitness.core.subject import Rows


def media(kind: Kind, values: NDArray[Any], *, name: str | None = None) -> tuple[tuple[Column, ...], Rows]:
    """One column of images or series."""
    called = name or kind
    return (Column(name=called, kind=kind),), Rows(ids=np.arange(len(values)), columns={}, media={called: values})


def texts(*values: str | None, name: str = "text") -> tuple[tuple[Column, ...], Rows]:
    """One column of text."""
    held = np.empty(len(values), dtype=object)
    held[:] = values
    return (Column(name=name, kind="text"),), Rows(ids=np.arange(len(values)), columns={name: held})


def striped(n: int = 240, seed: int = 0, side: int = 12) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """Noisy (n, side, side) images of stripes that lie ("flat") or stand ("tall"), in any phase."""
    rng = np.random.default_rng(seed)
    tall = rng.random(n) < 0.5
    wave = 60 * np.sin(2 * np.pi * (np.arange(side)[None] / 4 + rng.random((n, 1))))
    drawn = np.where(tall[:, None, None], wave[:, None, :], wave[:, :, None])
    images = (128 + drawn + rng.normal(0, 20, (n, side, side))).clip(0, 255).astype(np.uint8)
    return images, np.where(tall, "tall", "flat").astype(object)
