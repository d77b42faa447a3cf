"""The widest gap and the lowest ratio: by hand for two groups, by brute force for more, and by how often they hold."""

from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from fairwitness.core.columns import MISSING
from fairwitness.core.errors import TooFewError
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.stats import intervals
from fairwitness.stats.gaps import Widest, lowest_ratio, rates, widest_gap
from fairwitness.stats.multiple import all_pairs


def _groups(values: Sequence[int] | NDArray[np.int64]) -> dict[str, int]:
    return {f"g{index}": int(value) for index, value in enumerate(values)}


def test_two_groups_get_newcombes_interval() -> None:
    """Newcombe 1998, table II, method 10: 56/70 against 48/80, whichever comes first."""
    for hits in ({"a": 48, "b": 56}, {"b": 56, "a": 48}):
        found = widest_gap(hits, {"b": 70, "a": 80})
        assert found.groups == ("a", "b")
        estimate = found.estimate
        assert (estimate.value, estimate.low, estimate.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
        assert (estimate.unit, estimate.n, estimate.p) == ("points", 150, None)
        assert [pair.groups for pair in found.pairs] == [("a", "b")]


def test_rare_events_beside_a_huge_group_are_no_gap_even_at_a_high_level() -> None:
    """Where Newcombe's limits hold in 90 % of draws for a nominal 99 %."""
    rng, totals = np.random.default_rng(3), {"few": 100, "all": 1_000_000}
    found = [
        widest_gap({"few": int(few), "all": 1000}, totals, level=0.99).estimate
        for few in rng.binomial(100, 0.001, 1000)
    ]
    assert np.mean([estimate.low == 0 for estimate in found]) > 0.98
    assert found[0].method == "interval from exact limits"


def test_an_interval_across_zero_is_folded() -> None:
    """5/56 against 0/29 lies in [-0.0381, 0.1926]: the size of the gap then lies in [0, 0.1926]."""
    found = widest_gap({"a": 5}, {"a": 56, "b": 29})
    assert (found.estimate.low, found.estimate.high) == pytest.approx((0, 0.1926), abs=5e-5)
    assert found.pairs[0].estimate.low == pytest.approx(-0.0381, abs=5e-5)


HITS, TOTALS = {"a": 3, "b": 40, "c": 30, "d": 61}, {"a": 10, "b": 90, "c": 120, "d": 80}


def test_many_groups_by_brute_force() -> None:
    """Exact limits of each share at the tail of Tukey's critical value, squared and added for every ordered pair."""
    tail = stats.norm.sf(stats.studentized_range.ppf(0.95, 4, np.inf) / 2**0.5)
    share, low, high = {}, {}, {}
    for name, n in TOTALS.items():
        x = HITS[name]
        share[name] = x / n
        low[name], high[name] = stats.beta.ppf(tail, x, n - x + 1), stats.beta.isf(tail, x + 1, n - x)
    lower = [share[j] - share[i] - np.hypot(share[j] - low[j], high[i] - share[i]) for i, j in permutations(TOTALS, 2)]
    upper = [share[j] - share[i] + np.hypot(high[j] - share[j], share[i] - low[i]) for i, j in permutations(TOTALS, 2)]
    found = widest_gap(HITS, TOTALS)
    assert found.groups == ("c", "d")
    assert found.estimate.value == pytest.approx(61 / 80 - 30 / 120)
    assert (found.estimate.low, found.estimate.high) == pytest.approx((max(lower), max(upper)))
    assert len(found.pairs) == 6
    values = [pair.estimate.value for pair in found.pairs]
    assert values == sorted(values, key=lambda value: -(value or 0))


def test_lowest_ratio_by_brute_force() -> None:
    tail = stats.norm.sf(all_pairs(0.95, 4))
    low = {name: stats.beta.ppf(tail, HITS[name], n - HITS[name] + 1) for name, n in TOTALS.items()}
    high = {name: stats.beta.isf(tail, HITS[name] + 1, n - HITS[name]) for name, n in TOTALS.items()}
    share = {name: HITS[name] / n for name, n in TOTALS.items()}
    lower, upper = [], []
    for i, j in permutations(TOTALS, 2):  # where p_i - r p_j leaves its distance to 0, on a fine grid of r
        r = np.linspace(0.0, 1.0, 200_001)
        gap = share[i] - r * share[j]
        inside = np.where(
            gap >= 0,
            gap <= np.hypot(share[i] - low[i], r * (high[j] - share[j])),
            -gap <= np.hypot(high[i] - share[i], r * (share[j] - low[j])),
        )
        if inside.any():
            lower.append(r[inside][0])
            upper.append(r[inside][-1])
    found = lowest_ratio(HITS, TOTALS)
    assert found.groups == ("c", "d")
    assert found.estimate.value == pytest.approx((30 / 120) / (61 / 80))
    assert (found.estimate.low, found.estimate.high) == pytest.approx((min(lower), min(upper)), abs=1e-5)
    assert found.estimate.unit == "ratio"


def test_an_empty_group_never_helps_to_pass() -> None:
    hits, totals = {"a": 5000, "b": 5010}, {"a": 10_000, "b": 10_000}
    assert widest_gap(hits, totals).estimate.against(Limit(at_most=0.1)) is Verdict.PASS
    assert lowest_ratio(hits, totals).estimate.against(Limit(at_least=0.8)) is Verdict.PASS
    gap, ratio = widest_gap(hits, totals | {"c": 0}), lowest_ratio(hits, totals | {"c": 0})
    assert gap.undefined == ratio.undefined == ("c",)
    assert gap.estimate.high is None
    assert ratio.estimate.low is None
    assert gap.estimate.against(Limit(at_most=0.1)) is Verdict.UNCERTAIN
    assert ratio.estimate.against(Limit(at_least=0.8)) is Verdict.UNCERTAIN
    nobody_missing = widest_gap(hits, totals | {MISSING: 0})
    assert nobody_missing.undefined == (MISSING,)
    assert nobody_missing.estimate.against(Limit(at_most=0.1)) is Verdict.PASS


@pytest.mark.parametrize("missing", [MISSING, f"women × {MISSING}"])
def test_doubt_about_the_unrecorded_stands_aside_until_it_is_firm(missing: str) -> None:
    hits, totals = {"a": 500, "b": 510, missing: 0}, {"a": 1000, "b": 1000, missing: 3}
    few = widest_gap(hits, totals)
    assert few.groups == ("a", "b")
    assert few.estimate.high is not None
    assert few.estimate.high < 0.1
    assert widest_gap(hits, totals, aside=()).groups == (missing, "b")

    many = widest_gap(hits, totals | {missing: 300})
    assert many.groups == (missing, "b")
    assert many.estimate.against(Limit(at_most=0.1)) is Verdict.FAIL
    low_ratio = lowest_ratio(hits, totals | {missing: 300})
    assert low_ratio.groups == (missing, "b")
    assert low_ratio.estimate.against(Limit(at_least=0.8)) is Verdict.FAIL
    assert lowest_ratio(hits, totals).groups == ("a", "b")


def test_a_gap_with_the_unrecorded_raises_the_lower_end_before_it_is_the_widest() -> None:
    """Observed 30 points [5, 51] between a and b; the many unrecorded are 24 points [6, 38] below b."""
    hits, totals = {"a": 20, "b": 35, MISSING: 460}, {"a": 50, "b": 50, MISSING: 1000}
    found, alone = widest_gap(hits, totals), widest_gap(hits, totals, aside=())
    assert found.groups == ("a", "b")
    firm = next(pair.estimate.low for pair in found.pairs if set(pair.groups) == {MISSING, "b"})
    between = next(pair.estimate.low for pair in found.pairs if set(pair.groups) == {"a", "b"})
    assert firm is not None
    assert between is not None
    assert firm > between
    assert found.estimate.low == alone.estimate.low == firm


def test_a_ratio_observed_the_wrong_way_round_counts() -> None:
    """Rates too close to tell which is lower: the lowest ratio may be that of the second to the first."""
    hits, totals = {"a": 50, "b": 6}, {"a": 100, "b": 11}
    one_way = intervals.ratio((6, 50), (11, 100))
    other_way = intervals.ratio((50, 6), (100, 11))
    assert other_way[0] < one_way[0]
    assert lowest_ratio(hits, totals).estimate.low == pytest.approx(other_way[0])


def test_with_one_recorded_group_nobody_stands_aside() -> None:
    found = widest_gap({"a": 50, MISSING: 10}, {"a": 100, MISSING: 20}, rng=np.random.default_rng(0))
    assert set(found.groups) == {MISSING, "a"}
    assert found.estimate.value == 0


@pytest.mark.parametrize("measure", [widest_gap, lowest_ratio])
def test_one_group_is_too_few(measure: object) -> None:
    assert callable(measure)
    for totals in ({}, {"a": 4}, {"a": 4, "b": 0}):
        with pytest.raises(TooFewError):
            measure({}, totals)
    with pytest.raises(ValueError, match="totals are not known"):
        measure({"x": 1}, {"a": 2, "b": 2})
    with pytest.raises(ValueError, match="between 0 and n"):
        measure({"a": 3}, {"a": 2, "b": 2})


def test_ratios_without_hits() -> None:
    nobody = lowest_ratio({}, {"a": 50, "b": 60})
    assert (nobody.estimate.value, nobody.estimate.low, nobody.estimate.high) == (None, None, None)
    assert nobody.estimate.against(Limit(at_least=0.8)) is Verdict.UNCERTAIN
    some = lowest_ratio({"c": 30}, {"a": 50, "b": 60, "c": 70})
    assert some.estimate.value == some.estimate.low == 0
    assert some.estimate.against(Limit(at_least=0.8)) is Verdict.FAIL
    assert some.pairs[-1].estimate.value is None  # a against b: nothing over nothing


def test_the_permutation_p_comes_with_a_generator() -> None:
    found = widest_gap(HITS, TOTALS, rng=np.random.default_rng(0), draws=199)
    assert found.estimate.p == 1 / 200
    assert found == widest_gap(HITS, TOTALS, rng=np.random.default_rng(0), draws=199)


def test_rates_are_wilsons_or_hold_together() -> None:
    alone = rates({"a": 81}, {"a": 263, "b": 148, "c": 0})
    assert (alone["a"].low, alone["a"].high) == pytest.approx((0.2553, 0.3662), abs=5.1e-5)
    assert (alone["b"].value, alone["b"].low) == (0, 0)
    assert (alone["c"].value, alone["c"].low, alone["c"].high, alone["c"].n) == (None, None, None, 0)
    together = rates({"a": 81}, {"a": 263, "b": 148, "c": 0}, simultaneous=True)
    tail = (1 - 0.95**0.5) / 2
    assert together["a"].low == pytest.approx(stats.beta.ppf(tail, 81, 183))
    assert together["b"].high == pytest.approx(1 - tail ** (1 / 148))
    assert rates({}, {"a": 0})["a"].value is None


def _held(p: NDArray[np.float64], n: NDArray[np.int64], draws: int) -> tuple[float, float]:
    """Share of draws in which the gap's interval, and the ratio's, hold the truth."""
    rng = np.random.default_rng(11)
    gaps = ratios = 0

    def holds(found: Widest, truth: float) -> bool:
        estimate = found.estimate
        inside = (estimate.low is None or estimate.low <= truth + 1e-12) and (
            estimate.high is None or truth <= estimate.high + 1e-12
        )
        return bool(inside)

    for _ in range(draws):
        hits, totals = _groups(rng.binomial(n, p)), _groups(n)
        gaps += holds(widest_gap(hits, totals), p.max() - p.min())
        ratios += holds(lowest_ratio(hits, totals), p.min() / p.max())
    return gaps / draws, ratios / draws


@pytest.mark.parametrize(
    ("p", "n"),
    [
        ([0.2] * 2, [100] * 2),
        ([0.05, 0.3], [40, 200]),
        ([0.2] * 5, [100] * 5),
        ([0.1, 0.2, 0.3, 0.4, 0.9], [10, 50, 200, 1000, 30]),
        ([0.2] * 20, [100] * 20),
        (list(np.linspace(0.1, 0.5, 20)), [100] * 20),
        ([0.002] * 20, [100] * 19 + [1_000_000]),  # rare events beside a huge group: Wilson's limits hold in 71 %
        ([0.5] * 20, [20] * 19 + [100_000]),
    ],
)
def test_intervals_hold_for_all_pairs_at_once(p: list[float], n: list[int]) -> None:
    draws = 400
    for held in _held(np.array(p), np.array(n), draws):
        assert held > 0.95 - 3 * (0.95 * 0.05 / draws) ** 0.5


def test_twenty_fair_groups_do_not_fail() -> None:
    """A bare gap above 0.1 flags 95 % of such fair models."""
    rng, totals, draws = np.random.default_rng(12), _groups([100] * 20), 400
    over, found_gap, failed = 0, 0, 0
    for _ in range(draws):
        hits = rng.binomial(100, 0.2, 20)
        estimate = widest_gap(_groups(hits), totals).estimate
        over += (hits.max() - hits.min()) / 100 > 0.1
        found_gap += estimate.against(Limit(at_most=0.0)) is Verdict.FAIL
        failed += estimate.against(Limit(at_most=0.1)) is Verdict.FAIL
    assert over / draws > 0.9
    assert found_gap / draws <= 0.05
    assert failed == 0
