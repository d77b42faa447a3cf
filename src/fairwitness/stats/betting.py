"""Tests that may be looked at as often as one likes: wealth of a gambler who bets against the null hypothesis.

If the null is true, no betting makes money on average, so the chance that the wealth ever reaches 1/alpha is at most alpha
(Ville 1939). Wealth is a mixture over fixed bets and over the batch at which betting begins, so it depends on counts alone,
notices a change late in a long record, and a monitor that is stopped goes on from a few numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BETS: Floats = np.geomspace(0.02, 0.95, 16)
"""Shares of the largest bet that cannot lose everything; each gets the same part of the money."""

MOST_STARTS = 32
"""Starts kept; the poorest is given up, which only lowers the wealth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wager:
    """Evidence against "the mean of draws is at most `bound`", batch after batch.

    Attributes:
        bound: What the mean is held against; inside (least, 1).
        least: The smallest a draw can be: 0 for a share, −1 for a difference of shares. The largest is 1.
        batches: Batches seen; money for starts not yet made is kept aside.
        starts: Batches at which betting began, counted from 1; start j is given 1/(j (j + 1)) of the money.
        logs: (starts, bets) logarithm of what each unit of money has become.
        peak: The largest `log_wealth` there was at the end of a batch.
    """

    bound: float
    least: float
    batches: int = 0
    starts: tuple[int, ...] = ()
    logs: tuple[tuple[float, ...], ...] = ()
    peak: float = 0.0

    def __post_init__(self) -> None:
        if not self.least < self.bound < 1:
            raise ValueError(f"bound {self.bound} must lie between {self.least} and 1: nothing else can be bet against")

    def add(self, values: Floats, counts: NDArray[np.int64]) -> Self:
        """The wager after one more batch.

        Args:
            values: (v,) what a draw can be, in [least, 1].
            counts: (v,) how often it was drawn, in this batch.

        Returns:
            A wager with a new start. A batch without draws changes nothing.

        Source:
            Diversified Kelly betting (Waudby-Smith and Ramdas 2024, JRSS-B 86(1):1-27, section 5.7); the null of a gap:
            Chugg et al. 2023, Auditing Fairness by Betting, NeurIPS; the mixture over starts: Shin, Ramdas and Rinaldo
            2024, E-detectors, New England Journal of Statistics in Data Science 2(2).
        """
        if not counts.sum():
            return self
        if values.min() < self.least - 1e-12 or values.max() > 1 + 1e-12:
            raise ValueError(f"draws lie in [{self.least}, 1]")
        bets = BETS / (self.bound - self.least)
        gained: Floats = np.log1p(np.outer(bets, values - self.bound)) @ counts.astype(np.float64)
        before = np.array(self.logs).reshape(len(self.starts), len(BETS))
        logs: Floats = np.vstack([before, np.zeros(len(BETS))]) + gained
        starts = (*self.starts, self.batches + 1)
        if len(starts) > MOST_STARTS:
            poorest = int(np.argmin(_mixed(logs) + _shares(starts)))
            logs = np.delete(logs, poorest, axis=0)
            starts = starts[:poorest] + starts[poorest + 1 :]
        after = replace(self, batches=self.batches + 1, starts=starts, logs=tuple(tuple(row) for row in logs.tolist()))
        return replace(after, peak=max(after.peak, after.log_wealth))

    @property
    def log_wealth(self) -> float:
        """Natural logarithm of the wealth: 0 at the beginning, and at most log(1/alpha) for ever with chance 1 − alpha."""
        aside = -math.log(self.batches + 1)
        if not self.starts:
            return aside
        each = _mixed(np.array(self.logs)) + _shares(self.starts)
        return float(np.logaddexp.reduce([aside, *each.tolist()]))

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` reads back exactly."""
        return {
            "bound": self.bound,
            "least": self.least,
            "batches": self.batches,
            "starts": list(self.starts),
            "logs": [list(row) for row in self.logs],
            "peak": self.peak,
        }

    @classmethod
    def from_json(cls, held: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        return cls(
            bound=held["bound"],
            least=held["least"],
            batches=held["batches"],
            starts=tuple(held["starts"]),
            logs=tuple(tuple(row) for row in held["logs"]),
            peak=held["peak"],
        )


def average(logs: Sequence[float]) -> float:
    """Logarithm of the mean of several wealths: evidence against all their nulls at once, however they depend.

    Source:
        Vovk and Wang 2021, Annals of Statistics 49(3):1736-1754, proposition 3.1.
    """
    return float(np.logaddexp.reduce(list(logs)) - math.log(len(logs)))


def differences(
    first: NDArray[np.int8], second: NDArray[np.int8], sizes: tuple[int, int]
) -> tuple[Floats, NDArray[np.int64], int]:
    """Draws of the difference of two shares: blocks of the first less blocks of the second, side by side.

    Args:
        first: (n,) 0 or 1, in an order that does not depend on them.
        second: (m,) likewise.
        sizes: Rows in a block of each; a larger block of the more frequent group wastes fewer of its rows.

    Returns:
        Distinct values in [−1, 1], how often each was drawn, and how many blocks were used of either.
    """
    a, b = sizes
    used = min(len(first) // a, len(second) // b)
    if not used:
        return np.zeros(0), np.zeros(0, dtype=np.int64), 0
    hits = first[: used * a].reshape(used, a).sum(axis=1, dtype=np.int64)
    other = second[: used * b].reshape(used, b).sum(axis=1, dtype=np.int64)
    values, counts = np.unique(hits * b - other * a, return_counts=True)
    return values / (a * b), counts.astype(np.int64), used


def _mixed(logs: Floats) -> Floats:
    """(starts,) logarithm of the mean over bets."""
    mixed: Floats = np.logaddexp.reduce(logs, axis=1) - math.log(len(BETS))
    return mixed


def _shares(starts: Sequence[int]) -> Floats:
    """(starts,) logarithm of the money each start was given; what is not yet given is 1/(batches + 1)."""
    places = np.array(starts, dtype=np.float64)
    shares: Floats = -np.log(places * (places + 1))
    return shares
