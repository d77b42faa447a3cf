"""A decision's principal reasons: what counted against the person, or for, how surely, and in what order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_REASONS = 4
"""More are unlikely to help the person: 12 CFR part 1002, supplement I, comment 9(b)(2)-1."""
SURE = 2.0
"""Standard errors that tell a number from nothing, or from another."""
LEAST = 0.001
"""A tenth of a point of a score; less is called nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What one player adds to the score of the favourable decision.

    Attributes:
        value: As a difference of scores: below 0 counts against the person.
        error: Its standard error; 0 where it is exact.
    """

    player: str
    value: float
    error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """Reasons of one side, the weightiest first.

    Attributes:
        stated: The principal ones.
        unclear: Runs of stated reasons whose order these numbers do not tell, each by name.
        rivals: Players that are not stated, and may weigh as much as the last that is.
        others: How many more count the same way.
        remainder: What those add up to.
    """

    stated: tuple[Reason, ...]
    unclear: tuple[tuple[str, ...], ...]
    rivals: tuple[str, ...]
    others: int
    remainder: float


def ranked(
    players: Sequence[str], values: Floats, errors: Floats, *, against: bool, most: int = MOST_REASONS
) -> Ranked:
    """The principal reasons on one side.

    Args:
        players: Names.
        values: (players,) what each adds to the score of the favourable decision.
        errors: (players,) standard errors.
        against: Those below 0, else those above.
        most: Stated, at most.

    Returns:
        Reasons told from nothing by two standard errors, the weightiest first.
    """
    side = -1.0 if against else 1.0
    surely = (side * values > SURE * errors) & (side * values >= LEAST)
    order = [int(at) for at in np.argsort(-side * values, kind="stable") if surely[at]]
    stated, rest = order[:most], order[most:]

    def alike(one: int, other: int) -> bool:
        return bool(abs(values[one] - values[other]) <= SURE * np.hypot(errors[one], errors[other]))

    runs: list[list[int]] = []
    for at in stated:
        if runs and alike(runs[-1][-1], at):
            runs[-1].append(at)
        else:
            runs.append([at])
    return Ranked(
        stated=tuple(Reason(player=players[at], value=float(values[at]), error=float(errors[at])) for at in stated),
        unclear=tuple(tuple(players[at] for at in run) for run in runs if len(run) > 1),
        rivals=tuple(players[at] for at in rest if alike(stated[-1], at)),
        others=len(rest),
        remainder=float(values[rest].sum()),
    )
