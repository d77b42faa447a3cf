"""Which rows a step draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import torch
from torch import Tensor

from fairwitness.core.blueprint import Acts


@dataclass(frozen=True, slots=True)
class Shuffled:
    """Every row once a pass, in a new order, in steps of nearly equal size.

    Not `size` rows and a rest: a last step of one row would jump far, and leaves batch normalisation nothing to
    normalise.
    """

    acts: ClassVar[Acts] = "sampling"

    def draw(self, rows: Tensor, size: int, dice: torch.Generator) -> Sequence[Tensor]:
        return even(rows[torch.randperm(len(rows), generator=dice)], size)


@dataclass(frozen=True, slots=True, eq=False)
class Weighted:
    """Rows with replacement, each draw by its chance; a pass draws as many as there are.

    Attributes:
        chances: (n,) by the row's place in the data, at least 0; need not sum to 1.
    """

    chances: Tensor
    acts: ClassVar[Acts] = "sampling"

    @classmethod
    def balanced(cls, codes: Tensor) -> Self:
        """Each code that occurs in (n,) int64 is drawn equally often: classes, groups, or cells of both."""
        return cls(1.0 / codes.bincount().clamp(min=1)[codes].double())

    def draw(self, rows: Tensor, size: int, dice: torch.Generator) -> Sequence[Tensor]:
        # not torch.multinomial, which stops at 2^24 rows
        ends = self.chances[rows].double().cumsum(0)
        marks = torch.rand(len(ends), generator=dice, dtype=torch.float64) * ends[-1]
        return even(rows[torch.searchsorted(ends, marks, right=True).clamp(max=len(ends) - 1)], size)


def even(places: Tensor, size: int) -> Sequence[Tensor]:
    """Places cut into as few parts of at most `size` as will do, their lengths differing by one at most."""
    return torch.tensor_split(places, max(1, -(-len(places) // size)))
