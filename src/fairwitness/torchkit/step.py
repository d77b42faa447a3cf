"""One step of training, made of parts. It serves a PyTorch loop of one's own as well as `train`:

step = Step(net, optimizer, parts=[ClassWeights.balanced(y), LossPenalty(rate_gap, 0.5)])
for _ in range(epochs):
    for places in step.draw(len(x), 64):
        step(x[places], y[places], groups=g[places])
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm

from fairwitness.core.blueprint import ConflictError, check_conflicts
from fairwitness.torchkit.encoding import Inputs
from fairwitness.torchkit.optimizer_state import lying_as
from fairwitness.torchkit.parts.base import (
    Batch,
    DecisionEdit,
    ExampleGradients,
    GradientProcessor,
    Losses,
    Opponent,
    OutputEdit,
    Part,
    Penalty,
    Sampler,
    SlopedPenalty,
    Transform,
    Weigher,
)
from fairwitness.torchkit.parts.gradients import as_called, each_gradient
from fairwitness.torchkit.parts.samplers import Shuffled


class Step:
    """Draws rows, learns from them, and edits what the module then gives, with all parts in force.

    Order within a step: weights, transforms, the module, losses with penalties, adversaries, gradients of each row,
    gradients of the step, the optimiser. Parts of one kind act in the order given.

    Attributes:
        parts: As given.
        sampler: What draws the rows.
    """

    def __init__(
        self,
        module: nn.Module,  # called by position with tensors, by name with a mapping
        optimizer: torch.optim.Optimizer | None = None,  # None: another loop steps; see `loss` and `finish`
        *,
        parts: Sequence[Part] = (),
        losses: Losses | None = None,  # one loss an example; None: cross-entropy
        dice: torch.Generator | None = None,  # for samplers and transforms; None: seeded with 0
    ) -> None:
        """Sort the parts.

        Raises:
            ConflictError: Two parts cannot be combined honestly, or one not with this module.
            TypeError: A part has none of the methods of a part.
        """
        self.module = module
        self.parts = tuple(parts)
        self.dice = dice or torch.Generator().manual_seed(0)
        self._optimizer = optimizer
        self._losses = losses
        self._weighers = [part for part in parts if isinstance(part, Weigher)]
        self.sampler = next((part for part in parts if isinstance(part, Sampler)), Shuffled())
        self._transforms = [part for part in parts if isinstance(part, Transform)]
        self._penalties = [part for part in parts if isinstance(part, Penalty)]
        self._sloped = [part for part in self._penalties if isinstance(part, SlopedPenalty)]
        self._unsloped = [part for part in self._penalties if not isinstance(part, SlopedPenalty)]
        self._opponents = [part for part in parts if isinstance(part, Opponent)]
        self._example = next((part for part in parts if isinstance(part, ExampleGradients)), None)
        processors = [part for part in parts if isinstance(part, GradientProcessor)]
        self._processors = sorted(processors, key=lambda part: not isinstance(part, Opponent))
        self._outputs = [part for part in parts if isinstance(part, OutputEdit)]
        self._decision = next((part for part in parts if isinstance(part, DecisionEdit)), None)
        learning = (self._weighers, self._transforms, self._penalties, self._opponents, self._processors)
        self._plain = self._example is None and not any(learning)
        self._check()

    def _check(self) -> None:
        kinds = (Weigher, Sampler, Transform, Penalty, Opponent, ExampleGradients, GradientProcessor, OutputEdit)
        for part in self.parts:
            if not isinstance(part, (*kinds, DecisionEdit)):
                raise TypeError(f"{type(part).__name__} has none of the methods of a part; see parts/base.py")
        check_conflicts((type(part).__name__, part.acts) for part in self.parts)
        mixing = next((part for part in self.module.modules() if isinstance(part, BatchNorm)), None)
        if self._example is not None and mixing is not None:
            raise ConflictError.between(
                type(self._example).__name__,
                type(mixing).__name__,
                "the layer ties the rows of a batch together, so no row has a gradient of its own",
            )

    def draw(self, rows: int | Tensor, size: int) -> Sequence[Tensor]:
        """Which rows each step of one pass takes: as the sampler has it, else every one once, shuffled.

        `rows` is how many there are, or the places of those that may be drawn.
        """
        places = torch.arange(rows) if isinstance(rows, int) else rows
        return self.sampler.draw(places, size, self.dice)

    def __call__(
        self,
        inputs: Inputs,  # each (b, ...)
        target: Tensor,  # (b, ...)
        *,
        weights: Tensor | None = None,  # (b,) how much each row counts, at least 0
        groups: Tensor | None = None,  # (b,) group codes
    ) -> Tensor:
        """Learn from rows; gives the loss before the step, without gradient."""
        if self._optimizer is None:
            raise ValueError("a step without an optimiser cannot learn; use `loss` and `finish` in another's loop")
        self._optimizer.zero_grad()
        if self._plain and weights is None:
            loss = self._mean(self.call(inputs), target)
            torch.autograd.backward(loss)
        else:
            batch = self.prepare(Batch(inputs=inputs, target=target, weights=weights, groups=groups))
            loss = self._backward(batch) if self._example is None else self._each(self._example, batch)
            self._process()
        self._optimizer.step()
        return loss.detach()

    def prepare(self, batch: Batch) -> Batch:
        """The batch weighed and transformed."""
        batch = self.weighed(batch)
        for transform in self._transforms:
            batch = transform.change(batch, self.module, self.dice)
        return batch

    def weighed(self, batch: Batch) -> Batch:
        """The batch with the weights of all parts multiplied onto its own."""
        if not self._weighers:
            return batch
        weights = batch.weights
        for weigher in self._weighers:
            own = weigher.weigh(batch)
            weights = own if weights is None else weights * own
        return replace(batch, weights=weights)

    def loss(self, batch: Batch) -> Tensor:
        """What the backward pass starts from: objective and adversaries, of a batch as `prepare` gives it."""
        output = self._watched(batch)
        return self._opposed(self.objective(output, batch), output, batch)

    def objective(self, output: Any, batch: Batch) -> Tensor:  # noqa: ANN401 - as the module gives it
        """The weighted mean of the losses, with all penalties: what early stopping should watch."""
        return self._penalised(output, batch, self._penalties)

    def _backward(self, batch: Batch) -> Tensor:
        """`loss` and its backward pass, which starts at once from all slopes that are known; the loss without gradient."""
        output = self._watched(batch)
        loss = self._opposed(self._penalised(output, batch, self._unsloped), output, batch)
        known = [part.sloped(output, batch) for part in self._sloped]
        starts = [one for one in known if one.slopes is not None]
        torch.autograd.backward([loss, *(one.what for one in starts)], [None, *(one.slopes for one in starts)])
        return loss.detach() + sum(one.value for one in known)

    def _watched(self, batch: Batch) -> Any:  # noqa: ANN401 - as the module gives it
        if not self._opponents:
            return self.call(batch.inputs)
        with ExitStack() as watched:
            for opponent in self._opponents:
                watched.enter_context(opponent.watching(self.module))
            return self.call(batch.inputs)

    def _opposed(self, loss: Tensor, output: Any, batch: Batch) -> Tensor:  # noqa: ANN401 - as the module gives it
        for opponent in self._opponents:
            loss = loss + opponent.oppose(output, batch, self.module)
        return loss

    def _penalised(self, output: Any, batch: Batch, penalties: Sequence[Penalty]) -> Tensor:  # noqa: ANN401 - likewise
        if batch.weights is None:
            loss = self._mean(output, batch.target)
        else:
            each = (self._losses or cross_entropy)(output, batch.target)
            loss = (each * batch.weights).sum() / batch.weights.sum().clamp(min=torch.finfo(each.dtype).tiny)
        for part in penalties:
            loss = loss + part.penalty(output, batch, self.module)
        return loss

    def finish(self, batch: Batch) -> None:
        """In another's loop, between its backward pass and its optimiser: the gradients as the parts want them. Where
        rows' own gradients are wanted, they take the place of what the backward pass has left.
        """
        if self._example is not None:
            self._each(self._example, batch)
        self._process()

    def _each(self, part: ExampleGradients, batch: Batch) -> Tensor:
        """Gradients by way of each row's own; gives the mean of the losses."""
        losses, gradients = each_gradient(self.module, batch, self._losses or cross_entropy)
        learned = dict(self.module.named_parameters())
        for name, gradient in part.combine(gradients, batch).items():
            learned[name].grad = lying_as(learned[name], gradient)
        return losses.mean()

    def _process(self) -> None:
        if self._processors:
            named = self.module.named_parameters()
            have = {name: parameter.grad for name, parameter in named if parameter.grad is not None}
            for part in self._processors:
                part.process(have)

    def scores(self, scores: Tensor, groups: Tensor | None = None) -> Tensor:
        """(n, k) scores after all output edits."""
        for part in self._outputs:
            scores = part.rescore(scores, groups)
        return scores

    def decide(self, scores: Tensor, groups: Tensor | None = None) -> Tensor:
        """(n,) int64 decisions from (n, k) scores of the module: edited, then by the decision edit, else by 0.5 or the
        highest.
        """
        scores = self.scores(scores, groups)
        if self._decision is not None:
            return self._decision.decide(scores, groups)
        return (scores[:, 0] >= 0.5).long() if scores.shape[1] == 1 else scores.argmax(dim=1)

    def call(self, inputs: Inputs) -> Any:  # noqa: ANN401 - a module may return anything
        """What the module gives."""
        if isinstance(inputs, Tensor):
            return self.module(inputs)
        positional, named = as_called(inputs)
        return self.module(*positional, **named)

    def _mean(self, output: Any, target: Tensor) -> Tensor:  # noqa: ANN401 - as the module gives it
        if self._losses is not None:
            return self._losses(output, target).mean()
        if target.is_floating_point() and target.ndim == 1:
            return nn.functional.binary_cross_entropy_with_logits(output[:, 0], target)
        return nn.functional.cross_entropy(output, target)


def cross_entropy(output: Tensor, target: Tensor) -> Tensor:
    """(b,) losses of (b, k) logits: of class numbers, (b,) int64; of class shares, (b, k); of one logit, (b,) in [0, 1]."""
    if target.is_floating_point() and target.ndim == 1:
        return nn.functional.binary_cross_entropy_with_logits(output[:, 0], target, reduction="none")
    return nn.functional.cross_entropy(output, target, reduction="none")
