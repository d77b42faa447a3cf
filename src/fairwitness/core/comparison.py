"""What changed between two audits: comparison.json as types. Counts, rates and digests, never rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fairwitness.core.estimate import Limit, Unit

COMPARISON_VERSION: Literal["1"] = "1"
Better = Literal["lower", "higher", "neither"]
Moved = Literal["better", "worse", "unclear", "same"]
"""Which way a criterion moved beyond doubt: its interval leaves out zero; `unclear` where it does not; `same` where nothing that
it rests on has changed, such as scores where only decisions were mended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One number of both, and the difference with its interval.

    Attributes:
        metric: What it is, in words: "selection-rate gap".
        check: Id of the check that judges it, or whose number by row it is; empty where there is none.
        about: The grouping; None for everybody.
        group: The group, for a rate of one.
        unit: Of `before` and `after`; a difference of shares is in points.
        before: In the first; None where undefined.
        after: In the second, likewise.
        change: After less before.
        low: Lower end of the interval of the change; None where unknown.
        high: Upper end; None likewise.
        level: Confidence of the interval; of all those that are judged together.
        n: Rows behind both.
        method: How the interval was made.
        better: Which way is better.
        moved: Which way it went beyond doubt.
        judged: Whether it counts among what got better or worse; others are explored.
        limit: What the audit allows.
    """

    metric: str
    check: str
    about: str | None
    group: str | None
    unit: Unit
    before: float | None
    after: float | None
    change: float | None
    low: float | None
    high: float | None
    level: float
    n: int
    method: str
    better: Better
    moved: Moved
    judged: bool
    limit: Limit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What training took of the machine, in this run or in the one that trained the model.

    Attributes:
        cpu_seconds: Of processors, over all threads.
        low: Watt-hours, at the least.
        high: At the most; None where that is not known.
        method: How the energy is known: measured, modelled.
    """

    cpu_seconds: float
    low: float
    high: float | None
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two subjects.

    Attributes:
        model: In words.
        gate: Whether the gate lets it through.
        summary: Verdict to count of findings.
        findings: Digest of its findings.
        training: What training its model took; None where nobody read that.
    """

    name: str
    fingerprint: str
    model: str
    gate: bool
    summary: Mapping[str, int]
    findings: str
    training: Cost | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A remedy as it was used."""

    remedy: str
    by: str | None
    options: Mapping[str, bool | int | float | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One set of remedies that was tried, or not, and why.

    Attributes:
        trained: Models that were trained for it in this run or an earlier one: 0 where it goes without.
        seconds: What it took in this run; little where it was found finished.
        penalty: Sum of what its gaps exceed their limits by, plus the accuracy lost, on the rows held for choosing; the
            lowest is chosen. None where it was not tried.
        accuracy: On those rows.
        chosen: Whether it is the one that was audited.
        reason: Why it was not tried.
        cost: What training its model took, in this run or an earlier one; None where none was trained for it.
    """

    remedies: tuple[Applied, ...]
    trained: int
    seconds: float
    penalty: float | None
    accuracy: float | None
    chosen: bool
    reason: str = ""
    cost: Cost | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A finding whose verdict is another one now."""

    finding: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two audits beside each other: what comparison.json holds.

    Attributes:
        headline: What got better and what got worse, in a sentence.
        trades: What was given for it: each judged criterion that grew worse, in a sentence; the page begins with them.
        paired: Whether the same rows were judged in both, row by row.
        rows: Rows judged in both.
        remedies: What made the second from the first; empty where that is not known.
        tried: All that was tried on the way.
        choosing_rows: Rows that the choice was made on.
        spent: Models trained, seconds.
    """

    schema_version: Literal["1"]
    headline: str
    trades: tuple[str, ...]
    paired: bool
    rows: int
    level: float
    before: Side
    after: Side
    remedies: tuple[Applied, ...]
    criteria: tuple[Criterion, ...]
    shifts: tuple[Shift, ...]
    tried: tuple[Tried, ...]
    choosing_rows: int
    notes: tuple[str, ...]
    spent: Mapping[str, int | float]
    provenance: Mapping[str, Any]
