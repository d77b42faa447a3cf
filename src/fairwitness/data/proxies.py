"""How well features tell a sensitive attribute: together, by a model that never saw the row, and one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.errors import TooFewError
from fairwitness.core.estimate import Estimate
from fairwitness.io.trees import for_trees
from fairwitness.stats.auc import auc
from fairwitness.stats.auc_within import within
from fairwitness.stats.levels import FOLDS, fold_of


def strength(
    columns: Mapping[str, NDArray[Any]],
    groups: NDArray[Any],
    features: Sequence[Column],
    *,
    level: float = 0.95,
    rng: np.random.Generator,
) -> dict[str, Estimate]:
    """How well a model tells each group from the rest, on rows it was not fitted on.

    Gradient-boosted trees are fitted five times on four fifths of the rows and score the last fifth. What they tell is
    there; a stronger model may tell more.

    Args:
        columns: Feature name to (n,) float64 with NaN, or object of str or None.
        groups: (n,) object of str, two or more; each at least `FEW_TO_FIT` times.
        features: Which columns, at least one.
        level: Confidence of all groups' intervals together (Bonferroni).
        rng: Divides rows into folds.

    Returns:
        AUC by group; with two groups, telling one tells the other and only the second is given. About 0.5 tells
        nothing. The intervals leave out how the five fits themselves vary.
    """
    return told(scored(columns, groups, features, rng=rng), groups, level=level)


def told(scores: NDArray[np.float64], groups: NDArray[Any], *, level: float = 0.95) -> dict[str, Estimate]:
    """AUC by group of (n, groups) scores, as `strength` gives it."""
    names, coded = np.unique(groups.astype(str), return_inverse=True)
    sides = range(1, 2) if len(names) == 2 else range(len(names))
    share = 1 - (1 - level) / len(sides)
    return {str(names[side]): auc(scores[:, side], coded == side, level=share) for side in sides}


def alike(
    scores: NDArray[np.float64], groups: NDArray[Any], classes: NDArray[Any], group: str, *, level: float = 0.95
) -> Estimate | None:
    """AUC of telling a group from the rest between rows of one class; None where no class holds two rows of both.

    Args:
        scores: (n, groups), from `scored`.
        groups: (n,) object of str.
        classes: (n,) object of str or None, the recorded class; rows without are left out.
        group: Which group.
        level: Two-sided confidence.
    """
    known = np.array([each is not None for each in classes], dtype=bool)
    codes = np.unique(classes[known].astype(str), return_inverse=True)[1].astype(np.int64)
    mine = np.asarray(groups[known] == group, dtype=bool)
    side = np.unique(groups.astype(str)).tolist().index(group)
    try:
        return within(scores[known, side], mine, codes, level=level).inside
    except TooFewError:
        return None


def scored(
    columns: Mapping[str, NDArray[Any]], groups: NDArray[Any], features: Sequence[Column], *, rng: np.random.Generator
) -> NDArray[np.float64]:
    """(n, groups) chance of each group, by name, from trees that never saw the row; arguments of `strength`."""
    from sklearn.ensemble import HistGradientBoostingClassifier  # a second to import
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

    names, coded = np.unique(groups.astype(str), return_inverse=True)
    fold = fold_of(coded, rng=rng)
    table, named = for_trees(columns, features)
    scores = np.empty((len(coded), len(names)))
    for part in range(FOLDS):
        out = fold == part
        model = HistGradientBoostingClassifier(
            max_iter=60,
            max_leaf_nodes=8,
            max_features=0.3,
            l2_regularization=10.0,
            early_stopping=False,
            categorical_features=named,
            random_state=int(rng.integers(2**31)),
        )
        with threadpool_limits(1):  # on a busy machine the trees' threads wait for one another: 40 times slower
            model.fit(table[~out], coded[~out])
            scores[out] = model.predict_proba(table[out])
    return scores


def strongest(found: Mapping[str, Estimate], *, level: float) -> tuple[str, Estimate]:
    """The group told best. The interval holds for the largest AUC, whichever group's that truly is.

    Args:
        found: From `strength`.
        level: As given to `strength`.
    """
    name = max(found, key=lambda group: found[group].value or 0.0)
    one = found[name]
    ends = [(each.low, each.high) for each in found.values()]
    estimate = Estimate(
        value=one.value,
        low=max(float(low) for low, _ in ends if low is not None),
        high=max(float(high) for _, high in ends if high is not None),
        level=level,
        n=one.n,
        unit="auc",
        method=f"boosted trees, cross-fitted in {FOLDS} folds; {one.method}, for all groups at once",
    )
    return name, estimate
