"""Thresholds between which chance decides, so that both error rates are equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fairwitness.core.remedy import RemedyInfo, Tuned
from fairwitness.fairness import thresholding
from fairwitness.fairness.randomised import equal_by_chance
from fairwitness.fairness.rules import StepRule, Steps, at
from fairwitness.fairness.thresholding import Fitting, Right
from fairwitness.fairness.thresholds import Equal


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomisedOddsOptions:
    """What is to be equal.

    Attributes:
        equal: Which rates: `odds` (true- and false-positive rates at once), or `selection`, `true-positive` or
            `false-positive` alone.
        right: What is kept as high as may be: `accuracy`, or `balanced`, where both recorded outcomes weigh as much.
    """

    equal: Equal = "odds"
    right: Right = "accuracy"

    def __post_init__(self) -> None:
        thresholding.known(self.equal, self.right)


class RandomisedOdds:
    info: ClassVar = RemedyInfo(
        id="fairness.randomised-odds",
        title="Decide by thresholds of each group's own and, between them, by chance, so that error rates are equal",
        does=(
            "The rule on the scores that decides right most often among those whose rates are equal on rows held for "
            "tuning: it lies where the convex hulls of the groups' ROC curves meet. Between two thresholds a lot decides, "
            "which follows from the row's place in the data, so the same row is always decided alike. A group with fewer "
            "than 20 rows of either outcome there, or none, is decided as all rows together come nearest to the same rates."
        ),
        may_cost=(
            "Two people with the same score, even of the same group, may be decided differently, by lot. Every group is as "
            "wrong as the one that is hardest to tell, so accuracy falls for the others; and shares of positive decisions "
            "still differ where recorded outcomes do."
        ),
        answers=(
            "fairness.equalized-odds-gap",
            "fairness.true-positive-rate-gap",
            "fairness.false-positive-rate-gap",
        ),
        acts="decision",
        reads_group=True,
        instead="fairness.common-threshold",
        sources=("Hardt, Price and Srebro 2016, NeurIPS, https://arxiv.org/abs/1610.02413, section 4.2",),
    )
    Options: ClassVar = RandomisedOddsOptions

    def fit(
        self, tuned: Tuned, options: RandomisedOddsOptions, *, rng: np.random.Generator
    ) -> tuple[StepRule, Sequence[str]]:
        fitting = Fitting.of(tuned, options.equal)
        groups: dict[str, Steps] = {}
        others = at(tuned.threshold)
        if fitting.large:
            price = fitting.price(options.right)
            groups, others = equal_by_chance(fitting.large, fitting.pooled, options.equal, price=price)
        made = thresholding.rule(tuned, groups, others, key=int(rng.integers(2**63)))
        return made, thresholding.told(self.info.id, tuned, fitting, options.equal, made)

    def restore(self, saved: Mapping[str, Any]) -> StepRule:
        return StepRule.from_json(saved)
