"""Edits of scores and decisions after training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from fairwitness.core.blueprint import Acts

Rule = Callable[[Tensor, Tensor | None], Tensor]


@dataclass(frozen=True, slots=True)
class Rescore:
    """Other scores in the place of the model's.

    Attributes:
        rule: (n, k) scores and groups to (n, k) scores.
    """

    rule: Rule
    acts: ClassVar[Acts] = "outputs"

    def rescore(self, scores: Tensor, groups: Tensor | None) -> Tensor:
        return self.rule(scores, groups)


@dataclass(frozen=True, slots=True, eq=False)
class GroupThresholds:
    """The positive class from a score of at least its group's threshold.

    Attributes:
        thresholds: (g,) by group code.
    """

    thresholds: Tensor
    acts: ClassVar[Acts] = "decision"

    def decide(self, scores: Tensor, groups: Tensor | None) -> Tensor:
        if groups is None:
            raise ValueError("GroupThresholds needs groups; give `groups=`")
        return (scores[:, -1] >= self.thresholds[groups.long()]).long()
