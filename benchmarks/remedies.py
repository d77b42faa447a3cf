"""Ratios of remedies against other libraries, on the same rows in the same run.

`python benchmarks/remedies.py [ROWS]`. Seconds depend on the machine and are not printed; they are of the
processor, so that ratios hold on a busy one.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numpy as np
from fairlearn.postprocessing import ThresholdOptimizer
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from fairwitness.fairness.randomised import equal_by_chance
from fairwitness.fairness.rules import StepRule
from fairwitness.fairness.thresholds import Equal, curve, curves, nearly_equal

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

Made = TypeVar("Made")

GROUPS = 4
CRITERIA: dict[Equal, str] = {
    "selection": "demographic_parity",
    "true-positive": "true_positive_rate_parity",
    "odds": "equalized_odds",
}


class Given(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Scores that are there already."""

    def fit(self, *_: object) -> Given:
        """Nothing to learn."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict_proba(self, scores: NDArray[Any]) -> NDArray[Any]:
        """Of both classes."""
        return np.column_stack([1 - scores[:, 0], scores[:, 0]])


def main(rows: int) -> None:
    """Print one line a comparison."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, GROUPS, rows)
    groups = np.array([f"group {code}" for code in range(GROUPS)], dtype=object)[codes]
    scores = rng.beta(2, 2 + codes / 2)
    recorded = rng.random(rows) < scores
    print(f"{rows:,} rows, {GROUPS} groups, against fairlearn's ThresholdOptimizer")
    for equal, constraint in CRITERIA.items():
        seconds, peer = _timed(partial(_fairlearn, constraint, scores, recorded, groups))
        ours = partial(_ours, equal, scores, recorded, groups)
        theirs = peer._pmf_predict(scores[:, None], sensitive_features=groups)[:, 1]  # noqa: SLF001 - its chances
        own = ours().chances(scores[:, None], groups)
        more = 100 * (_right(own, recorded) - _right(theirs, recorded))
        gaps = [_gap(equal, chances, recorded, codes) for chances in (own, theirs)]
        ratio = f"{seconds / _median(ours):>9,.1f} x  {constraint}"
        print(f"{ratio}; {more:+.4f} points of accuracy; gap {gaps[0]:.0e} against {gaps[1]:.0e}")
    plain = partial(_plain, scores, recorded, groups)
    print(
        f"  {_median(plain) / _median(partial(np.sort, scores)):>9,.1f} x  as long as sorting the scores once (the limit), for plain thresholds"
    )


def _median(work: Callable[[], object], runs: int = 3) -> float:
    return statistics.median(_timed(work)[0] for _ in range(runs))


def _plain(scores: Floats, recorded: Bools, groups: NDArray[Any]) -> dict[str, float]:
    return nearly_equal(curves(scores, recorded, groups), "selection", within=0.01)


def _ours(equal: Equal, scores: Floats, recorded: Bools, groups: NDArray[Any]) -> StepRule:
    rules, others = equal_by_chance(curves(scores, recorded, groups), curve(scores, recorded), equal)
    return StepRule(groups=rules, others=others, selected="yes", rest="no")


def _fairlearn(constraint: str, scores: Floats, recorded: Bools, groups: NDArray[Any]) -> ThresholdOptimizer:
    peer = ThresholdOptimizer(estimator=Given(), constraints=constraint, prefit=True, predict_method="predict_proba")
    return peer.fit(scores[:, None], recorded.astype(int), sensitive_features=groups)


def _right(chances: Floats, recorded: Bools) -> float:
    return float(np.where(recorded, chances, 1 - chances).mean())


def _gap(equal: Equal, chances: Floats, recorded: Bools, codes: NDArray[np.int64]) -> float:
    """Widest distance of the rates that should be equal."""
    over = {"selection": [recorded | True], "true-positive": [recorded], "odds": [recorded, ~recorded]}[equal]
    rates = [[chances[part & (codes == code)].mean() for code in range(GROUPS)] for part in over]
    return float(np.ptp(rates, axis=1).max())


def _timed(work: Callable[[], Made]) -> tuple[float, Made]:
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = work()
    return time.process_time() - start, made


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
