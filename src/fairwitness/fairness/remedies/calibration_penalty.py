"""Scores that mean the same in every group, pressed for in training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from fairwitness.core.remedy import RemedyInfo
from fairwitness.fairness.training_options import PenaltyOptions, cells

if TYPE_CHECKING:
    from torch import Tensor

    from fairwitness.fairness.penalties import MiscalibrationPenalty


@dataclass(frozen=True, slots=True, kw_only=True)
class Binned(PenaltyOptions):
    """What may be set.

    Attributes:
        bins: Bins of the score, of equal width; 1: only the mean score of a group is held against its share.
    """

    bins: int = 5

    def __post_init__(self) -> None:
        PenaltyOptions.__post_init__(self)
        self.whole("bins")


class CalibrationPenalty:
    info: ClassVar = RemedyInfo(
        id="fairness.calibration-penalty",
        title="Train with a penalty on scores that a group's outcomes do not bear out",
        does=(
            "Within bins of the score, the squared difference between a group's mean score and the share of its rows in "
            "the positive class is added to the loss, on average over groups. Means run on from step to step. The model "
            "does not read the group, so it learns what tells the groups' outcomes apart from the features alone."
        ),
        may_cost=(
            "Selection and error rates move apart where base rates differ: no score can be calibrated in every group and "
            "have alike error rates too (Kleinberg and others 2016)."
        ),
        answers=("fairness.calibration-gap",),
        acts="batch",
        tasks=frozenset({"binary", "multi-class"}),
        strength=("strength", (1.0, 3.0, 10.0, 30.0)),
        sources=(
            "Pleiss and others 2017, NeurIPS, https://arxiv.org/abs/1709.02012",
            "Naeini, Cooper and Hauskrecht 2015, AAAI 29 (binned calibration error)",
        ),
    )
    Options: ClassVar = Binned

    def part(self, options: Binned) -> Callable[[Tensor, Tensor | None], MiscalibrationPenalty]:
        from fairwitness.fairness.penalties import MiscalibrationPenalty  # torch only when it is trained with

        def make(_: Tensor, groups: Tensor | None) -> MiscalibrationPenalty:
            return MiscalibrationPenalty(cells(groups).expand(-1, options.bins), **options.shared)

        return make
