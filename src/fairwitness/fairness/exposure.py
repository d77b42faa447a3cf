"""Places in lists by group: attention over the group's share of the list, top places, and NDKL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.errors import TooFewError
from fairwitness.core.estimate import Estimate
from fairwitness.stats.multiple import sidak

Floats = NDArray[np.float64]

FEWEST_LISTS = 30
"""With fewer lists their scatter is not to be trusted; what shuffling within each would give stands for it."""

DRAWS = 199
MOST_ROWS = 20_000
"""Rows that NDKL is shuffled on; of more, whole lists drawn at random up to so many, or as many rows of one longer list."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """Rows in lists, list after list, each from its first place on.

    Attributes:
        lists: (n,) which list, from 0.
        groups: (n,) which group, from 0.
        attention: (n,) 1 / log2(1 + place); rows that are tied share theirs.
        top: (n,) 1 within the top places, 0 below; rows tied across the border share.
        names: Of the groups.
    """

    lists: NDArray[np.intp]
    groups: NDArray[np.intp]
    attention: Floats
    top: Floats
    names: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many lists."""
        return int(self.lists[-1]) + 1 if len(self.lists) else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """NDKL on average over lists: 0 where every top of a list is mixed as the whole list is.

    Attributes:
        value: In [0, ∞).
        chance: What random order gives on average: NDKL is never negative, so it is above 0.
        p: P value of "the order is random", by shuffles within lists.
        rows: How many it was worked out on.
    """

    value: float
    chance: float
    p: float
    rows: int


def placed(
    scores: Floats,
    lists: NDArray[np.intp],
    groups: NDArray[np.intp],
    names: tuple[str, ...],
    *,
    top: int,
    rng: np.random.Generator,
) -> Placed:
    """Rows by place.

    Args:
        scores: (n,) the highest first.
        lists: (n,) which list.
        groups: (n,) which of `names`.
        names: Of the groups.
        top: How many places are the top ones, at least 1.
        rng: Orders rows that are tied, for NDKL.

    Source:
        Singh and Joachims 2018, KDD, 2219-2228, section 3.3: attention as in discounted cumulative gain.
    """
    _, lists = np.unique(lists, return_inverse=True)
    order = np.lexsort((rng.random(len(scores)), -scores, lists))
    lists, groups, scores = lists[order], groups[order], scores[order]
    first = np.flatnonzero(np.diff(lists, prepend=-1))
    place = np.arange(len(lists)) - first[lists] if len(lists) else np.zeros(0, dtype=np.intp)
    starts = np.flatnonzero((np.diff(lists, prepend=-1) != 0) | (np.diff(scores, prepend=np.nan) != 0))
    run = np.cumsum(np.bincount(starts, minlength=len(lists))) - 1
    size = np.bincount(run)

    def shared(values: Floats) -> Floats:
        return np.asarray((np.bincount(run, weights=values) / size)[run])

    return Placed(
        lists=lists,
        groups=groups,
        attention=shared(1 / np.log2(place + 2)),
        top=shared((place < top).astype(np.float64)),
        names=names,
    )


