"""Whether gradients lead attacks anywhere. Where they do not, a model that resists attacks by gradients has proved nothing.

Three signs, of those of Athalye et al. 2018 and Carlini et al. 2019: the margin has no gradient at the row itself; search
that only asks breaks what gradients do not; and with no limit to the change, gradients still find nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fairwitness.robustness.attacks.space import Space
from fairwitness.robustness.attacks.suite import Deployed

if TYPE_CHECKING:
    from fairwitness.torchkit.model import TorchModel

UNBOUNDED_STEPS = 50
WITNESSES = 20
"""Others whose numbers are tried on a row, to see whether it could be decided otherwise at all."""
NO_GRADIENT = "rows at which the margin has no gradient"
SEARCH_AHEAD = "rows that random search breaks and gradients do not"
UNREACHED = "rows that gradients do not break without a limit, though it can be done"


@dataclass(frozen=True, slots=True)
class Sign:
    """Rows that show a sign, of those looked at."""

    shown: int
    of: int


def signs(
    deployed: Deployed,
    space: Space,
    *,
    search: NDArray[np.bool_],
    searched: NDArray[np.bool_],
    wide: Space,
    dice: np.random.Generator,
) -> Mapping[str, Sign]:
    """How many rows show each sign.

    Args:
        deployed: The model, which has gradients.
        space: The rows as they were attacked.
        search: (n,) rows that search broke, after gradients had not.
        searched: (n,) rows that search was tried on.
        wide: The same rows in boxes as wide as their columns' ranges.
        dice: Of everything random.
    """
    movable = space.movable
    none = flat(deployed, space.take(np.flatnonzero(movable)), np.flatnonzero(movable))
    found = {NO_GRADIENT: Sign(int(none.sum()), int(movable.sum()))}
    if searched.any():
        found[SEARCH_AHEAD] = Sign(int(search.sum()), int(searched.sum()))
    reachable = _reachable(deployed, wide, dice)
    if reachable.any():
        places = np.flatnonzero(reachable)
        stands = ~unbounded(deployed, wide, places, dice)
        found[UNREACHED] = Sign(int(stands.sum()), len(places))
    return found


def flat(deployed: Deployed, space: Space, at: NDArray[np.intp]) -> NDArray[np.bool_]:
    """(m,) rows of a space at which the gradient of the margin is zero in every number that may move, or is none.

    Args:
        deployed: The model, which has gradients.
        space: The rows.
        at: (m,) their places among the rows that `deployed` knows the class of.
    """
    import torch

    from fairwitness.robustness.attacks.gradient import gradients
    from fairwitness.robustness.attacks.inner import box_of
    from fairwitness.torchkit.working import steady

    with steady(_core(deployed)) as working:
        box = box_of(working, space, deployed.recorded[at], turned=None)
        slopes = gradients(box, torch.arange(len(space)))
    moves = torch.from_numpy(space.high > space.low)
    told = slopes.isfinite() & (slopes != 0) & moves
    return ~told.flatten(1).any(dim=1).numpy()


def unbounded(deployed: Deployed, wide: Space, at: NDArray[np.intp], dice: np.random.Generator) -> NDArray[np.bool_]:
    """(m,) rows that gradients break in their wide boxes."""
    import torch

    from fairwitness.robustness.attacks.box import Broken
    from fairwitness.robustness.attacks.gradient import apgd
    from fairwitness.robustness.attacks.inner import box_of
    from fairwitness.torchkit.working import steady

    some = wide.take(at)
    with steady(_core(deployed)) as working:
        box = box_of(
            working, some, deployed.recorded[at], turned=lambda points, of: deployed.turned(wide, points, at[of])
        )
        broken = Broken.none(box)
        apgd(box, broken, steps=UNBOUNDED_STEPS)
        apgd(box, broken, steps=UNBOUNDED_STEPS, dice=torch.Generator().manual_seed(int(dice.integers(2**62))))
    mask: NDArray[np.bool_] = broken.mask.numpy()
    return mask


def _reachable(deployed: Deployed, wide: Space, dice: np.random.Generator) -> NDArray[np.bool_]:
    """(n,) rows of which somebody else's numbers, put in place of their own, turn the decision: so it can be done."""
    n = len(wide)
    found = np.zeros(n, dtype=bool)
    for _ in range(WITNESSES if n > 1 else 0):
        left = np.flatnonzero(~found & wide.movable)
        if not len(left):
            break
        other = (left + dice.integers(1, n, size=len(left))) % n
        found[left] = deployed.turned(wide, wide.x[other], left)
    return found


def _core(deployed: Deployed) -> TorchModel:
    from fairwitness.torchkit.working import network

    core = network(deployed.model)
    if core is None:
        raise TypeError("the model has no gradients")
    return core
