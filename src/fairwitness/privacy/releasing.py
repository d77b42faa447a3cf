"""A release as files: what may be given away, marked as what it is, and what may not, apart."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from fairwitness.core.digest import generator
from fairwitness.core.estimate import Estimate, Unit
from fairwitness.draw import format as fmt
from fairwitness.draw.markdown import escape
from fairwitness.draw.words import plural
from fairwitness.io import atomic
from fairwitness.privacy.bounds import Numbers, Public, ReleaseError
from fairwitness.privacy.release import (
    SHUFFLES,
    Places,
    Statistic,
    Usefulness,
    noised_copy,
    of_copy,
    statistics,
    usefulness,
)
from fairwitness.stats.exact_noise import Coins

PAGE, STATISTICS, COPY, COMPARISON = "RELEASE.md", "statistics.json", "noised-copy.csv", "comparison.md"
NOISED = " (noised)"
"""What every column of a copy is marked with, so that the mark goes where the file goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What was made, not yet written.

    Attributes:
        epsilon: Of the whole release.
        rows: How many the data have; public.
        columns: With their public bounds.
        found: Means and shares, private and true.
        useful: Whether a model trained on the copy works; None where that was not tried.
        files: Name to text, to be given away.
        target: The column that was to be predicted.
    """

    what: str
    epsilon: Fraction
    rows: int
    columns: Sequence[Public]
    found: Sequence[Statistic]
    useful: Usefulness | None = None
    target: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    def write(self, out: Path, originals: Mapping[str, float]) -> None:
        """Write every file whole; the comparison with the truth, with `originals`, below `out/private`, for the owner alone."""
        atomic.directory(out)
        private = atomic.directory(out / "private", mode=0o700)
        atomic.write_text(private / COMPARISON, comparison(self, originals), mode=0o600)
        for name, text in self.files.items():
            atomic.write_text(out / name, text)


def refuse_second(out: Path) -> None:
    """Stop before a folder that holds a release already, and before one that cannot be written.

    Raises:
        ReleaseError: There is one: releases of the same data add up, so none is replaced in passing.
        UserError: Nothing can be written there.
    """
    if (out / PAGE).exists():
        raise ReleaseError(
            f"{out}: holds a release already, and the budgets of releases of the same data add up; choose another --out"
        )
    atomic.probe_writable(out)


def of_statistics(columns: Sequence[Public], places: Places, epsilon: Fraction, coins: Coins | None = None) -> Release:
    """Means and shares with noise.

    Args:
        columns: With their public bounds.
        places: (n,) of each, by name.
        epsilon: Of the whole release, positive.
        coins: The source of noise; None: the operating system.
    """
    found = statistics(columns, places, epsilon, coins or Coins())
    rows = len(places[columns[0].name])
    made = Release(what="statistics", epsilon=epsilon, rows=rows, columns=columns, found=found)
    return _with_files(made, {STATISTICS: _json(made)})


def of_rows(
    columns: Sequence[Public],
    places: Places,
    epsilon: Fraction,
    *,
    target: str | None = None,
    coins: Coins | None = None,
) -> Release:
    """A copy of all rows, every cell noised.

    Args:
        columns: With their public bounds.
        places: (n,) of each, by name.
        epsilon: Of the whole copy, positive.
        target: A column of categories that models are to predict; None: whether the copy is of use is not tried.
        coins: The source of noise; None: the operating system.
    """
    copy = noised_copy(columns, places, epsilon, coins or Coins())
    rng = generator(0, "release", "usefulness")
    tried = None if target is None else usefulness(columns, places, copy, target, rng=rng)
    made = Release(
        what="copy",
        epsilon=epsilon,
        rows=len(places[columns[0].name]),
        columns=columns,
        found=of_copy(columns, places, copy, epsilon),
        useful=tried,
        target=target,
    )
    return _with_files(made, {COPY: _csv(columns, copy)})


def page(made: Release) -> str:
    """What the release is, for whoever is given it: Markdown. Nothing in it but what noise has passed over, or is public."""
    each = fmt.number(float(made.epsilon / len(made.columns)), "number")
    noise = (
        "Discrete Laplace noise on the sum of each column of numbers (clipped to its bounds, rounded to its step) and on "
        "each count of categories."
        if made.what == "statistics"
        else "Every cell was noised on its own: numbers by discrete Laplace noise as wide as their bounds over epsilon, so "
        "they leave the bounds; categories by randomised response."
    )
    rows = plural(made.rows, "row")
    protects = (
        "Protected is one row: whatever anybody learns from this release is at most e^epsilon times likelier with the row "
        "than with any other in its place. A person with k rows has k times epsilon, and releases of the same data add up."
    )
    lines = [
        f"# {'Private statistics' if made.what == 'statistics' else 'A noised copy: no row is a true record'}",
        "",
        f"**epsilon = {made.epsilon}**, {each} for each of {plural(len(made.columns), 'column')}; {rows}, whose number is public.",
        "",
        f"{noise} Drawn exactly, in whole numbers, from the operating system's random bytes.",
        "",
        protects,
        "",
        "| column | public bounds | of | released | ± by noise, 95 % |",
        "| --- | --- | --- | --- | --- |",
        *_rows(made, lambda one: (_figure(one.private), _figure(one.bound))),
    ]
    if made.what == "copy":
        lines += ["", "Means are of the noised column; shares are freed of the bias that randomised response puts in."]
    return "\n".join([*lines, ""])


def comparison(made: Release, originals: Mapping[str, float]) -> str:
    """The release beside the truth, and beside means before clipping: NOT private, for the owner alone."""

    def beside(one: Statistic) -> Sequence[str]:
        original = _figure(originals[one.column]) if one.column in originals else fmt.DASH
        return original, *(_figure(value) for value in (one.true, one.private, one.error, one.bound))

    lines = [
        "# NOT PRIVATE: true values beside the release",
        "",
        "> Whoever reads *original* or *clipped* learns what the noise was there to hide. Keep this file; do not give it away.",
        "",
        "Clipped is what noise was put on: the truth within the public bounds, rounded to the step. The error is noise alone.",
        "",
        "| column | public bounds | of | original | clipped | released | error | bound on the error, 95 % |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *_rows(made, beside),
        "",
        "Means that stay close say nothing about use: noise of any size cancels out in them.",
    ]
    return "\n".join([*lines, "", *worth(made), ""])


def worth(made: Release) -> list[str]:
    """Whether a model trained on the release works on the truth, in sentences; computed from true rows."""
    if made.what == "statistics":
        return ["No model can be trained on statistics, so nothing is said of that."]
    if made.target is None:
        return ["Whether models can be trained on the copy was not tried; --target COLUMN names what to predict."]
    if made.useful is None:
        return [
            f"Nothing was learned of {made.target!r}: the rows to train on hold one class only, or there is no feature."
        ]
    use = made.useful
    rates = (
        f"Of {plural(use.from_copy.n, 'true held-out row')}, a model trained on the copy gets "
        f"{_measured(use.from_copy)} right in {made.target!r}, one trained on the true rows {_measured(use.from_truth)}; "
        f"always naming the commonest class gets {fmt.number(use.commonest, 'share')}."
    )
    said = [rates]
    if use.area_from_copy is not None and use.area_from_truth is not None:
        said.append(
            f"Areas under the ROC curve: {_measured(use.area_from_copy)} from the copy and "
            f"{_measured(use.area_from_truth)} from the truth; 0.500 is guessing."
        )
    unit: Unit = "share" if use.area_from_copy is None else "auc"
    lucky = f"Of {SHUFFLES} models trained on the copy with its answers shuffled the best reaches {fmt.number(use.luck, unit)}"
    if use.proven:
        said.append(f"{lucky}: the copy is better to learn from than luck.")
    elif use.testable:
        said.append(f"{lucky}, so the copy is of no proven use to learn from: raise epsilon, or release fewer columns.")
    else:
        said.append(
            f"{lucky}, which the truth does not beat either: these columns say too little of {made.target!r} to tell."
        )
    return said


def shown(made: Release) -> list[str]:
    """The release in lines for a terminal: nothing that is not private."""
    what = "Private statistics" if made.what == "statistics" else "A noised copy"
    head = (
        f"{what} of {plural(made.rows, 'row')}: epsilon {made.epsilon} over {plural(len(made.columns), 'column')}; ± is what "
        "noise does at most, in 95 of 100 releases."
    )
    wide = max(len(f"{one.column}: {one.of}") for one in made.found)
    found = [
        f"  {f'{one.column}: {one.of}':<{wide}}  {_figure(one.private)} ± {_figure(one.bound)}" for one in made.found
    ]
    return [head, *found]


def _with_files(made: Release, files: dict[str, str]) -> Release:
    return replace(made, files={**files, PAGE: page(made)})  # the page last: it says that the rest is there


def _rows(made: Release, cells: Callable[[Statistic], Sequence[str]]) -> list[str]:
    """One line a statistic, as Markdown."""
    bounds = {column.name: _bounds(column) for column in made.columns}
    return [
        f"| {' | '.join([escape(one.column), escape(bounds[one.column]), escape(one.of), *cells(one)])} |"
        for one in made.found
    ]


def _bounds(column: Public) -> str:
    if isinstance(column, Numbers):
        return f"{column.text(0)} to {column.text(column.steps)} by {column.step:f}"
    return ", ".join(column.values)


def _json(made: Release) -> str:
    """Statistics for programs."""
    columns: dict[str, dict[str, object]] = {}
    for column in made.columns:
        mine = {
            one.of: {"released": one.private, "noise_95": one.bound} for one in made.found if one.column == column.name
        }
        columns[column.name] = {"bounds": _bounds(column), "statistics": mine}
    whole = {
        "what": "differentially private statistics: noised, not exact",
        "epsilon": str(made.epsilon),
        "protects": "one row; the number of rows is public",
        "noise": "discrete Laplace, drawn exactly; epsilon divided evenly over the columns",
        "rows": made.rows,
        "columns": columns,
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _csv(columns: Sequence[Public], copy: Places) -> str:
    """The copy, every column marked."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([f"{column.name}{NOISED}" for column in columns])
    cells = [
        [column.text(int(place)) for place in copy[column.name]]
        if isinstance(column, Numbers)
        else [column.values[place] for place in copy[column.name]]
        for column in columns
    ]
    writer.writerows(zip(*cells, strict=True))
    return text.getvalue()


def _figure(value: float) -> str:
    """Four digits: enough to see what noise does."""
    return fmt.MINUS * (value < 0) + f"{abs(value):,.4g}"


def _measured(found: Estimate) -> str:
    return fmt.measured(found.value, found.low, found.high, found.unit)
