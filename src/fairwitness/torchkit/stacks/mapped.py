"""Modules stacked by torch.func: any whose layers map over a stack and draw no dice."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Self

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm

from fairwitness.torchkit.optimizer_state import lying_as
from fairwitness.torchkit.parts.base import Losses
from fairwitness.torchkit.step import cross_entropy

LAYERS = (
    nn.Linear,
    nn.Embedding,
    nn.LayerNorm,
    nn.Flatten,
    nn.Identity,
    nn.ReLU,
    nn.GELU,
    nn.SiLU,
    nn.Tanh,
    nn.Sigmoid,
)
"""Layers that are faster stacked than one by one. Not convolutions: theirs become grouped ones, which are slower."""


class MappedStack:
    """Modules of `LAYERS`, without dropout in force."""

    def __init__(
        self, modules: Sequence[nn.Module], inputs: Mapping[str, Tensor], target: Tensor, losses: Losses | None
    ) -> None:
        self._module = modules[0]
        self._inputs = inputs
        self._target = target
        self._losses = losses or cross_entropy
        named = [dict(module.named_parameters()) for module in modules]
        self._names = [name for name, parameter in named[0].items() if parameter.requires_grad]
        self.parameters = [_stacked(named, name).requires_grad_() for name in self._names]
        self._padding = {self._names.index(name): row for name, row in _padding(modules[0]) if name in self._names}
        rest = [{**dict(module.named_buffers()), **own} for module, own in zip(modules, named, strict=True)]
        names = [name for name in rest[0] if name not in self._names]
        self._same = {name: rest[0][name] for name in names if all(torch.equal(rest[0][name], m[name]) for m in rest)}
        self._other = {name: _stacked(rest, name) for name in names if name not in self._same}

    @classmethod
    def of(
        cls, modules: Sequence[nn.Module], inputs: Mapping[str, Tensor], target: Tensor, losses: Losses | None
    ) -> Self | None:
        """The stack, or None where a layer is not one of `LAYERS`, draws dice, or cannot be mapped."""
        parts = list(modules[0].modules())
        if not all(_mapped_well(part, parts) for part in parts if isinstance(part, nn.Embedding)):
            return None
        learning = (part for part in parts if list(part.parameters(recurse=False)))
        stirring = (part for part in parts if isinstance(part, BatchNorm) or (isinstance(part, nn.Dropout) and part.p))
        if not all(isinstance(part, LAYERS) for part in learning) or any(stirring):
            return None
        stack = cls(modules, inputs, target, losses)
        try:
            with warnings.catch_warnings(record=True) as looped:  # torch warns where it would loop over the stack
                warnings.simplefilter("always")
                for training in (True, False):
                    stack._each(torch.zeros(len(modules), 2, dtype=torch.int64), training=training)
        except RuntimeError:
            return None
        return None if looped else stack

    def learn(self, places: Tensor, shares: Tensor | None, _: Sequence[torch.Generator]) -> None:
        each = self._each(places, training=True)
        loss = each.sum() / places.shape[1] if shares is None else (each * shares).sum()
        gradients = torch.autograd.grad(loss, self.parameters)
        for place, row in self._padding.items():
            gradients[place][:, row] = 0.0  # torch.func forgets that this row does not learn
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.grad = lying_as(parameter, gradient)

    def losses(self, places: Tensor) -> Tensor:
        with torch.no_grad():
            return self._each(places, training=False)

    def keep(self, which: Sequence[int]) -> None:
        chosen = torch.tensor(which)
        self.parameters = [parameter.detach()[chosen].requires_grad_() for parameter in self.parameters]
        self._other = {name: tensor[chosen] for name, tensor in self._other.items()}

    def learned(self, member: int) -> dict[str, Tensor]:
        held = zip(self._names, self.parameters, strict=True)
        return {name: parameter.detach()[member] for name, parameter in held}

    def _each(self, places: Tensor, *, training: bool) -> Tensor:
        self._module.train(training)

        def one(own: dict[str, Tensor], inputs: dict[str, Tensor]) -> Tensor:
            output: Tensor = functional_call(self._module, {**self._same, **own}, args=(), kwargs=inputs)
            return output

        stacked = {**dict(zip(self._names, self.parameters, strict=True)), **self._other}
        outputs = vmap(one)(stacked, {name: tensor[places] for name, tensor in self._inputs.items()})
        return self._losses(outputs.flatten(0, 1), self._target[places].flatten(0, 1)).view(places.shape)


def _stacked(named: Sequence[Mapping[str, Tensor]], name: str) -> Tensor:
    return torch.stack([own[name].detach() for own in named])


def _padding(module: nn.Module) -> Iterator[tuple[str, int]]:
    """Embeddings' weights, each with the row that does not learn."""
    for name, part in module.named_modules():
        if isinstance(part, nn.Embedding) and part.padding_idx is not None:
            yield f"{name}.weight" if name else "weight", part.padding_idx


def _mapped_well(table: nn.Embedding, parts: Sequence[nn.Module]) -> bool:
    """Whether an embedding's gradient is that of its rows alone: weights no other layer shares, and no further rules."""
    sharing = [part for part in parts if any(own is table.weight for own in part.parameters(recurse=False))]
    return len(sharing) == 1 and table.max_norm is None and not table.scale_grad_by_freq and not table.sparse
