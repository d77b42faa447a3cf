"""Whether people who are alike are decided alike: consistency over nearest neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.errors import TooFewError
from fairwitness.core.estimate import Estimate
from fairwitness.stats.intervals import critical, wilson
from fairwitness.stats.tally import code_categories

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

NEIGHBOURS = 5
LEVELS = 50
"""Categories of a column that count, the most frequent; the others are alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consistency:
    """How often neighbours are decided as a person is.

    Attributes:
        alike: (n,) share of each person's nearest that are decided as the person is.
        without: (n, k) by how much that share changes once the k-th nearest is not there and the next takes the place.
        nearest: (n, k) who they are.
        by_chance: The share to be expected of others drawn at random.
    """

    alike: Floats
    without: Floats
    nearest: Places
    by_chance: float

    def of(self, inside: NDArray[np.bool_] | None = None, *, level: float = 0.95) -> Estimate:
        """Mean share of neighbours decided alike, of all or of some people (whose neighbours may be anybody).

        Raises:
            TooFewError: Fewer than two people.

        Source:
            Zemel, Wu, Swersky, Pitassi and Dwork 2013, ICML, section 4; Efron and Stein 1981, Annals of Statistics
            9(3):586-596: leaving out each person in turn gives a variance that is too large on average, never too small.
        """
        mask = np.ones(len(self.alike), dtype=bool) if inside is None else inside
        n = int(mask.sum())
        if n < 2:
            raise TooFewError("consistency needs at least two people")
        total = float(self.alike[mask].sum())
        lent = np.zeros(len(self.alike))  # what the others' shares change by once a person is gone
        np.add.at(lent, self.nearest[mask].ravel(), self.without[mask].ravel())
        left = (total - np.where(mask, self.alike, 0.0) + lent) / (n - mask)
        people = len(left)
        variance = (people - 1) / people * float(((left - left.mean()) ** 2).sum())
        z, value = critical(level), total / n
        half = z * sqrt(variance)
        low, high, method = max(0.0, value - half), min(1.0, value + half), "jackknife over people"
        if variance == 0:  # all alike, or none: which says little of few people
            ends = wilson(total, n, z=z)
            low, high, method = min(value, float(ends[0])), max(value, float(ends[1])), "Wilson's, as no share differs"
        return Estimate(value=value, low=low, high=high, level=level, n=n, unit="share", method=method)


def consistency(points: Floats, decided: NDArray[Any], *, neighbours: int = NEIGHBOURS) -> Consistency:
    """How many of each person's nearest are decided as the person is.

    Args:
        points: (n, d) where people stand; see `places`.
        decided: (n,) any class names. For two classes this is 1 − |decision − mean decision of the neighbours|.
        neighbours: How many count, k; at least 1. Of neighbours equally far the earlier row counts.

    Raises:
        TooFewError: Fewer than k + 2 people, so that there is no next nearest; or nothing tells people apart.

    Source:
        Zemel, Wu, Swersky, Pitassi and Dwork 2013, ICML, section 4.
    """
    n = len(decided)
    if n < neighbours + 2:
        raise TooFewError(f"consistency over {neighbours} neighbours needs at least {neighbours + 2} people")
    if not points.shape[1]:
        raise TooFewError("no column says who is alike: none of them differs between people")
    from sklearn.neighbors import NearestNeighbors  # a second to import

    found = NearestNeighbors(n_neighbors=neighbours + 1, algorithm="brute").fit(points)
    nearest: Places = found.kneighbors(return_distance=False)
    _, codes, counts = np.unique(decided.astype(np.str_), return_inverse=True, return_counts=True)
    same = (codes[nearest] == codes[:, None]).astype(np.float64)
    return Consistency(
        alike=same[:, :-1].mean(axis=1),
        without=(same[:, -1:] - same[:, :-1]) / neighbours,
        nearest=nearest[:, :-1],
        by_chance=float((counts * (counts - 1)).sum() / (n * (n - 1))),
    )


def places(columns: Mapping[str, NDArray[Any]], declared: Sequence[Column]) -> Floats:
    """(n, d) where people stand: one standard deviation of a number is as far as another category.

    A number that is missing stands at the mean, and one unit from those that are not.
    """
    made: list[Floats] = []
    for column in declared:
        values = columns[column.name]
        made += _number(values) if column.numeric else _category(values)
    return np.column_stack(made) if made else np.empty((0, 0))


def _number(values: NDArray[np.float64]) -> list[Floats]:
    known = np.isfinite(values)
    if not known.any():
        return []
    values = values / max(float(np.abs(values[known]).max()) / 1e100, 1.0)  # squares of larger numbers are not finite
    spread = float(values[known].std())
    flat = np.where(known, values - values[known].mean(), 0.0)
    made = [flat / spread] if spread > 0 else []
    return made if known.all() else [*made, (~known).astype(np.float64)]


def _category(values: NDArray[Any]) -> list[Floats]:
    names, codes = code_categories(values)
    counts = np.bincount(codes, minlength=len(names))
    often = np.argsort(-counts, kind="stable")[:LEVELS]
    return [(codes == place) / np.sqrt(2) for place in sorted(often)] if len(names) > 1 else []
