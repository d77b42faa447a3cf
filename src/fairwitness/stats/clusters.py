"""Rates of groups whose rows are no independent draws: several rows are of one person, or each stands for so many people.

The variance is linearised: what a cluster's rows differ from their group's rate, weights and all, is one draw. As many
people drawn independently would give that variance; the intervals of a share then hold for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from fairwitness.core.asks import CLUSTER, NO, WEIGHT, YES
from fairwitness.stats import intervals
from fairwitness.stats.tally import Tally

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Places = Sequence[int] | NDArray[np.intp]

_NOISE = 1e-12  # variances below this share of what one person's would be are rounding
_MOST_AT_ONCE = 2_000_000  # numbers held in memory


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """Rates of g groups, and how they vary together.

    Attributes:
        names: Groups with rows in them.
        rates: (g,) shares, weighted.
        covariance: (g, g) of the rates, linearised.
        rows: (g,) rows.
        units: (g,) clusters with rows in the group; rows, where each stands alone.
        alike: (g,) clusters of equal weight that would say as much if all rows of a cluster were the same.
        clustered: Whether several rows may be of one cluster.
        weighted: Whether rows have weights.
    """

    names: tuple[str, ...]
    rates: Floats
    covariance: Floats
    rows: Codes
    units: Codes
    alike: Floats
    clustered: bool
    weighted: bool

    @classmethod
    def of(
        cls,
        tally: Tally,
        by: Sequence[str],
        column: str,
        *,
        category: str = YES,
        among: Mapping[str, str] | None = None,
    ) -> Drawn | None:
        """The shares whose `column`, a yes-or-no axis, is `category`, from cells by cluster with their sums of weights.

        Args:
            tally: With the axis `CLUSTER`, the sums `WEIGHT`, or both.
            by: Group columns.
            column: What is asked.
            category: The answer that counts as a hit.
            among: Axis to category: only these rows are asked.

        Returns:
            None where the tally has neither, or nobody is asked.
        """
        weighted, clustered = WEIGHT in tally.sums, CLUSTER in tally.axes
        if not (weighted or clustered):
            return None
        asked = (tally.where(among) if among else tally).onto(*by, column, *([CLUSTER] if clustered else []))
        answers = np.array(asked.axes[column], dtype=object)[asked.codes[:, len(by)]]
        known = np.isin(answers.astype(str), (YES, NO)) & (asked.counts > 0)
        if not known.any():
            return None
        cells, codes = np.unique(asked.codes[known, : len(by)], axis=0, return_inverse=True)
        names = Tally({name: asked.axes[name] for name in by}, cells, np.ones(len(cells), dtype=np.int64)).labels()
        counts = asked.counts[known]
        return _drawn(
            tuple(names),
            codes.ravel().astype(np.int64),
            np.asarray(answers[known] == category, dtype=np.float64),
            rows=counts,
            weights=asked.sums[WEIGHT][known] if weighted else counts.astype(np.float64),
            squares=asked.sums[f"{WEIGHT}^2"][known] if weighted else counts.astype(np.float64),
            clusters=asked.codes[known, -1].astype(np.int64) if clustered else None,
            weighted=weighted,
        )

    def rate(self, name: str) -> float | None:
        """A group's share; None where it has no rows."""
        return float(self.rates[self.names.index(name)]) if name in self.names else None

    def effective(self, z: float) -> Floats:
        """(g,) people drawn independently who would say as much; never more than there are rows.

        Few clusters tell little of their own spread, so it is taken as wider, as Student's t is than a normal.

        Source:
            Korn and Graubard 1998, Survey Methodology 24(2):193-201.
        """
        own, spread = np.diagonal(self.covariance), self.rates * (1 - self.rates)
        some = self._varies()
        size = np.where(some, spread / np.where(some, own, 1.0), self.alike)
        tail = special.ndtr(z)
        student = (
            special.stdtrit(np.maximum(self.units - 1, 1), tail),
            special.stdtrit(np.maximum(self.rows - 1, 1), tail),
        )
        return np.asarray(np.minimum(size * (student[1] / student[0]) ** 2, self.rows))

    def limits(self, z: float) -> tuple[Floats, Floats]:
        """(g,) limits of each rate, at a critical value; 0 and 1 for a single cluster, which says nothing of its spread."""
        size = np.maximum(self.effective(z), 1e-9)
        interval = intervals.clopper_pearson if z > intervals.FAR_OUT else intervals.wilson
        low, high = interval(self.rates * size, size, z=z)
        alone = self.units < 2
        return np.where(alone, 0.0, low), np.where(alone, 1.0, high)

    def difference(self, first: Places, second: Places, z: float) -> tuple[Floats, Floats]:
        """Limits of second rates less first ones, clusters with rows in both taken into account; of a single cluster, all it could be.

        Source:
            Zou and Donner 2008, Statistics in Medicine 27(10):1693-1702, with their correlation of the two estimates.
        """
        low, high = self.limits(z)
        p, r = self.rates, self._correlation()[first, second]
        apart = p[second] - p[first]
        down, up = p[second] - low[second], high[first] - p[first]
        below = np.sqrt(np.maximum(down**2 + up**2 - 2 * r * down * up, 0))
        down, up = p[first] - low[first], high[second] - p[second]
        above = np.sqrt(np.maximum(down**2 + up**2 - 2 * r * down * up, 0))
        alone = (self.units[first] < 2) | (self.units[second] < 2)  # such a rate may be anything, and go with the other
        lowest, highest = low[second] - high[first], high[second] - low[first]
        return np.where(alone, lowest, apart - below), np.where(alone, highest, apart + above)

    def equal_p(self, *, draws: int, rng: np.random.Generator) -> float:
        """P value of "all groups have the same rate", by the widest gap in standard errors among normal draws.

        Args:
            draws: How many are made, at least 1.
            rng: Where they come from.

        Source:
            Hothorn, Bretz and Westfall 2008, Biometrical Journal 50(3):346-363, the maximum of correlated contrasts.
        """
        first, second = np.triu_indices(len(self.names), 1)
        size = np.maximum(self.effective(1.96), 1.0)
        error = 1 / np.sqrt(size)
        spread = self._correlation() * np.outer(error, error)
        pairs = np.sqrt(
            np.maximum(np.diagonal(spread)[first] + np.diagonal(spread)[second] - 2 * spread[first, second], 1e-12)
        )
        rate = float((self.rates * size).sum() / size.sum())
        if not 0 < rate < 1:
            return 1.0
        values, vectors = np.linalg.eigh(spread)
        root = vectors * np.sqrt(np.maximum(values, 0))
        seen = (np.abs(self.rates[first] - self.rates[second]) / pairs).max() / np.sqrt(rate * (1 - rate))
        reached, most = 0, max(1, _MOST_AT_ONCE // len(first))
        for start in range(0, draws, most):
            drawn = rng.standard_normal((min(most, draws - start), len(self.names))) @ root.T
            null = (np.abs(drawn[:, first] - drawn[:, second]) / pairs).max(axis=1)
            reached += int((null >= seen * (1 - 1e-12)).sum())
        return (reached + 1) / (draws + 1)

    @property
    def words(self) -> str:
        """What rows stand for, and what that does to how much they tell, as a note."""
        size = self.effective(intervals.critical(0.95))
        least = int(np.argmin(size / self.rows))
        said = ["rates are weighted"] * self.weighted + ["rows that belong together count as one draw"] * self.clustered
        people = max(round(float(size[least])), 1)
        return (
            f"{' and '.join(said)}, with linearised variance; n counts rows: the {int(self.rows[least]):,} of "
            f"{self.names[least]} tell as much as {people:,} {'person' if people == 1 else 'people'} drawn one by one"
        )

    def only(self, names: Sequence[str]) -> Drawn:
        """Some of the groups, in the order named."""
        place = np.array([self.names.index(name) for name in names], dtype=np.int64)
        return Drawn(
            names=tuple(names),
            rates=self.rates[place],
            covariance=self.covariance[np.ix_(place, place)],
            rows=self.rows[place],
            units=self.units[place],
            alike=self.alike[place],
            clustered=self.clustered,
            weighted=self.weighted,
        )

    def _varies(self) -> NDArray[np.bool_]:
        """(g,) whether a variance was seen: a single cluster shows none, and what rounding leaves of it is no number."""
        spread = self.rates * (1 - self.rates)
        return np.asarray((spread > 0) & (np.diagonal(self.covariance) > _NOISE * spread))

    def _correlation(self) -> Floats:
        error = np.sqrt(np.where(self._varies(), np.diagonal(self.covariance), 0.0))
        both = np.outer(error, error)
        made = np.where(both > 0, self.covariance / np.where(both > 0, both, 1.0), 0.0)
        np.fill_diagonal(made, 1.0)
        return np.asarray(np.clip(made, -1, 1))


def _drawn(
    names: tuple[str, ...],
    codes: Codes,
    hit: Floats,
    *,
    rows: Codes,
    weights: Floats,
    squares: Floats,
    clusters: Codes | None,
    weighted: bool,
) -> Drawn:
    """From (c,) cells: group, 0 or 1, rows, sums of weights and of their squares, and cluster."""
    g = len(names)
    whole = _added(codes, weights, g)
    safe = np.where(whole > 0, whole, 1.0)
    rates = _added(codes, weights * hit, g) / safe
    apart = (hit - rates[codes]) / safe[codes]
    if clusters is None:
        covariance = np.diag(_added(codes, squares * apart**2, g))
        units = _added(codes, rows, g).astype(np.int64)
        power = _added(codes, squares, g)
    else:
        pairs, place = np.unique(clusters * g + codes, return_inverse=True)
        own = pairs % g
        units = np.bincount(own, minlength=g).astype(np.int64)
        power = _added(own, _added(place, weights, len(pairs)) ** 2, g)
        covariance = _products(_added(place, weights * apart, len(pairs)), pairs // g, own, g)
    more = np.sqrt(units / np.maximum(units - 1, 1))
    return Drawn(
        names=names,
        rates=np.clip(rates, 0, 1),
        covariance=covariance * np.outer(more, more),
        rows=_added(codes, rows, g).astype(np.int64),
        units=units,
        alike=whole**2 / np.where(power > 0, power, 1.0),
        clustered=clusters is not None,
        weighted=weighted,
    )


def _added(codes: Codes | NDArray[np.intp], values: Floats | Codes, size: int) -> Floats:
    """(size,) sums of values by code."""
    return np.bincount(codes, weights=values, minlength=size).astype(np.float64)


def _products(values: Floats, clusters: Codes, groups: Codes, g: int) -> Floats:
    """(g, g) sums over clusters of the products of what each is off in two groups."""
    from scipy.sparse import csr_array

    _, place = np.unique(clusters, return_inverse=True)
    table = csr_array((values, (place, groups)), shape=(int(place.max(initial=0)) + 1, g))
    return np.asarray((table.T @ table).toarray())
