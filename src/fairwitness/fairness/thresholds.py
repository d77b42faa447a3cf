"""What each threshold on a score gives in a group, and the thresholds under which groups' rates are equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairwitness.fairness.rules import coded

Equal = Literal["selection", "true-positive", "false-positive", "odds"]
"""Which rates are to be equal: of positive decisions among all, among people recorded positive, among the others, or (odds)
the last two at once."""
EQUAL: tuple[Equal, ...] = get_args(Equal)

NOBODY = 2.0
"""The threshold that no score reaches."""
LEAST = 20
"""A group with fewer rows held for tuning, of any kind its rates are taken over, gets what suits all rows."""
MOST_TRIED = 2000
"""Thresholds of a group that are tried; of more, these are spread evenly over its rows."""
MOST_WINDOWS = 500
"""Lower ends tried for each rate where two rates must be near at once."""
ROUNDING = 1e-12
"""Shares this near are the same number computed in two ways."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """A group's ROC curve, from nobody selected to everybody.

    Attributes:
        thresholds: (m,) falling; rows whose score is at least that are selected. The first is `NOBODY`, the last 0.
        hits: (m,) rows recorded positive among the selected.
        alarms: (m,) the other rows among them.
    """

    thresholds: Floats
    hits: Ints
    alarms: Ints

    @property
    def positives(self) -> int:
        return int(self.hits[-1])

    @property
    def negatives(self) -> int:
        return int(self.alarms[-1])

    def gains(self, price: float = 1.0) -> Floats:
        """(m,) right decisions, less those there are where nobody is selected; a false alarm costs `price` hits."""
        gains: Floats = self.hits - price * self.alarms
        return gains

    def rates(self, equal: Equal) -> tuple[Floats, ...]:
        """(m,) rising shares that are to be alike in all groups: one array, or two for `odds`."""
        selected = (self.hits + self.alarms) / max(self.positives + self.negatives, 1)
        recognised, alarmed = self.hits / max(self.positives, 1), self.alarms / max(self.negatives, 1)
        of: dict[Equal, tuple[Floats, ...]] = {
            "selection": (selected,),
            "true-positive": (recognised,),
            "false-positive": (alarmed,),
            "odds": (recognised, alarmed),
        }
        return of[equal]

    def reached(self, equal: Equal, threshold: float) -> tuple[float, ...]:
        """The rates at one of its thresholds."""
        place = int(np.flatnonzero(self.thresholds == threshold)[0])
        return tuple(float(own[place]) for own in self.rates(equal))

    def enough(self, equal: Equal) -> bool:
        """Whether there are rows enough to take those rates over."""
        over = {
            "selection": self.positives + self.negatives,
            "true-positive": self.positives,
            "false-positive": self.negatives,
            "odds": min(self.positives, self.negatives),
        }
        return over[equal] >= LEAST

    def take(self, places: Ints) -> Curve:
        """Some of its points."""
        return Curve(thresholds=self.thresholds[places], hits=self.hits[places], alarms=self.alarms[places])

    def thinned(self, most: int = MOST_TRIED) -> Curve:
        """At most that many points, spread evenly, both ends among them."""
        if len(self.thresholds) <= most:
            return self
        return self.take(np.linspace(0, len(self.thresholds) - 1, most).round().astype(np.int64))

    def hull(self) -> Curve:
        """The corners of its upper convex hull, which thresholds chosen by chance reach between.

        Source:
            Fawcett and Niculescu-Mizil 2007, Machine Learning 68:97-106: the hull is the isotonic fit of classes on scores.
        """
        from scipy.optimize import isotonic_regression  # only when it is wanted

        rows = np.diff(self.hits + self.alarms)
        fitted = isotonic_regression(np.diff(self.hits) / rows, weights=rows, increasing=False)
        return self.take(np.asarray(fitted.blocks, dtype=np.int64))


def curve(scores: ArrayLike, recorded: ArrayLike) -> Curve:
    """The curve of scored rows, with a threshold midway between any two neighbouring scores.

    Args:
        scores: (n,) in [0, 1].
        recorded: (n,) True for the positive class.
    """
    values, positive = np.asarray(scores, dtype=np.float64), np.asarray(recorded, dtype=bool)
    # numbers from 0 on stand in the order of their bits; with the class as one bit more, one sort does for both
    bits = np.sort((values + 0.0).view(np.uint64) << np.uint64(1) | positive)
    ordered, below = (bits >> np.uint64(1)).view(np.float64), np.cumsum(bits & np.uint64(1), dtype=np.int64)
    first = np.flatnonzero(ordered[1:] != ordered[:-1])[::-1] + 1  # where a score begins, but for the lowest
    upper, lower = ordered[first], ordered[first - 1]
    middle = (upper + lower) / 2
    middle = np.where(middle > lower, middle, upper)  # nothing lies between the closest of numbers
    positives = int(positive.sum())
    hits = positives - below[first - 1]
    return Curve(
        thresholds=np.concatenate([[NOBODY], middle, [0.0]]),
        hits=np.concatenate([[0], hits, [positives]]),
        alarms=np.concatenate([[0], len(values) - first - hits, [len(values) - positives]]),
    )


def curve_at(thresholds: Floats, scores: Floats, recorded: NDArray[np.bool_]) -> Curve:
    """The curve of scored rows at given thresholds, falling from `NOBODY` to 0. Arguments as of `curve`."""
    up, down = np.sort(scores[recorded]), np.sort(scores[~recorded])
    return Curve(
        thresholds=thresholds,
        hits=len(up) - np.searchsorted(up, thresholds).astype(np.int64),
        alarms=len(down) - np.searchsorted(down, thresholds).astype(np.int64),
    )


def curves(scores: Floats, recorded: NDArray[np.bool_], groups: NDArray[np.object_]) -> dict[str, Curve]:
    """The curve of each group, by name."""
    names, codes = coded(groups)
    rows = [np.flatnonzero(codes == code) for code in range(len(names))]
    return {name: curve(scores[own], recorded[own]) for name, own in zip(names, rows, strict=True)}


def nearly_equal(of: Mapping[str, Curve], equal: Equal, *, within: float, price: float = 1.0) -> dict[str, float]:
    """The thresholds by group that decide right most often while the rates of any two groups are at most `within` apart.

    Deciding for nobody, or for everybody, makes all rates equal, so there always are such thresholds; where no others are,
    these are given.

    Args:
        of: Curves of groups, each with `enough` rows; at least one.
        equal: Which rates.
        within: Greatest distance, in [0, 1].
        price: How many hits a false alarm costs; 1 counts right decisions, `even_price` weighs both outcomes alike.

    Returns:
        A threshold by group. They are the best there are, but for curves of more than `MOST_TRIED` points and, for two
        rates at once, more than `MOST_WINDOWS` lower ends.
    """
    tried = {name: each.thinned() for name, each in of.items()}
    rates = {name: each.rates(equal) for name, each in tried.items()}
    axes = [np.unique(np.concatenate(axis)) for axis in zip(*rates.values(), strict=True)]
    lows = np.meshgrid(*(axis if len(axes) == 1 else _thinned(axis) for axis in axes), indexing="ij")
    total, chosen = np.zeros(lows[0].size), {}
    for name, each in tried.items():
        ranges = [
            (np.searchsorted(own, low), np.searchsorted(own, low + within + ROUNDING, "right"))
            for own, low in zip(rates[name], (low.ravel() for low in lows), strict=True)
        ]
        first = np.max([start for start, _ in ranges], axis=0)
        last = np.min([end for _, end in ranges], axis=0)
        gains = each.gains(price)
        chosen[name] = _highest(gains, first, last)
        total += np.where(first < last, gains[chosen[name]], -np.inf)
    best = int(total.argmax())
    return {name: float(each.thresholds[chosen[name][best]]) for name, each in tried.items()}


def even_price(of: Mapping[str, Curve]) -> float:
    """What a false alarm costs where the rows of both outcomes count for as much, in sum."""
    negatives = sum(each.negatives for each in of.values())
    return sum(each.positives for each in of.values()) / max(negatives, 1)


def nearest(of: Curve, equal: Equal, rates: ArrayLike) -> float:
    """The threshold of a curve at which its rates come nearest to given ones."""
    far = np.sum([np.abs(own - rate) for own, rate in zip(of.rates(equal), np.asarray(rates), strict=True)], axis=0)
    return float(of.thresholds[far.argmin()])


def _thinned(values: Floats) -> Floats:
    return values[np.unique(np.linspace(0, len(values) - 1, MOST_WINDOWS).round().astype(np.int64))]


def _highest(values: Floats, first: Ints, last: Ints) -> Ints:
    """(q,) place of the highest of values[first:last], for each of q ranges; 0 where the range is empty."""
    length = np.maximum(last - first, 0)
    table = [np.arange(len(values))]  # at height h: the place of the highest of the 2^h values from here on
    while 2 ** len(table) <= len(values):
        below, step = table[-1], 2 ** (len(table) - 1)
        left, right = below[:-step], below[step:]
        table.append(np.where(values[left] >= values[right], left, right))
    found = np.zeros(len(length), dtype=np.int64)
    height = np.frexp(np.maximum(length, 1))[1] - 1
    for level, places in enumerate(table):
        at = np.flatnonzero((height == level) & (length > 0))
        left, right = places[first[at]], places[last[at] - 2**level]
        found[at] = np.where(values[left] >= values[right], left, right)
    return found


def common(
    scores: Floats, recorded: NDArray[np.bool_], groups: NDArray[np.object_], equal: Equal, *, cost: float
) -> float:
    """The one threshold for all under which groups' rates are nearest, at a bounded loss of accuracy.

    Args:
        scores: (n,) in [0, 1].
        recorded: (n,) True for the positive class.
        groups: (n,) group of each row; every group with rows enough.
        equal: Which rates.
        cost: Most accuracy it may cost, against the most accurate threshold, as a share of the rows.

    Returns:
        The threshold; of several as near, the most accurate one.
    """
    tried = curve(scores, recorded).thinned().thresholds
    of = [curve_at(tried, scores[groups == name], recorded[groups == name]) for name in set(groups)]
    gains = np.sum([each.gains() for each in of], axis=0)
    rates = np.array([each.rates(equal) for each in of])  # (groups, 1 or 2, thresholds)
    far = np.ptp(rates, axis=0).max(axis=0)
    dear = gains < gains.max() - (cost + ROUNDING) * len(scores)
    order = np.lexsort((-gains, far.round(12), dear))
    return float(tried[order[0]])
