"""Thresholds between which chance decides, so that groups' rates are equal at the least loss of accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.fairness.rules import Steps
from fairwitness.fairness.thresholds import NOBODY, Curve, Equal

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def equal_by_chance(
    of: Mapping[str, Curve], pooled: Curve, equal: Equal, *, price: float = 1.0
) -> tuple[dict[str, Steps], Steps]:
    """The rules, by chance where need be, that decide right most often while groups' rates are equal.

    The rates of the rows given are equal exactly and in the mean over chance; no rule on the scores alone is both equal
    and more accurate.

    Args:
        of: Curves of groups, each with `enough` rows; at least one.
        pooled: The curve of all rows, for any other group: it comes as near to the same rates as it can.
        equal: Which rates.
        price: How many hits a false alarm costs; 1 counts right decisions, `even_price` weighs both outcomes alike.

    Returns:
        Steps by group, and those of any other.

    Source:
        Hardt, Price and Srebro 2016, NeurIPS, https://arxiv.org/abs/1610.02413, section 4.2: equalised odds hold where the
        convex hulls of the groups' ROC curves meet.
    """
    hulls = {name: each.hull() for name, each in of.items()}
    rest = pooled.hull()
    if equal == "odds":
        alarmed, recognised = _odds([*hulls.values()], price)
        return {name: _inside(hull, alarmed, recognised) for name, hull in hulls.items()}, _inside(
            rest, alarmed, recognised
        )
    rate = _rate([*hulls.values()], equal, price)
    return {name: _along(hull, equal, rate) for name, hull in hulls.items()}, _along(rest, equal, rate)


def _rate(hulls: Sequence[Curve], equal: Equal, price: float) -> float:
    """The common rate at which most decisions are right. They are concave in it, so it is a corner of some hull."""
    lines = [_line(hull.rates(equal)[0], hull.gains(price)) for hull in hulls]
    corners = np.unique(np.concatenate([places for places, _ in lines]))
    gains = np.sum([np.interp(corners, *line) for line in lines], axis=0)
    return float(corners[gains.argmax()])


def _odds(hulls: Sequence[Curve], price: float) -> tuple[float, float]:
    """The common false- and true-positive rate at which most decisions are right: a corner of some hull, or where two
    of them cross.
    """
    lines = [_line(*reversed(hull.rates("odds"))) for hull in hulls]
    corners = np.unique(np.concatenate([alarmed for alarmed, _ in lines]))
    heights = [np.interp(corners, *line) for line in lines]
    crossings = [_crossings(corners, first - second) for first, second in combinations(heights, 2)]
    tried = np.concatenate([corners, *crossings])
    reached = np.min([np.interp(tried, *line) for line in lines], axis=0)
    positives, negatives = sum(hull.positives for hull in hulls), sum(hull.negatives for hull in hulls)
    best = int((positives * reached - price * negatives * tried).argmax())
    return float(tried[best]), float(reached[best])


def _line(places: Floats, heights: NDArray[Any]) -> tuple[Floats, NDArray[Any]]:
    kept = _highest(places, heights)
    return places[kept], heights[kept]


def _crossings(places: Floats, difference: Floats) -> Floats:
    """Where a function that is straight between places changes sign."""
    left, right = difference[:-1], difference[1:]
    changes = left * right < 0
    share = left[changes] / (left[changes] - right[changes])
    found: Floats = places[:-1][changes] + share * np.diff(places)[changes]
    return found


def _highest(places: Floats, heights: NDArray[Any]) -> Ints:
    """Which corners of a hull to keep so that it is a function: of those above one another the highest."""
    order = np.lexsort((heights, places))
    kept: Ints = order[np.append(np.diff(places[order]) > 0, True)]
    return kept


def _along(hull: Curve, equal: Equal, rate: float) -> Steps:
    """The rule on the hull that gives a rate: between two thresholds chance decides."""
    places = hull.rates(equal)[0]
    return _mixed(hull, places, _highest(places, hull.gains()), rate)


def _inside(hull: Curve, alarmed: float, recognised: float) -> Steps:
    """The rule that gives a false- and a true-positive rate below the hull: now and then chance decides alone."""
    up, across = hull.rates("odds")
    kept = _highest(across, up)
    top = float(np.interp(alarmed, across[kept], up[kept]))
    blind = float(np.clip((top - recognised) / (top - alarmed), 0, 1)) if top > max(alarmed, recognised) else 0.0
    steps = [(threshold, (1 - blind) * chance) for threshold, chance in _mixed(hull, across, kept, alarmed)]
    return _without_nothing([(0.0, blind * alarmed), *steps])


def _mixed(hull: Curve, places: Floats, kept: Ints, rate: float) -> Steps:
    """Between the two corners around a rate."""
    if len(kept) < 2:
        return ((float(hull.thresholds[kept[0]]), 1.0),)
    left = int(np.clip(np.searchsorted(places[kept], rate, "right") - 1, 0, len(kept) - 2))
    one, other = kept[left : left + 2]
    share = float(np.clip((rate - places[one]) / (places[other] - places[one]), 0, 1))
    return _without_nothing([(float(hull.thresholds[one]), 1 - share), (float(hull.thresholds[other]), share)])


def _without_nothing(steps: Sequence[tuple[float, float]]) -> Steps:
    """Without steps that no score reaches or that add nothing."""
    return tuple((threshold, chance) for threshold, chance in steps if chance > 0 and threshold < NOBODY)
