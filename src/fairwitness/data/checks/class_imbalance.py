"""Rows by recorded class."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from fairwitness.core.asks import CLASS, Ask, TallyAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.columns import MISSING
from fairwitness.core.estimate import Key, Limit, Severity
from fairwitness.core.subject import Outline
from fairwitness.data.shares import bars, smallest_to_largest
from fairwitness.data.words import count, percent, target_of, within
from fairwitness.draw import format as show
from fairwitness.draw.words import plural

ASK = TallyAsk(of=(CLASS,))


class ClassImbalance:
    info = CheckInfo(
        id="data.class-imbalance",
        title="Classes have similar numbers of rows",
        failure_title="Some classes have far fewer rows than others",
        measures="Rows of the smallest class for each row of the largest, over all rows.",
        does_not_show=(
            "Whether the classes are as frequent in the world. An imbalance that is real is no fault of the data, but "
            "a model trained on it may do worse on the small class, and accuracy alone will not tell."
        ),
        advice=(
            "Collect more rows of the small classes, or weight or re-sample the training rows, and judge the model by "
            "its errors in each class."
        ),
        needs=frozenset({"labels"}),
        tasks=frozenset({"binary", "multi-class"}),
        limit=Limit(at_least=0.80),
        severity=Severity.LOW,
        sources=(
            "Przyborowski and Wilenski 1940, Biometrika 31(3/4):313-323, conditional binomial",
            "He and Garcia 2009, IEEE Transactions on Knowledge and Data Engineering 21(9):1263-1284",
            "The limit of 0.80 is a convention of this tool, not of a standard",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask]:
        return [ASK]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        found = given[ASK].by((CLASS,))
        unlabelled = found.pop(MISSING, 0)
        counts = {name: found.pop(name, 0) for name in given.outline.classes} | found
        ratio = smallest_to_largest(counts, level=given.level)
        if ratio is None:
            return NotApplicable(f"{len(counts)} classes with rows; a balance needs two")
        total, target = sum(counts.values()), target_of(given.outline)
        small, large = ratio.groups
        fewest, most = counts[small], counts[large]
        if fewest == most:
            headline = f"Each of the {len(counts)} classes of {target} has {plural(fewest, 'row')}"
        else:
            headline = (
                f"The smallest class of {target}, “{small}”, has {plural(fewest, 'row')} ({percent(fewest / total)}); "
                f"the largest, “{large}”, has {count(most)}"
            )
        lead = (
            f"That is {show.number(ratio.estimate.value, 'ratio')} {within(ratio.estimate)} rows for each row of the "
            f"largest class, over {plural(total, 'labelled row')} in {len(counts)} classes."
        )
        lacking = ceil(most * ((given.limit.at_least if given.limit else None) or 0.0)) - fewest
        if lacking > 0:
            lead += f" {plural(lacking, 'more row')} of “{small}” would bring it to the limit."
        return Measured(
            headline=headline,
            lead=lead,
            judged={Key(metric="smallest to largest class", groups=ratio.groups): ratio.estimate},
            figures=(bars(counts, title=f"Rows by {target}", caption="Rows of each class.", level=given.level),),
            notes=(f"{plural(unlabelled, 'row')} without a recorded class left out",) if unlabelled else (),
            to_settle="More rows of every class would narrow the interval.",
        )
