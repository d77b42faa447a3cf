"""The two error rates: their words, and how they are judged together."""

from __future__ import annotations

from dataclasses import replace

from fairwitness.core.check import Given, Measured, NotApplicable
from fairwitness.core.estimate import Estimate, Key, Limit, Verdict
from fairwitness.core.subject import Outline
from fairwitness.fairness.compare import Compared, compared
from fairwitness.fairness.rates import Rate, false_positive_rate, true_positive_rate
from fairwitness.fairness.sentences import Told
from fairwitness.fairness.words import decides, event, no_event, whose
from fairwitness.stats.multiple import sidak
from fairwitness.stats.tally import Tally


def true_positives(outline: Outline) -> Told:
    """Of people recorded positive, those decided positive."""
    return Told(
        metric="true-positive-rate gap",
        rate="True-positive rate",
        opening=decides(outline, event(outline)),
        tail=whose(outline, event(outline)),
        misses="false-negative rate",
    )


def false_positives(outline: Outline) -> Told:
    """Of people not recorded positive, those decided positive."""
    return Told(
        metric="false-positive-rate gap",
        rate="False-positive rate",
        opening=decides(outline, event(outline)),
        tail=whose(outline, no_event(outline)),
        worse="high",
    )


def both_gaps(given: Given, tally: Tally) -> Measured | NotApplicable:
    """Both gaps, each at a level at which the two hold together; one that is unknown leaves the verdict uncertain.

    The rates are of different people, so the errors of the two intervals are independent and Šidák's rule is exact.
    """
    by, level = given.grouping.columns, sidak(given.level, 2)
    rates = (
        (true_positives(given.outline), true_positive_rate(tally, by)),
        (false_positives(given.outline), false_positive_rate(tally, by)),
    )
    found = [(told, rate, compared(given, rate, told, level=level)) for told, rate in rates]
    known = [(told, each) for told, _, each in found if isinstance(each, Compared)]
    unknown = [(told, rate, each.reason) for told, rate, each in found if isinstance(each, NotApplicable)]
    if not known:
        return NotApplicable(" and ".join(dict.fromkeys(reason for _, _, reason in unknown)))
    outcomes = [(told, each.outcome) for told, each in known]
    leads = [f"{told.rate}: {outcome.lead[0].lower()}{outcome.lead[1:]}" for told, outcome in outcomes]
    leads += [f"The {told.metric} is unknown: {reason}." for told, _, reason in unknown]
    return Measured(
        headline=max((each for _, each in known), key=lambda each: _gravity(each, given.limit)).outcome.headline,
        lead=" ".join(leads),
        judged={key: number for _, outcome in outcomes for key, number in outcome.judged.items()}
        | {Key(metric=told.metric): _unknown(rate, level) for told, rate, _ in unknown},
        explored=tuple(
            replace(series, title=f"{told.rate}: {series.title[0].lower()}{series.title[1:]}")
            for told, outcome in outcomes
            for series in outcome.explored
        ),
        figures=tuple(outcome.figures[-1] for _, outcome in outcomes),  # the gaps; rates stand in their own checks
        notes=tuple(note for _, outcome in outcomes for note in outcome.notes),
        to_settle=" ".join(outcome.to_settle for _, outcome in outcomes if outcome.to_settle),
    )


def _gravity(each: Compared, limit: Limit | None) -> tuple[bool, float]:
    """The gap that fails comes before a wider one that is uncertain."""
    fails = limit is not None and each.widest.estimate.against(limit) is Verdict.FAIL
    return fails, each.widest.estimate.value or 0.0


def _unknown(rate: Rate, level: float) -> Estimate:
    return Estimate(
        value=None, low=None, high=None, level=level, n=rate.people, unit="points", method="fewer than two groups"
    )
