"""A bound on the gap between groups' decisions, kept in training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from fairwitness.core.remedy import RemedyInfo
from fairwitness.fairness.training_options import Checked, cells

if TYPE_CHECKING:
    from torch import Tensor

    from fairwitness.fairness.constraint import Constraint


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound(Checked):
    """What may be set.

    Attributes:
        of: Which rates: `parity`, of decisions; `opportunity`, true positive rates; `odds`, in each recorded class.
        tolerance: The widest gap allowed between two groups, in [0, 1).
        rate: How fast multipliers rise, above 0.
        highest: The highest a multiplier may get, above 0.
        sharpness: Logits are multiplied by it before scores stand in for decisions.
        memory: How much of the running rates of groups stays from step to step, in [0, 1); more for smaller batches.
        fewest: Groups with fewer training rows (where rates by class are compared: fewer in a class) are left out.
    """

    of: Literal["parity", "opportunity", "odds"] = "parity"
    tolerance: float = 0.02
    rate: float = 0.02
    highest: float = 1.0
    sharpness: float = 2.0
    memory: float = 0.97
    fewest: int = 30

    def __post_init__(self) -> None:
        self.one_of("of", "parity", "opportunity", "odds")
        self.share("tolerance")
        self.share("memory")
        for name in ("rate", "highest", "sharpness"):
            self.above_zero(name)
        self.whole("fewest")


class Constrain:
    info: ClassVar = RemedyInfo(
        id="fairness.constrain",
        title="Train under a bound on the gap between groups' decisions",
        does=(
            "Each group's rate of decisions may lie so far from the mean over groups that no two are further apart than "
            "the tolerance. What breaks a bound is added to the loss, times a multiplier that rises until the bound is "
            "kept: no more accuracy is paid than it takes. The model does not read the group."
        ),
        may_cost=(
            "Accuracy, where the groups' outcomes differ. The bound holds on training rows, about: on others the gap may "
            "be wider, so ask for less than is needed. Other criteria may get worse."
        ),
        answers=(
            "fairness.selection-rate-gap",
            "fairness.impact-ratio",
            "fairness.equalized-odds-gap",
            "fairness.true-positive-rate-gap",
        ),
        acts="batch",
        strength=("tolerance", (0.10, 0.05, 0.02, 0.0)),
        sources=("Cotter and others 2019, JMLR 20(172), https://jmlr.org/papers/v20/18-616.html",),
    )
    Options: ClassVar = Bound

    def part(self, options: Bound) -> Callable[[Tensor, Tensor | None], Constraint]:
        from fairwitness.fairness.constraint import Constraint  # torch only when it is trained with

        def make(target: Tensor, groups: Tensor | None) -> Constraint:
            counts = cells(groups) if options.of == "parity" else cells(groups, target)
            return Constraint(
                counts[:, [1]] if options.of == "opportunity" else counts,
                tolerance=options.tolerance,
                rate=options.rate,
                highest=options.highest,
                by_class=options.of == "odds",
                among=1 if options.of == "opportunity" else None,
                sharpness=options.sharpness,
                memory=options.memory,
                fewest=options.fewest,
            )

        return make
