"""The fewest parts of one row that, taken out, change what the deployed model decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import combinations, islice
from math import comb

import numpy as np
from numpy.typing import NDArray

from fairwitness.explain.counterfactual import AT_ONCE, BUDGET, WANTED, nobody
from fairwitness.explain.shapley import Floats, Mask

MOST = 10
"""Parts that are taken out together, at most."""
EVERY = 2
"""Parts together of which every set is tried."""

Judge = Callable[[Mask], tuple[Floats, NDArray[np.bool_]]]
"""(m, parts) held -> (m,) how near each is to the wanted decision, the higher the nearer, and (m,) whether it has it."""
Parts = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What a search found, and how far it looked.

    Attributes:
        found: Sets of places of parts that change the decision, all as large as the first, the strongest first.
        fewest: No smaller set does: every one was tried.
        tried: Every set of so many parts was tried, and of fewer.
        most: Parts taken out together, at most.
        spent: Rows put to the model.
        budget: How many might have been.
        stopped: It was interrupted; what was found until then is here.
    """

    found: tuple[Parts, ...]
    fewest: bool
    tried: int
    most: int
    spent: int
    budget: int
    stopped: bool = False


def fewest_out(
    judge: Judge,
    parts: int,
    *,
    most: int = MOST,
    wanted: int = WANTED,
    budget: int = BUDGET,
    told: Callable[[int, int], None] = nobody,
) -> Removal:
    """Look for the fewest parts to take out: every one and every two; beyond, the one that helps most is added each time.

    What the greedy way finds is thinned out: a part goes back where the decision stays changed without its leaving.

    Args:
        judge: The deployed model on the row without some parts, and what is wanted of it.
        parts: How many there are.
        most: Taken out together, at most.
        wanted: Sets to look for, of one size.
        budget: Rows put to the model, at most.
        told: Called with rows done, of so many.

    Returns:
        What was found. Where `fewest` is false, a smaller set may exist.

    Source:
        Martens & Provost 2014, MIS Quarterly 38(1):73-99, the fewest words of a document, and the greedy way to them.
    """
    run = _Run(judge=judge, parts=parts, budget=budget, told=told)
    most, tried, stopped = min(most, parts), 0, False
    found: list[Parts] = []
    try:
        for size in range(1, min(EVERY, most) + 1):
            if comb(parts, size) > run.left:
                break
            found = run.every(size)[:wanted]
            tried = size
            if found:
                break
        if not found and most > tried:
            found = run.greedily(most)
    except KeyboardInterrupt:
        stopped = True
    return Removal(
        found=tuple(found),
        fewest=bool(found) and len(found[0]) <= tried + 1,
        tried=tried,
        most=most,
        spent=run.spent,
        budget=budget,
        stopped=stopped,
    )


@dataclass(slots=True)
class _Run:
    """A search under way: how near each set came that was tried, of the last size."""

    judge: Judge
    parts: int
    budget: int
    told: Callable[[int, int], None]
    spent: int = 0
    near: tuple[float, Parts] = field(default=(-np.inf, ()))

    @property
    def left(self) -> int:
        return self.budget - self.spent

    def every(self, size: int) -> list[Parts]:
        """Every set of that size that changes the decision, the strongest first."""
        return self._try(combinations(range(self.parts), size))

    def greedily(self, most: int) -> list[Parts]:
        """One more part at a time, beginning with what came nearest."""
        out = self.near[1]
        while len(out) < most and self.left > 0:
            found = self._try((*out, part) for part in range(self.parts) if part not in out)
            if found:
                return [self._thinned(found[0])]
            if self.near[1] == out:  # nothing could be tried any more
                break
            out = self.near[1]
        return []

    def _thinned(self, out: Parts) -> Parts:
        """Without the parts that need not have gone."""
        for part in out[:-1]:
            fewer = tuple(each for each in out if each != part)
            if self.left > 0 and self._try([fewer]):
                out = fewer
        return tuple(sorted(out))

    def _try(self, sets: Iterable[Parts]) -> list[Parts]:
        """Those of the sets that change the decision; `near` is the one that came nearest of them."""
        found: list[tuple[float, Parts]] = []
        best: tuple[float, Parts] = (-np.inf, ())
        left = iter(sets)
        while few := list(islice(left, max(min(AT_ONCE, self.left), 0))):
            held = np.ones((len(few), self.parts), dtype=np.bool_)
            for row, out in enumerate(few):
                held[row, list(out)] = False
            scores, favored = self.judge(held)
            self.spent += len(few)
            self.told(self.spent, self.budget)
            at = int(scores.argmax())
            best = max(best, (float(scores[at]), few[at]), key=lambda each: each[0])
            found += [(float(scores[row]), few[row]) for row in np.flatnonzero(favored)]
        if best[1]:
            self.near = best
        return [out for _, out in sorted(found, key=lambda each: -each[0])]
