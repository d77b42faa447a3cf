"""What may be set of a training, whatever the family."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from fairwitness.torchkit.training import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions:
    """What may be set of any training.

    Attributes:
        epochs: Passes over the training rows, at most.
        batch: Rows a step.
        learning_rate: AdamW's.
        weight_decay: AdamW's, decoupled.
        patience: Passes without progress on the held rows after which training stops.
        held: Share of the training rows held back for early stopping, in [0, 1).
        descent: How the learning rate goes: `constant`, or `cosine` down to 0 over all passes.
        warm_up: Share of all steps over which it rises to its highest, in [0, 1).
    """

    epochs: int = 200
    batch: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    patience: int = 20
    held: float = 0.15
    descent: Literal["constant", "cosine"] = "constant"
    warm_up: float = 0.0

    def __post_init__(self) -> None:
        self.at_least_one("epochs", "batch", "patience")
        self.shares("held", "warm_up")
        self.one_of("descent", "constant", "cosine")
        if not (0 < self.learning_rate < math.inf and 0 <= self.weight_decay < math.inf):
            raise ValueError("learning_rate must be above 0 and weight_decay at least 0, both finite")

    def at_least_one(self, *names: str) -> None:
        """Refuse options that are not whole numbers of at least 1."""
        for name in names:
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} is {value}; it must be a whole number of at least 1")

    def shares(self, *names: str) -> None:
        """Refuse options that are not in [0, 1)."""
        for name in names:
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 0 and below 1")

    def one_of(self, name: str, *words: str) -> None:
        """Refuse an option that is none of these words."""
        if getattr(self, name) not in words:
            raise ValueError(f"{name} is {getattr(self, name)!r}; it must be {' or '.join(repr(w) for w in words)}")

    def widths_of(self, name: str) -> None:
        """Refuse an option that is no tuple of widths."""
        value: object = getattr(self, name)  # from a config it may be anything
        if not isinstance(value, tuple) or any(not isinstance(width, int) or width < 1 for width in value):
            raise ValueError(f"{name} is {value!r}; give the widths of the layers in brackets, such as [64, 32]")

    @property
    def schedule(self) -> Schedule:
        return Schedule(
            epochs=self.epochs,
            batch=self.batch,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            patience=self.patience,
            descent=self.descent,
            warm_up=self.warm_up,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierOptions(TrainOptions):
    """What may be set of the training of a classifier.

    Attributes:
        class_weights: `none`, or `balanced`: rows of a rare class count for more, so that all classes weigh the same in
            sum. Scores are then no longer probabilities of the classes as often as they occur.
    """

    class_weights: Literal["none", "balanced"] = "none"

    def __post_init__(self) -> None:
        TrainOptions.__post_init__(self)
        self.one_of("class_weights", "none", "balanced")
