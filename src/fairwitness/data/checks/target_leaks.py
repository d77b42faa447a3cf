"""Columns that give the target away."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.core.asks import CLASS, Ask, RowsAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.columns import Column
from fairwitness.core.estimate import Key, Limit, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline, Rows
from fairwitness.data.leaks import AT_MOST, Leak, candidates, measure
from fairwitness.data.words import area, count, target_of, with_areas, within
from fairwitness.draw.words import listed, plural

JUDGED = 5
MOST_ROWS = 100_000
"""More are a random part: how well a column tells the target is then known to a third of a point."""

SHOWN = 50


class TargetLeaks:
    info = CheckInfo(
        id="data.target-leaks",
        title="No column in use gives the target away",
        failure_title="A column gives the target away",
        measures=(
            "How well each column alone tells the recorded class (AUC), over all labelled rows and all columns, those "
            "kept from the model included; of several classes, the one it tells best. The five highest are judged."
        ),
        does_not_show=(
            "Whether such a column is known at the time of the decision: a strong honest predictor and a leak look "
            "alike, and only somebody who knows how the data came about can tell. Columns that leak only together are "
            "not found."
        ),
        advice=(
            "Ask when each column that gives the target away is filled in. If it is after the decision, or made from it, list it under "
            "[subject] exclude."
        ),
        needs=frozenset({"rows", "labels"}),
        tasks=frozenset({"binary", "multi-class"}),
        limit=Limit(at_most=AT_MOST),
        severity=Severity.HIGH,
        sources=(
            "Kaufman, Rosset, Perlich and Stitelman 2012, ACM TKDD 6(4):15, on leakage",
            "Kapoor and Narayanan 2023, Patterns 4(9):100804, leakage L2",
            "Newcombe 2006, Statistics in Medicine 25(4):559-573, method 5, with Bonferroni's correction over columns",
            "The limit of 0.95 is a convention of this tool",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        if outline.task not in {"binary", "multi-class"}:
            return NotApplicable("a leak is told by how well a column separates classes; the target has none")
        if not candidates(outline.columns):
            return NotApplicable("there are no columns beside the target")
        return [_ask(outline)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        outline = given.outline
        rows: Rows = given[_ask(outline)]
        columns = candidates(outline.columns)
        found = measure(rows, rows.columns[CLASS], columns, level=given.level, rng=given.rng)
        if not found:
            return NotApplicable("fewer than two classes are recorded")
        excluded = {column.name for column in columns if column.role == "ignore"}
        top = [leak for leak in found if leak.column not in excluded][:JUDGED]
        limit = (given.limit.at_most if given.limit else None) or AT_MOST
        return Measured(
            headline=_headline(found, excluded, limit, target_of(outline)),
            lead=_lead(found, excluded, limit, outline),
            judged={Key(metric="AUC of one column alone", column=leak.column): leak.auc for leak in top},
            explored=(_table(found, outline, columns),),
            notes=(*_withheld(found, limit, outline), *_drawn(len(rows), outline.rows)),
            to_settle="More labelled rows, of the rarer class above all, would narrow the interval.",
        )


def _ask(outline: Outline) -> RowsAsk:
    columns = (*(column.name for column in candidates(outline.columns)), CLASS)
    return RowsAsk(columns=columns, at_most=MOST_ROWS)


def _drawn(rows: int, of: int) -> tuple[str, ...]:
    return (f"measured on {count(rows)} rows drawn at random from {count(of)}",) if rows < of else ()


def _over(found: Sequence[Leak], limit: float) -> list[tuple[str, float]]:
    return [(leak.column, leak.auc.value) for leak in found if leak.auc.value is not None and leak.auc.value > limit]


def _headline(found: Sequence[Leak], excluded: set[str], limit: float, target: str) -> str:
    over = _over(found, limit)
    used = [pair for pair in over if pair[0] not in excluded]
    if used:
        return f"{with_areas(used)} {'gives' if len(used) == 1 else 'give'} {target} away, each alone (AUC)"
    if over:
        return f"No column in use gives {target} away; excluded ones would: {with_areas(over)}"
    best = found[0]
    return f"No column alone tells {target} above AUC {area(limit)}; the best, {best.column}, reaches {area(best.auc.value)}"


def _lead(found: Sequence[Leak], excluded: set[str], limit: float, outline: Outline) -> str:
    first = found[0]
    lead = (
        f"{first.column} alone ranks a row of “{first.category}” above another with a chance of "
        f"{area(first.auc.value)} {within(first.auc)}, simultaneous over "
        f"{plural(len(found), 'column')} and {count(first.auc.n)} labelled rows."
    )
    used = [name for name, _ in _over(found, limit) if name not in excluded]
    read = [name for name in used if name in outline.features]
    if read:
        lead += f" The model may read {listed(read)}: its accuracy then says little about new people."
    elif used:
        lead += " None of them is among the features."
    return lead


def _withheld(found: Sequence[Leak], limit: float, outline: Outline) -> tuple[str, ...]:
    kept = [name for name, _ in _over(found, limit) if name in outline.withheld]
    return (f"kept from the model trained here: {listed(kept)}",) if kept else ()


def _table(found: Sequence[Leak], outline: Outline, columns: Sequence[Column]) -> Series:
    shown = found[:SHOWN]
    role = {column.name: "excluded" if column.role == "ignore" else column.role for column in columns}
    use = {**role, **dict.fromkeys(outline.withheld, "withheld"), **dict.fromkeys(outline.features, "feature")}
    cut = f" (first {SHOWN} of {len(found)})" if len(found) > SHOWN else ""
    return Series(
        title=f"How well each column alone tells the class{cut}",
        columns={
            "column": tuple(leak.column for leak in shown),
            "use": tuple(use[leak.column] for leak in shown),
            "class": tuple(leak.category for leak in shown),
            "AUC": tuple(leak.auc.value for leak in shown),
            "low": tuple(leak.auc.low for leak in shown),
            "high": tuple(leak.auc.high for leak in shown),
        },
        units={"AUC": "auc", "low": "auc", "high": "auc"},
    )
