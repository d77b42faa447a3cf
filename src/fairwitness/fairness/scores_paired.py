"""Scores of two subjects on the same rows: how far ranking, squared error and calibration moved, in closed form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.errors import TooFewError
from fairwitness.stats.change import Change, Redrawn, normal

Floats = NDArray[np.float64]


def auc_change(
    before: Floats, after: Floats, positive: NDArray[np.bool_], *, draws: int, rng: np.random.Generator
) -> tuple[float, float, Change]:
    """Areas under the ROC curve of two scores of the same rows, and their difference.

    Args:
        before: (n,) finite numbers; only their order matters.
        after: (n,) likewise.
        positive: (n,) rows of the positive class.
        draws: Replicates.
        rng: Where they come from.

    Returns:
        Both areas, and the second less the first. Two scores that separate the classes perfectly leave no doubt by this
        method, however few the rows.

    Raises:
        TooFewError: A class has fewer than two rows.

    Source:
        DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44(3):837-845.
    """
    if min(positive.sum(), (~positive).sum()) < 2:
        raise TooFewError("areas under the curve are compared on two rows of each class at least")
    (first, above, below), (second, other, under) = (_placements(each, positive) for each in (before, after))
    variance = np.var(other - above, ddof=1) / len(above) + np.var(under - below, ddof=1) / len(below)
    return first, second, normal(second - first, float(np.sqrt(variance)), draws=draws, rng=rng)


def brier_change(
    before: Floats, after: Floats, positive: NDArray[np.bool_], *, draws: int, rng: np.random.Generator
) -> tuple[float, float, Change]:
    """Mean squared errors of two probabilities of the same rows, and their difference.

    Raises:
        TooFewError: Fewer than two rows.
    """
    if len(positive) < 2:
        raise TooFewError("mean errors are compared on two rows at least")
    first, second = ((each - positive) ** 2 for each in (before, after))
    error = float(np.std(second - first, ddof=1) / np.sqrt(len(positive)))
    return (
        float(first.mean()),
        float(second.mean()),
        normal(float((second - first).mean()), error, draws=draws, rng=rng),
    )


def calibration(
    before: Floats,
    after: Floats,
    positive: NDArray[np.bool_],
    members: Sequence[NDArray[np.bool_]],
    *,
    draws: int,
    rng: np.random.Generator,
) -> tuple[Redrawn, Redrawn]:
    """How far each group's mean score is from its recorded rate, in both: the highest is the calibration gap.

    Args:
        before: (n,) probabilities of the first.
        after: (n,) of the second, for the same rows.
        positive: (n,) rows of the positive class.
        members: (n,) rows of each group, two at least in each.
        draws: Replicates.
        rng: Where they come from.

    Returns:
        For each subject, each group's mean error and its negative, with normal deviations; a row's two errors are drawn
        together.
    """
    values: list[tuple[float, float]] = []
    moves = []
    for rows in members:
        errors = np.stack([before[rows] - positive[rows], after[rows] - positive[rows]])
        values.append((float(errors[0].mean()), float(errors[1].mean())))
        spread = np.cov(errors) / errors.shape[1]
        moves.append(rng.multivariate_normal(np.zeros(2), spread, size=draws, method="eigh"))
    return tuple(  # type: ignore[return-value]  # two of them, as there are two subjects
        Redrawn(
            values=np.array([sign * value[side] for value in values for sign in (1.0, -1.0)]),
            deviations=np.stack([sign * move[:, side] for move in moves for sign in (1.0, -1.0)], axis=1),
        )
        for side in (0, 1)
    )


def _placements(scores: Floats, positive: NDArray[np.bool_]) -> tuple[float, Floats, Floats]:
    """The area; how many of the other class each positive and each negative is on the right side of, as shares."""
    above, below = scores[positive], scores[~positive]
    return float(_right(below, above).mean()), _right(below, above), 1 - _right(above, below)


def _right(others: Floats, scores: Floats) -> Floats:
    """(n,) share of others below each score, ties counted half."""
    ordered = np.sort(others)
    low, high = np.searchsorted(ordered, scores, "left"), np.searchsorted(ordered, scores, "right")
    share: Floats = (low + high) / 2 / len(ordered)
    return share
