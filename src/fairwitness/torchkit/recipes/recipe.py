"""What a recipe is: which columns it reads, what may be set, and how it makes a model of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

from fairwitness.core.columns import NUMERIC, Column, Kind
from fairwitness.core.subject import Rows
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.training import Progress, Schedule

NUMBERS: frozenset[Kind] = NUMERIC


class Fit(Protocol):
    """Trains on rows, holding back some of them for early stopping. The same seed gives the same weights.

    Raises:
        EncodingError: A column cannot be read.
        TrainingError: No features, rows without a class, or rows of one class only.
    """

    def __call__(
        self,
        rows: Rows,  # training rows only
        target: NDArray[Any],  # (n,) class of each row, as text
        *,
        columns: Sequence[Column],  # the features: exactly those that may be read
        classes: tuple[str, ...],  # in the order of the outputs
        positive: str | None,  # the event to score, where there are two classes
        options: Any = None,  # noqa: ANN401 - the recipe's own, or None for its defaults
        seed: int,
        progress: Progress | None = None,  # told after each pass how many are done, and of how many
    ) -> TorchModel: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A family of models.

    Attributes:
        name: As in `[model] train`.
        reads: Kinds of column it can read, in alternatives: the first of which the data has a column is read, and
            columns of other kinds are left out.
        words: What it reads, for messages.
        options: The dataclass of what may be set.
        saves: Whether its models can be saved and loaded again without the user's code.
    """

    name: str
    reads: tuple[frozenset[Kind], ...]
    words: str
    options: type[TrainOptions]
    fit: Fit
    saves: bool = True

    def unread(self, columns: Sequence[Column], options: Any) -> Mapping[str, str]:  # noqa: ANN401, ARG002 - its own
        """Columns it cannot read beside the others, with the reason."""
        have = {column.kind for column in columns}
        kinds: frozenset[Kind] = next((kinds for kinds in self.reads if kinds & have), frozenset())
        return {
            column.name: f"{column.kind}: the {self.name} recipe reads {self.words}"
            for column in columns
            if column.kind not in kinds
        }

    def depends(self, options: Any) -> str:  # noqa: ANN401, ARG002 - its own options
        """Digest of what the model is made from beside rows and options."""
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions:
    """What may be set of any training.

    Attributes:
        epochs: Passes over the training rows, at most.
        batch: Rows a step.
        learning_rate: AdamW's.
        weight_decay: AdamW's, decoupled.
        patience: Passes without progress on the held rows after which training stops.
        held: Share of the training rows held back for early stopping, in [0, 1).
        descent: How the learning rate goes: `constant`, or `cosine` down to 0 over all passes.
        warm_up: Share of all steps over which it rises to its highest, in [0, 1).
    """

    epochs: int = 200
    batch: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    patience: int = 20
    held: float = 0.15
    descent: Literal["constant", "cosine"] = "constant"
    warm_up: float = 0.0

    def __post_init__(self) -> None:
        self.at_least_one("epochs", "batch", "patience")
        self.shares("held", "warm_up")
        if self.descent not in {"constant", "cosine"}:
            raise ValueError(f"descent is {self.descent!r}; it must be 'constant' or 'cosine'")
        if not self.learning_rate > 0 or self.weight_decay < 0:
            raise ValueError("learning_rate must be above 0 and weight_decay at least 0")

    def at_least_one(self, *names: str) -> None:
        """Refuse options that are not whole numbers of at least 1."""
        for name in names:
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} is {value}; it must be a whole number of at least 1")

    def shares(self, *names: str) -> None:
        """Refuse options that are not in [0, 1)."""
        for name in names:
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 0 and below 1")

    def widths_of(self, name: str) -> None:
        """Refuse an option that is no tuple of widths."""
        value: object = getattr(self, name)  # from a config it may be anything
        if not isinstance(value, tuple) or any(not isinstance(width, int) or width < 1 for width in value):
            raise ValueError(f"{name} is {value!r}; give the widths of the layers in brackets, such as [64, 32]")

    @property
    def schedule(self) -> Schedule:
        return Schedule(
            epochs=self.epochs,
            batch=self.batch,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            patience=self.patience,
            descent=self.descent,
            warm_up=self.warm_up,
        )
