"""What a stack of networks does for the loop that trains it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor


class Stack(Protocol):
    """Networks of one architecture over the same rows, each with weights of its own.

    Places are row numbers, (k, b), each network's own. Shares, (k, b), are what each row counts; they add up to 1 over a
    network's rows, and a place that only fills up counts 0. None: all alike.

    Attributes:
        parameters: What is learned, each (k, *shape).
    """

    parameters: list[Tensor]

    def learn(self, places: Tensor, shares: Tensor | None, dice: Sequence[torch.Generator]) -> None:
        """Put the gradient of each network's loss into its parameters; its own dice drop its hidden units."""

    def losses(self, places: Tensor) -> Tensor:
        """(k, b) losses in evaluation mode, without gradients."""

    def keep(self, which: Sequence[int]) -> None:
        """Forget the networks not among `which`; `parameters` become new tensors."""

    def learned(self, member: int) -> dict[str, Tensor]:
        """The parameters of one network, by name; views."""
