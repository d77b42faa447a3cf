"""The network inside a deployed model, made ready for thousands of passes there and back."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from fairwitness.core.subject import Model
from fairwitness.torchkit.layers import reading
from fairwitness.torchkit.model import TorchModel


def network(model: Model) -> TorchModel | None:
    """The part of the deployed model that has gradients; None where it has none, or where rows are changed before it.

    What remedies do to its scores comes after it: it is climbed, and the whole of it judges.
    """
    if getattr(model, "before", ()):
        return None
    core = getattr(model, "core", model)
    return core if isinstance(core, TorchModel) and core.differentiable else None


@contextmanager
def steady(model: TorchModel) -> Iterator[TorchModel]:
    """The model for work on it: a copy in evaluation mode, its images laid out as convolutions on a processor like them
    (which takes a third off a pass), or itself where it cannot be copied. Recurrent parts go without cuDNN, which has no
    gradient in that mode.
    """
    working = copy.copy(model)
    try:
        working.module = copy.deepcopy(model.module).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs lack it
    except Exception:  # noqa: BLE001 - a module of the user's own may hold anything
        working.module = model.module
    with reading(working.module), torch.backends.cudnn.flags(enabled=False):
        yield working
