"""Permutation tests that need only cells: shuffling who is in which group and counting again, without the rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.errors import TooFewError

_MOST_AT_ONCE = 2_000_000  # numbers held in memory
_FEWEST = 5.0  # people expected in a cell for chi-squared to hold
_MOST_IN_ALL = 40_000_000  # numbers worked out; some tenths of a second


def widest_gap_p(hits: NDArray[np.int64], n: NDArray[np.int64], *, draws: int, rng: np.random.Generator) -> float:
    """P value of "all groups have the same rate", by the widest gap between two of them in standard errors.

    Gaps are counted in standard errors, so that a handful of people does not set the pace for everyone. Shuffling
    group membership with the number of hits and the group sizes kept is a draw from the multivariate hypergeometric
    distribution, so the test is exact whatever the sizes, up to the number of draws.

    Args:
        hits: (k,) selected in each group.
        n: (k,) people in each group, at least 1 each and below 1e9 in all.
        draws: Shuffles, at least 1; for hundreds of groups fewer are made, so that pairs times shuffles stay within
            `_MOST_IN_ALL`, but never under 200.
        rng: Where they come from.

    Returns:
        (b + 1) / (draws + 1), where b shuffles gave a gap at least as wide: never 0.

    Raises:
        TooFewError: Fewer than two groups, or an empty one.

    Source:
        Phipson and Smyth 2010, Statistical Applications in Genetics and Molecular Biology 9(1):39.
    """
    if len(n) < 2 or (n < 1).any():
        raise TooFewError("a permutation test needs two groups with people in them")
    first, second = np.triu_indices(len(n), 1)
    error = np.sqrt(1 / n[first] + 1 / n[second])  # the rate's own part is the same in every shuffle

    def statistic(counts: NDArray[np.int64]) -> NDArray[np.float64]:
        rates = counts / n
        widest: NDArray[np.float64] = (np.abs(rates[..., first] - rates[..., second]) / error).max(axis=-1)
        return widest

    least = statistic(hits) * (1 - 1e-12)  # equal gaps must count as equal, whatever the rounding
    draws = min(draws, max(200, _MOST_IN_ALL // len(first)))
    reached, left, most = 0, draws, max(1, _MOST_AT_ONCE // len(first))
    while left > 0:
        batch = min(left, most)
        shuffled = rng.multivariate_hypergeometric(n, int(hits.sum()), size=batch, method="marginals")
        reached += int((statistic(shuffled) >= least).sum())
        left -= batch
    return (reached + 1) / (draws + 1)


def equal_rates_p(hits: NDArray[np.int64], n: NDArray[np.int64], *, draws: int, rng: np.random.Generator) -> float:
    """P value of "all groups have the same rate", by chi-squared; where cells are small, by shuffling as `widest_gap_p` does.

    It says less of which groups differ than the widest gap does, and costs no more for hundreds of groups than for two.

    Args:
        hits: (k,) selected in each group.
        n: (k,) people in each group, at least 1 each and below 1e9 in all.
        draws: Shuffles, where they are needed.
        rng: Where they come from.

    Raises:
        TooFewError: Fewer than two groups, or an empty one.

    Source:
        Cochran 1954, Biometrics 10(4):417-451, on cells of fewer than five; Phipson and Smyth 2010 for the shuffles.
    """
    from scipy.special import chdtrc

    if len(n) < 2 or (n < 1).any():
        raise TooFewError("a permutation test needs two groups with people in them")
    share = hits.sum() / n.sum()
    if not 0 < share < 1:
        return 1.0

    def statistic(counts: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray((n * (counts / n - share) ** 2).sum(axis=-1) / (share * (1 - share)))

    seen = statistic(hits)
    if n.min() * min(share, 1 - share) >= _FEWEST:
        return float(chdtrc(len(n) - 1, seen))
    shuffled = rng.multivariate_hypergeometric(n, int(hits.sum()), size=draws, method="marginals")
    return (int((statistic(shuffled) >= seen * (1 - 1e-12)).sum()) + 1) / (draws + 1)
