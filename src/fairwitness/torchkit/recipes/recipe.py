"""What a recipe is: which columns it reads, what may be set, and how it makes models of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import NUMERIC, Column, Kind
from fairwitness.core.subject import Rows
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.recipes.options import TrainOptions
from fairwitness.torchkit.recipes.prepared import Prepared, Training

NUMBERS: frozenset[Kind] = NUMERIC


class Prepare(Protocol):
    """Makes rows ready for training, and trains nothing.

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
        options: Any,  # noqa: ANN401 - the recipe's own
    ) -> Prepared: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A family of models.

    Attributes:
        name: As in `[model] train`.
        reads: Kinds of column it can read, in alternatives: the first of which the data has a column is read, and
            columns of other kinds are left out.
        words: What it reads, for messages.
        options: The dataclass of what may be set.
        prepare: Encodes rows and says how a network for them is built.
        saves: Whether its models can be saved and loaded again without the user's code.
    """

    name: str
    reads: tuple[frozenset[Kind], ...]
    words: str
    options: type[TrainOptions]
    prepare: Prepare
    saves: bool = True

    def fit(
        self,
        rows: Rows,  # training rows only
        target: NDArray[Any],  # (n,) class of each row, as text
        *,
        columns: Sequence[Column],
        classes: tuple[str, ...],
        positive: str | None,
        options: Any = None,  # noqa: ANN401 - its own, or None for its defaults
        seed: int,
        training: Training | None = None,
    ) -> TorchModel:
        """Train on rows, holding back some of them for early stopping. The same seed gives the same weights.

        Raises:
            EncodingError: A column cannot be read.
            TrainingError: No features, rows without a class, rows of one class only, or the loss became infinite.
            ConflictError: Two parts of the training cannot be combined honestly.
        """
        settings = options or self.options()
        ready = self.prepare(rows, target, columns=columns, classes=classes, positive=positive, options=settings)
        return ready.fit(settings, seed=seed, training=training or Training())

    def fit_many(
        self,
        rows: Rows,
        target: NDArray[Any],
        *,
        columns: Sequence[Column],
        classes: tuple[str, ...],
        positive: str | None,
        options: Any = None,  # noqa: ANN401 - its own, or None for its defaults
        seeds: Sequence[int],  # m
        learn: NDArray[np.bool_] | None = None,  # (m, n) which rows each may see; None: all
        training: Training | None = None,
    ) -> tuple[TorchModel, ...]:
        """Train m models together: an ensemble over seeds, one a fold, shadow models. See `Prepared.fit_many`.

        Raises:
            EncodingError: A column cannot be read.
            TrainingError: No features, rows without a class, rows of one class only, or a loss became infinite.
            ConflictError: Two parts of the training cannot be combined honestly.
        """
        settings = options or self.options()
        ready = self.prepare(rows, target, columns=columns, classes=classes, positive=positive, options=settings)
        return ready.fit_many(settings, seeds=seeds, learn=learn, training=training or Training())

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
