"""Whether an explanation tells the truth about a model: what it calls important is taken away first, and put back first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairwitness.explain.shapley import AT_ONCE, Floats, Mixed, Places

STEPS, ORDERS = 10, 5
"""Points of a curve after its first, and random orders a row."""
ROUNDING = 1e-6
"""What 32-bit scores cannot tell from nothing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Faithful:
    """What became of the score while players were taken away, or put in, one after another.

    Attributes:
        shares: (s,) of players moved, from 0 to 1.
        deletion: (n, s) score while the most important are taken away first.
        insertion: (n, s) score while they are put in first, to a row of the background.
        random_deletion: As `deletion`, averaged over random orders.
        random_insertion: Likewise.
        spent: Mixed rows put to the model.
    """

    shares: Floats
    deletion: Floats
    insertion: Floats
    random_deletion: Floats
    random_insertion: Floats
    spent: int

    @property
    def moved(self) -> NDArray[np.bool_]:
        """(n,) whether anything that was taken away or put in moved the score: else no order is truer than another."""
        curves = (self.deletion, self.insertion, self.random_deletion, self.random_insertion)
        told: NDArray[np.bool_] = np.ptp(np.concatenate(curves, axis=1), axis=1) > ROUNDING
        return told

    @property
    def faster_down(self) -> Floats:
        """(n,) area between the curves of deletion: by how much less is left than in random order, on average."""
        return _area(self.shares, self.random_deletion - self.deletion)

    @property
    def faster_up(self) -> Floats:
        """(n,) area between the curves of insertion: by how much more is there."""
        return _area(self.shares, self.insertion - self.random_insertion)


def faithful(
    mixed: Mixed,
    values: Floats,
    score: Callable[[Floats, Places], Floats],
    *,
    background: int,
    rng: np.random.Generator,
    steps: int = STEPS,
    orders: int = ORDERS,
    meaningless: Callable[[np.random.Generator], Floats] | None = None,
) -> Faithful:
    """Deletion and insertion curves of attributions, beside those of random orders on the same rows.

    What is away has the values of background rows, and the score is averaged over them. Players of equal value are taken in
    random order, so an explanation that says nothing is a random order.

    Args:
        mixed: A game on the rows; see `shapley.Game`.
        values: (n, players) by how much each is said to speak for what was decided.
        score: (m, outputs) and (m,) places of rows -> (m,) score of what was decided for them.
        background: Background rows of the game.
        rng: Draws the random orders.
        steps: Points of a curve after its first; fewer where there are fewer players.
        orders: Random orders a row.
        meaningless: Draws (n, players) values that mean nothing but are as coarse as the explanation, for the random orders:
            scattered pixels destroy an image sooner than patches do. None: each player by itself.

    Returns:
        Curves of each row. They tell whether the order of the explanation is the model's, not whether the model is right; and
        rows with parts taken away may be of a kind the model has never seen.

    Source:
        Petsiuk et al. 2018, BMVC, arXiv 1806.07421; Samek et al. 2017, IEEE TNNLS 28(11):2660-2673, random orders.
    """
    players = values.shape[1]
    counts = np.unique(np.linspace(0, players, steps + 1).round().astype(np.intp))
    asked = _Curves(mixed=mixed, score=score, background=background, counts=counts)
    ranks = _ranks(-values, rng)
    at_random = [_ranks(np.zeros_like(values) if meaningless is None else meaningless(rng), rng) for _ in range(orders)]
    return Faithful(
        shares=counts / players,
        deletion=asked(ranks, put_in=False),
        insertion=asked(ranks, put_in=True),
        random_deletion=np.mean([asked(each, put_in=False) for each in at_random], axis=0),
        random_insertion=np.mean([asked(each, put_in=True) for each in at_random], axis=0),
        spent=asked.spent,
    )


@dataclass(slots=True, eq=False)
class _Curves:
    mixed: Mixed
    score: Callable[[Floats, Places], Floats]
    background: int
    counts: NDArray[np.intp]
    spent: int = 0

    def __call__(self, ranks: NDArray[np.intp], *, put_in: bool) -> Floats:
        """(n, s) scores as players are taken away, or put in, in the order of their ranks."""
        shape = (len(ranks), len(self.counts), self.background)
        whole = np.arange(np.prod(shape))
        made = np.empty(len(whole))
        for start in range(0, len(whole), AT_ONCE):
            piece = whole[start : start + AT_ONCE]
            at, step, by = np.unravel_index(piece, shape)
            moved = ranks[at] < self.counts[step][:, None]
            made[piece] = self.score(self.mixed(at, by, moved if put_in else ~moved), at)
        self.spent += len(whole)
        curves: Floats = made.reshape(shape).mean(axis=2)
        return curves


def _ranks(keys: Floats, rng: np.random.Generator) -> NDArray[np.intp]:
    """(n, players) place of each player when sorted by rising key, equal ones at random."""
    order = np.lexsort((rng.random(keys.shape), keys), axis=1)
    return order.argsort(axis=1)


def _area(shares: Floats, heights: Floats) -> Floats:
    return np.asarray(np.trapezoid(heights, shares, axis=1))
