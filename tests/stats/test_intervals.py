"""Intervals against published tables, other libraries, slow rewrites, and the share of draws they cover."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import optimize, special, stats
from statsmodels.stats import proportion

from fairwitness.core.errors import TooFewError
from fairwitness.stats import intervals

Z95 = 1.959963984540054

# Newcombe 1998, Statistics in Medicine 17:873-890, table II: first and second group's hits and sizes, then the limits
# of the difference first minus second by methods 6 (Miettinen and Nurminen) and 10 (square and add).
TABLE_II = [
    ((56, 70), (48, 80), (0.0528, 0.3382), (0.0524, 0.3339)),
    ((9, 10), (3, 10), (0.1700, 0.8406), (0.1705, 0.8090)),
    ((6, 7), (2, 7), (0.0342, 0.8534), (0.0582, 0.8062)),
    ((5, 56), (0, 29), (-0.0326, 0.1933), (-0.0381, 0.1926)),
    ((0, 10), (0, 20), (-0.1658, 0.2844), (-0.1611, 0.2775)),
    ((0, 10), (0, 10), (-0.2879, 0.2879), (-0.2775, 0.2775)),
    ((10, 10), (0, 20), (0.7156, 1.0), (0.6791, 1.0)),
    ((10, 10), (0, 10), (0.6636, 1.0), (0.6075, 1.0)),
]


@pytest.mark.parametrize(("first", "second", "score", "square_and_add"), TABLE_II)
def test_differences_match_newcombes_table(
    first: tuple[int, int],
    second: tuple[int, int],
    score: tuple[float, float],
    square_and_add: tuple[float, float],
) -> None:
    hits, n = (second[0], first[0]), (second[1], first[1])
    assert intervals.newcombe(hits, n) == pytest.approx(square_and_add, abs=5.1e-5)
    assert intervals.miettinen_nurminen(hits, n) == pytest.approx(score, abs=5.1e-5)


@pytest.mark.parametrize(
    ("hits", "n", "wilson", "exact"),
    [  # Newcombe 1998, Statistics in Medicine 17:857-872, table I, methods 3 and 5
        (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
        (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
        (0, 20, (0.0, 0.1611), (0.0, 0.1684)),
        (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
    ],
)
def test_shares_match_newcombes_table(
    hits: int, n: int, wilson: tuple[float, float], exact: tuple[float, float]
) -> None:
    assert intervals.wilson(hits, n) == pytest.approx(wilson, abs=5.1e-5)
    assert intervals.clopper_pearson(hits, n) == pytest.approx(exact, abs=5.1e-5)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
@pytest.mark.parametrize("n", [1, 7, 40])
def test_shares_match_statsmodels(n: int, level: float) -> None:
    hits = np.arange(n + 1)
    for mine, theirs in ((intervals.wilson, "wilson"), (intervals.clopper_pearson, "beta")):
        low, high = mine(hits, n, level=level)
        expected = proportion.proportion_confint(hits, n, alpha=1 - level, method=theirs)
        np.testing.assert_allclose(low, np.maximum(expected[0], 0), atol=1e-12)
        np.testing.assert_allclose(high, np.minimum(expected[1], 1), atol=1e-12)


def test_ratio_matches_statsmodels_where_it_converges() -> None:
    rng = np.random.default_rng(3)
    for _ in range(60):
        n = rng.integers(5, 300, 2)
        hits = rng.integers(1, n - 1)
        expected = proportion.confint_proportions_2indep(hits[1], n[1], hits[0], n[0], method="score", compare="ratio")
        found = intervals.ratio((float(hits[0]), float(hits[1])), (float(n[0]), float(n[1])))
        assert found == pytest.approx(expected, rel=1e-5)


def _score_limit(hits: tuple[int, int], n: tuple[int, int], *, ratio: bool, sign: float) -> Callable[[float], float]:
    """The score statistic minus its critical value, its shares found by climbing the likelihood, not in closed form."""

    def distance(supposed: float) -> float:
        def other(p0: float) -> float:
            return float(p0 * supposed if ratio else p0 + supposed)

        def loss(p0: float) -> float:
            terms = zip((p0, other(p0)), hits, n, strict=True)
            return -float(sum(special.xlogy(h, p) + special.xlogy(m - h, 1 - p) for p, h, m in terms))

        ends = (0, min(1, 1 / supposed)) if ratio else (max(0, -supposed), min(1, 1 - supposed))
        p0 = optimize.minimize_scalar(loss, bounds=ends, method="bounded", options={"xatol": 1e-13}).x
        p1, total, times = other(p0), sum(n), supposed if ratio else 1.0
        error = np.sqrt((p1 * (1 - p1) / n[1] + times**2 * p0 * (1 - p0) / n[0]) * total / (total - 1))
        gap = hits[1] / n[1] - (supposed * hits[0] / n[0] if ratio else hits[0] / n[0] + supposed)
        return float(gap / error - sign * Z95)

    return distance


@pytest.mark.parametrize(
    ("hits", "n"), [((130, 51), (255, 191)), ((7, 3), (93, 14)), ((35, 223), (54, 244)), ((2, 29), (40, 30))]
)
def test_score_intervals_match_a_climbed_likelihood(hits: tuple[int, int], n: tuple[int, int]) -> None:
    """statsmodels 0.15 is no oracle for the difference: it returns NaN or misses Newcombe's table in the 3rd digit."""
    gap = hits[1] / n[1] - hits[0] / n[0]
    low, high = intervals.miettinen_nurminen(hits, n)
    assert low == pytest.approx(
        optimize.brentq(_score_limit(hits, n, ratio=False, sign=1), gap - 0.6, gap - 1e-4), abs=1e-7
    )
    assert high == pytest.approx(
        optimize.brentq(_score_limit(hits, n, ratio=False, sign=-1), gap + 1e-4, min(gap + 0.6, 0.9999)), abs=1e-7
    )
    times = hits[1] * n[0] / (hits[0] * n[1])
    low, high = intervals.ratio(hits, n)
    assert low == pytest.approx(
        optimize.brentq(_score_limit(hits, n, ratio=True, sign=1), times / 9, times * 0.999), rel=1e-6
    )
    assert high == pytest.approx(
        optimize.brentq(_score_limit(hits, n, ratio=True, sign=-1), times * 1.001, times * 9), rel=1e-6
    )


