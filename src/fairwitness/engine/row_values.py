"""Figures by group from a check's private numbers by row: who is easier to attack, whose records leak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.check import Measured, Outcome, RowValues
from fairwitness.core.columns import CROSS, MISSING, Grouping
from fairwitness.core.estimate import Estimate, Unit
from fairwitness.core.figures import Interval, Intervals
from fairwitness.core.findings import Finding, Series
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, capital
from fairwitness.engine.subject import Subject
from fairwitness.io import atomic
from fairwitness.stats import gaps, intervals

MOST_GROUPS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ByGroup:
    """One number of one grouping."""

    series: Series
    figure: Intervals
    note: str


def add(finding: Finding, outcome: Outcome, subject: Subject, *, level: float, out: Path | None) -> Finding:
    """The finding with figures by group for each of the check's numbers by row; these are written below `out/private`."""
    if not isinstance(outcome, Measured) or not outcome.row_values:
        return finding
    series, figures, notes = list(finding.series), list(finding.figures), list(finding.notes)
    for key, values in outcome.row_values.items():
        if out is not None:
            folder = atomic.directory(out / "private" / "rows", mode=0o700)
            name = f"{finding.id.replace('/', '.')}.{key}.npz"
            told = {"name": np.array(values.name), "worse": np.array(values.worse)}
            atomic.write_npz(folder / name, ids=values.ids, values=values.values, **told)
        for grouping in subject.outline.groupings:
            if grouping.named:
                made = by_group(values, grouping, _labels(subject, grouping)[values.ids], level=level)
                series.append(made.series)
                figures.append(made.figure)
                notes += [made.note] if made.note else []
    return replace(finding, series=tuple(series), figures=tuple(figures), notes=tuple(notes))


def by_group(values: RowValues, grouping: Grouping, labels: NDArray[np.object_], *, level: float) -> ByGroup:
    """Rates of a yes-or-no number, or means of any other, by group with intervals, and the widest gap of rates.

    Args:
        values: The number of each row; rows without one are left out.
        grouping: What the labels are of.
        labels: (n,) group of each row.
        level: Confidence of each interval.
    """
    known = np.isfinite(values.values)
    numbers, names = values.values[known], labels[known]
    yes_no = bool(np.isin(numbers, (0.0, 1.0)).all())
    unit: Unit = "share" if yes_no else "number"
    groups, codes = np.unique(names.astype(np.str_), return_inverse=True)
    largest = np.argsort(-np.bincount(codes, minlength=len(groups)), kind="stable")[:MOST_GROUPS]
    found = {str(groups[place]): _estimate(numbers[codes == place], yes_no=yes_no, level=level) for place in largest}
    shown = {name: each for name, each in found.items() if each.n >= FEW}
    series = Series(
        title=f"{capital(values.name)}, by {grouping.name}",
        columns={
            "group": tuple(shown),
            "n": tuple(each.n for each in shown.values()),
            "rate" if yes_no else "mean": tuple(each.value for each in shown.values()),
            "low": tuple(each.low for each in shown.values()),
            "high": tuple(each.high for each in shown.values()),
        },
        units={"n": "people", "rate" if yes_no else "mean": unit, "low": unit, "high": unit},
    )
    rows = tuple(
        Interval(label=name, value=each.value, low=each.low, high=each.high, n=each.n) for name, each in shown.items()
    )
    method = "Wilson interval" if yes_no else "interval of the mean"
    left = len(groups) - len(shown)
    caption = f"{'Share, %' if yes_no else 'Mean'}. Line: {fmt.level(level)} {method} of each group."
    caption += (
        f" {fmt.count(left)} groups of fewer than {FEW} people, or beyond the {MOST_GROUPS} largest, are not shown."
        if left
        else ""
    )
    figure = Intervals(title=series.title, caption=caption, unit=unit, rows=rows)
    return ByGroup(series=series, figure=figure, note=_gap(values, numbers, names, grouping, level) if yes_no else "")


def _estimate(numbers: NDArray[np.float64], *, yes_no: bool, level: float) -> Estimate:
    if yes_no:
        (made,) = gaps.rates({"": int(numbers.sum())}, {"": len(numbers)}, level=level).values()
        return made
    low, high = intervals.mean(numbers.sum(), (numbers**2).sum(), len(numbers), level=level)
    return Estimate(
        value=float(numbers.mean()),
        low=_finite(low),
        high=_finite(high),
        level=level,
        n=len(numbers),
        unit="number",
        method="interval of the mean",
    )


def _gap(
    values: RowValues, numbers: NDArray[np.float64], names: NDArray[np.object_], grouping: Grouping, level: float
) -> str:
    """The widest gap in a sentence; explored, so it judges nothing."""
    totals: Mapping[str, int] = {str(name): int((names == name).sum()) for name in set(names)}
    hits = {str(name): int(numbers[names == name].sum()) for name in set(names)}
    if sum(n > 0 and MISSING not in name.split(CROSS) for name, n in totals.items()) < 2:
        return ""
    widest = gaps.widest_gap(hits, totals, level=level)
    low, high = widest.groups
    found = widest.estimate
    between = f"{fmt.number(found.value, 'points')} {fmt.interval(found.value, found.low, found.high, 'points')}"
    return (
        f"{capital(values.name)}: the widest gap by {grouping.name}, {high} over {low}, is {between} (explored, not "
        "judged)."
    )


def _labels(subject: Subject, grouping: Grouping) -> NDArray[np.object_]:
    """(rows of the data,) group of each row; what is not recorded is a group of its own."""
    parts = [
        np.array([MISSING if label is None else str(label) for label in subject.groups[name]], dtype=object)
        for name in grouping.columns
    ]
    joined = parts[0]
    for part in parts[1:]:
        joined = np.array([f"{a}{CROSS}{b}" for a, b in zip(joined, part, strict=True)], dtype=object)
    return joined


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
