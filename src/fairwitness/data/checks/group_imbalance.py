"""People in each group of a sensitive attribute: the first thing anyone would look at."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.core.asks import Ask, TallyAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.columns import Grouping
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.subject import Outline
from fairwitness.data.shares import bars
from fairwitness.data.words import count, missing_note, recorded
from fairwitness.draw import format as show
from fairwitness.draw.words import FEW, listed, members, plural
from fairwitness.stats.intervals import wilson


class GroupImbalance:
    info = CheckInfo(
        id="data.group-imbalance",
        title="Every group has enough people to be judged",
        failure_title="A group has too few people to be judged",
        measures="People in each group of a sensitive attribute, over all rows; the smallest recorded group is judged.",
        does_not_show=(
            "Whether the shares are those of the people the decisions are about; that needs a reference population "
            "(data.under-representation)."
        ),
        advice=(
            "Collect more people of the small groups, or declare a coarser grouping on grounds other than this result. "
            "Until then no rate of theirs can be told from chance."
        ),
        needs=frozenset({"groups"}),
        per="grouping",
        limit=Limit(at_least=float(FEW)),
        severity=Severity.MEDIUM,
        sources=(
            "Wilson 1927, JASA 22(158):209-212",
            "The limit of 30 people is a convention of this tool: a share of 30 people is known to about ±17 points",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask]:
        return [_ask(about)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        grouping, outline = given.grouping, given.outline
        counts = given[_ask(grouping)].by(grouping.columns)
        groups, missing = recorded(counts)
        if len(groups) < 2:
            return NotApplicable(
                f"{grouping.name!r} holds {plural(len(groups), 'recorded group')}; a balance needs two"
            )
        total, smallest = sum(groups.values()), min(groups, key=lambda name: groups[name])
        people, number = outline.people, groups[smallest]
        low, high = wilson(float(number), float(total), level=given.level)
        need = (given.limit.at_least if given.limit else None) or FEW
        few = [name for name, each in groups.items() if each < need]
        others = (f"{name} {count(each)}" for name, each in groups.items() if name != smallest)
        lead = f"The others are {listed(others)}."
        if few:
            lead += f" Too few to judge: {listed(f'{name} ({count(need - groups[name])} more)' for name in few)}."
        return Measured(
            headline=(
                f"The smallest group of {grouping.name}, {members(smallest, grouping.columns, people)}, is {count(number)} of "
                f"{count(total)} ({show.measured(number / total, float(low), float(high), 'share')})"
            ),
            lead=lead,
            judged={
                Key(metric="people in the smallest group", groups=(smallest,)): Estimate.count(
                    number, n=total, unit="people"
                )
            },
            figures=(
                bars(
                    counts,
                    title=f"{people.capitalize()} by {grouping.name}",
                    caption=f"{people.capitalize()} in each group, over all rows.",
                    level=given.level,
                ),
            ),
            notes=missing_note(missing, grouping, outline),
        )


def _ask(about: About) -> TallyAsk:
    return TallyAsk(by=about.columns if isinstance(about, Grouping) else ())
