"""Two samples as counts: against SciPy, by hand, and by how often the claims hold."""

import numpy as np
import pytest
from scipy import stats

from fairwitness.stats.two_sample import homogeneity_p, widest_change


def test_two_categories_are_fishers_exact_test() -> None:
    """Fisher's tea lady (1935): 3 of 4 against 1 of 4, p = 34/70."""
    assert homogeneity_p([3, 1], [1, 3]) == pytest.approx(34 / 70)


def test_many_categories_are_pearsons_test() -> None:
    before, after = [30, 50, 20], [20, 40, 40]
    assert homogeneity_p(before, after) == pytest.approx(stats.chi2_contingency([before, after]).pvalue)


def test_rare_categories_are_taken_together() -> None:
    before, after = [50, 50, 1, 1, 0], [60, 40, 0, 0, 3]
    together = stats.chi2_contingency([[50, 52], [60, 43]], correction=False).pvalue
    exact = stats.fisher_exact([[50, 52], [60, 43]]).pvalue
    assert homogeneity_p(before, after) == pytest.approx(exact)
    assert exact == pytest.approx(together, abs=0.1)


@pytest.mark.parametrize(("before", "after"), [([5], [9]), ([0, 0], [3, 4]), ([4, 0], [6, 0])])
def test_nothing_to_compare(before: list[int], after: list[int]) -> None:
    assert homogeneity_p(before, after) == 1.0


@pytest.mark.parametrize("shares", [[0.5, 0.5], [0.4, 0.3, 0.2, 0.1], [0.9, 0.05, 0.03, 0.01, 0.01]])
def test_false_alarms(shares: list[float]) -> None:
    """Over 1,000 pairs of samples without drift; three standard errors allowed."""
    rng = np.random.default_rng(6)
    before, after = rng.multinomial(400, shares, size=1000), rng.multinomial(120, shares, size=1000)
    found = np.array([homogeneity_p(a, b) for a, b in zip(before, after, strict=True)])
    for alpha in (0.05, 0.005):
        assert np.mean(found <= alpha) <= alpha + 3 * np.sqrt(alpha / 1000)


def test_widest_change_by_hand() -> None:
    change = widest_change([50, 30, 20], [55, 10, 35], ordered=False)
    assert (change.estimate.value, change.place, change.signed) == pytest.approx((0.2, 1, -0.2))


def test_ordered_change_is_kolmogorov_and_smirnovs_distance() -> None:
    rng = np.random.default_rng(7)
    a, b = rng.integers(0, 8, 300), rng.integers(1, 9, 200)
    change = widest_change(np.bincount(a, minlength=9), np.bincount(b, minlength=9), ordered=True)
    assert change.estimate.value == pytest.approx(stats.ks_2samp(a, b).statistic)


@pytest.mark.parametrize("ordered", [True, False])
def test_interval_covers_the_true_change(*, ordered: bool) -> None:
    """Over 1,000 pairs of samples from known shares."""
    rng = np.random.default_rng(8)
    p, q = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.3, 0.25, 0.25, 0.2])
    truth = np.abs(np.cumsum(q - p)).max() if ordered else np.abs(q - p).max()
    held = 0
    for a, b in zip(rng.multinomial(300, p, size=1000), rng.multinomial(200, q, size=1000), strict=True):
        found = widest_change(a, b, ordered=ordered).estimate
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
    assert held / 1000 >= 0.95 - 3 * np.sqrt(0.05 / 1000)


def test_negative_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        homogeneity_p([-1, 2], [1, 2])


def test_few_rows_are_still_compared() -> None:
    """Of twenty rows over ten equal cells two are expected in each; all lie where none of the audited was."""
    before, after = [100] * 10 + [0], [0] * 10 + [20]
    assert homogeneity_p(before, after) < 1e-4


def test_neighbours_are_taken_together_where_there_is_an_order() -> None:
    """All of 20 rows lie in the upper half: rarest first, the halves would be mixed and nothing left to see."""
    before, after = [72] * 5 + [68] * 5, [0] * 5 + [4] * 5
    assert homogeneity_p(before, after, ordered=True) < 1e-3 < homogeneity_p(before, after)


def test_few_rows_raise_few_false_alarms() -> None:
    rng = np.random.default_rng(5)
    for ordered in (False, True):
        ps = [
            homogeneity_p(rng.multinomial(1000, [0.1] * 10), rng.multinomial(n, [0.1] * 10), ordered=ordered)
            for n in [8, 20, 45] * 200
        ]
        assert np.mean(np.array(ps) <= 0.05) <= 0.068  # 0.05 and two standard errors
        assert np.mean(np.array(ps) <= 0.001) <= 0.004
