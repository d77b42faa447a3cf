"""What is watched from batch to batch: by simulation, by hand, and written down and read back."""

import json
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.monitor import streams
from fairwitness.monitor.power import draws_needed, growth, of_blocks
from fairwitness.monitor.streams import Stream
from fairwitness.stats import intervals
from fairwitness.stats.betting import Wager


def answers(rng: np.random.Generator, rates: dict[str, float], n: dict[str, int]) -> dict[str, NDArray[np.int8]]:
    return {group: (rng.random(n[group]) < rate).astype(np.int8) for group, rate in rates.items()}


def test_the_bound_is_what_the_audit_left_open() -> None:
    stream = Stream.of_gap({"a": 160, "b": 100}, {"a": 200, "b": 200}, limit=0.10)
    assert stream is not None
    (pair,) = stream.pairs
    _, high = intervals.newcombe((100, 160), (200, 200), level=0.95)
    assert pair.above.bound == pytest.approx(float(high))
    assert pair.below.bound == pytest.approx(0.10)  # b was surely not above a; the limit is what is acceptable


def test_small_groups_are_set_aside_and_one_alone_is_no_gap() -> None:
    totals = {"a": 200, "b": 200, "c": streams.LEAST_AUDITED - 1}
    stream = Stream.of_gap(dict.fromkeys(totals, 5), totals, limit=0.1)
    assert stream is not None
    assert stream.aside == ("c",)
    assert Stream.of_gap({"a": 5}, {"a": 100}, limit=0.1) is None
    assert Stream.of_share(0, 0) is None


@pytest.mark.slow
@pytest.mark.parametrize("three", [False, True])
def test_false_alarms_however_often_one_looks(*, three: bool) -> None:
    """Rates at the edge of what the audit left open; groups of unequal size; 40 looks in each of 60 records."""
    totals = {"a": 900, "b": 300} | ({"c": 200} if three else {})
    rng, ever = np.random.default_rng(0), 0
    for _ in range(60):
        stream = Stream.of_gap({g: round(0.6 * n) for g, n in totals.items()}, totals, limit=0.10, bound=0.12)
        assert stream is not None
        rates = {"a": 0.62, "b": 0.50, "c": 0.50}
        for _ in range(40):
            stream = stream.add(answers(rng, {g: rates[g] for g in totals}, {g: n // 12 for g, n in totals.items()}))
        ever += stream.peak >= math.log(20)
    assert ever / 60 <= 0.05


def test_a_gap_beyond_the_bound_is_found_and_the_pair_named() -> None:
    rng = np.random.default_rng(1)
    totals = {"a": 900, "b": 300, "c": 300}
    stream = Stream.of_gap({"a": 540, "b": 180, "c": 180}, totals, limit=0.10)
    assert stream is not None
    for _ in range(25):
        stream = stream.add(answers(rng, {"a": 0.6, "b": 0.6, "c": 0.25}, {"a": 90, "b": 30, "c": 30}))
    assert stream.peak >= math.log(200)
    assert stream.widest is not None
    assert stream.widest[1] == "c"


def test_rows_wait_for_a_partner_and_old_ones_are_given_up() -> None:
    stream = Stream.of_gap({"a": 50, "b": 50}, {"a": 100, "b": 100}, limit=0.1)
    assert stream is not None
    for _ in range(8):
        stream = stream.add({"a": np.ones(100, dtype=np.int8)})
    (pair,) = stream.pairs
    assert (len(pair.waiting[0]), pair.above.batches) == (streams.MOST_WAITING, 0)
    after = stream.add({"b": np.zeros(20, dtype=np.int8)}).pairs[0]
    assert (len(after.waiting[0]), len(after.waiting[1])) == (streams.MOST_WAITING - 20, 0)
    assert after.above.log_wealth > 0 > after.below.log_wealth


def test_state_is_read_back_exactly_and_goes_on_alike() -> None:
    rng = np.random.default_rng(2)
    for stream in (
        Stream.of_gap({"a": 50, "b": 60}, {"a": 100, "b": 250}, limit=0.1),
        Stream.of_share(10, 100),
    ):
        assert stream is not None
        once = stream.add(answers(rng, {"a": 0.5, "b": 0.4}, {"a": 13, "b": 40}))
        again = Stream.from_json(json.loads(json.dumps(once.to_json())))
        assert again == once
        more = answers(rng, {"a": 0.5, "b": 0.4}, {"a": 11, "b": 20})
        assert again.add(more) == once.add(more)


def test_errors_of_everybody() -> None:
    stream = Stream.of_share(50, 1000)
    assert stream is not None
    assert stream.alone is not None
    assert stream.alone.bound == pytest.approx(float(intervals.wilson(50, 1000)[1]))
    worse = stream.add({"a": np.repeat([1, 0], [60, 240]).astype(np.int8)})
    assert worse.peak > math.log(200)
    assert worse.widest is None


def test_growth_is_kellys_on_a_coin() -> None:
    """The best bet on a coin of 0.6 against even odds is 0.2: it grows by log 2 minus the entropy of the coin."""
    wager = Wager(bound=0.5, least=0.0)
    best = math.log(2) + 0.6 * math.log(0.6) + 0.4 * math.log(0.4)
    found = growth(wager, np.array([0.0, 1.0]), np.array([0.4, 0.6]))
    assert 0.95 * best <= found <= best
    assert growth(wager, np.array([0.0, 1.0]), np.array([0.5, 0.5])) < 0


def test_draws_needed_hold_in_fresh_records() -> None:
    values, shares = of_blocks((0.7, 0.4), (2, 1))
    assert shares.sum() == pytest.approx(1.0)
    assert values @ shares == pytest.approx(0.3)
    wager = Wager(bound=0.1, least=-1.0)
    needed = draws_needed(wager, values, shares, log_alarm=math.log(200), rng=np.random.default_rng(3))
    assert needed is not None
    rng = np.random.default_rng(4)
    noticed = 0
    for _ in range(100):
        now = wager
        for _ in range(15):
            now = now.add(values, rng.multinomial(needed // 15, shares))
        noticed += now.peak >= math.log(200)
    assert 0.65 <= noticed / 100 <= 0.97
    assert draws_needed(wager, *of_blocks((0.5, 0.4), (1, 1)), log_alarm=3.0, rng=rng) is None


@pytest.mark.parametrize("share", [0.5, 0.1])
def test_a_rate_that_jumps_for_everybody_opens_no_gap(share: float) -> None:
    """Every 15 looks of 200 rows everybody's rate goes from 20 to 80 % or back; at no time do the groups differ."""
    totals = {"a": round(1000 * (1 - share)), "b": round(1000 * share)}
    ever = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        stream = Stream.of_gap({g: n // 2 for g, n in totals.items()}, totals, limit=0.10, bound=0.15)
        assert stream is not None
        for look in range(60):
            rate, few = (0.2, 0.8)[look // 15 % 2], int(rng.binomial(200, share))
            stream = stream.add(answers(rng, {"a": rate, "b": rate}, {"a": 200 - few, "b": few}))
        ever += stream.peak >= math.log(200)
    assert ever <= 1  # 7 of 20 for groups of one size, were the oldest rows paired first
