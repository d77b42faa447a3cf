"""Integrated gradients: what each number of a row adds on the straight way from a baseline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

Follow = Callable[[Tensor, Tensor], Tensor]
"""(m, ...) inputs and (m,) places of their rows -> (m,) the number that is explained."""

TOLERANCE = 0.005
"""What may be missing, as a share of all that is attributed, whatever its sign."""
STEPS, MOST_STEPS = 20, 640
AT_ONCE = 256
"""Inputs put to the network together; memory does not grow with steps or rows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Integrated:
    """Attributions that add up to the change of the output from baseline to row, but for the gap.

    Attributes:
        values: (n, ...) float64, as the inputs: by how much each number moves the output, in its unit.
        gap: (n,) sum of the values less the change of the output.
        steps: (n,) gradients taken along the way.
        complete: (n,) the gap is within the tolerance.
    """

    values: Tensor
    gap: Tensor
    steps: Tensor
    complete: Tensor

    def __len__(self) -> int:
        return len(self.values)


def integrated_gradients(
    follow: Follow,
    x: Tensor,
    baseline: Tensor,
    *,
    tolerance: float = TOLERANCE,
    steps: int = STEPS,
    most: int = MOST_STEPS,
    at_once: int = AT_ONCE,
) -> Integrated:
    """Gradients averaged along the way, times how far each number goes; more of them where they do not add up.

    Args:
        follow: Differentiable in its inputs.
        x: (n, ...) float rows.
        baseline: Where the way begins; as one row, or as `x`.
        tolerance: Largest gap, as a share of the sum of the values' sizes.
        steps: Gradients to begin with, at Gauss-Legendre nodes; rows with a larger gap take twice as many, and so on.
        most: Gradients a row at most; what is incomplete then is said to be.
        at_once: Inputs in memory at a time.

    Source:
        Sundararajan et al. 2017, ICML, arXiv 1703.01365, equation 1 and proposition 1 (completeness).
    """
    if not 0 < steps <= most:
        raise ValueError(f"{steps} steps of at most {most}")
    start = baseline.expand_as(x)
    with torch.no_grad():
        every = torch.split(torch.arange(len(x)), at_once)
        change = torch.cat([follow(x[at], at) - follow(start[at], at) for at in every]).double()
    made = Integrated(
        values=torch.zeros(x.shape, dtype=torch.float64),
        gap=torch.zeros(len(x), dtype=torch.float64),
        steps=torch.zeros(len(x), dtype=torch.int64),
        complete=torch.zeros(len(x), dtype=torch.bool),
    )
    left = torch.arange(len(x))
    while len(left):
        values = _integral(follow, x, start, left, steps=steps, at_once=at_once)
        gap = values.flatten(1).sum(dim=1) - change[left]
        made.values[left], made.gap[left], made.steps[left] = values, gap, steps
        made.complete[left] = gap.abs() <= tolerance * values.flatten(1).abs().sum(dim=1) + 1e-9
        if 2 * steps > most:
            break
        left, steps = left[~made.complete[left]], 2 * steps
    return made


def _integral(follow: Follow, x: Tensor, start: Tensor, rows: Tensor, *, steps: int, at_once: int) -> Tensor:
    """(m, ...) values of some rows, as a running sum."""
    nodes, weights = (torch.from_numpy(each / 2) for each in np.polynomial.legendre.leggauss(steps))
    nodes = nodes + 0.5
    total = torch.zeros((len(rows), *x.shape[1:]), dtype=torch.float64)
    pairs = torch.cartesian_prod(torch.arange(len(rows)), torch.arange(steps))
    for piece in torch.split(pairs, at_once):
        mine, step = piece[:, 0], piece[:, 1]
        at, wide = rows[mine], (-1, *(1 for _ in x.shape[1:]))
        along = nodes[step].to(x.dtype).view(wide)
        point = (start[at] + along * (x[at] - start[at])).detach().requires_grad_()
        with torch.enable_grad():
            (slope,) = torch.autograd.grad(follow(point, at).sum(), point)
        total.index_add_(0, mine, slope.double() * weights[step].view(wide))
    made: Tensor = total * (x[rows] - start[rows]).double()
    return made


def ahead(logits: Tensor, target: Tensor) -> Tensor:
    """(m,) by how much the logit of the target class is ahead of the mean of the others, which no common shift changes."""
    own = logits.gather(1, target[:, None])[:, 0]
    others: Tensor = (logits.sum(dim=1) - own) / (logits.shape[1] - 1)
    return own - others
