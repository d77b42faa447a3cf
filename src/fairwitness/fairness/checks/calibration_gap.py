"""How far scores are from what was recorded, for the group for whom they are furthest off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fairwitness.core.asks import LABEL, SCORE, Ask, TallyAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Key, Limit, Severity
from fairwitness.core.subject import Outline
from fairwitness.fairness.calibration import EDGES, differences, largest, scored
from fairwitness.fairness.compare import judged_tally
from fairwitness.fairness.scores import Reading


class CalibrationGap:
    info = CheckInfo(
        id="fairness.calibration-gap",
        title="Scores mean what they say in every group",
        failure_title="Scores promise too much or too little for a group",
        measures=(
            "Largest distance, over groups, between the mean score and the share recorded positive, too high or too "
            "low. Curves over the range of scores and the expected calibration error are shown and not judged."
        ),
        does_not_show=(
            "Errors that cancel within a group: scores too high for some and too low for others have the right mean; "
            "look at the curve. Nor whether decisions are fair: scores can be calibrated in every group while error "
            "rates differ. The expected calibration error is above zero by chance alone in small groups."
        ),
        advice=(
            "Scale the scores on rows kept for tuning, and check every group again; where one group stays off, it "
            "lacks examples or columns that explain it."
        ),
        needs=frozenset({"groups", "truth", "scores", "positive"}),
        per="grouping",
        limit=Limit(at_most=0.05),
        severity=Severity.MEDIUM,
        sources=(
            "Kleinberg, Mullainathan and Raghavan 2017, ITCS, calibration within groups",
            "Agresti and Coull 1998, The American Statistician 52(2):119-126, carried over to scores that differ",
            "Šidák 1967, JASA 62(318):626-633, for all groups at once",
            "Naeini, Cooper and Hauskrecht 2015, AAAI, 2901-2907, expected calibration error",
            "The limit of 5 points is a convention of this tool, not of a standard",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask]:
        return [_ask(about)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        groups = scored(given[_ask(given.about)], given.grouping.columns)
        filled = sum(bool(group.bins) for group in groups.values())
        if filled < 2:
            have = "one group" if filled else "nobody"
            return NotApplicable(f"{given.grouping.name!r} holds {have} with a score and an outcome; a gap needs two")
        errors = differences(groups, level=given.level)
        worst = largest(errors)
        reading = Reading(given, groups, errors, worst)
        return Measured(
            headline=reading.headline,
            lead=reading.lead,
            judged={Key(metric="calibration gap", groups=(worst.group,)): worst.estimate},
            explored=(reading.table(),),
            figures=(reading.error_figure(), *([reading.curves()] if given.grouping.named else [])),
            notes=reading.notes,
            to_settle=reading.to_settle,
        )


def _ask(about: About) -> TallyAsk:
    return replace(judged_tally(about, LABEL, SCORE), edges=((SCORE, EDGES),), sums=(SCORE,))
