"""A second learner that tries to tell the group from the output or from an inner layer, and what the first pays for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.func import functional_call

from fairwitness.core.blueprint import Acts
from fairwitness.core.errors import UserError, hint
from fairwitness.torchkit.optimizer_state import load_optimizer, optimizer_tensors
from fairwitness.torchkit.parts.base import Batch


class AdversaryError(UserError, ValueError):
    """An adversary that cannot look where it is told to."""


@dataclass(frozen=True, slots=True)
class _Learner:
    module: nn.Module
    optimizer: torch.optim.Optimizer
    width: int  # of what it sees, where it was made for that


class Adversary:
    """Learns the group from the logits, one step before each step of the model; the model's loss falls as its rises.

    With `project`, each parameter's gradient of the model's loss first loses what of it points along the adversary's, so
    that the model does not help the adversary along its way.

    Source: Zhang, Lemoine and Mitchell 2018, AIES, equation 1, by parameter; without `project` its middle term is left
    out, as in Ganin and others 2016, JMLR 17(59).
    """

    acts: ClassVar[Acts] = "adversary"

    def __init__(
        self,
        module: nn.Module | Callable[[int], nn.Module],  # (b, k) of what it sees to (b, g) logits; or k to that module
        *,
        strength: float,  # at least 0
        learning_rate: float = 1e-2,
        sees_target: bool = False,  # beside the rest, the class: then equal odds are what it presses for, else equal rates
        project: bool = False,
        layer: str = "",  # name of the inner layer that it sees; empty: the output
    ) -> None:
        self.strength = strength
        self.learning_rate = learning_rate
        self.sees_target = sees_target
        self.project = project
        self.layer = layer
        self._given = module
        self._learner = self._begin(0) if isinstance(module, nn.Module) else None
        self._inner: Tensor | None = None
        self._slopes: dict[str, Tensor] = {}

    @property
    def module(self) -> nn.Module | None:
        """The network that tells the group; None: not made yet."""
        return None if self._learner is None else self._learner.module

    def watching(self, module: nn.Module) -> AbstractContextManager[object]:
        """While it is entered, what the inner layer of the model gives is noted.

        Raises:
            AdversaryError: The model has no such layer.
        """
        if not self.layer:
            return nullcontext()
        layers = dict(module.named_modules())
        if self.layer not in layers:
            names = [name for name in layers if name]
            raise AdversaryError(f"the adversary should look at layer {self.layer!r}; {hint(self.layer, names)}")

        def note(_: nn.Module, __: object, given: Any) -> None:  # noqa: ANN401 - a layer may give anything
            self._inner = given[0] if isinstance(given, tuple) else given

        hook: AbstractContextManager[object] = layers[self.layer].register_forward_hook(note)
        return hook

    def oppose(self, output: Any, batch: Batch, module: nn.Module) -> Tensor:  # noqa: ANN401 - as the module gives it
        """Learn one step, then give −strength × its loss; with `project` nothing, as `process` has it."""
        if batch.groups is None:
            raise ValueError("Adversary needs groups; give the step `groups=`")
        seen = self._seen(output, batch)
        learner = self._learner = self._learner or self._begin(seen.shape[1], like=seen)
        own = learner.module
        loss = nn.functional.cross_entropy(own(seen.detach()), batch.groups)
        parameters = list(own.parameters())
        for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
            parameter.grad = gradient
        learner.optimizer.step()
        # held still: the model's backward pass must leave no gradient here
        still = {name: parameter.detach() for name, parameter in own.named_parameters()}
        told = nn.functional.cross_entropy(functional_call(own, still, seen), batch.groups)
        if not self.project:
            return -self.strength * told
        learned = {name: parameter for name, parameter in module.named_parameters() if parameter.requires_grad}
        slopes = torch.autograd.grad(told, list(learned.values()), retain_graph=True, allow_unused=True)
        self._slopes = {name: slope for name, slope in zip(learned, slopes, strict=True) if slope is not None}
        return told.new_zeros(())

    def process(self, gradients: Mapping[str, Tensor]) -> None:
        """With `project`: take from the gradient of the model's loss its part along the adversary's, and strength × that."""
        for name, slope in self._slopes.items():
            gradient = gradients[name]
            along = (gradient * slope).sum() / slope.square().sum().clamp(min=torch.finfo(slope.dtype).tiny)
            gradient.sub_((along + self.strength) * slope)
        self._slopes = {}

    def state(self) -> Iterator[tuple[str, Tensor]]:
        if self._learner is not None:
            yield "width", torch.tensor(self._learner.width)
            yield from self._learner.module.state_dict(prefix="module.").items()
            yield from optimizer_tensors(self._learner.optimizer, prefix="optimizer.")

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Put back what `state` gave."""
        if not tensors:
            return
        own = {name.removeprefix("module."): held for name, held in tensors.items() if name.startswith("module.")}
        like = next(iter(own.values()))
        learner = self._learner = self._learner or self._begin(int(tensors["width"]), like=like)
        learner.module.load_state_dict(own)
        load_optimizer(learner.optimizer, tensors, prefix="optimizer.")

    def _seen(self, output: Any, batch: Batch) -> Tensor:  # noqa: ANN401 - as the module gives it
        """(b, k) what it tells the group from."""
        given, self._inner = (self._inner if self.layer else output), None
        if not isinstance(given, Tensor) or len(given) != len(batch):
            raise AdversaryError(f"layer {self.layer!r} gives no tensor with a row for each row; name another layer")
        flat = given.mean(dim=(2, 3)) if given.ndim == 4 else given.mean(dim=1) if given.ndim == 3 else given
        if not self.sees_target:
            return flat
        if batch.target.is_floating_point():
            return torch.cat([flat, batch.target.to(flat.dtype).view(-1, 1)], dim=1)
        classes = nn.functional.one_hot(batch.target, output.shape[1])
        return torch.cat([flat, classes.to(flat.dtype)], dim=1)

    def _begin(self, width: int, *, like: Tensor | None = None) -> _Learner:
        module = self._given if isinstance(self._given, nn.Module) else self._given(width)
        if like is not None:
            module.to(like.device, like.dtype)
        return _Learner(module, torch.optim.Adam(module.parameters(), lr=self.learning_rate), width)


def rival(groups: int, hidden: int) -> Callable[[int], nn.Module]:
    """A perceptron with one hidden layer, from the width of what it sees to logits of so many groups."""

    def build(width: int) -> nn.Module:
        return nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, groups))

    return build
