"""What a part of the training step is.

A part says what it acts on (`acts`, which decides what it may be combined with) and has one of the methods below. Parts
know nothing of one another, of the loop, or of where rows come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from fairwitness.core.blueprint import Acts
from fairwitness.torchkit.encoding import Inputs

Losses = Callable[[Any, Tensor], Tensor]
"""What the module gave and the target, to one loss an example, (b,)."""

PenaltyRule = Callable[[Tensor, Tensor, Tensor | None, Tensor | None], Tensor]
"""Logits (b, k), target (b, ...), groups and weights (b,) or None, to a number."""

Gradients = dict[str, Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows of one step.

    Attributes:
        inputs: What the module is called with, each (b, ...).
        target: (b, ...).
        weights: (b,) how much each row counts, at least 0; None: all alike.
        groups: (b,) or (b, g) int64 group codes, for parts that look at groups.
    """

    inputs: Inputs
    target: Tensor
    weights: Tensor | None = None
    groups: Tensor | None = None

    def __len__(self) -> int:
        return len(self.target)


class Part(Protocol):
    """Anything that may stand in a step."""

    @property
    def acts(self) -> Acts:
        """What it acts on."""


@runtime_checkable
class Weigher(Protocol):
    """Acts on `example`: weights of rows; those of several parts multiply."""

    def weigh(self, batch: Batch) -> Tensor:
        """(b,) weights, at least 0."""


@runtime_checkable
class Sampler(Protocol):
    """Acts on `sampling`: which rows each step of a pass draws."""

    def draw(self, rows: Tensor, size: int, dice: torch.Generator) -> Sequence[Tensor]:
        """Which of `rows`, (n,) places in the data, each step of one pass takes, for steps of `size` rows."""


@runtime_checkable
class Transform(Protocol):
    """Acts on `example` (each row alone) or `batch`: other inputs or targets in their place."""

    def change(self, batch: Batch, module: nn.Module, dice: torch.Generator) -> Batch:
        """The batch to learn from instead; adversarial examples ask the module."""


@runtime_checkable
class Penalty(Protocol):
    """Acts on `batch`: something added to the loss."""

    def penalty(self, output: Any, batch: Batch, module: nn.Module) -> Tensor:  # noqa: ANN401 - as the module gives it
        """A number to add, of which gradients can be taken."""


class Sloped(NamedTuple):
    """A number whose slopes are known already, so no graph need be made to find them.

    Attributes:
        value: The number.
        what: What it follows from: the module's output, or something made of that.
        slopes: Its derivatives by `what`, of the same shape; None: all 0.
    """

    value: float
    what: Tensor
    slopes: Tensor | None

    def as_tensor(self) -> Tensor:
        """The number as one of which gradients can be taken."""
        slopes = torch.zeros_like(self.what) if self.slopes is None else self.slopes
        made = self.what.reshape(-1).dot(slopes.reshape(-1))
        made.detach().fill_(self.value)  # the product is there for its derivatives only, which do not depend on it
        return made


@runtime_checkable
class SlopedPenalty(Protocol):
    """A `Penalty` that knows its slopes: `Step` starts its backward pass from them as well, which costs less."""

    def sloped(self, output: Any, batch: Batch) -> Sloped:  # noqa: ANN401 - as the module gives it
        """What `penalty` gives, before it is made into a tensor."""


@runtime_checkable
class ExampleGradients(Protocol):
    """Acts on `example-gradient`: makes the step's gradient out of each row's own."""

    def combine(self, gradients: Gradients, batch: Batch) -> Gradients:
        """From (b, *shape) gradients of each row's weighted loss, by parameter name, to (*shape) ones."""


@runtime_checkable
class GradientProcessor(Protocol):
    """Acts on `gradient`: changes the gradients before the optimiser sees them."""

    def process(self, gradients: Mapping[str, Tensor]) -> None:
        """Change them in place; the names are the parameters'."""


@runtime_checkable
class Opponent(Protocol):
    """Acts on `adversary`: a learner of its own, with what it adds to the loss. It may also be a `GradientProcessor`, and
    then comes before those of the step.
    """

    def watching(self, module: nn.Module) -> AbstractContextManager[object]:
        """Entered while the module is called."""

    def oppose(self, output: Any, batch: Batch, module: nn.Module) -> Tensor:  # noqa: ANN401 - as the module gives it
        """Learn one step from the output, then give what to add to the loss."""


@runtime_checkable
class OutputEdit(Protocol):
    """Acts on `outputs`: scores after training."""

    def rescore(self, scores: Tensor, groups: Tensor | None) -> Tensor:
        """(n, k) scores from (n, k) scores."""


@runtime_checkable
class DecisionEdit(Protocol):
    """Acts on `decision`: what follows from the scores."""

    def decide(self, scores: Tensor, groups: Tensor | None) -> Tensor:
        """(n,) int64 class numbers from (n, k) scores."""


@runtime_checkable
class Stateful(Protocol):
    """A part that learns; its state goes into checkpoints."""

    def state(self) -> Iterator[tuple[str, Tensor]]:
        """Its tensors, by name."""

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Put back what `state` gave."""
