"""Columns and groupings: declared once, read by every pillar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "integer", "category", "boolean", "date", "text", "image", "series"]
Role = Literal["feature", "target", "decision", "score", "group", "unit", "split", "weight", "ignore"]
Part = Literal["train", "tune", "audit"]
Change = Literal["free", "up", "down", "never"]
Task = Literal["binary", "multi-class", "regression", "anomaly", "generation"]

MISSING = "(missing)"
"""The group of people whose attribute is not recorded. It is a group of its own and is never dropped."""

CROSS = " × "
"""Joins the categories of an intersection: `Black × women`."""

NUMERIC: frozenset[Kind] = frozenset({"number", "integer", "boolean"})
MEDIA: frozenset[Kind] = frozenset({"image", "series"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One declaration of a column, read by every pillar.

    Attributes:
        name: As in the data.
        kind: What its values are; `NUMERIC` kinds travel as float64 with NaN for missing, `MEDIA` as arrays of their
            own, others as str or None.
        role: What it is used for.
        words: The user's words for it, for reasons and reports; empty means its name.
        sentinels: Codes that mean "no value" (999, 666); declared ones are read as missing.
        low: The least a value can be, in its own unit; public, so not read off the data. None: not declared.
        high: The most, likewise.
        step: Values lie this far apart (1 for counts); None: any value.
        change: Whether a person could change it, and which way; for attacks, and for advice on what would change a
            decision.
        one_of: Name of a set of columns of which exactly one is 1, where the data hold a category so.
        quasi_identifier: Known to others about a person, so several together may tell who it is.
    """

    name: str
    kind: Kind
    role: Role = "feature"
    words: str = ""
    sentinels: tuple[float, ...] = ()
    low: float | None = None
    high: float | None = None
    step: float | None = None
    change: Change = "free"
    one_of: str | None = None
    quasi_identifier: bool = False

    @property
    def numeric(self) -> bool:
        return self.kind in NUMERIC

    @property
    def media(self) -> bool:
        return self.kind in MEDIA


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """One way to divide people: an attribute, or several crossed.

    Attributes:
        columns: Names of group columns; more than one is an intersection.
        named: The policy names it, so it is judged; otherwise it is explored and cannot fail.
    """

    columns: tuple[str, ...]
    named: bool = True

    @property
    def name(self) -> str:
        return CROSS.join(self.columns)
