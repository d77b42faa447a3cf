"""A threshold for each group, so that shares of positive decisions are alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fairwitness.core.remedy import RemedyInfo, Tuned
from fairwitness.fairness import thresholding
from fairwitness.fairness.rules import StepRule, at
from fairwitness.fairness.thresholding import Fitting, Right
from fairwitness.fairness.thresholds import Equal, nearest, nearly_equal


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupThresholdsOptions:
    """How near, and what.

    Attributes:
        equal: Which rates are to be alike: `selection`, `true-positive`, `false-positive` or `odds` (the last two at once).
        within: How far apart any two groups may be on the rows it is fitted on, as a share.
        right: What is kept as high as may be: `accuracy`, or `balanced`, where both recorded outcomes weigh as much.
    """

    equal: Equal = "selection"
    within: float = 0.02
    right: Right = "accuracy"

    def __post_init__(self) -> None:
        thresholding.known(self.equal, self.right)
        thresholding.share("within", self.within)


class GroupThresholds:
    info: ClassVar = RemedyInfo(
        id="fairness.group-thresholds",
        title="Decide from a threshold of each group's own, so that positive decisions are similarly frequent",
        does=(
            "Of all sets of thresholds, one a group, under which the rates of any two groups are near enough on rows held "
            "for tuning, the one that decides right most often. Scores stay as they are. A group with fewer than 20 rows "
            "there, or none, is decided by the threshold that brings all rows together to the same rate."
        ),
        may_cost=(
            "Two people with the same score may be decided differently because of their group. Accuracy, the more the "
            "further the groups' outcomes are apart; and where these differ, equal shares of decisions push error rates "
            "apart, at times to several times what they were."
        ),
        answers=("fairness.selection-rate-gap", "fairness.impact-ratio"),
        acts="decision",
        reads_group=True,
        instead="fairness.common-threshold",
        strength=("within", (0.1, 0.05, 0.02, 0.01)),
        sources=("Hardt, Price and Srebro 2016, NeurIPS, https://arxiv.org/abs/1610.02413, section 4",),
    )
    Options: ClassVar[type] = GroupThresholdsOptions

    def fit(
        self,
        tuned: Tuned,
        options: GroupThresholdsOptions,
        *,
        rng: np.random.Generator,  # noqa: ARG002 - draws nothing
    ) -> tuple[StepRule, Sequence[str]]:
        equal = options.equal
        fitting = Fitting.of(tuned, equal)
        groups, other = {}, tuned.threshold
        if fitting.large:
            groups = nearly_equal(fitting.large, equal, within=options.within, price=fitting.price(options.right))
            reached = [each.reached(equal, groups[name]) for name, each in fitting.large.items()]
            other = nearest(fitting.pooled, equal, np.mean(reached, axis=0))
        made = thresholding.rule(tuned, {name: at(threshold) for name, threshold in groups.items()}, at(other))
        return made, thresholding.told(self.info.id, tuned, fitting, equal, made)

    def restore(self, saved: Mapping[str, Any]) -> StepRule:
        return StepRule.from_json(saved)
