"""Treatment equality and average odds: with the fault, without, too few to tell."""

from __future__ import annotations

import pytest

from fairwitness.core.check import NotApplicable
from fairwitness.core.columns import Grouping
from fairwitness.core.estimate import Limit, Verdict
from support.given import check, from_cells, measured, run, series

TREATMENT, ODDS = check("fairness.treatment-equality-gap"), check("fairness.average-odds-gap")
LIMIT = Limit(at_most=0.1)


def test_errors_that_go_one_way_each() -> None:
    """COMPAS: 532 misses to 805 false alarms about African-Americans, 461 to 349 about Caucasians (ProPublica's cells)."""
    rows = from_cells({"African-American": (990, 805, 532, 1369), "Caucasian": (1139, 349, 461, 505)})
    found = measured(TREATMENT, rows, people="people")
    (estimate,) = found.judged.values()
    assert estimate.value == pytest.approx(461 / 810 - 532 / 1337)
    assert estimate.against(LIMIT) is Verdict.FAIL
    table = series(found, "Errors by group")
    assert dict(zip(table["group"], table["misses for each false alarm"], strict=True)) == pytest.approx(
        {"African-American": 532 / 805, "Caucasian": 461 / 349}
    )
    assert found.headline == (
        "Of errors about Caucasian people, 56.9\u202f% are false negatives; of those about African-American people, 39.8\u202f%"
    )


def test_odds_that_cancel_are_zero() -> None:
    """True-positive rates 0.8 and 0.7, false-positive rates 0.2 and 0.3: the mean is 0.5 for both."""
    rows = from_cells({"a": (8000, 2000, 2000, 8000), "b": (7000, 3000, 3000, 7000)})
    (estimate,) = measured(ODDS, rows).judged.values()
    assert estimate.value == pytest.approx(0, abs=1e-12)
    assert estimate.against(LIMIT) is Verdict.PASS
    wide = from_cells({"a": (800, 200, 200, 800), "b": (500, 500, 100, 900)})
    (estimate,) = measured(ODDS, wide).judged.values()
    assert estimate.value == pytest.approx(((0.9 - 0.8) + (0.5 - 0.2)) / 2)
    assert estimate.against(LIMIT) is Verdict.FAIL


@pytest.mark.parametrize("this", [TREATMENT, ODDS])
def test_few_people_are_open_and_get_no_rate(this: object) -> None:
    found = measured(this, from_cells({"a": (4, 2, 1, 4), "b": (300, 75, 75, 300)}))  # type: ignore[arg-type]  # a check
    (estimate,) = found.judged.values()
    assert estimate.against(LIMIT) is Verdict.UNCERTAIN
    assert found.headline.startswith("Too few ")
    (table,) = found.explored
    place = table.columns["group"].index("a")
    assert table.columns["low"][place] is None


@pytest.mark.parametrize("this", [TREATMENT, ODDS])
def test_one_group_is_not_applicable(this: object) -> None:
    assert isinstance(run(this, from_cells({"a": (5, 5, 5, 5)})), NotApplicable)  # type: ignore[arg-type]  # a check


def test_each_named_attribute_is_judged_and_no_crossing_of_them() -> None:
    rows = from_cells({"a": (50, 10, 10, 50), "b": (50, 20, 10, 50)})
    rows["sex"] = rows["race"][::-1]
    groupings = tuple(
        Grouping(columns=names, named=len(names) == 1) for names in (("race",), ("sex",), ("race", "sex"))
    )
    found = measured(TREATMENT, rows, groupings=groupings)
    assert {key.metric for key in found.judged} == {
        f"gap in the share of false negatives among errors by {name}" for name in ("race", "sex")
    }
    assert [each.level for each in found.judged.values()] == pytest.approx([0.975, 0.975])
