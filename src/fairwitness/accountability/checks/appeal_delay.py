"""Whether people wait longer for an answer to their appeal than they were promised, and whether some groups do."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.accountability.decisions.compared import WAIT, asked, counted, figure, share_of_group, table
from fairwitness.accountability.decisions.counts import Counts
from fairwitness.core.asks import Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Key, Limit, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.draw.words import label, plural
from fairwitness.stats import gaps, intervals


class AppealDelay:
    info = CheckInfo(
        id="accountability.appeal-delay",
        title="Appeals are answered in time in every group",
        failure_title="A group's appeals are answered late",
        measures=(
            "Share of each group's appeals that were answered after their last day, or are still open after it, with exact "
            "intervals that hold for all groups at once."
        ),
        does_not_show="Whether the answers were right. Open appeals whose time is not over are not counted.",
        advice="Assign the open appeals whose time is over today; then find where appeals wait, and who could share the work.",
        needs=frozenset({"groups"}),
        per="grouping",
        limit=Limit(at_most=0.05),
        severity=Severity.MEDIUM,
        sources=(
            "GDPR, article 12(3): one month",
            "Clopper and Pearson 1934, Biometrika 26(4):404-413, with Šidák's rule for several groups",
            "The limit of 5 % is a convention of this tool, not of a standard",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        return asked(outline, about)

    def run(self, given: Given, options: NoOptions) -> Outcome:
        counts = counted(given)
        if isinstance(counts, NotApplicable):
            return counts
        by = given.grouping.columns
        overdue = counts.overdue(by)
        answered, after = counts.by(by, "answered"), counts.by(by, "late")
        due = {group: n + overdue[group] for group, n in answered.items() if n + overdue[group]}
        late = {group: after[group] + overdue[group] for group in due}
        if not due:
            return NotApplicable("no appeal has been answered yet, and none is overdue")
        found = gaps.rates(late, due, level=given.level, simultaneous=True)
        worst = max(due, key=lambda group: (late[group] / due[group], due[group]))
        still = sum(overdue.values())
        open_ = f" {plural(still, 'appeal')} overdue and still open." if still else ""
        return Measured(
            headline=f"Answered late: the appeals of {share_of_group(late, due, worst, given)}",
            lead=f"Of {plural(sum(due.values()), 'appeal')}, {sum(late.values()):,} late.{open_}",
            judged={Key(metric="late answers", groups=(group,)): estimate for group, estimate in found.items()},
            explored=(table(late, due, given), _days(counts, given)),
            figures=(figure(late, due, given, "Answered late"),),
            to_settle=WAIT,
        )


def _days(counts: Counts, given: Given) -> Series:
    """Mean days from filing to the answer, by group, with Student's interval."""
    found = counts.days(given.grouping.columns)
    rows = []
    for group, each in found.items():
        ends = intervals.mean(each.total, each.squares, each.n, level=given.level) if each.n > 1 else (None, None)
        rows.append((label(group, given.grouping.columns), each.n, each.total / each.n, *ends))
    names = ("group", "n", "mean days", "low", "high")
    columns = {name: tuple(row[place] for row in rows) for place, name in enumerate(names)}
    return Series(
        title="Days from filing to the answer",
        columns=columns,
        units={"n": "people", "mean days": "number", "low": "number", "high": "number"},
    )
