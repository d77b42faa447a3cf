"""How counting keeps up: with MetricFrame on the same rows, and with a plain group-by of a file, which is the limit.

`python benchmarks/scale.py [ROWS ...]`. Seconds depend on the machine; ratios are of work done in turn, and seconds are
printed only of the audit of a whole table, which has a limit in seconds.
Files of ROWS rows (10^7 and 10^8 unless others are named) are written to a temporary folder in pieces and removed.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from fairlearn.metrics import MetricFrame, false_negative_rate, false_positive_rate, selection_rate
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, precision_score, recall_score

from fairwitness.core.asks import YES
from fairwitness.engine.cells import tally
from fairwitness.io.counting import Wanted
from fairwitness.stats import bootstrap
from fairwitness.stats.tally import Tally

SEXES = ("female", "male")
RACES = ("Asian", "Black", "Hispanic", "Other", "White")
AXES = {"sex": SEXES, "race": RACES, "label": ("no", YES), "decision": ("no", YES)}
PIECE = 10**6
REPLICATES = 2  # of MetricFrame's that are timed; a thousand would take a day
RUNS = 5


def main(files: list[int]) -> None:
    """Print the ratios, then what files of each length take beside a group-by."""
    _against_metricframe(10**6)
    with tempfile.TemporaryDirectory() as folder:
        _whole_table(Path(folder) / "table.parquet", 10**6)
        for rows in files:
            path = Path(folder) / f"{rows}.parquet"
            _write(path, rows)
            _against_the_limit(path, rows)
            path.unlink()


def columns(rng: np.random.Generator, rows: int) -> dict[str, NDArray[np.int8]]:
    """Codes of `AXES`."""
    return {name: rng.integers(0, len(names), rows, dtype=np.int8) for name, names in AXES.items()}


def _against_metricframe(rows: int) -> None:
    codes = columns(np.random.default_rng(0), rows)
    words = pl.DataFrame({name: pl.Series(list(AXES[name])).gather(codes[name]) for name in AXES})
    metrics = {
        "accuracy": accuracy_score,
        "precision": precision_score,
        "recall": recall_score,
        "selection": selection_rate,
        "fpr": false_positive_rate,
        "fnr": false_negative_rate,
        "count": lambda y, _: len(y),
    }

    def metricframe(replicates: int | None = None) -> MetricFrame:
        return MetricFrame(
            metrics=metrics,
            y_true=codes["label"],
            y_pred=codes["decision"],
            sensitive_features={name: codes[name] for name in ("sex", "race")},
            n_boot=replicates,
            ci_quantiles=None if replicates is None else [0.025, 0.975],
        )

    found: dict[str, object] = {}
    point = _seconds(lambda: found.update(theirs=metricframe().by_group.to_numpy()))
    more = _seconds(lambda: metricframe(REPLICATES))
    rng = np.random.default_rng(1)
    encoded = _fastest(lambda: found.update(codes=_metrics(Tally.of_codes(AXES, list(codes.values())))))
    strings = _fastest(lambda: found.update(words=_metrics(tally(words, Wanted(by=tuple(AXES))))))
    booted = _fastest(lambda: _bootstrapped(Tally.of_codes(AXES, list(codes.values())), rng))
    for name in ("codes", "words"):
        apart = np.abs(np.asarray(found[name]).reshape(-1, len(metrics)) - np.asarray(found["theirs"], dtype=float))
        if not apart.max() <= 1e-12:
            raise SystemExit(f"from {name}: values differ from MetricFrame's by {apart.max():g}")
    print(f"{rows:,} rows, {len(SEXES) * len(RACES)} groups, {len(metrics)} metrics, equal to MetricFrame's to 1e-12")
    print(f"  {point / encoded:>12,.0f} x  from encoded columns, against MetricFrame on integers")
    print(f"  {point / strings:>12,.0f} x  from columns of strings, against MetricFrame on integers")
    thousand = point + (more - point) / REPLICATES * 1000
    print(f"  {thousand / booted:>12,.0f} x  with 1,000 bootstraps (MetricFrame's extrapolated from {REPLICATES})")


def _metrics(counted: Tally) -> NDArray[np.float64]:
    return _metrics_of(counted.dense(tuple(AXES)))


def _metrics_of(c: NDArray[np.int64]) -> NDArray[np.float64]:
    """Seven metrics over (..., label, decision) counts; undefined is NaN."""
    tn, fp, fn, tp = c[..., 0, 0], c[..., 0, 1], c[..., 1, 0], c[..., 1, 1]
    n = tn + fp + fn + tp
    with np.errstate(all="ignore"):
        rates = [(tp + tn) / n, tp / (tp + fp), tp / (tp + fn), (tp + fp) / n, fp / (fp + tn), fn / (fn + tp), n]
    return np.stack(rates, -1)


def _bootstrapped(counted: Tally, rng: np.random.Generator) -> NDArray[np.float64]:
    drawn = _metrics_of(bootstrap.multinomial(counted.dense(tuple(AXES)), draws=1000, rng=rng))
    return np.quantile(drawn, [0.025, 0.975], axis=0)


def _write(path: Path, rows: int) -> None:
    rng, writer = np.random.default_rng(2), None
    for start in range(0, rows, PIECE):
        length = min(PIECE, rows - start)
        made = columns(rng, length)
        piece = pl.DataFrame(
            {
                **{n: pl.Series(list(AXES[n])).gather(made[n]) for n in AXES},
                "score": rng.random(length, dtype=np.float32),
            }
        ).to_arrow()
        writer = writer or pq.ParquetWriter(path, piece.schema)
        writer.write_table(piece)
    if writer is not None:
        writer.close()


SETTINGS = """
[data]
path = '{path}'
engine = "lazy"
[subject]
target = "label"
positive = "yes"
favorable = "yes"
groups = ["sex", "race"]
[model]
score = "score"
"""

WIDE = """
[data]
path = '{path}'
[subject]
target = "repaid"
positive = 1
favorable = 1
groups = ["sex", "race"]
[model]
score = "score"
decision = "approved"
[checks]
only = ["data", "fairness"]
"""

TASKS = {
    "group-by": "pl.scan_parquet(path).group_by(list({by!r})).len().collect(engine='streaming')",
    "tally": "tally(pl.scan_parquet(path), Wanted(by={by!r}))",
    "audit": "__import__('fairwitness').audit(config=toml)",
}
"""What is run in a process of its own; prints seconds and the most memory it held, in MiB."""

PROCESS = """
import json, sys, time
import polars as pl
from fairwitness.engine.cells import tally
from fairwitness.io.counting import Wanted
path, toml = sys.argv[1:]
before = time.perf_counter()
{task}
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1024
print(json.dumps([time.perf_counter() - before, peak]))
"""


def _whole_table(path: Path, rows: int) -> None:
    """The data and fairness audit of 30 columns; in a process of its own, the imports aboard."""
    _wide(rows).write_parquet(path)
    toml = path.with_suffix(".toml")
    toml.write_text(WIDE.format(path=path), encoding="utf-8")
    code = PROCESS.format(task=TASKS["audit"]) + "print(time.process_time())"
    ran = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code, str(path), str(toml)], capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise SystemExit(ran.stderr)
    measured, cpu = ran.stdout.splitlines()[-2:]
    seconds, most = json.loads(measured)
    print(f"{rows:,} rows of 30 columns: data and fairness audited whole")
    print(f"  {seconds:>12.1f} s  of wall time, {float(cpu):.1f} s of CPU, at most {most:,.0f} MiB")
    path.unlink()


def _wide(rows: int) -> pl.DataFrame:
    """Two attributes, 16 numbers of which six have gaps, four counts, five categories; a score, a decision, an outcome."""
    rng = np.random.default_rng(3)
    made: dict[str, object] = {
        "sex": pl.Series(list(SEXES)).gather(rng.integers(0, 2, rows)),
        "race": pl.Series(list(RACES)).gather(rng.choice(5, rows, p=[0.1, 0.15, 0.2, 0.05, 0.5])),
    }
    for i in range(16):
        values = np.round(rng.normal(50, 10 + i, rows), 2)
        made[f"number {i}"] = np.where(rng.random(rows) < 0.02, np.nan, values) if i % 3 == 0 else values
    for i in range(4):
        made[f"count {i}"] = rng.integers(0, 20 * (i + 1), rows)
    for i in range(5):
        made[f"category {i}"] = pl.Series([f"c{j}" for j in range(4 * (i + 1))]).gather(
            rng.integers(0, 4 * (i + 1), rows)
        )
    chance = 1 / (1 + np.exp(-0.03 * (np.asarray(made["number 1"]) - 50)))
    made["score"] = np.clip(chance + rng.normal(0, 0.05, rows), 0, 1)
    made["approved"] = (np.asarray(made["score"]) > 0.5).astype(int)
    made["repaid"] = (rng.random(rows) < chance).astype(int)
    return pl.DataFrame(made)


def _against_the_limit(path: Path, rows: int) -> None:
    toml = path.with_suffix(".toml")
    toml.write_text(SETTINGS.format(path=path), encoding="utf-8")
    took: dict[str, list[float]] = {name: [] for name in TASKS}
    peak: dict[str, float] = {}
    for _ in range(3):
        for name, task in TASKS.items():
            if name == "audit" and took[name]:
                continue
            code = PROCESS.format(task=task.format(by=tuple(AXES)))
            ran = subprocess.run(  # noqa: S603 - our own interpreter
                [sys.executable, "-c", code, str(path), str(toml)], capture_output=True, text=True, check=False
            )
            if ran.returncode:
                raise SystemExit(ran.stderr)
            seconds, most = json.loads(ran.stdout.splitlines()[-1])
            took[name].append(seconds)
            peak[name] = max(most, peak.get(name, 0))
    limit = statistics.median(took["group-by"])
    print(f"{rows:,} rows in a Parquet file, {len(AXES)} columns of strings (and a score in the audit)")
    for name in ("tally", "audit"):
        ratio = statistics.median(took[name]) / limit
        print(f"  {ratio:>12.2f} x  the time of a plain Polars group-by: {name}")
    print(f"  at most {', '.join(f'{name} {most:,.0f} MiB' for name, most in peak.items())}")


def _fastest(work: Callable[[], object]) -> float:
    return min(_seconds(work) for _ in range(RUNS))


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main([int(float(given)) for given in sys.argv[1:]] or [10**7, 10**8])
