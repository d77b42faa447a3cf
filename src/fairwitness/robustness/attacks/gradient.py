"""Attacks by gradients in an L-infinity box, a row leaving the work as soon as it is broken.

They are written here because peers keep broken rows in every pass (see benchmarks/robustness.py for the ratios) and know
neither a box for each number nor whole steps.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from fairwitness.robustness.attacks.box import Box, Broken
from fairwitness.robustness.attacks.losses import Loss, margin, ratio_towards, towards

MOMENTUM = 0.75  # share of the new step; the rest goes on as before
FIRST_CHECK, FEWER, LEAST = 0.22, 0.03, 0.06  # when APGD looks whether it advances, as shares of its steps
ADVANCES = 0.75  # share of steps that must have gone up
DLR_CLASSES = 4


def pgd(box: Box, broken: Broken, *, steps: int, loss: Loss = margin, dice: torch.Generator | None = None) -> None:
    """Projected gradient steps of a fixed size, 2.5 half-widths over all of them; adds what it breaks to `broken`.

    Args:
        box: Rows and how far they may move.
        broken: What earlier attacks have broken is not attacked again.
        steps: Gradient steps, at least 1.
        loss: What is climbed.
        dice: For a start drawn from the box; None starts at the row itself.

    Source:
        Madry et al. 2018, ICLR, arXiv 1706.06083.
    """
    at = broken.standing()
    points = _start(box, at, dice)
    for done in range(steps + 1):
        if not len(at):
            return
        shown = box.repaired(points, at)
        gone, _, slope = _look(box, broken, shown, at, box.recorded[at], loss=loss, last=done == steps)
        at, points, slope = at[~gone], points[~gone], slope[~gone]
        points = box.inside(points + 2.5 / steps * box.reach(at) * slope.sign(), at)


@dataclass(slots=True, eq=False)
class _Climb:
    """Where APGD stands with the rows it still works on; every tensor has one entry a row."""

    at: Tensor
    target: Tensor
    point: Tensor
    before: Tensor
    slope: Tensor
    loss: Tensor
    best: Tensor
    best_slope: Tensor
    best_loss: Tensor
    checked_loss: Tensor
    step: Tensor  # in half-widths of the box
    halved: Tensor  # whether the last check halved it
    rises: Tensor  # steps up since the last check

    def keep(self, mask: Tensor) -> None:
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name)[mask])


def apgd(
    box: Box,
    broken: Broken,
    *,
    steps: int,
    loss: Loss = margin,
    target: Tensor | None = None,
    dice: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Gradient steps with momentum, halved where they stop advancing, from the best point so far.

    Args:
        box: Rows and how far they may move.
        broken: What earlier attacks have broken is not attacked again; what this one breaks is added.
        steps: Gradient steps, at least 1.
        loss: What is climbed.
        target: (n,) class to climb towards, for losses that have one.
        dice: For a start drawn from the box; None starts at the row itself.

    Returns:
        Places of the rows that stand, and (m,) the highest loss each was brought to.

    Source:
        Croce and Hein 2020, ICML, arXiv 2003.01690, algorithm 1.
    """
    at = broken.standing()
    if not len(at):
        return at, box.x.new_zeros(0)
    aim = box.recorded if target is None else target
    first = _start(box, at, dice)
    gone, value, slope = _look(box, broken, box.repaired(first, at), at, aim[at], loss=loss)
    ones = torch.ones(len(at), dtype=box.x.dtype)
    climb = _Climb(
        at=at,
        target=aim[at],
        point=first,
        before=first,
        slope=slope,
        loss=value,
        best=first,
        best_slope=slope,
        best_loss=value,
        checked_loss=value,
        step=2 * ones,
        halved=ones > 0,
        rises=0 * ones,
    )
    climb.keep(~gone)
    every, since = max(int(FIRST_CHECK * steps), 1), 0
    for done in range(steps):
        if not len(climb.at):
            break
        _advance(box, climb, first=done == 0)
        shown = box.repaired(climb.point, climb.at)
        was = climb.loss
        gone, climb.loss, climb.slope = _look(
            box, broken, shown, climb.at, climb.target, loss=loss, last=done == steps - 1
        )
        climb.rises = climb.rises + (climb.loss > was)
        _remember(climb)
        climb.keep(~gone)
        since += 1
        if since == every:
            _halve(climb, every)
            every, since = max(every - max(int(FEWER * steps), 1), int(LEAST * steps), 1), 0
    return climb.at, climb.best_loss


