"""Repaired columns: closed forms for normals, SciPy's Kolmogorov distance, ties by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from fairwitness.core.asks import group_column
from fairwitness.core.subject import Rows
from fairwitness.fairness.repairing import Repair, Ties, furthest_apart


def rows(values: NDArray[Any], groups: NDArray[Any]) -> Rows:
    return Rows(ids=np.arange(len(values)), columns={"x": values, group_column("sex"): groups.astype(object)})


def repaired(
    values: NDArray[Any], groups: NDArray[Any], amount: float = 1.0, ties: Ties = "together"
) -> NDArray[np.float64]:
    held = rows(values, groups)
    edit = Repair.of(held, ["x"], groups.astype(object), by="sex", amount=amount, ties=ties)
    return np.asarray(edit.apply(held).columns["x"])


def test_two_normals_meet_in_the_middle() -> None:
    """Quantiles of N(0, 1) and N(2, 3) average to those of N(1, 2)."""
    rng = np.random.default_rng(0)
    groups = np.repeat(["a", "b"], 4000)
    values = np.where(groups == "a", rng.normal(0, 1, 8000), rng.normal(2, 3, 8000))
    found = repaired(values, groups)
    inner = np.abs(values - np.where(groups == "a", 0, 2)) < np.where(groups == "a", 2, 6)
    exact = np.where(groups == "a", 1 + 2 * values, 1 + 2 * (values - 2) / 3)
    assert np.abs(found - exact)[inner].mean() < 0.06
    for name in "ab":
        assert stats.kstest(found[groups == name], stats.norm(1, 2).cdf).statistic < 0.02


def test_repaired_in_full_it_tells_nothing_of_three_groups_and_keeps_the_order_within_each() -> None:
    rng = np.random.default_rng(1)
    groups = rng.choice(["a", "b", "c"], 6000, p=[0.6, 0.3, 0.1])
    values = rng.gamma(1 + 2.0 * (groups == "b") + (groups == "c"), 1 + (groups == "c"))
    found = repaired(values, groups)
    for first, second in ("ab", "ac", "bc"):
        before, after = (stats.ks_2samp(x[groups == first], x[groups == second]).statistic for x in (values, found))
        assert before > 0.15
        assert after < 0.005
    for name in "abc":
        assert stats.spearmanr(values[groups == name], found[groups == name]).statistic > 0.99999


@pytest.mark.parametrize("amount", [0.0, 0.25, 1.0])
def test_a_part_of_the_way_is_a_part_of_each_move(amount: float) -> None:
    rng = np.random.default_rng(2)
    groups = rng.choice(["a", "b"], 500)
    values = rng.normal(size=500) + (groups == "a")
    whole = repaired(values, groups)
    np.testing.assert_allclose(repaired(values, groups, amount), (1 - amount) * values + amount * whole)


def test_ties_move_together_and_what_is_missing_stays_missing() -> None:
    groups = np.repeat(["a", "b"], 100)
    values = np.concatenate([np.arange(100) % 5, np.arange(100) % 5 + 10]).astype(float)
    values[0] = np.nan
    found = repaired(values, groups)
    assert np.isnan(found[0])
    for value in np.unique(values[1:]):
        assert len(np.unique(found[values == value])) == 1
    assert found[groups == "b"] == pytest.approx(found[groups == "b"].round(6))
    assert sorted(set(found[groups == "b"].round(6))) == [5, 6, 7, 8, 9]  # half way between 0..4 and 10..14


def test_where_lots_put_ties_apart_a_column_of_yes_and_no_tells_nothing_either() -> None:
    rng = np.random.default_rng(5)
    groups = rng.choice(["a", "b"], 8000)
    values = (rng.random(8000) < np.where(groups == "a", 0.2, 0.6)).astype(float)
    kept, apart = (repaired(values, groups, ties=ties) for ties in ("together", "lot"))
    assert stats.ks_2samp(kept[groups == "a"], kept[groups == "b"]).statistic > 0.15
    assert stats.ks_2samp(apart[groups == "a"], apart[groups == "b"]).statistic < 0.03
    np.testing.assert_array_equal(apart, repaired(values, groups, ties="lot"))
    assert apart[(groups == "a") & (values == 1)].min() >= apart[(groups == "a") & (values == 0)].max() - 1e-9


def test_new_values_and_new_groups_are_placed_among_those_known() -> None:
    rng = np.random.default_rng(3)
    groups = np.repeat(["a", "b"], 500)
    held = rows(rng.random(1000) + (groups == "b"), groups)
    edit = Repair.of(held, ["x"], groups.astype(object), by="sex", amount=1.0)
    new = rows(np.array([-5.0, 0.5, 99.0, 1.0]), np.array(["a", "a", "b", "stranger"]))
    low, middle, high, strange = edit.apply(new).columns["x"]
    assert low == pytest.approx(0.5, abs=0.02)
    assert middle == pytest.approx(1.0, abs=0.05)
    assert high == pytest.approx(1.5, abs=0.02)
    assert strange == pytest.approx(1.0, abs=0.05)  # the middle of all


def test_the_distance_is_scipys_against_all() -> None:
    rng = np.random.default_rng(4)
    groups = rng.choice(["a", "b"], 300).astype(object)
    values = np.round(rng.normal(size=300) + (groups == "a"), 1)
    expected = max(stats.ks_2samp(values[groups == name], values).statistic for name in "ab")
    assert furthest_apart(values, groups) == pytest.approx(expected)
