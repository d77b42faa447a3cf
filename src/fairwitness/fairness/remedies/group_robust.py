"""The loss of the group that is worst off, in place of the mean loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from fairwitness.core.remedy import RemedyInfo
from fairwitness.fairness.training_options import Checked, cells

if TYPE_CHECKING:
    from torch import Tensor

    from fairwitness.fairness import group_robust


@dataclass(frozen=True, slots=True, kw_only=True)
class Robust(Checked):
    """What may be set.

    Attributes:
        rate: How fast weight goes to groups of high loss, at least 0.
        by_class: Whether the groups are cells of group and recorded class, or the groups alone.
        adjustment: Added to a group's loss, divided by the root of its rows: more for small groups, which are overfitted.
        memory: How much of the running losses of groups stays from step to step, in [0, 1); more for smaller batches.
        fewest: Groups (or cells of group and class) with fewer training rows are left out.
    """

    rate: float = 0.01
    by_class: bool = True
    adjustment: float = 0.0
    memory: float = 0.9
    fewest: int = 30

    def __post_init__(self) -> None:
        self.at_least("rate", 0)
        self.at_least("adjustment", 0)
        self.share("memory")
        self.whole("fewest")


class GroupRobust:
    info: ClassVar = RemedyInfo(
        id="fairness.group-robust",
        title="Train for the group that is worst off",
        does=(
            "In place of the mean loss over rows stands that of groups, or of cells of group and recorded class, by "
            "weights that grow with each one's loss. The model does not read the group."
        ),
        may_cost=(
            "Accuracy over all, since large groups count for no more than small ones. Small groups are learned by heart "
            "unless the model is kept small, or weights decay (Sagawa and others 2020)."
        ),
        answers=("fairness.accuracy-gap", "fairness.true-positive-rate-gap", "fairness.equalized-odds-gap"),
        acts="batch",
        tasks=frozenset({"binary", "multi-class"}),
        strength=("rate", (0.003, 0.01, 0.03, 0.1)),
        sources=("Sagawa and others 2020, ICLR, https://arxiv.org/abs/1911.08731",),
    )
    Options: ClassVar = Robust

    def part(self, options: Robust) -> Callable[[Tensor, Tensor | None], group_robust.GroupRobust]:
        from fairwitness.fairness import group_robust  # torch only when it is trained with

        def make(target: Tensor, groups: Tensor | None) -> group_robust.GroupRobust:
            return group_robust.GroupRobust(
                cells(groups, target if options.by_class else None),
                rate=options.rate,
                adjustment=options.adjustment,
                memory=options.memory,
                fewest=options.fewest,
            )

        return make
