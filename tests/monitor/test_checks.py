"""The checks of monitoring on planted subjects: with the fault, without it, too small to tell."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.asks import Ask, RowsAsk
from fairwitness.core.check import Given, Measured, NotApplicable, Outcome
from fairwitness.core.columns import Column, Grouping
from fairwitness.core.estimate import Verdict
from fairwitness.core.subject import Rows
from support import given

SPLIT, DETECTABLE = given.check("monitor.split-drift"), given.check("monitor.detectable-gap")
NAMES = ("age", "city")


COLUMNS = (Column(name="age", kind="number"), Column(name="city", kind="category"))


def rows(n: int, *, shift: float = 0.0, seed: int = 0) -> Rows:
    rng = np.random.default_rng(seed)
    columns: dict[str, NDArray[Any]] = {
        "age": rng.normal(40 + 10 * shift, 10, n),
        "city": rng.choice(["a", "b", "c"], n).astype(object),
    }
    return Rows(ids=np.arange(n), columns=columns)


def split(train: Rows, audit: Rows) -> Outcome:
    made: dict[Ask, Any] = {RowsAsk(columns=NAMES, part="train"): train, RowsAsk(columns=NAMES, part="audit"): audit}
    step = Given(
        outline=given.outline(columns=COLUMNS, features=NAMES),
        about=None,
        level=0.95,
        limit=SPLIT.info.limit,
        rng=np.random.default_rng(0),
        context={},
        made=made,
    )
    return SPLIT.run(step, SPLIT.Options())


def verdict(outcome: Outcome) -> Verdict:
    assert isinstance(outcome, Measured)
    assert SPLIT.info.limit is not None
    (judged,) = outcome.judged.values()
    return judged.against(SPLIT.info.limit)


@pytest.mark.parametrize(
    ("n", "shift", "expected"), [(2000, 1.0, Verdict.FAIL), (2000, 0.0, Verdict.PASS), (40, 0.3, Verdict.UNCERTAIN)]
)
def test_split_drift(n: int, shift: float, expected: Verdict) -> None:
    assert verdict(split(rows(n), rows(n, shift=shift, seed=1))) is expected


def test_split_drift_accuses_no_random_split() -> None:
    """Of 60 clean splits of few rows none may fail: the interval is about three times as wide as chance."""
    verdicts = [verdict(split(rows(60, seed=2 * seed), rows(60, seed=2 * seed + 1))) for seed in range(60)]
    assert Verdict.FAIL not in verdicts


def test_split_drift_names_the_column() -> None:
    told = split(rows(2000), rows(2000, shift=1.0, seed=1))
    assert isinstance(told, Measured)
    assert "age" in told.headline
    assert given.series(told, "Columns that change most")["column"][0] == "age"


def test_split_drift_has_nothing_to_compare() -> None:
    assert isinstance(SPLIT.asks(given.outline(features=()), None, SPLIT.Options()), NotApplicable)
    assert isinstance(split(rows(0), rows(10)), NotApplicable)


def test_a_larger_audit_is_watched_more_closely() -> None:
    small = given.measured(DETECTABLE, given.from_rates({"x": (60, 100), "y": (50, 100)}))
    large = given.measured(DETECTABLE, given.from_rates({"x": (2400, 4000), "y": (2000, 4000)}))

    def gap_then(told: Any) -> float:
        return float(given.series(told, "New people until a wider gap is noticed")["true gap then"][1])

    assert gap_then(large) < gap_then(small)
    (needed,) = large.judged.values()
    assert needed.value is not None
    assert 500 < needed.value < 20_000
    assert needed.claim == "assumed"


def test_a_wider_gap_is_noticed_sooner() -> None:
    told = given.measured(DETECTABLE, given.from_rates({"x": (2400, 4000), "y": (2000, 4000)}))
    people = [
        int(str(n).replace(",", ""))
        for n in given.series(told, "New people until a wider gap is noticed")["new people"]
    ]
    assert people[0] > people[1] > people[2]


def test_without_a_favourable_outcome_right_decisions_are_watched() -> None:
    people = given.from_cells({"x": (500, 100, 100, 500), "y": (480, 120, 120, 480)})
    told = given.measured(DETECTABLE, people, favorable=None, positive=None)
    assert told.headline.startswith("A gap in right decisions 10 points beyond")
    blind = given.run(DETECTABLE, people, favorable=None, positive=None, offers=given.EVERYTHING - {"truth"})
    assert isinstance(blind, NotApplicable)


def test_too_few_to_watch() -> None:
    told = given.run(DETECTABLE, given.from_rates({"x": (10, 20), "y": (10, 200)}))
    assert isinstance(told, NotApplicable)
    crossed = Grouping(columns=("race", "sex"), named=False)
    assert isinstance(given.run(DETECTABLE, {}, about=crossed), NotApplicable)


@pytest.mark.parametrize("wrong", [{"alpha": 0.9}, {"power": 1.0}, {"limit": -0.1}])
def test_options_are_held_to_their_range(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="it lies between"):
        DETECTABLE.Options(**wrong)
