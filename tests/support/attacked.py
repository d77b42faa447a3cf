"""Subjects small enough to attack in a second: tables and pictures with a network whose faults are planted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.scores import DecisionRule
from fairwitness.torchkit.user_encoding import PlainEncoding

YES_NO = ("no", "yes")


def rows_of(columns: Mapping[str, NDArray[Any]], media: Mapping[str, NDArray[Any]] | None = None) -> Rows:
    count = len(next(iter({**columns, **(media or {})}.values())))
    return Rows(ids=np.arange(count), columns=dict(columns), media=dict(media or {}))


def numbers(rng: np.random.Generator, n: int, names: str = "abcdef") -> tuple[tuple[Column, ...], Rows]:
    """Numbers in [0, 1], declared so."""
    declared = tuple(Column(name=name, kind="number", low=0.0, high=1.0) for name in names)
    return declared, rows_of({name: rng.random(n) for name in names})


def model_of(
    module: nn.Module, columns: tuple[Column, ...], rows: Rows, classes: tuple[str, ...] = YES_NO
) -> TorchModel:
    """A torch module as the deployed model."""
    encoding = PlainEncoding.of(columns, dtype=torch.float32, source="test")
    positive = "yes" if classes == YES_NO else None
    rule = DecisionRule(classes=classes, positive=positive, activation="logits")
    made = TorchModel(module.eval(), encoding, rule, words="planted")
    made.probe(rows)
    return made


class Linear(nn.Module):
    """One logit, w.x + b."""

    def __init__(self, weights: NDArray[np.float64], bias: float) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.tensor(weights, dtype=torch.float32))
        self.bias = nn.Parameter(torch.tensor(bias, dtype=torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = x @ self.weights + self.bias
        return made


class Quantised(nn.Module):
    """A network that rounds what it reads: its gradient is zero nearly everywhere, and it is no firmer for it."""

    def __init__(self, inner: nn.Module, levels: int = 64) -> None:
        super().__init__()
        self.inner, self.levels = inner, levels

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.inner((x * self.levels).round() / self.levels)
        return made


def recorded_by(model: TorchModel, rows: Rows) -> NDArray[np.int64]:
    """What the model decides, as what is recorded: every decision is right."""
    decided = model.outputs(rows).decisions
    return np.array(
        [model.rule.classes.index(each) for each in (decided if decided is not None else ())], dtype=np.int64
    )
