"""A model of any make: it is asked, never looked into. Needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.digest import digest
from fairwitness.core.errors import UserError
from fairwitness.core.subject import Layer, Outputs, Rows
from fairwitness.torchkit.classes import class_names
from fairwitness.torchkit.errors import OutputError
from fairwitness.torchkit.foreign.errors import ForeignError
from fairwitness.torchkit.frames import batches, cut, require, rows_frame
from fairwitness.torchkit.scores import Activation, DecisionRule

PROBE_ROWS = 256

WAY_OUT = "it is called with a polars frame of the features and must return (n,) or (n, k) scores, or n decisions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a model says about n rows: scores, decisions, or both.

    Attributes:
        scores: (n,) or (n, m) floats.
        decisions: (n,) or (n, 1) names of classes: text, whole numbers, or true and false.
    """

    scores: NDArray[Any] | None = None
    decisions: NDArray[Any] | None = None

    @classmethod
    def sorted_out(cls, given: object) -> Answers:
        """Floats as scores, anything else as decisions."""
        held = np.asarray(given)
        return cls(decisions=held) if held.dtype.kind in "OUSTbiu" else cls(scores=held)


class BlackBox:
    """A function from rows to answers as the deployed model.

    Attributes:
        rule: How its numbers are read; `probe` settles the activation.
        notes: What was settled by looking instead of by declaration.
    """

    def __init__(
        self,
        ask: Callable[[Rows], Answers],
        columns: Sequence[Column],
        rule: DecisionRule,
        *,
        words: str,
        source: str = "model",
        way_out: str = WAY_OUT,  # what to do when it fails
        threshold_set: bool = False,  # somebody asked for this threshold, so the model's own decisions give way to it
        order: Sequence[int] | None = None,  # where the rule's classes stand among its outputs; None: as they are
        code: str | None = None,  # digest of all it is made of; None: it may reach anything
    ) -> None:
        self.columns = tuple(columns)
        self.rule = rule
        self.words = words
        self.source = source
        self.notes: tuple[str, ...] = ()
        self._ask = ask
        self._way_out = way_out
        self._threshold_set = threshold_set
        self._order = None if order is None or list(order) == sorted(order) else list(order)
        self._code = code

    @property
    def fingerprint(self) -> str | None:
        """Digest of the model and of how it is read; None where its code may reach anything."""
        if self._code is None:
            return None
        return digest(self._code, self.rule, self._order, self._threshold_set, self.columns)

    def outputs(self, rows: Rows) -> Outputs:
        """Scores and decisions of rows, in batches; decisions alone from a model that gives no scores.

        The model's own decisions count, where it gives any and no threshold was asked for.

        Raises:
            ModelError: The function fails, or what it returns cannot be read.
        """
        if not len(rows):
            width = 1 if self.rule.binary else len(self.rule.classes)
            return Outputs(scores=np.empty((0, width)), decisions=np.empty(0, dtype=object))
        answers = [self._answers(batch) for batch in batches(rows)]
        decided = [held.decisions for held in answers if held.decisions is not None]
        decisions = np.concatenate(decided) if decided else None
        scored = [held.scores for held in answers if held.scores is not None]
        if not scored:
            return Outputs(scores=None, decisions=decisions)
        if self.rule.activation is None:
            self.probe(rows)
        read = self.rule.read(np.concatenate(scored), source=self.source)
        return read if decisions is None or self._threshold_set else Outputs(scores=read.scores, decisions=decisions)

    def probe(self, rows: Rows) -> tuple[str, ...]:
        """Ask about a few rows before any long work, settle what was undeclared, and return the notes.

        Raises:
            ModelError: As `outputs`, or a threshold is set and there are no scores.
        """
        answers = self._answers(cut(rows, 0, PROBE_ROWS))
        if answers.scores is not None:
            self.rule, notes = self.rule.settle(answers.scores, source=self.source)
            self.notes += notes
        elif self._threshold_set:
            raise ForeignError.no_scores(source=self.source)
        else:
            self.notes += ("The model gives decisions and no scores.",)
        return self.notes

    def layers(self, rows: Rows) -> tuple[Layer, ...] | None:  # noqa: ARG002 - the protocol's
        """None: there is nothing to see."""
        return None

    def _answers(self, rows: Rows) -> Answers:
        """Tidy scores, (n, m) float64 in the rule's order, and decisions, (n,) object of str."""
        require(self.columns, rows, source=self.source)
        try:
            given = self._ask(rows)
        except UserError:
            raise
        except Exception as error:
            raise OutputError.raised(error, len(rows), source=self.source, way_out=self._way_out) from error
        scores = None if given.scores is None else self.rule.tidy(given.scores, len(rows), source=self.source)
        if scores is not None and self._order is not None and scores.shape[1] == len(self._order):
            scores = scores[:, self._order]
        return Answers(scores=scores, decisions=None if given.decisions is None else self._named(given.decisions, rows))

    def _named(self, answers: NDArray[Any], rows: Rows) -> NDArray[Any]:
        if answers.shape not in {(len(rows),), (len(rows), 1)}:
            raise OutputError.shape(answers.shape, fits=("(n,) for decisions",), source=self.source)
        names = class_names(answers.reshape(-1).tolist(), self.rule, source=self.source)
        for name in dict.fromkeys(names):
            if name not in self.rule.classes:
                raise OutputError.unknown_class(name, self.rule.classes, source=self.source)
        return np.array(names, dtype=object)


def from_callable(
    function: Callable[..., Any],
    *,
    columns: Sequence[Column],  # what it reads, in order
    classes: tuple[str, ...],
    positive: str | None,
    activation: Activation | None = None,
    threshold: float | None = None,  # 0.5 unless set
    source: str = "model",
    probe: Rows | None = None,  # a few rows to try it on at once
) -> BlackBox:
    """A function as a model.

    It is called with a polars frame: numeric kinds as Float64, others as String, null where missing; and, where there
    are images or series, with a mapping from their columns to arrays beside it. It returns scores, (n,) or (n, k)
    floats, or n decisions: names of classes, or true and false for the positive class and the other.

    Raises:
        ModelError: Classes, positive class and threshold make no rule, or `probe` fails.
    """
    rule = DecisionRule(
        classes=classes, positive=positive, activation=activation, threshold=0.5 if threshold is None else threshold
    )

    def ask(rows: Rows) -> Answers:
        frame = rows_frame(rows, columns)
        media = {column.name: rows.media[column.name] for column in columns if column.media}
        return Answers.sorted_out(function(frame, media) if media else function(frame))

    name = getattr(function, "__qualname__", type(function).__name__)
    words = f"{name}, a black box"
    model = BlackBox(ask, columns, rule, words=words, source=source, threshold_set=threshold is not None)
    if probe is not None:
        model.probe(probe)
    return model
