"""A box around each row, in the numbers a network reads, and how a point in it is put right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Logits = Callable[[Tensor, Tensor], Tensor]  # (m, *shape) points and (m,) places of their rows -> (m, k)
Turned = Callable[[Tensor, Tensor], NDArray[np.bool_]]  # the same -> (m,) whether the deployed decision is another


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Box:
    """Rows, and how far each of their numbers may be moved.

    Attributes:
        logits: The network: points of rows, and which rows they are.
        x: (n, *shape) the rows as they are; NaN is a missing value and stays one.
        low: (n, *shape) the least each number may become, at most `x`.
        high: (n, *shape) the most.
        step: As `x`, or to be broadcast over it: numbers move by whole multiples of it; 0 means any value.
        recorded: (n,) int64 class that was right.
        turned: Asks the deployed model; only what it confirms counts as broken. None: the logits decide.
    """

    logits: Logits
    x: Tensor
    low: Tensor
    high: Tensor
    step: Tensor
    recorded: Tensor
    turned: Turned | None = None

    def repaired(self, points: Tensor, at: Tensor) -> Tensor:
        """Points inside the box whose numbers lie whole steps from the row's own."""
        x = self.x[at]
        step = self.step.expand_as(self.x)[at] if self.step.shape == self.x.shape else self.step
        whole = x + ((points - x) / step.where(step > 0, 1.0)).round() * step
        return self.inside(torch.where(step > 0, whole, points), at)

    def inside(self, points: Tensor, at: Tensor) -> Tensor:
        """Points moved to the nearest place in the box."""
        return points.maximum(self.low[at]).minimum(self.high[at])

    def reach(self, at: Tensor) -> Tensor:
        """(m, *shape) half the width of the box, what a step is measured in."""
        return (self.high[at] - self.low[at]) / 2

    def broken(self, points: Tensor, at: Tensor, logits: Tensor) -> Tensor:
        """(m,) rows whose decision has turned, by the network and then by the deployed model."""
        found = logits.argmax(dim=1) != self.recorded[at]
        if self.turned is None or not found.any():
            return found
        found[found.clone()] = torch.from_numpy(self.turned(points[found], at[found]))
        return found


@dataclass(slots=True, eq=False)
class Broken:
    """What attacks have broken so far.

    Attributes:
        mask: (n,) bool.
        aside: (n,) bool, rows that are not to be attacked (any more).
        points: (n, *shape) where each broken row went; the row itself elsewhere.
        passes: Rows put through the network, forward and back.
    """

    mask: Tensor
    aside: Tensor
    points: Tensor
    passes: int = 0

    @classmethod
    def none(cls, box: Box) -> Broken:
        nothing = torch.zeros(len(box.x), dtype=torch.bool)
        return cls(mask=nothing, aside=nothing.clone(), points=box.x.clone())

    def standing(self) -> Tensor:
        """Places of the rows to attack."""
        return (~(self.mask | self.aside)).nonzero()[:, 0]

    def add(self, at: Tensor, points: Tensor) -> None:
        """Rows that are broken now."""
        self.mask[at] = True
        self.points[at] = points
