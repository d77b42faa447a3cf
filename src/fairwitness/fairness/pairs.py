"""Rows that two subjects decided about, counted into cells, and rates of both when the rows are drawn again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Answers = NDArray[np.int8]
"""(n,) 1 yes, 0 no, −1 not known."""

ADDED = 2.0
"""People added to each group and label, spread over the ways in which the two can decide, before rows are drawn again: half a
person a cell where there are two classes. Without them a group of ten about none of whom the two differ would leave no
doubt. Agresti and Min 2005, Statistics in Medicine 24(5):729-740."""

ASKED = ("decision", "favored", "correct")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decided:
    """What one of two subjects decided about n rows.

    Attributes:
        decision: Was it the positive class.
        favored: Was it good for the person.
        correct: Was it the recorded class.
        scores: (n,) probability of the positive class, NaN where there is none; None where there are none at all.
    """

    decision: Answers
    favored: Answers
    correct: Answers
    scores: Floats | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pair:
    """n rows that two subjects decided about.

    Attributes:
        groups: Grouping name to (n,) labels.
        label: Was the recorded class the positive one.
    """

    groups: Mapping[str, NDArray[np.object_]]
    label: Answers
    before: Decided
    after: Decided

    def __len__(self) -> int:
        return len(self.label)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rate:
    """A rate of each group in both subjects, with deviations of replicates.

    Attributes:
        before: (g,) NaN where nobody was asked; `after` likewise.
        before_moves: (draws, g) replicate less what it was drawn from; `after_moves` are of the same redrawn rows.
        n: (g,) rows asked, in the subject that has fewer of them.
    """

    before: Floats
    after: Floats
    before_moves: Floats
    after_moves: Floats
    n: NDArray[np.int64]

    @property
    def known(self) -> NDArray[np.bool_]:
        """(g,) defined in both subjects."""
        return ~(np.isnan(self.before) | np.isnan(self.after))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Rows of one grouping counted by group, label, and what both subjects decided.

    Attributes:
        names: Groups.
        group: (c,) place of each cell's group among the names.
        label: (c,) was the recorded class the positive one.
        before: Question to (c,) answers of the first subject; `after` of the second.
        counts: (c,) rows.
        smoothed: (c,) rows, and what is added to them before they are drawn again.
    """

    names: tuple[str, ...]
    group: NDArray[np.int64]
    label: Answers
    before: Mapping[str, Answers]
    after: Mapping[str, Answers]
    counts: NDArray[np.int64]
    smoothed: Floats

    @classmethod
    def of(cls, pair: Pair, labels: NDArray[np.object_]) -> Cells:
        """Count rows by (n,) labels of a grouping."""
        names, codes = np.unique(labels.astype(np.str_), return_inverse=True)
        first, second = (
            np.stack([getattr(side, name) for name in ASKED], axis=1) for side in (pair.before, pair.after)
        )
        recorded = pair.label.astype(np.int64)
        ways = {label: _ways(np.concatenate([first, second])[np.tile(recorded == label, 2)]) for label in set(recorded)}
        rows = np.column_stack([codes, recorded, first, second]).astype(np.int64)
        extra, weights = [], []
        for group, label in np.unique(rows[:, :2], axis=0).tolist():
            many = len(ways[label])
            extra += [(group, label, *a, *b) for a in ways[label] for b in ways[label]]
            weights += [ADDED / many**2] * many**2
        cells, place = np.unique(np.concatenate([rows, np.array(extra)]), axis=0, return_inverse=True)
        counts = np.bincount(place.ravel()[: len(rows)], minlength=len(cells))
        added = np.bincount(place.ravel()[len(rows) :], weights=weights, minlength=len(cells))
        answers = cells[:, 2:].astype(np.int8)
        return cls(
            names=tuple(names.tolist()),
            group=cells[:, 0],
            label=cells[:, 1].astype(np.int8),
            before={name: answers[:, i] for i, name in enumerate(ASKED)},
            after={name: answers[:, 3 + i] for i, name in enumerate(ASKED)},
            counts=counts,
            smoothed=(counts + added).astype(np.float64),
        )

    def redrawn(self, *, draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """(draws, c) counts of as many rows, drawn again from the smoothed cells."""
        share = self.smoothed / self.smoothed.sum()
        return rng.multinomial(int(self.counts.sum()), share, size=draws)

    def rate(self, name: str, drawn: NDArray[np.int64]) -> Rate:
        """One of `RATES` by group, in both subjects, and in each replicate."""
        found = []
        for answers in (self.before, self.after):
            hit, asked = RATES[name](self.label, answers)
            value, people = self._share(self.counts, hit, asked)
            centre, _ = self._share(self.smoothed, hit, asked)
            found.append((value, self._share(drawn, hit, asked)[0] - centre, people))
        (before, before_moves, n), (after, after_moves, m) = found
        return Rate(
            before=before,
            after=after,
            before_moves=before_moves,
            after_moves=after_moves,
            n=np.minimum(n, m).astype(int),
        )

    def _share(
        self, counts: NDArray[np.int64] | Floats, hit: NDArray[np.bool_], asked: NDArray[np.bool_]
    ) -> tuple[Floats, Floats]:
        """(..., g) hits over people asked, NaN where there are none; and the people asked."""
        member = np.eye(len(self.names))[self.group]
        people = (counts * asked) @ member
        hits = (counts * (hit & asked)) @ member
        return np.divide(hits, people, out=np.full_like(people, np.nan), where=people > 0), people


def _selected(_: Answers, said: Mapping[str, Answers]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    return said["favored"] == 1, said["favored"] >= 0


def _true_positive(label: Answers, said: Mapping[str, Answers]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    return said["decision"] == 1, (label == 1) & (said["decision"] >= 0)


def _false_positive(label: Answers, said: Mapping[str, Answers]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    return said["decision"] == 1, (label == 0) & (said["decision"] >= 0)


def _predictive(label: Answers, said: Mapping[str, Answers]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    return label == 1, (said["decision"] == 1) & (label >= 0)


def _accurate(_: Answers, said: Mapping[str, Answers]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    return said["correct"] == 1, said["correct"] >= 0


RATES = {
    "selection rate": _selected,
    "true-positive rate": _true_positive,
    "false-positive rate": _false_positive,
    "positive predictive value": _predictive,
    "accuracy": _accurate,
}
"""Rate to who counts as a hit and who is asked, of labels and answers."""


def _ways(answers: Answers) -> list[tuple[int, ...]]:
    """The ways somebody was decided about; of one way alone, also its opposite, which is possible though not seen."""
    seen = [tuple(row) for row in np.unique(answers, axis=0).astype(int).tolist()]
    if len(seen) == 1:
        seen.append(tuple(1 - answer if answer >= 0 else answer for answer in seen[0]))
    return list(dict.fromkeys(seen))
