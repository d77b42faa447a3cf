"""Multilayer perceptrons stacked: products over the stack, gradients written by hand into buffers that stay.

Own code in place of autograd, because it is faster where networks are small: against a loop with the fused AdamW, on one
thread, some 7 times for 32 of 100-64-10 and 1.8 times for 256-256, where torch.func reaches 3 and 1.2 (see
benchmarks/training.py). Its gradients are tested against autograd's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import torch
from torch import Tensor, nn

from fairwitness.torchkit.stacks.head import Head, features_of, head_of
from fairwitness.torchkit.step import cross_entropy


class DenseStack:
    """Modules that end in linear layers with ReLU and dropout, all before them fixed (scaling, one-hot, frozen layers).

    What the fixed layers give is computed once.
    """

    def __init__(self, modules: Sequence[nn.Module], head: Head, features: Tensor, target: Tensor) -> None:
        """`features`: (n, width), or (k, n, width) where the fixed layers differ."""
        self._head = head
        self._features = features
        self._target = target
        self._names = [f"{layer}.{kind}" for layer in head.linear for kind in ("weight", "bias")]
        own = [dict(module.named_parameters()) for module in modules]
        self._hold([torch.stack([named[name].detach() for named in own]) for name in self._names])

    @classmethod
    def of(cls, modules: Sequence[nn.Module], inputs: Mapping[str, Tensor], target: Tensor) -> Self | None:
        """The stack, or None where the modules are not of that kind."""
        head = head_of(modules[0], inputs)
        if head is None or target.ndim != 1 or (target.is_floating_point() and head.outputs != 1):
            return None
        features = features_of(modules, head, inputs)
        return None if features is None else cls(modules, head, features, target)

    def _hold(self, parameters: list[Tensor]) -> None:
        self.parameters = parameters
        for parameter in parameters:
            parameter.grad = torch.empty_like(parameter)
        self._weights, self._biases = parameters[::2], parameters[1::2]
        self._buffers: dict[int, tuple[list[Tensor], list[Tensor]]] = {}

    def learn(self, places: Tensor, shares: Tensor | None, dice: Sequence[torch.Generator]) -> None:
        acts, slopes = self._space(places.shape[1])
        self._forward(places, acts, dice)
        slope = self._loss_slope(acts[-1], self._target[places])
        slope = slope.div_(places.shape[1]) if shares is None else slope.mul_(shares.unsqueeze(2))
        for layer in reversed(range(len(self._weights))):
            torch.bmm(slope.mT, acts[layer], out=self._weights[layer].grad)
            torch.sum(slope, 1, out=self._biases[layer].grad)
            if layer:
                below = torch.bmm(slope, self._weights[layer], out=slopes[layer])
                # 0 where the unit is 0: not active, or dropped; a tenth of the time of below.mul_(acts[layer] > 0)
                slope = torch.ops.aten.threshold_backward.grad_input(below, acts[layer], 0, grad_input=below)
                if self._head.drop[layer - 1]:
                    slope.div_(1 - self._head.drop[layer - 1])

    def losses(self, places: Tensor) -> Tensor:
        acts, _ = self._space(places.shape[1])
        self._forward(places, acts, ())
        return cross_entropy(acts[-1].flatten(0, 1), self._target[places].flatten()).view(places.shape)

    def keep(self, which: Sequence[int]) -> None:
        chosen = torch.tensor(which)
        if self._features.ndim == 3:
            self._features = self._features[chosen]
        self._hold([parameter[chosen] for parameter in self.parameters])

    def learned(self, member: int) -> dict[str, Tensor]:
        return {name: parameter[member] for name, parameter in zip(self._names, self.parameters, strict=True)}

    def _space(self, rows: int) -> tuple[list[Tensor], list[Tensor]]:
        """Buffers for what each layer takes and gives, and for slopes back to it, for steps of so many rows."""
        if rows not in self._buffers:
            stacked = len(self.parameters[0])
            widths = [self._weights[0].shape[2], *(weight.shape[1] for weight in self._weights)]
            made = [[self._weights[0].new_empty(stacked, rows, width) for width in widths] for _ in range(2)]
            self._buffers[rows] = made[0], made[1]
        return self._buffers[rows]

    def _forward(self, places: Tensor, acts: list[Tensor], dice: Sequence[torch.Generator]) -> None:
        """Fill `acts`; without dice nothing is dropped."""
        rows, flat = places, self._features
        if flat.ndim == 3:  # each network's own rows follow one another
            rows = places + len(flat[0]) * torch.arange(len(flat)).unsqueeze(1)
            flat = flat.flatten(0, 1)
        torch.index_select(flat, 0, rows.flatten(), out=acts[0].view(-1, flat.shape[1]))
        for layer, (weight, bias) in enumerate(zip(self._weights, self._biases, strict=True)):
            torch.baddbmm(bias.unsqueeze(1), acts[layer], weight.mT, out=acts[layer + 1])
            if layer < len(self._weights) - 1:
                acts[layer + 1].relu_()
                self._drop(acts[layer + 1], self._head.drop[layer], dice)

    def _drop(self, units: Tensor, share: float, dice: Sequence[torch.Generator]) -> None:
        if share and dice:
            for own, die in zip(units, dice, strict=True):
                own.mul_(torch.empty_like(own).bernoulli_(1 - share, generator=die))
            units.div_(1 - share)

    def _loss_slope(self, logits: Tensor, target: Tensor) -> Tensor:
        """The gradient of each row's cross-entropy by its logits, (k, b, outputs)."""
        if target.is_floating_point():
            return logits.sigmoid() - target.unsqueeze(2)
        # over the middle axis: over a short last one softmax does not use the processor's vectors and takes 8 times as long
        chances = logits.mT.contiguous().softmax(1).mT
        return chances.scatter_add_(2, target.unsqueeze(2), logits.new_full((*target.shape, 1), -1.0))
