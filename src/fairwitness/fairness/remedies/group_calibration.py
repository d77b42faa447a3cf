"""A map of scores for each group, so that a score means the same in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from fairwitness.core.remedy import RemedyInfo, Tuned
from fairwitness.draw import format as fmt
from fairwitness.draw.words import listed
from fairwitness.fairness import thresholding
from fairwitness.fairness.calibrating import LEAST, Calibrated, ScoreMap, calibrated
from fairwitness.fairness.remedies.common_calibration import CalibrationOptions
from fairwitness.fairness.thresholding import Fitting


class GroupCalibration:
    info: ClassVar = RemedyInfo(
        id="fairness.group-calibration",
        title="Map scores by a curve of each group's own, so that a score means the same in all",
        does=(
            "For each group a rising curve is fitted to rows held for tuning and takes scores to the share recorded "
            "positive with them. A group with fewer than 20 rows of either outcome there, or none, is mapped by the curve "
            "of all rows."
        ),
        may_cost=(
            "Two people whom the model scored alike get different scores because of their group, and from the same threshold "
            "perhaps different decisions. Where outcomes differ between groups, calibrated scores rule out equal error "
            "rates, and shares of positive decisions move apart as recorded outcomes are."
        ),
        answers=("fairness.calibration-gap", "fairness.predictive-parity-gap"),
        acts="outputs",
        reads_group=True,
        instead="fairness.common-calibration",
        sources=(
            "Pleiss, Raghavan, Wu, Kleinberg and Weinberger 2017, NeurIPS, https://arxiv.org/abs/1709.02012",
            "Platt 1999, in Advances in Large Margin Classifiers",
            "Zadrozny and Elkan 2002, KDD, https://doi.org/10.1145/775047.775151",
        ),
    )
    Options: ClassVar = CalibrationOptions

    def fit(
        self,
        tuned: Tuned,
        options: CalibrationOptions,
        *,
        rng: np.random.Generator,  # noqa: ARG002 - draws nothing
    ) -> tuple[Calibrated, Sequence[str]]:
        fitting = Fitting.of(tuned, "odds")
        if not fitting.pooled.enough("odds"):
            few = f"fewer than {LEAST} rows of either outcome are held for tuning, so scores stay as they are"
            return Calibrated(groups={}, others=ScoreMap()), (f"{self.info.id}: {few}.",)
        maps = {}
        for name in fitting.large:
            of = fitting.groups == name
            maps[name] = calibrated(fitting.scores[of], fitting.recorded[of], options.method)
        made = Calibrated(groups=maps, others=calibrated(fitting.scores, fitting.recorded, options.method))
        return made, self._notes(tuned, fitting, made)

    def restore(self, saved: Mapping[str, Any]) -> Calibrated:
        return Calibrated.from_json(saved)

    def _notes(self, tuned: Tuned, fitting: Fitting, made: Calibrated) -> list[str]:
        notes = []
        if fitting.large:
            after = made.rescore(tuned.scores, tuned.groups)[:, 0]
            off = [
                max(abs(float((scores - fitting.recorded)[fitting.groups == name].mean())) for name in fitting.large)
                for scores in (fitting.scores, after)
            ]
            rows = f"on the {fmt.count(len(after))} rows it was fitted on"
            was, now = (fmt.number(each, "points") for each in off)
            notes.append(
                f"{self.info.id}: {rows} some group's mean score was {was} off and now none is more than {now}."
            )
        if fitting.small:
            few = f"with fewer than {LEAST} {thresholding.OVER['odds']} held for tuning"
            notes.append(
                f"{self.info.id}: {listed(fitting.small)}, {few}, and any group not seen are mapped as all rows are."
            )
        return notes
