"""Means by cell over the steps of a training, so that a step of few rows knows of groups it does not hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Numbers = NDArray[np.floating[Any]]
Codes = NDArray[np.int64]

TINY = float(np.finfo(np.float32).tiny)


class Known(NamedTuple):
    """What is known of cells after a step.

    Attributes:
        means: (k, cells); 0 where nothing is known.
        rows: (cells,) weight of the rows of a step, on average; 0 where there have been none.
    """

    means: Numbers
    rows: Numbers


class RunningMeans:
    """Exponential averages of sums and of weights, whose quotients are the means: without bias from the first step on, and
    a cell that a step has no row of keeps its mean.

    Without gradients, as when rows held back are watched, means are those of the rows given, and nothing is remembered.

    Attributes:
        steps: Steps remembered.
    """

    def __init__(self, cells: int, *, memory: float) -> None:
        """`memory`: how much of the averages stays from step to step, in [0, 1)."""
        self.cells = cells
        self.memory = memory
        self.steps = 0
        self._kept: Numbers = np.zeros((0, cells))  # rows, and below them the sums of each number

    def after(self, codes: Codes, numbers: Numbers, weights: Numbers | None) -> Known:
        """Take in the rows of a step.

        Args:
            codes: (b,) cell of each row.
            numbers: (k, b).
            weights: (b,) how much each row counts, at least 0; None: all alike.
        """
        each = numbers if weights is None else numbers * weights
        counted = [np.bincount(codes, number, self.cells) for number in (weights, *each)]
        table: Numbers = np.array(counted, dtype=np.float64)
        steps = 1.0
        if torch.is_grad_enabled():
            if self.steps:
                table += self.memory * self._kept
            self._kept = table
            self.steps += 1
            steps = (1 - self.memory**self.steps) / (1 - self.memory)
        return Known(table[1:] / np.maximum(table[0], TINY), table[0] / steps)

    def state(self) -> Iterator[tuple[str, Tensor]]:
        yield "kept", torch.from_numpy(self._kept)
        yield "steps", torch.tensor(self.steps)

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Put back what `state` gave."""
        self._kept, self.steps = tensors["kept"].cpu().numpy().copy(), int(tensors["steps"])
