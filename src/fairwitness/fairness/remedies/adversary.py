"""A second network that tries to tell the group, against which the model learns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from fairwitness.core.remedy import RemedyInfo
from fairwitness.fairness.training_options import Checked, cells

if TYPE_CHECKING:
    from torch import Tensor

    from fairwitness.torchkit.parts.adversary import Adversary as Opponent


@dataclass(frozen=True, slots=True, kw_only=True)
class Opposed(Checked):
    """What may be set.

    Attributes:
        strength: How much the model works against the adversary, at least 0.
        hidden: Width of the adversary's one hidden layer.
        learning_rate: The adversary's, of Adam.
        sees_class: Whether it is told the recorded class: then it presses for equalised odds, else for equal rates.
        layer: Name of an inner layer that it tells the group from; empty: the output.
    """

    strength: float = 1.0
    hidden: int = 32
    learning_rate: float = 1e-2
    sees_class: bool = False
    layer: str = ""

    def __post_init__(self) -> None:
        self.at_least("strength", 0)
        self.whole("hidden")
        self.above_zero("learning_rate")


class Adversary:
    info: ClassVar = RemedyInfo(
        id="fairness.adversary",
        title="Train against a second network that tries to tell the group from the scores",
        does=(
            "Beside the model an adversary learns to tell the group from the scores, or from an inner layer. The model's "
            "gradient loses what would help it, and a step against it is added. The model does not read the group. All "
            "passes are made and the last is kept: no loss says which is best."
        ),
        may_cost=(
            "Accuracy, and steadiness: two networks that learn against each other may swing, so try several seeds. What "
            "this adversary cannot tell, a larger one may."
        ),
        answers=("fairness.selection-rate-gap", "fairness.equalized-odds-gap"),
        acts="adversary",
        tasks=frozenset({"binary", "multi-class"}),
        strength=("strength", (0.1, 0.3, 1.0, 3.0)),
        sources=("Zhang, Lemoine and Mitchell 2018, AIES, https://arxiv.org/abs/1801.07593",),
    )
    Options: ClassVar = Opposed

    def part(self, options: Opposed) -> Callable[[Tensor, Tensor | None], Opponent]:
        from fairwitness.torchkit.parts.adversary import Adversary as Opponent  # torch only when it is trained with
        from fairwitness.torchkit.parts.adversary import rival

        def make(_: Tensor, groups: Tensor | None) -> Opponent:
            return Opponent(
                rival(len(cells(groups)), options.hidden),
                strength=options.strength,
                learning_rate=options.learning_rate,
                sees_target=options.sees_class,
                project=True,
                layer=options.layer,
            )

        return make
