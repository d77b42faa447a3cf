"""Distributions of scores drawn together in training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from fairwitness.core.remedy import RemedyInfo
from fairwitness.fairness.training_options import Checked, cells

if TYPE_CHECKING:
    from torch import Tensor

    from fairwitness.fairness import min_diff


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn(Checked):
    """What may be set.

    Attributes:
        strength: What the discrepancy is multiplied by before it is added to the loss, at least 0.
        among: Whose scores: `negative`, rows not of the positive class, for alike false positive rates at any threshold;
            `positive`, for alike true positive rates; `each`, within each class; `all`, for alike rates of decisions.
        bandwidth: Of the Gaussian kernel, in units of the logit, above 0.
        remembers: Rows of the last steps that those of a step are compared with too.
        fewest: Groups with fewer training rows (where it is by class: fewer in a class) are left out.
    """

    strength: float = 3.0
    among: Literal["negative", "positive", "each", "all"] = "each"
    bandwidth: float = 1.0
    remembers: int = 256
    fewest: int = 30

    def __post_init__(self) -> None:
        self.at_least("strength", 0)
        self.one_of("among", "negative", "positive", "each", "all")
        self.above_zero("bandwidth")
        self.whole("remembers", 0)
        self.whole("fewest")


class MinDiff:
    info: ClassVar = RemedyInfo(
        id="fairness.min-diff",
        title="Train with a penalty on the difference between groups' whole distributions of scores",
        does=(
            "The maximum mean discrepancy between two groups' logits, within each recorded class or one of them, is added "
            "to the loss: rates then agree at any threshold, not only at the one in force. The model does not read the "
            "group."
        ),
        may_cost=(
            "Accuracy; scores of a group no longer say how often the event happens in it; and time, with the square of "
            "the rows of a step."
        ),
        answers=(
            "fairness.false-positive-rate-gap",
            "fairness.true-positive-rate-gap",
            "fairness.equalized-odds-gap",
        ),
        acts="batch",
        strength=("strength", (0.3, 1.0, 3.0, 10.0)),
        sources=(
            "Prost and others 2019, https://arxiv.org/abs/1910.11779",
            "Gretton and others 2012, JMLR 13(25):723-773",
        ),
    )
    Options: ClassVar = Drawn

    def part(self, options: Drawn) -> Callable[[Tensor, Tensor | None], min_diff.MinDiff]:
        from fairwitness.fairness import min_diff  # torch only when it is trained with

        among = {"negative": 0, "positive": 1}.get(options.among)

        def make(target: Tensor, groups: Tensor | None) -> min_diff.MinDiff:
            counts = cells(groups) if options.among == "all" else cells(groups, target)
            return min_diff.MinDiff(
                counts if among is None else counts[:, [among]],
                strength=options.strength,
                bandwidth=options.bandwidth,
                by_class=options.among == "each",
                among=among,
                remembers=options.remembers,
                fewest=options.fewest,
            )

        return make
