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
from fairwitness.torchkit.recipes.classifier import Build, prepare_classifier
from fairwitness.torchkit.recipes.options import ClassifierOptions
from fairwitness.torchkit.recipes.prepared import Prepared
from fairwitness.torchkit.recipes.recipe import NUMBERS, Recipe
from fairwitness.torchkit.tables import TableNet, TableShape


@dataclass(frozen=True, slots=True, kw_only=True)
class MlpOptions(ClassifierOptions):
    """What may be set, beside the training itself.

    Attributes:
        hidden: Widths of the hidden layers; empty for logistic regression.
        dropout: Share of hidden units dropped in training, in [0, 1).
    """

    hidden: tuple[int, ...] = (32,)
    dropout: float = 0.1

    def __post_init__(self) -> None:
        ClassifierOptions.__post_init__(self)
        self.shares("dropout")
        self.widths_of("hidden")


def prepare(
    rows: Rows,
    target: NDArray[Any],
    *,
    columns: Sequence[Column],  # numbers and categories
    classes: tuple[str, ...],
    positive: str | None,
    options: MlpOptions,
) -> Prepared:
    """Rows for a perceptron; see `Prepare`.

    Raises:
        EncodingError: A feature is text, a date or an image.
        TrainingError: No features, rows without a class, or rows of one class only.
    """

    def network(encoding: TableEncoding, inputs: Mapping[str, Tensor], outputs: int) -> Build:
        shape = TableShape.of(
            inputs,
            cardinalities=encoding.cardinalities,
            hidden=options.hidden,
            outputs=outputs,
            dropout=options.dropout,
        )
        return lambda some: TableNet.scaled(shape, some["numbers"])

    return prepare_classifier(
        rows,
        target,
        columns=columns,
        classes=classes,
        positive=positive,
        options=options,
        encoding=TableEncoding.fit,
        network=network,
    )


MLP = Recipe(
    name="mlp",
    reads=(NUMBERS | {"category"},),
    words="numbers and categories",
    options=MlpOptions,
    prepare=prepare,
)
