"""Whether people of one group are alike in two samples: a classifier is asked to tell the samples apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.estimate import Estimate
from fairwitness.data import probes

Floats = NDArray[np.float64]

FEWEST = 30
"""Rows of either sample a group must have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """How well two samples of a group are told apart.

    Attributes:
        attribute: The attribute.
        group: The group.
        rows: Of either sample.
        auc: How well; 0.5 where they are alike. Interval and permutation `p` hold for all groups at once.
    """

    attribute: str
    group: str
    rows: tuple[int, int]
    auc: Estimate


def shifts(
    table: Floats,
    second: NDArray[np.bool_],
    groups: Mapping[str, NDArray[np.object_]],
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    draws: int = probes.DRAWS,
) -> list[Shift]:
    """How well each group's two samples are told apart, the best first.

    Ridge regression on the columns and their squares, cross-fitted, so a change in spread is seen as well as one in level.
    A group's AUC, over what chance spreads it by, is held against the highest of all groups under permutation.

    Args:
        table: (n, d) numbers.
        second: (n,) whether a row is of the second sample.
        groups: Attribute to (n,) object of str, or None; groups with fewer than 30 rows of either sample are left out.
        rng: Divides rows into folds, and permutes.
        level: Two-sided confidence of all groups together (Bonferroni).
        draws: Permutations; p values are valid for any number.

    Source:
        Lopez-Paz and Oquab 2017, ICLR, arXiv 1610.06545, classifier two-sample tests; Kim, Ramdas, Singh and Wasserman
        2021, Annals of Statistics 49(1):411-434, on permuting them; Westfall and Young 1993, Resampling-Based Multiple
        Testing, section 2.6, for all groups at once.
    """
    able: list[tuple[str, str, NDArray[np.bool_], tuple[int, int]]] = []
    for attribute, labels in groups.items():
        for name in sorted({str(label) for label in labels if label is not None}):
            mine = np.asarray(labels == name, dtype=bool)
            rows = (int((mine & ~second).sum()), int((mine & second).sum()))
            if min(rows) >= FEWEST:
                able.append((attribute, name, mine, rows))
    if not able:
        return []
    wide, each = np.hstack([table, table**2]), 1 - (1 - level) / len(able)
    sample = np.where(second, "second", "first")
    found = [probes.linear(wide[mine], sample[mine], rng=rng, level=each, draws=draws) for _, _, mine, _ in able]
    chance = np.array([(m + n + 1) / (12 * m * n) for *_, (m, n) in able]) ** 0.5  # of an AUC that tells nothing
    raised = (np.stack([probe.heights for probe in found]) - 0.5) / chance[:, None]
    highest = raised[:, 1:].max(axis=0)
    method = "classifier two-sample test (ridge regression, cross-fitted); Newcombe's interval, for all groups at once"
    made = [
        Shift(
            attribute=attribute,
            group=name,
            rows=rows,
            auc=replace(
                probe.told["second"], method=method, p=float((1 + (highest >= own[0] - 1e-9).sum()) / (1 + draws))
            ),
        )
        for (attribute, name, _, rows), probe, own in zip(able, found, raised, strict=True)
    ]
    return sorted(made, key=lambda shift: -(shift.auc.value or 0.0))
