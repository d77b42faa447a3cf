"""Weights of rows under which group and outcome are independent."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def reweighing(groups: ArrayLike, outcomes: ArrayLike, weights: ArrayLike | None = None) -> NDArray[np.float64]:
    """Expected over observed weight of each row's cell of group and outcome.

    Args:
        groups: (n,) the group of each row; any number of groups.
        outcomes: (n,) its recorded outcome; any number of outcomes.
        weights: (n,) how much each row counts before, at least 0; None: all alike.

    Returns:
        (n,) weights that multiply those before. Under them, outcomes are spread alike in all groups, and groups, outcomes
        and the whole weigh what they did.

    Source:
        Kamiran and Calders 2012, Knowledge and Information Systems 33:1-33, section 5.3.
    """
    first, second = np.asarray(groups), np.asarray(outcomes)
    before = np.ones(len(first)) if weights is None else np.asarray(weights, dtype=np.float64)
    codes = np.unique(first.astype(np.str_), return_inverse=True)[1]
    labels = np.unique(second.astype(np.str_), return_inverse=True)[1]
    seen = np.zeros((codes.max(initial=-1) + 1, labels.max(initial=-1) + 1))
    np.add.at(seen, (codes, labels), before)
    expected = seen.sum(axis=1, keepdims=True) * seen.sum(axis=0, keepdims=True) / max(seen.sum(), np.finfo(float).tiny)
    factor = np.divide(expected, seen, out=np.ones_like(seen), where=seen > 0)
    found: NDArray[np.float64] = factor[codes, labels]
    return found
