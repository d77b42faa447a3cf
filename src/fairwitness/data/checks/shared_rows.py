"""Rows the model was trained on that are audited again."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.core.asks import PART, Ask, RowsAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.subject import Outline, Rows
from fairwitness.data.duplicates import shared
from fairwitness.data.words import count, percent, within
from fairwitness.draw.words import plural
from fairwitness.stats.intervals import wilson


class SharedRows:
    info = CheckInfo(
        id="data.shared-rows",
        title="Audited rows were not trained on",
        failure_title="Audited rows have an exact copy among the rows trained on",
        measures="Share of audit rows that equal a training row in all features and the target.",
        does_not_show=(
            "Whether an equal row is the same person. People who are the same but recorded a little differently are not "
            "found; declare the column that names the person as [split] unit to keep them on one side."
        ),
        advice=(
            "Drop the copies or declare [split] unit, then train and audit again: on rows it has seen a model looks "
            "better than it is."
        ),
        needs=frozenset({"rows", "split", "features"}),
        limit=Limit(at_most=0.01),
        severity=Severity.MEDIUM,
        every_row=True,
        takes=frozenset({"weight", "cluster"}),
        sources=(
            "Wilson 1927, JASA 22(158):209-212",
            "Kapoor and Narayanan 2023, Patterns 4(9):100804, leakage L1.4 (duplicates)",
            "The limit of 1 % is a convention of this tool",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask]:
        return [_ask(outline)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        rows: Rows = given[_ask(given.outline)]
        parts = rows.columns.get(PART)
        columns = {**{name: each for name, each in rows.columns.items() if name != PART}, **rows.media}
        if parts is None or not columns:
            return NotApplicable("the rows are not divided into train and audit", missing="split")
        audit, train = parts == "audit", parts == "train"
        total, trained = int(audit.sum()), int(train.sum())
        if not total or not trained:
            return NotApplicable(f"{plural(trained, 'train row')} and {plural(total, 'audit row')}; both are needed")
        found = int(shared(columns, of=audit, among=train).sum())
        low, high = wilson(float(found), float(total), level=given.level)
        share = Estimate(
            value=found / total, low=low, high=high, level=given.level, n=total, unit="share", method="Wilson"
        )
        some = f"{count(found)} of {plural(total, 'audit row')} ({percent(found / total)}) equal a row trained on"
        none = f"None of {plural(total, 'audit row')} equals one of {plural(trained, 'row')} trained on"
        return Measured(
            headline=some if found else none,
            lead=(
                f"Compared in {len(columns)} columns, all features and the target; the share is "
                f"{percent(share.value or 0.0)} {within(share)}."
            ),
            judged={Key(metric="share of audit rows among the train rows"): share},
        )


def _ask(outline: Outline) -> RowsAsk:
    media = {column.name for column in outline.columns if column.media}
    own = (*outline.features, *((outline.target,) if outline.target else ()), PART)
    return RowsAsk(columns=tuple(dict.fromkeys(name for name in own if name not in media)), media=True)
