"""Torch's dice for one thread.

Dropout and augmentation draw from one generator that all threads share, so of networks that train side by side none
would repeat. Within `OwnDice` a thread's draws come from a generator of its own, and are those that `torch.manual_seed`
with the same seed would have given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

DRAWS: frozenset[Callable[..., Any]] = frozenset({
    *(torch.rand, torch.randn, torch.randint, torch.randperm, torch.rand_like, torch.randn_like, torch.randint_like),
    *(torch.bernoulli, torch.normal, torch.multinomial),
    *(Tensor.bernoulli, Tensor.multinomial),
    *(Tensor.bernoulli_, Tensor.normal_, Tensor.uniform_, Tensor.random_, Tensor.exponential_),
})  # fmt: skip
"""What takes a generator. What draws without taking one, as a GRU does between its layers, is not reached."""


class OwnDice(TorchFunctionMode):
    """While it is entered, this thread's draws on the CPU come from `dice`."""

    def __init__(self, dice: torch.Generator) -> None:
        super().__init__()
        self._dice = dice

    def __torch_function__(
        self,
        func: Callable[..., Any],
        _: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever the function gives
        named = dict(kwargs or {})
        if func is torch.nn.functional.dropout:
            return self._drop(*args, **named)
        if func in DRAWS and named.get("generator") is None:
            named["generator"] = self._dice
        return func(*args, **named)

    def _drop(self, units: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:  # noqa: FBT001, FBT002 - as torch has it
        """As torch's own, step by step, so that the same units go."""
        if not training or not p:
            return units
        kept = torch.empty_like(units).bernoulli_(1 - p, generator=self._dice)
        kept = kept.div_(1 - p) if p < 1 else kept
        return units.mul_(kept) if inplace else units * kept
