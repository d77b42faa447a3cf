"""The likelihood-ratio attack on membership: shadow models say how sure a model is of a row that it has, or has not, seen.

Shadows come in pairs of which each row is inside one, so that every row has as many models with it as without. A shadow
that is attacked itself is left out with the other of its pair; the counts then stay even, and a model that has learned
no row in particular gives members and others the same distribution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FINEST = 2.0**-25
"""Half of what a 32-bit probability can differ from 1 by: nearer than that, 0 and 1 are not told apart."""
OWN_VARIANCE = 32
"""Models with a row, and without it, from which on the row's own variance is used (Carlini et al. 2022, section VI.B)."""


def confidence(
    scores: NDArray[np.floating],  # (..., n, k) probabilities; k = 1: of the positive class
    recorded: NDArray[np.int64],  # (n,) the true class by its place
    *,
    positive: int = 1,
) -> Floats:
    """(..., n) log odds of the recorded class, clipped where 32 bits hold no more.

    Args:
        scores: In [0, 1], one column a class, or one for the positive class of two.
        recorded: Places among the classes.
        positive: Place of the positive class, where there is one column.

    Source:
        Carlini et al. 2022, IEEE S&P, equation 3 and section V.B: log odds are near normal where probabilities are not.
    """
    given = np.asarray(scores, dtype=np.float32).astype(np.float64)
    if given.shape[-1] == 1:
        own = np.where(recorded == positive, given[..., 0], 1 - given[..., 0])
        rest = 1 - own
    else:
        mine = np.eye(given.shape[-1], dtype=bool)[recorded]
        own, rest = (given * mine).sum(-1), (given * ~mine).sum(-1)
    return np.asarray(np.log(np.clip(own, FINEST, 1)) - np.log(np.clip(rest, FINEST, 1)))


@dataclass(frozen=True, slots=True)
class Calibration:
    """How sure shadow models are of each row: normal, with these means and variances.

    Attributes:
        seen, unseen: (n,) means over the models with the row, and without it.
        spread_seen, spread_unseen: Variances: (n,) of each row, or one number over all rows.
    """

    seen: Floats
    unseen: Floats
    spread_seen: Floats
    spread_unseen: Floats

    def log_ratio(self, sure: Floats) -> Floats:
        """(n,) how much likelier a model is this sure of a row that it has seen; higher speaks for membership.

        Source:
            Carlini et al. 2022, algorithm 1, online.
        """
        return _log_normal(sure, self.seen, self.spread_seen) - _log_normal(sure, self.unseen, self.spread_unseen)

    @property
    def moved(self) -> Floats:
        """(n,) how far having seen the row moves how sure a model is of it, in standard deviations."""
        return np.asarray((self.seen - self.unseen) / np.sqrt((self.spread_seen + self.spread_unseen) / 2))


def calibrate(sure: Floats, inside: Mask) -> Calibration:
    """Learn from shadow models.

    Args:
        sure: (m, n) log odds, as `confidence` gives them.
        inside: (m, n) the rows each was trained on; every row is inside some, not all.

    Returns:
        Variances of each row where `OWN_VARIANCE` models have and lack it, else one for all rows.
    """
    seen, spread_seen = _moments(sure, inside)
    unseen, spread_unseen = _moments(sure, ~inside)
    return Calibration(seen, unseen, spread_seen, spread_unseen)


def pairs(inside: Mask) -> list[NDArray[np.intp]]:
    """Models that leave each other's rows out, two and two.

    Raises:
        ValueError: A model has no such other beside it.
    """
    if len(inside) % 2 or not (inside[::2] ^ inside[1::2]).all():
        raise ValueError("shadow models must come in pairs that share the rows out between them")
    return [np.array([first, first + 1]) for first in range(0, len(inside), 2)]


def attack_each(sure: Floats, inside: Mask) -> Floats:
    """(m, n) log ratios: each model attacked by all that are neither it nor the other of its pair."""
    scores = np.empty_like(sure)
    for pair in pairs(inside):
        others = np.delete(np.arange(len(sure)), pair)
        learned = calibrate(sure[others], inside[others])
        for model in pair:
            scores[model] = learned.log_ratio(sure[model])
    return scores


def _moments(sure: Floats, which: Mask) -> tuple[Floats, Floats]:
    count = which.sum(axis=0)
    mean = np.where(which, sure, 0.0).sum(axis=0) / count
    squares = np.where(which, (sure - mean) ** 2, 0.0).sum(axis=0)
    freedom = int((count - 1).sum())
    common = squares.sum() / freedom if freedom and squares.any() else 1.0  # of one model each, only means can speak
    if count.min() < OWN_VARIANCE:
        return mean, np.asarray(common)
    return mean, np.maximum(squares / (count - 1), 1e-6 * common)


def _log_normal(value: Floats, mean: Floats, variance: Floats) -> Floats:
    return np.asarray(-0.5 * (np.log(variance) + (value - mean) ** 2 / variance))
