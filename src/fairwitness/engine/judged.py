"""What was decided about each judged row: kept below OUT/private, so that two audits can be compared row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import CORRECT, DECISION, FAVORED, LABEL, SCORE, YES
from fairwitness.core.errors import DataError
from fairwitness.core.remedy import joined
from fairwitness.engine.subject import Subject
from fairwitness.fairness.pairs import Answers, Decided, Pair
from fairwitness.io import atomic

PLACE = Path("private") / "judged.npz"
ANSWERS = {"label": LABEL, "decision": DECISION, "favored": FAVORED, "correct": CORRECT}
GROUP = "group "


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """Decisions about the rows they are judged on: private, as rows are.

    Attributes:
        ids: (n,) int64, the rows' places in the data.
        answers: Name to (n,) 1 yes, 0 no, −1 unknown.
        scores: (n,) probability of the positive class; NaN where there is none.
        groups: Named grouping to (n,) labels.
    """

    ids: NDArray[np.int64]
    answers: Mapping[str, Answers]
    scores: NDArray[np.float64]
    groups: Mapping[str, NDArray[np.object_]]

    @classmethod
    def of(cls, subject: Subject) -> Judged | None:
        """Of a subject; None where nothing is decided about anybody."""
        if subject.outline.decisions_from is None:
            return None
        rows, derived = subject.judged, subject.derived
        unknown = np.full(len(rows), None, dtype=object)
        scores = derived.get(SCORE, np.full(len(rows), np.nan))
        return cls(
            ids=np.flatnonzero(rows),
            answers={name: _answers(derived.get(column, unknown)[rows]) for name, column in ANSWERS.items()},
            scores=np.asarray(scores, dtype=np.float64)[rows],
            groups={
                grouping.name: joined([subject.groups[name][rows] for name in grouping.columns])
                for grouping in subject.outline.groupings
                if grouping.named
            },
        )

    def save(self, out: Path) -> None:
        """Write below an audit's folder, for the owner alone."""
        atomic.directory(out / PLACE.parent, mode=0o700)
        groups = {f"{GROUP}{name}": labels.astype(np.str_) for name, labels in self.groups.items()}
        atomic.write_npz(out / PLACE, ids=self.ids, scores=self.scores, **self.answers, **groups)

    @classmethod
    def load(cls, out: Path) -> Judged | None:
        """What `save` wrote; None where nothing lies there.

        Raises:
            DataError: What lies there is damaged.
        """
        if not (out / PLACE).is_file():
            return None
        try:
            with (out / PLACE).open("rb") as file, np.load(file, allow_pickle=False) as held:
                stored = dict(held)
            groups = {
                name.removeprefix(GROUP): stored[name].astype(object) for name in stored if name.startswith(GROUP)
            }
            return cls(
                ids=stored["ids"],
                answers={name: stored[name] for name in ANSWERS},
                scores=stored["scores"],
                groups=groups,
            )
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            raise DataError(f"{out / PLACE}: is damaged; audit again into that folder") from None


def pair(before: Judged, after: Judged) -> Pair:
    """The rows judged in both, by their place in the data; groupings that both have."""
    _, first, second = np.intersect1d(before.ids, after.ids, assume_unique=True, return_indices=True)
    return Pair(
        groups={name: labels[first] for name, labels in before.groups.items() if name in after.groups},
        label=before.answers["label"][first],
        before=_decided(before, first),
        after=_decided(after, second),
    )


def _decided(judged: Judged, rows: NDArray[np.intp]) -> Decided:
    scores = judged.scores[rows]
    return Decided(
        decision=judged.answers["decision"][rows],
        favored=judged.answers["favored"][rows],
        correct=judged.answers["correct"][rows],
        scores=scores if np.isfinite(scores).any() else None,
    )


def _answers(column: NDArray[np.object_]) -> Answers:
    known = np.array([value is not None for value in column], dtype=bool)
    found: Answers = np.where(known, np.where(column == YES, 1, 0), -1).astype(np.int8)
    return found
