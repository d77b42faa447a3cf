"""Nested models against statsmodels, and the interval of a gain by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from fairwitness.stats import nested


def test_linear_is_that_of_statsmodels() -> None:
    api = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(0)
    x, more = rng.normal(size=(300, 2)), rng.normal(size=(300, 3))
    y = x[:, 0] + 0.2 * more[:, 1] + rng.normal(size=300)
    small = api.OLS(y, api.add_constant(x)).fit()
    large = api.OLS(y, api.add_constant(np.hstack([x, more]))).fit()
    statistic, p, freedom = large.compare_f_test(small)
    found = nested.linear(y, x, more)
    assert (found.statistic, found.p, found.freedom) == pytest.approx((statistic, p, freedom))
    assert found.gain is not None
    assert found.gain.value == pytest.approx(large.rsquared - small.rsquared)


def test_uneven_scatter_is_that_of_statsmodels() -> None:
    api = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(5)
    x, more = rng.normal(size=(300, 1)), rng.normal(size=(300, 2))
    y = x[:, 0] + rng.normal(size=300) * np.exp(more[:, 0])
    fitted = api.OLS(y, api.add_constant(np.hstack([x, more]))).fit(cov_type="HC3", use_t=True)
    other = fitted.f_test(np.eye(4)[2:])
    found = nested.linear(y, x, more, even=False)
    assert (found.statistic, found.p) == pytest.approx((float(other.statistic), float(other.pvalue)))


def test_logistic_is_that_of_statsmodels() -> None:
    api = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(1)
    x, more = rng.normal(size=(500, 2)), rng.normal(size=(500, 2))
    y = rng.random(500) < 1 / (1 + np.exp(-(x[:, 0] + 0.3 * more[:, 0])))
    small = api.Logit(y, api.add_constant(x)).fit(disp=0)
    large = api.Logit(y, api.add_constant(np.hstack([x, more]))).fit(disp=0)
    found = nested.logistic(y, x, more)
    assert found.statistic == pytest.approx(2 * (large.llf - small.llf), abs=1e-5)
    assert found.freedom == 2
    assert found.p == pytest.approx(stats.chi2.sf(2 * (large.llf - small.llf), 2), rel=1e-4)
    assert nested.log_likelihood(y, x) == pytest.approx(small.llf, abs=1e-6)


def test_columns_that_say_nothing_new_have_no_freedom() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(50, 1))
    y = rng.random(50) < 0.5
    assert nested.linear(y.astype(float), x, 2 * x).p == 1
    assert nested.logistic(y, x, 2 * x).p == 1
    assert nested.logistic(np.ones(50, dtype=bool), x, x**2).p == 1


def test_classes_that_are_separated_do_not_run_away() -> None:
    x = np.linspace(-1, 1, 40)[:, None]
    assert nested.logistic(x[:, 0] > 0, np.zeros((40, 0)), x).p < 1e-10


def test_the_gain_covers() -> None:
    """True gain: b² var(m) / var(y) = 0.04 / 1.04, held in 95 % of samples."""
    rng = np.random.default_rng(3)
    truth, hits = 0.04 / 1.04, 0
    for _ in range(300):
        more = rng.normal(size=(400, 1))
        y = 0.2 * more[:, 0] + rng.normal(size=400)
        gain = nested.linear(y, np.zeros((400, 0)), more).gain
        assert gain is not None
        assert gain.low is not None
        assert gain.high is not None
        hits += gain.low <= truth <= gain.high
    assert 0.91 <= hits / 300 <= 0.985


def test_dummies_and_products() -> None:
    codes = np.array([0, 1, 2])
    np.testing.assert_array_equal(nested.dummies(codes), [[0, 0], [1, 0], [0, 1]])
    np.testing.assert_array_equal(nested.crossed(np.array([[2.0, 3.0]]), np.array([[5.0, 7.0]])), [[10, 14, 15, 21]])
