"""An optimiser's state as named tensors, so that it can be kept without pickle."""

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
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith(prefix):
            number, _, name = key.removeprefix(prefix).partition(".")
            state.setdefault(int(number), {})[name] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
