"""Rows alike in all that a model reads, with different outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import CLASS, Ask, RowsAsk, group_column
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate, Key, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline, Rows
from fairwitness.data.conflicts import Conflicts, conflicts
from fairwitness.data.copies import names_rows
from fairwitness.data.words import count, percent, target_of, within
from fairwitness.draw.words import FEW, listed, plural
from fairwitness.stats.intervals import wilson
from fairwitness.stats.multiple import holm
from fairwitness.stats.two_sample import homogeneity_p

SHOWN = 20
NAMED = 4
"""Words from which on a text is no name: what a model reads in it may make the difference."""


class LabelConflicts:
    info = CheckInfo(
        id="data.label-conflicts",
        title="Rows alike in all features have the same outcome",
        failure_title="Rows alike in all features have different outcomes",
        measures=(
            "Share of rows that equal another in all features and differ from it in the recorded class; by group of each "
            "attribute; and on how many rows a rule that reads only these features can be right at most."
        ),
        does_not_show=(
            "Which of two outcomes is wrong, or whether either is: what made the difference may not be among the features. "
            "Features with many values hardly ever repeat, and then nothing is found."
        ),
        advice="Look at the rows side by side: labels given twice and unequally are the cheapest errors to find.",
        needs=frozenset({"rows", "labels", "features"}),
        tasks=frozenset({"binary", "multi-class"}),
        severity=Severity.LOW,
        every_row=True,
        takes=frozenset({"weight", "cluster"}),
        sources=(
            "Wilson 1927, JASA 22(158):209-212",
            "Fukunaga 1990, Introduction to Statistical Pattern Recognition, 2nd ed., section 3.1, on the bound",
            "Kish 1965, Survey Sampling, section 5.4, on rows that are alike",
            "Holm 1979, Scandinavian Journal of Statistics 6(2):65-70, over attributes",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask]:
        return [_ask(outline)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        rows: Rows = given[_ask(given.outline)]
        classes = rows.columns[CLASS]
        kinds = {column.name: column.kind for column in given.outline.columns}
        every = {name: {**rows.columns, **rows.media}[name] for name in given.outline.features}
        columns = {
            name: each
            for name, each in every.items()
            if each.ndim > 1 or not names_rows(each, kinds[name], words=NAMED)
        }
        if len(rows) < 2 or not columns:
            return NotApplicable("there are no two rows to compare in a feature")
        found = conflicts(columns, classes)
        share = _share(int(found.torn.sum()), len(rows), found.effect, given.level)
        table, p = _by_group(found, rows, given)
        twice = int((found.sizes > 1).sum())
        target = target_of(given.outline)
        left = [name for name in every if name not in columns]
        features = f"features but {listed(left)}" if left else "features"
        some = (
            f"{count(share.value * len(rows))} of {plural(len(rows), 'row')} ({percent(share.value)}) equal another in all "
            f"{features} and differ in {target}"
            if share.value
            else f"No two rows that are alike in all {features} differ in {target}"
        )
        return Measured(
            headline=some,
            lead=(
                f"{plural(twice, 'row')} {'equals' if twice == 1 else 'equal'} another in all {plural(len(columns), 'feature')} compared; "
                f"the share in conflict among rows drawn like these is {percent(share.value or 0.0)} {within(share)}. Whoever reads "
                f"only these features is right on {percent(found.right / len(rows))} of these rows at most.{p}"
            ),
            judged={Key(metric="share of rows that equal one with another class"): share},
            explored=table,
            notes=tuple(f"not compared, since every row has a value of its own: {name}" for name in left),
        )


def _ask(outline: Outline) -> RowsAsk:
    media = {column.name for column in outline.columns if column.media}
    groups = tuple(each.columns[0] for each in outline.groupings if each.named and len(each.columns) == 1)
    return RowsAsk(
        columns=(*(name for name in outline.features if name not in media), CLASS), groups=groups, media=bool(media)
    )


def _share(hits: int, n: int, effect: float, level: float) -> Estimate:
    low, high = wilson(hits / effect, n / effect, level=level)
    method = "Wilson, of rows that are torn together one counted"
    return Estimate(value=hits / n, low=low, high=high, level=level, n=n, unit="share", method=method)


def _by_group(found: Conflicts, rows: Rows, given: Given) -> tuple[tuple[Series, ...], str]:
    """Shares by group, the highest first, and in a sentence which attribute they differ by."""
    lines: list[tuple[str, str, Estimate]] = []
    chances: dict[str, float] = {}
    for name in _ask(given.outline).groups:
        labels: NDArray[Any] = rows.columns[group_column(name)]
        known = np.array([label is not None for label in labels], dtype=bool)
        names, coded = np.unique(labels[known].astype(str), return_inverse=True)
        n, hits = np.bincount(coded), np.bincount(coded, weights=found.torn[known]).astype(np.int64)
        enough = n >= FEW
        if enough.sum() > 1 and hits[enough].any():
            chances[name] = homogeneity_p(
                *np.rint(np.stack([hits, n - hits])[:, enough] / found.effect).astype(np.int64)
            )
            lines += [
                (name, str(names[i]), _share(int(hits[i]), int(n[i]), found.effect, given.level))
                for i in np.flatnonzero(enough)
            ]
    if not lines:
        return (), ""
    adjusted = dict(zip(chances, holm(list(chances.values())), strict=True))
    least = min(adjusted, key=lambda name: adjusted[name])
    differ = adjusted[least] < 1 - given.level
    lines = sorted(lines, key=lambda line: -(line[2].value or 0.0))[:SHOWN]
    table = Series(
        title="Rows that equal one with another class, by group",
        columns={
            "attribute": tuple(name for name, _, _ in lines),
            "group": tuple(group for _, group, _ in lines),
            "rows": tuple(each.n for _, _, each in lines),
            "share": tuple(each.value for _, _, each in lines),
            "low": tuple(each.low for _, _, each in lines),
            "high": tuple(each.high for _, _, each in lines),
            "p of attribute": tuple(float(adjusted[name]) for name, _, _ in lines),
        },
        units={"rows": "rows", "share": "share", "low": "share", "high": "share"},
    )
    return (table,), f" The share differs by {least}." if differ else ""
