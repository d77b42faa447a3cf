"""What an audit counted, kept below OUT/tallies for monitors and merges: counts by group and by column, no rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import CORRECT, DECISION, FAVORED, LABEL, group_column
from fairwitness.core.columns import Column
from fairwitness.core.errors import DataError
from fairwitness.core.subject import Rows
from fairwitness.engine.subject import Subject
from fairwitness.io import atomic
from fairwitness.monitor.profile import COLUMN, Profile
from fairwitness.stats.tally import Tally, code_categories

FOLDER = Path("tallies")
OUTCOMES, COLUMNS = "outcomes.npz", "columns.npz"
ANSWERS = (FAVORED, DECISION, LABEL, CORRECT)

_COUNTED = frozenset({"number", "integer", "boolean", "category"})
"""Kinds that are counted; texts and dates are mostly their own."""

Groups = Mapping[str, NDArray[np.object_]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What was counted.

    Attributes:
        outcomes: Judged rows by attribute and by what was decided, recorded and right, as far as the subject has it;
            None where nothing is decided.
        columns: All rows of the data, column by column; None where no column can be counted.
    """

    outcomes: Tally | None
    columns: Profile | None


def watched(subject: Subject) -> tuple[Column, ...]:
    """The columns whose values are watched: those the model reads or might read, of kinds that can be counted."""
    features = set(subject.outline.features)
    return tuple(column for column in subject.columns if column.name in features and column.kind in _COUNTED)


def counted(columns: tuple[Column, ...], rows: Rows, groups: Groups) -> dict[str, NDArray[Any]]:
    """Values of watched columns by name, and labels of attributes."""
    values = {column.name: rows.columns[column.name] for column in columns if column.name in rows.columns}
    return values | {group_column(name): labels for name, labels in groups.items()}


def count(subject: Subject) -> Audited:
    """What is kept of a subject."""
    seen = subject.sample or subject
    here = seen.table.counted is None  # rows, and not only counts of them
    columns = counted(watched(seen), seen.rows(), seen.groups) if here else {}
    outcomes = None if subject.outline.decisions_from is None else outcomes_of(subject)
    return Audited(outcomes=outcomes, columns=Profile.of(columns) if columns and subject.outline.rows else None)


def outcomes_of(subject: Subject) -> Tally:
    """Judged rows of a subject whose decisions are known."""
    held = subject.table.counted
    return outcome_tally(subject.groups, subject.derived, subject.judged, None if held is None else held.rows)


def outcome_tally(
    groups: Groups,
    derived: Mapping[str, NDArray[Any]],
    which: NDArray[np.bool_],
    people: NDArray[np.int64] | None = None,
) -> Tally:
    """Rows by attributes and answers; `people`, where each stands for many."""
    axes = {group_column(name): labels for name, labels in groups.items()}
    axes |= {name: derived[name] for name in ANSWERS if name in derived}
    coded = {name: code_categories(values[which]) for name, values in axes.items()}
    names = {name: categories for name, (categories, _) in coded.items()}
    return Tally.of_codes(
        names, [codes for _, codes in coded.values()], counts=None if people is None else people[which]
    )


def save(subject: Subject, out: Path) -> None:
    """Write what is counted below an audit's folder.

    Raises:
        UserError: It cannot be written.
    """
    found = count(subject)
    folder = atomic.directory(out / FOLDER, mode=0o700)
    columns = None if found.columns is None else found.columns.tally()
    for name, tally in ((OUTCOMES, found.outcomes), (COLUMNS, columns)):
        if tally is None:
            (folder / name).unlink(missing_ok=True)
        else:
            tally.save(folder / name)


def load(out: Path, subject: Subject) -> Audited:
    """What `save` wrote.

    Raises:
        DataError: There is nothing, or it is damaged.
    """
    folder = out / FOLDER
    if not folder.is_dir():
        raise DataError(f"{folder}: no tallies of an audit lie there; run `fairwitness audit` with --out {out} first")
    outcomes, columns = (
        Tally.load(folder / name) if (folder / name).exists() else None for name in (OUTCOMES, COLUMNS)
    )
    if columns is not None and COLUMN not in columns.axes:
        raise DataError(f"{folder / COLUMNS}: holds other counts; audit again")
    numeric = frozenset(column.name for column in subject.columns if column.numeric)
    return Audited(outcomes=outcomes, columns=None if columns is None else Profile.read(columns, numeric))
