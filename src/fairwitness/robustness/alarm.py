"""When the signs of masked gradients are beyond doubt."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fairwitness.core.check import Given
from fairwitness.core.estimate import Estimate
from fairwitness.draw.words import FEW
from fairwitness.robustness.attacks.space import Space
from fairwitness.robustness.masking import Sign, signs
from fairwitness.robustness.sampled import Sampled
from fairwitness.robustness.standing import Stood
from fairwitness.stats.intervals import clopper_pearson
from fairwitness.stats.multiple import sidak

LOOKED_AT = 100
"""Rows at which signs are looked for."""
TOLERATED = 0.05
"""Share of rows that may show a sign: a row in a dead corner of a network has no gradient, and is no trick."""


def raised(given: Given, right: Sampled, space: Space, stood: Stood) -> tuple[str, ...]:
    """Signs that more rows show than is tolerated, whatever chance did, in words.

    Args:
        given: For confidence and dice.
        right: Rows decided rightly.
        space: Their boxes.
        stood: What attacks did to them.
    """
    found = look(right, space, stood, most=LOOKED_AT, dice=given.rng)
    return tuple(
        f"{found[name].shown} of {found[name].of} {name}"
        for name, each in estimates(found, level=given.level).items()
        if each.low is not None and each.low > TOLERATED
    )


def look(right: Sampled, space: Space, stood: Stood, *, most: int, dice: np.random.Generator) -> Mapping[str, Sign]:
    """The signs on a random few of the rows, at most so many; those that search was tried on come first."""
    n = len(space)
    order = dice.permutation(n)
    at = np.sort(order[np.argsort(~stood.searched[order], kind="stable")][:most])
    few = right.only(at)
    return signs(
        few.deployed,
        space.take(at),
        search=stood.search[at],
        searched=stood.searched[at],
        wide=few.space(1.0),
        dice=dice,
    )


def estimates(found: Mapping[str, Sign], *, level: float) -> Mapping[str, Estimate]:
    """The share of rows that show each sign, with intervals that hold for all signs at once.

    A sign that only a few rows could show is left out where others had more to show it on.
    """
    most = max(sign.of for sign in found.values())
    told = {name: sign for name, sign in found.items() if sign.of >= min(FEW, most)}
    each = sidak(level, len(told))
    return {name: _share(sign, each) for name, sign in told.items()}


def _share(sign: Sign, level: float) -> Estimate:
    low, high = clopper_pearson(float(sign.shown), sign.of, level=level)
    return Estimate(
        value=sign.shown / sign.of,
        low=low,
        high=high,
        level=level,
        n=sign.of,
        unit="share",
        method="Clopper-Pearson interval, of all signs at once",
    )
