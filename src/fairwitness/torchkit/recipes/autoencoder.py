"""An autoencoder of normal rows: what does not come back well is an anomaly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.torchkit.encoding_series import SeriesEncoding
from fairwitness.torchkit.errors import TrainingError
from fairwitness.torchkit.layers import reading
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.modules.autoencoder import Autoencoder, Reconstruction
from fairwitness.torchkit.recipes.options import TrainOptions
from fairwitness.torchkit.recipes.prepared import Prepared
from fairwitness.torchkit.recipes.recipe import NUMBERS, Recipe
from fairwitness.torchkit.scores import DecisionRule

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


def prepare(
    rows: Rows,
    target: NDArray[Any],
    *,
    columns: Sequence[Column],  # two and more of numbers, or one of series
    classes: tuple[str, ...],
    positive: str | None,  # the anomaly; rows recorded as one are not trained on
    options: AutoencoderOptions,
) -> Prepared:
    """The rows that are not recorded as anomalies; see `Prepare`.

    Raises:
        EncodingError: The columns are no numbers and no series.
        TrainingError: No features, not two classes with a positive one, or no row of the other class.
    """
    rule = DecisionRule(classes=classes, positive=positive, activation="probabilities", threshold=1 - options.flagged)
    if not rule.binary:
        raise TrainingError.no_anomaly(classes)
    if not columns:
        raise TrainingError.no_features()
    used = np.array([name != positive for name in target], dtype=bool)
    normal = rows.where(used)
    if not len(normal):
        raise TrainingError.one_class(str(positive))
    encoding = SeriesEncoding.fit(columns, normal)
    inputs = encoding.encode(normal)
    values = encoding.steps * encoding.dimensions

    def build(some: Mapping[str, Tensor]) -> Reconstruction:
        core = Reconstruction(values, options.hidden)
        core.scaling.fit(some["sequence"].flatten(1))
        return core

    def finish(core: Any, held: NDArray[np.bool_]) -> TorchModel:  # noqa: ANN401 - what `build` gave
        apart = held if held.any() else ~held
        with reading(core):
            errors = core(inputs["sequence"][torch.from_numpy(apart)])
        net = Autoencoder.around(core, errors, most=MARKS_MOST)
        seen = "held back" if held.any() else "it was trained on"
        meaning = (
            f"It has learned rows that are not {positive!r}; {len(rows) - len(normal):,} train rows that are were left "
            f"out. A score is about the share of {len(errors):,} such rows {seen} that come back with a smaller error; "
            f"{options.flagged:.2%} of them are flagged."
        )
        words = f"{net.words}, trained here"
        return TorchModel(net, encoding, rule, words=words, source="model trained here", notes=(meaning,))

    return Prepared(
        inputs=inputs,
        target=torch.zeros(len(normal)),
        labels=np.zeros(len(normal), dtype=np.int64),
        build=build,
        finish=finish,
        losses=_as_is,
        used=used,
    )


def _as_is(errors: Tensor, _: Tensor) -> Tensor:
    return errors


AUTOENCODER = Recipe(
    name="autoencoder",
    reads=(frozenset({"series"}), NUMBERS),
    words="one column of series, or two and more of numbers",
    options=AutoencoderOptions,
    prepare=prepare,
)
