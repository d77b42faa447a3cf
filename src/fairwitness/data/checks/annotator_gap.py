"""Labels that annotators agree on less for one group than for another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.figures import Interval, Intervals
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.data.material import People, asks, people
from fairwitness.data.words import within
from fairwitness.draw import format as show
from fairwitness.draw.words import FEW, TOO_FEW, members, plural
from fairwitness.stats.agreement import Agreement, alpha, difference
from fairwitness.stats.multiple import all_pairs
from fairwitness.stats.tally import code_categories

Codes = NDArray[np.int64]


class AnnotatorGap:
    info = CheckInfo(
        id="data.annotator-gap",
        title="Annotators agree about equally well on every group",
        failure_title="Annotators agree less on one group than on another",
        measures=(
            "Widest difference between two groups in how far annotators agree on their rows (Krippendorff's alpha, 1 for "
            "perfect agreement, 0 for that of chance)."
        ),
        does_not_show=(
            "Who is right: annotators can agree and all be wrong. Alpha also falls where nearly all labels of a group are of "
            "one class."
        ),
        advice=(
            "Look at rows annotators disagree on, of that group first. Sharpen the instructions, and let people who know the "
            "group label it."
        ),
        needs=frozenset({"rows", "groups"}),
        per="grouping",
        limit=Limit(at_most=0.10),
        severity=Severity.MEDIUM,
        sources=(
            "Krippendorff 2011, Computing Krippendorff's alpha-reliability",
            "Efron and Stein 1981, Annals of Statistics 9(3):586-596, the jackknife",
            "Sap, Card, Gabriel, Choi and Smith 2019, ACL, P19-1163, on annotators and dialect",
            "The limit of 0.10 is a convention of this tool",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        lacks = "no labels of several annotators are here: name their columns under [annotators]"
        return asks(outline, about, lacks="" if outline.grounds.annotators else lacks)

    def run(self, given: Given, options: NoOptions) -> Outcome:
        some = people(given)
        if isinstance(some, NotApplicable):
            return some
        codes = _codes(some, given)
        found = {name: alpha(codes[some.codes == place]) for place, name in enumerate(some.names)}
        told = {name: one for name, one in found.items() if one.value is not None}
        if len(told) < 2:
            return NotApplicable("fewer than two groups have rows that two annotators labelled, and not all alike")
        z = all_pairs(given.level, len(told))
        pairs = {pair: difference(*_ordered(told, pair), level=given.level, z=z) for pair in combinations(told, 2)}
        widest = max(pairs, key=lambda pair: pairs[pair].value or 0.0)
        low, high = sorted(widest, key=lambda name: told[name].value or 0.0)
        gap = _absolute(pairs[widest], list(pairs.values()))
        whom = {name: members(name, given.grouping.columns, given.outline.people) for name in widest}
        return Measured(
            headline=(
                f"Annotators agree on {whom[low]} with alpha {show.bare(told[low].value, 'number')} and on {whom[high]} with "
                f"{show.bare(told[high].value, 'number')}"
            ),
            lead=(
                f"A difference of {show.bare(gap.value, 'number')} {within(gap)}, for all pairs of groups at once, over "
                f"{plural(gap.n, 'row')} with two labels or more."
            ),
            judged={Key(metric="difference in agreement", groups=(low, high)): gap},
            explored=_by_annotators(codes, given),
            figures=(_figure(found, given),),
            notes=some.notes,
            to_settle="Have more rows labelled by two people, of the smallest groups above all.",
        )


def _ordered(told: dict[str, Agreement], pair: tuple[str, str]) -> tuple[Agreement, Agreement]:
    low, high = sorted(pair, key=lambda name: told[name].value or 0.0)
    return told[low], told[high]


def _absolute(widest: Estimate, every: list[Estimate]) -> Estimate:
    """The widest difference, whichever pair's it truly is."""
    highs = [each.high for each in every]
    return Estimate(
        value=widest.value,
        low=max(0.0, *(each.low or 0.0 for each in every)),
        high=None if None in highs else max(high for high in highs if high is not None),
        level=widest.level,
        n=widest.n,
        unit="number",
        method=f"{widest.method}, for all pairs at once",
    )


def _codes(some: People, given: Given) -> Codes:
    """(n, annotators) classes as codes over all annotators; −1 where one gave none."""
    columns = [some.rows.columns[name] for name in given.outline.grounds.annotators]
    named = [np.array(names, dtype=object)[code] for names, code in map(code_categories, columns)]
    table = np.column_stack(named).astype(str)
    missing = np.column_stack(
        [np.array([value is None or value != value for value in column]) for column in columns]  # noqa: PLR0124 - NaN
    )
    codes = np.unique(table, return_inverse=True)[1].reshape(table.shape)
    return np.where(missing, -1, codes).astype(np.int64)


def _by_annotators(codes: Codes, given: Given) -> tuple[Series, ...]:
    """Agreement among annotators of one group."""
    groups = list(given.outline.grounds.annotators.values())
    names = sorted({name for name in groups if name})
    within_group = {
        name: alpha(codes[:, [each == name for each in groups]]).estimate(level=given.level) for name in names
    }
    known = {name: one for name, one in within_group.items() if one.value is not None}
    if not known:
        return ()
    return (
        Series(
            title="Agreement among annotators of one group",
            columns={
                "annotators": tuple(known),
                "alpha": tuple(one.value for one in known.values()),
                "low": tuple(one.low for one in known.values()),
                "high": tuple(one.high for one in known.values()),
                "rows": tuple(one.n for one in known.values()),
            },
            units={"alpha": "number", "low": "number", "high": "number", "rows": "rows"},
        ),
    )


def _figure(found: dict[str, Agreement], given: Given) -> Intervals:
    rows = []
    for name, one in found.items():
        shown = one.estimate(level=given.level)
        few = one.n < FEW
        rows.append(
            Interval(
                label=name,
                value=None if few else shown.value,
                low=None if few else shown.low,
                high=None if few else shown.high,
                n=one.n,
                note=TOO_FEW if few else "",
            )
        )
    return Intervals(
        title=f"Agreement of annotators by {given.grouping.name}",
        caption=f"Krippendorff's alpha with {show.level(given.level)} jackknife intervals, each on its own.",
        unit="number",
        rows=tuple(rows),
    )
