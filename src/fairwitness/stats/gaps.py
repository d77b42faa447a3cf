"""Rates of groups, the widest gap between two of them, and the lowest ratio, with intervals that hold for all at once.

The widest of many gaps is wide even where all rates are equal, so an interval for two groups named beforehand would
fail fair models. Here every pair's interval is widened until all hold together; the interval of the widest gap follows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import CROSS, MISSING
from fairwitness.core.errors import TooFewError
from fairwitness.core.estimate import Estimate
from fairwitness.stats import intervals
from fairwitness.stats.clusters import Drawn
from fairwitness.stats.multiple import all_pairs, sidak
from fairwitness.stats.permutation import widest_gap_p

Floats = NDArray[np.float64]

MOST_PAIRS = 200
"""Pairs that are listed; twenty groups have 190."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two groups, the one with the lower observed rate first, and how far apart they are.

    Attributes:
        groups: Lower rate, higher rate.
        estimate: Higher minus lower (at least 0; its interval may reach below), or lower over higher (at most 1; its
            interval may reach above), held together with all other pairs.
    """

    groups: tuple[str, str]
    estimate: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Widest:
    """The widest difference among groups.

    Attributes:
        groups: The two it was observed between, lower rate first.
        estimate: The widest difference there truly is between any two groups, and its interval.
        pairs: Pairs of groups, widest difference first: all, or of very many the `MOST_PAIRS` widest, and with them
            those that set `low` and `groups`.
        compared: How many pairs there are.
        undefined: Groups nobody was counted in: their rate is unknown.
    """

    groups: tuple[str, str]
    estimate: Estimate
    pairs: tuple[Pair, ...]
    compared: int
    undefined: tuple[str, ...]


def rates(
    hits: Mapping[str, int],
    totals: Mapping[str, int],
    *,
    level: float = 0.95,
    simultaneous: bool = False,
    drawn: Drawn | None = None,
) -> dict[str, Estimate]:
    """Share of each group, with Wilson's interval, or exact ones that hold together.

    Args:
        hits: Selected people by group; a group that is not named has none.
        totals: People by group.
        level: Two-sided confidence, of each interval or, if `simultaneous`, of all together.
        simultaneous: Widen by Šidák's rule for the groups with people in them.
        drawn: The same shares where rows are weighted or clustered; hits and totals are then rows.

    Returns:
        Estimates in the order of `totals`; value and interval None where there is nobody.
    """
    filled = _Groups.of(hits, totals, drawn)
    count = len(filled.names)
    if filled.drawn is not None:
        method = f"linearised variance, {_standing(filled.drawn)}"
        low, high = filled.drawn.limits(
            intervals.critical(sidak(level, count) if simultaneous and count > 1 else level)
        )
    elif simultaneous and count > 1:
        method = f"exact interval, for {count} groups at once"
        low, high = intervals.clopper_pearson(filled.hits, filled.n, level=sidak(level, count))
    else:
        method = "Wilson's interval"
        low, high = intervals.wilson(filled.hits, filled.n, level=level)
    ends = dict(zip(filled.names, zip(filled.rates.tolist(), low.tolist(), high.tolist(), strict=True), strict=True))
    found = {}
    for name, total in totals.items():
        value, lower, upper = ends.get(name, (None, None, None))
        found[name] = Estimate(value=value, low=lower, high=upper, level=level, n=total, unit="share", method=method)
    return found


def widest_gap(
    hits: Mapping[str, int],
    totals: Mapping[str, int],
    *,
    level: float = 0.95,
    rng: np.random.Generator | None = None,
    draws: int = 2000,
    aside: Collection[str] = (MISSING,),
    drawn: Drawn | None = None,
) -> Widest:
    """The widest gap between two groups' rates, in points.

    `[low, high]` covers the widest true gap with probability `level`: `low` is the highest lower limit of any pair,
    `high` the highest upper limit, over pairwise intervals that hold together. An empty group makes `high` unknown.

    Args:
        hits: Selected people by group; a group that is not named has none.
        totals: People by group.
        level: Two-sided confidence, of all pairs together.
        rng: Where the shuffles of the permutation test come from; None for no test.
        draws: Shuffles.
        aside: Groups, or categories of crossed groups, that are no group of people but what is not recorded. A gap with
            one counts as soon as it is firm (its lower limit lies above the gap observed among the others); until then
            its doubt is not added to `high`, nor is it named. With fewer than two others, nobody stands aside.
        drawn: The same shares where rows are weighted or clustered; hits and totals are then rows, and `p` is that of
            normal draws.

    Returns:
        The gap, unit "points", in [0, 1]; `n` people in the two groups; `p` of "all rates are equal" by shuffling,
        those aside left out.

    Raises:
        TooFewError: Fewer than two groups have people in them.

    Source:
        Newcombe 1998, Statistics in Medicine 17(8):873-890, method 10, for two groups at 95 %; Zou and Donner 2008,
        ibid. 27(10):1693-1702, with Tukey's critical value, for more (see `intervals.FAR_OUT`).
    """
    groups = _Groups.of(hits, totals, drawn)
    first, second = groups.pairs()
    low, high = groups.differences(first, second, level)
    value = groups.rates[second] - groups.rates[first]
    among = groups.among(first, second, aside)
    among |= low > value[among].max()
    widest = _first(np.where(among, value, -1.0), low)
    unknown = not _all_aside(groups.empty, aside)
    tested = groups.inside(aside)
    estimate = Estimate(
        value=float(value[widest]),
        low=max(0.0, float(low.max())),
        high=None if unknown else float(high[among].max()),
        level=level,
        n=int(groups.n[first[widest]] + groups.n[second[widest]]),
        unit="points",
        method=groups.method("Newcombe's interval", level),
        p=None if rng is None else groups.equal_p(tested, draws=draws, rng=rng),
    )
    order = np.argsort(-value, kind="stable")
    return groups.widest(widest, int(low.argmax()), estimate, order, (value, low, high))


def lowest_ratio(
    hits: Mapping[str, int],
    totals: Mapping[str, int],
    *,
    level: float = 0.95,
    aside: Collection[str] = (MISSING,),
) -> Widest:
    """The lowest ratio of two groups' rates: the lowest rate over the highest (impact ratio).

    `[low, high]` covers the lowest true ratio with probability `level`: `low` is the lowest lower limit of any pair,
    `high` the lowest upper limit, over pairwise intervals that hold together. An empty group makes `low` unknown.

    Args:
        hits: Selected people by group; a group that is not named has none.
        totals: People by group.
        level: Two-sided confidence, of all pairs together.
        aside: As in `widest_gap`: a low ratio with one of them counts once it is firm.

    Returns:
        The ratio, unit "ratio", in [0, 1]. Value and interval are None when nobody was selected in any group: the
        ratio of two zeros is unknown.

    Raises:
        TooFewError: Fewer than two groups have people in them.

    Source:
        Miettinen and Nurminen 1985, Statistics in Medicine 4(2):213-226, for two groups at 95 %; Donner and
        Zou 2012, Statistical Methods in Medical Research 21(4):347-359, with Tukey's critical value, for more.
    """
    groups = _Groups.of(hits, totals)
    first, second = groups.pairs()
    low, high = intervals.quotient(
        (groups.hits[second], groups.hits[first]), (groups.n[second], groups.n[first]), z=groups.z(level)
    )
    known = groups.rates[second] > 0
    value = np.where(known, groups.rates[first] / np.where(known, groups.rates[second], 1), np.nan)
    among = groups.among(first, second, aside)
    among |= high < np.nanmin(value[among], initial=1.0)
    lowest = _first(np.where(among & known, -value, -2.0), -high)
    unknown = not _all_aside(groups.empty, aside)
    with np.errstate(divide="ignore"):
        either_way = np.minimum(low, 1 / high)  # the true ratio of two observed the wrong way round
    estimate = Estimate(
        value=float(value[lowest]) if known[lowest] else None,
        low=None if unknown or not known[lowest] else float(either_way[among].min()),
        high=min(1.0, float(high.min())) if known[lowest] else None,
        level=level,
        n=int(groups.n[first[lowest]] + groups.n[second[lowest]]),
        unit="ratio",
        method=groups.method("score interval", level),
    )
    order = np.argsort(value, kind="stable")  # undefined ratios are NaN and come last
    return groups.widest(lowest, int(high.argmin()), estimate, order, (value, low, high))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Groups:
    """Groups with people in them, by rising rate, and the names of those without."""

    names: tuple[str, ...]
    hits: NDArray[np.int64]
    n: NDArray[np.int64]
    empty: tuple[str, ...]
    drawn: Drawn | None = None

    @classmethod
    def of(cls, hits: Mapping[str, int], totals: Mapping[str, int], drawn: Drawn | None = None) -> _Groups:
        strangers = [name for name in hits if name not in totals]
        if strangers:
            raise ValueError(f"hits of {', '.join(strangers)}, whose totals are not known")
        filled = [name for name, total in totals.items() if total > 0]
        shares = {} if drawn is None else dict(zip(drawn.names, drawn.rates.tolist(), strict=True))
        filled.sort(key=lambda name: shares.get(name, hits.get(name, 0) / totals[name]))
        return cls(
            names=tuple(filled),
            hits=np.array([hits.get(name, 0) for name in filled], dtype=np.int64),
            n=np.array([totals[name] for name in filled], dtype=np.int64),
            empty=tuple(name for name, total in totals.items() if total == 0),
            drawn=None if drawn is None else drawn.only(filled),
        )

    @property
    def rates(self) -> Floats:
        return self.hits / self.n if self.drawn is None else self.drawn.rates

    def differences(self, first: NDArray[np.intp], second: NDArray[np.intp], level: float) -> tuple[Floats, Floats]:
        """Limits of the second rate of each pair less the first."""
        if self.drawn is not None:
            return self.drawn.difference(first, second, self.z(level))
        return intervals.difference(
            (self.hits[first], self.hits[second]), (self.n[first], self.n[second]), z=self.z(level)
        )

    def equal_p(self, tested: NDArray[np.bool_], *, draws: int, rng: np.random.Generator) -> float:
        """P value of "all rates are equal", of the groups tested."""
        if self.drawn is not None:
            names = [name for name, inside in zip(self.names, tested, strict=True) if inside]
            return self.drawn.only(names).equal_p(draws=draws, rng=rng)
        return widest_gap_p(self.hits[tested], self.n[tested], draws=draws, rng=rng)

    def z(self, level: float) -> float:
        return all_pairs(level, len(self.names))

    def method(self, ordinary: str, level: float) -> str:
        name = "interval from exact limits" if self.z(level) > intervals.FAR_OUT else ordinary
        name = name if self.drawn is None else f"linearised variance, {_standing(self.drawn)}"
        return name if len(self.names) == 2 else f"{name}, for all pairs of {len(self.names)} groups at once"

    def pairs(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Places of the two groups of each pair, lower rate first."""
        if len(self.names) < 2:
            raise TooFewError("a comparison needs two groups with people in them")
        return np.triu_indices(len(self.names), 1)

    def inside(self, aside: Collection[str]) -> NDArray[np.bool_]:
        """Groups that do not stand aside; all of them where fewer than two would be left."""
        inside = np.array([not _all_aside([name], aside) for name in self.names])
        return inside if inside.sum() > 1 else np.ones_like(inside)

    def among(self, first: NDArray[np.intp], second: NDArray[np.intp], aside: Collection[str]) -> NDArray[np.bool_]:
        """Pairs neither of whose groups stands aside."""
        inside = self.inside(aside)
        return inside[first] & inside[second]

    def widest(
        self, place: int, firmest: int, estimate: Estimate, order: NDArray[np.intp], ends: tuple[Floats, Floats, Floats]
    ) -> Widest:
        first, second = self.pairs()

        def names(index: int) -> tuple[str, str]:
            return self.names[first[index]], self.names[second[index]]

        def pair(index: int) -> Pair:
            value, low, high = (float(each[index]) if isfinite(each[index]) else None for each in ends)
            return Pair(
                groups=names(index),
                estimate=Estimate(
                    value=value,
                    low=low,
                    high=high,
                    level=estimate.level,
                    n=int(self.n[first[index]] + self.n[second[index]]),
                    unit=estimate.unit,
                    method=estimate.method,
                ),
            )

        kept = order[:MOST_PAIRS].tolist()
        kept += [index for index in (place, firmest) if index not in kept]
        pairs = tuple(pair(index) for index in kept)
        return Widest(groups=names(place), estimate=estimate, pairs=pairs, compared=len(first), undefined=self.empty)


def _standing(drawn: Drawn) -> str:
    words = ["weighted"] * drawn.weighted + ["by cluster"] * drawn.clustered
    return " and ".join(words)


def _all_aside(names: Collection[str], aside: Collection[str]) -> bool:
    return all(any(part in aside for part in (name, *name.split(CROSS))) for name in names)


def _first(value: Floats, tie: Floats) -> int:
    """Place of the highest value; of equal ones, of the highest `tie`."""
    return int(np.lexsort((tie, value))[-1])
