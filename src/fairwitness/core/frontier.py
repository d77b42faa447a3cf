"""What can be had for what: frontier.json as types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fairwitness.core.comparison import Applied, Cost
from fairwitness.core.estimate import Unit
from fairwitness.core.figures import Curves

FRONTIER_VERSION: Literal["1"] = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One number of a point: the mean over its seeds, and how far it is from that of the model as it is.

    Attributes:
        value: None where undefined.
        change: Against the model as it is, trained with the same seed, on the same rows.
        low: Lower end of the change's interval, over rows and seeds; None where unknown.
        high: Upper end; None likewise.
    """

    metric: str
    about: str | None
    unit: Unit
    value: float | None
    change: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One set of remedies at one strength; none of them: the model as it is.

    Attributes:
        levels: Accuracy first, then each criterion.
        trained: Models that it takes beside the one there is.
        reads_group: Whether it reads the group when it decides.
        on_front: Whether no other point is as good in everything and better in something.
        choice: What `fairwitness fix --remedy` takes to choose it.
        cost: What its trainings took, over all seeds, in this run or an earlier one; None where it needs none of its own.
    """

    remedies: tuple[Applied, ...]
    levels: tuple[Level, ...]
    trained: int
    reads_group: bool
    on_front: bool
    seconds: float
    choice: tuple[str, ...]
    cost: Cost | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """Points, and those of them that nothing beats: what frontier.json holds. It chooses none.

    Attributes:
        rows: Tune rows held for choosing, on which all of it is measured; audit rows stay closed.
        seeds: Trainings of each.
    """

    schema_version: Literal["1"]
    headline: str
    name: str
    rows: int
    seeds: int
    level: float
    points: tuple[Point, ...]
    figures: tuple[Curves, ...]
    notes: tuple[str, ...]
    spent: Mapping[str, int | float]
    provenance: Mapping[str, Any]
