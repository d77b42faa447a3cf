"""The network inside the deployed model, as a function of the numbers of rows that an attack moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairwitness.robustness.attacks.box import Box
from fairwitness.robustness.attacks.space import Space
from fairwitness.torchkit.encoding import Inputs
from fairwitness.torchkit.encoding_images import channels_first
from fairwitness.torchkit.encoding_series import stepwise
from fairwitness.torchkit.model import TorchModel

Turns = Callable[[NDArray[np.float64], NDArray[np.int64]], NDArray[np.bool_]]
"""(m, ...) points and (m,) places of their rows -> (m,) whether the deployed decision is another."""


class Inner:
    """A network on the rows of a space."""

    def __init__(self, model: TorchModel, space: Space) -> None:
        self._model = model
        self._inputs = model.encoding.encode(space.rows)
        places = {column.name: place for place, column in enumerate(space.columns)}
        blocks = [block for block in model.encoding.blocks if block.column in places]
        self._tensor = blocks[0].tensor if blocks else ""
        self._whole = bool(blocks) and not blocks[0].slots
        self._kind = blocks[0].kind if blocks else "raw"
        self._bytes = self._whole and space.rows.media[space.columns[0].name].dtype == np.uint8
        self._slots = [(block.slots[0], places[block.column]) for block in blocks if block.slots]

    @property
    def dtype(self) -> torch.dtype:
        """Of the numbers that are moved."""
        return self._held(self._inputs).dtype

    def logits(self, points: Tensor, at: Tensor) -> Tensor:
        """(m, k) comparable logits of rows moved to (m, ...) points; `at` says which rows they are."""
        held = self._held(self._inputs)
        if self._whole:
            moved = self._as_read(points)
        else:
            moved = held[at].clone()
            slots, places = (list(each) for each in zip(*self._slots, strict=True))
            moved[:, slots] = points[:, places].view(len(at), len(places), *held.shape[2:])
        return self._model.logits(self._with(moved, at))

    def _as_read(self, points: Tensor) -> Tensor:
        if self._kind == "pixels":
            return channels_first(points / 255 if self._bytes else points)
        return stepwise(points)

    def _held(self, inputs: Inputs) -> Tensor:
        if isinstance(inputs, Tensor):
            return inputs
        if isinstance(inputs, Mapping):
            return inputs[self._tensor]
        return inputs[0]

    def _with(self, moved: Tensor, at: Tensor) -> Inputs:
        if isinstance(self._inputs, Mapping):
            rest = {name: held[at] for name, held in self._inputs.items() if name != self._tensor}
            return {**rest, self._tensor: moved}
        return moved


def box_of(model: TorchModel, space: Space, recorded: NDArray[np.int64], *, turned: Turns | None) -> Box:
    """The box of a space, as its network reads it."""
    inner = Inner(model, space)

    def tensor(values: NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(values).to(inner.dtype)

    return Box(
        logits=inner.logits,
        x=tensor(space.x),
        low=tensor(space.low),
        high=tensor(space.high),
        step=tensor(space.step),
        recorded=torch.from_numpy(recorded),
        turned=None if turned is None else lambda points, at: turned(points.double().numpy(), at.numpy()),
    )
