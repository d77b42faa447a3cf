"""Whether the rows a model learned from are like those it is judged on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from fairwitness.core.asks import Ask, RowsAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline, Rows
from fairwitness.draw import format as fmt
from fairwitness.draw.words import plural
from fairwitness.monitor.drift import Drift, drifts
from fairwitness.monitor.profile import Profile
from fairwitness.stats.multiple import sidak

MOST_SHOWN = 12
_COUNTED = frozenset({"number", "integer", "boolean", "category"})


class SplitDrift:
    info = CheckInfo(
        id="monitor.split-drift",
        title="Audit rows are like the rows it learned from",
        failure_title="Audit rows are unlike the rows it learned from",
        measures=(
            "The widest change in share between train rows and audit rows, over all columns a model may read: of any "
            "category, and of all values up to any tenth (Kolmogorov and Smirnov's distance at those cuts)."
        ),
        does_not_show=(
            "Whether rows to come are like either: that is for `fairwitness watch`. Columns are looked at one by one, so a "
            "change in how they hang together is not seen. Rows divided at random are alike by design, and drift only by "
            "chance."
        ),
        advice=(
            "Find out what divides the two, such as time or place, and say so in the report: numbers measured on audit rows "
            "then tell how the model travels. If nothing should divide them, look for an error in how rows were exported."
        ),
        needs=frozenset({"rows", "split", "features"}),
        limit=Limit(at_most=0.20),
        severity=Severity.MEDIUM,
        sources=(
            "Newcombe 1998, Statistics in Medicine 17(8):873-890, method 10, for each change in share",
            "Šidák 1967, JASA 62(318):626-633, for all columns and cuts at once",
            "Holm 1979, Scandinavian Journal of Statistics 6(2):65-70, for the p values shown",
            "The limit of 0.20, a fifth of the rows, is a convention of this tool",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        if not _columns(outline):
            return NotApplicable("no column that a model may read holds numbers or categories")
        return _asks(outline)

    def run(self, given: Given, options: NoOptions) -> Outcome:
        train, audit = (given[ask] for ask in _asks(given.outline))
        if not len(train) or not len(audit):
            return NotApplicable("one of the two parts has no rows")
        columns = len(_columns(given.outline))
        profile = Profile.of(_values(train))
        later = _values(audit)
        found = drifts(profile, profile.again(later), later, level=sidak(given.level, columns))
        if not found:
            return NotApplicable("no column holds a value in both parts")
        worst = max(found, key=lambda each: each.change.value or 0.0)
        sure = [each for each in found if (each.change.p or 0.0) <= 1 - given.level]
        return Measured(
            headline=(
                f"The widest change from train to audit rows is {fmt.number(worst.change.value, 'points')}: {worst.column} "
                f"{worst.where}, {fmt.number(worst.before, 'share')} to {fmt.number(worst.after, 'share')}"
            ),
            lead=(
                f"Of {plural(len(found), 'column')}, {len(sure)} surely differ between {fmt.number(len(train), 'rows')} to "
                f"train and {fmt.number(len(audit), 'rows')} to audit (p values by Holm, at {fmt.level(given.level)})."
            ),
            judged={Key(metric="widest change in share"): _widest(found, given.level)},
            explored=(_table(found),),
        )


def _columns(outline: Outline) -> tuple[str, ...]:
    features = set(outline.features)
    return tuple(each.name for each in outline.columns if each.name in features and each.kind in _COUNTED)


def _asks(outline: Outline) -> tuple[RowsAsk, RowsAsk]:
    names = _columns(outline)
    return RowsAsk(columns=names, part="train"), RowsAsk(columns=names, part="audit")


def _values(rows: Rows) -> dict[str, NDArray[Any]]:
    return dict(rows.columns)


def _widest(found: Sequence[Drift], level: float) -> Estimate:
    """Over all columns, whose intervals hold together."""
    changes = [each.change for each in found]
    return Estimate(
        value=max(each.value or 0.0 for each in changes),
        low=max(each.low or 0.0 for each in changes),
        high=max(1.0 if each.high is None else each.high for each in changes),
        level=level,
        n=changes[0].n,
        unit="points",
        method="Newcombe's intervals of every change in share, for all columns and cuts at once",
        p=min(1.0 if each.p is None else each.p for each in changes),
    )


def _table(found: Sequence[Drift]) -> Series:
    shown = sorted(found, key=lambda each: -(each.change.value or 0.0))[:MOST_SHOWN]
    return Series(
        title="Columns that change most",
        columns={
            "column": tuple(each.column for each in shown),
            "share that is": tuple(each.where for each in shown),
            "train": tuple(each.before for each in shown),
            "audit": tuple(each.after for each in shown),
            "change": tuple(each.change.value for each in shown),
            "p (Holm)": tuple(fmt.probability(each.change.p or 0.0) for each in shown),
        },
        units={"train": "share", "audit": "share", "change": "points"},
    )
