"""What a model goes by: what each column moves the score of the favourable decision by, over many rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.figures import Cloud, Swarm
from fairwitness.core.subject import Model, Outline, Rows
from fairwitness.draw.words import plural
from fairwitness.explain.counterfactual import nobody
from fairwitness.explain.decision import is_flipped, of_favorable, read_by
from fairwitness.explain.games import column_game, players_of
from fairwitness.explain.reasons import Floats
from fairwitness.explain.shapley import shapley_values
from fairwitness.stats import intervals

ROWS, BACKGROUND = 200, 50
"""Rows that are summed over, and training rows that they are compared with."""
TOLERANCE = 0.01
"""Standard error of one row's value at which no more orders are drawn; it averages out over rows."""
TOGETHER = 10
"""Rows explained between two words of progress."""

BINS = 36
FEWEST = 5
"""People a bin must hold to be shown: fewer, and a mark could be one of them."""
MOST_CLOUDS = 12
"""Columns that are drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """What one player moves the score by, on average and either way, with an interval over people.

    Attributes:
        size: Mean size of what it adds, as a difference of scores.
        mean: Mean of what it adds: above 0 it speaks for people more than against.
    """

    player: str
    size: float
    low: float | None
    high: float | None
    mean: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a model goes by. It holds no person's value, and can be published.

    Attributes:
        weights: The heaviest first.
        words: Player to the user's words.
        n: Rows summed over.
        background: Rows they are compared with.
        base: Their mean score of the favourable decision.
    """

    weights: tuple[Weight, ...]
    words: Mapping[str, str]
    figure: Swarm
    n: int
    background: int
    base: float


def summarise(
    model: Model,
    outline: Outline,
    rows: Rows,
    background: Rows,
    *,
    rng: np.random.Generator,
    level: float,
    told: Callable[[int, int], None] = nobody,
) -> Summary:
    """Sum up what moves the score of the favourable decision, over rows.

    Args:
        model: Of scores.
        outline: With a favourable class, and the columns the model reads.
        rows: To sum over; those that decisions are judged on.
        background: To compare with.
        rng: Draws orders.
        level: Confidence of the intervals.
        told: Called with rows done, of so many.
    """
    columns = read_by(outline)
    players = players_of(columns)
    game = column_game(model, background, players=players)
    values, bases = [], []
    for start in range(0, len(rows), TOGETHER):
        few = rows.where((np.arange(len(rows)) >= start) & (np.arange(len(rows)) < start + TOGETHER))
        made = shapley_values(game, few, rng=rng, tolerance=TOLERANCE)
        values.append(of_favorable(made.values, outline))
        bases.append(of_favorable(made.base, outline))
        told(min(start + TOGETHER, len(rows)), len(rows))
    every = np.concatenate(values)
    heavy = weights(list(players), every, level=level)
    named = {column.name: column.words or column.name for column in columns}
    words = {player: named.get(player, player) for player in players}
    figure = swarm(heavy, players, every, rows, columns, words=words, people=outline.people)
    return Summary(
        weights=heavy,
        words=words,
        figure=figure,
        n=len(rows),
        background=len(background),
        base=float(np.concatenate(bases).mean()) + (1.0 if is_flipped(outline) else 0.0),
    )


def weights(players: Sequence[str], values: Floats, *, level: float) -> tuple[Weight, ...]:
    """The weight of each player, the heaviest first.

    Args:
        players: Names.
        values: (rows, players) what each adds to the score of the favourable decision.
        level: Confidence of the intervals, over the rows that might have been drawn.
    """
    sizes, n = np.abs(values), len(values)
    made = []
    for slot, player in enumerate(players):
        held = sizes[:, slot]
        low, high = intervals.mean(float(held.sum()), float((held**2).sum()), n, level=level)
        made.append(
            Weight(
                player=player,
                size=float(held.mean()),
                low=max(float(low), 0.0) if np.isfinite(low) else None,
                high=float(high) if np.isfinite(high) else None,
                mean=float(values[:, slot].mean()),
                n=n,
            )
        )
    return tuple(sorted(made, key=lambda weight: -weight.size))


