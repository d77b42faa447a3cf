"""Scores of all groups drawn together in training."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from fairwitness.core.remedy import RemedyInfo
from fairwitness.fairness.training_options import GapOptions, cells

if TYPE_CHECKING:
    from torch import Tensor

    from fairwitness.fairness.penalties import GapPenalty


class ParityPenalty:
    info: ClassVar = RemedyInfo(
        id="fairness.parity-penalty",
        title="Train with a penalty on the gap between groups' scores",
        does=(
            "The squared gap between two groups' mean scores, on average over pairs of groups, is added to the loss. Means "
            "run on from step to step, so small batches and small groups do. The model does not read the group."
        ),
        may_cost=(
            "Accuracy, where the groups' outcomes differ; gaps of true and false positive rates may widen, and scores of "
            "a group no longer say how often the event happens in it."
        ),
        answers=("fairness.selection-rate-gap", "fairness.impact-ratio"),
        acts="batch",
        tasks=frozenset({"binary", "multi-class"}),
        strength=("strength", (0.3, 1.0, 3.0, 10.0, 30.0)),
        sources=(
            "Zafar and others 2017, AISTATS, https://arxiv.org/abs/1507.05259",
            "Han and others 2024, ICLR (FFB), https://arxiv.org/abs/2306.09468",
        ),
    )
    Options: ClassVar = GapOptions

    def part(self, options: GapOptions) -> Callable[[Tensor, Tensor | None], GapPenalty]:
        from fairwitness.fairness.penalties import GapPenalty  # torch only when it is trained with

        def make(_: Tensor, groups: Tensor | None) -> GapPenalty:
            return GapPenalty(cells(groups), sharpness=options.sharpness, **options.shared)

        return make
