"""How far groups are apart in which way decisions about them err."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.core.asks import Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Severity
from fairwitness.core.subject import Outline
from fairwitness.fairness import spread
from fairwitness.fairness.attributes import left_out, table
from fairwitness.fairness.cells import FN, FP
from fairwitness.fairness.spread import Spread

SHARE, TIMES = "share of misses among errors", "misses for each false alarm"


class TreatmentEqualityGap:
    info = CheckInfo(
        id="fairness.treatment-equality-gap",
        title="Errors go the same way in every group",
        failure_title="Errors go one way for one group and another way for another",
        measures=(
            "Widest gap between two groups of an attribute in the share of false negatives among all errors. How many false "
            "negatives there are for each false positive, which says the same on another scale, is shown."
        ),
        does_not_show=(
            "How many errors there are: a group can have ten times as many, in the same proportion. So no limit stands by "
            "default; error rates are judged by fairness.equalized-odds-gap."
        ),
        advice="See which error costs these people more, and follow the advice of the check on that error's rate.",
        needs=frozenset({"groups", "decisions", "truth", "positive"}),
        severity=Severity.MEDIUM,
        sources=(
            "Berk, Heidari, Jabbari, Kearns and Roth 2021, Sociological Methods & Research 50(1):3-44, treatment equality",
            "Zou and Donner 2008, Statistics in Medicine 27(10):1693-1702, with Tukey's critical value over pairs",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        return spread.asks(outline)

    def run(self, given: Given, options: NoOptions) -> Outcome:
        found = spread.spreads(given, SHARE, shown=TIMES)
        if found[0].apart is None:
            return NotApplicable("fewer than two groups of any attribute have errors of decisions")
        rows = spread.lines(found, {"false negatives": (FN,), "false positives": (FP,)}, TIMES)
        return Measured(
            headline=_headline(found[0], given.outline.people),
            lead=spread.lead(found),
            judged=spread.judged("gap in the share of false negatives among errors", found, given.level),
            explored=(table("Errors by group", rows, {TIMES: "ratio", "low": "ratio", "high": "ratio"}),),
            notes=left_out(rows, "groups"),
        )


def _headline(widest: Spread, people: str) -> str:
    if widest.spoken is None:
        return f"Too few errors to say whether they go the same way by {widest.grouping.name}"
    less, more = widest.spoken
    return (
        f"Of errors about {widest.members(more, people)}, {widest.share(more)} are false negatives; of those about "
        f"{widest.members(less, people)}, {widest.share(less)}"
    )
