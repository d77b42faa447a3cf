"""The permutation test against every permutation there is, and against the rate of false alarms it promises."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from fairwitness.core.errors import TooFewError
from fairwitness.stats.permutation import equal_rates_p, widest_gap_p


def _by_every_shuffle(hits: list[int], n: list[int]) -> float:
    """Deal the hits to every choice of people, and count how often the widest gap, in standard errors, is as wide."""
    group = np.repeat(range(len(n)), n)

    def widest(counts: list[int]) -> float:
        rates = [count / size for count, size in zip(counts, n, strict=True)]
        pairs = combinations(range(len(n)), 2)
        return float(max(abs(rates[i] - rates[j]) / (1 / n[i] + 1 / n[j]) ** 0.5 for i, j in pairs))

    least = widest(hits) - 1e-12
    deals = [np.bincount(group[list(chosen)], minlength=len(n)) for chosen in combinations(range(sum(n)), sum(hits))]
    return float(np.mean([widest(deal.tolist()) >= least for deal in deals]))


@pytest.mark.parametrize(
    ("hits", "n"), [([0, 3], [4, 5]), ([1, 2, 4], [5, 4, 4]), ([2, 0, 1, 3], [2, 3, 4, 5]), ([2, 2], [4, 4])]
)
def test_matches_every_shuffle(hits: list[int], n: list[int]) -> None:
    exact = _by_every_shuffle(hits, n)
    found = widest_gap_p(np.array(hits), np.array(n), draws=20_000, rng=np.random.default_rng(0))
    assert found == pytest.approx(exact, abs=4 * (exact * (1 - exact) / 20_000) ** 0.5 + 1e-4)


def test_false_alarms_keep_to_their_level() -> None:
    rng = np.random.default_rng(1)
    n = np.array([8, 20, 60, 200])
    p = np.array([widest_gap_p(rng.binomial(n, 0.2), n, draws=199, rng=rng) for _ in range(1500)])
    for level in (0.05, 0.2):
        assert (p <= level).mean() <= level + 3 * (level * (1 - level) / len(p)) ** 0.5


def test_a_tiny_group_does_not_hide_a_firm_gap_between_large_ones() -> None:
    """The bare widest gap is set by the group of three, whatever the others do."""
    hits, n = np.array([0, 300, 400]), np.array([3, 1000, 1000])
    assert widest_gap_p(hits, n, draws=999, rng=np.random.default_rng(2)) == 1 / 1000


def test_batches_give_one_answer_and_no_p_is_zero() -> None:
    n = np.full(100, 10)
    found = widest_gap_p(np.full(100, 5), n, draws=1000, rng=np.random.default_rng(0))  # 4,950 pairs: several batches
    assert found == 1.0


def test_an_empty_group_is_refused() -> None:
    with pytest.raises(TooFewError):
        widest_gap_p(np.array([0, 1]), np.array([0, 5]), draws=10, rng=np.random.default_rng(0))


def test_equal_rates_are_tested_by_chi_squared() -> None:
    hits, n = np.array([30, 45, 61]), np.array([100, 120, 130])
    expected = stats.chi2_contingency(np.stack([hits, n - hits]), correction=False).pvalue
    assert equal_rates_p(hits, n, draws=1, rng=np.random.default_rng(0)) == pytest.approx(expected)
    assert equal_rates_p(np.array([0, 0]), np.array([9, 9]), draws=1, rng=np.random.default_rng(0)) == 1.0


def test_equal_rates_of_few_people_are_shuffled() -> None:
    """Two groups: as far off as seen, either way, is Fisher's test with tables ordered by chi-squared."""
    hits, n = np.array([1, 6]), np.array([8, 9])
    table = stats.hypergeom(17, 7, 8)
    far = np.array([abs(k / 8 - (7 - k) / 9) for k in range(8)])
    expected = sum(table.pmf(k) for k in range(8) if far[k] >= abs(1 / 8 - 6 / 9) - 1e-12)
    assert equal_rates_p(hits, n, draws=20_000, rng=np.random.default_rng(1)) == pytest.approx(expected, abs=0.01)
    with pytest.raises(TooFewError):
        equal_rates_p(np.array([1, 0]), np.array([4, 0]), draws=5, rng=np.random.default_rng(0))
