"""Recorded outcomes of groups among people alike in what may count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.figures import Curve, Curves, Interval, Intervals
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.data.design import design
from fairwitness.data.disparity import (
    MOST_CROSSED,
    noisy_factors,
    over_time,
    partialled,
    periods,
)
from fairwitness.data.material import People, asks, earlier, explained, factors, people, to_check
from fairwitness.data.words import count, points, target_of, within
from fairwitness.draw import format as show
from fairwitness.draw.words import FEW, listed, members
from fairwitness.stats.levels import fold_of
from fairwitness.stats.stratified import (
    Strata,
    breslow_day_p,
    common_difference,
    common_odds_ratio,
    conditional_disparity,
    strata,
)

RELIABILITIES = (1.0, 0.9, 0.8, 0.7)
"""Supposed of the factors, to see whether a noisy record of them alone could make the gap."""


class UnexplainedGap:
    info = CheckInfo(
        id="data.unexplained-gap",
        title="Recorded outcomes are about equal among people alike in what may count",
        failure_title="Recorded outcomes differ between groups among people alike in what may count",
        measures=(
            "Widest difference in the rate of good recorded outcomes between a group and the largest one, among people alike "
            "in the columns that [subject] legitimate names. Without them the features stand in, and nothing is judged."
        ),
        does_not_show=(
            "A cause: what counts and is not recorded may differ too, and a factor may itself carry the unequal treatment. "
            "Historical bias and labels that are wrong for one group cannot be told apart from columns, group and recorded "
            "outcome alone; nor can outcomes that are recorded only of people who were let in."
        ),
        advice=(
            "Ask how the recorded outcomes came about. Check rows again to tell wrong labels from unequal outcomes; do not "
            "train on the outcomes as they are, or re-weight the rows."
        ),
        needs=frozenset({"rows", "labels", "groups", "positive"}),
        tasks=frozenset({"binary", "multi-class"}),
        per="grouping",
        limit=Limit(at_most=0.05),
        severity=Severity.HIGH,
        sources=(
            "Mantel and Haenszel 1959, JNCI 22(4):719-748; Sato 1989, Biometrics 45(4):1323-1324",
            "Breslow and Day 1980, equation 4.30, with Tarone's correction",
            "Chernozhukov et al. 2018, The Econometrics Journal 21(1):C1-C68, beyond three factors",
            "Wachter, Mittelstadt and Russell 2021, Computer Law & Security Review 41:105567",
            "Fuller 1987, Measurement Error Models, section 2.2, on factors recorded with error",
            "The limit of 5 points is a convention of this tool",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        lacks = "no column may count: name some under [subject] legitimate"
        return asks(outline, about, lacks="" if factors(outline) else lacks)

    def run(self, given: Given, options: NoOptions) -> Outcome:
        some = people(given)
        if isinstance(some, NotApplicable):
            return some
        if some.outcome is None or some.outcome.all() or not some.outcome.any():
            return NotApplicable("the rows hold one outcome only")
        gaps = _gaps(some, some.outcome, given)
        told = {name: gap for name, gap in gaps.items() if gap.adjusted.value is not None}
        if not told:
            return NotApplicable("the columns that may count tell the groups apart wholly: nobody is left to compare")
        worst = max(told, key=lambda name: abs(told[name].adjusted.value or 0.0))
        base = some.names[some.largest()]
        firm = told[worst].adjusted
        telling = (firm.low or 0.0) > 0 or (firm.high or 0.0) < 0
        said = earlier(some, given, "historical") if telling else None
        sentences = [_lead(told[worst], given)]
        if said is not None:
            sentences += [explained(said, "historical"), _ambiguous(some, some.outcome, given)]
        judged = {Key(metric="gap among people alike", groups=(worst, base)): _widest(told)}
        return Measured(
            headline=_headline(worst, base, told[worst], given),
            lead=" ".join(filter(None, sentences)),
            judged=judged if given.outline.grounds.legitimate else {},
            explored=(_table(gaps, given), _noise(worst, some, some.outcome, given)),
            figures=_figures(gaps, worst, some, some.outcome, given),
            notes=(*some.notes, *_notes(given)),
            to_settle="More rows, of the smallest groups above all, would narrow the interval.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gap:
    """A group against the largest one."""

    plain: float
    adjusted: Estimate
    odds: Estimate
    alike: float  # p of Breslow and Day
    disparity: float | None
    n: int


def _gaps(some: People, outcome: NDArray[np.bool_], given: Given) -> Mapping[str, _Gap]:
    outline, codes, base = given.outline, some.codes, some.largest()
    may = factors(outline)
    crossed = bool(outline.grounds.legitimate) and len(may) <= MOST_CROSSED
    level = 1 - (1 - given.level) / max(len(some.names) - 1, 1)
    table = Strata.of(outcome, strata(some.rows.columns, may[:MOST_CROSSED]), codes)
    found = {}
    for code, name in enumerate(some.names):
        if code == base:
            continue
        pair = table.pair(base, code)
        inside = (codes == code) | (codes == base)
        columns = {each.name: some.rows.columns[each.name][inside] for each in may}
        y, member = outcome[inside], codes[inside] == code
        if crossed and len(pair.telling.n):
            adjusted = common_difference(pair, level=level)
            if pair.telling.n.sum(axis=0).min() < FEW:  # hardly a stratum holds both: no interval is to be trusted
                adjusted = replace(adjusted, low=None, high=None, p=None)
        elif outline.grounds.legitimate:
            fold = fold_of((2 * member + y).astype(np.int64), rng=given.rng)
            adjusted = partialled(y, member, columns, may, fold, level=level, seed=int(given.rng.integers(2**31)))
        else:
            adjusted = noisy_factors(y, member, design(columns, may, y), 1.0, level=level)
            adjusted = replace(adjusted, method="straight lines through the features")
        found[name] = _Gap(
            plain=float(y[member].mean() - y[~member].mean()),
            adjusted=adjusted,
            odds=common_odds_ratio(pair, level=level),
            alike=breslow_day_p(pair),
            disparity=conditional_disparity(pair, 1),
            n=int(member.sum()),
        )
    return found


def _widest(told: Mapping[str, _Gap]) -> Estimate:
    """The widest difference either way; its interval holds whichever group's that truly is."""
    every = [(gap.adjusted.low, gap.adjusted.high) for gap in told.values()]
    ends = [(low, high) for low, high in every if low is not None and high is not None]
    first = max((gap.adjusted for gap in told.values()), key=lambda each: abs(each.value or 0.0))
    return replace(
        first,
        value=abs(first.value or 0.0),
        low=max((max(0.0, low, -high) for low, high in ends), default=None),
        high=max(max(-low, high) for low, high in ends) if len(ends) == len(every) else None,
    )


