"""Whether training rows can be told from others by the model's loss alone."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.core.asks import Ask, OutputsAsk, RowsAsk, group_column
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Key, Limit, Severity
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, plural

OUTPUTS = OutputsAsk()


class LossAttack:
    info = CheckInfo(
        id="privacy.loss-attack",
        title="Training rows cannot be told from others by the model's loss",
        failure_title="Training rows can be told from others by the model's loss",
        measures=(
            "How often the model is surer of the recorded class of a random training row than of a random audit row, as an "
            "AUC; one half where it is alike. It is the simplest attack on membership, and needs no other model."
        ),
        does_not_show=(
            "What a stronger attack would find: this is a lower bound, so it can fail a model and never pass it; it "
            "seldom finds the few rows that are exposed most. Where the parts were not drawn at random, a difference "
            "between the rows themselves looks like membership."
        ),
        advice=(
            "Train for fewer passes, on more rows or with a smaller network, stop early, give out decisions instead of "
            "scores, or train with differential privacy; then audit again."
        ),
        needs=frozenset({"model", "truth", "split"}),
        tasks=frozenset({"binary", "multi-class"}),
        limit=Limit(at_most=0.55),
        severity=Severity.MEDIUM,
        takes=frozenset({"cluster"}),
        sources=(
            "Yeom et al. 2018, IEEE CSF, 268-282, the loss as an attack on membership",
            "Newcombe 2006, Statistics in Medicine 25(4):559-573, method 5, for the interval of the AUC",
            "Clopper and Pearson 1934, Biometrika 26(4):404-413, for the rate at few false alarms",
            "The limit of 0.55 is a convention of this tool",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        if outline.seen != "train-part":
            return NotApplicable("it is not known which rows the model has seen: set [model] seen = 'train-part'")
        return [OUTPUTS, _rows(outline)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        from fairwitness.privacy.exposure import (
            attributes,
            by_group,
            exposed,
            group_table,
            notes,
            representatives,
            unit_column,
        )
        from fairwitness.privacy.membership import area_bound, rate_bound

        rows, unit = given[_rows(given.outline)], unit_column(given.outline)
        units = None if unit is None else rows.columns[unit]
        found = exposed(given[OUTPUTS], given.outline, representatives(units, len(rows), given.rng))
        if not found.both:
            return NotApplicable(f"telling training rows from others needs at least {FEW} of each")
        seen, unseen = found.sure[found.member], found.sure[~found.member]
        told = area_bound(seen, unseen, level=given.level)
        few = rate_bound(seen, unseen, level=given.level)
        return Measured(
            headline=(
                f"The model is surer of a training row than of an audit row in {fmt.number(told.value, 'share')} of pairs; "
                "50 % would be if it had learned no row in particular"
            ),
            lead=(
                f"As an attack the loss tells {plural(len(seen), 'training row')} from {plural(len(unseen), 'audit row')} "
                f"with an AUC of {fmt.bare(told.value, 'auc')}, at least {fmt.bare(told.low, 'auc')}. At 1 % false alarms "
                f"it names {fmt.number(few.value, 'share')} of training rows, at least {fmt.number(few.low, 'share')}; "
                "guessing names 1 %. Better attacks may tell more."
            ),
            judged={Key(metric="AUC of training rows against audit rows, by the loss"): told},
            explored=tuple(
                group_table(
                    by_group(found, found.sure, rows.columns[group_column(name)], name, level=given.level),
                    f"How well training rows are told apart, by {name}",
                )
                for name in attributes(given.outline)
            ),
            notes=notes(unit),
            to_settle="No attack can show that nothing leaks: raise the number of rows, or use a stronger attack.",
        )


def _rows(outline: Outline) -> RowsAsk:
    from fairwitness.privacy.exposure import attributes, unit_column

    unit = unit_column(outline)
    return RowsAsk(columns=() if unit is None else (unit,), groups=attributes(outline))
