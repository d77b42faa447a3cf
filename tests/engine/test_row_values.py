import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from fairwitness.core.check import RowValues
from fairwitness.core.columns import MISSING, Grouping
from fairwitness.engine.row_values import by_group

RACE = Grouping(columns=("race",))


def values(numbers: list[float], name: str = "decision broken") -> RowValues:
    return RowValues(name=name, ids=np.arange(len(numbers)), values=np.array(numbers))


def test_yes_or_no_gives_rates_with_wilsons_interval_and_the_widest_gap() -> None:
    labels = np.array(["a"] * 40 + ["b"] * 60 + [MISSING] * 30, dtype=object)
    made = by_group(
        values([1.0] * 10 + [0.0] * 30 + [1.0] * 45 + [0.0] * 15 + [1.0, 0.0] * 15), RACE, labels, level=0.95
    )
    table = made.series.columns
    assert table["group"] == ("b", "a", MISSING)
    assert table["rate"] == (0.75, 0.25, 0.5)
    low, high = proportion_confint(45, 60, method="wilson")
    assert (table["low"][0], table["high"][0]) == pytest.approx((low, high))
    assert made.note.startswith("Decision broken: the widest gap by race, b over a, is 50.0 points [")
    assert made.note.endswith("(explored, not judged).")


def test_other_numbers_give_means_with_students_interval() -> None:
    from scipy import stats

    rng = np.random.default_rng(0)
    numbers = rng.normal(3, 2, 50)
    labels = np.array(["a"] * 20 + ["b"] * 30, dtype=object)
    made = by_group(values(numbers.tolist(), "loss"), RACE, labels, level=0.9)
    low, high = stats.t.interval(0.9, 29, numbers[20:].mean(), stats.sem(numbers[20:]))
    assert made.series.columns["mean"][0] == pytest.approx(numbers[20:].mean())
    assert (made.series.columns["low"][0], made.series.columns["high"][0]) == pytest.approx((low, high))
    assert made.note == ""


def test_rows_without_a_number_are_left_out_and_few_people_are_not_shown() -> None:
    labels = np.array(["a"] * 40 + ["b"] * 40 + ["c"] * 4, dtype=object)
    made = by_group(values([1.0] * 40 + [0.0] * 38 + [np.nan] * 2 + [1.0] * 4), RACE, labels, level=0.95)
    assert made.series.columns["group"] == ("a", "b")
    assert made.series.columns["n"] == (40, 38)
    assert "1 groups of fewer than" in made.figure.caption
