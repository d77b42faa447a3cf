"""One map of scores for all, so that they mean what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fairwitness.core.remedy import RemedyInfo, Tuned
from fairwitness.draw import format as fmt
from fairwitness.fairness.calibrating import LEAST, METHODS, Calibrated, Method, ScoreMap, calibrated


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationOptions:
    """How scores are mapped.

    Attributes:
        method: `platt`, a line in log odds, or `isotonic`, any rising map, which takes more rows.
    """

    method: Method = "platt"

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"method is {self.method!r}; it must be one of {', '.join(METHODS)}")


class CommonCalibration:
    info: ClassVar = RemedyInfo(
        id="fairness.common-calibration",
        title="Map all scores by one curve to how often the outcome comes with them",
        does=(
            "One rising curve is fitted to rows held for tuning and takes scores to the share recorded positive with them. "
            "It mends scores that promise too much or too little of everybody, and looks at no group."
        ),
        may_cost=(
            "Decisions follow the new scores from the same threshold, so shares of positive decisions move; a group whose "
            "scores were off in the other direction from the rest is worse off."
        ),
        answers=("fairness.calibration-gap",),
        acts="outputs",
        by_group=False,
        sources=(
            "Platt 1999, in Advances in Large Margin Classifiers",
            "Zadrozny and Elkan 2002, KDD, https://doi.org/10.1145/775047.775151",
        ),
    )
    Options: ClassVar[type] = CalibrationOptions

    def fit(
        self,
        tuned: Tuned,
        options: CalibrationOptions,
        *,
        rng: np.random.Generator,  # noqa: ARG002 - draws nothing
    ) -> tuple[Calibrated, Sequence[str]]:
        scores, recorded = tuned.scores[:, 0], tuned.recorded == tuned.positive
        if min(int(recorded.sum()), int((~recorded).sum())) < LEAST:
            few = f"fewer than {LEAST} rows of either outcome are held for tuning, so scores stay as they are"
            return Calibrated(groups={}, others=ScoreMap()), (f"{self.info.id}: {few}.",)
        made = calibrated(scores, recorded, options.method)
        rows = f"on the {fmt.count(len(scores))} rows it was fitted on"
        means = [fmt.number(float(each.mean()), "share") for each in (scores, made(scores), recorded)]
        note = (
            f"{self.info.id}: {rows} the mean score was {means[0]} and is {means[1]}; {means[2]} are recorded positive."
        )
        return Calibrated(groups={}, others=made), (note,)

    def restore(self, saved: Mapping[str, Any]) -> Calibrated:
        return Calibrated.from_json(saved)
