"""What a check is: it declares what it needs, asks for it, and measures. It prints nothing and does not judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import Ask
from fairwitness.core.columns import Grouping, Task
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.figures import Figure
from fairwitness.core.findings import Series
from fairwitness.core.questions import Question
from fairwitness.core.subject import Need, Outline

Per = Literal["subject", "grouping", "question"]
About = Grouping | Question | None
Arrays = Mapping[str, NDArray[Any]]
Standing = Literal["weight", "cluster"]
"""Why a row may not be one person: it stands for so many, or is one of several of a person."""
OptionsT_contra = TypeVar("OptionsT_contra", contravariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInfo:
    """A check's identity and its words. The docs page of the check is made from this alone.

    Attributes:
        id: `pillar.noun-with-hyphens`; the file carries the same name.
        title: True when it passes: "Groups are selected at similar rates".
        failure_title: True when it fails.
        measures: What number, over whom.
        does_not_show: What the number may not be read as.
        advice: What to do when it fails, in one or two sentences.
        needs: What the subject must offer; the first that is missing is named in `not-applicable`.
        per: One finding for the subject, for each grouping, or for each question to a person.
        limit: The default; the audit's config may set another. None: explored, not judged.
        severity: What it costs people if real.
        sources: Where method and limit come from.
        metered: Whether its numbers are read off clocks and meters, so that no two runs have the same.
        every_row: Whether rows drawn at random would say something else: of two copies, hardly ever both are drawn.
        takes: What of rows' standing its numbers take account of, or do not depend on; with other weights or clusters
            declared it is not evaluated, and says so.
    """

    id: str
    title: str
    failure_title: str
    measures: str
    does_not_show: str
    advice: str
    sources: tuple[str, ...]
    needs: frozenset[Need] = frozenset()
    tasks: frozenset[Task] | None = None  # None: any, or no task at all
    per: Per = "subject"
    limit: Limit | None = None
    severity: Severity = Severity.MEDIUM
    metered: bool = False
    every_row: bool = False
    takes: frozenset[Standing] = frozenset()

    @property
    def pillar(self) -> str:
        return self.id.partition(".")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoOptions:
    """For checks that have nothing to set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowValues:
    """One number a row, such as whether an attack broke its decision. The engine makes figures by group of it.

    They are private: they stay below OUT/private, and only rates and means of groups reach findings.

    Attributes:
        name: What the number says of a row, in words: "decision broken by a small change".
        ids: (n,) int64, the rows' places in the data.
        values: (n,) 0 or 1, or any numbers; NaN where the row has none.
        worse: Which end is worse for the person.
    """

    name: str
    ids: NDArray[np.int64]
    values: NDArray[np.float64]
    worse: Literal["high", "low"] = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was found: numbers and words, no verdict.

    Attributes:
        headline: The measured fact in one sentence: "The model approves 64.6 % of Black applicants and 90.6 % ...".
        lead: A few sentences more: for whom, how sure.
        judged: The numbers that are held against the limit.
        explored: Tables that are shown and never judged.
        notes: Whatever changes what a number means: a sample, a fallback, a group left out and why.
        to_settle: Whom to collect, and how many, should the verdict be uncertain.
        row_values: Numbers by row, by a short key (`broken`).
    """

    headline: str
    lead: str = ""
    judged: Mapping[Key, Estimate] = field(default_factory=dict)
    explored: tuple[Series, ...] = ()
    figures: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()
    to_settle: str = ""
    row_values: Mapping[str, RowValues] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """The check has nothing to measure here, and says why."""

    reason: str
    missing: Need | None = None


@dataclass(frozen=True, slots=True)
class NeedsPerson:
    """Only a person can answer; `reason` is the question and whom to ask."""

    reason: str


@dataclass(frozen=True, slots=True)
class Errored:
    """The check itself broke. The gate does not pass on it."""

    reason: str


class Meter(Protocol):
    """Where long work tells how far it is, and keeps finished pieces so that the same command goes on from them."""

    def spend(self, units: int, *, of: int, what: str) -> None:
        """So many more units of work are done (`what` names them: queries, passes, models), of so many planned."""

    def piece(self, name: str, make: Callable[[], Arrays]) -> Arrays:
        """What `make` gives: made now, or found where an earlier run of the same step kept it."""


class Unmetered:
    """Keeps nothing and tells nobody."""

    def spend(self, units: int, *, of: int, what: str) -> None:
        """Tell nobody."""

    def piece(self, name: str, make: Callable[[], Arrays]) -> Arrays:  # noqa: ARG002 - kept nowhere
        """Make it."""
        return make()


Outcome = Measured | NotApplicable | NeedsPerson | Errored


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What one step of a check receives: exactly what it asked for, nothing else.

    Attributes:
        about: The grouping or question of this step; None for the whole subject.
        level: Confidence of intervals, e.g. 0.95, simultaneous over everything the step judges.
        limit: The limit in force, for advice and shading only; the engine judges.
        rng: This step's own generator: adding a check changes no other number.
        context: What a person has answered, by question key.
        made: What was asked for, by ask.
        meter: For long work: tells progress, and keeps finished pieces.
    """

    outline: Outline
    about: About
    level: float
    limit: Limit | None
    rng: np.random.Generator
    context: Mapping[str, str]
    made: Mapping[Ask, Any]
    meter: Meter = field(default_factory=Unmetered)

    def __getitem__(self, ask: Ask) -> Any:  # noqa: ANN401 - the type follows the ask; see engine.providers
        if ask not in self.made:
            raise KeyError(f"{ask} was not asked for")
        return self.made[ask]

    @property
    def grouping(self) -> Grouping:
        if not isinstance(self.about, Grouping):
            raise TypeError(f"this step is about {self.about!r}, not a grouping")
        return self.about


class Check(Protocol[OptionsT_contra]):
    """One audit question. `asks` declares, `run` measures; both are pure."""

    info: ClassVar[CheckInfo]
    Options: ClassVar[type]  # a frozen dataclass; the engine fills it from the config

    def asks(self, outline: Outline, about: About, options: OptionsT_contra) -> Sequence[Ask] | NotApplicable: ...

    def run(self, given: Given, options: OptionsT_contra) -> Outcome: ...