def _headline(worst: str, base: str, gap: _Gap, given: Given) -> str:
    columns, noun = given.grouping.columns, given.outline.people
    value = gap.adjusted.value or 0.0
    return (
        f"Among {noun} alike in {_named(given)}, the good outcome on record is {points(abs(value))} "
        f"{'rarer' if value < 0 else 'more frequent'} for {members(worst, columns, noun)} than for "
        f"{members(base, columns, noun)}"
    )


def _named(given: Given) -> str:
    names = given.outline.grounds.legitimate
    return listed(names, shown=4) if names else "the features"


def _lead(gap: _Gap, given: Given) -> str:
    p = "" if gap.adjusted.p is None else f", p {show.probability(gap.adjusted.p)}"
    unlike = (
        f" How wide it is differs between strata (Breslow and Day, p {show.probability(gap.alike)}), so one number does not "
        "say all."
        if gap.alike < 1 - given.level
        else ""
    )
    return (
        f"{points(gap.adjusted.value)} {within(gap.adjusted) or '(too few people alike for an interval)'}{p}, for all groups "
        f"at once; {points(gap.plain)} before people alike are compared.{unlike}"
    )


def _ambiguous(some: People, outcome: NDArray[np.bool_], given: Given) -> str:
    if some.gold is not None:
        return ""
    return (
        f"Unequal outcomes and wrongly recorded {target_of(given.outline)} cannot be told apart from these columns. "
        f"{to_check(some, outcome, given)}"
    ).strip()


def _notes(given: Given) -> tuple[str, ...]:
    names = given.outline.grounds.legitimate
    if not names:
        return ("nobody said what may count ([subject] legitimate), so the features stand in and nothing is judged",)
    if len(names) > MOST_CROSSED:
        return (f"{count(len(names))} columns may count: what they let expect is learned and taken out, not crossed",)
    return ()


