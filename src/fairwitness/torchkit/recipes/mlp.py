"""A multilayer perceptron on a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from torch import Tensor

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.torchkit.encoding import TableEncoding
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.recipes.fitting import fit_classifier
from fairwitness.torchkit.recipes.recipe import NUMBERS, Recipe, TrainOptions
from fairwitness.torchkit.tables import TableNet
from fairwitness.torchkit.training import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class MlpOptions(TrainOptions):
    """What may be set, beside the training itself.

    Attributes:
        hidden: Widths of the hidden layers; empty for logistic regression.
        dropout: Share of hidden units dropped in training, in [0, 1).
    """

    hidden: tuple[int, ...] = (32,)
    dropout: float = 0.1

    def __post_init__(self) -> None:
        TrainOptions.__post_init__(self)
        self.shares("dropout")
        self.widths_of("hidden")


def fit(
    rows: Rows,
    target: NDArray[Any],
    *,
    columns: Sequence[Column],  # numbers and categories
    classes: tuple[str, ...],
    positive: str | None,
    options: MlpOptions | None = None,
    seed: int,
    progress: Progress | None = None,
) -> TorchModel:
    """Train on rows; see `Fit`.

    Raises:
        EncodingError: A feature is text, a date or an image.
        TrainingError: No features, rows without a class, or rows of one class only.
    """
    settings = options or MlpOptions()

    def build(encoding: TableEncoding, inputs: Mapping[str, Tensor], outputs: int) -> TableNet:
        return TableNet.fitted(
            inputs,
            cardinalities=encoding.cardinalities,
            hidden=settings.hidden,
            outputs=outputs,
            dropout=settings.dropout,
        )

    return fit_classifier(
        rows,
        target,
        columns=columns,
        classes=classes,
        positive=positive,
        options=settings,
        seed=seed,
        progress=progress,
        encoding=TableEncoding.fit,
        build=build,
    )


MLP = Recipe(
    name="mlp",
    reads=(NUMBERS | {"category"},),
    words="numbers and categories",
    options=MlpOptions,
    fit=fit,
)
