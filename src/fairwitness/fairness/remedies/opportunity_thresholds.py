"""A threshold for each group, so that people with the predicted outcome are recognised alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from fairwitness.fairness.remedies.group_thresholds import GroupThresholds, GroupThresholdsOptions
from fairwitness.fairness.thresholds import Equal


@dataclass(frozen=True, slots=True, kw_only=True)
class OpportunityThresholdsOptions(GroupThresholdsOptions):
    """How near, and what.

    Attributes:
        equal: Which rates are to be alike: `selection`, `true-positive`, `false-positive` or `odds` (the last two at once).
        within: How far apart any two groups may be on the rows it is fitted on, as a share.
        right: What is kept as high as may be: `accuracy`, or `balanced`, where both recorded outcomes weigh as much.
    """

    equal: Equal = "true-positive"


class OpportunityThresholds(GroupThresholds):
    info: ClassVar = replace(
        GroupThresholds.info,
        id="fairness.opportunity-thresholds",
        title="Decide from a threshold of each group's own, so that true positives are recognised similarly often",
        may_cost=(
            "Two people with the same score may be decided differently because of their group. Accuracy, and the gap in "
            "false alarms, which nothing holds; and of each group only rows recorded positive count, so few are left to fit on."
        ),
        answers=("fairness.true-positive-rate-gap",),
    )
    Options: ClassVar[type] = OpportunityThresholdsOptions
