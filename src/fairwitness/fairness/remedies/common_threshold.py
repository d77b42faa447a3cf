"""One threshold for all, moved to where groups are nearest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fairwitness.core.remedy import RemedyInfo, Tuned
from fairwitness.fairness import thresholding
from fairwitness.fairness.rules import StepRule, at
from fairwitness.fairness.thresholding import Fitting
from fairwitness.fairness.thresholds import Equal, common


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonThresholdOptions:
    """How dearly, and what.

    Attributes:
        equal: Which rates are to be near: `selection`, `true-positive`, `false-positive` or `odds` (the last two at once).
        cost: Most accuracy it may cost on the rows it is fitted on, as a share of them.
    """

    equal: Equal = "selection"
    cost: float = 0.03

    def __post_init__(self) -> None:
        thresholding.known(self.equal)
        thresholding.share("cost", self.cost)


class CommonThreshold:
    info: ClassVar = RemedyInfo(
        id="fairness.common-threshold",
        title="Move the one threshold for all to where groups' rates are nearest",
        does=(
            "Of all thresholds that are less accurate than the best by no more than is allowed, the one under which groups' "
            "rates are nearest on rows held for tuning. The group is looked at once, to find it, and not when it decides."
        ),
        may_cost=(
            "Accuracy, up to the loss that is allowed. Far more people, or far fewer, may be decided positive than before; "
            "and one threshold can bring groups only so near."
        ),
        answers=(
            "fairness.selection-rate-gap",
            "fairness.impact-ratio",
            "fairness.true-positive-rate-gap",
            "fairness.false-positive-rate-gap",
            "fairness.equalized-odds-gap",
        ),
        acts="decision",
        strength=("cost", (0.01, 0.02, 0.03, 0.05)),
        sources=(
            "Corbett-Davies, Pierson, Feller, Goel and Huq 2017, KDD, https://arxiv.org/abs/1701.08230, on one threshold",
        ),
    )
    Options: ClassVar = CommonThresholdOptions

    def fit(
        self,
        tuned: Tuned,
        options: CommonThresholdOptions,
        *,
        rng: np.random.Generator,  # noqa: ARG002 - draws nothing
    ) -> tuple[StepRule, Sequence[str]]:
        fitting = Fitting.of(tuned, options.equal)
        threshold, inside = tuned.threshold, fitting.inside
        if fitting.large:
            threshold = common(
                fitting.scores[inside],
                fitting.recorded[inside],
                fitting.groups[inside],
                options.equal,
                cost=options.cost,
            )
        made = thresholding.rule(tuned, {}, at(threshold))
        return made, thresholding.told(self.info.id, tuned, fitting, options.equal, made)

    def restore(self, saved: Mapping[str, Any]) -> StepRule:
        return StepRule.from_json(saved)
