"""Worse conditions at five severities: what scanners, lenses, networks and typists do to rows, by chance and not by intent."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.robustness.attacks.space import Floats, discrete, put

SEVERITIES = (1, 2, 3, 4, 5)
SMALL = 64  # pixels; images with a shorter side take the settings of CIFAR-10-C, others those of ImageNet-C

Levels = tuple[float, float, float, float, float]
Corruption = Callable[[Rows, int, np.random.Generator], Rows]
"""Rows, severity 1 to 5, dice -> rows."""

# Hendrycks and Dietterich 2019: the settings of their code, for small images and large ones.
_PICTURES: dict[str, tuple[Levels, Levels]] = {
    "noise": ((0.04, 0.06, 0.08, 0.09, 0.10), (0.08, 0.12, 0.18, 0.26, 0.38)),  # deviation
    "blur": ((0.4, 0.6, 0.7, 0.8, 1.0), (1.0, 2.0, 3.0, 4.0, 6.0)),  # deviation of the kernel, pixels
    "contrast": ((0.75, 0.5, 0.4, 0.3, 0.15), (0.4, 0.3, 0.2, 0.1, 0.05)),  # what is left
    "brightness": ((0.05, 0.1, 0.15, 0.2, 0.3), (0.1, 0.2, 0.3, 0.4, 0.5)),  # added
    "pixelation": ((0.95, 0.9, 0.85, 0.75, 0.65), (0.6, 0.5, 0.4, 0.3, 0.25)),  # of the side
    "compression": ((80, 65, 58, 50, 40), (25, 18, 15, 10, 7)),  # JPEG quality
}
# Of the columns' own spread, or of the entries. No standard names these: conventions of this tool.
_TABLES: dict[str, Levels] = {
    "noise": (0.05, 0.1, 0.2, 0.35, 0.5),  # deviation, in deviations of the column
    "missing entries": (0.02, 0.05, 0.1, 0.2, 0.4),
    "wrong entries": (0.01, 0.02, 0.05, 0.1, 0.2),  # somebody else's instead
}
_SERIES: dict[str, Levels] = {
    "noise": (0.05, 0.1, 0.2, 0.35, 0.5),  # deviation, in deviations of the series
    "drift": (0.1, 0.2, 0.4, 0.7, 1.0),  # of the last step, likewise
    "gain": (0.05, 0.1, 0.2, 0.3, 0.5),  # stretched by, up or down
}

LUMINANCE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    dtype=np.float64,
)
"""How coarsely JPEG keeps each of 8 x 8 waves: ITU-T T.81, table K.1."""


def of_pictures(column: Column, *, least: float, most: float) -> Mapping[str, Corruption]:
    """What can happen to images whose values run from `least` to `most`."""

    def named(kind: str) -> Corruption:
        def corrupt(rows: Rows, severity: int, dice: np.random.Generator) -> Rows:
            held = rows.media[column.name]
            channels_first = held.ndim == 4 and held.shape[-1] not in {1, 3, 4}
            unit = (held.astype(np.float64) - least) / ((most - least) or 1.0)
            unit = unit[:, None] if held.ndim == 3 else unit if channels_first else np.moveaxis(unit, -1, 1)
            made = pictures(unit, kind, severity, dice=dice)
            made = made[:, 0] if held.ndim == 3 else made if channels_first else np.moveaxis(made, 1, -1)
            back = least + made * (most - least)
            return put(rows, (column,), np.round(back) if held.dtype.kind in "ui" else back)

        return corrupt

    return {kind: named(kind) for kind in _PICTURES}


def pictures(images: Floats, kind: str, severity: int, *, dice: np.random.Generator) -> Floats:
    """Corrupted images.

    Args:
        images: (n, c, h, w) in [0, 1].
        kind: `noise`, `blur`, `contrast`, `brightness`, `pixelation` or `compression`.
        severity: 1 to 5.
        dice: For noise.

    Returns:
        As `images`, in [0, 1].

    Source:
        Hendrycks and Dietterich 2019, ICLR, arXiv 1903.12261. Brightness is added to every channel alike; compression quantises
        each channel as JPEG does luminance, without subsampling colour.
    """
    small = min(images.shape[2:]) < SMALL
    by = _PICTURES[kind][0 if small else 1][severity - 1]
    match kind:
        case "noise":
            made = images + dice.normal(0.0, by, images.shape)
        case "blur":
            from scipy.ndimage import gaussian_filter

            made = gaussian_filter(images, sigma=(0, 0, by, by), mode="nearest", truncate=4.0)
        case "contrast":
            mean = images.mean(axis=(2, 3), keepdims=True)
            made = mean + by * (images - mean)
        case "brightness":
            made = images + by
        case "pixelation":
            down, up = zip(*(_coarser(side, by) for side in images.shape[2:]), strict=True)
            made = up[0] @ (down[0] @ images @ down[1].T) @ up[1].T
        case _:
            made = _quantised(images, by)
    return np.clip(made, 0.0, 1.0)


def _coarser(side: int, share: float) -> tuple[Floats, Floats]:
    """Averages over fewer, larger pixels, and back: (m, side) and (side, m)."""
    fewer = max(int(side * share), 1)
    edges, wide = np.linspace(0, side, fewer + 1), np.arange(side + 1)
    overlap = np.clip(np.minimum(edges[1:, None], wide[1:]) - np.maximum(edges[:-1, None], wide[:-1]), 0.0, None)
    return overlap / overlap.sum(axis=1, keepdims=True), overlap.T / overlap.sum(axis=0)[:, None]


def _quantised(images: Floats, quality: float) -> Floats:
    """Each 8 x 8 block as JPEG at that quality keeps it."""
    from scipy.fft import dctn, idctn

    scale = 5_000 / quality if quality < 50 else 200 - 2 * quality
    table = np.clip(np.floor((LUMINANCE * scale + 50) / 100), 1, 255)
    n, c, height, width = images.shape
    down, right = -height % 8, -width % 8
    padded = np.pad(images * 255 - 128, ((0, 0), (0, 0), (0, down), (0, right)), mode="edge")
    blocks = padded.reshape(n, c, (height + down) // 8, 8, (width + right) // 8, 8).transpose(0, 1, 2, 4, 3, 5)
    kept = np.round(dctn(blocks, axes=(4, 5), norm="ortho") / table) * table
    made = idctn(kept, axes=(4, 5), norm="ortho").transpose(0, 1, 2, 4, 3, 5).reshape(padded.shape)
    back: Floats = (made[:, :, :height, :width] + 128) / 255
    return back


def of_series(column: Column, *, spread: float) -> Mapping[str, Corruption]:
    """What can happen to series whose values have that standard deviation."""

    def named(kind: str) -> Corruption:
        def corrupt(rows: Rows, severity: int, dice: np.random.Generator) -> Rows:
            held = rows.media[column.name].astype(np.float64)
            by = _SERIES[kind][severity - 1]
            if kind == "noise":
                made = held + dice.normal(0.0, by * spread, held.shape)
            elif kind == "drift":
                made = held + by * spread * np.linspace(0, 1, held.shape[-1]) * _sides(len(held), held.ndim, dice)
            else:
                made = held * (1 + by * _sides(len(held), held.ndim, dice))
            return put(rows, (column,), made)

        return corrupt

    return {kind: named(kind) for kind in _SERIES}


def _sides(n: int, axes: int, dice: np.random.Generator) -> Floats:
    """Up or down, one a row."""
    drawn: Floats = np.where(dice.random(n) < 0.5, -1.0, 1.0).reshape(n, *(1 for _ in range(axes - 1)))
    return drawn


def of_tables(
    columns: Sequence[Column], *, spread: Mapping[str, float], fixed: Sequence[str] = ()
) -> Mapping[str, Corruption]:
    """What can happen to the entries of a table.

    Args:
        columns: What the model reads.
        spread: Standard deviation of number columns over training rows.
        fixed: Columns that stay, such as sensitive ones.
    """
    free = [column for column in columns if not column.media and column.name not in fixed]
    numbers = [column for column in free if column.numeric and not discrete(column)]
    entries = [column for column in free if discrete(column) and column.one_of is None]

    def noise(rows: Rows, severity: int, dice: np.random.Generator) -> Rows:
        return replaced(rows, {c.name: _noisy(rows.columns[c.name], c, severity, spread, dice) for c in numbers})

    def missing(rows: Rows, severity: int, dice: np.random.Generator) -> Rows:
        share, changed = _TABLES["missing entries"][severity - 1], {}
        for column in free:
            held = rows.columns[column.name].copy()
            held[dice.random(len(held)) < share] = math.nan if column.numeric else None
            changed[column.name] = held
        return replaced(rows, changed)

    def wrong(rows: Rows, severity: int, dice: np.random.Generator) -> Rows:
        share, changed = _TABLES["wrong entries"][severity - 1], {}
        for column in entries:
            held = rows.columns[column.name]
            other = held[dice.permutation(len(held))]
            changed[column.name] = np.where(dice.random(len(held)) < share, other, held)
        return replaced(rows, changed)

    made: dict[str, Corruption] = {"noise": noise} if numbers else {}
    made |= {"missing entries": missing} if free else {}
    return made | ({"wrong entries": wrong} if entries else {})


def _noisy(
    held: NDArray[np.float64], column: Column, severity: int, spread: Mapping[str, float], dice: np.random.Generator
) -> NDArray[np.float64]:
    """Numbers with noise, in whole steps from what they were and within what is declared."""
    step = column.step or (1.0 if column.kind == "integer" else 0.0)
    moved = held + dice.normal(0.0, _TABLES["noise"][severity - 1] * spread.get(column.name, 0.0), len(held))
    if step:
        moved = held + np.round((moved - held) / step) * step
    low = -math.inf if column.low is None else column.low
    high = math.inf if column.high is None else column.high
    return np.clip(moved, np.fmin(low, held), np.fmax(high, held))


def replaced(rows: Rows, changed: Mapping[str, NDArray[np.generic]]) -> Rows:
    """Rows with these columns in place of their own."""
    return Rows(ids=rows.ids, columns={**rows.columns, **changed}, media=rows.media)
