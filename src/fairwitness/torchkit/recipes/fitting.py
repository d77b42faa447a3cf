"""What all recipes share: checks of rows and classes, rows held back, training, and the words about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairwitness.core.columns import Column
from fairwitness.core.digest import generator
from fairwitness.core.subject import Rows
from fairwitness.torchkit.encoding import OwnEncoding
from fairwitness.torchkit.errors import TrainingError
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.modules.net import Net
from fairwitness.torchkit.recipes.recipe import TrainOptions
from fairwitness.torchkit.scores import DecisionRule
from fairwitness.torchkit.training import Progress, Trained, hold_back, seeded, train

HELD_LEAST = 10  # with fewer rows held back, their loss is noise


E = TypeVar("E", bound=OwnEncoding)


def fit_classifier(
    rows: Rows,
    target: NDArray[Any],
    *,
    columns: Sequence[Column],
    classes: tuple[str, ...],
    positive: str | None,
    options: TrainOptions,
    seed: int,
    progress: Progress | None,
    encoding: Callable[[Sequence[Column], Rows], E],  # learns from training rows
    build: Callable[[E, Mapping[str, Tensor], int], Net],  # encoding, its tensors, outputs -> a net, scaled, untrained
) -> TorchModel:
    """Encode, build and train a network that gives one logit for two classes, one a class for more; see `Fit`.

    Raises:
        EncodingError: A column cannot be read.
        TrainingError: No features, rows without a class, or rows of one class only.
    """
    rule = DecisionRule(classes=classes, positive=positive, activation="logits")
    if not columns:
        raise TrainingError.no_features()
    labels = numbered(target, classes)
    encoded = encoding(columns, rows)
    inputs = encoded.encode(rows)
    held = hold_back(labels, options.held, generator(seed, "torchkit", "held"))
    watched = held & enough(held)
    with seeded(seed) as dice:
        net = build(encoded, inputs, 1 if rule.binary else len(classes))
        trained = train(
            net,
            inputs,
            answers(labels, rule),
            held=watched,
            schedule=options.schedule,
            dice=dice,
            progress=progress,
        )
    return TorchModel(
        net,
        encoded,
        rule,
        words=f"{net.words}, trained here",
        source="model trained here",
        notes=(chosen(trained, held, len(rows)),),
    )


def numbered(target: NDArray[Any], classes: tuple[str, ...]) -> NDArray[np.int64]:
    """Classes by number.

    Raises:
        TrainingError: A row has none of them, or all rows have the same.
    """
    place = {name: number for number, name in enumerate(classes)}
    labels = np.array([place.get(name, -1) for name in target], dtype=np.int64)
    if (labels < 0).any():
        raise TrainingError.unlabelled(int((labels < 0).sum()), len(labels))
    if len(np.unique(labels)) < 2:
        raise TrainingError.one_class(classes[labels[0]] if len(labels) else "(none)")
    return labels


def answers(labels: NDArray[np.int64], rule: DecisionRule) -> Tensor:
    """What the logits are held against: the positive class as 1.0 where it alone is scored, else class numbers."""
    numbers = torch.from_numpy(labels)
    return (numbers == rule.classes.index(rule.positive or "")).float() if rule.binary else numbers


def enough(held: NDArray[np.bool_]) -> bool:
    """Whether so many rows are held back that their loss means something."""
    return int(held.sum()) >= HELD_LEAST


def chosen(trained: Trained, held: NDArray[np.bool_], rows: int) -> str:
    """The note on which pass the weights are of, and by what they were chosen."""
    stopped = (
        f"{int(held.sum()):,} of {rows:,} training rows were held back to choose it"
        if enough(held)
        else f"{rows:,} training rows are too few to hold some back, so its training loss chose it"
    )
    return f"The model is that of pass {trained.best} of {trained.epochs} over the training rows: {stopped}."
