"""The loop that trains a stack: as `train`, for all its networks at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fairwitness.torchkit.errors import TrainingError
from fairwitness.torchkit.stacks.base import Stack
from fairwitness.torchkit.stacks.descent import Descent
from fairwitness.torchkit.training import WATCH_ROWS, Schedule, Trained, require_finite


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How all networks of a stack are trained.

    Attributes:
        steps: Of a pass, the same for all networks.
        draw: The sampler's.
        weights: (n,) how much each row counts; None: all alike.
        go_on: Asked after each pass; raises to stop.
    """

    schedule: Schedule
    steps: int
    draw: Callable[[Tensor, int, torch.Generator], Sequence[Tensor]]
    weights: Tensor | None
    go_on: Callable[[], None]


@dataclass(slots=True)
class Member:
    """One network of a stack.

    Attributes:
        module: Where its weights go in the end.
        dice: Its own.
        learn: (n,) rows it trains on.
        held: (n,) rows it stops early by; may be none.
    """

    module: nn.Module
    dice: torch.Generator
    learn: NDArray[np.bool_]
    held: NDArray[np.bool_]
    best: int = 0
    loss: float | None = None
    epochs: int = 0
    weights: dict[str, Tensor] = field(default_factory=dict)

    @property
    def rows(self) -> Tensor:
        return torch.from_numpy(np.flatnonzero(self.learn))

    @property
    def watched(self) -> Tensor:
        return torch.from_numpy(np.flatnonzero(self.held if self.held.any() else self.learn))


def fit_together(stack: Stack, members: Sequence[Member], plan: Plan) -> list[Trained]:
    """Train a stack's networks, given in its order, and put their weights into their modules.

    A network with fewer rows than another takes as many steps a pass, each of fewer rows. One that stops early leaves
    the stack.

    Raises:
        TrainingError: The loss of a network became NaN or infinite.
    """
    schedule = plan.schedule
    descent = Descent(stack.parameters, schedule)
    here, steps_made = list(members), 0
    rows, watched = [member.rows for member in here], [member.watched for member in here]
    for epoch in range(1, schedule.epochs + 1):
        passes = [
            torch.cat(list(plan.draw(own, plan.schedule.batch, m.dice))) for own, m in zip(rows, here, strict=True)
        ]
        drawn = [torch.tensor_split(places, plan.steps) for places in passes]
        for chosen in zip(*drawn, strict=True):
            stack.learn(*_filled(chosen, plan.weights), [member.dice for member in here])
            descent.step(stack.parameters, schedule.rate(steps_made, plan.steps * schedule.epochs))
            steps_made += 1
        plan.go_on()
        if schedule.keep == "last":
            continue
        stay = _judge(stack, here, _losses(stack, watched, plan.weights), schedule, epoch)
        if not stay:
            break
        if len(stay) < len(here):
            here = [here[place] for place in stay]
            rows, watched = [rows[place] for place in stay], [watched[place] for place in stay]
            stack.keep(stay)
            descent.keep(stay)
    if schedule.keep == "last":
        require_finite(stack.parameters, schedule.epochs)
        for place, member in enumerate(members):
            member.epochs = member.best = schedule.epochs
            member.weights = stack.learned(place)
    for member in members:
        member.module.load_state_dict(member.weights, strict=False)
        member.module.eval()
    return [Trained(epochs=member.epochs, best=member.best, loss=member.loss) for member in members]


def _judge(stack: Stack, here: Sequence[Member], losses: Tensor, schedule: Schedule, epoch: int) -> list[int]:
    """Note the best weights; which networks go on, by their place in the stack."""
    stay = []
    for place, (member, loss) in enumerate(zip(here, losses.tolist(), strict=True)):
        if not math.isfinite(loss):
            raise TrainingError.diverged(epoch)
        member.epochs = epoch
        if member.loss is None or loss < member.loss:
            member.best, member.loss = epoch, loss
            member.weights = {name: tensor.clone() for name, tensor in stack.learned(place).items()}
        impatient = member.held.any() and epoch - member.best >= schedule.patience
        if epoch < schedule.epochs and not impatient:
            stay.append(place)
    return stay


def _filled(chosen: Sequence[Tensor], weights: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Each network's places, (k, b), the shorter filled up with places that count nothing, and shares."""
    width = max(len(places) for places in chosen)
    if weights is None and all(len(places) == width for places in chosen):
        return torch.stack(list(chosen)), None
    filled = torch.zeros(len(chosen), width, dtype=torch.int64)
    counts = torch.zeros(len(chosen), width)
    for row, places in enumerate(chosen):
        filled[row, : len(places)] = places
        counts[row, : len(places)] = 1.0 if weights is None else weights[places]
    return filled, counts / counts.sum(1, keepdim=True).clamp(min=torch.finfo(counts.dtype).tiny)


def _losses(stack: Stack, watched: Sequence[Tensor], weights: Tensor | None) -> Tensor:
    """(k,) mean losses over each network's watched rows, a few thousand at a time."""
    places, shares = _filled(watched, weights)
    shares = torch.full(places.shape, 1 / places.shape[1]) if shares is None else shares
    cuts = zip(places.split(WATCH_ROWS, dim=1), shares.split(WATCH_ROWS, dim=1), strict=True)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return torch.stack([(stack.losses(some.contiguous()).double() * own).sum(1) for some, own in cuts]).sum(0)
