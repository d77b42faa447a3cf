"""Shapley values of texts by word, and of series by stretch, put to the test of deletion and insertion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fairwitness.core.check import Arrays, Given, NotApplicable
from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.draw import format as fmt
from fairwitness.draw.words import plural
from fairwitness.explain.afforded import FEWEST, PARTS_WORK, READING, asked_at_most, reading
from fairwitness.explain.examined import Examined
from fairwitness.explain.faithful import ORDERS, STEPS, Faithful, faithful
from fairwitness.explain.methods import Method, Tried
from fairwitness.explain.shapley import Floats, Places, least_evaluations, shapley_values
from fairwitness.explain.stretches import SeriesGame, stretches_of, usual
from fairwitness.explain.words import COUNTS, MOST_PLAYERS, TextGame, pieces_of, together

METHOD: Method = "Shapley values"
PATIENCE = 10
"""Times the operations there are that the fewest decisions may take before none is explained."""
PIECE = 10
"""Rows a piece."""
CURVES = 2 * (1 + ORDERS) * (STEPS + 1)
"""Evaluations of a row's curves."""

Games = Sequence[TextGame | SeriesGame]


def with_games(held: Examined, column: Column) -> tuple[Examined, Games] | NotApplicable:
    """As many of the decisions as can be explained for the operations there are, each with its game.

    Rows of fewer than two parts have no order of importance and are left out.
    """
    order = np.random.default_rng(len(held)).permutation(len(held))  # in which they are afforded
    mixing = reading(_texts(held, column)) if column.kind == "text" else READING
    most = asked_at_most(held.model, held.rows, work=PARTS_WORK, mixing=mixing)
    for count in COUNTS:
        games = _games(held, column, count)
        told = np.array([len(game.players) > 1 for game in games])
        costs = np.array([least_evaluations(len(game.players), 1) + CURVES for game in games]) * told
        least = int(costs[order][told[order]][:FEWEST].sum())
        if least <= most:
            break
    if not told.any():
        return NotApplicable(f"no {column.kind} has two parts: there is no order of importance")
    if least > PATIENCE * most:
        return NotApplicable(
            f"the model is too costly: {plural(min(FEWEST, int(told.sum())), 'decision')} take {fmt.count(least)} questions "
            "to it; rows for this check asks for fewer"
        )
    afforded = np.zeros(len(held), dtype=np.bool_)
    afforded[order] = told[order] & ((costs[order].cumsum() <= most) | (told[order].cumsum() <= FEWEST))
    notes = []
    if not told.all():
        left = plural(int((~told).sum()), "text")
        notes.append(f"{left} of fewer than two words have no order of importance and are left out.")
    if count < MOST_PLAYERS:
        notes.append(f"The model is a costly one: at most {count} parts of a row are told apart.")
    if (told & ~afforded).any():
        notes.append(
            f"Of {plural(int(told.sum()), 'decision')} a random {fmt.count(int(afforded.sum()))} are explained: each takes "
            f"some {fmt.count(costs[told].mean())} questions to the model, and the model is a costly one."
        )
    kept = held.only(afforded, notes)
    return kept, [game for game, keep in zip(games, afforded, strict=True) if keep]


def tried_on_parts(
    given: Given, held: Examined, games: Games, methods: Sequence[str]
) -> dict[str, Tried] | NotApplicable:
    """Shapley values of each row's own parts, against random orders of them.

    Rows differ in how many parts they have, so their curves are read off at the same shares.
    """
    if methods and set(methods) != {METHOD}:
        other = next(name for name in methods if name != METHOD)
        return NotApplicable(f"of texts and series Shapley values are tried; {other} is for tables or images")
    made: list[Arrays] = []
    starts = range(0, len(held), PIECE)
    for number, (start, seed) in enumerate(zip(starts, given.rng.integers(2**62, size=len(starts)), strict=True)):

        def piece(start: int = start, seed: int = int(seed)) -> Arrays:
            rng = np.random.default_rng(seed)
            rows = range(start, min(start + PIECE, len(held)))
            curves = [_curves(held, games[row], row, rng=rng) for row in rows]
            return {name: np.stack([each[name] for each in curves]) for name in curves[0]}

        made.append(given.meter.piece(f"parts-{number}", piece))
        given.meter.spend(len(made[-1]["spent"]), of=len(held), what="decisions explained")
    whole = {name: np.concatenate([each[name] for each in made]) for name in made[0]}
    spent = int(whole.pop("spent").sum())
    found = Faithful(shares=_grid(), **whole, spent=spent)
    return {METHOD: Tried(found=found, notes=(_against(held, games),))}


def _texts(held: Examined, column: Column) -> list[str]:
    return [str(text or "") for text in held.rows.columns[column.name]]


def _games(held: Examined, column: Column, most: int) -> Games:
    """Of texts each its own; series have the same stretches. At most so many players."""
    model, name = held.model, column.name
    if column.kind == "text":
        texts = _texts(held, column)
        return [
            TextGame(model=model, column=name, text=text, pieces=together(text, pieces_of(text), most))
            for text in texts
        ]
    mean = usual(held.background.media[name])
    stretches = stretches_of(len(mean), mean.shape[1], most)
    return [SeriesGame(model=model, column=name, usual=mean, stretches=stretches)] * len(held)


def _curves(held: Examined, game: TextGame | SeriesGame, row: int, *, rng: np.random.Generator) -> dict[str, Floats]:
    """The curves of one row at the shares of all."""
    alone: Rows = held.rows.where(np.arange(len(held)) == row)
    decided = held.decided[row : row + 1]
    values = shapley_values(game, alone, rng=rng, budget=1)  # no more walks than there must be: only the order counts

    def score(scores: Floats, at: Places) -> Floats:
        return held.share_of(scores, np.repeat(decided, len(at)))

    towards = held.towards(values.values, decided)
    found = faithful(game.on(alone), towards, score, background=1, rng=rng)
    ends = ("deletion", "insertion", "random_deletion", "random_insertion")
    curves = {end: np.interp(_grid(), found.shares, getattr(found, end)[0]) for end in ends}
    return {**curves, "spent": np.array(float(values.spent + found.spent))}


def _grid() -> Floats:
    grid: Floats = np.linspace(0.0, 1.0, STEPS + 1)
    return grid


def _against(held: Examined, games: Games) -> str:
    if isinstance(games[0], SeriesGame):
        part = "training rows" if held.outline.parts.get("train") else "rows"
        return (
            f"Contributions are Shapley values of the score, by {plural(len(games[0].players), 'stretch', 'stretches')}; what is "
            f"away is the mean of {plural(len(held.background), 'row')} drawn from the {part}."
        )
    return (
        "Contributions are Shapley values of the score, by word (in long texts by stretches of words); what is away is left "
        "out of the text."
    )
