"""Errors of quantities against scikit-learn and SciPy, and how often their intervals hold."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from fairwitness.fairness.quantities import errors, scaled

Z = 1.959963984540054


def test_numbers_are_those_of_scikit_learn_and_scipy() -> None:
    rng = np.random.default_rng(0)
    codes, recorded = np.repeat([0, 1, 2], [50, 200, 1]), rng.lognormal(size=251)
    predicted = recorded * 0.8 + rng.normal(size=251)
    found = errors(recorded, predicted, codes, 4, z=Z)
    for place in (0, 1):
        own = codes == place
        told = (recorded[own], predicted[own])
        assert found.absolute.value[place] == pytest.approx(mean_absolute_error(*told))
        assert found.squared.value[place] == pytest.approx(mean_squared_error(*told))
        assert found.root.value[place] == pytest.approx(mean_squared_error(*told) ** 0.5)
        assert found.explained.value[place] == pytest.approx(r2_score(*told))
        t = stats.ttest_1samp(told[1] - told[0], 0.0).confidence_interval(0.95)
        assert (found.mean.low[place], found.mean.high[place]) == pytest.approx((t.low, t.high))
    assert found.mean.value[2] == pytest.approx(predicted[250] - recorded[250])
    assert found.mean.place(2)[1:] == (None, None)  # one person: no spread
    assert found.mean.place(3) == found.explained.place(3) == (None, None, None)  # nobody
    assert np.isnan(found.explained.value[2])  # one value has no variance to explain
    assert scaled(found.mean, 2.0).value[0] == pytest.approx(found.mean.value[0] / 2)


def test_intervals_cover_the_truth() -> None:
    """Predictions 0.3 too high, with errors of 1 about a quantity of variance 4: R² is 1 - 1.09 / 5."""
    rng, covered = np.random.default_rng(0), np.zeros(4)
    for _ in range(400):
        predicted = rng.normal(0, 2, 120)
        recorded = predicted - 0.3 + rng.normal(size=120)
        found = errors(recorded, predicted, np.zeros(120, dtype=np.intp), 1, z=Z)
        truths = (0.3, np.sqrt(2 / np.pi) * np.exp(-0.045) + 0.3 * (2 * stats.norm.cdf(0.3) - 1), 1.09, 1 - 1.09 / 5)
        for place, (each, truth) in enumerate(
            zip((found.mean, found.absolute, found.squared, found.explained), truths, strict=True)
        ):
            covered[place] += each.low[0] <= truth <= each.high[0]
    assert (covered / 400 > 0.92).all(), covered / 400


def test_a_group_whose_recorded_values_are_all_alike_has_no_explained_share() -> None:
    """The mean of fifty times 0.1 is not 0.1 to the last digit."""
    recorded = np.concatenate([np.full(50, 0.1), np.arange(50.0)])
    found = errors(recorded, recorded + 0.1, np.repeat([0, 1], 50), 2, z=2.0)
    assert found.explained.defined.tolist() == [False, True]
