"""Private numbers by row that two audits both have, such as whether an attack broke the decision: how far their mean moved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.comparison import Criterion
from fairwitness.core.estimate import Unit
from fairwitness.stats.intervals import mean

FOLDER = Path("private") / "rows"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measure:
    """One number of each row that is in both audits.

    Attributes:
        name: The check and the key of the number: `privacy.membership-inference: moved`.
        before: (n,)
        after: (n,) of the same rows.
    """

    name: str
    before: NDArray[np.float64]
    after: NDArray[np.float64]


def shared(before: Path, after: Path) -> list[Measure]:
    """The numbers by row that lie below both audits' folders, of rows that have them in both."""
    found = []
    for file in sorted((before / FOLDER).glob("*.npz")):
        first, second = _read(file), _read(after / FOLDER / file.name)
        if first is None or second is None:
            continue
        _, one, other = np.intersect1d(first[0], second[0], return_indices=True)
        held = np.isfinite(first[1][one]) & np.isfinite(second[1][other])
        if held.sum() > 1:
            found.append(
                Measure(
                    name=": ".join(file.stem.rsplit(".", 1)), before=first[1][one][held], after=second[1][other][held]
                )
            )
    return found


def measured(measure: Measure, *, level: float) -> Criterion:
    """The change of a mean, with the interval of a mean of paired differences; explored, so it judges nothing."""
    change = measure.after - measure.before
    low, high = mean(change.sum(), (change**2).sum(), len(change), level=level)
    yes_no = bool(np.isin(np.concatenate([measure.before, measure.after]), (0.0, 1.0)).all())
    unit: Unit = "share" if yes_no else "number"
    return Criterion(
        metric=measure.name,
        check="",
        about=None,
        group=None,
        unit=unit,
        before=float(measure.before.mean()),
        after=float(measure.after.mean()),
        change=float(change.mean()),
        low=float(low) if np.isfinite(low) else None,
        high=float(high) if np.isfinite(high) else None,
        level=level,
        n=len(change),
        method="interval of a mean of paired differences",
        better="neither",
        moved="unclear",
        judged=False,
    )


def _read(path: Path) -> tuple[NDArray[np.int64], NDArray[np.float64]] | None:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return stored["ids"], np.asarray(stored["values"], dtype=np.float64)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