def over_pool(rows: Placed, weights: Floats, *, level: float = 0.95) -> dict[str, Estimate]:
    """What share of something each group gets, over its share of the lists: 1 where it gets as much as it is many.

    Args:
        rows: In lists.
        weights: (n,) what there is to get at each place, such as `rows.attention`.
        level: Two-sided confidence, of all groups together.

    Returns:
        Ratios, each list counting alike, with Student's interval over lists; of a group that fewer than `FEWEST_LISTS`
        hold beside others, with the scatter that shuffling within lists has.

    Raises:
        TooFewError: There are no rows.

    Source:
        Cochran 1977, Sampling Techniques, section 6.4, the variance of a ratio; section 2.6, of a sample without
        replacement, for shuffles.
    """
    from scipy.special import ndtri, stdtrit

    k, count = len(rows.names), rows.count
    if not count:
        raise TooFewError("places need rows in lists")
    n = np.bincount(rows.lists).astype(np.float64)
    whole = np.bincount(rows.lists, weights=weights)
    cells, cell = np.unique(rows.lists * k + rows.groups, return_inverse=True)  # what is not in a list adds nothing
    where, group = np.divmod(cells, k)

    def summed(values: NDArray[Any]) -> Floats:
        return np.asarray(np.bincount(group, weights=values, minlength=k), dtype=np.float64)

    people = np.bincount(cell)
    got, share = np.bincount(cell, weights=weights) / whole[where], people / n[where]
    total = summed(share)
    ratio = summed(got) / total
    mixed = summed(people < n[where])  # a list of one group alone tells nothing of it
    between = summed((got - ratio[group] * share) ** 2) * mixed / np.maximum(mixed - 1, 1)
    scatter = np.bincount(rows.lists, weights=(weights - (whole / n)[rows.lists]) ** 2) / n
    within = summed(people * (n[where] - people) / np.maximum(n[where] - 1, 1) * (scatter / whole**2)[where])
    tail, many = (1 + sidak(level, k)) / 2, mixed >= FEWEST_LISTS
    reach = np.where(many, stdtrit(np.maximum(mixed - 1, 1), tail), ndtri(tail))
    half = reach * np.sqrt(np.where(many, between, within)) / total
    together = f", for {k} groups at once" if k > 1 else ""
    methods = ("shuffles within lists, as a normal" + together, "Student's interval over lists" + together)
    sizes = summed(people)
    return {
        name: Estimate(
            value=float(ratio[g]),
            low=max(0.0, float(ratio[g] - half[g])),
            high=float(ratio[g] + half[g]),
            level=level,
            n=int(sizes[g]),
            unit="ratio",
            method=methods[int(many[g])],
        )
        for g, name in enumerate(rows.names)
    }


def ndkl(groups: NDArray[np.intp], count: int) -> Floats:
    """Normalised discounted cumulative KL divergence of (..., n) lists of the same people in other orders.

    Args:
        groups: (..., n) which group stands at each place.
        count: How many groups there are.

    Returns:
        (...) in [0, ∞), in nats. The wanted mixture is that of the list.

    Source:
        Geyik, Ambler and Kenthapadi 2019, KDD, 2221-2231, definition 2.
    """
    n = groups.shape[-1]
    held = np.bincount(groups.reshape(-1, n)[0], minlength=count)
    order = np.argsort(groups, axis=-1, kind="stable")
    nth = np.empty(groups.shape, dtype=np.intp)  # of its group, at each place: one group's share changes from the last
    np.put_along_axis(nth, order, np.arange(n) - np.repeat(np.cumsum(held) - held, held), axis=-1)
    sizes = np.arange(n + 1)
    more = np.diff(sizes * np.log(np.maximum(sizes, 1)))  # of h log h
    pool = np.log(np.maximum(held, 1) / n)
    places = sizes[1:]
    gap = np.cumsum(more[nth] - pool[groups], axis=-1) / places - np.log(places)
    weights = 1 / np.log2(places + 1)
    return np.asarray(np.maximum(gap, 0.0) @ weights / weights.sum())


def divergence(rows: Placed, *, rng: np.random.Generator, draws: int = DRAWS) -> Divergence:
    """NDKL on average over lists, beside what random order gives.

    Raises:
        TooFewError: There are no rows.
    """
    if not rows.count:
        raise TooFewError("NDKL needs rows in lists")
    starts = np.flatnonzero(np.diff(rows.lists, prepend=-1))
    lists = np.split(rows.groups, starts[1:])
    chosen, used = [], 0
    for index in rng.permutation(len(lists)):
        each = lists[index]
        if used and used + len(each) > MOST_ROWS:
            break
        if len(each) > MOST_ROWS:
            each = each[np.sort(rng.choice(len(each), MOST_ROWS, replace=False))]
        chosen.append(each)
        used += len(each)
    seen, null = 0.0, np.zeros(draws)
    for one in chosen:
        names, each = np.unique(one, return_inverse=True)  # a list holds few of many groups
        if (k := len(names)) < 2:
            continue
        seen += float(ndkl(each, k))
        for start in range(0, draws, batch := max(1, 2_000_000 // len(each))):
            many = np.broadcast_to(each, (min(batch, draws - start), len(each)))
            null[start : start + batch] += ndkl(rng.permuted(many, axis=1), k)
    return Divergence(
        value=seen / len(chosen),
        chance=float(null.mean()) / len(chosen),
        p=float(((null >= seen - 1e-12).sum() + 1) / (draws + 1)),
        rows=used,
    )
