"""Shapley values of many decisions, in pieces that outlive a stop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.check import Arrays, Given
from fairwitness.core.subject import Rows
from fairwitness.draw import format as fmt
from fairwitness.draw.words import plural
from fairwitness.explain.afforded import budget
from fairwitness.explain.examined import Examined
from fairwitness.explain.games import column_game
from fairwitness.explain.shapley import TOLERANCE, Floats, Game, shapley_values

PIECE = 50
"""Rows a piece."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Told:
    """By how much each player moved the score of what was decided.

    Attributes:
        game: Whom the score was divided among.
        towards: (n, players) in units of the score; below 0 it spoke for another decision.
        errors: (n, players) standard errors, 0 where exact.
        notes: What the values are held against, and what was not settled.
    """

    game: Game[Rows]
    towards: Floats
    errors: Floats
    notes: tuple[str, ...]


def told(given: Given, held: Examined) -> Told:
    """Shapley values of decisions, as scores, against the background."""
    game = column_game(held.model, held.background, players=held.players)
    starts = range(0, len(held), PIECE)
    most = budget(held)
    made: list[Arrays] = []
    for number, (start, seed) in enumerate(zip(starts, given.rng.integers(2**62, size=len(starts)), strict=True)):

        def piece(start: int = start, seed: int = int(seed)) -> Arrays:
            mask = (np.arange(len(held)) >= start) & (np.arange(len(held)) < start + PIECE)
            found = shapley_values(game, held.rows.where(mask), rng=np.random.default_rng(seed), budget=most)
            return {"values": found.values, "errors": found.errors, "settled": found.settled}

        made.append(given.meter.piece(f"shapley-{number}", piece))
        given.meter.spend(len(made[-1]["settled"]), of=len(held), what="decisions explained")
    values, errors = (np.concatenate([each[key] for each in made]) for key in ("values", "errors"))
    settled = np.concatenate([each["settled"] for each in made])
    return Told(
        game=game,
        towards=held.towards(values, held.decided),
        errors=np.abs(held.towards(errors, held.decided)),
        notes=(_against(held), *_unsettled(settled, most)),
    )


def _against(held: Examined) -> str:
    part = "training rows" if held.outline.parts.get("train") else "rows"
    return f"Contributions are Shapley values of the score against {plural(len(held.background), 'row')} drawn from the {part}."


def _unsettled(settled: NDArray[np.bool_], most: int) -> tuple[str, ...]:
    left = int((~settled).sum())
    if not left:
        return ()
    words = (
        f"For {fmt.count(left)} of {fmt.count(len(settled))} decisions a contribution has a standard error above "
        f"{fmt.number(TOLERANCE, 'points')} after {fmt.count(most)} evaluations."
    )
    return (words,)
