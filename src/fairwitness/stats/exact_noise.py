"""Noise for privacy, drawn exactly: whole numbers only, from the operating system's random bytes.

Textbook Laplace noise in floating point gives secrets away by its last bits (Mironov 2012): at epsilon 1 most results are
reachable from one of two neighbouring data sets only. Here no number is rounded: chances are ratios of integers.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from fractions import Fraction

BLOCK = 4096
"""Random bytes taken from the operating system at once."""


class Coins:
    """Fair coins and whole numbers from random bytes."""

    def __init__(self, source: Callable[[int], bytes] = os.urandom) -> None:
        """Take bytes from `source`; only tests give another than the operating system."""
        self._source = source
        self._pool = 0
        self._left = 0

    def bits(self, count: int) -> int:
        """A whole number of so many fair bits."""
        while self._left < count:
            self._pool |= int.from_bytes(self._source(BLOCK), "little") << self._left
            self._left += 8 * BLOCK
        taken = self._pool & ((1 << count) - 1)
        self._pool >>= count
        self._left -= count
        return taken

    def below(self, n: int) -> int:
        """A whole number from 0 to n - 1, each as likely."""
        size = (n - 1).bit_length()
        while (drawn := self.bits(size)) >= n:
            pass
        return drawn


def decays(rate: Fraction, coins: Coins) -> bool:
    """True with chance exp(-rate), for a rate that is not negative.

    Source:
        Canonne, Kamath and Steinke 2020, arXiv 2004.00010, algorithm 1.
    """
    for _ in range(math.floor(rate)):
        if not _decays(1, 1, coins):
            return False
    rest = rate - math.floor(rate)
    return not rest or _decays(rest.numerator, rest.denominator, coins)


def discrete_laplace(scale: Fraction, coins: Coins) -> int:
    """A whole number x with chance proportional to exp(-|x| / scale), for a positive scale.

    A whole-number statistic that one person moves by at most `sensitivity` is epsilon-private with scale
    `sensitivity / epsilon`.

    Source:
        Canonne, Kamath and Steinke 2020, arXiv 2004.00010, algorithm 2.
    """
    top, bottom = scale.numerator, scale.denominator
    while True:
        rest = coins.below(top)
        if not _decays(rest, top, coins):
            continue
        whole = 0
        while _decays(1, 1, coins):
            whole += 1
        size = (rest + top * whole) // bottom
        negative = coins.bits(1)
        if size or not negative:  # zero has one sign
            return -size if negative else size


def randomised_response(true: int, choices: int, epsilon: Fraction, coins: Coins) -> int:
    """The true choice, or one of the others, each e^epsilon times less likely: epsilon-private for whoever answers.

    Source:
        Kairouz, Oh and Viswanath 2016, JMLR 17(17):1-51, k-ary randomised response; drawn by rejection, so exactly.
    """
    while True:
        drawn = coins.below(choices)
        if drawn == true or decays(epsilon, coins):
            return drawn


def beyond(scale: Fraction, doubt: float) -> int:
    """The least m for which discrete Laplace noise is farther from 0 than m with a chance of at most `doubt`.

    For whole m the chance is 2 exp(-(m + 1) / scale) / (1 + exp(-1 / scale)).
    """
    t = float(scale)
    m = t * (math.log(2 / doubt) - math.log1p(math.exp(-1 / t))) - 1
    return max(0, math.ceil(m - 1e-9))


def sum_beyond(scale: Fraction, n: int, doubt: float) -> float:
    """A size that the sum of n such draws exceeds with a chance of at most `doubt`: Chernoff's bound, so a little wide.

    Source:
        Boucheron, Lugosi and Massart 2013, Concentration inequalities, section 2.2: the bound is
        min over u in (0, 1 / scale) of (n log M(u) + log(2 / doubt)) / u, with M(u) the moment generating function.
    """
    rate = 1 / float(scale)

    def bound(share: float) -> float:
        u = share * rate
        log_m = 2 * math.log1p(-math.exp(-rate)) - math.log1p(-math.exp(u - rate)) - math.log1p(-math.exp(-u - rate))
        return (n * log_m + math.log(2 / doubt)) / u

    return min(bound(step / 2000) for step in range(1, 2000))


def _decays(top: int, bottom: int, coins: Coins) -> bool:
    """True with chance exp(-top / bottom), for 0 <= top <= bottom."""
    k = 1
    while coins.below(bottom * k) < top:
        k += 1
    return k % 2 == 1
