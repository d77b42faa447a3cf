"""What the last layer of a network reads: the numbers that the layers before it made of a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from fairwitness.core.subject import Rows
from fairwitness.torchkit.frames import batches, cut
from fairwitness.torchkit.model import PROBE_ROWS, TorchModel

AT_ONCE = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """Numbers inside a network.

    Attributes:
        layer: The layer that reads them, by its name in the module.
        numbers: (n, width); places and steps are averaged over.
    """

    layer: str
    numbers: NDArray[np.float64]


def inner(model: object, rows: Rows) -> Inner | None:
    """What the last layer with weights reads of each row.

    Args:
        model: Any model; rows are put to it in batches.
        rows: With all columns it reads.

    Returns:
        None of a black box, and of a network whose last layer with weights reads no (n, ...) numbers.

    Raises:
        ModelError: As `TorchModel.outputs`.
    """
    if not isinstance(model, TorchModel) or not len(rows):
        return None
    name = _last(model, cut(rows, 0, PROBE_ROWS))
    if name is None:
        return None
    part, taken, made = model.module.get_submodule(name), list[Tensor | None](), list[NDArray[np.float64]]()
    hook = part.register_forward_pre_hook(lambda _, *given: taken.append(_first(*given)), with_kwargs=True)
    try:
        for piece in batches(rows, most=AT_ONCE):
            taken.clear()
            model.outputs(piece)
            flat = _flat(taken[-1], len(piece), channels_last=isinstance(part, nn.Linear)) if taken else None
            if flat is None:
                return None
            made.append(flat)
    finally:
        hook.remove()
    return Inner(layer=name or type(part).__name__, numbers=np.concatenate(made))


def _last(model: TorchModel, few: Rows) -> str | None:
    """The layer with weights of its own that runs last."""
    ran: list[str] = []

    def note(name: str) -> Any:  # noqa: ANN401 - a hook, as torch calls it
        return lambda _, __: ran.append(name)

    weighted = [
        (name, part)
        for name, part in model.module.named_modules()
        if isinstance(part, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d)
    ]
    hooks = [part.register_forward_pre_hook(note(name)) for name, part in weighted]
    try:
        model.outputs(few)
    finally:
        for hook in hooks:
            hook.remove()
    return ran[-1] if ran else None


def _first(given: tuple[Any, ...], named: dict[str, Any]) -> Tensor | None:
    """What a layer is called with, whether its forward() names it or not; None where that is no tensor."""
    read = next(iter((*given, *named.values())), None)
    return read.detach() if isinstance(read, Tensor) else None


def _flat(given: Tensor | None, rows: int, *, channels_last: bool) -> NDArray[np.float64] | None:
    if given is None or given.ndim < 2 or len(given) != rows or not given.is_floating_point():
        return None
    numbers = given.cpu().double().numpy()
    if numbers.ndim > 2:
        axes = tuple(range(1, numbers.ndim - 1)) if channels_last else tuple(range(2, numbers.ndim))
        numbers = numbers.mean(axis=axes)
    return np.asarray(numbers)
