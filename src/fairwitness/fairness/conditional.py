"""Decisions about groups among people alike in what may count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.estimate import Estimate
from fairwitness.draw.words import FEW
from fairwitness.stats.stratified import (
    Strata,
    breslow_day_p,
    common_difference,
    common_odds_ratio,
    conditional_disparity,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """A group beside the largest one.

    Attributes:
        group: Its name.
        n: Its people.
        plain: Its selection rate less the largest group's, in points.
        within: The same among people alike, averaged over strata; value None where too few are alike.
        odds: Common odds ratio in strata.
        same: P value of "the odds ratio is the same in all strata".
        disparity: Its share of the refused less its share of the selected within strata (Wachter et al. 2021).
        compared: Share of its people for whom there is somebody alike in the largest group.
    """

    group: str
    n: int
    plain: float
    within: Estimate
    odds: Estimate
    same: float
    disparity: float | None
    compared: float


def conditional_gaps(
    selected: NDArray[np.bool_],
    strata: NDArray[Any],
    codes: NDArray[Any],
    names: Sequence[str],
    *,
    level: float = 0.95,
) -> tuple[str, list[Alike]]:
    """Each group's selection rate less that of the largest, among people alike.

    Args:
        selected: (n,) bool.
        strata: (n,) int, from 0: people of one stratum are alike.
        codes: (n,) int, places in `names`.
        names: Groups; those of fewer than 30 people are left out.
        level: Two-sided confidence, of all groups together.

    Returns:
        The largest group, and the others, the widest difference first. A difference that rests on fewer than 30 people
        of either group has no value.

    Source:
        Mantel and Haenszel weights with Sato's variance (`stats.stratified`).
    """
    sizes = np.bincount(codes, minlength=len(names))
    base = int(sizes.argmax())
    others = [code for code in np.flatnonzero(sizes >= FEW).tolist() if code != base]
    each_level = 1 - (1 - level) / max(1, len(others))
    rates = np.bincount(codes, weights=selected, minlength=len(names)) / np.maximum(sizes, 1)
    found = []
    for code in others:
        inside = (codes == base) | (codes == code)
        pair = Strata.of(selected[inside], strata[inside], (codes[inside] == code).astype(np.int64))
        alike = pair.telling.n.sum(axis=0) if len(pair.telling.n) else np.zeros(2)
        found.append(
            Alike(
                group=names[code],
                n=int(sizes[code]),
                plain=float(rates[code] - rates[base]),
                within=_within(pair, alike, each_level),
                odds=common_odds_ratio(pair, level=each_level),
                same=breslow_day_p(pair),
                disparity=conditional_disparity(pair, 1),
                compared=float(alike[1] / sizes[code]),
            )
        )
    return names[base], sorted(found, key=lambda each: -abs(each.within.value or 0.0))


def widest(found: Sequence[Alike], *, level: float) -> Estimate:
    """The widest difference either way; an end is unknown where one of the differences is."""
    known = [each.within for each in found if each.within.value is not None]
    ends = [(each.low, each.high) for each in known if each.low is not None and each.high is not None]
    first = max(known, key=lambda each: abs(each.value or 0.0), default=found[0].within)
    return replace(
        first,
        value=None if first.value is None else abs(first.value),
        low=max((max(0.0, low, -high) for low, high in ends), default=None),
        high=max(max(abs(low), abs(high)) for low, high in ends) if len(ends) == len(found) else None,
        level=level,
    )


def _within(pair: Strata, alike: NDArray[Any], level: float) -> Estimate:
    if alike.min() < FEW:
        n = int(alike.sum())
        return Estimate(value=None, low=None, high=None, level=level, n=n, unit="points", method="too few people alike")
    return common_difference(pair, level=level)
