"""Adjusted p values and simultaneous critical values against statsmodels, tables and simulation."""

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from fairwitness.stats.multiple import all_pairs, benjamini_hochberg, holm, sidak


@pytest.mark.parametrize("count", [1, 2, 30])
def test_adjusted_p_values_match_statsmodels(count: int) -> None:
    p = np.random.default_rng(count).random(count) ** 3
    p[: count // 3] = p[0]  # ties
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])
    np.testing.assert_allclose(benjamini_hochberg(p), multipletests(p, method="fdr_bh")[1])


def test_what_was_not_tested_is_carried_and_not_counted() -> None:
    p = [0.04, np.nan, 0.01, np.nan]
    np.testing.assert_allclose(holm(p), [0.04, np.nan, 0.02, np.nan])
    np.testing.assert_allclose(benjamini_hochberg(p), [0.04, np.nan, 0.02, np.nan])
    assert np.isnan(holm([np.nan])).all()
    assert holm([]).shape == (0,)
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        holm([1.2])


@pytest.mark.parametrize(
    ("groups", "tabled"),
    [(2, 2.772), (3, 3.314), (5, 3.858), (10, 4.474), (20, 5.012)],  # studentised range, 5 %, infinite freedom
)
def test_all_pairs_matches_the_table_of_the_studentised_range(groups: int, tabled: float) -> None:
    assert all_pairs(0.95, groups) * np.sqrt(2) == pytest.approx(tabled, abs=1e-3)


def test_all_pairs_of_normal_means_hold_together() -> None:
    means = np.random.default_rng(0).normal(size=(20_000, 7))
    widest = (means.max(axis=1) - means.min(axis=1)) / np.sqrt(2)
    assert (widest <= all_pairs(0.9, 7)).mean() == pytest.approx(0.9, abs=0.007)


def test_sidak_levels_multiply_to_the_level_of_all() -> None:
    assert sidak(0.95, 8) ** 8 == pytest.approx(0.95)
    assert sidak(0.95, 1) == 0.95


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="no pair"):
        all_pairs(0.95, 1)
    with pytest.raises(ValueError, match="no level"):
        sidak(0.95, 0)
