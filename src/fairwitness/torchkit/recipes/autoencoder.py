"""An autoencoder of normal rows: what does not come back well is an anomaly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairwitness.core.columns import Column
from fairwitness.core.digest import generator
from fairwitness.core.subject import Rows
from fairwitness.torchkit.encoding_series import SeriesEncoding
from fairwitness.torchkit.errors import TrainingError
from fairwitness.torchkit.layers import reading
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.modules.autoencoder import Autoencoder, AutoencoderShape
from fairwitness.torchkit.recipes.fitting import chosen, enough
from fairwitness.torchkit.recipes.recipe import NUMBERS, Recipe, TrainOptions
from fairwitness.torchkit.scores import DecisionRule
from fairwitness.torchkit.training import Progress, hold_back, seeded, train

MARKS_MOST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoencoderOptions(TrainOptions):
    """What may be set, beside the training itself.

    Attributes:
        hidden: Widths of the layers down to the narrowest.
        flagged: Share of normal rows that may be flagged, in (0, 1): rows less like the others are anomalies.
    """

    epochs: int = 60
    patience: int = 10
    batch: int = 64
    held: float = 0.25
    hidden: tuple[int, ...] = (16, 2)
    flagged: float = 0.01

    def __post_init__(self) -> None:
        TrainOptions.__post_init__(self)
        self.widths_of("hidden")
        if not self.hidden:
            raise ValueError("hidden is empty; give the widths down to the narrowest layer, such as [16, 2]")
        if not 0 < self.flagged < 1:
            raise ValueError(f"flagged is {self.flagged}; it must be above 0 and below 1")


def fit(
    rows: Rows,
    target: NDArray[Any],
    *,
    columns: Sequence[Column],  # two and more of numbers, or one of series
    classes: tuple[str, ...],
    positive: str | None,  # the anomaly; rows recorded as one are not trained on
    options: AutoencoderOptions | None = None,
    seed: int,
    progress: Progress | None = None,
) -> TorchModel:
    """Train on the rows that are not recorded as anomalies; see `Fit`.

    Raises:
        EncodingError: The columns are no numbers and no series.
        TrainingError: No features, not two classes with a positive one, or no row of the other class.
    """
    settings = options or AutoencoderOptions()
    rule = DecisionRule(classes=classes, positive=positive, activation="probabilities", threshold=1 - settings.flagged)
    if not rule.binary:
        raise TrainingError.no_anomaly(classes)
    if not columns:
        raise TrainingError.no_features()
    normal = rows.where(np.array([name != positive for name in target], dtype=bool))
    if not len(normal):
        raise TrainingError.one_class(str(positive))
    encoding = SeriesEncoding.fit(columns, normal)
    inputs = encoding.encode(normal)
    held = hold_back(np.zeros(len(normal), dtype=np.int64), settings.held, generator(seed, "torchkit", "held"))
    apart = held if enough(held) else ~held
    with seeded(seed) as dice:
        shape = AutoencoderShape(
            values=encoding.steps * encoding.dimensions,
            hidden=settings.hidden,
            marks=min(int(apart.sum()), MARKS_MOST),
        )
        net = Autoencoder(shape)
        net.core.scaling.fit(inputs["sequence"].flatten(1))
        trained = train(
            net.core,
            inputs,
            torch.zeros(len(normal)),
            held=held & enough(held),
            schedule=settings.schedule,
            dice=dice,
            progress=progress,
            losses=_as_is,
        )
        with reading(net):
            net.calibrate(net.core(inputs["sequence"][torch.from_numpy(apart)]))
    seen = "held back" if enough(held) else "it was trained on"
    meaning = (
        f"It has learned rows that are not {positive!r}; {len(rows) - len(normal):,} train rows that are were left out. "
        f"A score is about the share of {int(apart.sum()):,} such rows {seen} that come back with a smaller error; "
        f"{settings.flagged:.2%} of them are flagged."
    )
    return TorchModel(
        net,
        encoding,
        rule,
        words=f"{net.words}, trained here",
        source="model trained here",
        notes=(chosen(trained, held, len(normal)), meaning),
    )


def _as_is(errors: Tensor, _: Tensor) -> Tensor:
    return errors


AUTOENCODER = Recipe(
    name="autoencoder",
    reads=(frozenset({"series"}), NUMBERS),
    words="one column of series, or two and more of numbers",
    options=AutoencoderOptions,
    fit=fit,
)
