"""Integrated gradients of rows of numbers, by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairwitness.core.subject import Model, Rows
from fairwitness.explain.encoded import ALONE, named
from fairwitness.explain.gradients import Integrated, ahead, integrated_gradients
from fairwitness.explain.shapley import Floats
from fairwitness.torchkit.working import network, steady


def integrated_by_player(
    model: Model, rows: Rows, background: Rows, players: Mapping[str, Sequence[str]], classes: NDArray[np.intp]
) -> tuple[Floats, Integrated] | None:
    """By how much each player puts a class ahead of the others, on the way from the mean of the background.

    Args:
        model: With a network that reads numbers.
        rows: To be explained.
        background: Where the way begins, on average.
        players: Name to columns.
        classes: (n,) the class of each row that is followed.

    Returns:
        (n, players) values and all there is to know of them; None where the model has no gradients that lead back to columns, or
        where a column is no number (an exchanged category has no way in between) or has missing values.
    """
    core = network(model)
    if core is None or any(block.kind != "raw" or not block.slots for block in core.encoding.blocks):
        return None
    core.outputs(rows)  # settles how its numbers are read
    own, other = (named(core.encoding.encode(each)) or {} for each in (rows, background))
    names = [name for name, tensor in own.items() if tensor.is_floating_point()]
    if len(names) != 1 or not all(each[names[0]].isfinite().all() for each in (own, other)):
        return None
    (moved,) = names
    target = torch.from_numpy(classes)
    with steady(core) as working:

        def follow(points: Tensor, at: Tensor) -> Tensor:
            inputs = {name: tensor[at] for name, tensor in own.items()} | {moved: points}
            return ahead(working.logits(inputs.get(ALONE, inputs)), target[at])

        made = integrated_gradients(follow, own[moved], other[moved].mean(dim=0))
    slots = {block.column: list(block.slots) for block in core.encoding.blocks}
    each = made.values.flatten(2).sum(dim=2) if made.values.ndim > 2 else made.values
    values = [
        each[:, [slot for column in columns for slot in slots.get(column, [])]].sum(dim=1)
        for columns in players.values()
    ]
    return torch.stack(values, dim=1).numpy(), made