def test_ratio_is_honest_about_groups_without_hits() -> None:
    low, high = intervals.ratio((50, 0), (100, 100))
    assert low == 0
    assert 0 < high < 0.1
    low, high = intervals.ratio((0, 50), (100, 100))
    assert low > 10
    assert high == np.inf
    for ratio in (intervals.ratio, intervals.mover_ratio):
        assert ratio((0, 0), (100, 100)) == (0, np.inf)
        swapped = ratio((3, 0), (50, 60)), ratio((0, 3), (60, 50))
        assert swapped[0][1] == pytest.approx(1 / swapped[1][0])


@pytest.mark.parametrize(("hits", "n"), [((48, 56), (80, 70)), ((3, 9), (10, 10)), ((1, 40), (30, 41))])
def test_mover_limits_solve_the_equations_they_come_from(hits: tuple[int, int], n: tuple[int, int]) -> None:
    """A ratio r is a limit where p1 - r p0 is as far from 0 as the distances of p1 and r p0 to their limits add up."""
    p0, p1 = hits[0] / n[0], hits[1] / n[1]
    tails = 0.025, 0.975
    low0, high0 = (
        stats.beta.ppf(tails[0], hits[0], n[0] - hits[0] + 1),
        stats.beta.ppf(tails[1], hits[0] + 1, n[0] - hits[0]),
    )
    low1, high1 = (
        stats.beta.ppf(tails[0], hits[1], n[1] - hits[1] + 1),
        stats.beta.ppf(tails[1], hits[1] + 1, n[1] - hits[1]),
    )
    low, high = intervals.mover_ratio(hits, n)
    assert p1 - low * p0 == pytest.approx(np.hypot(p1 - low1, low * (high0 - p0)))
    assert high * p0 - p1 == pytest.approx(np.hypot(high1 - p1, high * (p0 - low0)))
    low, high = intervals.mover_difference(hits, n)
    assert p1 - p0 - low == pytest.approx(np.hypot(p1 - low1, high0 - p0))
    assert high - (p1 - p0) == pytest.approx(np.hypot(high1 - p1, p0 - low0))


def test_mean_matches_scipy() -> None:
    values = np.random.default_rng(0).normal(3, 2, 17)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    assert intervals.mean(values.sum(), (values**2).sum(), 17, level=0.9) == pytest.approx(tuple(expected))
    assert intervals.mean(2.0, 4.0, 1) == (-np.inf, np.inf)


@pytest.mark.parametrize(("area", "positives", "negatives"), [(0.8, 30, 50), (0.5, 7, 9), (0.97, 200, 20)])
def test_auc_solves_newcombes_quartic(area: float, positives: int, negatives: int) -> None:
    """Squared and multiplied out, the limits are roots of a polynomial in theta."""
    theta, weight = np.polynomial.Polynomial([0, 1]), (positives + negatives) / 2 - 1
    variance = (1 + theta) * (2 - theta) + weight * ((1 - theta) * (1 + theta) + theta * (2 - theta))
    quartic = (area - theta) ** 2 * (1 + theta) * (2 - theta) * positives * negatives - Z95**2 * theta * (
        1 - theta
    ) * variance
    roots = sorted(
        root.real for root in np.roots(quartic.coef[::-1]).tolist() if abs(root.imag) < 1e-9 and 0 < root.real < 1
    )
    assert intervals.auc(area, positives, negatives) == pytest.approx((roots[0], roots[-1]), abs=1e-9)


