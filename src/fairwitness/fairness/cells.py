"""Confusion cells by group, and every measure of decisions that follows from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import DECISION, LABEL, NO, YES
from fairwitness.fairness.contrasts import Known, combined, shares
from fairwitness.stats.tally import Tally

Floats = NDArray[np.float64]

TN, FP, FN, TP = range(4)
EVERYBODY = (TN, FP, FN, TP)


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """People by group, recorded class and decision.

    Attributes:
        groups: Names.
        counts: (k, 4) int64: true negatives, false positives, false negatives, true positives of each group.
    """

    groups: tuple[str, ...]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, tally: Tally, by: Sequence[str], *, label: str = LABEL, decision: str = DECISION) -> Self:
        """Count those of whom both are known; a group of whom neither is stays, with zeros.

        Args:
            tally: Over the group columns and the two yes-or-no axes.
            by: Group columns.
            label: Axis of what is recorded.
            decision: Axis of what was decided.
        """
        groups = tuple(tally.by(by))
        four = [
            tally.where({label: recorded}).hits(by, decision, decided)
            for recorded in (NO, YES)
            for decided in (NO, YES)
        ]
        counts = [[each[group] for each in four] for group in groups]
        return cls(groups, np.array(counts, dtype=np.int64).reshape(len(groups), 4))

    @property
    def n(self) -> NDArray[np.int64]:
        """(k,) people of each group."""
        return np.asarray(self.counts.sum(axis=1))


SHARES: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "base rate": ((FN, TP), EVERYBODY),
    "selection rate": ((FP, TP), EVERYBODY),
    "true-positive rate": ((TP,), (FN, TP)),
    "false-negative rate": ((FN,), (FN, TP)),
    "false-positive rate": ((FP,), (TN, FP)),
    "true-negative rate": ((TN,), (TN, FP)),
    "positive predictive value": ((TP,), (FP, TP)),
    "false discovery rate": ((FP,), (FP, TP)),
    "negative predictive value": ((TN,), (TN, FN)),
    "false omission rate": ((FN,), (TN, FN)),
    "accuracy": ((TN, TP), EVERYBODY),
    "share of misses among errors": ((FN,), (FP, FN)),
}
"""Of which people which share: the cells of the hits, and of all who are asked."""

MIXED: Mapping[str, tuple[tuple[float, str], ...]] = {
    "average odds": ((0.5, "true-positive rate"), (0.5, "false-positive rate")),
    "balanced accuracy": ((0.5, "true-positive rate"), (0.5, "true-negative rate")),
}
"""Means of two shares of different people."""

TURNED: Mapping[str, tuple[tuple[int, ...], tuple[int, ...], Callable[[Floats], Floats]]] = {
    "F1": ((TP,), (FP, FN, TP), lambda share: 2 * share / (1 + share)),
    "misses for each false alarm": ((FN,), (FP, FN), lambda share: over(share, 1 - share)),
}
"""What rises with a share and has a scale of its own."""

FAMILY = (*SHARES, *MIXED, *TURNED)
"""Measures with limits of their own; `matthews` has none."""


def over(above: Any, below: Any) -> Floats:  # noqa: ANN401 - numbers or arrays
    """The quotient, NaN where there is nothing below: a rate of nobody is undefined, not 0."""
    above, below = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    shape = np.broadcast(above, below).shape
    return np.asarray(np.divide(above, below, out=np.full(shape, np.nan), where=below != 0))


def counted(counts: NDArray[Any], name: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """(...) hits and (...) people of a share of `SHARES`, from (..., 4) counts."""
    hits, asked = SHARES[name]
    return counts[..., hits].sum(axis=-1), counts[..., asked].sum(axis=-1)


def measure(counts: NDArray[Any], name: str, *, z: float) -> Known:
    """A measure of `FAMILY` in each of k groups.

    Args:
        counts: (k, 4).
        name: Which.
        z: Critical value of the limits.

    Returns:
        Values and limits, NaN where undefined: the rate of nobody. Shares have Wilson's or exact limits; a mean of two
        shares those of Zou and Donner; F1, which rises with the share of hits among hits and errors, and the number
        of misses for each false alarm carry the limits of their shares over, infinite where there is no false alarm.
    """
    if name in SHARES:
        return shares(*counted(counts, name), z=z)
    if name in MIXED:
        return combined([(weight, measure(counts, part, z=z)) for weight, part in MIXED[name]])
    hits, asked, turn = TURNED[name]
    share = shares(counts[:, hits].sum(axis=1), counts[:, asked].sum(axis=1), z=z)
    high = turn(share.high)
    no_end = np.isnan(high) & ~np.isnan(share.high)
    return Known(value=turn(share.value), low=turn(share.low), high=np.where(no_end, np.inf, high), n=share.n)


def matthews(counts: NDArray[Any]) -> Floats:
    """(...) correlation of decision and record in [-1, 1], from (..., 4) counts; NaN where either has one class only.

    Source:
        Matthews 1975, Biochimica et Biophysica Acta 405(2):442-451.
    """
    tn, fp, fn, tp = np.moveaxis(np.asarray(counts, dtype=np.float64), -1, 0)
    return over(tp * tn - fp * fn, np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)))
