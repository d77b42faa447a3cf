"""Sample sizes against statsmodels, by simulation, and by judging again with the people asked for."""

from math import ceil

import numpy as np
import pytest
from statsmodels.stats.proportion import power_proportions_2indep, samplesize_proportions_2indep_onetail

from fairwitness.core.estimate import Limit, Verdict
from fairwitness.stats import intervals
from fairwitness.stats.gaps import lowest_ratio, widest_gap
from fairwitness.stats.multiple import all_pairs
from fairwitness.stats.power import detectable_gap, power_of_gap, sample_size, settle_gap, settle_ratio

HITS, TOTALS, PAIR = {"a": 48, "b": 56}, {"a": 80, "b": 70}, ("a", "b")


@pytest.mark.parametrize("limit", [Limit(at_most=0.1), Limit(at_most=0.3), Limit(at_most=0.19)])
def test_the_people_asked_for_settle_the_gap_and_one_fewer_would_not(limit: Limit) -> None:
    more = settle_gap(HITS, TOTALS, PAIR, limit)
    assert more is not None
    assert TOTALS["a"] + more["a"] == pytest.approx(TOTALS["b"] + more["b"], abs=1)

    def verdict(fewer: int) -> bool:
        n = tuple(TOTALS[group] + more[group] - fewer for group in PAIR)
        low, high = intervals.newcombe((0.6 * n[0], 0.8 * n[1]), (float(n[0]), float(n[1])))
        assert limit.at_most is not None
        return bool(low > limit.at_most or high <= limit.at_most)

    assert verdict(0)
    assert not verdict(1)


def test_whole_people_in_the_same_proportion_settle_it_in_the_audit() -> None:
    limit = Limit(at_most=0.1)
    more = settle_gap(HITS, TOTALS, PAIR, limit)
    assert more is not None
    n = {group: 5 * -(-(TOTALS[group] + more[group]) // 5) for group in PAIR}  # 0.6 and 0.8 of it are whole
    found = widest_gap({"a": n["a"] * 3 // 5, "b": n["b"] * 4 // 5}, n).estimate
    assert found.against(limit) is Verdict.FAIL
    assert widest_gap(HITS, TOTALS).estimate.against(limit) is Verdict.UNCERTAIN


def test_the_smaller_group_is_filled_up_first() -> None:
    more = settle_gap({"a": 300, "b": 12}, {"a": 1000, "b": 30}, PAIR, Limit(at_most=0.2))
    assert more is not None
    assert more["a"] == 0
    assert 0 < more["b"] < 970


def test_ratio_is_settled_likewise() -> None:
    limit = Limit(at_least=0.8)
    more = settle_ratio(HITS, TOTALS, PAIR, limit)
    assert more is not None
    n = {group: 5 * -(-(TOTALS[group] + more[group]) // 5) for group in PAIR}
    found = lowest_ratio({"a": n["a"] * 3 // 5, "b": n["b"] * 4 // 5}, n).estimate
    assert found.against(limit) is Verdict.FAIL
    assert settle_ratio({"a": 0, "b": 0}, TOTALS, PAIR, limit) is None


def test_more_groups_at_once_need_more_people() -> None:
    limit = Limit(at_most=0.1)
    alone = settle_gap(HITS, TOTALS, PAIR, limit)
    among = settle_gap(HITS, TOTALS, PAIR, limit, z=all_pairs(0.95, 10))
    assert alone is not None
    assert among is not None
    assert among["a"] > alone["a"]
    ratio = settle_ratio(HITS, TOTALS, PAIR, Limit(at_least=0.6), z=all_pairs(0.95, 10))
    assert ratio is not None


def test_no_number_settles_a_gap_on_the_limit_or_an_unknown_rate() -> None:
    assert settle_gap({"a": 40, "b": 48}, {"a": 80, "b": 80}, PAIR, Limit(at_most=0.1)) is None
    assert settle_gap({"a": 40}, {"a": 80, "b": 0}, PAIR, Limit(at_most=0.1)) is None


def test_what_is_settled_needs_nobody() -> None:
    n = {"a": 10_000, "b": 10_000}
    assert settle_gap({"a": 5000, "b": 5010}, n, PAIR, Limit(at_most=0.1)) == {"a": 0, "b": 0}


@pytest.mark.parametrize(
    ("rates", "n"), [((0.2, 0.3), (100, 100)), ((0.5, 0.65), (80, 160)), ((0.1, 0.05), (400, 300))]
)
def test_power_matches_statsmodels(rates: tuple[float, float], n: tuple[int, int]) -> None:
    expected = power_proportions_2indep(
        rates[1] - rates[0], rates[0], n[1], ratio=n[0] / n[1], alternative="larger" if rates[1] > rates[0] else "smaller",
        alpha=0.025,
    ).power  # fmt: skip
    assert power_of_gap(rates, n) == pytest.approx(expected, abs=2e-3)


def test_sample_size_matches_statsmodels() -> None:
    for rates, power in (((0.2, 0.3), 0.8), ((0.05, 0.02), 0.9), ((0.5, 0.6), 0.95)):
        expected = samplesize_proportions_2indep_onetail(rates[1] - rates[0], rates[0], power, alpha=0.05)
        assert sample_size(rates, power=power) == ceil(expected)
    with pytest.raises(ValueError, match="equal rates"):
        sample_size((0.2, 0.2))


def test_that_many_people_find_the_gap_that_often() -> None:
    rng = np.random.default_rng(0)
    n = sample_size((0.2, 0.3))
    low, _ = intervals.miettinen_nurminen((rng.binomial(n, 0.2, 3000), rng.binomial(n, 0.3, 3000)), (n, n))
    assert (low > 0).mean() == pytest.approx(0.8, abs=0.03)


def test_detectable_gap_inverts_the_power() -> None:
    gap = detectable_gap(0.2, (294, 294))
    assert gap == pytest.approx(0.1, abs=1e-3)
    assert detectable_gap(0.2, (3, 2)) is None
