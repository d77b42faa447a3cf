"""Values that are missing more often for one group than for another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fairwitness.core.asks import YES, Ask, TallyAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.columns import Grouping
from fairwitness.core.estimate import Key, Limit, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.data.missing import Gap, gaps, widest
from fairwitness.data.words import count, missing_note, points, recorded, within
from fairwitness.draw.words import members, plural, share_of
from fairwitness.stats.tally import Tally

SHOWN = 30


class MissingnessGap:
    info = CheckInfo(
        id="data.missingness-gap",
        title="Values are missing about equally often in every group",
        failure_title="Values are missing more often in one group than in another",
        measures=(
            "Widest gap between two groups in the share of rows where a column has no value, over all columns. People "
            "whose own group is not recorded are not compared."
        ),
        does_not_show=(
            "Why values are missing, nor whether those that are there mean the same in every group. Codes that stand for "
            "a missing value count only where they are declared (data.sentinel-codes)."
        ),
        advice=(
            "Find out how the value comes to be missing for that group and record it if it can be had. Do not fill it "
            "in with the overall mean: that makes the group look alike."
        ),
        needs=frozenset({"groups"}),
        per="grouping",
        limit=Limit(at_most=0.05),
        severity=Severity.MEDIUM,
        sources=(
            "Newcombe 1998, Statistics in Medicine 17(8):873-890, method 10; Tukey's critical value over groups",
            "Fernando et al. 2021, International Journal of Intelligent Systems 36(7):3217-3258, on missing data and fairness",
            "The limit of 5 points is a convention of this tool",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        asked = _asks(outline, about)
        return list(asked.values()) or NotApplicable("there are no columns beside the group's own")

    def run(self, given: Given, options: NoOptions) -> Outcome:
        grouping = given.grouping
        tallies: dict[str, Tally] = {name: given[ask] for name, ask in _asks(given.outline, grouping).items()}
        totals, unknown = recorded(next(iter(tallies.values())).by(grouping.columns))
        if len(totals) < 2:
            return NotApplicable(f"{grouping.name!r} holds {plural(len(totals), 'recorded group')}; a gap needs two")
        missing = {name: recorded(tally.hits(grouping.columns, name, YES))[0] for name, tally in tallies.items()}
        found = gaps(missing, totals, level=given.level)
        if not found:
            return NotApplicable(f"no value is missing in any of {plural(len(tallies), 'column')}")
        first, whole = found[0], widest(found, level=given.level)
        low, high = first.groups

        def whom(group: str) -> str:
            return members(group, grouping.columns, given.outline.people)

        return Measured(
            headline=(
                f"{first.column} is missing for {share_of(first.missing[high], totals[high])} of {whom(high)} "
                f"and {share_of(first.missing[low], totals[low])} of {whom(low)}"
            ),
            lead=(
                f"That is {points(first.estimate.value)} {within(first.estimate)} apart. Over {plural(len(found), 'column')} "
                f"with missing values (of {count(len(tallies))}) and all pairs of groups at once, the widest gap lies in "
                f"{within(whole)}."
            ),
            judged={Key(metric="widest gap in share missing", groups=first.groups, column=first.column): whole},
            explored=(_table(found, totals),),
            notes=missing_note(unknown, grouping, given.outline),
        )


def _asks(outline: Outline, about: About) -> dict[str, TallyAsk]:
    by = about.columns if isinstance(about, Grouping) else ()
    columns = (column.name for column in outline.columns if not column.media and column.name not in by)
    return {name: TallyAsk(by=by, missing=(name,)) for name in columns}


def _table(found: list[Gap], totals: Mapping[str, int]) -> Series:
    shown = found[:SHOWN]
    cut = f" (first {SHOWN} of {len(found)})" if len(found) > SHOWN else ""
    return Series(
        title=f"Columns with missing values{cut}",
        columns={
            "column": tuple(gap.column for gap in shown),
            "rows missing": tuple(sum(gap.missing.values()) for gap in shown),
            "most often": tuple(gap.groups[1] for gap in shown),
            "share there": tuple(gap.missing[gap.groups[1]] / totals[gap.groups[1]] for gap in shown),
            "least often": tuple(gap.groups[0] for gap in shown),
            "share here": tuple(gap.missing[gap.groups[0]] / totals[gap.groups[0]] for gap in shown),
            "gap": tuple(gap.estimate.value for gap in shown),
            "low": tuple(gap.estimate.low for gap in shown),
            "high": tuple(gap.estimate.high for gap in shown),
        },
        units={
            "rows missing": "rows",
            "share there": "share",
            "share here": "share",
            "gap": "points",
            "low": "points",
            "high": "points",
        },
    )
