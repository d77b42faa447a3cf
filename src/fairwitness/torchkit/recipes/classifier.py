"""What the recipes of classifiers share: checks of rows and classes, and the network's outputs and answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.torchkit.encoding import OwnEncoding
from fairwitness.torchkit.errors import TrainingError
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.modules.net import Net
from fairwitness.torchkit.parts.weights import ClassWeights
from fairwitness.torchkit.recipes.options import ClassifierOptions
from fairwitness.torchkit.recipes.prepared import MakePart, Prepared
from fairwitness.torchkit.scores import DecisionRule

E = TypeVar("E", bound=OwnEncoding)

Build = Callable[[Mapping[str, Tensor]], Net]
"""The inputs that scaling is fitted to, to an untrained network."""


def prepare_classifier(
    rows: Rows,
    target: NDArray[Any],
    *,
    columns: Sequence[Column],
    classes: tuple[str, ...],
    positive: str | None,
    options: ClassifierOptions,
    encoding: Callable[[Sequence[Column], Rows], E],  # learns from training rows
    network: Callable[
        [E, Mapping[str, Tensor], int], Build
    ],  # for all inputs, on which its shape is settled, and outputs
    notes: Callable[[Net], tuple[str, ...]] = lambda _: (),  # on the trained network
) -> Prepared:
    """Rows for a network that gives one logit for two classes, one a class for more; see `Prepare`.

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

    def finish(module: Any, _: NDArray[np.bool_]) -> TorchModel:  # noqa: ANN401 - what `build` gave
        return TorchModel(
            module,
            encoded,
            rule,
            words=f"{module.words}, trained here",
            source="model trained here",
            notes=notes(module),
        )

    return Prepared(
        inputs=inputs,
        target=answers(labels, rule),
        labels=labels,
        build=network(encoded, inputs, 1 if rule.binary else len(classes)),
        finish=finish,
        parts=class_weights(options),
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


def class_weights(options: ClassifierOptions) -> tuple[MakePart, ...]:
    """The part that the option asks for, if it does."""
    return (lambda target, _: ClassWeights.balanced(target),) if options.class_weights == "balanced" else ()
