"""Scores of all groups drawn together in training, within each recorded class."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from fairwitness.core.remedy import RemedyInfo
from fairwitness.fairness.training_options import GapOptions, cells

if TYPE_CHECKING:
    from torch import Tensor

    from fairwitness.fairness.penalties import GapPenalty


class OddsPenalty:
    info: ClassVar = RemedyInfo(
        id="fairness.odds-penalty",
        title="Train with a penalty on the gap between groups' scores, within each recorded class",
        does=(
            "The squared gap between two groups' mean scores among rows of one recorded class, on average over pairs of "
            "groups and over classes, is added to the loss: it presses for equalised odds. Means run on from step to "
            "step. The model does not read the group."
        ),
        may_cost=(
            "Accuracy; and scores of a group no longer say how often the event happens in it. Where recorded classes are "
            "themselves biased, errors are evened out against a wrong truth."
        ),
        answers=(
            "fairness.equalized-odds-gap",
            "fairness.true-positive-rate-gap",
            "fairness.false-positive-rate-gap",
        ),
        acts="batch",
        tasks=frozenset({"binary", "multi-class"}),
        strength=("strength", (0.3, 1.0, 3.0, 10.0, 30.0)),
        sources=(
            "Hardt, Price and Srebro 2016, NeurIPS, https://arxiv.org/abs/1610.02413",
            "Han and others 2024, ICLR (FFB), https://arxiv.org/abs/2306.09468",
        ),
    )
    Options: ClassVar = GapOptions

    def part(self, options: GapOptions) -> Callable[[Tensor, Tensor | None], GapPenalty]:
        from fairwitness.fairness.penalties import GapPenalty  # torch only when it is trained with

        def make(target: Tensor, groups: Tensor | None) -> GapPenalty:
            counts = cells(groups, target)
            return GapPenalty(counts, by_class=True, sharpness=options.sharpness, **options.shared)

        return make
