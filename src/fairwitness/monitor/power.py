"""How long a bet takes to notice that something is worse: planned before a single new row has come."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
from numpy.typing import NDArray

from fairwitness.stats.betting import BETS, Wager

RUNS = 60
LOOKS = 45
"""Looks tried at most; they reach three times as far as the plan without luck."""


def growth(wager: Wager, values: NDArray[np.float64], shares: NDArray[np.float64]) -> float:
    """What the logarithm of the best fixed bet gains a draw, on average; at most 0 where the null holds.

    Args:
        wager: Against which bound.
        values: (v,) what a draw can be.
        shares: (v,) how often it is; they add up to 1.

    Source:
        Kelly 1956, Bell System Technical Journal 35(4):917-926.
    """
    bets = BETS / (wager.bound - wager.least)
    return float((np.log1p(np.outer(bets, values - wager.bound)) @ shares).max())


def draws_needed(
    wager: Wager,
    values: NDArray[np.float64],
    shares: NDArray[np.float64],
    *,
    log_alarm: float,
    rng: np.random.Generator,
    power: float = 0.8,
) -> int | None:
    """Draws until the alarm in a share `power` of simulated records.

    Args:
        wager: At its beginning.
        values: (v,) what a draw can be.
        shares: (v,) how often it truly is.
        log_alarm: Logarithm of the wealth that is an alarm.
        rng: For the simulation.
        power: Share of records that must have noticed.

    Returns:
        To about a fifteenth; None where it is never noticed: the truth is inside the null, or hardly outside.
    """
    rate = growth(wager, values, shares)
    if rate <= 0:
        return None
    planned = (log_alarm + math.log(len(BETS))) / rate
    step = max(1, math.ceil(planned / 15))
    reached = []
    for _ in range(RUNS):
        now, looks = wager, 0
        while now.log_wealth < log_alarm and looks < LOOKS:
            now = now.add(values, rng.multinomial(step, shares))
            looks += 1
        reached.append(looks if now.log_wealth >= log_alarm else LOOKS + 1)
    needed = sorted(reached)[math.ceil(power * RUNS) - 1]
    return step * needed if needed <= LOOKS else None


def of_blocks(rates: tuple[float, float], sizes: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What a difference of two block means can be, and how often it is: the first less the second.

    Args:
        rates: True rates of the groups.
        sizes: Rows in a block of each.
    """
    from scipy.stats import binom

    chances: dict[float, float] = {}
    for a, b in product(range(sizes[0] + 1), range(sizes[1] + 1)):
        chance = float(binom.pmf(a, sizes[0], rates[0]) * binom.pmf(b, sizes[1], rates[1]))
        value = a / sizes[0] - b / sizes[1]
        chances[value] = chances.get(value, 0.0) + chance
    shares = np.array(list(chances.values()))
    return np.array(list(chances)), shares / shares.sum()
