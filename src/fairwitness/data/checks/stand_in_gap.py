"""Columns that stand for something they mean less of in one group than in another."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.core.asks import Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Key, Limit, Severity
from fairwitness.core.figures import Curve, Curves
from fairwitness.core.subject import Outline
from fairwitness.data.functioning import Truth, against_truth
from fairwitness.data.material import asks, people
from fairwitness.data.words import count, within
from fairwitness.draw import format as show
from fairwitness.draw.words import FEW, members, plural
from fairwitness.stats import intervals


class StandInGap:
    info = CheckInfo(
        id="data.stand-in-gap",
        title="A stand-in means as much of the truth in every group",
        failure_title="At the same value of a stand-in, the truth differs by group",
        measures=(
            "Widest difference between two groups, at equal value of a column that stands for something, in the truth that "
            "[gold.truth] names beside it, in standard deviations of the truth."
        ),
        does_not_show=(
            "Whether rows whose truth is recorded are like those whose is not, nor whether what is called the truth is free "
            "of the same fault."
        ),
        advice="Predict the truth itself, or correct the stand-in by what the rows with both say of each group.",
        needs=frozenset({"rows", "groups"}),
        per="grouping",
        limit=Limit(at_most=0.20),
        severity=Severity.HIGH,
        sources=(
            "Obermeyer, Powers, Vogeli and Mullainathan 2019, Science 366(6464):447-453",
            "Cohen 1988, Statistical Power Analysis, 2nd ed., section 2.2: 0.2 standard deviations are a small difference",
            "Tukey 1953 for all pairs of groups at once",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        lacks = "no column is said to stand for another: name both under [gold.truth]"
        return asks(outline, about, lacks="" if outline.grounds.truths else lacks)

    def run(self, given: Given, options: NoOptions) -> Outcome:
        some = people(given)
        if isinstance(some, NotApplicable):
            return some
        truths, columns = given.outline.grounds.truths, some.rows.columns
        each = 1 - (1 - given.level) / len(truths)
        held = {
            proxy: against_truth(columns[proxy], columns[truth], some.groups, level=each)
            for proxy, truth in truths.items()
        }
        found = {proxy: one for proxy, one in held.items() if one is not None}
        if not found:
            return NotApplicable("fewer than two groups have rows with both a stand-in and its truth")
        worst = max(found, key=lambda proxy: found[proxy].gap.value or 0.0)
        first, columns_of = found[worst], given.grouping.columns
        low, high = (members(group, columns_of, given.outline.people) for group in first.groups)
        return Measured(
            headline=(
                f"At the same {worst}, {high} have {show.bare(first.gap.value, 'number')} standard deviations more "
                f"{truths[worst]} than {low}"
            ),
            lead=(
                f"The interval {within(first.gap)} holds for all pairs of groups, over {plural(first.gap.n, 'row')} with both. "
                f"That level or slope differ by group at all: p {show.probability(first.nested.p)}."
            ),
            judged={
                Key(metric="difference in the truth at equal stand-in", groups=one.groups, column=proxy): one.gap
                for proxy, one in found.items()
            },
            figures=tuple(_figure(proxy, truths[proxy], one, given) for proxy, one in found.items()),
            notes=(
                *some.notes,
                *(
                    f"of {proxy}, {count(one.gap.n)} of {plural(len(some.groups), 'row')} have the truth recorded"
                    for proxy, one in found.items()
                    if one.gap.n < len(some.groups)
                ),
                *(f"{proxy} left out: hardly a row has its truth" for proxy, one in held.items() if one is None),
            ),
            to_settle="Record the truth of more rows, drawn at random within each group.",
        )


def _figure(proxy: str, truth: str, one: Truth, given: Given) -> Curves:
    middle = ((one.edges[:-1] + one.edges[1:]) / 2).tolist() or one.edges.tolist()
    curves = []
    for place, group in enumerate(one.names):
        n, mean = one.counts[:, place], one.bins[:, place]
        spread = one.errors[:, place] * intervals.critical(given.level)
        shown = n >= FEW
        curves.append(
            Curve(
                label=group,
                x=tuple(middle),
                y=tuple(float(value) if ok else None for value, ok in zip(mean, shown, strict=True)),
                low=tuple(float(v - s) if ok else None for v, s, ok in zip(mean, spread, shown, strict=True)),
                high=tuple(float(v + s) if ok else None for v, s, ok in zip(mean, spread, shown, strict=True)),
                n=tuple(n.tolist()),
            )
        )
    return Curves(
        title=f"{truth} at equal {proxy}, by {given.grouping.name}",
        caption=f"Means within parts of {proxy} of about equal size, with {show.level(given.level)} intervals of each alone.",
        x_label=proxy,
        y_label=truth,
        x_unit="number",
        y_unit="number",
        curves=tuple(curves),
    )
