"""Scores that are right in the mean for every group and crossing, at every height."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fairwitness.core.remedy import RemedyInfo, Tuned
from fairwitness.draw import format as fmt
from fairwitness.draw.words import listed, plural
from fairwitness.fairness import thresholding
from fairwitness.fairness.multicalibrating import LEAST, MOST_PASSES, Multicalibrated, furthest_off, multicalibrated


@dataclass(frozen=True, slots=True, kw_only=True)
class MulticalibrateOptions:
    """How near.

    Attributes:
        tolerance: How far the mean score of a group's rows in a tenth of the scale may be off, as a share.
    """

    tolerance: float = 0.02

    def __post_init__(self) -> None:
        thresholding.share("tolerance", self.tolerance)


class Multicalibrate:
    info: ClassVar = RemedyInfo(
        id="fairness.multicalibrate",
        title="Move scores until they are right in the mean for every group and crossing at every height",
        does=(
            "As long as some group's mean score in a tenth of the scale is off by more than the tolerance, and by more than "
            "chance explains, on rows held for tuning, the scores of those people are moved by as much. Crossed attributes, "
            'as in by = "race × sex", count each by itself and together. Fewer than 20 rows are not moved by themselves.'
        ),
        may_cost=(
            "Two people whom the model scored alike may get different scores because of their group. Scores may change "
            "order, so a ranking by them changes; and what is learned from few rows held for tuning may not hold elsewhere."
        ),
        answers=("fairness.multicalibration-gap", "fairness.calibration-gap", "fairness.predictive-parity-gap"),
        acts="outputs",
        reads_group=True,
        instead="fairness.common-calibration",
        strength=("tolerance", (0.1, 0.05, 0.02)),
        sources=("Hébert-Johnson, Kim, Reingold and Rothblum 2018, ICML, https://arxiv.org/abs/1711.08513",),
    )
    Options: ClassVar = MulticalibrateOptions

    def fit(
        self,
        tuned: Tuned,
        options: MulticalibrateOptions,
        *,
        rng: np.random.Generator,  # noqa: ARG002 - draws nothing
    ) -> tuple[Multicalibrated, Sequence[str]]:
        groups, scores, recorded = thresholding.looked_at(tuned), tuned.scores[:, 0], tuned.recorded == tuned.positive
        made, done = multicalibrated(scores, recorded, groups, tolerance=options.tolerance)
        after = made.rescore(tuned.scores, groups)[:, 0]
        was, now = (fmt.number(furthest_off(each, recorded, groups), "points") for each in (scores, after))
        rows = f"on the {fmt.count(len(scores))} rows it was fitted on"
        notes = [
            f"{self.info.id}: {rows} the mean score furthest off was {was} and is {now}, after {plural(len(made.steps), 'step')}."
        ]
        if not done:
            notes.append(f"{self.info.id}: after {MOST_PASSES} passes some means are still further off than asked for.")
        small = [str(name) for name in sorted(set(groups)) if (groups == name).sum() < LEAST]
        if small:
            few = f"with fewer than {LEAST} rows held for tuning"
            notes.append(
                f"{self.info.id}: {listed(small)}, {few}, and any group not seen are moved only as others are."
            )
        return made, notes

    def restore(self, saved: Mapping[str, Any]) -> Multicalibrated:
        return Multicalibrated.from_json(saved)
