"""No path through an appeal leaves a required step out."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairwitness.accountability.decisions.errors import AppealError
from fairwitness.accountability.decisions.states import Case, State, Step, advance, due, fold

WALKS = (
    ["acknowledged", "assigned", "reviewed", "upheld", "notified", "closed"],
    ["acknowledged", "assigned", "reviewed", "overturned", "corrected", "notified", "closed"],
    ["acknowledged", "assigned", "reviewed", "partly", "corrected", "notified", "closed"],
)
"""The issue's own text: every way from filed to closed; handing over and telling come between."""
DROPPED = [[*WALKS[0][:place], "withdrawn", "closed"] for place in range(4)]
"""Before there is an outcome, the person may take the appeal back."""


def filed() -> Case:
    step = Step(step="filed", by="clerk", time="2026-01-31T12:00:00Z")
    return Case(id="A-1", decision="d", origin="person", due="2026-02-28", state=State.FILED, steps=(step,))


def take(case: Case, name: str) -> Case:
    told = min(set(range(case.tell)) - case.told, default=99) if name == "told" else None
    tell = 2 if name in {"upheld", "overturned", "partly"} else 0
    return advance(case, Step(step=name, by="x", time="2026-02-01T12:00:00Z", reviewer="Rita", tell=tell, told=told))


@given(st.lists(st.sampled_from([*State, "told"]), max_size=40))
def test_whatever_is_tried_the_way_is_one_of_these(tried: list[str]) -> None:
    """Steps are tried at random; those that are taken, handing over and telling left out, begin one of the walks."""
    taken: list[str] = []
    case, told = filed(), 0
    for name in tried:
        try:
            case = take(case, name)
        except AppealError:
            continue
        if name == "notified":
            assert told == case.tell == 2
        told += name == "told"
        if name != "told" and not (name == "assigned" and taken[-1:] == ["assigned"]):
            taken.append(str(name))
    assert any(walk[: len(taken)] == taken for walk in [*WALKS, *DROPPED]), taken
    assert case.blind == (not {"reviewed", "withdrawn"} & set(taken))


@given(st.sampled_from(WALKS), st.data())
def test_no_step_can_be_left_out(walk: list[str], data: st.DataObject) -> None:
    left_out = data.draw(st.integers(0, len(walk) - 2))
    case = filed()
    for name in walk[:left_out]:
        case = take(case, name)
        while case.outcome and case.state in {"upheld", "corrected"} and len(case.told) < case.tell:
            case = take(case, "told")
    with pytest.raises(AppealError, match="cannot be"):
        take(case, walk[left_out + 1])


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk[3])
def test_each_walk_leads_to_the_end(walk: list[str]) -> None:
    case = filed()
    for name in walk:
        if name == "notified":
            case = take(take(case, "told"), "told")
        case = take(case, name)
    assert case.state is State.CLOSED
    assert case.reviewer == "Rita"
    assert case.outcome == walk[3]


def test_nobody_is_told_twice() -> None:
    case = filed()
    for name in ["acknowledged", "assigned", "reviewed", "upheld", "told"]:
        case = take(case, name)
    with pytest.raises(AppealError):
        advance(case, Step(step="told", by="x", time="2026-02-01T12:00:00Z", told=0))


@pytest.mark.parametrize(
    ("day", "days", "last"),
    [
        ("2026-01-31", None, "2026-02-28"),  # the day the next month does not have
        ("2028-01-30", None, "2028-02-29"),
        ("2026-12-05", None, "2027-01-05"),
        ("2026-03-15", None, "2026-04-15"),
        ("2026-01-31", 10, "2026-02-10"),
    ],
)
def test_a_month_ends_on_the_same_day_of_the_next(day: str, days: int | None, last: str) -> None:
    assert due(date.fromisoformat(day), days).isoformat() == last


def test_overdue_is_after_the_last_day() -> None:
    case = filed()
    assert not case.overdue(date(2026, 2, 28))
    assert case.overdue(date(2026, 3, 1))


def test_a_ledger_with_a_step_out_of_turn_is_refused() -> None:
    body = {"id": "A-1", "step": "closed", "by": "x", "commitment": ""}
    with pytest.raises(AppealError, match="A-1 is not filed"):
        fold([(0, "2026-02-01T12:00:00Z", body)])
