"""What is added to the loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from fairwitness.core.blueprint import Acts
from fairwitness.torchkit.parts.base import Batch, PenaltyRule


@dataclass(frozen=True, slots=True)
class LossPenalty:
    """A rule of the user's or a remedy's over the logits of a step, times a strength.

    Attributes:
        rule: Logits, target, groups and weights to a number of which gradients can be taken.
        strength: At least 0.
    """

    rule: PenaltyRule
    strength: float = 1.0
    acts: ClassVar[Acts] = "batch"

    def penalty(self, output: Any, batch: Batch, _: nn.Module) -> Tensor:  # noqa: ANN401 - as the module gives it
        return self.strength * self.rule(output, batch.target, batch.groups, batch.weights)


@dataclass(frozen=True, slots=True)
class WeightPenalty:
    """Half the squared length of all parameters, times a strength: under plain gradient descent the same as decaying
    them by rate × strength a step. Under AdamW it is not, and `weight_decay` is what is meant.

    Attributes:
        strength: At least 0.
    """

    strength: float
    acts: ClassVar[Acts] = "batch"

    def penalty(self, _: Any, __: Batch, module: nn.Module) -> Tensor:  # noqa: ANN401 - any output will do
        squares = [parameter.square().sum() for parameter in module.parameters() if parameter.requires_grad]
        return 0.5 * self.strength * torch.stack(squares).sum()
