"""How well several people's labels of the same rows agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.estimate import Estimate
from fairwitness.stats.intervals import critical

Floats = NDArray[np.float64]


FEW_SPLIT = 5
"""With fewer rows people disagree on, or agree on, the jackknife says little: agreement on all would have no doubt at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Krippendorff's alpha, its standard error by the jackknife over rows, and the rows it rests on.

    Where hardly any row splits people, or hardly any does not, the error is at least that of the share of rows that do
    (Agresti and Coull 1998, The American Statistician 52(2):119-126).
    """

    value: float | None
    error: float | None
    n: int

    def estimate(self, *, level: float = 0.95, z: float | None = None) -> Estimate:
        """With its interval; 1 is perfect agreement, 0 that of chance."""
        low = high = None
        if self.value is not None and self.error is not None:
            half = critical(level, z) * self.error
            low, high = self.value - half, min(self.value + half, 1.0)
        return Estimate(
            value=self.value, low=low, high=high, level=level, n=self.n, unit="number", method="jackknife over rows"
        )


def alpha(codes: NDArray[Any]) -> Agreement:
    """Krippendorff's alpha of categories.

    Args:
        codes: (rows, annotators) int, the category each gave each row, from 0; −1 where none was given.

    Returns:
        At most 1; below 0 where people disagree more than chance would. None where no row has two labels, or all labels
        are of one category: agreement is then unknown.

    Source:
        Krippendorff 2011, Computing Krippendorff's alpha-reliability; jackknife of Efron and Stein 1981, Annals of
        Statistics 9(3):586-596.
    """
    width = int(codes.max(initial=0)) + 1
    given = np.stack([(codes == category).sum(axis=1) for category in range(width)], axis=1).astype(float)
    labels = given.sum(axis=1)
    given, labels = given[labels > 1], labels[labels > 1]
    observed = (labels**2 - (given**2).sum(axis=1)) / np.maximum(labels - 1, 1)
    value = _alpha(observed.sum(), given.sum(axis=0))
    n = len(given)
    if not np.isfinite(value):
        return Agreement(value=None, error=None, n=n)
    without = _alpha(observed.sum() - observed, given.sum(axis=0) - given)
    if n < 2 or not np.isfinite(without).all():
        return Agreement(value=float(value), error=None, n=n)
    error = float(np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum()))
    split = int((observed > 0).sum())
    if min(split, n - split) < FEW_SPLIT:
        apart = (split + 2) / (n + 4)
        by_chance = 1 / (1 - float(_alpha(labels.sum(), given.sum(axis=0))))  # disagreement of labels drawn at random
        error = max(error, float(np.sqrt(apart * (1 - apart) / (n + 4))) / by_chance)
    return Agreement(value=float(value), error=error, n=n)


def difference(first: Agreement, second: Agreement, *, level: float = 0.95, z: float | None = None) -> Estimate:
    """Second alpha minus first, of rows apart from one another."""
    n = first.n + second.n
    method = "difference of alphas, jackknife over rows"
    if first.value is None or second.value is None:
        return Estimate(value=None, low=None, high=None, level=level, n=n, unit="number", method=method)
    value = second.value - first.value
    if first.error is None or second.error is None:
        return Estimate(value=value, low=None, high=None, level=level, n=n, unit="number", method=method)
    half = critical(level, z) * float(np.hypot(first.error, second.error))
    return Estimate(value=value, low=value - half, high=value + half, level=level, n=n, unit="number", method=method)


def _alpha(observed: Any, given: Floats) -> Any:  # noqa: ANN401 - number or array, as comes in
    """1 − observed over expected disagreement; NaN where all labels are of one category."""
    labels = given.sum(axis=-1)
    expected = (labels**2 - (given**2).sum(axis=-1)) / np.maximum(labels - 1, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(expected > 0, 1 - observed / np.where(expected > 0, expected, 1), np.nan)
