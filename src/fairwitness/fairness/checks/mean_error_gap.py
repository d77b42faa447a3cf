"""How far apart groups are in the mean error of a predicted quantity, with errors of other kinds beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import PREDICTED, TARGET, Ask, RowsAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Key, Limit, Severity, Unit
from fairwitness.core.figures import Interval, Intervals
from fairwitness.core.subject import Outline, Rows
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, TOO_FEW, label, members
from fairwitness.fairness import attributes, contrasts
from fairwitness.fairness.attributes import Cell, Divided
from fairwitness.fairness.contrasts import Apart
from fairwitness.fairness.quantities import Errors, ends, errors, scaled
from fairwitness.fairness.tables import MOST_ROWS
from fairwitness.stats.intervals import critical
from fairwitness.stats.multiple import all_pairs, sidak

MOST = 1e140
"""Numbers beyond it have squares, or sums of squares, that are not finite."""


class MeanErrorGap:
    info = CheckInfo(
        id="fairness.mean-error-gap",
        title="Predicted quantities are off by as much in every group",
        failure_title="A quantity is predicted too high or too low for one group",
        measures=(
            "Widest gap between two groups in the mean of predicted less recorded, in standard deviations of what is "
            "recorded. Mean absolute error, root mean squared error and R² by group are shown and not judged."
        ),
        does_not_show=(
            "Errors that cancel within a group, and groups whose people are harder to predict: see the other errors. "
            "Whether the recorded quantity is right, and which direction of error does harm."
        ),
        advice=(
            "Look for a column that means something else in that group, or for people who are missing from training; "
            "correct the prediction on rows kept for tuning, and look at every group again."
        ),
        needs=frozenset({"rows", "groups", "predictions"}),
        limit=Limit(at_most=0.2),
        severity=Severity.MEDIUM,
        sources=(
            (
                "Student's intervals of each mean; Zou and Donner 2008, Statistics in Medicine 27(10):1693-1702, with Tukey's "
                "critical value, for the gap"
            ),
            (
                "The limit of 0.2 standard deviations is where Cohen 1988, Statistical Power Analysis, section 2.2.3, begins "
                "to speak of a small effect"
            ),
            "van der Vaart 1998, Asymptotic Statistics, chapter 20, for R²",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask]:
        return [_ask(outline)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        rows: Rows = given[_ask(given.outline)]
        recorded, predicted = rows.columns[TARGET], rows.columns[PREDICTED]
        if not len(rows) or (recorded == recorded[0]).all():  # the deviation of equal numbers need not be 0
            return NotApplicable("what is recorded does not differ, so errors have no scale")
        if max(np.abs(recorded).max(), np.abs(predicted).max()) > MOST:
            return NotApplicable("what is recorded or predicted is too large a number to be squared")
        deviation = float(recorded.std())
        named = attributes.named(given.outline)
        level = attributes.each_level(given.level, len(named))
        found = [
            one
            for grouping in named
            if (one := _off(attributes.divided(rows, grouping), recorded, predicted, scale=deviation, level=level))
        ]
        if not found:
            return NotApplicable("no attribute has two groups; a gap needs two")
        worst = max(found, key=lambda each: attributes.gravity(each.gap.estimate, given.limit))
        lines = _lines(found)
        return Measured(
            headline=_headline(given, worst),
            lead=_lead(given, found, deviation),
            judged={
                Key(metric="mean-error gap", groups=each.gap.groups, column=each.by.grouping.name): each.gap.estimate
                for each in found
            },
            explored=(attributes.table("Errors by group", lines, _UNITS),),
            figures=(_figure(given, worst),),
            notes=attributes.left_out(lines, "groups"),
            to_settle=(
                f"Collect more {given.outline.people} whose {given.outline.target} is recorded, above all of the groups whose "
                "interval is widest."
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Off:
    """One attribute's errors, and the widest gap in standard deviations."""

    by: Divided
    errors: Errors
    gap: Apart
    level: float

    def label(self, group: str) -> str:
        return label(group, self.by.grouping.columns)


