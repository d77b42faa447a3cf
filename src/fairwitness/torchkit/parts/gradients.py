"""What happens to gradients between the backward pass and the optimiser."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from fairwitness.core.blueprint import Acts
from fairwitness.torchkit.encoding import Inputs
from fairwitness.torchkit.parts.base import Batch, Gradients, Losses


@dataclass(frozen=True, slots=True)
class ClipNorm:
    """The step's gradient, shortened where it is longer than `longest`; its direction stays.

    Source: Pascanu, Mikolov and Bengio 2013, ICML, algorithm 1.
    """

    longest: float
    acts: ClassVar[Acts] = "gradient"

    def process(self, gradients: Mapping[str, Tensor]) -> None:
        tensors = list(gradients.values())
        length = torch.stack([tensor.norm() for tensor in tensors]).norm()
        shrink = (self.longest / length.clamp(min=torch.finfo(length.dtype).tiny)).clamp(max=1.0)
        for tensor in tensors:
            tensor.mul_(shrink)


@dataclass(frozen=True, slots=True)
class Process:
    """A rule of the user's or a remedy's over the gradients of a step, by parameter name; it changes them in place."""

    rule: Callable[[Mapping[str, Tensor]], None]
    acts: ClassVar[Acts] = "gradient"

    def process(self, gradients: Mapping[str, Tensor]) -> None:
        self.rule(gradients)


def each_gradient(module: nn.Module, batch: Batch, losses: Losses) -> tuple[Tensor, Gradients]:
    """The weighted loss, (b,), and its gradients, (b, *shape) by parameter name, of each row alone.

    Memory grows with rows times parameters.
    """
    held = {name: p.detach() for name, p in module.named_parameters() if p.requires_grad}
    rest = {name: p for name, p in module.state_dict(keep_vars=True).items() if name not in held}
    weights = torch.ones(len(batch), device=batch.target.device) if batch.weights is None else batch.weights

    def alone(weights_of: Gradients, inputs: Inputs, target: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        one = as_called(_one(inputs))
        output = functional_call(module, {**rest, **weights_of}, *one)
        loss = (losses(output, target.unsqueeze(0)) * weight).sum()
        return loss, loss.detach()

    inputs = dict(batch.inputs) if isinstance(batch.inputs, Mapping) else batch.inputs  # the only mapping vmap takes
    gradients, loss = vmap(grad(alone, has_aux=True), in_dims=(None, 0, 0, 0), randomness="different")(
        held, inputs, batch.target, weights
    )
    return loss, gradients


def as_called(inputs: Inputs) -> tuple[tuple[Tensor, ...], dict[str, Tensor]]:
    """Inputs as arguments by position and by name."""
    if isinstance(inputs, Tensor):
        return (inputs,), {}
    return ((), dict(inputs)) if isinstance(inputs, Mapping) else (tuple(inputs), {})


def _one(inputs: Inputs) -> Inputs:
    if isinstance(inputs, Tensor):
        return inputs.unsqueeze(0)
    if isinstance(inputs, Mapping):
        return {name: tensor.unsqueeze(0) for name, tensor in inputs.items()}
    return tuple(tensor.unsqueeze(0) for tensor in inputs)
