"""How far groups are apart in the mean of both error rates."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.core.asks import Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Severity
from fairwitness.core.subject import Outline
from fairwitness.fairness import spread
from fairwitness.fairness.attributes import left_out, table
from fairwitness.fairness.cells import FN, FP, TN, TP
from fairwitness.fairness.spread import Spread

ODDS = "average odds"


class AverageOddsGap:
    info = CheckInfo(
        id="fairness.average-odds-gap",
        title="Groups have the same true- and false-positive rates in the mean",
        failure_title="Groups' true- and false-positive rates differ in the mean",
        measures=(
            "Widest gap between two groups of an attribute in the mean of the true-positive and the false-positive rate: how "
            "much more often one is decided positive, if in both there were as many people with the outcome as without."
        ),
        does_not_show=(
            "That both rates are equal where it is 0: more hits and fewer false alarms cancel in the mean. Each of the two is "
            "judged by fairness.equalized-odds-gap, so no limit stands here by default."
        ),
        advice="Follow the advice of fairness.equalized-odds-gap, which shows the two rates apart.",
        needs=frozenset({"groups", "decisions", "truth", "positive"}),
        severity=Severity.MEDIUM,
        sources=(
            "Bellamy et al. 2019, IBM Journal of Research and Development 63(4/5):4, average odds difference",
            "Zou and Donner 2008, Statistics in Medicine 27(10):1693-1702, with Tukey's critical value over pairs",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        return spread.asks(outline)

    def run(self, given: Given, options: NoOptions) -> Outcome:
        found = spread.spreads(given, ODDS)
        if found[0].apart is None:
            return NotApplicable("fewer than two groups of any attribute have people with and without the outcome")
        rows = spread.lines(found, {"with the outcome": (FN, TP), "without": (TN, FP)}, ODDS)
        return Measured(
            headline=_headline(found[0], given.outline.people),
            lead=spread.lead(found),
            judged=spread.judged("gap in average odds", found, given.level),
            explored=(table("Average odds by group", rows, {ODDS: "share", "low": "share", "high": "share"}),),
            notes=left_out(rows, "groups"),
        )


def _headline(widest: Spread, people: str) -> str:
    if widest.spoken is None:
        return f"Too few people to say whether average odds are the same by {widest.grouping.name}"
    less, more = widest.spoken
    return (
        f"The mean of true- and false-positive rate is {widest.share(less)} for {widest.members(less, people)} and "
        f"{widest.share(more)} for {widest.members(more, people)}"
    )
