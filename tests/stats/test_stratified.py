"""Strata against statsmodels, and intervals by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from fairwitness.core.errors import TooFewError
from fairwitness.stats.stratified import (
    Strata,
    breslow_day_p,
    common_difference,
    common_odds_ratio,
    mantel_haenszel_p,
)


def drawn(seed: int, strata: int = 4, groups: int = 2) -> Strata:
    rng = np.random.default_rng(seed)
    n = rng.integers(15, 60, (strata, groups))
    return Strata(hits=rng.binomial(n, rng.uniform(0.2, 0.8, (strata, groups))).astype(float), n=n.astype(float))


@pytest.mark.parametrize("seed", range(8))
def test_two_groups_are_those_of_statsmodels(seed: int) -> None:
    tables = pytest.importorskip("statsmodels.stats.contingency_tables")
    strata = drawn(seed)
    # rows of a table: second group, first group; columns: hit, not
    cells = [np.array([[h[1], n[1] - h[1]], [h[0], n[0] - h[0]]]) for h, n in zip(strata.hits, strata.n, strict=True)]
    other = tables.StratifiedTable(cells)
    ours = common_odds_ratio(strata)
    assert ours.value == pytest.approx(other.oddsratio_pooled)
    assert (ours.low, ours.high) == pytest.approx(other.oddsratio_pooled_confint())
    assert mantel_haenszel_p(strata) == pytest.approx(other.test_null_odds(correction=False).pvalue)
    assert breslow_day_p(strata) == pytest.approx(other.test_equal_odds(adjust=True).pvalue)


@pytest.mark.parametrize("seed", range(3))
def test_one_stratum_of_many_groups_is_pearsons_but_for_the_finite_sample(seed: int) -> None:
    """Of one table the statistic is (N − 1) / N times Pearson's."""
    strata = drawn(seed, strata=1, groups=4)
    pearson = stats.chi2_contingency(np.stack([strata.hits[0], strata.n[0] - strata.hits[0]]), correction=False)
    total = strata.n.sum()
    assert mantel_haenszel_p(strata) == pytest.approx(stats.chi2.sf(pearson.statistic * (total - 1) / total, 3))


def test_what_rounding_leaves_is_no_degree_of_freedom() -> None:
    """Two groups have one: by hand 17 of 19 and 1 of 1, 1 of 17 and 1 of 1 make (2 − 0.9 − 1/9)² / (0.09 + 8/81)."""
    found = Strata(hits=np.array([[17.0, 1], [1, 1]]), n=np.array([[19.0, 1], [17, 1]]))
    assert mantel_haenszel_p(found) == pytest.approx(stats.chi2.sf((1.1 - 1 / 9) ** 2 / (0.09 + 8 / 81), 1))


def test_a_gap_that_the_strata_explain_is_gone() -> None:
    """Simpson: within each stratum the rates are equal, over all they are not."""
    strata = Strata(hits=np.array([[80.0, 8.0], [2.0, 20.0]]), n=np.array([[100.0, 10.0], [10.0, 100.0]]))
    assert common_difference(strata).value == pytest.approx(0)
    assert mantel_haenszel_p(strata) == pytest.approx(1)
    assert common_odds_ratio(strata).value == pytest.approx(1)


def test_rows_are_counted_into_strata() -> None:
    counted = Strata.of(
        np.array([True, False, True, True]), np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1], dtype=np.int8)
    )
    np.testing.assert_array_equal(counted.hits, [[1, 0], [0, 2]])
    np.testing.assert_array_equal(counted.n, [[1, 1], [0, 2]])
    np.testing.assert_array_equal(counted.telling.n, [[1, 1]])


@pytest.mark.parametrize(("strata", "size"), [(3, 80), (60, 4)])
def test_the_difference_covers(strata: int, size: int) -> None:
    """A true difference of 10 points in every stratum, few large ones or many small ones."""
    rng = np.random.default_rng(0)
    base, hits = rng.uniform(0.2, 0.7, strata), 0
    for _ in range(800):
        n = np.full((strata, 2), float(size))
        drawn = rng.binomial(size, np.stack([base, base + 0.1], axis=1)).astype(float)
        found = common_difference(Strata(hits=drawn, n=n))
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= 0.1 <= found.high
    assert 0.93 <= hits / 800 <= 0.97


def test_nothing_to_compare() -> None:
    apart = Strata(hits=np.array([[1.0, 0.0], [0.0, 2.0]]), n=np.array([[3.0, 0.0], [0.0, 4.0]]))
    with pytest.raises(TooFewError):
        common_difference(apart)
    assert common_odds_ratio(apart).value is None
    assert mantel_haenszel_p(apart) == 1
    assert breslow_day_p(apart) == 1


@pytest.mark.parametrize("share", [0.02, 0.98])
def test_the_interval_covers_where_few_of_a_small_group_are_selected_or_refused(share: float) -> None:
    rng, covered, runs = np.random.default_rng(4), 0, 400
    n = np.tile([200.0, 6.0], (5, 1))
    for _ in range(runs):
        found = common_difference(Strata(hits=rng.binomial(n.astype(int), share).astype(float), n=n))
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0 <= found.high
    assert covered >= 0.95 * runs


def test_nobody_selected_of_thirty_leaves_room_for_what_an_exact_limit_leaves() -> None:
    found = common_difference(Strata(hits=np.zeros((1, 2)), n=np.array([[1e7, 30.0]])))
    assert found.value == 0
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 30), abs=1e-6)  # Clopper and Pearson, of 0 in 30
