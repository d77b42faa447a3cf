"""The training loop: mini-batches, early stopping on rows held out of training, the same result for the same seed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fairwitness.torchkit.errors import TrainingError
from fairwitness.torchkit.layers import reading

Progress = Callable[[int, int], None]  # epochs done, epochs planned


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How to descend.

    Attributes:
        epochs: Passes over the rows, at most.
        batch: Rows a step.
        learning_rate: AdamW's.
        weight_decay: AdamW's, decoupled.
        patience: Passes without a lower loss on the held rows after which training stops.
    """

    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    patience: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """How training went.

    Attributes:
        epochs: Passes made.
        best: The pass whose weights were kept, counted from 1.
        loss: The loss of those weights on the held rows; on the training rows where none are held.
    """

    epochs: int
    best: int
    loss: float


@contextmanager
def seeded(seed: int) -> Iterator[torch.Generator]:
    """Torch's own dice set for initial weights and dropout, a generator for the rest; the caller's dice come back.

    On one thread: sums then do not depend on how many cores share them, and networks this small are no slower.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield torch.Generator().manual_seed(seed)
    finally:
        torch.set_num_threads(threads)


def hold_back(labels: NDArray[np.int64], share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """(n,) which rows to hold out of training: `share` of each class, rounded down, so a lone row stays in training."""
    held = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        places = rng.permutation(np.flatnonzero(labels == label))
        held[places[: int(share * len(places))]] = True
    return held


def train(
    module: nn.Module,  # called by name with `inputs`; in place
    inputs: Mapping[str, Tensor],  # each (n, ...)
    target: Tensor,  # (n,) int64 class numbers, or float in {0, 1} for one logit a row
    *,
    held: NDArray[np.bool_],  # (n,) rows for early stopping only; may be none
    schedule: Schedule,
    dice: torch.Generator,
    progress: Progress | None = None,
) -> Trained:
    """Train by AdamW on cross-entropy and leave the module with the weights that were best on the held rows.

    Raises:
        TrainingError: The loss became NaN or infinite.
    """
    learn, watch = _split(inputs, target, ~held), _split(inputs, target, held if held.any() else ~held)
    optimizer = torch.optim.AdamW(
        module.parameters(), lr=schedule.learning_rate, weight_decay=schedule.weight_decay, fused=True
    )
    best, best_loss, weights, epoch = 0, float("inf"), copy.deepcopy(module.state_dict()), 0
    module.train()
    for epoch in range(1, schedule.epochs + 1):
        for places in torch.split(torch.randperm(len(learn[1]), generator=dice), schedule.batch):
            optimizer.zero_grad()
            batch = {name: tensor[places] for name, tensor in learn[0].items()}
            _loss(module, batch, learn[1][places]).backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            optimizer.step()
        with reading(module):
            loss = float(_loss(module, *watch))
        if not np.isfinite(loss):
            raise TrainingError.diverged(epoch)
        if progress is not None:
            progress(epoch, schedule.epochs)
        if loss < best_loss:
            best, best_loss, weights = epoch, loss, copy.deepcopy(module.state_dict())
        elif held.any() and epoch - best >= schedule.patience:
            break
    module.load_state_dict(weights)
    module.eval()
    return Trained(epochs=epoch, best=best, loss=best_loss)


def _split(inputs: Mapping[str, Tensor], target: Tensor, chosen: NDArray[np.bool_]) -> tuple[dict[str, Tensor], Tensor]:
    places = torch.from_numpy(np.flatnonzero(chosen))
    return {name: tensor[places] for name, tensor in inputs.items()}, target[places]


def _loss(module: nn.Module, inputs: Mapping[str, Tensor], target: Tensor) -> Tensor:
    logits = module(**inputs)
    if target.is_floating_point():
        return nn.functional.binary_cross_entropy_with_logits(logits[:, 0], target)
    return nn.functional.cross_entropy(logits, target)