def apgd_targeted(box: Box, broken: Broken, *, steps: int, targets: int, dice: torch.Generator | None = None) -> None:
    """`apgd` towards each of the classes that score highest beside the recorded one, one after another."""
    with torch.no_grad():
        at = torch.arange(len(box.x))
        logits = box.logits(box.x, at)
    classes = logits.shape[1]
    order = logits.scatter(1, box.recorded[:, None], -torch.inf).argsort(dim=1, descending=True)
    loss = ratio_towards if classes >= DLR_CLASSES else towards
    for place in range(min(targets, classes - 1)):
        apgd(box, broken, steps=steps, loss=loss, target=order[:, place], dice=dice)


def gradients(box: Box, at: Tensor, loss: Loss = margin) -> Tensor:
    """(m, *shape) slope of the loss at the rows themselves; NaN where the network gives none."""
    return _slope(box, box.x[at], at, box.recorded[at], loss)[2]


def _start(box: Box, at: Tensor, dice: torch.Generator | None) -> Tensor:
    if dice is None:
        return box.x[at]
    drawn = torch.rand(box.x[at].shape, generator=dice, dtype=box.x.dtype)
    return box.low[at] + drawn * (box.high[at] - box.low[at])


def _look(
    box: Box, broken: Broken, shown: Tensor, at: Tensor, aim: Tensor, *, loss: Loss, last: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """Put points to the network: (m,) which rows they break, (m,) losses, (m, *shape) slopes. The last look needs none."""
    if last:
        with torch.no_grad():
            logits = box.logits(shown, at)
            value, slope = loss(logits, box.recorded[at], aim), torch.zeros_like(shown)
    else:
        logits, value, slope = _slope(box, shown, at, aim, loss)
    broken.passes += len(at)
    gone = box.broken(shown, at, logits)
    broken.add(at[gone], shown[gone])
    return gone, value, slope.nan_to_num(0.0)


def _slope(box: Box, shown: Tensor, at: Tensor, aim: Tensor, loss: Loss) -> tuple[Tensor, Tensor, Tensor]:
    shown = shown.detach().requires_grad_()
    with torch.enable_grad():
        logits = box.logits(shown, at)
        value = loss(logits, box.recorded[at], aim)
        if not value.requires_grad:  # the way back is cut: a step that has no gradient at all
            return logits.detach(), value.detach(), torch.zeros_like(shown)
        (slope,) = torch.autograd.grad(value.sum(), shown, allow_unused=True)
    return logits.detach(), value.detach(), torch.zeros_like(shown) if slope is None else slope


def _advance(box: Box, climb: _Climb, *, first: bool) -> None:
    share = 1.0 if first else MOMENTUM
    drift = climb.point - climb.before
    climb.before = climb.point
    reach = _wide(climb.step, climb.point) * box.reach(climb.at)
    ahead = box.inside(climb.point + reach * climb.slope.sign(), climb.at)
    climb.point = box.inside(climb.point + share * (ahead - climb.point) + (1 - share) * drift, climb.at)


def _remember(climb: _Climb) -> None:
    higher = climb.loss > climb.best_loss
    wide = _wide(higher, climb.point)
    climb.best = climb.point.where(wide, climb.best)
    climb.best_slope = climb.slope.where(wide, climb.best_slope)
    climb.best_loss = climb.loss.where(higher, climb.best_loss)


def _halve(climb: _Climb, every: int) -> None:
    """Halve the steps of rows that rose too seldom, or not at all since a check that did not halve; begin at their best."""
    stuck = (climb.rises <= ADVANCES * every) | (~climb.halved & (climb.checked_loss >= climb.best_loss))
    wide = _wide(stuck, climb.point)
    climb.step = torch.where(stuck, climb.step / 2, climb.step)
    climb.point = climb.best.where(wide, climb.point)
    climb.slope = climb.best_slope.where(wide, climb.slope)
    climb.halved, climb.checked_loss = stuck, climb.best_loss
    climb.rises = torch.zeros_like(climb.rises)


def _wide(entries: Tensor, like: Tensor) -> Tensor:
    """(m,) as (m, 1, ...), to be broadcast over points."""
    return entries.view(-1, *(1 for _ in like.shape[1:]))
