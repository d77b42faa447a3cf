"""Private numbers by row that two audits both have, such as whether an attack broke the decision: how far their mean moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.comparison import Better, Criterion
from fairwitness.core.estimate import Unit
from fairwitness.draw.words import FEW
from fairwitness.engine.trades import which_way
from fairwitness.stats.intervals import mean

FOLDER = Path("private") / "rows"
BETTER: dict[str, Better] = {"high": "lower", "low": "higher"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measure:
    """One number of each row that is in both audits.

    Attributes:
        name: What the number says of a row, and the check: `unique in their quasi-identifiers (privacy.uniqueness)`.
        before: (n,)
        after: (n,) of the same rows.
        better: Which end is better for the person; neither where an older audit has not said.
        check: Whose number it is.
        about: What the rows are grouped by, where it is of one cell.
        group: The cell.
    """

    name: str
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    better: Better = "neither"
    check: str = ""
    about: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Stored:
    ids: NDArray[np.int64]
    values: NDArray[np.float64]
    name: str
    worse: str


def shared(before: Path, after: Path, cells: Mapping[str, NDArray[np.object_]] | None = None) -> list[Measure]:
    """The numbers by row that lie below both audits' folders, of rows that have them in both.

    Args:
        before: An audit's folder.
        after: The other's.
        cells: What to group by, with the cell of each row of the data; cells of few rows are left out.
    """
    found = []
    for file in sorted((before / FOLDER).glob("*.npz")):
        first, second = _read(file), _read(after / FOLDER / file.name)
        if first is None or second is None:
            continue
        _, one, other = np.intersect1d(first.ids, second.ids, return_indices=True)
        held = np.isfinite(first.values[one]) & np.isfinite(second.values[other])
        if held.sum() > 1:
            check, key = file.stem.rsplit(".", 1)
            whole = Measure(
                name=f"{first.name or key} ({check})",
                before=first.values[one][held],
                after=second.values[other][held],
                better=BETTER.get(first.worse, "neither"),
                check=check,
            )
            found.append(whole)
            for about, labels in (cells or {}).items():
                found += _by_cell(whole, about, labels[first.ids[one][held]])
    return found


def _by_cell(whole: Measure, about: str, labels: NDArray[np.object_]) -> list[Measure]:
    return [
        replace(whole, about=about, group=cell, before=whole.before[rows], after=whole.after[rows])
        for cell in dict.fromkeys(sorted(labels.tolist()))
        if (rows := labels == cell).sum() >= FEW
    ]


def measured(measure: Measure, *, level: float) -> Criterion:
    """The change of a mean, with the interval of a mean of paired differences; explored, so it judges nothing."""
    change = measure.after - measure.before
    ends = mean(change.sum(), (change**2).sum(), len(change), level=level)
    low, high = (float(end) if np.isfinite(end) else None for end in ends)
    yes_no = bool(np.isin(np.concatenate([measure.before, measure.after]), (0.0, 1.0)).all())
    unit: Unit = "share" if yes_no else "number"
    return Criterion(
        metric=measure.name,
        check=measure.check,
        about=measure.about,
        group=measure.group,
        unit=unit,
        before=float(measure.before.mean()),
        after=float(measure.after.mean()),
        change=float(change.mean()),
        low=low,
        high=high,
        level=level,
        n=len(change),
        method="interval of a mean of paired differences over rows; training the models again is not in it",
        better=measure.better,
        moved=which_way(low, high, measure.better),
        judged=False,
    )


def _read(path: Path) -> _Stored | None:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            name, worse = (str(stored[key]) if key in stored else "" for key in ("name", "worse"))
            values = np.asarray(stored["values"], dtype=np.float64)
            return _Stored(ids=stored["ids"], values=values, name=name, worse=worse)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
