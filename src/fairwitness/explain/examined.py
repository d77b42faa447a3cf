"""The decisions that checks of explanations work on: which rows, against which background, and what was decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import CLASS, Ask, ModelAsk, RowsAsk
from fairwitness.core.check import Given, NotApplicable
from fairwitness.core.columns import Column, Part
from fairwitness.core.subject import Model, Outline, Rows
from fairwitness.explain.games import players_of
from fairwitness.explain.shapley import Floats
from fairwitness.stats.units import one_of_each

BACKGROUND = 50
"""Training rows that stand for everybody."""


def features(outline: Outline) -> tuple[Column, ...]:
    """What the model reads."""
    return tuple(column for column in outline.columns if column.name in outline.features)


def image(outline: Outline) -> Column | None:
    """The image the model reads, where it reads one."""
    return next((column for column in features(outline) if column.kind == "image"), None)


def whole(outline: Outline) -> Column | None:
    """The text or series the model reads, where it reads nothing else: such rows have parts of their own."""
    columns = features(outline)
    return columns[0] if len(columns) == 1 and columns[0].kind in {"text", "series"} else None


def asks(outline: Outline, *, rows: int) -> tuple[Ask, ...] | NotApplicable:
    """Rows that decisions are judged on, training rows for the background, and the model."""
    columns = features(outline)
    if len(columns) > 1 and any(column.kind == "series" for column in columns):
        return NotApplicable("series beside other columns are not explained yet")
    if len(columns) > 1 and all(column.kind == "text" for column in columns):
        return NotApplicable("several texts are not explained yet; one by itself is")
    return _ask(outline, "audit", rows), _ask(outline, "train", BACKGROUND), ModelAsk()


def _ask(outline: Outline, wanted: Part, at_most: int) -> RowsAsk:
    columns = features(outline)
    return RowsAsk(
        columns=tuple(
            dict.fromkeys([*(column.name for column in columns if not column.media), *_units(outline), CLASS])
        ),
        groups=tuple(
            dict.fromkeys(name for grouping in outline.groupings for name in grouping.columns)
        ),  # remedies read them
        part=wanted if outline.parts.get(wanted) else None,
        at_most=at_most,
        media=any(column.media for column in columns),
    )


def _units(outline: Outline) -> list[str]:
    return [column.name for column in outline.columns if column.role == "unit"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Examined:
    """Decisions to be explained.

    Attributes:
        rows: The rows.
        background: Rows they are held against.
        model: The deployed model.
        scores: (n, k) what it says of the rows.
        decided: (n,) place of the decided class among the classes.
        recorded: (n,) of the recorded one; −1 where it is none of them.
        positive: Place of the class that a single score is of.
        players: What is told apart: columns, or sets of columns that travel together.
        notes: Which rows these are.
    """

    outline: Outline
    rows: Rows
    background: Rows
    model: Model
    scores: Floats
    decided: NDArray[np.intp]
    recorded: NDArray[np.intp]
    positive: int
    players: Mapping[str, Sequence[str]]
    notes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def only(self, mask: NDArray[np.bool_], notes: Sequence[str] = ()) -> Examined:
        """Some of the rows, and what is to be said of that."""
        arrays = {name: getattr(self, name)[mask] for name in ("scores", "decided", "recorded")}
        return replace(self, rows=self.rows.where(mask), notes=(*self.notes, *notes), **arrays)

    def share_of(self, scores: Floats, classes: NDArray[np.intp]) -> Floats:
        """(m,) of (m, k) scores, what each gives to a class."""
        if scores.shape[1] == 1:
            return np.where(classes == self.positive, scores[:, 0], 1 - scores[:, 0])
        picked: Floats = np.take_along_axis(scores, classes[:, None], axis=1)[:, 0]
        return picked

    def towards(self, values: Floats, classes: NDArray[np.intp]) -> Floats:
        """(n, players) of (n, players, k) values of scores, how far each moved the score of a class."""
        if values.shape[2] == 1:
            signed: Floats = np.where(classes == self.positive, 1.0, -1.0)[:, None] * values[:, :, 0]
            return signed
        return values[np.arange(len(values)), :, classes]


def examined(given: Given, *, rows: int) -> Examined | NotApplicable:
    """What was asked for by `asks`, held together."""
    outline = given.outline
    held: Rows = given[_ask(outline, "audit", rows)]
    background: Rows = given[_ask(outline, "train", BACKGROUND)]
    model: Model = given[ModelAsk()]
    if not len(held) or not len(background):
        return NotApplicable("there are no rows to explain")
    for unit in _units(outline):
        held = held.where(one_of_each(held.columns[unit], given.rng))
    said = model.outputs(held)
    if said.scores is None or said.decisions is None:
        return NotApplicable("the model gives decisions and no scores, so nothing tells what moved them")
    judged = outline.parts.get("audit") or outline.rows
    drawn = f"A random {len(held):,} of {judged:,} rows." if len(held) < judged else ""
    place = {name: number for number, name in enumerate(outline.classes)}
    return Examined(
        outline=outline,
        rows=held,
        background=background,
        model=model,
        scores=said.scores,
        decided=_places(said.decisions, place),
        recorded=_places(held.columns[CLASS], place),
        positive=place.get(outline.positive or "", 0),
        players=players_of(features(outline)),
        notes=(drawn,) if drawn else (),
    )


def _places(names: NDArray[np.object_], place: Mapping[str, int]) -> NDArray[np.intp]:
    return np.array([place.get(name, -1) for name in names], dtype=np.intp)