def swarm(
    heavy: Sequence[Weight],
    players: Mapping[str, Sequence[str]],
    values: Floats,
    rows: Rows,
    columns: Sequence[Column],
    *,
    words: Mapping[str, str],
    people: str,
) -> Swarm:
    """The figure. It can be published: it holds counts of at least `FEWEST` people, and no person's value.

    Args:
        heavy: Whom to draw, in order.
        players: Name to columns, in the order of `values`.
        values: (rows, players) what each adds to the score of the favourable decision.
        rows: The rows, in that order.
        columns: What they hold.
        words: Player to the user's words.
        people: The user's word for those the decisions are about.
    """
    heavy = heavy[:MOST_CLOUDS]
    slots = {name: slot for slot, name in enumerate(players)}
    edges = _edges(values[:, [slots[weight.player] for weight in heavy]])
    clouds = []
    for weight in heavy:
        held = values[:, slots[weight.player]]
        place = np.clip(np.searchsorted(edges, held, side="right") - 1, 0, len(edges) - 2)
        place[(held < edges[0]) | (held > edges[-1])] = len(edges) - 1  # in no bin, so not drawn
        counts = np.bincount(place, minlength=len(edges))[:-1]
        heights = _heights(rows, columns, players[weight.player])
        clouds.append(
            Cloud(
                label=words[weight.player],
                value=weight.size,
                low=weight.low,
                high=weight.high,
                n=len(held),
                counts=tuple(int(count) if count >= FEWEST else 0 for count in counts),
                heights=tuple(
                    None if heights is None or count < FEWEST else _mean(heights[place == slot])
                    for slot, count in enumerate(counts)
                ),
            )
        )
    first, last = _ends(clouds, len(edges) - 1)
    return Swarm(
        title="What moves the score, and which way",
        caption=(
            f"Points of the favourable score, one row a column. A band is as thick as {people} are many there (its half "
            f"grows with the root of the number; fewer than {plural(FEWEST, 'person', 'people')} are not drawn), blue where "
            "they have low values of the column, amber where high."
        ),
        unit="points",
        edges=tuple(float(edge) for edge in edges[first : last + 2]),
        fewest=FEWEST,
        rows=tuple(
            Cloud(
                label=each.label,
                value=each.value,
                low=each.low,
                high=each.high,
                n=each.n,
                counts=each.counts[first : last + 1],
                heights=each.heights[first : last + 1],
            )
            for each in clouds
        ),
        value_label="mean size",
    )


def _edges(values: Floats) -> Floats:
    """Round edges of about `BINS` bins, with one at nothing; what fewer than `FEWEST` rows of a column reach lies
    beyond, so the ends do not tell how far anybody goes.
    """
    held = np.sort(values, axis=0)
    reach = min(FEWEST, len(held)) - 1
    low, high = min(float(held[reach].min()), 0.0), max(float(held[-1 - reach].max()), 0.0)
    width = max(high - low, 1e-6) / BINS
    power = 10.0 ** np.floor(np.log10(width))
    step = next(times * power for times in (1, 2, 5, 10) if times * power >= width * (1 - 1e-9))
    made: Floats = step * np.arange(np.floor(low / step + 1e-9), np.ceil(high / step - 1e-9) + 1)
    return made if len(made) > 1 else np.array([0.0, step])


def _ends(clouds: Sequence[Cloud], bins: int) -> tuple[int, int]:
    """The first and the last bin in which any row shows somebody."""
    held = [slot for slot in range(bins) if any(each.counts[slot] for each in clouds)]
    return (held[0], held[-1]) if held else (0, bins - 1)


def _heights(rows: Rows, columns: Sequence[Column], names: Sequence[str]) -> Floats | None:
    """(n,) place of each row's value among all, 0 to 1, ties in the middle; None where values have no order."""
    from scipy.stats import rankdata

    column = next(column for column in columns if column.name == names[0])
    if len(names) > 1 or not column.numeric:
        return None
    held = rows.columns[column.name]
    known: NDArray[np.bool_] = np.isfinite(held)
    made = np.full(len(held), np.nan)
    if known.any():
        if column.kind == "boolean":
            made[known] = held[known]
        else:
            made[known] = (rankdata(held[known]) - 0.5) / known.sum()
    return made


def _mean(heights: Floats) -> float | None:
    known = heights[np.isfinite(heights)]
    return float(known.mean()) if len(known) else None
