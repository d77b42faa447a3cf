"""Does one model fit all groups: do columns mean the same for the outcome, and would a model of its own serve a group better."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.estimate import Estimate
from fairwitness.stats.intervals import critical
from fairwitness.stats.levels import FOLDS
from fairwitness.stats.nested import Nested, chances, crossed, dummies, log_loss, nested

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int64]

ROWS_A_COLUMN = 10
"""Rows of each group and the rarer class a column needs for the likelihood-ratio test to keep its level."""
RIDGE = 1e-3
"""Added to the squares of columns, so that columns that say the same do no harm."""


def interactions(outcome: Flags | Floats, columns: Floats, codes: Codes) -> Nested:
    """Does the outcome go with the columns in another way in some group, over and above a level of its own.

    Args:
        outcome: (n,) bool, or numbers.
        columns: (n, d) as `design` gives.
        codes: (n,) group, from 0.

    Source:
        Chow 1960, Econometrica 28(3):591-605; of truth values by the likelihood ratio of logistic models.
    """
    marks = dummies(np.unique(codes, return_inverse=True)[1])
    return nested(outcome, np.hstack([columns, marks]), crossed(columns, marks))


def enough(outcome: Flags | Floats, columns: Floats, codes: Codes) -> Flags:
    """(n,) rows of groups with rows of both outcomes enough for `interactions`; none where that is one group."""
    least = ROWS_A_COLUMN * max(columns.shape[1], 1)
    large = _telling_rows(outcome, codes) >= least
    return np.asarray(large[codes] & (large.sum() > 1))


def _telling_rows(outcome: Flags | Floats, codes: Codes) -> Floats:
    """(groups,) rows of the rarer class; of a quantity all rows."""
    size = np.bincount(codes).astype(np.float64)
    if outcome.dtype != bool:
        return size
    hits = np.bincount(codes, weights=outcome)
    return np.asarray(np.minimum(hits, size - hits))


def narrowed(outcome: Flags | Floats, columns: Floats, codes: Codes) -> tuple[Floats, Flags]:
    """As many columns as two groups have rows for, those that go with the outcome most, and the rows of such groups.

    Args:
        outcome: (n,) bool, or numbers.
        columns: (n, d) as `design` gives.
        codes: (n,) group, from 0.

    Returns:
        (n, e) columns with e at most d, and (n,) rows of groups with enough; no row where no column can be afforded.
    """
    rarer = np.sort(_telling_rows(outcome, codes))
    afforded = int(rarer[-2] // ROWS_A_COLUMN) if len(rarer) > 1 else 0
    width = min(afforded, columns.shape[1])
    if width < 1:
        return columns[:, :0], np.zeros(len(codes), dtype=bool)
    strength = np.abs(columns.T @ (outcome - outcome.mean()))
    kept = columns[:, np.sort(np.argsort(-strength, kind="stable")[:width])]
    return kept, enough(outcome, kept, codes)


def own_models(
    outcome: Flags | Floats, columns: Floats, codes: Codes, fold: Codes, names: tuple[str, ...], *, level: float = 0.95
) -> Mapping[str, Estimate]:
    """How much of its loss each group would be spared by a model fitted on its own rows alone.

    Logistic models (linear ones of a quantity) are fitted five times on four fifths of the rows and tried on the last: one
    for all, with a level of its own for each group, and one a group. The log loss (squared error) of the same rows is
    compared in pairs.

    Args:
        outcome: (n,) bool, or numbers.
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
        shared[out] = _told(outcome[~out], whole[~out], whole[out])
        for code in range(len(names)):
            fitted, asked = ~out & (codes == code), out & (codes == code)
            if asked.any() and fitted.any():
                own[asked] = _told(outcome[fitted], columns[fitted], columns[asked])
    before, after = _loss(outcome, shared), _loss(outcome, own)
    each = 1 - (1 - level) / len(names)
    return {
        name: _saved(before[codes == code], after[codes == code], loss=_WORDS[outcome.dtype == bool], level=each)
        for code, name in enumerate(names)
        if (codes == code).any()
    }


_WORDS = {True: "log loss", False: "squared error"}


def _told(outcome: Flags | Floats, columns: Floats, asked: Floats) -> Floats:
    """What a model of the outcome on (n, d) columns says of (m, d) rows: chances, or quantities."""
    if outcome.dtype == bool:
        return chances(np.asarray(outcome, dtype=bool), columns, asked)
    middle = columns.mean(axis=0)
    inner = (columns - middle).T @ (columns - middle) + RIDGE * np.eye(columns.shape[1])
    beta = np.linalg.solve(inner, (columns - middle).T @ (outcome - outcome.mean()))
    return np.asarray(outcome.mean() + (asked - middle) @ beta)


def _loss(outcome: Flags | Floats, told: Floats) -> Floats:
    """(n,) of each row."""
    if outcome.dtype == bool:
        return log_loss(np.asarray(outcome, dtype=bool), told)
    return np.asarray((outcome - told) ** 2)


def _saved(before: Floats, after: Floats, *, loss: str, level: float) -> Estimate:
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
        method=f"paired {loss}, cross-fitted in {FOLDS} folds, for all groups at once",
    )
