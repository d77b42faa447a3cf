"""Rows attacked in pieces that outlive a stop, at several radii, and what of them still stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.check import Arrays, Meter
from fairwitness.robustness.attacks.space import Space
from fairwitness.robustness.attacks.suite import Budget, Deployed, attack

Mask = NDArray[np.bool_]

PIECE = 100
"""Rows a piece."""
WHAT = "rows attacked"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stood:
    """What attacks did to rows.

    Attributes:
        gradient: (n,) broken by gradients.
        search: (n,) broken by asking at random, after gradients did not.
        searched: (n,) searched.
        passes: Rows put through the network, there and back.
        queries: Rows put to the deployed model by the search.
    """

    gradient: Mask
    search: Mask
    searched: Mask
    passes: int
    queries: int

    @property
    def broken(self) -> Mask:
        return self.gradient | self.search


def attacked(
    deployed: Deployed, space: Space, *, budget: Budget, meter: Meter, dice: np.random.Generator, name: str
) -> Stood:
    """`attack` on rows in pieces, each kept when it is finished, so that the same command goes on from it."""
    n = len(space)
    pieces = [np.arange(start, min(start + PIECE, n)) for start in range(0, n, PIECE)]
    seeds = dice.integers(2**62, size=len(pieces))
    each = replace(budget, searched=-(-budget.searched // len(pieces)))
    made: list[Arrays] = []
    for number, at in enumerate(pieces):

        def one(at: NDArray[np.intp] = at, seed: int = int(seeds[number])) -> Arrays:
            found = attack(deployed.take(at), space.take(at), budget=each, dice=np.random.default_rng(seed))
            counts = np.array([found.passes, found.queries])
            return {"gradient": found.gradient, "search": found.search, "searched": found.searched, "counts": counts}

        made.append(meter.piece(f"{name}-{number}", one))
        meter.spend(len(at), of=n, what=WHAT)
    gradient, search, searched = (np.concatenate([piece[key] for piece in made]) for key in _MASKS)
    passes, queries = (int(count) for count in np.sum([piece["counts"] for piece in made], axis=0))
    return Stood(gradient=gradient, search=search, searched=searched, passes=passes, queries=queries)


_MASKS = ("gradient", "search", "searched")


def radii(
    deployed: Deployed, spaces: Mapping[float, Space], *, budget: Budget, dice: np.random.Generator
) -> dict[float, Mask]:
    """Rows broken at growing radii. What one radius breaks is broken at every larger one, and is not attacked again.

    Args:
        deployed: The model, and the class each row has now.
        spaces: Radius to boxes, the narrowest first.
        budget: How hard to try at each.
        dice: Of everything random.
    """
    made: dict[float, Mask] = {}
    broken: Mask = np.zeros(len(deployed.recorded), dtype=bool)
    for eps, space in spaces.items():
        left = np.flatnonzero(~broken)
        if len(left):
            found = attack(deployed.take(left), space.take(left), budget=budget, dice=dice)
            broken = broken.copy()
            broken[left[found.broken]] = True
        made[eps] = broken
    return made


def grown(made: Mapping[float, Mask], known: Mapping[float, Sequence[bool] | Mask]) -> dict[float, Mask]:
    """The same with what is known besides at some radii, carried on to every larger one."""
    held: Mask | None = None
    out = {}
    for eps in sorted({*made, *known}):
        here = np.logical_or(made.get(eps, False), known.get(eps, False))
        held = here if held is None else here | held
        out[eps] = held
    return out
