"""How much each row counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import torch
from torch import Tensor

from fairwitness.core.blueprint import Acts
from fairwitness.torchkit.parts.base import Batch


@dataclass(frozen=True, slots=True, eq=False)
class ClassWeights:
    """Rows weigh as their class does.

    Attributes:
        weights: (k,) by class number, at least 0; for one logit, (2,): that of 0 and of 1.
    """

    weights: Tensor
    acts: ClassVar[Acts] = "example"

    @classmethod
    def balanced(cls, target: Tensor) -> Self:
        """Every class that occurs in (n,) weighs the same in sum, and the mean weight is 1.

        Source: King and Zeng 2001, Political Analysis 9(2):137-163, as in scikit-learn's `class_weight="balanced"`.
        """
        counts = target.long().bincount().float()
        present = (counts > 0).sum()
        return cls(torch.where(counts > 0, len(target) / (present * counts.clamp(min=1)), 0.0))

    def weigh(self, batch: Batch) -> Tensor:
        return self.weights.to(batch.target.device)[batch.target.long()]


@dataclass(frozen=True, slots=True, eq=False)
class GroupClassWeights:
    """Rows weigh as their cell of group and class does.

    Attributes:
        weights: (g, k) by group code and class number, at least 0.
    """

    weights: Tensor
    acts: ClassVar[Acts] = "example"

    @classmethod
    def independent(cls, groups: Tensor, target: Tensor) -> Self:
        """Weights under which group and class, (n,) each, are independent: expected over observed count of each cell.

        Source: Kamiran and Calders 2012, Knowledge and Information Systems 33:1-33, section 5.3 (reweighing).
        """
        codes, labels = groups.long(), target.long()
        width = int(labels.max()) + 1
        seen = (codes * width + labels).bincount(minlength=(int(codes.max()) + 1) * width).view(-1, width).double()
        expected = seen.sum(1, keepdim=True) * seen.sum(0, keepdim=True) / len(labels)
        return cls(torch.where(seen > 0, expected / seen.clamp(min=1), 0.0).float())

    def weigh(self, batch: Batch) -> Tensor:
        if batch.groups is None:
            raise ValueError("GroupClassWeights needs groups; give the step `groups=`")
        return self.weights.to(batch.target.device)[batch.groups.long(), batch.target.long()]
