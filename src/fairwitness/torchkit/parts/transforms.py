"""Other rows in the place of those drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from fairwitness.core.blueprint import Acts
from fairwitness.torchkit.parts.base import Batch

Change = Callable[[Batch, nn.Module, torch.Generator], Batch]


@dataclass(frozen=True, slots=True)
class RowTransform:
    """A change of each row by itself: noise, a crop, an adversarial example.

    Attributes:
        rule: Batch, module and dice to the batch in its place; no row of it may depend on another.
    """

    rule: Change
    acts: Acts = "example"

    def change(self, batch: Batch, module: nn.Module, dice: torch.Generator) -> Batch:
        return self.rule(batch, module, dice)


@dataclass(frozen=True, slots=True)
class BatchTransform(RowTransform):
    """A change under which rows mix: mixup, a statistic of the batch."""

    acts: Acts = "batch"