def _ask(outline: Outline) -> RowsAsk:
    return RowsAsk(columns=(TARGET, PREDICTED), groups=attributes.asked(outline))


def _off(
    by: Divided, recorded: NDArray[np.float64], predicted: NDArray[np.float64], *, scale: float, level: float
) -> _Off | None:
    k = len(by.names)
    wide = errors(recorded, predicted, by.codes, k, z=all_pairs(level, max(2, k)))
    gap = contrasts.widest(
        by.names, scaled(wide.mean, scale), level=level, unit="number", method="from Student's limits of each mean"
    )
    if gap is None:
        return None
    own = errors(recorded, predicted, by.codes, k, z=critical(sidak(level, k)))
    return _Off(by=by, errors=own, gap=gap, level=level)


def _headline(given: Given, worst: _Off) -> str:
    sizes = worst.by.sizes
    if min(sizes[name] for name in worst.gap.groups) < FEW:
        return f"Groups of {worst.by.grouping.name} are too small to say whether predictions are off for one of them"
    told = []
    for name in worst.gap.groups:
        value = float(worst.errors.mean.value[worst.by.names.index(name)])
        way = "too high" if value >= 0 else "too low"
        who = members(name, worst.by.grouping.columns, given.outline.people)
        told.append(f"{fmt.number(abs(value), 'number')} {way} for {who}")
    return f"{given.outline.target} is predicted {told[0]} and {told[1]} on average"


def _lead(given: Given, found: Sequence[_Off], deviation: float) -> str:
    total = fmt.count(len(found[0].by.codes))
    sentences = [
        (
            f"Over {total} {given.outline.people}; the standard deviation of {given.outline.target} is "
            f"{fmt.number(deviation, 'number')}."
        )
    ]
    for each in found:
        gap = each.gap.estimate
        low, high = map(each.label, each.gap.groups)
        sentences.append(
            f"By {each.by.grouping.name} the widest gap in mean error is "
            f"{fmt.measured(gap.value, gap.low, gap.high, 'number')} standard deviations, {high} over {low}."
        )
    return " ".join(sentences)


_COLUMNS = {
    "mean": ("mean error", "low", "high"),
    "absolute": ("MAE", "MAE low", "MAE high"),
    "root": ("RMSE", "RMSE low", "RMSE high"),
    "explained": ("R²", "R² low", "R² high"),
}
_UNITS: Mapping[str, Unit] = {
    "n": "people",
    **dict.fromkeys((name for names in _COLUMNS.values() for name in names), "number"),
}


def _lines(found: Sequence[_Off]) -> list[dict[str, Cell]]:
    """A line for each group, the largest mean error first; of few people the number alone."""
    lines = []
    for each in found:
        for place, (name, n) in enumerate(each.by.sizes.items()):
            line: dict[str, Cell] = {"attribute": each.by.grouping.name, "group": each.label(name), "n": n}
            for kind, names in _COLUMNS.items():
                line |= dict(zip(names, ends(getattr(each.errors, kind), place, shown=n >= FEW), strict=True))
            lines.append(line)
    return sorted(lines, key=lambda line: (line["mean error"] is None, -abs(float(line["mean error"] or 0))))


def _figure(given: Given, worst: _Off) -> Intervals:
    order = sorted(worst.by.sizes.items(), key=lambda item: -item[1])[:MOST_ROWS]
    rows = []
    for name, n in order:
        value, low, high = ends(worst.errors.mean, worst.by.names.index(name), shown=n >= FEW)
        rows.append(
            Interval(label=worst.label(name), value=value, low=low, high=high, n=n, note="" if n >= FEW else TOO_FEW)
        )
    return Intervals(
        title=f"Predicted less recorded {given.outline.target}, by {worst.by.grouping.name}",
        caption=(
            f"In the unit of {given.outline.target}. Right of zero: predicted too high. Line: {fmt.level(worst.level)}, "
            f"Student's interval, for {len(worst.by.names)} groups at once."
        ),
        unit="number",
        rows=tuple(rows),
    )
