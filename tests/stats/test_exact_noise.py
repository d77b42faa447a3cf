"""Draws against their closed forms, on fixed bytes, and epsilon against the likelihood ratio of neighbours."""

from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from fairwitness.stats.exact_noise import Coins, beyond, decays, discrete_laplace, randomised_response, sum_beyond


def coins(seed: int = 0) -> Coins:
    return Coins(np.random.default_rng(seed).bytes)


def fits(counts: list[int], chances: list[float]) -> float:
    """P value of Pearson's chi-squared test."""
    expected = np.array(chances) / sum(chances) * sum(counts)
    return float(stats.chisquare(counts, expected).pvalue)


def laplace(x: int, scale: float) -> float:
    """The chance of x by the closed form: (1 - p) / (1 + p) * p ** |x|, with p = exp(-1 / scale)."""
    p = np.exp(-1 / scale)
    return float((1 - p) / (1 + p) * p ** abs(x))


@pytest.mark.parametrize("n", [1, 2, 3, 7, 100])
def test_whole_numbers_are_as_likely(n: int) -> None:
    drawn = coins()
    counts = np.bincount([drawn.below(n) for _ in range(4_000)], minlength=n)
    assert len(counts) == n
    assert n == 1 or fits(counts.tolist(), [1.0] * n) > 0.001


@pytest.mark.parametrize("rate", [Fraction(0), Fraction(1, 7), Fraction(1), Fraction(5, 2)])
def test_decay_has_its_chance(rate: Fraction) -> None:
    drawn = coins()
    hits = sum(decays(rate, drawn) for _ in range(8_000))
    assert stats.binomtest(hits, 8_000, float(np.exp(-float(rate)))).pvalue > 0.001


@pytest.mark.parametrize("scale", [Fraction(1, 3), Fraction(1), Fraction(7, 3), Fraction(100)])
def test_noise_has_the_closed_form(scale: Fraction) -> None:
    drawn, n = coins(1), 20_000
    found = np.array([discrete_laplace(scale, drawn) for _ in range(n)])
    reach = max(1, int(3 * scale))
    counts = [int((found == x).sum()) for x in range(-reach, reach + 1)]
    chances = [laplace(x, float(scale)) for x in range(-reach, reach + 1)]
    counts, chances = [*counts, n - sum(counts)], [*chances, 1 - sum(chances)]
    assert fits(counts, chances) > 0.001


def test_noise_of_a_fraction_is_that_of_scipy() -> None:
    drawn = coins(2)
    found = [discrete_laplace(Fraction(5, 2), drawn) for _ in range(10_000)]
    assert np.mean(found) == pytest.approx(0, abs=0.15)
    assert np.var(found) == pytest.approx(stats.dlaplace(0.4).var(), rel=0.06)


def test_neighbours_differ_by_no_more_than_epsilon() -> None:
    """Counts 0 and 3 under sensitivity 3: no value is more than e^epsilon times likelier from one than from the other."""
    epsilon, n = Fraction(4, 5), 40_000
    drawn = coins(3)
    noise = np.array([discrete_laplace(3 / epsilon, drawn) for _ in range(n)])
    for value in range(-4, 8):
        a, b = int((noise == value).sum()), int((noise + 3 == value).sum())
        worst = stats.beta.ppf(1e-4, a, n - a + 1) / stats.beta.ppf(1 - 1e-4, b + 1, n - b)
        assert worst <= np.exp(float(epsilon))
    low = (noise <= -3).sum() / (noise + 3 <= -3).sum()  # beyond both the ratio is e^epsilon itself
    assert low == pytest.approx(np.exp(0.8), rel=0.06)


@pytest.mark.parametrize("choices", [2, 5])
def test_a_randomised_response_keeps_its_odds(choices: int) -> None:
    epsilon, n, drawn = Fraction(3, 2), 12_000, coins(4)
    found = np.bincount([randomised_response(1, choices, epsilon, drawn) for _ in range(n)], minlength=choices)
    chances = [1.0] * choices
    chances[1] = float(np.exp(1.5))
    assert fits(found.tolist(), chances) > 0.001


@pytest.mark.parametrize("scale", [Fraction(1, 4), Fraction(3), Fraction(1000, 7)])
def test_the_bound_of_one_draw_is_the_least(scale: Fraction) -> None:
    m = beyond(scale, 0.05)
    outside = 1 - sum(laplace(x, float(scale)) for x in range(-m, m + 1))
    assert outside <= 0.05 + 1e-9
    if m:
        assert 1 - sum(laplace(x, float(scale)) for x in range(-m + 1, m)) > 0.05


@pytest.mark.parametrize("n", [1, 30, 1_000])
def test_the_bound_of_a_sum_holds_and_is_not_far(n: int) -> None:
    rng, t = np.random.default_rng(5), 10.0
    p = 1 - np.exp(-1 / t)
    sums = np.abs((rng.geometric(p, (4_000, n)) - rng.geometric(p, (4_000, n))).sum(axis=1))
    bound = sum_beyond(Fraction(10), n, 0.05)
    assert (sums > bound).mean() <= 0.05
    assert bound < 2.2 * np.quantile(sums, 0.95)


def test_the_operating_system_gives_the_bytes() -> None:
    assert Coins().bits(64) != Coins().bits(64)
