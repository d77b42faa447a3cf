"""Training for the group that is worst off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fairwitness.fairness.penalties import FEWEST, MEMORY, GroupPart, Seen, guest, host
from fairwitness.fairness.running_means import TINY, Known, Numbers
from fairwitness.torchkit.parts.base import Batch, Losses, Sloped
from fairwitness.torchkit.step import cross_entropy


class GroupRobust(GroupPart):
    """The mean of groups' losses, by weights that grow with each group's loss, in place of the mean over rows.

    Each step multiplies a group's weight by exp(`rate` × its loss), where the loss is the running one with `adjustment` ÷
    √rows of the group added; then weights are brought to a sum of 1. Where rows are watched, it is the largest loss of a
    group. Strata are classes, where there is more than one: then the groups are cells of group and class.

    Source: Sagawa and others 2020, ICLR, algorithm 1 and section 3.3; with `memory` 0 and every group in every batch it is
    theirs.
    """

    def __init__(
        self,
        counts: Tensor,  # (g, s) training rows of each cell; s: 1 or one a class
        *,
        rate: float,  # of the weights, at least 0
        adjustment: float = 0.0,  # at least 0
        losses: Losses = cross_entropy,  # one a row, of which the step takes the mean
        memory: float = MEMORY,
        fewest: int = FEWEST,
    ) -> None:
        super().__init__(counts, memory=memory, fewest=fewest)
        self.rate = rate
        self.adjustment = adjustment
        self.losses = losses
        rows = np.append(counts.flatten().numpy(), 1)
        self._added: Numbers = adjustment / np.sqrt(np.maximum(rows, 1))
        self.weights: Numbers = np.where(self.kept, 1 / max(int(self.kept.sum()), 1), 0.0)

    def found(self, output: Any, batch: Batch) -> Sloped:  # noqa: ANN401 - as the module gives it
        """What brings the mean of the losses to that of the groups' losses."""
        losses = self.losses(output, batch.target)[:, None]
        codes, numbers = self.codes_of(batch), host(losses).T
        if self.strata > 1:
            codes = codes * self.strata + host(batch.target.long())
        value, slopes = self.judged(codes, numbers, batch.weights)
        even = np.ones_like(numbers) if batch.weights is None else host(batch.weights)[None].astype(numbers.dtype)
        even = even / max(float(even.sum()), TINY)
        return Sloped(value - float((even * numbers).sum()), losses, guest(slopes - even, losses))

    def arrange(self, seen: Seen) -> None:
        self._seen = seen

    def judges(self, known: Known) -> tuple[float, Numbers]:
        losses = known.means[0]
        if not torch.is_grad_enabled():
            return float(losses[self._seen].max(initial=0.0)), np.zeros_like(known.means)
        grown = np.where(self._seen, self.rate * (losses + self._added), 0.0)
        weights = self.weights * np.exp(grown - grown.max())
        self.weights = weights / weights.sum() if weights.sum() > 0 else self.weights
        return float((self.weights * losses).sum()), self.weights[None] * self._seen

    def state(self) -> Iterator[tuple[str, Tensor]]:
        yield from super().state()
        yield "weights", torch.from_numpy(self.weights)

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        super().restore(tensors)
        self.weights = tensors["weights"].cpu().numpy().copy()
