"""Rows that are there more than once."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.core.asks import Ask, RowsAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.subject import Outline, Rows
from fairwitness.data.duplicates import repeats
from fairwitness.data.words import count, percent, within
from fairwitness.draw.words import plural
from fairwitness.stats.intervals import wilson


class ExactDuplicates:
    info = CheckInfo(
        id="data.exact-duplicates",
        title="Few rows are exact copies of another",
        failure_title="Many rows are exact copies of another",
        measures="Share of rows that repeat an earlier row in every column (and every pixel), missing values included.",
        does_not_show=(
            "Whether two equal rows are one person counted twice or two people alike in all that was recorded; with few "
            "columns the latter is common. Near copies are not found."
        ),
        advice=(
            "Find out how the copies came about. Drop those that are one person counted twice; where rows are people "
            "over time, declare the person's column as [split] unit so that copies stay on one side."
        ),
        needs=frozenset({"rows"}),
        limit=Limit(at_most=0.01),
        severity=Severity.LOW,
        every_row=True,
        takes=frozenset({"weight", "cluster"}),
        sources=(
            "Wilson 1927, JASA 22(158):209-212",
            "Lee et al. 2022, ACL, arXiv 2107.06499, on what duplicates do to models",
            "The limit of 1 % is a convention of this tool",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        return [_ask(outline)] if outline.rows else NotApplicable("there are no rows")

    def run(self, given: Given, options: NoOptions) -> Outcome:
        rows: Rows = given[_ask(given.outline)]
        columns = {**rows.columns, **rows.media}
        if not len(rows) or not columns:
            return NotApplicable("there are no rows")
        total, found = len(rows), int(repeats(columns).sum())
        low, high = wilson(float(found), float(total), level=given.level)
        share = Estimate(
            value=found / total, low=low, high=high, level=given.level, n=total, unit="share", method="Wilson"
        )
        pixels = " and every pixel" if rows.media else ""
        none = f"None of {plural(total, 'row')} repeats another in all {len(columns)} columns{pixels}"
        some = (
            f"{count(found)} of {plural(total, 'row')} ({percent(found / total)}) repeat an earlier row in all "
            f"{len(columns)} columns{pixels}"
        )
        return Measured(
            headline=some if found else none,
            lead=f"The share of copies among rows drawn like these is {percent(share.value or 0.0)} {within(share)}.",
            judged={Key(metric="share of repeated rows"): share},
        )


def _ask(outline: Outline) -> RowsAsk:
    """All the data's own columns, pixels too; what the engine adds follows from them."""
    return RowsAsk(columns=tuple(column.name for column in outline.columns if not column.media), media=True)
