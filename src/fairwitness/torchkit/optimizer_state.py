"""An optimiser's state as named tensors, so that it can be kept without pickle, and gradients laid out as it needs them.

Fused optimisers run through memory as it lies: gradient and moments must lie as their parameter does (transposed, or
channels last), or elements are mixed up without a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor


def optimizer_tensors(optimizer: torch.optim.Optimizer, *, prefix: str) -> Iterator[tuple[str, Tensor]]:
    """What it remembers of each parameter, as `PREFIX NUMBER . NAME`; numbers that are no tensors become ones."""
    for number, kept in optimizer.state_dict()["state"].items():
        for name, value in kept.items():
            if value is not None:  # a momentum that has not begun
                yield f"{prefix}{number}.{name}", value if isinstance(value, Tensor) else torch.tensor(value)


def load_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor], *, prefix: str) -> None:
    """Put back what `optimizer_tensors` gave; settings (rates, decay) stay those of the optimiser."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith(prefix):
            number, _, name = key.removeprefix(prefix).partition(".")
            same = value.shape == parameters[int(number)].shape
            state.setdefault(int(number), {})[name] = lying_as(parameters[int(number)], value) if same else value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def lying_as(parameter: Tensor, value: Tensor) -> Tensor:
    """A tensor of the parameter's shape, in memory in the parameter's order; a copy where it was not."""
    return value if value.stride() == parameter.stride() else torch.empty_like(parameter).copy_(value).detach()
