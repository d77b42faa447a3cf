"""Rows drawn again, counted by hand."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from fairwitness.fairness.resampling import evened, oversampled

SEX = np.array(["m"] * 5 + ["f"] * 5)
GOOD = np.array([1, 1, 1, 1, 0, 0, 0, 1, 0, 1], dtype=bool)


def test_ten_applicants_have_three_of_five_good_in_either_group() -> None:
    places = evened(SEX, GOOD, rng=np.random.default_rng(0))
    cells = Counter(zip(SEX[places].tolist(), GOOD[places].tolist(), strict=True))
    assert cells == {("m", True): 3, ("m", False): 2, ("f", True): 3, ("f", False): 2}


def test_no_row_of_a_cell_is_there_more_than_once_oftener_than_another() -> None:
    rng = np.random.default_rng(1)
    groups, outcomes = rng.choice(["a", "b", "c"], 900, p=[0.7, 0.2, 0.1]), rng.integers(0, 3, 900)
    places = evened(groups, outcomes, rng=rng)
    times = np.bincount(places, minlength=900)
    for group in "abc":
        for outcome in range(3):
            of = (groups == group) & (outcomes == outcome)
            assert np.ptp(times[of]) <= 1
            assert times[of].sum() == pytest.approx((groups == group).sum() * (outcomes == outcome).mean(), abs=0.51)


def test_rows_that_count_more_are_evened_by_weight() -> None:
    groups, outcomes = np.repeat(["a", "b"], 100), np.tile([0, 1], 100)
    weights = np.where((groups == "a") & (outcomes == 1), 3.0, 1.0)
    places = evened(groups, outcomes, weights=weights, rng=np.random.default_rng(0))
    good = [np.average(outcomes[p], weights=weights[p]) for p in (places[groups[places] == name] for name in "ab")]
    assert good[0] == pytest.approx(good[1], abs=0.01)


@pytest.mark.parametrize(("up_to", "expected"), [(1.0, 60), (0.5, 30), (0.25, 20)])
def test_small_groups_are_copied_up_to_a_share_of_the_largest(up_to: float, expected: int) -> None:
    groups = np.repeat(["a", "b"], [60, 20])
    outcomes = np.concatenate([np.arange(60) % 2, np.arange(20) % 4 == 0])
    places = oversampled(groups, outcomes, up_to=up_to, rng=np.random.default_rng(0))
    assert set(places) == set(range(80))
    drawn = groups[places]
    assert ((drawn == "a").sum(), (drawn == "b").sum()) == (60, pytest.approx(expected, abs=1))
    assert outcomes[places][drawn == "b"].mean() == pytest.approx(0.25, abs=0.03)
    assert np.ptp(np.bincount(places)[60:]) <= 1
