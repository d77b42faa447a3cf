"""Ratios against other libraries on the same work in the same run, with the physical limit beside them.

`python benchmarks/run.py [ROWS]`. Seconds depend on the machine and are not printed; ratios are medians of runs taken in
turn, so they hold when the machine's speed drifts.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import polars as pl
from fairlearn.metrics import MetricFrame, false_negative_rate, false_positive_rate, selection_rate
from sklearn.metrics import accuracy_score, precision_score, recall_score

from fairwitness.core.asks import YES
from fairwitness.stats import bootstrap, gaps
from fairwitness.stats.tally import Tally

SEXES, RACES = 2, 5


def main(rows: int) -> None:
    """Print one line a comparison."""
    rng = np.random.default_rng(0)
    sex, race = rng.integers(0, SEXES, rows), rng.integers(0, RACES, rows)
    label, decision = rng.integers(0, 2, rows), rng.integers(0, 2, rows)
    axes = {
        "sex": ("f", "m"),
        "race": tuple(f"r{i}" for i in range(RACES)),
        "label": ("no", YES),
        "decision": ("no", YES),
    }
    codes = [column.astype(np.int8) for column in (sex, race, label, decision)]
    words = {
        name: np.array(axes[name], dtype=object)[code]
        for name, code in zip(axes, (sex, race, label, decision), strict=True)
    }
    frame = pl.DataFrame({name: codes[index] for index, name in enumerate(axes)})

    def fairlearn() -> object:
        metrics = {
            "accuracy": accuracy_score,
            "precision": precision_score,
            "recall": recall_score,
            "selection": selection_rate,
            "fpr": false_positive_rate,
            "fnr": false_negative_rate,
            "count": lambda y, _: len(y),
        }
        features = {"sex": sex, "race": race}
        return MetricFrame(metrics=metrics, y_true=label, y_pred=decision, sensitive_features=features).by_group

    def from_codes() -> object:
        return _metrics(Tally.of_codes(axes, codes))

    def from_strings() -> object:
        return _metrics(Tally.of(words))

    def with_gaps() -> object:
        tally = Tally.of_codes(axes, codes)
        return gaps.widest_gap(tally.hits(["sex", "race"], "decision"), tally.by(["sex", "race"]), rng=rng)

    def bootstrapped() -> object:
        tally = Tally.of_codes(axes, codes)
        return _metrics_of(bootstrap.multinomial(tally.dense(tuple(axes)), draws=1000, rng=rng))

    def scan() -> object:
        return frame.group_by(list(axes)).len()

    print(f"{rows:,} rows, {SEXES * RACES} groups, 7 metrics")
    _line("from codes, against MetricFrame", fairlearn, from_codes)
    _line("from strings, against MetricFrame", fairlearn, from_strings)
    _line("with simultaneous intervals and a permutation test, against MetricFrame without", fairlearn, with_gaps)
    _line("1,000 exact bootstraps, against 1 of MetricFrame (so times 1,000)", fairlearn, bootstrapped)
    _line("from codes, against a polars group-by of the same columns (the limit)", scan, from_codes)


def _metrics(tally: Tally) -> object:
    return _metrics_of(tally.dense(tuple(tally.axes)))


def _metrics_of(c: np.ndarray) -> np.ndarray:
    """Seven metrics over (..., label, decision) counts; undefined is NaN."""
    tn, fp, fn, tp = c[..., 0, 0], c[..., 0, 1], c[..., 1, 0], c[..., 1, 1]
    n = tn + fp + fn + tp
    with np.errstate(all="ignore"):
        rates = [(tp + tn) / n, tp / (tp + fp), tp / (tp + fn), (tp + fp) / n, fp / (fp + tn), fn / (fn + tp), n]
    return np.stack(rates, -1)


def _line(what: str, slow: Callable[[], object], fast: Callable[[], object], runs: int = 3) -> None:
    fast()  # once uncounted: imports and caches
    ratios = [_seconds(slow) / _seconds(fast) for _ in range(runs)]
    print(f"  {statistics.median(ratios):>12,.1f} x  {what}")


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
