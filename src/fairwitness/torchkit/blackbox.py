"""A callable as the deployed model, of any make: it is asked, never looked into. Needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.errors import UserError
from fairwitness.core.subject import Layer, Outputs, Rows
from fairwitness.torchkit.errors import OutputError
from fairwitness.torchkit.frames import batches, cut, require, rows_frame
from fairwitness.torchkit.scores import Activation, DecisionRule

PROBE_ROWS = 256

WAY_OUT = "it is called with a polars frame of the features and must return (n,) or (n, k) scores, or n class names"


class BlackBox:
    """A function from a frame of features to scores or class names.

    Attributes:
        rule: How its numbers are read; `probe` settles the activation.
        notes: What was settled by looking instead of by declaration.
    """

    fingerprint = None  # its code may reach anything

    def __init__(
        self,
        function: Callable[[pl.DataFrame], Any],
        columns: Sequence[Column],
        rule: DecisionRule,
        *,
        words: str,
        source: str = "model",
    ) -> None:
        self.columns = tuple(columns)
        self.rule = rule
        self.words = words
        self.source = source
        self.notes: tuple[str, ...] = ()
        self._function = function

    def outputs(self, rows: Rows) -> Outputs:
        """Scores and decisions of rows, in batches; decisions alone from a function that names classes.

        Raises:
            ModelError: The function fails, or what it returns cannot be read.
        """
        if not len(rows):
            width = 1 if self.rule.binary else len(self.rule.classes)
            return Outputs(scores=np.empty((0, width)), decisions=np.empty(0, dtype=object))
        answers = np.concatenate([self._answers(batch) for batch in batches(rows)])
        if answers.dtype.kind == "O":
            return Outputs(scores=None, decisions=answers)
        if self.rule.activation is None:
            self.probe(rows)
        return self.rule.read(answers, source=self.source)

    def probe(self, rows: Rows) -> tuple[str, ...]:
        """Ask about a few rows before any long work, settle what was undeclared, and return the notes.

        Raises:
            ModelError: As `outputs`.
        """
        answers = self._answers(cut(rows, 0, PROBE_ROWS))
        if answers.dtype.kind == "O":
            self.notes += ("The model names classes and gives no scores.",)
        else:
            self.rule, notes = self.rule.settle(answers, source=self.source)
            self.notes += notes
        return self.notes

    def layers(self, rows: Rows) -> tuple[Layer, ...] | None:  # noqa: ARG002 - the protocol's
        """None: there is nothing to see."""
        return None

    def _answers(self, rows: Rows) -> NDArray[Any]:
        """Class names as (n,) object of str, or tidy numbers as (n, m) float64."""
        require(self.columns, rows, source=self.source)
        try:
            answers = np.asarray(self._function(rows_frame(rows, self.columns)))
        except UserError:
            raise
        except Exception as error:
            raise OutputError.raised(error, len(rows), source=self.source, way_out=WAY_OUT) from error
        return self._named(answers, rows) if answers.dtype.kind in "OUSTbiu" else self._numbers(answers, rows)

    def _numbers(self, answers: NDArray[Any], rows: Rows) -> NDArray[np.float64]:
        return self.rule.tidy(answers, len(rows), source=self.source)

    def _named(self, answers: NDArray[Any], rows: Rows) -> NDArray[Any]:
        if answers.shape not in {(len(rows),), (len(rows), 1)}:
            raise OutputError.shape(answers.shape, fits=("(n,) for class names",), source=self.source)
        names = np.array([str(answer) for answer in answers.reshape(-1).tolist()], dtype=object)
        for name in dict.fromkeys(names):
            if name not in self.rule.classes:
                raise OutputError.unknown_class(name, self.rule.classes, source=self.source)
        return names


def from_callable(
    function: Callable[[pl.DataFrame], Any],
    *,
    columns: Sequence[Column],  # what it reads, in order
    classes: tuple[str, ...],
    positive: str | None,
    activation: Activation | None = None,
    threshold: float = 0.5,
    source: str = "model",
    probe: Rows | None = None,  # a few rows to try it on at once
) -> BlackBox:
    """A function as a model.

    It is called with a polars frame: numeric kinds as Float64, others as String, null where missing. It returns scores,
    (n,) or (n, k) floats, or the n names of the decided classes.

    Raises:
        ModelError: Classes, positive class and threshold make no rule, or `probe` fails.
    """
    rule = DecisionRule(classes=classes, positive=positive, activation=activation, threshold=threshold)
    name = getattr(function, "__qualname__", type(function).__name__)
    model = BlackBox(function, columns, rule, words=f"{name}, a black box", source=source)
    if probe is not None:
        model.probe(probe)
    return model
