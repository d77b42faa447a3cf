"""Finding the layers at a module's end that learn, and what comes before them, which does not."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm

from fairwitness.torchkit.layers import reading

PROBE_ROWS = 32
AT_ONCE = 4096  # rows
MOST_BYTES = 2**28  # of features that are kept for a stack


@dataclass(frozen=True, slots=True)
class Head:
    """Linear layers with ReLU and dropout in between, through which everything learned goes.

    Attributes:
        name: Of the `nn.Sequential`; empty where it is the whole module.
        linear: Names of the linear layers within the module, in order.
        drop: Share of units dropped after each linear layer but the last.
        outputs: How many numbers it gives a row.
    """

    name: str
    linear: tuple[str, ...]
    drop: tuple[float, ...]
    outputs: int


def head_of(module: nn.Module, inputs: Mapping[str, Tensor]) -> Head | None:
    """The head of a module, or None where more than a head learns, or what comes before it is not fixed."""
    for name, part in module.named_modules():
        found = _read(name, part) if isinstance(part, nn.Sequential) else None
        if found is not None and _all_learned(module, part) and _fixed(module, part, inputs):
            return found
    return None


def features_of(modules: Sequence[nn.Module], head: Head, inputs: Mapping[str, Tensor]) -> Tensor | None:
    """What the heads take: (n, width) where all modules give the same, else (k, n, width); None where that is too much."""
    first = _before(modules[0], modules[0].get_submodule(head.name), inputs)
    if all(_same_before(modules[0], module, head) for module in modules[1:]):
        return first
    if first.numel() * first.element_size() * len(modules) > MOST_BYTES:
        return None
    rest = [_before(module, module.get_submodule(head.name), inputs) for module in modules[1:]]
    return torch.stack([first, *rest])


def _read(name: str, part: nn.Sequential) -> Head | None:
    linear, drop, layers = list[str](), list[float](), list(part.named_children())
    prefix = f"{name}." if name else ""
    while layers:
        child, layer = layers.pop(0)
        if not isinstance(layer, nn.Linear) or layer.bias is None:
            return None
        linear.append(prefix + child)
        if not layers:
            return Head(name, tuple(linear), tuple(drop), layer.out_features)
        if not isinstance(layers.pop(0)[1], nn.ReLU):
            return None
        dropped = isinstance(layers[0][1], nn.Dropout) if layers else False
        drop.append(float(layers.pop(0)[1].p) if dropped else 0.0)  # type: ignore[arg-type]  # a Dropout's is a float
    return None


def _all_learned(module: nn.Module, part: nn.Module) -> bool:
    own = {id(parameter) for parameter in part.parameters()}
    learned = {id(parameter) for parameter in module.parameters() if parameter.requires_grad}
    return own == learned and not any(isinstance(other, BatchNorm) for other in module.modules())


def _fixed(module: nn.Module, part: nn.Module, inputs: Mapping[str, Tensor]) -> bool:
    """Whether the module gives what the part gives, and the part takes the same in training as in evaluation."""
    few = {name: tensor[:PROBE_ROWS] for name, tensor in inputs.items()}
    given: list[object] = []
    hook = part.register_forward_hook(lambda _, __, output: given.append(output))
    try:
        with reading(module):
            whole = module(**few)
    finally:
        hook.remove()
    if len(given) != 1 or whole is not given[0]:
        return False
    calm = _before(module, part, few)
    twin = copy.deepcopy(module).train()
    with torch.random.fork_rng(devices=[]):
        stirred = _before(twin, twin.get_submodule(_name(module, part)), few, training=True)
    return calm.ndim == 2 and calm.is_floating_point() and torch.equal(calm, stirred)


def _name(module: nn.Module, part: nn.Module) -> str:
    names: dict[nn.Module, str] = {found: name for name, found in module.named_modules()}
    return names[part]


def _before(module: nn.Module, part: nn.Module, inputs: Mapping[str, Tensor], *, training: bool = False) -> Tensor:
    """What a part takes, (n, width)."""
    taken: list[Tensor] = []

    def take(_: nn.Module, given: tuple[Tensor, ...], named: dict[str, Tensor]) -> None:
        taken.append((given[0] if given else named["input"]).detach())

    hook = part.register_forward_pre_hook(take, with_kwargs=True)
    try:
        with reading(module):
            module.train(training)
            for start in range(0, len(next(iter(inputs.values()))), AT_ONCE):
                module(**{name: tensor[start : start + AT_ONCE] for name, tensor in inputs.items()})
    finally:
        hook.remove()
    return torch.cat(taken)


def _same_before(one: nn.Module, other: nn.Module, head: Head) -> bool:
    learned = {f"{layer}.{kind}" for layer in head.linear for kind in ("weight", "bias")}
    left, right = (dict([*m.named_parameters(), *m.named_buffers()]) for m in (one, other))
    return all(torch.equal(tensor, right[name]) for name, tensor in left.items() if name not in learned)
