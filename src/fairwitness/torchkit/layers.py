"""A network's layers as they run, seen through forward hooks that leave nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from fairwitness.core.subject import Layer


@contextmanager
def reading(module: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients; each submodule's own mode comes back, even after an error.

    Not `inference_mode`: a module that keeps a tensor made here (a table of positions) could not be trained or
    differentiated afterwards.
    """
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part, mode in modes:
            part.training = mode


def parameter_count(module: nn.Module) -> int:
    """Learned numbers in a module; a shared one counts once."""
    return sum(parameter.numel() for parameter in module.parameters())


def layers_as_run(module: nn.Module, run: Callable[[], object], *, rows: int) -> tuple[Layer, ...]:
    """The layers in the order in which `run` first calls them.

    A layer is a module without children, or one with parameters of its own; so the layers' parameters add up to the
    module's, and a shared parameter counts at the first layer that holds it. One whose weights another layer uses
    without calling it (the projection inside an attention) comes last, with an empty shape.

    `run` calls the module on `rows` rows; the first axis of that size is taken as the batch axis.
    """
    parts = {
        part: name
        for name, part in module.named_modules()
        if next(part.children(), None) is None or next(part.parameters(recurse=False), None) is not None
    }
    shapes: dict[nn.Module, tuple[int, ...]] = {}

    def note(part: nn.Module, _: object, output: Any) -> None:  # noqa: ANN401 - a module may return anything
        shapes.setdefault(part, _shape(output, rows))

    hooks = [part.register_forward_hook(note) for part in parts]
    try:
        run()
    finally:
        for hook in hooks:
            hook.remove()
    counted: set[Tensor] = set()
    layers = []
    for part in [*shapes, *(part for part in parts if part not in shapes)]:
        own = [parameter for parameter in part.parameters(recurse=False) if parameter not in counted]
        counted.update(own)
        if part in shapes or own:
            layers.append(
                Layer(
                    name=parts[part] or type(part).__name__,
                    kind=type(part).__name__,
                    output_shape=shapes.get(part, ()),
                    parameters=sum(parameter.numel() for parameter in own),
                    trainable=sum(parameter.numel() for parameter in own if parameter.requires_grad),
                )
            )
    return tuple(layers)


def _shape(output: Any, rows: int) -> tuple[int, ...]:  # noqa: ANN401 - a module may return anything
    while isinstance(output, tuple | list) and output:
        output = output[0]
    if not isinstance(output, Tensor):
        return ()
    shape = list(output.shape)
    if rows in shape:
        shape.remove(rows)
    return tuple(shape)
