"""What a remedy is: an edit of how a model is made, by what it acts on, with what it answers and may cost.

A remedy has one of three methods, by what it acts on: `rows` before training, `part` in each step of it, `fit` after it, on
rows that neither trained the model nor judge it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import group_column
from fairwitness.core.blueprint import Acts
from fairwitness.core.columns import CROSS, MISSING, Column, Task
from fairwitness.core.subject import Need, Rows

Labels = NDArray[np.object_]
"""(n,) group of each row as text; `columns.MISSING` where it is not recorded."""


def labels_of(rows: Rows, by: str) -> Labels:
    """(n,) labels of an attribute, or of several crossed, that rows have aboard under `asks.group_column(name)`."""
    return joined([rows.columns[group_column(name)] for name in by.split(CROSS)])


def joined(parts: Sequence[NDArray[Any]]) -> Labels:
    """Labels as text, those of several attributes crossed; what is not recorded is a category of its own."""
    cells = list(zip(*(part.tolist() for part in parts), strict=True))
    texts = {cell: CROSS.join(MISSING if label is None else str(label) for label in cell) for cell in set(cells)}
    made = np.empty(len(cells), dtype=object)
    made[:] = [texts[cell] for cell in cells]
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyInfo:
    """A remedy's identity and its words. The docs page of the remedy is made from this and its options.

    Attributes:
        id: `pillar.noun-with-hyphens`; the file carries the same name.
        title: What it does, in a line: "Weigh rows so that group and outcome are independent".
        does: How, in a few sentences.
        may_cost: What may get worse, in a sentence or two.
        answers: Ids of checks whose failure it answers.
        acts: What it acts on; decides what it goes together with.
        sources: Where it comes from.
        by_group: Whether it looks at one attribute, which `by` names.
        reads_group: Whether the mended model reads the group when it decides, which the law may forbid.
        instead: Id of a remedy to the same end that does not; empty where there is none.
        needs: What the subject must offer beside a known recipe.
        tasks: For which it is; None: any.
        strength: The option that says how strongly it acts, and values to try, weakest first; None: it has none.
    """

    id: str
    title: str
    does: str
    may_cost: str
    answers: tuple[str, ...]
    acts: Acts
    sources: tuple[str, ...]
    by_group: bool = True
    reads_group: bool = False
    instead: str = ""
    needs: frozenset[Need] = frozenset()
    tasks: frozenset[Task] | None = frozenset({"binary"})
    strength: tuple[str, tuple[float, ...]] | None = None

    @property
    def pillar(self) -> str:
        return self.id.partition(".")[0]


@runtime_checkable
class RowEdit(Protocol):
    """A change of rows that the mended model makes before it decides, as it was made before training."""

    def apply(self, rows: Rows) -> Rows:
        """Rows in the same order and number; group labels are aboard, under `asks.group_column(name)`."""

    def to_json(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """Training rows on their way to the model; each remedy of rows gives them on as it wants them.

    Attributes:
        rows: Raw rows of the train part.
        target: (n,) recorded class of each, as text.
        weights: (n,) how much each counts, at least 0.
        groups: Attribute name to its labels.
        columns: The features.
        classes: The target's classes, in order.
        positive: The class that is predicted.
        favorable: The class that is good for the person; `positive` where none is declared.
        units: (n,) what belongs together and is held back together; copies of a row stay with it.
        at_decision: What the mended model does to rows before it decides, in order, by remedy id.
        notes: What was done, for the reader: how many rows were copied, which labels changed.
    """

    rows: Rows
    target: NDArray[np.object_]
    weights: NDArray[np.float64]
    groups: Mapping[str, Labels]
    columns: tuple[Column, ...]
    classes: tuple[str, ...]
    positive: str
    favorable: str
    units: NDArray[Any]
    at_decision: tuple[tuple[str, RowEdit], ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def labels(self, by: str) -> Labels:
        """(n,) labels of an attribute, or of several crossed."""
        parts = [self.groups[name] for name in by.split(CROSS)]
        return np.array([CROSS.join(row) for row in zip(*parts, strict=True)], dtype=object)

    def take(self, places: NDArray[np.int64]) -> Self:
        """Some of the rows, or copies, in this order."""
        rows = Rows(
            ids=self.rows.ids[places],
            columns={name: values[places] for name, values in self.rows.columns.items()},
            media={name: values[places] for name, values in self.rows.media.items()},
        )
        return replace(
            self,
            rows=rows,
            target=self.target[places],
            weights=self.weights[places],
            groups={name: labels[places] for name, labels in self.groups.items()},
            units=self.units[places],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """What the trained model says about rows held for tuning, from which scores and decisions are mended.

    Attributes:
        ids: (n,) int64, the rows' places in the data.
        scores: (n, k), as in `Outputs`.
        recorded: (n,) recorded class, as text.
        groups: Labels of the attribute the remedy looks at; None where it looks at none.
        classes: The target's classes, in order.
        positive: The class that is predicted; `scores[:, 0]` is its probability where there are two classes.
        favorable: The class that is good for the person.
        threshold: The score from which the unmended model decides for the positive class.
    """

    ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    recorded: NDArray[np.object_]
    groups: Labels | None
    classes: tuple[str, ...]
    positive: str
    favorable: str
    threshold: float


@runtime_checkable
class ScoreEdit(Protocol):
    """Other scores in place of the model's."""

    def rescore(self, scores: NDArray[np.float64], groups: Labels | None) -> NDArray[np.float64]:
        """(n, k) scores from (n, k) scores; a group it was not fitted on is scored as the note says."""

    def to_json(self) -> dict[str, Any]: ...


@runtime_checkable
class DecisionEdit(Protocol):
    """Other decisions in place of those that follow from one threshold."""

    def decide(self, scores: NDArray[np.float64], groups: Labels | None, ids: NDArray[np.int64]) -> NDArray[np.object_]:
        """(n,) decided class, as text. Chance, where there is any, follows from the ids: the same row, the same decision."""

    def to_json(self) -> dict[str, Any]: ...


class Remedy(Protocol):
    """One edit of a blueprint, and what it does when its turn comes."""

    info: ClassVar[RemedyInfo]
    Options: ClassVar[type]  # a frozen dataclass; the engine fills it from the config


@runtime_checkable
class EditsRows(Protocol):
    """A remedy that acts on `rows`."""

    def rows(
        self,
        learning: Learning,
        options: Any,  # noqa: ANN401 - its own
        *,
        by: str,  # the attribute, or attributes crossed; empty where it looks at none
        rng: np.random.Generator,
    ) -> Learning:
        """The rows as they should be learned from. A remedy that also edits rows at decision time has a method
        `restore(saved)` beside this, from what `to_json` of its edit gave to the edit.
        """


@runtime_checkable
class MakesPart(Protocol):
    """A remedy that acts in the step of training."""

    def part(self, options: Any) -> Callable[[Any, Any], Any]:  # noqa: ANN401 - its own; torch stays out of core
        """A function of (n,) targets and (n,) group codes, as tensors, to a part of the step (`torchkit.parts`)."""


@runtime_checkable
class Fits(Protocol):
    """A remedy that acts on `outputs` or `decision`."""

    def fit(
        self,
        tuned: Tuned,
        options: Any,  # noqa: ANN401 - its own
        *,
        rng: np.random.Generator,
    ) -> tuple[ScoreEdit | DecisionEdit, Sequence[str]]:
        """The edit that rows held for tuning ask for, and notes on how it was found."""

    def restore(self, saved: Mapping[str, Any]) -> ScoreEdit | DecisionEdit:
        """What `to_json` of its edit gave."""
