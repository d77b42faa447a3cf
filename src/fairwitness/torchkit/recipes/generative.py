"""What a recipe of a generative model is: no target, one column, and rows to draw from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fairwitness.core.columns import Column, Kind
from fairwitness.core.subject import Rows
from fairwitness.torchkit.generator import TorchGenerator
from fairwitness.torchkit.recipes.options import TrainOptions
from fairwitness.torchkit.recipes.prepared import Training


class FitGenerator(Protocol):
    """Trains on rows. The same seed gives the same weights.

    Raises:
        EncodingError: There is not exactly one column of the kind it reads, or it cannot be read.
        TrainingError: Too few rows, all rows alike, or the training became infinite.
    """

    def __call__(
        self,
        rows: Rows,  # training rows only
        *,
        columns: Sequence[Column],  # the one it learns from
        options: Any = None,  # noqa: ANN401 - the recipe's own, or None for its defaults
        seed: int,
        training: Training | None = None,  # device, folder, units, weights, progress
    ) -> TorchGenerator: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerativeRecipe:
    """A family of generative models.

    Attributes:
        name: As in `[model] train`.
        kind: Of the one column it learns from.
        words: What it reads, for messages.
        options: The dataclass of what may be set.
    """

    name: str
    kind: Kind
    words: str
    options: type[TrainOptions]
    fit: FitGenerator

    def unread(self, columns: Sequence[Column]) -> Mapping[str, str]:
        """Columns it does not learn from, with the reason."""
        return {
            column.name: f"{column.kind}: the {self.name} recipe reads {self.words}"
            for column in columns
            if column.kind != self.kind
        }
