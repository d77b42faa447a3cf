"""Wealth against closed forms, a slow rewrite, another published betting test, and Ville's inequality by simulation."""

import json
import math
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.stats import betting
from fairwitness.stats.betting import BETS, Wager, average, differences

INTS = np.int64


def played(wager: Wager, draws: NDArray[np.float64], every: int) -> list[float]:
    """Logarithm of the wealth after each batch of `every` draws."""
    found = []
    for start in range(0, len(draws), every):
        values, counts = np.unique(draws[start : start + every], return_counts=True)
        wager = wager.add(values, counts.astype(INTS))
        found.append(wager.log_wealth)
    return found


def slowly(draws: list[list[float]], bound: float, least: float) -> float:
    """The definition, written out: money by start and bet, multiplied draw by draw."""
    wealth = 1 / (len(draws) + 1)
    for start in range(1, len(draws) + 1):
        for bet in BETS:
            money = 1 / (start * (start + 1)) / len(BETS)
            for batch in draws[start - 1 :]:
                for draw in batch:
                    money *= 1 + bet / (bound - least) * (draw - bound)
            wealth += money
    return wealth


def test_one_draw_by_hand() -> None:
    """Half the money bets on one draw of 1 against a bound of 0.5: it gains bet · (1 − 0.5)/0.5 = bet on average."""
    wager = Wager(bound=0.5, least=0.0).add(np.array([1.0]), np.array([1]))
    assert math.exp(wager.log_wealth) == pytest.approx(0.5 + 0.5 * (1 + BETS.mean()))


def test_matches_the_definition_draw_by_draw() -> None:
    rng = np.random.default_rng(1)
    draws = [rng.choice([-1.0, 0.0, 1.0], size=n).tolist() for n in (3, 1, 5, 2)]
    wager = Wager(bound=0.1, least=-1.0)
    for batch in draws:
        values, counts = np.unique(batch, return_counts=True)
        wager = wager.add(values, counts.astype(INTS))
    assert math.exp(wager.log_wealth) == pytest.approx(slowly(draws, 0.1, -1.0))


@pytest.mark.parametrize(("bound", "least"), [(0.3, 0.0), (0.1, -1.0)])
def test_fair_game_on_every_outcome(bound: float, least: float) -> None:
    """Expected wealth is 1 exactly when the mean is the bound: over all outcomes of four draws in two batches."""
    high = (bound - least) / (1 - least)
    expected = 0.0
    for outcome in product([0, 1], repeat=4):
        draws = [least + (1 - least) * each for each in outcome]
        chance = math.prod(high if each else 1 - high for each in outcome)
        wager = Wager(bound=bound, least=least)
        for batch in (draws[:2], draws[2:]):
            wager = wager.add(np.array(batch), np.ones(2, dtype=INTS))
        expected += chance * math.exp(wager.log_wealth)
    assert expected == pytest.approx(1.0)


def test_false_alarms_are_rare_however_often_one_looks() -> None:
    """Ville: at the edge of the null, 60 looks each (of 1,000 such runs 17 alarmed, of repeated z tests 296)."""
    rng = np.random.default_rng(2)
    runs, alpha = 150, 0.05
    ever = 0
    for _ in range(runs):
        a, b = rng.random((2, 3000)) < np.array([[0.35], [0.30]])
        ever += max(played(Wager(bound=0.05, least=-1.0), a.astype(float) - b, 50)) >= math.log(1 / alpha)
    assert ever / runs <= alpha


def test_finds_a_gap_about_as_fast_as_chugg_and_others() -> None:
    """Against the test of Chugg et al. 2023 (online Newton steps), rewritten: rows until the alarm at a gap of 0.10."""
    rng = np.random.default_rng(3)
    ours, theirs = [], []
    for _ in range(60):
        draws = (rng.random(4000) < 0.4).astype(float) - (rng.random(4000) < 0.3)
        found = played(Wager(bound=0.0, least=-1.0), draws, 50)
        ours.append(next((50 * (i + 1) for i, each in enumerate(found) if each >= math.log(20)), 4000))
        theirs.append(newton(draws, math.log(20)))
    assert np.median(ours) <= 1.25 * np.median(theirs)
    assert np.mean(np.array(ours) < 4000) > 0.95


