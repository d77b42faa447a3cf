"""What a set of inner numbers says of an attribute, over all rows and between rows of one class."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.estimate import Estimate
from fairwitness.data import probes
from fairwitness.data.proxies import alike, strongest

Floats = NDArray[np.float64]

WIDEST = 512
"""Columns a probe is given; more are mixed into so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one set of numbers says of one attribute.

    Attributes:
        source: The numbers, in words.
        attribute: The attribute.
        group: The group told best from the rest.
        auc: How well; its interval holds whichever group that truly is, and `p` is by permutation.
        alike: How well between rows of one recorded class; None where no class is recorded, or holds both.
        alike_p: Its p value, groups permuted within classes.
    """

    source: str
    attribute: str
    group: str
    auc: Estimate
    alike: Estimate | None = None
    alike_p: float | None = None


def told(
    table: Floats,
    groups: NDArray[np.object_],
    classes: NDArray[Any] | None,
    *,
    source: str,
    attribute: str,
    rng: np.random.Generator,
    level: float = 0.95,
) -> Told:
    """Probe a table of numbers for an attribute.

    Args:
        table: (n, d).
        groups: (n,) object of str, two or more, such as `judgeable` gives.
        classes: (n,) object of str or None, the recorded class; None where none is.
        source: What the numbers are, in words.
        attribute: Its name.
        rng: Divides rows into folds, and permutes.
        level: Two-sided confidence.
    """
    probe = probes.linear(table, groups, rng=rng, level=level)
    group, auc = strongest(probe.told, level=level)
    method = "ridge regression, cross-fitted; Newcombe's interval, for all groups at once"
    made = Told(source=source, attribute=attribute, group=group, auc=replace(auc, method=method, p=probe.p))
    if classes is None:
        return made
    inside = alike(probe.scores, groups, classes, group, level=level)
    if inside is None:
        return made
    known = np.array([each is not None for each in classes], dtype=bool)
    codes = np.unique(classes[known].astype(str), return_inverse=True)[1].astype(np.int64)
    p = probes.linear(table[known], groups[known], rng=rng, strata=codes).p
    return replace(made, alike=inside, alike_p=p)


def narrow(table: Floats, *, rng: np.random.Generator) -> Floats:
    """At most `WIDEST` columns: more are mixed at random into so many.

    Source:
        Johnson and Lindenstrauss 1984, Contemporary Mathematics 26:189-206: distances between rows hardly change.
    """
    if table.shape[1] <= WIDEST:
        return table
    return np.asarray(table @ rng.normal(size=(table.shape[1], WIDEST)) / WIDEST**0.5)