def test_perfect_separation_is_not_certainty() -> None:
    low, high = intervals.auc(1.0, 10, 10)
    assert 0.7 < low < 0.95
    assert high == 1.0
    assert intervals.auc(0.0, 10, 10) == pytest.approx((1 - high, 1 - low))


TWO_SAMPLE = [
    intervals.newcombe,
    intervals.miettinen_nurminen,
    intervals.ratio,
    intervals.mover_difference,
    intervals.mover_ratio,
]


@pytest.mark.parametrize("interval", TWO_SAMPLE)
def test_arrays_give_what_numbers_give(interval: Callable[..., Any]) -> None:
    rng = np.random.default_rng(1)
    n = rng.integers(1, 60, (2, 3, 5))
    hits = rng.integers(0, n + 1)
    low, high = interval((hits[0], hits[1]), (n[0], n[1]), z=2.7)
    assert low.shape == (3, 5)
    for place in np.ndindex(3, 5):
        pair = (int(hits[0][place]), int(hits[1][place])), (int(n[0][place]), int(n[1][place]))
        assert interval(*pair, z=2.7) == pytest.approx((low[place], high[place]), abs=1e-12)


@pytest.mark.parametrize("interval", [*TWO_SAMPLE])
def test_an_empty_group_is_refused(interval: Callable[..., Any]) -> None:
    with pytest.raises(TooFewError):
        interval((0, 3), (0, 10))
    with pytest.raises(ValueError, match="between 0 and n"):
        interval((3, 3), (2, 10))


def test_empty_samples_are_refused() -> None:
    for interval in (intervals.wilson, intervals.clopper_pearson):
        with pytest.raises(TooFewError):
            interval(0, 0)
    with pytest.raises(TooFewError):
        intervals.mean(0.0, 0.0, 0)
    with pytest.raises(TooFewError):
        intervals.auc(0.5, 3, 0)
    with pytest.raises(ValueError, match="level must lie"):
        intervals.wilson(1, 2, level=95)


def _binomial(n: int, p: float) -> NDArray[np.float64]:
    weights: NDArray[np.float64] = stats.binom.pmf(np.arange(n + 1), n, p)
    return weights


@pytest.mark.parametrize("n", [10, 30, 100])
def test_share_intervals_cover(n: int) -> None:
    """Coverage summed over every outcome, exactly: Wilson's on average over rates, the exact one at each rate."""
    hits, grid = np.arange(n + 1), np.linspace(0.01, 0.99, 99)
    covered = {}
    for interval in (intervals.wilson, intervals.clopper_pearson):
        low, high = interval(hits, n)
        covered[interval] = np.array([_binomial(n, p)[(low <= p) & (p <= high)].sum() for p in grid])
    assert covered[intervals.wilson].mean() == pytest.approx(0.95, abs=0.012)
    assert covered[intervals.wilson].min() > 0.83
    assert covered[intervals.clopper_pearson].min() >= 0.95


@pytest.mark.parametrize("n", [(15, 40), (60, 60)])
def test_difference_and_ratio_intervals_cover(n: tuple[int, int]) -> None:
    """Coverage summed over every pair of outcomes, exactly, averaged over a grid of rates."""
    first, second = np.meshgrid(np.arange(n[0] + 1), np.arange(n[1] + 1), indexing="ij")
    rates = (0.05, 0.2, 0.35, 0.5, 0.75, 0.9)

    def difference(p: float, q: float) -> float:
        return q - p

    def ratio(p: float, q: float) -> float:
        return q / p

    kinds: list[tuple[Callable[..., Any], Callable[[float, float], float]]] = [
        (intervals.newcombe, difference),
        (intervals.miettinen_nurminen, difference),
        (intervals.mover_difference, difference),
        (intervals.ratio, ratio),
        (intervals.mover_ratio, ratio),
    ]
    for interval, truth in kinds:
        low, high = interval((first, second), n)
        covered = [
            (np.outer(_binomial(n[0], p), _binomial(n[1], q)) * ((low <= truth(p, q)) & (truth(p, q) <= high))).sum()
            for p in rates
            for q in rates
        ]
        assert 0.945 < np.mean(covered) < 0.99
        assert min(covered) > 0.9
