"""Area under the ROC curve: how often a random positive scores above a random negative, ties counted half."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairwitness.core.errors import TooFewError
from fairwitness.core.estimate import Estimate
from fairwitness.stats import intervals


def auc(scores: ArrayLike, labels: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Area under the ROC curve of scored rows.

    Args:
        scores: (n,) finite numbers; only their order matters.
        labels: (n,) True or 1 for the positive class.
        level: Two-sided confidence.

    Returns:
        The area, unit "auc", in [0, 1]; an interval of positive width even for perfect separation.

    Raises:
        TooFewError: A class is empty.
        ValueError: A score is NaN, or the lengths differ.

    Source:
        Newcombe 2006, Statistics in Medicine 25(4):559-573, method 5, for the interval, widened where the variance of
        DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44(3):837-845, is the larger.
    """
    values, positive = np.asarray(scores, dtype=np.float64), np.asarray(labels).astype(bool)
    if values.shape != positive.shape or values.ndim != 1:
        raise ValueError(f"{values.shape} scores for {positive.shape} labels")
    if np.isnan(values).any():
        raise ValueError("a score is NaN; leave such rows out, and say how many they were")
    distinct, places = np.unique(values, return_inverse=True)
    counts = [np.bincount(places[chosen], minlength=len(distinct)) for chosen in (~positive, positive)]
    return auc_from_histogram(*counts, level=level)


def auc_from_histogram(negatives: ArrayLike, positives: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Area under the ROC curve from counts by score.

    Args:
        negatives: (bins,) rows of the negative class in each bin, by rising score.
        positives: (bins,) those of the positive class.
        level: Two-sided confidence.

    Returns, Raises: as `auc`. Rows in one bin count as tied, which moves the area by at most half the share of pairs
    that meet in a bin.
    """
    below, above = np.asarray(negatives, dtype=np.int64), np.asarray(positives, dtype=np.int64)
    m, n = int(above.sum()), int(below.sum())
    if m == 0 or n == 0:
        raise TooFewError("an area under the curve needs rows of both classes")
    area = float(areas(below, above))
    unlike = _excess(below, above, area)
    low, high = intervals.auc(area, m, n, z=intervals.critical(level) * max(1.0, unlike) ** 0.5)
    method = "Newcombe's interval, no narrower than DeLong's variance allows"
    return Estimate(value=area, low=low, high=high, level=level, n=m + n, unit="auc", method=method)


def areas(negatives: NDArray[Any], positives: NDArray[Any]) -> NDArray[np.float64]:
    """Areas of many histograms at once, such as bootstrap replicates.

    Args:
        negatives: (..., bins) counts of the negative class, by rising score.
        positives: (..., bins) counts of the positive class.

    Returns:
        (...) areas in [0, 1]; NaN where a class is empty.
    """
    below = np.cumsum(negatives, axis=-1) - 0.5 * np.asarray(negatives)  # negatives below, and half of those level
    pairs = positives.sum(axis=-1, dtype=np.float64) * negatives.sum(axis=-1, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        return np.asarray((positives * below).sum(axis=-1) / pairs)


def _excess(negatives: NDArray[np.int64], positives: NDArray[np.int64], area: float) -> float:
    """DeLong's variance of the area over the one Newcombe's interval supposes; 0 where there is nothing to tell.

    The supposed one holds for two classes alike in spread. Where they differ, its interval alone covers 88 % at 95 %.
    """
    n, m = int(negatives.sum()), int(positives.sum())
    supposed = intervals.auc_variance(area, m, n)
    if min(n, m) < 2 or supposed == 0:
        return 0.0
    beaten = (np.cumsum(negatives) - 0.5 * negatives) / n  # share of negatives a positive in this bin beats
    beaten_by = 1 - (np.cumsum(positives) - 0.5 * positives) / m
    delong = (positives * (beaten - area) ** 2).sum() / ((m - 1) * m) + (negatives * (beaten_by - area) ** 2).sum() / (
        (n - 1) * n
    )
    return float(delong / supposed)
