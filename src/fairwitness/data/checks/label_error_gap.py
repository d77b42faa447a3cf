"""Recorded outcomes that are wrong more often for one group, in rows that were checked again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.figures import Interval, Intervals
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.data import relabelled
from fairwitness.data.design import design
from fairwitness.data.material import People, asks, features, people, to_check
from fairwitness.data.relabelled import Wrong
from fairwitness.data.words import count, points, target_of, within
from fairwitness.draw import format as show
from fairwitness.draw.words import FEW, TOO_FEW, members, plural
from fairwitness.stats.levels import FOLDS, fold_of
from fairwitness.stats.nested import chances


class LabelErrorGap:
    info = CheckInfo(
        id="data.label-error-gap",
        title="Recorded outcomes are wrong about equally often in every group",
        failure_title="Recorded outcomes are wrong more often for one group",
        measures=(
            "Of rows whose outcome was checked again: widest gap between two groups in the share of one true class that is "
            "recorded as the other, in either direction."
        ),
        does_not_show=(
            "Whether the second look is right, nor anything of people whose outcome was never recorded at all. Within a "
            "group and a recorded outcome, the checked rows must have been drawn at random."
        ),
        advice=(
            "Find out who records outcomes wrongly, and how. Have the rows of that group labelled again by somebody who "
            "does not see the group, and train on those."
        ),
        needs=frozenset({"rows", "labels", "groups", "positive"}),
        tasks=frozenset({"binary", "multi-class"}),
        per="grouping",
        limit=Limit(at_most=0.05),
        severity=Severity.HIGH,
        sources=(
            "Newcombe 1998, Statistics in Medicine 17(8):873-890, method 10; Tukey's critical value over pairs",
            "Neyman 1938, JASA 33(201):101-116, on rows chosen by what was recorded (two-phase samples)",
            "Northcutt, Jiang and Chuang 2021, JAIR 70:1373-1411, for the hint without a second look",
            "Casagrande, Pike and Smith 1978, Biometrics 34(3):483-486, on how many rows to check",
            "The limit of 5 points is a convention of this tool",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        return asks(outline, about)

    def run(self, given: Given, options: NoOptions) -> Outcome:
        some = people(given)
        if isinstance(some, NotApplicable):
            return some
        if some.outcome is None:
            return NotApplicable("no outcome is recorded", missing="labels")
        found = () if some.gold is None else relabelled.wrong(some.outcome, some.gold, some.groups, level=given.level)
        return _checked(found, some, given) if found else _hint(some, some.outcome, given)


def _checked(found: tuple[Wrong, ...], some: People, given: Given) -> Measured:
    worst = max(found, key=lambda each: each.gap.value or 0.0)
    low, high = (members(group, given.grouping.columns, given.outline.people) for group in worst.groups)
    target = target_of(given.outline)
    share = {group: worst.shares[group] for group in worst.groups}
    checked = 0 if some.gold is None else int((~np.isnan(some.gold)).sum())
    return Measured(
        headline=(
            f"Where {target} is truly the {_class(worst, given)}, it is recorded otherwise for "
            f"{_share(share[worst.groups[1]])} of {high} and {_share(share[worst.groups[0]])} of {low}"
        ),
        lead=(
            f"A gap of {points(worst.gap.value)} {within(worst.gap)}, over {plural(checked, 'row')} checked again. Were labels "
            f"wrong equally often in every group and both directions, so wide a gap would come about with probability "
            f"{show.probability(relabelled.all_alike_p(found))}."
        ),
        judged={
            Key(metric=f"gap in wrong labels of the {_class(each, given)}", groups=each.groups): each.gap
            for each in found
        },
        figures=tuple(_figure(each, given) for each in found),
        notes=some.notes,
        to_settle="Check more rows again, drawn at random within each group.",
    )


def _hint(some: People, outcome: NDArray[np.bool_], given: Given) -> Measured:
    """Without a second look: which labels a model doubts, and how many rows to check."""
    columns = design(some.rows.columns, features(given.outline), outcome)
    codes = some.codes
    fold, chance = fold_of(codes, rng=given.rng), np.empty(len(outcome))
    for part in range(FOLDS):
        out = fold == part
        chance[out] = chances(outcome[~out], columns[~out], columns[out])
    told = relabelled.doubtful(outcome, chance, some.groups)
    return Measured(
        headline=f"Nobody checked any {target_of(given.outline)} again, so whether labels are wrong more often for a group is open",
        lead=(
            f"{to_check(some, outcome, given)} The table has labels that a model doubts: where to look first, and no evidence, "
            "since it also doubts whoever is unlike the rest."
        ).strip(),
        explored=(
            Series(
                title="Labels a model doubts, by group",
                columns={
                    given.grouping.name: tuple(told),
                    "doubted": tuple(hits for hits, _ in told.values()),
                    "rows": tuple(n for _, n in told.values()),
                    "share": tuple(hits / n if n >= FEW else None for hits, n in told.values()),
                },
                units={"doubted": "rows", "rows": "rows", "share": "share"},
            ),
        ),
        notes=some.notes,
    )


def _class(each: Wrong, given: Given) -> str:
    outline = given.outline
    good = outline.favorable if outline.favorable is not None else outline.positive
    return f"class {good}" if each.truly else f"class other than {good}"


def _share(each: Estimate) -> str:
    return (
        show.number(each.value, "share") if each.n >= FEW else f"{count(round((each.value or 0) * each.n))} of {each.n}"
    )


def _figure(each: Wrong, given: Given) -> Intervals:
    return Intervals(
        title=f"Rows of the {_class(each, given)} that are recorded otherwise, by {given.grouping.name}",
        caption=f"Share of rows checked again, with {show.level(given.level)} Wilson intervals, each on its own.",
        unit="share",
        rows=tuple(
            Interval(label=name, value=None, low=None, high=None, n=one.n, note=TOO_FEW)
            if one.n < FEW
            else Interval(label=name, value=one.value, low=one.low, high=one.high, n=one.n)
            for name, one in each.shares.items()
        ),
    )
