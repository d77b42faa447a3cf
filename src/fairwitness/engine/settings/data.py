"""What the data are: where they lie, what columns mean, who belongs to which group, how rows are split."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, model_validator

from fairwitness.core.columns import Change, Kind, Task
from fairwitness.core.errors import hint
from fairwitness.io.engines import Engine
from fairwitness.io.settings import SettingsTable as Table

Scalar = bool | int | float | str


class DataSettings(Table):
    """Where the data lie, and whether they are read whole."""

    path: str | None = None
    engine: Engine | None = None  # None: memory, but frames that are lazy stay so
    sample: int = Field(default=50_000, ge=1_000, le=5_000_000)  # rows for what cannot be counted
    counts: str | None = None  # a column that says for how many people a row stands
    note: str = ""  # how the data came about, said in the report

    @model_validator(mode="after")
    def counts_are_few(self) -> DataSettings:
        if self.counts is not None and self.engine in {"lazy", "spark"}:
            raise ValueError("a table of counts is small; take engine out")
        return self


class SubjectSettings(Table):
    target: str | None = None
    positive: Scalar | None = None
    favorable: Scalar | None = None
    groups: tuple[str, ...] = ()
    intersections: tuple[tuple[str, ...], ...] = ()  # judged; every other crossing is explored
    task: Task | None = None
    people: str = "people"
    features: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    legitimate: tuple[str, ...] = ()  # columns that may count for the outcome
    date: str | None = None  # a column that says when
    site: str | None = None  # a column that says where a row comes from
    weight: str | None = None  # a column that says for how many people a row stands
    cluster: str | None = None  # a column that says whom a row is of, where several are of one

    @model_validator(mode="after")
    def distinct_groups(self) -> SubjectSettings:
        if len(set(self.groups)) < len(self.groups):
            raise ValueError("groups names one attribute twice; name each once")
        for cross in self.intersections:
            if len(cross) < 2 or len(set(cross)) < len(cross):
                raise ValueError(f"intersections has {list(cross)}; each crosses two or more different attributes")
        return self


class GoldSettings(Table):
    """What is known better of some rows than what is recorded."""

    label: str | None = None  # a column with the outcome as it was found on checking, empty where nobody checked
    truth: Mapping[str, str] = Field(default_factory=dict)  # a column that stands for another, and that one


class AnnotatorsSettings(Table):
    """The outcome as several people gave it, one column each."""

    columns: tuple[str, ...] = ()
    groups: Mapping[str, str] = Field(default_factory=dict)  # column to the group its annotator is of

    @model_validator(mode="after")
    def several(self) -> AnnotatorsSettings:
        if self.columns and len(set(self.columns)) < 2:
            raise ValueError(f"columns has {list(self.columns)}; agreement takes two annotators or more")
        for column in self.groups:
            if column not in self.columns:
                raise ValueError(
                    f"groups has {column!r}, which is not one of the columns; {hint(column, self.columns)}"
                )
        return self


class GroupSettings(Table):
    """How a sensitive attribute is read from the data: one of the five ways."""

    column: str | None = None
    indicators: Mapping[str, str] | None = None
    values: Mapping[str, str] | None = None
    edges: tuple[float, ...] | None = None
    quantiles: int | None = Field(default=None, ge=2, le=20)
    error: float | None = Field(default=None, gt=0, lt=0.5)  # share of each group's people who may be of another

    @model_validator(mode="after")
    def one_way(self) -> GroupSettings:
        if self.indicators and (self.column or self.values or self.edges or self.quantiles):
            raise ValueError("indicators stand alone; give them or column, not both")
        if self.edges and self.quantiles:
            raise ValueError("give edges or quantiles, not both")
        return self


class ColumnSettings(Table):
    """What a person knows of a column that its values do not tell."""

    kind: Kind | None = None
    words: str = ""
    sentinels: tuple[float, ...] = ()
    low: float | None = None
    high: float | None = None
    step: float | None = Field(default=None, gt=0)
    change: Change = "free"
    one_of: str | None = None
    quasi_identifier: bool = False

    @model_validator(mode="after")
    def upright(self) -> ColumnSettings:
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low {self.low:g} is above high {self.high:g}")
        return self


class SplitSettings(Table):
    column: str | None = None
    unit: str | None = None
    train: float = Field(default=0.5, gt=0, lt=1)
    tune: float = Field(default=0.15, ge=0, lt=1)

    @model_validator(mode="after")
    def leaves_audit(self) -> SplitSettings:
        if self.train + self.tune >= 1:
            raise ValueError("train and tune leave no rows to audit; their sum must be below 1")
        return self
