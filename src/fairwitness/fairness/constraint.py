"""A bound on the gap between groups, kept in training by multipliers that rise while it is broken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from torch import Tensor

from fairwitness.fairness.penalties import FEWEST, MEMORY, GapPenalty, Seen, centred
from fairwitness.fairness.running_means import Known, Numbers


class Constraint(GapPenalty):
    """Groups' rates of decisions differ by no more than a tolerance, in each stratum: the Lagrangian of it.

    Each group's rate may lie half the tolerance above or below the mean over groups, so no two are further apart than the
    tolerance. Each of these bounds has a multiplier, at least 0 and at most `highest`, which rises by `rate` × what the
    running rate is beyond the bound, and falls while it is kept. Rates are of decisions; as these have no gradient, that
    of scores stands in for theirs. Where rows are watched, the value is the largest the Lagrangian can get there:
    `highest` × what is beyond the worst bounds; so a pass that breaks them is not kept for its low loss.

    Source: Cotter and others 2019, JMLR 20(172), section 4 (proxy-Lagrangian, additive multipliers).
    """

    def __init__(
        self,
        counts: Tensor,  # (g, s) training rows of each cell
        *,
        tolerance: float,  # widest gap allowed, at least 0
        rate: float,  # of the multipliers, above 0
        highest: float,  # of a multiplier, above 0
        by_class: bool = False,
        among: int | None = None,
        sharpness: float = 1.0,
        memory: float = MEMORY,
        fewest: int = FEWEST,
    ) -> None:
        super().__init__(
            counts,
            by_class=by_class,
            among=among,
            sharpness=sharpness,
            memory=memory,
            fewest=fewest,
            every=1,  # or the multipliers would rise half as fast
        )
        self.tolerance = tolerance
        self.rate = rate
        self.highest = highest
        self.multipliers: Numbers = np.zeros((2, 0))  # of the bounds above and below, (2, k, cells)

    def numbers(self, chances: Numbers, target: Tensor) -> Numbers:  # noqa: ARG002 - of no matter
        if len(chances) == 1:
            return (chances >= 0.5).astype(chances.dtype)
        decided: Numbers = np.eye(len(chances), dtype=chances.dtype)[:, chances.argmax(axis=0)]
        return decided

    def arrange(self, seen: Seen) -> None:
        self._contrast, _ = centred(seen, self.strata)
        self._seen = seen

    def judges(self, known: Known) -> tuple[float, Numbers]:
        apart = known.means.dot(self._contrast)
        beyond = np.stack([apart, -apart]) - self.tolerance / 2
        if not torch.is_grad_enabled():
            return self.highest * float(np.maximum(beyond, 0)[..., self._seen].sum()), np.zeros_like(apart)
        if not self.multipliers.size:
            self.multipliers = np.zeros_like(beyond)
        self.multipliers = np.clip(self.multipliers + self.rate * beyond * self._seen, 0, self.highest)
        above, below = self.multipliers
        return float((self.multipliers * beyond).sum()), (above - below).dot(self._contrast)

    def state(self) -> Iterator[tuple[str, Tensor]]:
        yield from super().state()
        yield "multipliers", torch.from_numpy(self.multipliers)

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        super().restore(tensors)
        self.multipliers = tensors["multipliers"].cpu().numpy().copy()
