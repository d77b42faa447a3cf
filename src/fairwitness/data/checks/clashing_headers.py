"""Columns that share a name and differ: nobody can tell which one is meant."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.core.asks import Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.subject import Outline
from fairwitness.draw.words import listed, plural


class ClashingHeaders:
    info = CheckInfo(
        id="data.clashing-headers",
        title="Every column has a name of its own",
        failure_title="Columns that differ share a name",
        measures="Names in the header that two or more columns share while their values differ. Equal copies are merged.",
        does_not_show="Which of the columns is the right one, nor whether columns with different names mean the same.",
        advice="Rename the columns in the header; until then neither is read, and a setting that names one is refused.",
        needs=frozenset({"rows"}),
        limit=Limit(at_most=0.0),
        severity=Severity.LOW,
        sources=("RFC 4180, section 2, on header lines; that names should differ is a convention of tables",),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        return () if outline.rows else NotApplicable("there are no rows")

    def run(self, given: Given, options: NoOptions) -> Outcome:
        clashes, columns = given.outline.clashes, len(given.outline.columns)
        return Measured(
            headline=(
                f"{plural(len(clashes), 'name')} in the header stand for columns that differ: {listed(clashes)}"
                if clashes
                else "No two columns that differ share a name"
            ),
            judged={Key(metric="names that clash"): Estimate.count(len(clashes), n=columns, unit="number")},
        )
