"""Recorded outcomes changed, as few as it takes, so that good ones are as frequent in every group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairwitness.core.columns import Column

FOLDS = 5

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def massaging(groups: ArrayLike, good: ArrayLike, scores: ArrayLike, *, share: float = 1.0) -> Bools:
    """Which rows' outcomes to change so that good ones are as frequent in every group, and as many as before in all.

    A group with too few good outcomes gets them for those of its rows that look best; one with too many loses them for
    those that look worst.

    Args:
        groups: (n,) the group of each row; any number of groups.
        good: (n,) whether its outcome is the good one.
        scores: (n,) how good it looks, by a model that has not seen it.
        share: How much of the way to go, in [0, 1].

    Returns:
        (n,) True where the outcome is to be changed. Rates are then equal up to a row in each group.

    Source:
        Kamiran and Calders 2012, Knowledge and Information Systems 33:1-33, section 5.2, for any number of groups.
    """
    names, fine, looks = np.asarray(groups).astype(np.str_), np.asarray(good, dtype=bool), np.asarray(scores)
    rate = float(fine.mean()) if len(fine) else 0.0
    changed = np.zeros(len(fine), dtype=bool)
    for name in np.unique(names):
        of = names == name
        lacking = round(share * (rate * int(of.sum()) - int(fine[of].sum())))
        rows = np.flatnonzero(of & (fine != (lacking > 0)))
        best = np.argsort(-looks[rows] if lacking > 0 else looks[rows], kind="stable")
        changed[rows[best[: abs(lacking)]]] = True
    return changed


def looks_good(
    columns: Mapping[str, NDArray[Any]],
    features: Sequence[Column],
    good: Bools,
    units: NDArray[Any],
    *,
    rng: np.random.Generator,
) -> Floats:
    """How good each row looks by its features, to boosted trees that have not seen it.

    Args:
        columns: Feature name to (n,) float64 with NaN, or object of str or None.
        features: Which columns, at least one.
        good: (n,) whether the outcome is the good one.
        units: (n,) what belongs together and is held out together.
        rng: Divides units into folds.

    Returns:
        (n,) chances; where a fold's other rows have one outcome only, its share.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier  # a second to import
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

    from fairwitness.io.trees import for_trees

    table, named = for_trees(columns, features)
    whole, codes = np.unique(units, return_inverse=True)
    fold = rng.permutation(np.arange(len(whole)) % FOLDS)[codes]
    scores = np.full(len(good), float(good.mean()))
    for part in range(FOLDS):
        out = fold == part
        if not out.any() or len(np.unique(good[~out])) < 2:
            continue
        model = HistGradientBoostingClassifier(
            max_iter=60,
            max_leaf_nodes=8,
            l2_regularization=10.0,
            early_stopping=False,
            categorical_features=named,
            random_state=int(rng.integers(2**31)),
        )
        with threadpool_limits(1):  # on a busy machine the trees' threads wait for one another
            scores[out] = model.fit(table[~out], good[~out]).predict_proba(table[out])[:, 1]
    return scores