def newton(draws: NDArray[np.float64], threshold: float) -> int:
    """Chugg et al. 2023, algorithm 1 with the bets of its equation 8: draws until the wealth is there."""
    bet, squares, wealth = 0.0, 1.0, 0.0
    for i, draw in enumerate(draws.tolist()):
        wealth += math.log1p(bet * draw)
        if wealth >= threshold:
            return i + 1
        slope = draw / (1 + bet * draw)
        squares += slope**2
        bet = min(max(bet + 2 / (2 - math.log(3)) * slope / squares, -0.5), 0.5)
    return len(draws)


def test_a_late_change_is_noticed_sooner_than_without_new_starts() -> None:
    """Fifty quiet batches cost money; starts made later have theirs whole."""
    rng = np.random.default_rng(4)
    late, first_only = [], []
    for _ in range(30):
        draws = (rng.random(8000) < np.repeat([0.25, 0.50], 4000)).astype(float)
        wager = Wager(bound=0.35, least=0.0)
        alone = np.zeros(len(BETS))
        seen: list[int | None] = [None, None]
        for i in range(160):
            batch = draws[i * 50 : i * 50 + 50]
            wager = wager.add(np.array([0.0, 1.0]), np.array([50 - batch.sum(), batch.sum()]).astype(INTS))
            alone += np.log1p(np.outer(BETS / 0.35, batch - 0.35)).sum(axis=1)
            for k, wealth in enumerate((wager.log_wealth, float(np.logaddexp.reduce(alone)) - math.log(len(BETS)))):
                if seen[k] is None and wealth >= math.log(20):
                    seen[k] = i
        late.append(160 if seen[0] is None else seen[0])
        first_only.append(160 if seen[1] is None else seen[1])
    assert np.mean(late) < np.mean(first_only)
    assert min(late) >= 80


def test_dropped_starts_only_lower_the_wealth() -> None:
    rng = np.random.default_rng(5)
    draws = [rng.choice([0.0, 1.0], size=4).tolist() for _ in range(betting.MOST_STARTS + 6)]
    wager = Wager(bound=0.4, least=0.0)
    for batch in draws:
        wager = wager.add(np.array(batch), np.ones(4, dtype=INTS))
    assert len(wager.starts) == betting.MOST_STARTS
    assert math.exp(wager.log_wealth) <= slowly(draws, 0.4, 0.0) * (1 + 1e-9)
    assert math.exp(wager.log_wealth) == pytest.approx(slowly(draws, 0.4, 0.0), rel=0.05)


def test_state_is_read_back_exactly() -> None:
    wager = Wager(bound=0.2, least=-1.0)
    for _ in range(3):
        wager = wager.add(np.array([-1.0, 0.0, 1.0]), np.array([3, 5, 9]))
    assert Wager.from_json(json.loads(json.dumps(wager.to_json()))) == wager


def test_no_draws_change_nothing() -> None:
    wager = Wager(bound=0.2, least=0.0)
    assert wager.add(np.zeros(0), np.zeros(0, dtype=INTS)) == wager
    assert wager.log_wealth == 0.0


@pytest.mark.parametrize("bound", [-1.0, 1.0, 1.2])
def test_a_bound_that_cannot_be_bet_against(bound: float) -> None:
    with pytest.raises(ValueError, match="must lie between"):
        Wager(bound=bound, least=-1.0)


def test_draws_beyond_their_range_are_refused() -> None:
    with pytest.raises(ValueError, match="draws lie in"):
        Wager(bound=0.2, least=0.0).add(np.array([-0.5]), np.array([1]))


def test_average_is_the_mean_of_wealths() -> None:
    assert average([math.log(1.0), math.log(3.0)]) == pytest.approx(math.log(2.0))


def test_differences_by_hand() -> None:
    """Blocks of 1 and of 2: (1 − 1/2), (0 − 0); a third of the first has no partner."""
    values, counts, used = differences(
        np.array([1, 0, 1], dtype=np.int8), np.array([1, 0, 0, 0, 1], dtype=np.int8), (1, 2)
    )
    assert used == 2
    assert dict(zip(values.tolist(), counts.tolist(), strict=True)) == {0.0: 1, 0.5: 1}
    assert differences(np.zeros(0, dtype=np.int8), np.ones(3, dtype=np.int8), (1, 1))[2] == 0
