"""Scores of all groups drawn together in training, among rows of one recorded class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from fairwitness.core.remedy import RemedyInfo
from fairwitness.fairness.training_options import GapOptions, cells

if TYPE_CHECKING:
    from torch import Tensor

    from fairwitness.fairness.penalties import GapPenalty


@dataclass(frozen=True, slots=True, kw_only=True)
class OneClass(GapOptions):
    """What may be set.

    Attributes:
        among: Whose scores are to be alike: `positive`, rows of the positive class, for alike true positive rates; or
            `negative`, the others, for alike false positive rates.
    """

    among: Literal["positive", "negative"] = "positive"

    def __post_init__(self) -> None:
        GapOptions.__post_init__(self)
        self.one_of("among", "positive", "negative")


class OpportunityPenalty:
    info: ClassVar = RemedyInfo(
        id="fairness.opportunity-penalty",
        title="Train with a penalty on the gap between groups' scores among rows of one class",
        does=(
            "The squared gap between two groups' mean scores among rows recorded as positive (or as negative), on average "
            "over pairs of groups, is added to the loss: it presses for equal opportunity. Means run on from step to "
            "step. The model does not read the group."
        ),
        may_cost=(
            "Some accuracy; and the rates of the other class, which are not looked at, may move apart. Where recorded "
            "classes are themselves biased, errors are evened out against a wrong truth."
        ),
        answers=("fairness.true-positive-rate-gap", "fairness.false-positive-rate-gap"),
        acts="batch",
        strength=("strength", (0.3, 1.0, 3.0, 10.0, 30.0)),
        sources=(
            "Hardt, Price and Srebro 2016, NeurIPS, https://arxiv.org/abs/1610.02413",
            "Han and others 2024, ICLR (FFB), https://arxiv.org/abs/2306.09468",
        ),
    )
    Options: ClassVar = OneClass

    def part(self, options: OneClass) -> Callable[[Tensor, Tensor | None], GapPenalty]:
        from fairwitness.fairness.penalties import GapPenalty  # torch only when it is trained with

        among = int(options.among == "positive")

        def make(target: Tensor, groups: Tensor | None) -> GapPenalty:
            counts = cells(groups, target)[:, [among]]
            return GapPenalty(counts, among=among, sharpness=options.sharpness, **options.shared)

        return make
