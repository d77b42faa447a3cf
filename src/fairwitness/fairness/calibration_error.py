"""How far scores are from recorded rates, over their whole range: the expected calibration error with its bias taken off."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.errors import TooFewError
from fairwitness.core.estimate import Estimate
from fairwitness.draw.words import FEW
from fairwitness.fairness.calibration import Bin
from fairwitness.stats.intervals import critical

DRAWS = 2000
BEYOND = 10
"""Draws that lie beyond each quantile at least, however far out it is for many groups at once."""


def calibration_error(bins: Sequence[Bin], *, level: float = 0.95, rng: np.random.Generator) -> Estimate:
    """Mean over people of |mean score − recorded rate| within their bin (ECE), less what chance adds to it.

    The plain one is above 0 for scores that mean exactly what they say, the more so the fewer people a bin has.

    Args:
        bins: People by score; empty ones are skipped.
        level: Two-sided confidence.
        rng: Draws what chance adds.

    Returns:
        In [0, 1], unit "points". The interval covers the error over these bins (of finer ones it would be larger): by the
        triangle inequality the plain one is off by at most the mean size of the bins' own errors, whose distribution
        under chance gives the lower end; and it is too high on average, so its own scatter alone gives the upper end.

    Raises:
        TooFewError: Nobody was counted.

    Source:
        Kumar, Liang and Ma 2019, NeurIPS, section 4, the bias, here in closed form for normal errors.
    """
    filled = [each for each in bins if each.n]
    if not filled:
        raise TooFewError("a calibration error needs people with a score and an outcome")
    n, hits, total = np.array([(each.n, each.hits, each.score) for each in filled]).T
    share, gap = n / n.sum(), np.abs(total - hits) / n
    rate = (hits + 1) / (n + 2)  # Laplace's: a bin of few people alike is no certain one
    error = np.sqrt(rate * (1 - rate) / n)
    plain = float(share @ gap)
    draws = max(DRAWS, ceil(2 * BEYOND / (1 - level)))
    chance = np.quantile(np.abs(rng.standard_normal((draws, len(n)))) @ (share * error), (1 + level) / 2)
    reach = critical(level) * sqrt(float(((share * error) ** 2).sum()))
    return Estimate(
        value=max(0.0, 2 * plain - float(share @ folded(gap, error))),
        low=max(0.0, plain - float(chance)),
        high=min(1.0, plain + reach),
        level=level,
        n=int(n.sum()),
        unit="points",
        method="plain error less its bias; the bins' errors under chance",
    )


def folded(mean: NDArray[np.float64], error: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean size of normal numbers.

    Source:
        Leone, Nelson and Nottingham 1961, Technometrics 3(4):543-550.
    """
    from scipy.special import erf

    far = mean / (sqrt(2) * error)
    return np.asarray(error * sqrt(2 / pi) * np.exp(-(far**2)) + mean * erf(far))


def beyond_score(scores: NDArray[np.float64], positive: NDArray[np.bool_], codes: NDArray[np.intp]) -> float:
    """P value of "given the score, the group tells nothing of the outcome", by a likelihood-ratio test.

    Args:
        scores: (n,) in [0, 1]; the outcome may depend on them by any smooth line, so that scores that are off alike for
            everybody accuse no group.
        positive: (n,) whether the outcome is recorded.
        codes: (n,) each row's group; those of fewer than `FEW` people are left out, and each of the others may have a
            height and a slope of its own.

    Source:
        Cleary 1968, Journal of Educational Measurement 5(2):115-124, for logistic models.
    """
    from fairwitness.stats.nested import crossed, dummies, logistic

    many = np.bincount(codes)[codes] >= FEW
    scores, positive, codes = scores[many], positive[many], codes[many]
    if not len(codes):
        return 1.0
    odds = np.log(np.clip(scores, 1e-4, 1) / np.clip(1 - scores, 1e-4, 1)) / 4
    groups = dummies(np.unique(codes, return_inverse=True)[1])
    more = np.hstack([groups, crossed(groups, odds[:, None])])
    return logistic(positive, np.column_stack([odds, odds**2, odds**3]), more).p
