"""Columns that measure the same thing, but not in the same way in every group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Key, Limit, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.data import functioning
from fairwitness.data.functioning import COHERENT, NEGLIGIBLE, Item
from fairwitness.data.material import asks, people
from fairwitness.data.words import count, within
from fairwitness.draw import format as show
from fairwitness.draw.words import listed, members, plural

SHOWN = 30


class UnequalMeasurement:
    info = CheckInfo(
        id="data.unequal-measurement",
        title="Columns that measure one thing work alike in every group",
        failure_title="A column means something else in one group than in another",
        measures=(
            "How much more of a column is explained (gain in R²) when the group is known beside the other columns that "
            "[indicators] says measure the same thing: the item that works least alike, uniformly or not."
        ),
        does_not_show=(
            "Which group is measured rightly, nor a fault that all columns of a set share: then they agree with one another "
            "and are all wrong. Columns are held against one another only where somebody said that they measure one thing."
        ),
        advice=(
            "Ask how the column comes to be recorded for each group. Record it anew, correct it by group, or leave it out: "
            "a model that reads it reads two different things."
        ),
        needs=frozenset({"rows", "groups"}),
        per="grouping",
        limit=Limit(at_most=NEGLIGIBLE),
        severity=Severity.MEDIUM,
        sources=(
            "Swaminathan and Rogers 1990, Journal of Educational Measurement 27(4):361-370",
            "Jodoin and Gierl 2001, Applied Measurement in Education 14(4):329-349: below 0.035 negligible, from 0.07 large",
            "Shealy and Stout 1993, Psychometrika 58(2):159-194, on groups that differ in what is measured",
            "MacKinnon and White 1985, Journal of Econometrics 29(3):305-325, HC3",
            "Jacobs and Wallach 2021, FAccT, arXiv 1912.05511, on measurement and fairness",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        lacks = "no columns are said to measure one thing: name three or more under [indicators]"
        return asks(outline, about, lacks="" if outline.grounds.indicators else lacks)

    def run(self, given: Given, options: NoOptions) -> Outcome:
        some = people(given)
        if isinstance(some, NotApplicable):
            return some
        sets = given.outline.grounds.indicators
        each = 1 - (1 - given.level) / len(sets)
        found: dict[str, list[Item]] = {}
        loose = []
        for name, columns in sets.items():
            values: dict[str, NDArray[np.float64]] = {column: some.rows.columns[column] for column in columns}
            if _whole(values, some.groups) < 2:
                continue
            together = functioning.coherence(values, some.groups)
            if together < COHERENT:
                loose.append(f"{name} (Cronbach's alpha {show.bare(together, 'number')} within groups)")
            else:
                found[name] = functioning.items(values, some.groups, level=each)
        if not found:
            why = f"they hardly measure one thing: {listed(loose)}" if loose else "hardly a row has all of them"
            return NotApplicable(f"the columns of [indicators] tell nothing of one another; {why}")
        worst = max(found, key=lambda name: found[name][0].gain.value or 0.0)
        return Measured(
            headline=_headline(found[worst][0], worst, given),
            lead=_lead(found[worst], given),
            judged={
                Key(metric="gain in R² by group", column=f"{items[0].column} of {name}"): functioning.widest(items)
                for name, items in found.items()
            },
            explored=tuple(_table(name, items) for name, items in found.items()),
            notes=(*some.notes, *(f"left out, as it hardly measures one thing: {each}" for each in loose)),
            to_settle="More rows, of the smallest groups above all, would narrow the interval.",
        )


def _whole(values: Mapping[str, NDArray[np.float64]], groups: NDArray[np.object_]) -> int:
    """Groups with rows enough that have all values."""
    known = ~np.isnan(np.column_stack(list(values.values()))).any(axis=1)
    return int((np.unique(groups[known].astype(str), return_counts=True)[1] >= 3 * len(values)).sum())


def _headline(item: Item, name: str, given: Given) -> str:
    high = max(item.shifts, key=lambda group: item.shifts[group])
    low = min(item.shifts, key=lambda group: item.shifts[group])
    apart = item.shifts[high] - item.shifts[low]
    whom = members(high, given.grouping.columns, given.outline.people)
    other = members(low, given.grouping.columns, given.outline.people)
    return (
        f"Among people alike in the rest of {name}, {item.column} lies {show.bare(apart, 'number')} standard deviations "
        f"higher for {whom} than for {other}"
    )


def _lead(items: Sequence[Item], given: Given) -> str:
    first = items[0]
    kinds = [
        words
        for p, words in (
            (first.uniform, "lies higher or lower throughout"),
            (first.crossing, "follows the others less closely in one group"),
            (first.spread, "scatters more in one group"),
        )
        if p < (1 - given.level) / len(items)
    ]
    size = (
        "negligible"
        if (first.gain.value or 0) < NEGLIGIBLE
        else ("large" if (first.gain.value or 0) >= functioning.LARGE else "moderate")
    )
    what = f" It {listed(kinds)}." if kinds else ""
    return (
        f"Knowing the group explains {show.bare(first.gain.value, 'number')} {within(first.gain)} more of its variance, a "
        f"{size} difference, over {plural(first.gain.n, 'row')} and {count(len(items))} items at once.{what}"
    )


def _table(name: str, items: Sequence[Item]) -> Series:
    shown = items[:SHOWN]
    return Series(
        title=f"Items of {name}",
        columns={
            "item": tuple(item.column for item in shown),
            "gain in R²": tuple(item.gain.value for item in shown),
            "low": tuple(item.gain.low for item in shown),
            "high": tuple(item.gain.high for item in shown),
            "p, level": tuple(item.uniform for item in shown),
            "p, slope": tuple(item.crossing for item in shown),
            "p, spread": tuple(item.spread for item in shown),
            "scatter, most to least": tuple(item.scatter for item in shown),
            **{f"shift of {group}": tuple(item.shifts[group] for item in shown) for group in shown[0].shifts},
        },
        units={"gain in R²": "number", "low": "number", "high": "number", "scatter, most to least": "ratio"},
    )
