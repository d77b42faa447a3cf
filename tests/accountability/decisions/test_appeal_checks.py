"""Appeals by group as findings: on planted counts with the fault, without it, and too few to tell."""

from datetime import date
from typing import Any

import pytest
from scipy.stats import beta, t

from fairwitness.accountability.decisions.counts import Counts, Moments, Stage
from fairwitness.core.asks import AppealsAsk
from fairwitness.core.check import Measured, NotApplicable
from fairwitness.core.columns import MISSING, Grouping
from fairwitness.core.estimate import Verdict
from support import given

RATE, OVERTURN, DELAY = (f"accountability.{name}" for name in ("appeal-rate-gap", "overturn-rate-gap", "appeal-delay"))
OFFERS = given.EVERYTHING | {"appeals"}
TODAY = date(2026, 3, 1)


def planted(**by_group: dict[str, int]) -> Counts:
    """Counts of stages by race; `open` is due on the first of February."""
    cells: list[tuple[dict[str, str], Stage, str, Moments]] = []
    for race, stages in by_group.items():
        for stage, n in stages.items():
            day = "2026-02-01" if stage == "open" else ""
            cells.append(({"race": race}, stage, day, Moments(n, 10.0 * n, 104.0 * n)))  # type: ignore[arg-type]  # stages
    return Counts(cells, TODAY)


def settings(counts: Counts) -> dict[str, Any]:
    return {"made": {AppealsAsk(): counts}, "offers": OFFERS}


def verdict(name: str, **by_group: dict[str, int]) -> Verdict:
    return given.verdict(given.check(name), {}, **settings(planted(**by_group)))


def test_a_gap_in_appeals_is_found_missed_and_left_open() -> None:
    most, few = {"adverse": 1000, "appealed": 400}, {"adverse": 1000, "appealed": 100}
    assert verdict(RATE, black=few, white=most) is Verdict.FAIL
    assert verdict(RATE, black=few, white=few) is Verdict.PASS
    assert (
        verdict(RATE, black={"adverse": 10, "appealed": 1}, white={"adverse": 10, "appealed": 4}) is Verdict.UNCERTAIN
    )


def test_a_gap_in_overturns_counts_whole_and_part() -> None:
    black = {"adverse": 2000, "answered": 1000, "overturned": 200, "partly": 200}
    white = {"adverse": 3000, "answered": 1000, "overturned": 100, "partly": 0}
    found = given.measured(given.check(OVERTURN), {}, **settings(planted(black=black, white=white)))
    (estimate,) = found.judged.values()
    assert estimate.value == pytest.approx(0.4 - 0.1)
    assert verdict(OVERTURN, black=black, white=white) is Verdict.FAIL
    least = given.series(found, "Decisions against a person known to be wrong")
    assert least["rate"] == pytest.approx((400 / 2000, 100 / 3000))


def test_late_answers_are_those_after_the_day_and_those_still_missing() -> None:
    """Exact interval for two groups at once: Clopper and Pearson at the level 0.95 ** (1/2)."""
    black = {"answered": 90, "late": 5, "open": 10}
    white = {"answered": 100, "late": 0, "open": 0}
    found = given.measured(given.check(DELAY), {}, **settings(planted(black=black, white=white)))
    by_race = {key.groups[0]: estimate for key, estimate in found.judged.items()}
    tail = (1 - 0.95**0.5) / 2
    assert by_race["black"].value == pytest.approx(15 / 100)
    assert by_race["black"].low == pytest.approx(beta.ppf(tail, 15, 86))
    assert by_race["white"].high == pytest.approx(beta.ppf(1 - tail, 1, 100))
    assert "10 appeals overdue and still open" in found.lead
    assert verdict(DELAY, black=black, white=white) is Verdict.FAIL
    assert verdict(DELAY, black={"answered": 1000, "late": 1}, white={"answered": 1000, "late": 1}) is Verdict.PASS
    assert verdict(DELAY, black={"answered": 9, "late": 1}, white={"answered": 9, "late": 0}) is Verdict.UNCERTAIN


def test_days_have_students_interval() -> None:
    """Mean 10, mean square 104, 25 answers: variance 4 * 25/24."""
    counts = planted(black={"answered": 25, "late": 0}, white={"answered": 1, "late": 0})
    days = given.series(given.measured(given.check(DELAY), {}, **settings(counts)), "Days from filing to the answer")
    half = t.ppf(0.975, 24) * (4 * 25 / 24 / 25) ** 0.5
    assert days["mean days"] == (10, 10)
    assert (days["low"][0], days["high"][0]) == pytest.approx((10 - half, 10 + half))
    assert (days["low"][1], days["high"][1]) == (None, None)


@pytest.mark.parametrize("name", [RATE, OVERTURN, DELAY])
def test_nothing_on_record_is_not_applicable(name: str) -> None:
    check = given.check(name)
    nothing = given.run(check, {})
    assert isinstance(nothing, NotApplicable)
    assert "[decisions] ledger" in nothing.reason
    none_yet = given.run(check, {}, **settings(planted(black={"decided": 5}, white={"decided": 5})))
    assert isinstance(none_yet, NotApplicable)
    other = Grouping(columns=("age",))
    unnamed = given.run(check, {}, about=other, groupings=(other,), **settings(planted(black={"decided": 5})))
    assert isinstance(unnamed, NotApplicable)
    assert "import with --group age" in unnamed.reason


@pytest.mark.parametrize("name", [RATE, OVERTURN, DELAY])
def test_few_people_get_no_rate(name: str) -> None:
    few = {"adverse": 20, "appealed": 9, "answered": 9, "overturned": 2, "late": 1}
    found = given.run(given.check(name), {}, **settings(planted(black=few, white=few, **{MISSING: few})))
    assert isinstance(found, Measured)
    assert "%" not in found.headline
    assert set(given.series(found, "By group")["rate"]) == {None}
