"""How often the group that is selected least is selected, for each time the group that is selected most is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fairwitness.core.asks import FAVORED, Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, Outcome
from fairwitness.core.estimate import Limit, Severity
from fairwitness.core.subject import Outline
from fairwitness.fairness.compare import compare_rates, judged_tally
from fairwitness.fairness.rates import selection_rate
from fairwitness.fairness.sentences import RATIO, Told
from fairwitness.fairness.words import favours


class ImpactRatio:
    info = CheckInfo(
        id="fairness.impact-ratio",
        title="Every group is selected nearly as often as the one selected most",
        failure_title="A group is selected much less often than another",
        measures="Lowest ratio of two groups' shares of decisions that are good for the person.",
        does_not_show=(
            "Whether a law is met or broken: four-fifths is a rule of thumb of US agencies for hiring, and what follows "
            "from it is for counsel. The ratio says little where nearly everybody or nearly nobody is selected."
        ),
        advice=(
            "Look at what the decision is based on for the group selected least, and whether each part of it is needed. "
            "Then train again with the gap held down, and see what that costs."
        ),
        needs=frozenset({"groups", "decisions", "favorable"}),
        per="grouping",
        limit=Limit(at_least=0.80),
        severity=Severity.HIGH,
        sources=(
            "EEOC Uniform Guidelines on Employee Selection Procedures 1978, 29 CFR 1607.4(D), four-fifths",
            "Miettinen and Nurminen 1985, Statistics in Medicine 4(2):213-226, for the ratio of two groups",
            "Donner and Zou 2012, Statistical Methods in Medical Research 21(4):347-359, with Tukey's critical value, for more",
            "Wilson 1927, JASA 22(158):209-212, for each group's rate",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask]:
        return [judged_tally(about, FAVORED)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        rate = selection_rate(given[judged_tally(given.about, FAVORED)], given.grouping.columns)
        told = Told(metric="impact ratio", rate="Decided in favour", opening=favours(given.outline))
        found = compare_rates(given, rate, told, way=RATIO)
        if not isinstance(found, Measured):
            return found
        return replace(found, figures=found.figures[-1:])  # the ratios; the rates are drawn by selection-rate-gap
