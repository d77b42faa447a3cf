"""One decision about one text or one series: what it was, which parts of the row led to it, and which fewest turn it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.subject import Model, Outline, Outputs, Rows
from fairwitness.explain import removal
from fairwitness.explain.afforded import READING, WORK, asked_at_most, reading
from fairwitness.explain.counterfactual import nobody
from fairwitness.explain.decision import favor, of_favorable, read_by
from fairwitness.explain.errors import ExplainError
from fairwitness.explain.reasons import MOST_REASONS, Floats, Ranked, ranked
from fairwitness.explain.removal import Removal
from fairwitness.explain.shapley import BUDGET, Mask, least_evaluations, shapley_values
from fairwitness.explain.stretches import SeriesGame, Stretch, by_channel, stretches_of, usual
from fairwitness.explain.words import COUNTS, Piece, TextGame, names, pieces_of, together

TOLERANCE = 0.001
"""Standard error of a reason at which no more orders are drawn: a tenth of a point."""
WALKED = 50_000
"""Rows put to the model for the reasons, at most: some seconds of a small network."""
FINEST = 1_000
"""Words of a text that are taken out one by one; of a longer one neighbours go together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfText:
    """What is shown of a text.

    Attributes:
        text: The whole.
        pieces: What the score was divided among.
        finest: What was taken out.
        words: How many there are.
    """

    text: str
    pieces: tuple[Piece, ...]
    finest: tuple[Piece, ...]
    words: int

    @property
    def labels(self) -> tuple[str, ...]:
        return names(self.pieces)

    @property
    def out(self) -> tuple[str, ...]:
        """What may be taken out, by name."""
        return names(self.finest)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OfSeries:
    """What is shown of a series.

    Attributes:
        own: (channels, steps).
        usual: (channels, steps) of the rows it is compared with.
        stretches: What the score was divided among, and what was exchanged.
        labels: Their names.
        n: Rows whose mean is the usual series.
        what: One of them, in words.
    """

    own: Floats
    usual: Floats
    stretches: tuple[Stretch, ...]
    labels: tuple[str, ...]
    n: int
    what: str

    @property
    def out(self) -> tuple[str, ...]:
        return self.labels


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parted:
    """One decision about a row of parts, explained: private, as rows are.

    Attributes:
        decided: The class that was decided.
        favorable: The class that is good for the person.
        score: Of the favourable class.
        base: Its score with no part held: of the empty text, or of the usual series.
        of: The row and its parts.
        values: (parts,) what each adds to the score of the favourable class.
        errors: (parts,) standard errors.
        exact: Every set of parts was asked.
        against: What counted against the favourable decision; players are places of parts.
        in_favor: What counted for it.
        removal: The fewest parts that turn it; None where the decision is the favourable one.
    """

    people: str
    decided: str
    favorable: str
    score: float
    base: float
    of: OfText | OfSeries
    values: Floats
    errors: Floats
    exact: bool
    against: Ranked
    in_favor: Ranked
    removal: Removal | None

    @property
    def good(self) -> bool:
        """Whether the decision is the favourable one."""
        return self.decided == self.favorable

    @property
    def main(self) -> Ranked:
        """The side that led to the decision."""
        return self.in_favor if self.good else self.against

    @property
    def other(self) -> Ranked:
        return self.against if self.good else self.in_favor


def explain_parts(
    model: Model,
    outline: Outline,
    row: Rows,
    others: Rows,
    *,
    rng: np.random.Generator,
    source: str,
    reasons: int = MOST_REASONS,
    changes: int = removal.MOST,
    budget: int | None = None,
    told: Callable[[int, int], None] = nobody,
) -> Parted:
    """Explain what the deployed model decides about one text or one series.

    Args:
        model: Of scores and decisions, that reads that one column.
        outline: With a favourable class.
        row: One row.
        others: Rows whose mean is the usual series; training rows where there are any. Texts need none.
        rng: Draws orders.
        source: Names the data in errors.
        reasons: That are stated, at most.
        changes: Parts taken out together, at most.
        budget: Rows put to the model for the fewest parts, at most; None: 200,000, or fewer of a costly model.
        told: Called with rows done, of so many.

    Raises:
        ExplainError: The text has no word.
    """
    (column,) = read_by(outline)
    mixing = reading([_written(row, column)]) if column.kind == "text" else READING
    affordable = min(BUDGET, asked_at_most(model, row, work=WORK, mixing=mixing))
    most = next((count for count in COUNTS if least_evaluations(count, 1) <= affordable), COUNTS[-1])
    of: OfText | OfSeries
    game: TextGame | SeriesGame
    finest: TextGame | SeriesGame
    if column.kind == "text":
        of, game, finest = _text(model, column, row, most=most, source=source)
    else:
        of, game = _series(
            model, column, row, others, most=most, what="training row" if outline.parts.get("train") else "other row"
        )
        finest = game
    said = model.outputs(row)
    decided, score = str(_decisions(said)[0]), float(favor(said, outline)[0])
    made = shapley_values(game, row, rng=rng, tolerance=TOLERANCE, budget=min(WALKED, affordable))
    values, errors = of_favorable(made.values[0], outline), np.abs(of_favorable(made.errors[0], outline))
    good = decided == outline.favorable
    places = tuple(map(str, range(len(values))))
    side = partial(ranked, places, values, errors)
    search = None
    if not good:
        search = removal.fewest_out(
            _judge(model, outline, finest, row),
            len(finest.players),
            most=changes,
            budget=max(affordable, len(finest.players)) if budget is None else budget,
            told=told,
        )
    return Parted(
        people=outline.people,
        decided=decided,
        favorable=str(outline.favorable),
        score=score,
        base=score - float(values.sum()),
        of=of,
        values=values,
        errors=errors,
        exact=made.exact,
        against=side(against=True, most=MOST_REASONS if good else reasons),
        in_favor=side(against=False, most=reasons if good else MOST_REASONS),
        removal=search,
    )


def _text(model: Model, column: Column, row: Rows, *, most: int, source: str) -> tuple[OfText, TextGame, TextGame]:
    text = _written(row, column)
    pieces = pieces_of(text)
    if not pieces:
        raise ExplainError.no_words(source, column.name)
    finest = together(text, pieces, FINEST)
    few = together(text, pieces, most)
    game, each = (TextGame(model=model, column=column.name, text=text, pieces=held) for held in (few, finest))
    return OfText(text=text, pieces=few, finest=finest, words=len(pieces)), game, each


def _written(row: Rows, column: Column) -> str:
    return str(row.columns[column.name][0] or "")


def _series(
    model: Model, column: Column, row: Rows, others: Rows, *, most: int, what: str
) -> tuple[OfSeries, SeriesGame]:
    own = by_channel(row.media[column.name])[0]
    mean = usual(others.media[column.name])
    stretches = stretches_of(len(own), own.shape[1], most)
    game = SeriesGame(model=model, column=column.name, usual=mean, stretches=stretches)
    return OfSeries(own=own, usual=mean, stretches=stretches, labels=game.players, n=len(others), what=what), game


def _decisions(said: Outputs) -> NDArray[np.object_]:
    if said.decisions is None:
        raise ValueError("a model that decides nothing has no decision to explain")
    return said.decisions


def _judge(model: Model, outline: Outline, game: TextGame | SeriesGame, row: Rows) -> removal.Judge:
    """The deployed model on the row without some parts, and whether it decides favourably."""

    def judge(held: Mask) -> tuple[Floats, NDArray[np.bool_]]:
        said = model.outputs(game.rows(row, held))
        return favor(said, outline), np.asarray(_decisions(said) == outline.favorable, dtype=bool)

    return judge
