"""Outcomes among people alike: Wachter's numbers by hand, double machine learning and its interval by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from fairwitness.core.columns import Column
from fairwitness.data import disparity
from fairwitness.data.design import design
from fairwitness.stats.levels import fold_of
from fairwitness.stats.stratified import Strata, conditional_disparity, strata

NUMBER = Column(name="x", kind="number")


def test_conditional_disparity_by_hand() -> None:
    """Berkeley's shape: overall the second group is refused more, in each department it is not."""
    table = Strata(hits=np.array([[80.0, 16.0], [2.0, 20.0]]), n=np.array([[100.0, 20.0], [10.0, 100.0]]))
    assert conditional_disparity(table, 1) == pytest.approx(0)
    whole = Strata(hits=table.hits.sum(axis=0, keepdims=True), n=table.n.sum(axis=0, keepdims=True))
    assert conditional_disparity(whole, 1) == pytest.approx(84 / 112 - 36 / 118)
    nobody = Strata(hits=np.zeros((1, 2)), n=np.ones((1, 2)))
    assert conditional_disparity(nobody, 0) is None


@pytest.mark.slow
def test_double_machine_learning_takes_out_what_factors_let_expect() -> None:
    """A gap of 10 points beside a bent factor that both outcome and membership go by."""
    value, held = [], 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=3000)
        member = rng.random(3000) < 1 / (1 + np.exp(-x))
        outcome = rng.random(3000) < 0.45 + 0.3 * np.tanh(x**2 - 1) - 0.10 * member
        fold = fold_of(member.astype(np.int64), rng=rng)
        found = disparity.partialled(outcome, member, {"x": x}, [NUMBER], fold)
        assert found.low is not None
        assert found.high is not None
        value.append(found.value)
        held += found.low <= -0.10 <= found.high
    assert np.mean([each for each in value if each is not None]) == pytest.approx(-0.10, abs=0.015)
    assert held >= 9  # of 12 at 95 %, once in 1,000


def test_factors_recorded_without_error_are_least_squares() -> None:
    api = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(800, 2))
    member = rng.random(800) < 1 / (1 + np.exp(-x[:, 0]))
    outcome = rng.random(800) < 0.3 + 0.1 * (x[:, 0] > 0) + 0.1 * member
    fitted = api.OLS(outcome.astype(float), api.add_constant(np.column_stack([member, x]))).fit(cov_type="HC0")
    found = disparity.noisy_factors(outcome, member, x, 1.0)
    assert found.value == pytest.approx(fitted.params[1])
    assert found.p == pytest.approx(fitted.pvalues[1], rel=0.03, abs=1e-6)


def test_more_error_than_spread_leaves_nothing() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=500)
    member = rng.random(500) < 0.5
    twice = np.column_stack([x, x + 1e-3 * rng.normal(size=500)])
    assert disparity.noisy_factors(member, member, twice, 0.5).value is None


def test_collinear_columns_change_nothing_and_a_column_that_is_the_group_leaves_nothing() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(500, 2))
    member = rng.random(500) < 1 / (1 + np.exp(-x[:, 0]))
    outcome = rng.random(500) < 0.5
    plain = disparity.noisy_factors(outcome, member, x, 1.0)
    twice = disparity.noisy_factors(outcome, member, np.hstack([x, x.sum(axis=1, keepdims=True)]), 1.0)
    assert (twice.value, twice.p) == pytest.approx((plain.value, plain.p))
    itself = np.column_stack([x, member])
    assert disparity.noisy_factors(outcome, member, itself, 1.0).value is None


def test_gaps_by_year_and_their_trend() -> None:
    rng = np.random.default_rng(2)
    year = rng.integers(2015, 2025, 20_000)
    member = rng.random(20_000) < 0.5
    outcome = rng.random(20_000) < 0.5 - member * 0.02 * (year - 2015)
    found = disparity.over_time(outcome, member, year.astype(str).astype(object))
    assert found.periods == tuple(str(each) for each in range(2015, 2025))
    assert found.slope is not None
    assert found.slope.low is not None
    assert found.slope.high is not None
    assert found.slope.low < -0.02 < found.slope.high
    short = disparity.over_time(outcome[:50], member[:50], np.array(["2020"] * 50, dtype=object))
    assert short.slope is None


def test_strata_and_columns_of_a_linear_model() -> None:
    rng = np.random.default_rng(3)
    columns = {
        "x": np.where(rng.random(500) < 0.2, np.nan, rng.normal(size=500)),
        "c": rng.choice(["p", "q", "r"], 500).astype(object),
    }
    factors = [NUMBER, Column(name="c", kind="category")]
    table = design(columns, factors)
    assert table.shape == (500, 4)  # the number, whether it is missing, two of three categories
    assert table.mean(axis=0) == pytest.approx(np.zeros(4), abs=1e-12)
    assert table.std(axis=0) == pytest.approx(np.ones(4))
    codes = strata(columns, factors)
    assert len(np.unique(codes)) == 3 * 6  # five parts and missing, by three categories
    assert design({}, []).shape == (0, 0)
