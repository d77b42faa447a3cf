"""A number with its doubt, a limit, and the verdict that follows from the two."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Self

Claim = Literal["estimate", "count", "lower bound", "upper bound", "bracket", "assumed"]
Unit = Literal["share", "points", "ratio", "auc", "rows", "people", "number", "Wh", "g CO2e"]
"""How a value is shown. `share` and `points` (a difference of shares) are fractions here and x100 on the page."""


class Verdict(StrEnum):
    """What follows from a measurement. The first three judge; the others say why nothing was judged."""

    FAIL = "fail"
    UNCERTAIN = "uncertain"
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    EXPLORED = "explored"
    NOT_APPLICABLE = "not-applicable"
    NEEDS_PERSON = "needs-person"
    ERROR = "error"


class Severity(StrEnum):
    """What a fault costs people if it is real, not how sure we are of it."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What is acceptable: at most, at least, or both (equivalence: the value must lie inside)."""

    at_most: float | None = None
    at_least: float | None = None

    def __post_init__(self) -> None:
        for end in ("at_most", "at_least"):  # a whole number from a config is the same limit
            value = getattr(self, end)
            object.__setattr__(self, end, None if value is None else float(value))
            if value is not None and not math.isfinite(value):
                raise ValueError(f"{end} is {value}; a limit is a number")
        if self.at_most is None and self.at_least is None:
            raise ValueError("a limit needs at_most, at_least, or both")
        if self.at_most is not None and self.at_least is not None and self.at_least > self.at_most:
            raise ValueError(f"at_least {self.at_least} lies above at_most {self.at_most}: nothing could pass")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A measured number and how far to trust it.

    Attributes:
        value: The number; None where it is undefined (no positives, no rate), never 0 in its place.
        low: Lower end of the interval; None where unbounded or unknown.
        high: Upper end; None likewise.
        level: Confidence of [low, high], e.g. 0.95; None for a count.
        n: Independent units (people, rows) behind the number.
        method: How the interval was made, in a few words, for the reader.
        p: P value of "no difference", where the method gives one.
        claim: What kind of statement it is; a lower bound has no `high`, so it can fail a subject but never pass one.
    """

    value: float | None
    low: float | None
    high: float | None
    level: float | None
    n: int
    unit: Unit
    method: str
    p: float | None = None
    claim: Claim = "estimate"

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"interval [{self.low}, {self.high}] is upside down")

    @classmethod
    def count(cls, value: int, *, n: int, unit: Unit = "rows") -> Self:
        """A plain count of what is there: exact, so its interval is itself."""
        exact = float(value)
        return cls(value=exact, low=exact, high=exact, level=None, n=n, unit=unit, method="counted", claim="count")

    def against(self, limit: Limit) -> Verdict:
        """Judge by the whole interval, never by the point; an unknown end (None) never helps to pass."""
        if self.claim == "assumed":
            return Verdict.UNCERTAIN
        over = limit.at_most is not None and self.low is not None and self.low > limit.at_most
        under = limit.at_least is not None and self.high is not None and self.high < limit.at_least
        if over or under:
            return Verdict.FAIL
        within = limit.at_most is None or (self.high is not None and self.high <= limit.at_most)
        above = limit.at_least is None or (self.low is not None and self.low >= limit.at_least)
        return Verdict.PASS if within and above else Verdict.UNCERTAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What a number is about: the metric and, in order, the groups it compares."""

    metric: str
    groups: tuple[str, ...] = ()
    column: str = ""
