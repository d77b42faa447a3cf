"""The bootstrap over cells against resampled rows."""

import numpy as np
import pytest
from scipy import stats

from fairwitness.core.errors import TooFewError
from fairwitness.stats import bootstrap


def test_cells_have_the_law_of_resampled_rows() -> None:
    rng = np.random.default_rng(0)
    counts = np.array([[12, 3], [0, 25]])
    rows = np.repeat(np.arange(4), counts.ravel())
    by_rows = np.array([np.bincount(rng.choice(rows, len(rows)), minlength=4) for _ in range(4000)])
    by_cells = bootstrap.multinomial(counts, draws=4000, rng=rng).reshape(-1, 4)
    assert (by_cells.sum(axis=1) == 40).all()
    assert (by_cells[:, 2] == 0).all()
    for cell in (0, 1, 3):
        assert stats.ks_2samp(by_rows[:, cell], by_cells[:, cell]).pvalue > 0.001
    np.testing.assert_allclose(np.cov(by_rows.T), np.cov(by_cells.T), atol=0.6)


def test_shape_seed_and_emptiness() -> None:
    counts = np.array([[[1, 2], [3, 4]]])
    draws = [bootstrap.multinomial(counts, draws=5, rng=np.random.default_rng(3)) for _ in range(2)]
    assert draws[0].shape == (5, 1, 2, 2)
    np.testing.assert_array_equal(draws[0], draws[1])
    with pytest.raises(TooFewError):
        bootstrap.multinomial(np.zeros(3), draws=5, rng=np.random.default_rng(3))


def test_percentiles_and_what_is_not_estimable() -> None:
    samples = np.linspace(0, 1, 101)
    found = bootstrap.interval(samples, level=0.9)
    assert found.low == pytest.approx(0.05)
    assert found.high == pytest.approx(0.95)
    assert found.undefined == 0
    samples[:4] = np.nan
    assert bootstrap.interval(samples).low is not None
    samples[:8] = np.nan
    found = bootstrap.interval(samples)
    assert (found.low, found.high) == (None, None)
    assert found.undefined == pytest.approx(8 / 101)
    with pytest.raises(TooFewError):
        bootstrap.interval(np.array([]))


def test_the_interval_of_a_rate_of_a_large_group_covers() -> None:
    rng, hits = np.random.default_rng(7), 0
    for _ in range(400):
        count = rng.binomial(300, 0.3)
        draws = bootstrap.multinomial(np.array([count, 300 - count]), draws=400, rng=rng)
        found = bootstrap.interval(draws[:, 0] / 300)
        hits += found.low is not None and found.high is not None and found.low <= 0.3 <= found.high
    assert hits / 400 > 0.91
