"""One decision about one row: what it was, why, and the nearest allowed change that would have made it another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.errors import DataError
from fairwitness.core.subject import Model, Outline, Outputs, Rows
from fairwitness.explain import counterfactual
from fairwitness.explain.counterfactual import Search
from fairwitness.explain.games import column_game, players_of
from fairwitness.explain.levers import levers
from fairwitness.explain.reasons import MOST_REASONS, Ranked, ranked
from fairwitness.explain.shapley import shapley_values

BACKGROUND = 100
"""Rows decided the other way that the row is compared with."""
LOOKED_AT = 5_000
"""Rows that those are drawn from, and whose spread is the unit of distance."""
TOLERANCE = 0.001
"""Standard error of a reason at which no more orders are drawn: a tenth of a point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Whom the row is compared with: rows decided the other way.

    Attributes:
        n: How many.
        score: Their mean score of the favourable decision.
        usual: Player of a number to its median among them.
        alike: Any other player to the share of them who have it as the row has.
    """

    n: int
    score: float
    usual: Mapping[str, float]
    alike: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Explained:
    """One decision, explained: private, as rows are.

    Attributes:
        decided: The class that was decided.
        favorable: The class that is good for the person.
        score: Of the favourable class.
        held: Player to the row's own value: of a set of columns of which one is 1, that column's name.
        against: What counted against the favourable decision.
        in_favor: What counted for it.
        exact: The reasons are exact for these compared rows; else each has its standard error.
        search: The nearest changes; None where the decision is the favourable one.
        protected: Stated reasons that are sensitive attributes.
        notes: What stood in for what is not declared.
    """

    columns: tuple[Column, ...]
    people: str
    decided: str
    favorable: str
    score: float
    compared: Compared
    held: Mapping[str, Any]
    against: Ranked
    in_favor: Ranked
    exact: bool
    search: Search | None
    protected: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether the decision is the favourable one."""
        return self.decided == self.favorable

    @property
    def main(self) -> Ranked:
        """The side that led to the decision."""
        return self.in_favor if self.good else self.against


def read_by(outline: Outline) -> tuple[Column, ...]:
    """The columns the model reads."""
    return tuple(column for column in outline.columns if column.name in outline.features)


def of_favorable(values: NDArray[np.float64], outline: Outline) -> NDArray[np.float64]:
    """(..., outputs) differences of scores as (...) differences of the score of the favourable class."""
    if len(outline.classes) == 2 and outline.positive is not None:
        return -values[..., 0] if is_flipped(outline) else values[..., 0]
    made: NDArray[np.float64] = values[..., outline.classes.index(str(outline.favorable))]
    return made


def is_flipped(outline: Outline) -> bool:
    """Whether the one score there is belongs to the class that is bad for the person."""
    return len(outline.classes) == 2 and outline.positive not in {None, outline.favorable}


def favor(outputs: Outputs, outline: Outline) -> NDArray[np.float64]:
    """(n,) scores of the favourable class.

    Raises:
        ValueError: The model gives no scores.
    """
    if outputs.scores is None:
        raise ValueError("a model that gives decisions alone has no score to divide")
    return of_favorable(outputs.scores, outline) + is_flipped(outline)


