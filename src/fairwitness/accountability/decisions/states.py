"""The way of an appeal: which step may follow which, folded from what the ledger holds. Nothing else knows the order."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal

from fairwitness.accountability.decisions.errors import AppealError


class State(StrEnum):
    """Where an appeal is."""

    FILED = "filed"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    REVIEWED = "reviewed"
    UPHELD = "upheld"
    OVERTURNED = "overturned"
    PARTLY = "partly"
    CORRECTED = "corrected"
    NOTIFIED = "notified"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


NEXT: Mapping[State, tuple[State, ...]] = MappingProxyType(
    {
        State.FILED: (State.ACKNOWLEDGED, State.WITHDRAWN),
        State.ACKNOWLEDGED: (State.ASSIGNED, State.WITHDRAWN),
        State.ASSIGNED: (State.ASSIGNED, State.REVIEWED, State.WITHDRAWN),  # handed to somebody else before a review
        State.REVIEWED: (State.UPHELD, State.OVERTURNED, State.PARTLY, State.WITHDRAWN),
        State.UPHELD: (State.NOTIFIED,),
        State.OVERTURNED: (State.CORRECTED,),
        State.PARTLY: (State.CORRECTED,),
        State.CORRECTED: (State.NOTIFIED,),
        State.NOTIFIED: (State.CLOSED,),
        State.WITHDRAWN: (State.CLOSED,),
        State.CLOSED: (),
    }
)
"""What may follow what. `upheld` corrects nothing; whatever else is decided must be corrected before anyone is told."""

OUTCOMES = frozenset({State.UPHELD, State.OVERTURNED, State.PARTLY})
BEFORE_REVIEW = frozenset({State.FILED, State.ACKNOWLEDGED, State.ASSIGNED})
"""In these the model's score, threshold and reasons are kept from everybody."""
TELLING = frozenset({State.UPHELD, State.CORRECTED})

Origin = Literal["person", "similar"]
"""Who asked: the person, or the overturn of a similar case."""
TOLD = "told"
"""A step that changes no state: one of those who must be told has been."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step, as the ledger holds it: no personal data beyond the names of those who act.

    Attributes:
        step: A `State`, or `told`.
        by: Who took it.
        time: ISO 8601, UTC.
        index: Its place in the ledger.
        reviewer: Whom `assigned` names.
        tell: How many must be told, fixed by the outcome.
        told: Which of them were, counted from 0.
    """

    step: str
    by: str
    time: str
    index: int = -1
    commitment: str = ""
    reviewer: str = ""
    tell: int = 0
    told: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An appeal, as far as it has come.

    Attributes:
        id: The appeal's own, random: `A-` and ten hex digits.
        decision: Id of the decision's entry in the ledger.
        due: Last day on which the outcome is in time, ISO.
        outcome: Once decided.
        tell: How many must be told; `told` which of them were.
    """

    id: str
    decision: str
    origin: Origin
    due: str
    state: State
    steps: tuple[Step, ...]
    reviewer: str = ""
    outcome: State | None = None
    tell: int = 0
    told: frozenset[int] = frozenset()

    @property
    def filed(self) -> str:
        """When, ISO 8601, UTC."""
        return self.steps[0].time

    @property
    def blind(self) -> bool:
        """No reviewer has decided on their own yet, so the score is shown to nobody."""
        return self.state in BEFORE_REVIEW

    @property
    def decided(self) -> str:
        """When the outcome was decided; empty before."""
        return next((step.time for step in self.steps if step.step in OUTCOMES), "")

    @property
    def withdrawn(self) -> str:
        """When the person took it back; empty if they did not."""
        return next((step.time for step in self.steps if step.step == State.WITHDRAWN), "")

    def overdue(self, today: date) -> bool:
        """The outcome came, or is still to come, after the last day; of one taken back, it was still to come then."""
        ended = self.decided or self.withdrawn
        day = date.fromisoformat(ended[:10]) if ended else today
        return day > date.fromisoformat(self.due)


def advance(case: Case, step: Step) -> Case:
    """The appeal after one more step.

    Raises:
        AppealError: The step does not follow from where the appeal is.
    """
    steps = (*case.steps, step)
    if step.step == TOLD:
        left = frozenset(range(case.tell)) - case.told
        if case.state not in TELLING or step.told not in left:
            raise AppealError.wrong_step(case.id, TOLD, case.state, NEXT[case.state])
        return replace(case, steps=steps, told=case.told | {step.told})
    state = State(step.step)
    untold = state is State.NOTIFIED and len(case.told) < case.tell
    if state not in NEXT[case.state] or untold:
        raise AppealError.wrong_step(case.id, state, case.state, [TOLD] if untold else NEXT[case.state])
    moved = replace(case, state=state, steps=steps)
    if state is State.ASSIGNED:
        return replace(moved, reviewer=step.reviewer)
    if state in OUTCOMES:
        return replace(moved, outcome=state, tell=step.tell)
    return moved


def fold(events: Iterable[tuple[int, str, Mapping[str, Any]]]) -> dict[str, Case]:
    """Every appeal, by id, from (place, time, body) of the ledger's `appeal` entries in order.

    Raises:
        AppealError: The ledger holds a step that could not follow; it was not written by this program.
    """
    cases: dict[str, Case] = {}
    for index, time, body in events:
        appeal = str(body["id"])
        step = Step(
            step=body["step"],
            by=body["by"],
            time=time,
            index=index,
            commitment=body["commitment"],
            reviewer=body.get("reviewer", ""),
            tell=body.get("tell", 0),
            told=body.get("told"),
        )
        if step.step == State.FILED and appeal not in cases:
            cases[appeal] = Case(
                id=appeal,
                decision=body["decision"],
                origin=body["origin"],
                due=body["due"],
                state=State.FILED,
                steps=(step,),
            )
        elif appeal not in cases:
            raise AppealError.wrong_step(appeal, step.step, "not filed", [State.FILED])
        else:
            cases[appeal] = advance(cases[appeal], step)
    return cases


def due(filed: date, days: int | None) -> date:
    """The last day for an outcome.

    Args:
        filed: The day it was filed.
        days: Days from then; None for one month: the same day of the next month, or its last if there is none such.

    Source:
        GDPR, article 12(3), one month; counted as in Regulation (EEC, Euratom) 1182/71, article 3.
    """
    if days is not None:
        return filed + timedelta(days=days)
    year, month = (filed.year, filed.month + 1) if filed.month < 12 else (filed.year + 1, 1)
    return date(year, month, min(filed.day, calendar.monthrange(year, month)[1]))
