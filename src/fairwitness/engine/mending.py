"""Remedies in their turn: rows before training, scores and decisions after it, and the model that holds them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import group_column
from fairwitness.core.blueprint import Blueprint, Edit
from fairwitness.core.digest import digest, generator
from fairwitness.core.remedy import (
    DecisionEdit,
    EditsRows,
    Fits,
    Labels,
    Learning,
    RowEdit,
    ScoreEdit,
    Tuned,
    labels_of,
)
from fairwitness.core.subject import Layer, Model, Outputs, Rows
from fairwitness.engine.blueprints import looked_at, options_of, remedy_of


def learned_from(learning: Learning, blueprint: Blueprint, *, seed: int) -> Learning:
    """Training rows after all remedies of rows, in order."""
    for edit in blueprint.rows:
        remedy: object = remedy_of(edit)
        if not isinstance(remedy, EditsRows):
            raise TypeError(f"{edit.id} acts on rows and has no way to")  # the contract test keeps it from happening
        learning = remedy.rows(
            learning, options_of(edit), by=looked_at(edit), rng=generator(seed, "remedy", edit.id, str(edit.options))
        )
    return learning


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """An edit of scores or decisions that was fitted, and where it came from."""

    edit: Edit
    fitted: ScoreEdit | DecisionEdit


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """A trained model with what remedies do before and after it: the deployed system.

    Attributes:
        core: The trained model.
        before: What is done to rows, by remedy id.
        after: What is done to scores and decisions, in order.
        classes: The target's classes.
        positive: The class that is scored.
        threshold: From which score the core decides for it.
    """

    core: Model
    before: tuple[tuple[str, RowEdit], ...]
    after: tuple[Post, ...]
    classes: tuple[str, ...]
    positive: str
    threshold: float
    notes: tuple[str, ...]

    @property
    def words(self) -> str:
        names = [name for name, _ in self.before] + [post.edit.id for post in self.after]
        return f"{self.core.words}, mended by {', '.join(dict.fromkeys(names))}"

    @property
    def fingerprint(self) -> str | None:
        if self.core.fingerprint is None:
            return None
        before = [(name, edit.to_json()) for name, edit in self.before]
        after = [(post.edit, post.fitted.to_json()) for post in self.after]
        return digest(self.core.fingerprint, before, after)

    def outputs(self, rows: Rows) -> Outputs:
        """Scores and decisions; group labels must be aboard where a remedy reads them."""
        for _, edit in self.before:
            rows = edit.apply(rows)
        made = self.core.outputs(rows)
        if not self.after or made.scores is None:
            return made
        scores, decisions = made.scores, None
        for post in self.after:
            groups = labels(rows, looked_at(post.edit))
            if isinstance(post.fitted, DecisionEdit):
                decisions = post.fitted.decide(scores, groups, rows.ids)
            else:
                scores = post.fitted.rescore(scores, groups)
        return Outputs(scores=scores, decisions=self._decided(scores) if decisions is None else decisions)

    def layers(self, rows: Rows) -> tuple[Layer, ...] | None:
        return self.core.layers(rows)

    def _decided(self, scores: NDArray[np.float64]) -> NDArray[np.object_]:
        classes = np.array(self.classes, dtype=object)
        if scores.shape[1] > 1:
            highest: NDArray[np.object_] = classes[scores.argmax(axis=1)]
            return highest
        place = self.classes.index(self.positive)
        chosen: NDArray[np.object_] = classes[np.where(scores[:, 0] >= self.threshold, place, 1 - place)]
        return chosen


def mended(
    core: Model,
    learning: Learning,
    blueprint: Blueprint,
    tune: Rows,
    recorded: NDArray[np.object_],
    *,
    threshold: float,
    seed: int,
) -> Model:
    """The trained model with its edits of rows, scores and decisions, these fitted on rows held for tuning.

    Args:
        core: As trained.
        learning: What it was trained on, with what is to be done to rows at decision time.
        blueprint: How it was made.
        tune: Rows to fit on, group labels aboard.
        recorded: (n,) their recorded class, as text.
        threshold: From which score the core decides for the positive class.
        seed: Of everything random.
    """
    made = Mended(
        core=core,
        before=learning.at_decision,
        after=(),
        classes=learning.classes,
        positive=learning.positive,
        threshold=threshold,
        notes=(*core.notes, *learning.notes),
    )
    for edit in blueprint.post:
        remedy: object = remedy_of(edit)
        by = looked_at(edit)
        if not isinstance(remedy, Fits):
            raise TypeError(f"{edit.id} acts on {edit.acts} and has no way to")
        scores = made.outputs(tune).scores
        if scores is None:
            raise TypeError("a model without scores has nothing to fit on")
        tuned = Tuned(
            ids=tune.ids,
            scores=scores,
            recorded=recorded,
            groups=labels(tune, by),
            classes=learning.classes,
            positive=learning.positive,
            favorable=learning.favorable,
            threshold=threshold,
        )
        fitted, notes = remedy.fit(tuned, options_of(edit), rng=generator(seed, "remedy", edit.id, str(edit.options)))
        made = replace(made, after=(*made.after, Post(edit=edit, fitted=fitted)), notes=(*made.notes, *notes))
    return made if made.before or made.after else core


def labels(rows: Rows, by: str) -> Labels | None:
    """(n,) group of each row of an attribute, or of several crossed; None for none."""
    return labels_of(rows, by) if by else None


def aboard(rows: Rows, groups: Mapping[str, NDArray[np.object_]]) -> Rows:
    """Rows with the labels of all attributes beside their columns."""
    return replace(rows, columns={**rows.columns, **{group_column(name): held for name, held in groups.items()}})
