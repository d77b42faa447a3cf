"""A multilayer perceptron on a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.digest import generator
from fairwitness.core.subject import Rows
from fairwitness.torchkit.encoding import TableEncoding
from fairwitness.torchkit.errors import TrainingError
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.scores import DecisionRule
from fairwitness.torchkit.tables import TableNet
from fairwitness.torchkit.training import Progress, Schedule, hold_back, seeded, train

HELD_LEAST = 10  # with fewer rows held back, their loss is noise


@dataclass(frozen=True, slots=True, kw_only=True)
class MlpOptions:
    """What may be set.

    Attributes:
        hidden: Widths of the hidden layers; empty for logistic regression.
        epochs: Passes over the training rows, at most.
        batch: Rows a step.
        learning_rate: AdamW's.
        weight_decay: AdamW's, decoupled.
        dropout: Share of hidden units dropped in training, in [0, 1).
        patience: Passes without progress on the held rows after which training stops.
        held: Share of the training rows held back for early stopping, in [0, 1).
    """

    hidden: tuple[int, ...] = (32,)
    epochs: int = 200
    batch: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    dropout: float = 0.1
    patience: int = 20
    held: float = 0.15

    def __post_init__(self) -> None:
        for name in ("epochs", "batch", "patience"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        for name in ("dropout", "held"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 0 and below 1")
        if not self.learning_rate > 0 or self.weight_decay < 0:
            raise ValueError("learning_rate must be above 0 and weight_decay at least 0")
        hidden: object = self.hidden  # from a config it may be anything
        if not isinstance(hidden, tuple) or any(not isinstance(width, int) or width < 1 for width in hidden):
            raise ValueError(f"hidden is {hidden!r}; give the widths of the layers in brackets, such as [64, 32]")


def fit(
    rows: Rows,  # training rows only
    target: NDArray[Any],  # (n,) class of each row, as text
    *,
    columns: Sequence[Column],  # the features: exactly those that may be read, numbers and categories
    classes: tuple[str, ...],  # in the order of the outputs
    positive: str | None,  # the event to score, where there are two classes
    options: MlpOptions | None = None,
    seed: int,
    progress: Progress | None = None,  # told after each pass how many are done, and of how many
) -> TorchModel:
    """Train on rows, holding back some of them for early stopping. The same seed gives the same weights.

    Raises:
        EncodingError: A feature is text, a date or an image.
        TrainingError: No features, rows without a class, or rows of one class only.
    """
    options = options or MlpOptions()
    rule = DecisionRule(classes=classes, positive=positive, activation="logits")
    if not columns:
        raise TrainingError.no_features()
    labels = _labels(target, classes)
    encoding = TableEncoding.fit(columns, rows)
    inputs = encoding.encode(rows)
    held = hold_back(labels, options.held, generator(seed, "torchkit", "held"))
    early = int(held.sum()) >= HELD_LEAST
    answers = torch.from_numpy(labels)
    if rule.binary:
        answers = (answers == classes.index(positive or "")).float()
    with seeded(seed) as dice:
        net = TableNet.fitted(
            inputs,
            cardinalities=encoding.cardinalities,
            hidden=options.hidden,
            outputs=1 if rule.binary else len(classes),
            dropout=options.dropout,
        )
        trained = train(
            net,
            inputs,
            answers,
            held=held & early,
            schedule=Schedule(
                epochs=options.epochs,
                batch=options.batch,
                learning_rate=options.learning_rate,
                weight_decay=options.weight_decay,
                patience=options.patience,
            ),
            dice=dice,
            progress=progress,
        )
    stopped = (
        f"{int(held.sum()):,} of {len(rows):,} training rows were held back to choose it"
        if early
        else f"{len(rows):,} training rows are too few to hold some back, so its training loss chose it"
    )
    return TorchModel(
        net,
        encoding,
        rule,
        words=f"{net.words}, trained here",
        source="model trained here",
        notes=(f"The model is that of pass {trained.best} of {trained.epochs} over the training rows: {stopped}.",),
    )


def _labels(target: NDArray[Any], classes: tuple[str, ...]) -> NDArray[np.int64]:
    place = {name: number for number, name in enumerate(classes)}
    labels = np.array([place.get(name, -1) for name in target], dtype=np.int64)
    if (labels < 0).any():
        raise TrainingError.unlabelled(int((labels < 0).sum()), len(labels))
    if len(np.unique(labels)) < 2:
        raise TrainingError.one_class(classes[labels[0]] if len(labels) else "(none)")
    return labels