def _table(gaps: Mapping[str, _Gap], given: Given) -> Series:
    return Series(
        title="Groups against the largest one",
        columns={
            given.grouping.name: tuple(gaps),
            "rows": tuple(gap.n for gap in gaps.values()),
            "gap": tuple(gap.plain for gap in gaps.values()),
            "gap among people alike": tuple(gap.adjusted.value for gap in gaps.values()),
            "low": tuple(gap.adjusted.low for gap in gaps.values()),
            "high": tuple(gap.adjusted.high for gap in gaps.values()),
            "p": tuple(gap.adjusted.p for gap in gaps.values()),
            "odds ratio in strata": tuple(gap.odds.value for gap in gaps.values()),
            "p, equal in all strata": tuple(gap.alike for gap in gaps.values()),
            "conditional disparity": tuple(gap.disparity for gap in gaps.values()),
        },
        units={
            "rows": "rows",
            "gap": "points",
            "gap among people alike": "points",
            "low": "points",
            "high": "points",
            "odds ratio in strata": "ratio",
            "conditional disparity": "points",
        },
    )


def _noise(worst: str, some: People, outcome: NDArray[np.bool_], given: Given) -> Series:
    """The gap if factors were recorded less well than they look: Lord's paradox, as a table."""
    base = some.names[some.largest()]
    inside = np.isin(some.groups.astype(str), (worst, base))
    may = factors(given.outline)
    columns = {each.name: some.rows.columns[each.name][inside] for each in may}
    y, member = outcome[inside], some.groups[inside].astype(str) == worst
    table = design(columns, may, y)
    held = [noisy_factors(y, member, table, each, level=given.level) for each in RELIABILITIES]
    return Series(
        title=f"Gap of {worst} to {base}, if the columns that may count were recorded with error",
        columns={
            "reliability": RELIABILITIES,
            "gap, by straight lines": tuple(each.value for each in held),
            "low": tuple(each.low for each in held),
            "high": tuple(each.high for each in held),
        },
        units={"gap, by straight lines": "points", "low": "points", "high": "points"},
    )


def _figures(
    gaps: Mapping[str, _Gap], worst: str, some: People, outcome: NDArray[np.bool_], given: Given
) -> tuple[Intervals | Curves, ...]:
    base = some.names[some.largest()]
    first = Intervals(
        title=f"Recorded outcomes of people alike in {_named(given)}, against {base}",
        caption="Points; intervals hold for all groups at once.",
        unit="points",
        rows=tuple(
            Interval(label=name, value=gap.adjusted.value, low=gap.adjusted.low, high=gap.adjusted.high, n=gap.n)
            for name, gap in gaps.items()
        ),
    )
    date = given.outline.grounds.date
    if not date:
        return (first,)
    inside = np.isin(some.groups.astype(str), (worst, base))
    when = periods(some.rows.columns[date][inside])
    known = np.array([each is not None for each in when], dtype=bool)
    told = over_time(
        outcome[inside][known], some.groups[inside][known].astype(str) == worst, when[known], level=given.level
    )
    shown = [(place, gap) for place, gap in enumerate(told.gaps) if gap is not None]
    if len(shown) < 2:
        return (first,)
    trend = told.slope
    reading = (
        ""
        if trend is None
        else f"From one period to the next it moves by {show.measured(trend.value, trend.low, trend.high, 'points')}."
    )
    return (
        first,
        Curves(
            title=f"Gap of {worst} to {base} over time",
            caption=(
                f"Points before people alike are compared, with {show.level(given.level)} intervals; periods are "
                f"{listed(told.periods, shown=12)}."
            ),
            x_label="period",
            y_label="gap",
            x_unit="number",
            y_unit="points",
            curves=(
                Curve(
                    label=worst,
                    x=tuple(float(place + 1) for place, _ in shown),
                    y=tuple(gap.value for _, gap in shown),
                    low=tuple(gap.low for _, gap in shown),
                    high=tuple(gap.high for _, gap in shown),
                    n=tuple(gap.n for _, gap in shown),
                ),
            ),
            reading=reading,
        ),
    )
