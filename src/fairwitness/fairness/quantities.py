"""Errors of predicted quantities by group, from moments: mean error, mean absolute and squared error, R²."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.fairness.contrasts import Known

Floats = NDArray[np.float64]

NOISE = 1e-24
"""Variance over the mean square, up to which numbers differ by the rounding of their mean alone."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Errors:
    """Numbers of k groups, with limits; NaN where one is undefined, such as any of nobody.

    Attributes:
        mean: Mean of predicted less recorded: above 0 where predictions are too high.
        absolute: Mean absolute error (MAE).
        squared: Mean squared error; of chances and outcomes of 0 and 1 it is the Brier score.
        explained: R², 1 less the squared error over the recorded values' variance within the group; 1 at most, and below
            0 where the group's own mean would predict better. Undefined where the recorded values do not differ.
    """

    mean: Known
    absolute: Known
    squared: Known
    explained: Known

    @property
    def root(self) -> Known:
        """Root mean squared error (RMSE)."""
        each = self.squared
        return Known(np.sqrt(each.value), np.sqrt(each.low), np.sqrt(each.high), each.n)


def errors(recorded: Floats, predicted: Floats, codes: NDArray[Any], groups: int, *, z: float) -> Errors:
    """Errors of each group.

    Args:
        recorded: (n,) what was found.
        predicted: (n,) what was predicted, in the same unit.
        codes: (n,) each row's group.
        groups: How many there are.
        z: Critical value of the intervals, from a normal; Student's at the same level is used.

    Returns:
        Means with Student's intervals; R² with the interval of its influence values (the delta method).

    Source:
        van der Vaart 1998, Asymptotic Statistics, chapter 20, for influence values.
    """
    n = np.bincount(codes, minlength=groups)
    error = predicted - recorded
    square = error**2
    centred = recorded - _means(recorded, codes, n)[codes]
    squared, spread = _means(square, codes, n), _means(centred**2, codes, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        differs = spread > NOISE * _means(recorded**2, codes, n)
        ratio = np.where(differs, squared / spread, np.nan)
        influence = (ratio[codes] * centred**2 - square) / spread[codes]
    explained = _mean(np.where(np.isfinite(influence), influence, 0.0), codes, n, z)
    mean_squared = _mean(square, codes, n, z)
    return Errors(
        mean=_mean(error, codes, n, z),
        absolute=_floored(_mean(np.abs(error), codes, n, z)),
        squared=_floored(mean_squared),
        explained=Known(1 - ratio, 1 - ratio + explained.low, np.minimum(1 - ratio + explained.high, 1.0), n),
    )


def scaled(known: Known, by: float) -> Known:
    """The numbers in another unit, such as standard deviations."""
    return Known(known.value / by, known.low / by, known.high / by, known.n)


def _means(values: Floats, codes: NDArray[Any], n: NDArray[np.int64]) -> Floats:
    with np.errstate(invalid="ignore"):
        return np.asarray(np.bincount(codes, weights=values, minlength=len(n)) / n)


def _mean(values: Floats, codes: NDArray[Any], n: NDArray[np.int64], z: float) -> Known:
    """Means with Student's limits; without end where one value says nothing of the spread."""
    from scipy.special import ndtr, stdtrit

    mean = _means(values, codes, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = _means((values - mean[codes]) ** 2, codes, n) * n / (n - 1)
        half = np.where(n > 1, stdtrit(np.maximum(n - 1, 1), ndtr(z)) * np.sqrt(spread / n), np.inf)
    return Known(mean, mean - half, mean + half, n)


def _floored(known: Known) -> Known:
    return Known(known.value, np.maximum(known.low, 0.0), known.high, known.n)


def ends(known: Known, place: int, *, shown: bool) -> Sequence[float | None]:
    """Value and limits of one group for a table."""
    return known.place(place) if shown else (None, None, None)
