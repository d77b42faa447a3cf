"""The rows a check of robustness works on: what it asks for, which are decided rightly, and how far each may move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import CLASS, Ask, ModelAsk, RowsAsk
from fairwitness.core.check import Given, NotApplicable
from fairwitness.core.columns import Column, Part
from fairwitness.core.subject import Model, Outline, Rows
from fairwitness.draw import format as fmt
from fairwitness.robustness.attacks.space import Space, of_media, of_numbers, take
from fairwitness.robustness.attacks.suite import Deployed
from fairwitness.stats.units import one_of_each

ROWS, PICTURES = 1_000, 500
"""Rows that are looked at, of tables and of images or series."""
TRAINING_ROWS = 20_000
"""Training rows whose spread is measured."""
STEP_OF_TABLES, STEP_OF_PICTURES = 0.05, 8 / 255
"""How far a number may move by default, as a share of its range."""


def features(outline: Outline) -> tuple[Column, ...]:
    """What the model reads."""
    return tuple(column for column in outline.columns if column.name in outline.features)


def moving(outline: Outline) -> tuple[Column, ...]:
    """What can be moved by small steps: the one column of images or series, or else every number column."""
    media = tuple(column for column in features(outline) if column.media)
    return media[:1] or tuple(column for column in features(outline) if column.numeric)


def asks(outline: Outline, *, rows: int | None) -> tuple[Ask, ...] | NotApplicable:
    """The rows, the model, and the training rows whose spread stands in for ranges that are not declared."""
    columns = features(outline)
    if not moving(outline) and all(column.kind == "text" for column in columns):
        return NotApplicable("texts have no small steps: a change of one letter may change a word or none")
    return (_rows_ask(outline, rows), ModelAsk(), _spread_ask(outline))


def _rows_ask(outline: Outline, rows: int | None) -> RowsAsk:
    columns = features(outline)
    media = any(column.media for column in columns)
    part: Part | None = "audit" if outline.parts.get("audit") else None
    groups = tuple(dict.fromkeys(name for grouping in outline.groupings for name in grouping.columns))
    unit = [column.name for column in outline.columns if column.role == "unit"]
    return RowsAsk(
        columns=tuple(dict.fromkeys([*(c.name for c in columns if not c.media), *unit, CLASS])),
        groups=groups,
        part=part,
        at_most=rows or (PICTURES if media else ROWS),
        media=media,
    )


def _spread_ask(outline: Outline) -> RowsAsk:
    columns = [c.name for c in moving(outline) if not c.media and (c.low is None or c.high is None)]
    part: Part | None = "train" if outline.parts.get("train") else None
    return RowsAsk(columns=tuple(columns), part=part, at_most=TRAINING_ROWS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sampled:
    """Rows with a recorded class, and what the deployed model decides about them.

    Attributes:
        rows: One of each unit, where rows have units.
        deployed: The model, and the recorded class of each row.
        right: (n,) rows decided as recorded.
        spread: Standard deviations of number columns over training rows.
        notes: Which rows these are.
    """

    outline: Outline
    rows: Rows
    model: Model
    deployed: Deployed
    right: NDArray[np.bool_]
    spread: Mapping[str, float]
    notes: tuple[str, ...]

    @property
    def eps(self) -> float:
        """How far a number moves by default, as a share of its range."""
        return STEP_OF_PICTURES if moving(self.outline)[:1] and moving(self.outline)[0].media else STEP_OF_TABLES

    def only(self, at: NDArray[np.intp]) -> Sampled:
        """Some of the rows."""
        return Sampled(
            outline=self.outline,
            rows=take(self.rows, at),
            model=self.model,
            deployed=self.deployed.take(at),
            right=self.right[at],
            spread=self.spread,
            notes=self.notes,
        )

    def space(self, eps: float) -> Space:
        """The rows in boxes of that radius, sensitive attributes as they are."""
        columns = moving(self.outline)
        if columns and columns[0].media:
            return of_media(self.rows, columns[0], eps=eps)
        return of_numbers(self.rows, columns, eps=eps, spread=self.spread, fixed=self.fixed)

    @property
    def fixed(self) -> tuple[str, ...]:
        """Columns of sensitive attributes: exchanging them is a question of fairness."""
        return tuple(column.name for column in self.outline.columns if column.role == "group")


def sampled(given: Given, *, rows: int | None) -> Sampled | NotApplicable:
    """What was asked for by `asks`, held together."""
    outline = given.outline
    held: Rows = given[_rows_ask(outline, rows)]
    training: Rows = given[_spread_ask(outline)]
    model: Model = given[ModelAsk()]
    place = {name: number for number, name in enumerate(outline.classes)}
    recorded = np.array([place.get(name, -1) for name in held.columns[CLASS]], dtype=np.int64)
    kept = np.flatnonzero((recorded >= 0) & _one_a_unit(held, outline, given.rng))
    held, recorded = take(held, kept), recorded[kept]
    if not len(held):
        return NotApplicable("no row has a recorded class")
    decided = model.outputs(held).decisions
    right = np.asarray(decided == np.array(outline.classes, dtype=object)[recorded], dtype=bool)
    if not right.any():
        return NotApplicable("no row is decided as recorded, so nothing can be turned")
    deployed = Deployed(model=model, classes=outline.classes, positive=outline.positive, recorded=recorded)
    judged = outline.parts.get("audit") or outline.rows
    drawn = f"A random {len(held):,} of {judged:,} rows." if len(held) < judged else ""
    return Sampled(
        outline=outline,
        rows=held,
        model=model,
        deployed=deployed,
        right=right,
        spread={name: float(np.nanstd(v)) if np.isfinite(v).any() else 0.0 for name, v in training.columns.items()},
        notes=(drawn,) if drawn else (),
    )


def percent(share: float) -> str:
    """A radius in a sentence.

    >>> percent(8 / 255)
    '3.1\u202f%'
    """
    return fmt.level(round(share, 3))


def _one_a_unit(rows: Rows, outline: Outline, dice: np.random.Generator) -> NDArray[np.bool_]:
    """(n,) one row of each unit, and of each cluster where that is another; all of them where rows have neither."""
    kept = np.ones(len(rows), dtype=np.bool_)
    for unit in (column.name for column in outline.columns if column.role == "unit"):
        kept[kept] = one_of_each(rows.columns[unit][kept], dice)
    return kept
