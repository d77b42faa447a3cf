"""What a question to a model costs, counted and not timed, so that what rests on it comes out the same on every machine."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch.utils.flop_counter import FlopCounterMode

from fairwitness.core.subject import Model, Rows
from fairwitness.torchkit.model import TorchModel

BLACK_BOX = 500_000.0
"""Of a model that nobody can look into: what a hundred trees of scikit-learn take the time of."""


def operations(model: Model, rows: Rows) -> float:
    """Floating-point operations of one row, a multiplication and an addition counted as two.

    Args:
        model: Any model; `BLACK_BOX` where it is no module of torch.
        rows: A few rows it can read, at least one.

    Returns:
        At least twice the number of parameters: some kernels are not counted.
    """
    if not isinstance(model, TorchModel):
        return BLACK_BOX
    model.outputs(rows)  # the first time it is also looked at in other ways
    with (
        _slow_attention(),
        FlopCounterMode(display=False, custom_mapping={torch.ops.aten.mkldnn_rnn_layer: _lstm}) as counter,
    ):
        model.outputs(rows)
    parameters = sum(each.numel() for each in model.module.parameters())
    counted: int = counter.get_total_flops()
    return max(counted / len(rows), 2.0 * parameters)


@contextmanager
def _slow_attention() -> Iterator[None]:
    """Layers of Transformers product by product: of their fast path nothing is counted."""
    was = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(was)


def _lstm(
    steps: Sequence[int], into: Sequence[int], onwards: Sequence[int], *_: object, out_val: object = None, **__: object
) -> int:
    """One layer and direction of an LSTM, which torch counts as nothing: both products of each step."""
    del out_val  # the counter passes the result too
    return 2 * math.prod(steps[:2]) * (math.prod(into) + math.prod(onwards))
