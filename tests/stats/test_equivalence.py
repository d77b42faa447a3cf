"""Equivalence against statsmodels, closed forms, and the error rate it promises."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_ind

from fairwitness.core.errors import TooFewError
from fairwitness.stats.equivalence import certified_within, tost, tost_rates
from fairwitness.stats.intervals import newcombe


def test_matches_statsmodels_for_means() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(0, 1, 40), rng.normal(0.1, 1, 50)
    expected = ttost_ind(first, second, -0.5, 0.5)[0]
    pooled = np.sqrt((first.var(ddof=1) * 39 + second.var(ddof=1) * 49) / 88 * (1 / 40 + 1 / 50))
    found = tost(first.mean() - second.mean(), pooled, margin=0.5, freedom=88)
    assert found.p == pytest.approx(expected)
    assert found.equivalent == (expected < 0.05)


def test_normal_errors_are_the_limit_of_students() -> None:
    normal, student = tost(0.01, 0.02, margin=0.05), tost(0.01, 0.02, margin=0.05, freedom=1e9)
    assert normal.p == pytest.approx(1 - stats.norm.cdf(2))
    assert (student.p, student.low) == pytest.approx((normal.p, normal.low))


@pytest.mark.parametrize(("hits", "n"), [((480, 482), (1000, 1000)), ((30, 20), (100, 80)), ((0, 0), (50, 60))])
def test_p_is_the_smallest_alpha_that_calls_the_rates_equivalent(hits: tuple[int, int], n: tuple[int, int]) -> None:
    found = tost_rates(hits, n, margin=0.1)
    low, high = newcombe(hits, n, level=1 - 2 * found.p)
    assert min(0.1 - high, low + 0.1) == pytest.approx(0, abs=1e-9)
    assert found.equivalent == (found.p < 0.05)


def test_no_alpha_calls_a_gap_beyond_the_margin_none() -> None:
    found = tost_rates((10, 40), (100, 100), margin=0.1)
    assert (found.p, found.equivalent) == (0.5, False)
    assert found.value == pytest.approx(0.3)


def test_gaps_at_the_margin_are_rarely_called_none() -> None:
    rng = np.random.default_rng(4)
    hits = zip(rng.binomial(400, 0.3, 1500).tolist(), rng.binomial(400, 0.4, 1500).tolist(), strict=True)
    called = np.mean([tost_rates(pair, (400, 400), margin=0.1).equivalent for pair in hits])
    assert called < 0.05 + 3 * (0.05 * 0.95 / 1500) ** 0.5


def test_nonsense_is_refused() -> None:
    with pytest.raises(TooFewError):
        tost_rates((0, 1), (0, 5), margin=0.1)
    with pytest.raises(ValueError, match="margin"):
        tost_rates((0, 1), (5, 5), margin=0)
    with pytest.raises(ValueError, match="standard error"):
        tost(0.1, 0.0, margin=0.2)


def test_a_margin_is_certified_just_where_every_pair_keeps_it() -> None:
    hits, n = {"a": 210, "b": 190, "c": 205}, {"a": 700, "b": 650, "c": 720}
    margin = certified_within(hits, n)
    assert margin is not None
    pairs = [((hits[x], hits[y]), (n[x], n[y])) for x, y in (("a", "b"), ("a", "c"), ("b", "c"))]
    assert all(tost_rates(h, m, margin=margin * 1.0001).equivalent for h, m in pairs)
    assert not all(tost_rates(h, m, margin=margin * 0.9999).equivalent for h, m in pairs)
    assert certified_within({"a": 1}, {"a": 4, "b": 0}) is None
    with pytest.raises(TooFewError):
        certified_within({"a": 1}, {"a": 4})


@pytest.mark.parametrize("rates", [(0.3, 0.4), (0.3, 0.4, 0.4, 0.3, 0.35), (0.02, 0.12, 0.07)])
def test_certificates_are_wrong_as_seldom_as_they_say(rates: tuple[float, ...]) -> None:
    """The widest true gap is 10 points; a smaller margin is certified in at most 5 % of draws."""
    rng, names = np.random.default_rng(7), [str(place) for place in range(len(rates))]
    totals = dict.fromkeys(names, 300)
    wrong = 0
    for _ in range(1000):
        hits = dict(zip(names, rng.binomial(300, rates).tolist(), strict=True))
        wrong += (certified_within(hits, totals) or 0) < 0.1
    assert wrong / 1000 <= 0.05 + 3 * (0.05 * 0.95 / 1000) ** 0.5
