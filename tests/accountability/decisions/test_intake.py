"""From a table to decisions."""

from typing import Any

import pytest

from fairwitness.accountability.decisions.intake import Columns, Evidence, decisions
from fairwitness.accountability.decisions.record import Decision
from fairwitness.core.errors import UserError
from fairwitness.io.read import read

COLUMNS = Columns(
    id="nr", person="who", favorable="yes", decision="said", score="p", reasons=("why", "also"), time="day"
)
ROWS: dict[str, list[Any]] = {
    "nr": [101, 102, 103],
    "who": ["Maria", " Nora  Nemo", "Karl"],
    "said": ["no", "yes", "no"],
    "p": [0.25, 0.75, None],
    "why": ["debt; income", None, "debt"],
    "also": ["history", None, "debt"],
    "day": ["2026-01-05", None, "2026-01-06T10:00:00+01:00"],
}


def taken(columns: Columns = COLUMNS, changes: dict[str, list[Any]] | None = None) -> list[Decision]:
    table = read({**ROWS, **(changes or {})})
    return [each for _, each in decisions(table, columns, {}, Evidence(model="m"))]


def test_rows_become_decisions() -> None:
    maria, nora, karl = taken()
    assert (maria.id, maria.person, maria.decision, maria.good, maria.score) == ("101", "Maria", "no", False, 0.25)
    assert maria.reasons == ("debt", "income", "history")
    assert (nora.person, nora.good, nora.reasons, nora.time) == ("Nora Nemo", True, (), "")
    assert (karl.score, karl.reasons, karl.model) == (None, ("debt",), "m")


def test_a_score_at_the_threshold_is_a_yes() -> None:
    by_score = Columns(id="nr", person="who", favorable="yes", score="p", threshold=0.25)
    assert [each.decision for each in taken(by_score, {"p": [0.25, 0.2499, 1.0]})] == ["yes", "no", "yes"]


def test_rows_can_be_named_by_number() -> None:
    numbered = Columns(id="@row", person="@row", favorable="yes", decision="said")
    assert [(each.id, each.person) for each in taken(numbered)] == [("1", "1"), ("2", "2"), ("3", "3")]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"nr": [101, None, 103]}, "row 2: 'nr' is empty"),
        ({"who": ["a", "b", " "]}, "row 3: 'who' is empty"),
        ({"said": [None, "yes", "no"]}, "row 1: 'said' is empty"),
        ({"day": ["2026-01-05", "31.1.2026", ""]}, "row 2: 'day' is no date or time"),
        ({"p": ["high", "low", "low"]}, "--score 'p' holds no numbers"),
    ],
)
def test_a_wrong_row_is_named_by_its_number(changes: dict[str, list[Any]], said: str) -> None:
    with pytest.raises(UserError) as error:
        taken(changes=changes)
    assert said in str(error.value)
    assert not [word for word in ("Maria", "Karl", "31.1", "101") if word in str(error.value)]


def test_columns_that_are_not_there_and_decisions_nobody_made() -> None:
    with pytest.raises(UserError, match=r"no column 'knr' for --id; did you mean 'nr'\?"):
        taken(Columns(id="knr", person="who", favorable="yes", decision="said"))
    with pytest.raises(UserError, match=r"give --decision COL, or --score COL and --threshold"):
        taken(Columns(id="nr", person="who", favorable="yes", score="p"))
