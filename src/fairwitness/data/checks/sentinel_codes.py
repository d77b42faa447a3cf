"""Codes such as 999 that are read as numbers."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.core.asks import Ask, RowsAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline, Rows
from fairwitness.data.codes import declarations, find
from fairwitness.data.words import count
from fairwitness.draw.words import listed, plural
from fairwitness.stats.tally import number_name

_BOOKKEEPING = frozenset({"target", "decision", "score", "split", "unit", "ignore"})


class SentinelCodes:
    info = CheckInfo(
        id="data.sentinel-codes",
        title="No number looks like a code for a missing value",
        failure_title="Numbers that look like codes for a missing value are read as numbers",
        measures=(
            "Rows that hold, in a numeric column in use, a number such as 999 or 666 that several rows share and that "
            "lies far from all others there."
        ),
        does_not_show=(
            "That it is a code: somebody who knows the data must say. A code that lies among ordinary values, such as 0 "
            "for an unknown income, is not found."
        ),
        advice="Ask what the suspected codes mean, and declare those that are codes, as shown; they are then read as missing.",
        needs=frozenset({"rows"}),
        limit=Limit(at_most=0.0),
        severity=Severity.MEDIUM,
        takes=frozenset({"weight", "cluster"}),
        sources=("The rule is this tool's own; io/sentinels.py states it",),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        return [_ask(outline)] if outline.rows and _numeric(outline) else NotApplicable("no numeric column is in use")

    def run(self, given: Given, options: NoOptions) -> Outcome:
        rows: Rows = given[_ask(given.outline)]
        found, held = find(rows.columns)
        number, columns = int(held.sum()), len(_numeric(given.outline))
        suspects = [f"{code.name} = {number_name(code.value)} ({plural(code.rows, 'row')})" for code in found]
        if found:
            headline = f"{plural(number, 'row')} of {count(len(rows))} hold what looks like a code: {listed(suspects)}"
            rest = listed(declarations(found), shown=12)
            lead = f"If they are codes, declare {rest}; until then they count as numbers, far from all others."
        else:
            headline = f"No number in {plural(columns, 'numeric column')} looks like a code for a missing value"
            lead = "Codes that are declared already are read as missing."
        return Measured(
            headline=headline,
            lead=lead,
            judged={Key(metric="rows with an undeclared code"): Estimate.count(number, n=len(rows))},
            explored=(
                Series(
                    title="Suspected codes",
                    columns={
                        "column": tuple(code.name for code in found),
                        "code": tuple(number_name(code.value) for code in found),
                        "rows": tuple(code.rows for code in found),
                        "nearest other value": tuple(code.nearest for code in found),
                    },
                    units={"rows": "rows", "nearest other value": "number"},
                ),
            )
            if found
            else (),
        )


def _numeric(outline: Outline) -> tuple[str, ...]:
    return tuple(column.name for column in outline.columns if column.numeric and column.role not in _BOOKKEEPING)


def _ask(outline: Outline) -> RowsAsk:
    return RowsAsk(columns=_numeric(outline))
