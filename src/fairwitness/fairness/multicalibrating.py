"""Scores mended in small steps until they are right, in the mean, for every group and crossing at every height."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import CROSS
from fairwitness.core.remedy import Labels

BUCKETS = 10
"""Intervals of the score within which means are held."""
LEAST = 20
"""Rows a group must have in a bucket for its mean to be mended."""
MOST_PASSES = 30
SURE = 2.0
"""A mean must be off by so many of its standard errors: chance is not mended."""

Floats = NDArray[np.float64]
Set = tuple[int, str]
"""People: (−1, "") all; (place, category) those of a category of the attribute at that place; (−2, label) of one label."""
ALL: Set = (-1, "")
WHOLE = -2


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Scores of some people, between two heights, moved by so much."""

    people: Set
    low: float
    high: float
    by: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Multicalibrated:
    """Scores after all steps, in order. A group that was not seen takes the steps of everybody and of its known parts."""

    steps: tuple[Step, ...]

    def rescore(self, scores: Floats, groups: Labels | None) -> Floats:
        found = scores.copy()
        members = _Members(np.full(len(scores), "", dtype=object) if groups is None else groups)
        for step in self.steps:
            _take(step, found[:, 0], members)
        return found

    def to_json(self) -> dict[str, Any]:
        return {"steps": [[*step.people, step.low, step.high, step.by] for step in self.steps]}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        return cls(
            steps=tuple(
                Step(people=(int(place), str(name)), low=float(low), high=float(high), by=float(by))
                for place, name, low, high, by in saved["steps"]
            )
        )


def multicalibrated(
    scores: Floats, recorded: NDArray[np.bool_], groups: Labels, *, tolerance: float
) -> tuple[Multicalibrated, bool]:
    """The steps after which no group's or crossing's mean score in any bucket is further off than the tolerance.

    Args:
        scores: (n,) in [0, 1].
        recorded: (n,) True for the positive class.
        groups: (n,) labels; where they are of several attributes crossed, each attribute's categories are groups too.
        tolerance: How far off a mean may be. One that is off by less than `SURE` standard errors is let be too.

    Returns:
        The steps, and whether that state was reached within `MOST_PASSES`.

    Source:
        Hébert-Johnson, Kim, Reingold and Rothblum 2018, ICML, https://arxiv.org/abs/1711.08513, algorithm 1, on buckets of
        the score.
    """
    mended, steps, members = scores.astype(np.float64), list[Step](), _Members(groups)
    edges = np.linspace(0, 1, BUCKETS + 1)
    for _ in range(MOST_PASSES):
        before = len(steps)
        for people in members.sets():
            for low, high in pairwise(edges):
                inside = members.of(people) & _between(mended, low, high)
                step = _step(people, (float(low), float(high)), mended[inside], recorded[inside], tolerance)
                if step is not None:
                    steps.append(step)
                    _take(step, mended, members)
        if len(steps) == before:
            return Multicalibrated(steps=tuple(steps)), True
    return Multicalibrated(steps=tuple(steps)), False


def furthest_off(scores: Floats, recorded: NDArray[np.bool_], groups: Labels) -> float:
    """The furthest any group's or crossing's mean score is off in a bucket of at least `LEAST` of its rows; 0 for none."""
    members, edges = _Members(groups), np.linspace(0, 1, BUCKETS + 1)
    found = [0.0]
    for people in members.sets():
        for low, high in pairwise(edges):
            inside = members.of(people) & _between(scores, low, high)
            if inside.sum() >= LEAST:
                found.append(abs(float(recorded[inside].mean() - scores[inside].mean())))
    return max(found)


class _Members:
    """Who belongs to which set, for (n,) labels."""

    def __init__(self, groups: Labels) -> None:
        self._names, self._codes = np.unique(groups.astype(np.str_), return_inverse=True)
        self._parts = [str(name).split(CROSS) for name in self._names]

    def sets(self) -> Sequence[Set]:
        """All people, each attribute's categories where labels are crossed, each label."""
        widths = {len(parts) for parts in self._parts}
        crossed = range(max(widths, default=1)) if len(widths) == 1 and widths != {1} else range(0)
        margins = [(place, part) for place in crossed for part in sorted({parts[place] for parts in self._parts})]
        return [ALL, *margins, *((WHOLE, str(name)) for name in self._names)]

    def of(self, people: Set) -> NDArray[np.bool_]:
        """(n,) who belongs to a set."""
        place, part = people
        if people == ALL:
            inside = np.ones(len(self._names), dtype=bool)
        elif place == WHOLE:
            inside = self._names == part
        else:
            inside = np.array([len(parts) > place and parts[place] == part for parts in self._parts], dtype=bool)
        found: NDArray[np.bool_] = inside[self._codes]
        return found


def _step(
    people: Set, ends: tuple[float, float], scores: Floats, recorded: NDArray[np.bool_], tolerance: float
) -> Step | None:
    """The step that mends the mean of these rows; None where it is near enough."""
    if len(scores) < LEAST:
        return None
    rate = (recorded.sum() + 1) / (len(recorded) + 2)  # never 0 or 1, so the error is not 0 either
    off = float(recorded.mean() - scores.mean())
    if abs(off) <= max(tolerance, SURE * float(np.sqrt(rate * (1 - rate) / len(scores)))):
        return None
    return Step(people=people, low=ends[0], high=ends[1], by=off)


def _take(step: Step, scores: Floats, members: _Members) -> None:
    """Move scores in place."""
    inside = members.of(step.people) & _between(scores, step.low, step.high)
    scores[inside] = np.clip(scores[inside] + step.by, 0, 1)


def _between(scores: Floats, low: float, high: float) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (scores >= low) & ((scores < high) | (high == 1.0))
    return inside
