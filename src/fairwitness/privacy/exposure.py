"""Rows a model was trained on and rows it was not, how sure it is of them, and how well groups of them are told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.estimate import Estimate, Unit
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline, Scored
from fairwitness.draw.words import FEW, label
from fairwitness.privacy.lira import Floats, Mask, confidence
from fairwitness.privacy.membership import area_bound, rate_bound

ENOUGH_OTHERS = 1_000
"""Rows not trained on from which on a group has a rate at few false alarms of its own: ten of them are false alarms."""

MOST_GROUPS = 20


@dataclass(frozen=True, slots=True)
class Exposed:
    """Rows whose membership is known, each unit by one of its rows.

    Attributes:
        place: (k,) their places among the rows scored.
        member: (k,) trained on (train part), or not (audit part).
        sure: (k,) log odds the model gives their recorded class.
    """

    place: NDArray[np.intp]
    member: Mask
    sure: Floats

    def split(self, scores: Floats) -> tuple[Floats, Floats]:
        """(k,) scores as those of members and those of others."""
        return scores[self.member], scores[~self.member]

    @property
    def both(self) -> bool:
        """Whether there are enough rows of both to tell anything."""
        return min(int(self.member.sum()), int((~self.member).sum())) >= FEW


def exposed(scored: Scored, outline: Outline, representative: Mask) -> Exposed:
    """The rows of the train and the audit part; tune rows count as neither.

    Args:
        scored: What the deployed model says; rows must be divided into parts.
        outline: For the classes.
        representative: (n,) the rows that stand for their units; all where rows are units.
    """
    if scored.parts is None:
        raise TypeError("rows are not divided")  # never: the plan has seen that they are
    known = representative & (scored.recorded >= 0) & np.isin(scored.parts, ("train", "audit"))
    place = np.flatnonzero(known)
    sure = confidence(scored.scores[place], scored.recorded[place], positive=positive(outline))
    return Exposed(place=place, member=np.asarray(scored.parts[place] == "train"), sure=sure)


def positive(outline: Outline) -> int:
    """The place of the positive class among the classes."""
    return outline.classes.index(outline.positive) if outline.positive in outline.classes else len(outline.classes) - 1


def representatives(units: NDArray[np.object_] | None, n: int, rng: np.random.Generator) -> Mask:
    """(n,) one row of each unit, drawn at random: rows of one person are no evidence of each other."""
    chosen = np.ones(n, dtype=bool)
    if units is None:
        return chosen
    order = rng.permutation(n)
    _, first = np.unique(np.array([str(unit) for unit in units])[order], return_index=True)
    chosen[:] = False
    chosen[order[first]] = True
    return chosen


def attributes(outline: Outline) -> tuple[str, ...]:
    """The single attributes that the config names."""
    return tuple(grouping.columns[0] for grouping in outline.groupings if grouping.named and len(grouping.columns) == 1)


def unit_column(outline: Outline) -> str | None:
    """The column whose equal values are one unit, such as a person; of several, the one that names clusters."""
    return outline.cluster or next((column.name for column in outline.columns if column.role == "unit"), None)


def notes(unit: str | None) -> tuple[str, ...]:
    """What both attacks must say of their rows."""
    said = [
        "Training rows held back for early stopping count as training rows: they chose the model; tune rows as neither."
    ]
    if unit is not None:
        said.append(f"Of rows that share {unit!r} one stands for all, so the evidence is of independent rows.")
    return tuple(said)


def ends(found: Estimate | None) -> tuple[float | None, float | None]:
    """Value and lower end, or nothing of what was not measured."""
    return (None, None) if found is None else (found.value, found.low)


def groups_of(labels: NDArray[np.object_]) -> list[str]:
    """The categories that are recorded, by name; of very many the `MOST_GROUPS` largest."""
    names, counts = np.unique([str(each) for each in labels if each is not None], return_counts=True)
    return sorted(str(name) for name in names[np.argsort(-counts, kind="stable")[:MOST_GROUPS]])


def by_group(
    found: Exposed, scores: Floats, labels: NDArray[np.object_], name: str, *, level: float
) -> dict[str, list[float | int | str | None]]:
    """How well each group's training rows are told from its own other rows, as columns of a table.

    Args:
        found: The rows.
        scores: (k,) an attack's; higher speaks for membership.
        labels: (n,) of all rows scored.
        name: The attribute's.
        level: Of each bound.

    Returns:
        Groups with fewer than `FEW` rows of either side have counts only; a rate at 1 % false alarms is given from
        `ENOUGH_OTHERS` on, with a threshold of the group's own.
    """
    table: dict[str, list[float | int | str | None]] = {
        key: [] for key in (name, "training rows", "other rows", "AUC", "AUC at least", "TPR", "TPR at least")
    }
    for group in groups_of(labels):
        own = labels[found.place] == group
        seen, unseen = scores[own & found.member], scores[own & ~found.member]
        shown = min(len(seen), len(unseen)) >= FEW
        area = area_bound(seen, unseen, level=level) if shown else None
        rate = rate_bound(seen, unseen, level=level) if shown and len(unseen) >= ENOUGH_OTHERS else None
        row = (label(group, [name]), len(seen), len(unseen), *ends(area), *ends(rate))
        for column, value in zip(table.values(), row, strict=True):
            column.append(value)
    return table


def group_table(table: Mapping[str, Sequence[float | int | str | None]], title: str) -> Series:
    """The table, without columns that say nothing of any group."""
    kept = {name: tuple(values) for name, values in table.items() if any(value is not None for value in values)}
    units = {column: _unit(column) for column in list(kept)[1:]}
    return Series(title=title, columns=kept, units=units)


def _unit(column: str) -> Unit:
    return "auc" if column.startswith("AUC") else "share" if column.startswith("TPR") else "rows"