def explain(
    model: Model,
    outline: Outline,
    row: Rows,
    others: Rows,
    *,
    rng: np.random.Generator,
    reasons: int = MOST_REASONS,
    changes: int = counterfactual.MOST,
    budget: int = counterfactual.BUDGET,
    told: Callable[[int, int], None] = counterfactual.nobody,
) -> Explained:
    """Explain what the deployed model decides about a row.

    Args:
        model: Of scores and decisions.
        outline: With a favourable class, and the columns the model reads.
        row: One row.
        others: Rows to compare with, whose spread is the unit of distance; training rows where there are any.
        rng: Draws the rows compared with, and orders.
        reasons: That are stated, at most.
        changes: Things changed together, at most.
        budget: Rows put to the model for the nearest change, at most.
        told: Called with rows done, of so many.

    Raises:
        DataError: The model decides about everybody alike, so there is nobody to compare with.
    """
    columns = read_by(outline)
    if len(others) > LOOKED_AT:
        others = _take(others, np.sort(rng.choice(len(others), LOOKED_AT, replace=False)))
    said = model.outputs(row)
    decided = _decisions(said)[0]
    good = bool(decided == outline.favorable)
    kept = _other_way(model, outline, others, good=good)
    chosen = np.sort(rng.choice(kept, BACKGROUND, replace=False)) if len(kept) > BACKGROUND else kept
    background = _take(others, chosen)
    players = players_of(columns)
    game = column_game(model, background, players=players)
    made = shapley_values(game, row, rng=rng, tolerance=TOLERANCE)
    values, errors = of_favorable(made.values[0], outline), np.abs(of_favorable(made.errors[0], outline))
    against, in_favor = (
        ranked(made.players, values, errors, against=side, most=reasons if side != good else MOST_REASONS)
        for side in (True, False)
    )
    search = None
    fixed = tuple(column.name for column in outline.columns if column.role == "group")
    notes: tuple[str, ...] = ()
    if not good:
        space = levers(columns, row, others, fixed=fixed)
        notes = space.notes
        search = counterfactual.nearest(_judge(model, outline), space, most=changes, budget=budget, told=told)
    main = in_favor if good else against
    return Explained(
        columns=columns,
        people=outline.people,
        decided=str(decided),
        favorable=str(outline.favorable),
        score=float(favor(said, outline)[0]),
        compared=_compared(model, outline, row, background, columns),
        held={name: _held(row, columns, names) for name, names in players.items()},
        against=against,
        in_favor=in_favor,
        exact=made.exact,
        search=search,
        protected=tuple(one.player for one in main.stated if set(players[one.player]) & set(fixed)),
        notes=notes,
    )


def _decisions(said: Outputs) -> NDArray[Any]:
    if said.decisions is None:
        raise ValueError("a model that decides nothing has no decision to explain")
    return said.decisions


def _other_way(model: Model, outline: Outline, others: Rows, *, good: bool) -> NDArray[np.intp]:
    """Places of rows decided favourably, or otherwise of a row that is itself."""
    favored = np.asarray(_decisions(model.outputs(others)) == outline.favorable, dtype=bool)
    kept = np.flatnonzero(favored != good)
    if not len(kept):
        alike = "in favour of" if good else "against"
        raise DataError(
            f"{outline.name}: the model decides {alike} every one of {len(others):,} {outline.people} looked at, so there "
            "is nobody to compare with; a model that tells people apart has reasons"
        )
    return kept


def _judge(model: Model, outline: Outline) -> counterfactual.Judge:
    """The deployed model, and whether it decides favourably."""

    def judge(rows: Rows) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        said = model.outputs(rows)
        return favor(said, outline), np.asarray(_decisions(said) == outline.favorable, dtype=bool)

    return judge


def _compared(model: Model, outline: Outline, row: Rows, background: Rows, columns: Sequence[Column]) -> Compared:
    """Whom the row is compared with, player by player."""
    usual: dict[str, float] = {}
    alike: dict[str, float] = {}
    kinds = {column.name: column for column in columns}
    for player, names in players_of(columns).items():
        first = kinds[names[0]]
        if first.numeric and first.kind != "boolean" and first.one_of is None:
            known = background.columns[first.name][np.isfinite(background.columns[first.name])]
            usual |= {player: float(np.median(known))} if len(known) else {}
        else:
            same = [_same(background.columns[name], row.columns[name][0]) for name in names]
            alike[player] = float(np.all(same, axis=0).mean())
    score = float(favor(model.outputs(background), outline).mean())
    return Compared(n=len(background), score=score, usual=usual, alike=alike)


def _same(held: NDArray[Any], value: Any) -> NDArray[np.bool_]:  # noqa: ANN401 - as columns hold them
    """(n,) who has that value too; not recorded is a value like any other."""
    if held.dtype == object:
        return np.array([each == value for each in held], dtype=bool)
    return np.isnan(held) if np.isnan(value) else np.asarray(held == value)


def _held(row: Rows, columns: Sequence[Column], names: Sequence[str]) -> Any:  # noqa: ANN401 - as columns hold them
    """A player's own value in the row: of several columns of which one is 1, that one's name; None where not recorded."""
    if next(column for column in columns if column.name == names[0]).one_of is not None:
        return next((name for name in names if row.columns[name][0] == 1), None)
    value = row.columns[names[0]][0]
    if value is None or isinstance(value, str):
        return value
    return None if np.isnan(value) else float(value)


def _take(rows: Rows, at: NDArray[np.intp]) -> Rows:
    return Rows(
        ids=rows.ids[at],
        columns={name: values[at] for name, values in rows.columns.items()},
        media={name: values[at] for name, values in rows.media.items()},
    )
