"""Where rows come from: what depends on it, whether it can be read from the features, and what a model is worth without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.estimate import Estimate
from fairwitness.core.subject import Rows
from fairwitness.data import probes, proxies
from fairwitness.io.trees import for_trees
from fairwitness.stats.associations import cramers_v
from fairwitness.stats.levels import FOLDS, Levels, fold_of, telling
from fairwitness.stats.multiple import holm
from fairwitness.stats.tally import number_name

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """How strongly something depends on the site.

    Attributes:
        what: The outcome, or an attribute.
        v: Cramér's V, corrected for bias, in [0, 1].
        p: P value of "does not depend on it", over all that were asked (Holm).
    """

    what: str
    v: float
    p: float


def names_of(values: NDArray[Any]) -> NDArray[np.object_]:
    """(n,) the site of each row as text, None where it is not recorded."""
    if values.dtype.kind == "f":
        return np.array([None if np.isnan(value) else number_name(float(value)) for value in values], dtype=object)
    return np.asarray(values, dtype=object)


def ties(sites: Ints, others: Mapping[str, NDArray[Any]]) -> list[Tie]:
    """What depends on the site, in the order given.

    Args:
        sites: (n,) code of each row's site.
        others: Name to (n,) object of str or None; rows with None are left out.
    """
    found = []
    for name, values in others.items():
        known = np.array([value is not None for value in values], dtype=bool)
        codes = np.unique(values[known].astype(str), return_inverse=True)[1]
        found.append((name, *cramers_v(sites[known], codes)))
    adjusted = holm([p for _, _, p in found])
    return [Tie(what=name, v=v, p=float(p)) for (name, v, _), p in zip(found, adjusted, strict=True)]


def readable(
    rows: Rows, sites: NDArray[np.object_], columns: Sequence[Column], *, level: float, rng: np.random.Generator
) -> tuple[str, Estimate]:
    """The site that is read best from the features, and how well; its interval holds whichever site that truly is.

    Boosted trees read tables, a linear probe reads pictures and texts.

    Args:
        rows: With all columns, media aboard.
        sites: (n,) object of str, two sites or more, each often enough to fit.
        columns: Features, at least one.
        level: Two-sided confidence.
        rng: Divides rows into folds.
    """
    if any(column.media or column.kind == "text" for column in columns):
        found = probes.linear(probes.readable(rows, columns), sites, rng=rng, level=level, draws=0).told
    else:
        found = proxies.strength(rows.columns, sites, columns, level=level, rng=rng)
    return proxies.strongest(found, level=level)


def alone(sites: Ints, labels: Flags, *, level: float, rng: np.random.Generator) -> Estimate:
    """How well the site alone tells the outcome, by its rate among other rows of the site."""
    held = Levels(sites, int(sites.max(initial=0)) + 1, ordered=False, missing=False)
    coded = labels.astype(np.int64)
    return telling(held, coded, fold_of(coded, rng=rng), [1], level=level)[0]


def scores(rows: Rows, labels: Flags, columns: Sequence[Column], *, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n,) scores of the outcome from a model fitted here on the other folds: trees on tables, a linear probe on media."""
    from sklearn.ensemble import HistGradientBoostingClassifier  # a second to import
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

    if any(column.media or column.kind == "text" for column in columns):
        classes = np.where(labels, "1", "0").astype(object)
        return np.asarray(probes.linear(probes.readable(rows, columns), classes, rng=rng, draws=0).scores[:, 1])
    table, named = for_trees(rows.columns, columns)
    fold, given = fold_of(labels.astype(np.int64), rng=rng), np.empty(len(labels))
    for part in range(FOLDS):
        out = fold == part
        model = HistGradientBoostingClassifier(
            max_iter=60,
            max_leaf_nodes=8,
            l2_regularization=10.0,
            early_stopping=False,
            categorical_features=named,
            random_state=int(rng.integers(2**31)),
        )
        with threadpool_limits(1):
            given[out] = model.fit(table[~out], labels[~out]).predict_proba(table[out])[:, 1]
    return given
