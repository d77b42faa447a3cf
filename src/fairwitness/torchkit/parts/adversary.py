"""A second learner that tries to tell the group from the output, and what the first pays for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.func import functional_call

from fairwitness.core.blueprint import Acts
from fairwitness.torchkit.optimizer_state import load_optimizer, optimizer_tensors
from fairwitness.torchkit.parts.base import Batch


class Adversary:
    """Learns the group from the logits, one step before each step of the model; the model's loss falls as its rises.

    Source: Zhang, Lemoine and Mitchell 2018, AIES, with the gradient added and not also projected (their equation 1
    without its middle term); so also Ganin and others 2016, JMLR 17(59).
    """

    acts: ClassVar[Acts] = "adversary"

    def __init__(
        self,
        module: nn.Module,  # (b, k) logits, or with `sees_target` (b, k + 1), to (b, g) logits of the group
        *,
        strength: float,  # at least 0
        learning_rate: float = 1e-2,
        sees_target: bool = False,  # then equal odds are what it presses for, else equal rates
    ) -> None:
        self.module = module
        self.strength = strength
        self.sees_target = sees_target
        self.optimizer = torch.optim.Adam(module.parameters(), lr=learning_rate)

    def oppose(self, output: Any, batch: Batch) -> Tensor:  # noqa: ANN401 - as the module gives it
        """Learn one step, then give −strength × its loss."""
        if batch.groups is None:
            raise ValueError("Adversary needs groups; give the step `groups=`")
        seen = torch.cat([output, batch.target.to(output.dtype).view(-1, 1)], dim=1) if self.sees_target else output
        parameters = list(self.module.parameters())
        loss = nn.functional.cross_entropy(self.module(seen.detach()), batch.groups)
        own = torch.autograd.grad(loss, parameters)
        for parameter, gradient in zip(parameters, own, strict=True):
            parameter.grad = gradient
        self.optimizer.step()
        # held still: the model's backward pass must leave no gradient here
        still = {name: parameter.detach() for name, parameter in self.module.named_parameters()}
        return -self.strength * nn.functional.cross_entropy(functional_call(self.module, still, seen), batch.groups)

    def state(self) -> Iterator[tuple[str, Tensor]]:
        yield from self.module.state_dict(prefix="module.").items()
        yield from optimizer_tensors(self.optimizer, prefix="optimizer.")

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Put back what `state` gave."""
        own = {name.removeprefix("module."): held for name, held in tensors.items() if name.startswith("module.")}
        self.module.load_state_dict(own)
        load_optimizer(self.optimizer, tensors, prefix="optimizer.")
