"""Does one model fit all groups: do columns mean the same for the outcome, and would a model of its own serve a group better."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.estimate import Estimate
from fairwitness.stats.intervals import critical
from fairwitness.stats.levels import FOLDS
from fairwitness.stats.nested import Nested, chances, crossed, dummies, log_loss, logistic

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int64]

ROWS_A_COLUMN = 10
"""Rows of each group and the rarer class a column needs for the likelihood-ratio test to keep its level."""


def interactions(outcome: Flags, columns: Floats, codes: Codes) -> Nested:
    """Does the outcome go with the columns in another way in some group, over and above a level of its own.

    Args:
        outcome: (n,) bool.
        columns: (n, d) as `design` gives.
        codes: (n,) group, from 0.

    Source:
        Chow 1960, Econometrica 28(3):591-605, by the likelihood ratio of logistic models.
    """
    marks = dummies(np.unique(codes, return_inverse=True)[1])
    return logistic(outcome, np.hstack([columns, marks]), crossed(columns, marks))


def enough(outcome: Flags, columns: Floats, codes: Codes) -> Flags:
    """(n,) rows of groups with rows of both outcomes enough for `interactions`; none where that is one group."""
    least = ROWS_A_COLUMN * max(columns.shape[1], 1)
    hits, size = np.bincount(codes, weights=outcome), np.bincount(codes)
    large = np.minimum(hits, size - hits) >= least
    return np.asarray(large[codes] & (large.sum() > 1))


def narrowed(outcome: Flags, columns: Floats, codes: Codes) -> tuple[Floats, Flags]:
    """As many columns as two groups have rows for, those that go with the outcome most, and the rows of such groups.

    Args:
        outcome: (n,) bool.
        columns: (n, d) as `design` gives.
        codes: (n,) group, from 0.

    Returns:
        (n, e) columns with e at most d, and (n,) rows of groups with enough; no row where no column can be afforded.
    """
    hits, size = np.bincount(codes, weights=outcome), np.bincount(codes)
    rarer = np.sort(np.minimum(hits, size - hits))
    afforded = int(rarer[-2] // ROWS_A_COLUMN) if len(rarer) > 1 else 0
    width = min(afforded, columns.shape[1])
    if width < 1:
        return columns[:, :0], np.zeros(len(codes), dtype=bool)
    strength = np.abs(columns.T @ (outcome - outcome.mean()))
    kept = columns[:, np.sort(np.argsort(-strength, kind="stable")[:width])]
    return kept, enough(outcome, kept, codes)


def own_models(
    outcome: Flags, columns: Floats, codes: Codes, fold: Codes, names: tuple[str, ...], *, level: float = 0.95
) -> Mapping[str, Estimate]:
    """How much of its loss each group would be spared by a model fitted on its own rows alone.

    Logistic models are fitted five times on four fifths of the rows and tried on the last: one for all, with a level of
    its own for each group, and one a group. The log loss of the same rows is compared in pairs.

    Args:
        outcome: (n,) bool.
        columns: (n, d) as `design` gives.
        codes: (n,) group, from 0.
        fold: (n,) from 0 to `FOLDS` − 1, such as `levels.fold_of` gives.
        names: Of the groups, by code.
        level: Two-sided confidence of all groups together (Bonferroni).

    Returns:
        Group to the share of its loss saved, at most 1; below 0 where it is better served by the model for all, as it
        is wherever one relation holds for everybody.

    Source:
        Dwork, Immorlica, Kalai and Leiserson 2018, PMLR 81:119-133; Ustun, Liu and Parkes 2019, PMLR 97:6373-6382.
    """
    whole = np.hstack([columns, dummies(codes)])
    shared, own = np.empty(len(outcome)), np.empty(len(outcome))
    for part in range(FOLDS):
        out = fold == part
        shared[out] = chances(outcome[~out], whole[~out], whole[out])
        for code in range(len(names)):
            fitted, asked = ~out & (codes == code), out & (codes == code)
            if asked.any() and fitted.any():
                own[asked] = chances(outcome[fitted], columns[fitted], columns[asked])
    before, after = log_loss(outcome, shared), log_loss(outcome, own)
    each = 1 - (1 - level) / len(names)
    return {
        name: _saved(before[codes == code], after[codes == code], level=each)
        for code, name in enumerate(names)
        if (codes == code).any()
    }


def _saved(before: Floats, after: Floats, *, level: float) -> Estimate:
    n, whole = len(before), float(before.mean())
    value = float((before - after).mean()) / whole
    error = float((before - after - value * before).std(ddof=1)) / whole / n**0.5 if n > 1 else np.inf
    half = critical(level) * error
    return Estimate(
        value=value,
        low=value - half if np.isfinite(half) else None,
        high=min(value + half, 1.0) if np.isfinite(half) else None,
        level=level,
        n=n,
        unit="share",
        method=f"paired log loss, cross-fitted in {FOLDS} folds, for all groups at once",
    )
