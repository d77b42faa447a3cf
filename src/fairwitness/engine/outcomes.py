"""Classes, decisions and scores as the columns every check counts: `@label`, `@decision`, `@favored` and so on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fairwitness.core import asks
from fairwitness.core.columns import Task
from fairwitness.core.errors import ConfigError, DataError
from fairwitness.core.subject import DecisionsFrom, Outputs
from fairwitness.engine.columns import refuse_identifier
from fairwitness.engine.config import Config
from fairwitness.engine.settings.data import Scalar
from fairwitness.io.expressions import parse
from fairwitness.io.kinds import as_text
from fairwitness.io.table import Table

Text = NDArray[np.object_]  # str or None a row

MANY_VALUES = 20
"""More distinct numbers than this in a target, and it is a quantity rather than a class."""

_BY_CUSTOM = {("0", "1"): "1", ("false", "true"): "true", ("no", "yes"): "yes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The recorded outcome: its classes, and which of them is predicted and which is good for the person."""

    task: Task | None = None
    name: str | None = None
    classes: tuple[str, ...] = ()
    recorded: Text | None = None
    positive: str | None = None
    favorable: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def other(self) -> str:
        """The class a binary decision falls to when it is not the positive one."""
        rest = [name for name in self.classes if name != self.positive]
        return rest[0] if len(rest) == 1 else f"not {self.positive}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What was decided, for the rows it was decided on (None elsewhere).

    Attributes:
        scores: Of the positive class, where one is declared.
        scored: Whether a model gives scores, of any classes.
    """

    source: DecisionsFrom | None = None
    decided: Text | None = None
    scores: NDArray[np.float64] | None = None
    scored: bool = False
    words: str = ""
    notes: tuple[str, ...] = field(default=())


def _values(classes: tuple[str, ...]) -> str:
    """A target's values for a message; many may be names of people, and are only counted."""
    if len(classes) > MANY_VALUES:
        return f"it has {len(classes)} different values"
    return f"its values are {', '.join(classes)}"


def class_name(value: Scalar, classes: tuple[str, ...]) -> str:
    """A value of the config as a class name; 1 and true mean each other where only one of them occurs."""
    if isinstance(value, bool):
        name, twin = str(value).lower(), str(int(value))
    elif isinstance(value, int | float):
        name = str(int(value)) if float(value).is_integer() else repr(value)
        twin = {"1": "true", "0": "false"}.get(name, name)
    else:
        name = twin = value
    return twin if twin in classes and name not in classes else name


def target(table: Table, config: Config, *, source: str) -> Target:
    """The recorded outcome of the config's target.

    Raises:
        DataError: The target has one class only.
        ConfigError: The positive or favorable value never occurs.
    """
    name = config.subject.target
    if name is None:
        return Target(task=config.subject.task)
    series = table.frame[name]
    distinct = series.n_unique()
    number = series.dtype.is_numeric() and (distinct > MANY_VALUES or config.model.prediction is not None)
    task = config.subject.task or ("regression" if number else "binary" if distinct == 2 else "multi-class")
    if distinct < 2:
        raise DataError(f"{table.source}: target {name!r} holds one value only; an audit needs outcomes that differ")
    if task == "regression":
        return Target(task=task, name=name)
    refuse_identifier(series, f"target {name!r}", rows=table.people(), source=table.source)
    recorded = as_text(series)
    classes = tuple(sorted(set(recorded), key=_numeric_first))
    positive, favorable, notes = polarity(classes, config, column=name, source=source)
    return Target(
        task=task,
        name=name,
        classes=classes,
        recorded=recorded,
        positive=positive,
        favorable=favorable,
        notes=notes,
    )


def polarity(
    classes: tuple[str, ...], config: Config, *, column: str, source: str
) -> tuple[str | None, str | None, tuple[str, ...]]:
    """The positive and the favorable class, as declared; by custom 1, true and yes are positive, and that is noted."""
    found: list[str | None] = []
    for key, value in (("positive", config.subject.positive), ("favorable", config.subject.favorable)):
        name = None if value is None else class_name(value, classes)
        if name is not None and name not in classes:
            raise ConfigError(f"{source}: {key} is {value!r}, which never occurs in {column!r}; {_values(classes)}")
        found.append(name)
    positive, favorable = found
    if positive is None and classes in _BY_CUSTOM:
        positive = _BY_CUSTOM[classes]
        return positive, favorable, (f"positive is not declared; {positive!r} is taken as the predicted event",)
    return positive, favorable, ()


def recorded_decisions(table: Table, config: Config, goal: Target, *, source: str) -> tuple[Target, Decisions]:
    """Decisions written in the data: a column, an expression, a score with its threshold, or the labels themselves.

    Returns:
        The target (with classes taken from the decisions where there is no target) and the decisions.

    Raises:
        DataError: A decision or score is missing or out of range.
    """
    model = config.model
    if model.prediction is not None:
        return goal, Decisions(words=f"recorded predictions {model.prediction!r}")
    scores = _scores(table, model.score) if model.score is not None else None
    if model.decision is not None and model.decision in table.frame.columns:
        return _from_column(table, config, goal, scores, source=source)
    if model.decision is not None:
        comparison = parse(model.decision, source=source)
        goal = _with_event(goal, config, f"{model.decision}", source=source)
        yes = comparison.apply(table.frame)
        return goal, _decisions(goal, yes, scores, "decision", f"recorded decisions: {model.decision}")
    if scores is not None:
        goal = _with_event(goal, config, f"{model.score}", source=source)
        words = f"recorded scores {model.score!r}, decided at {model.threshold:g}"
        return goal, _decisions(goal, scores >= model.threshold, scores, "score", words)
    if goal.recorded is None:
        return goal, Decisions()
    words = f"the recorded {goal.name!r}, audited as past decisions"
    return goal, Decisions(source="labels", decided=goal.recorded, words=words)


def model_decisions(outputs: Outputs, goal: Target, judged: NDArray[np.bool_], words: str) -> Decisions:
    """A model's outputs on the judged rows, laid out over all rows."""
    decided = np.full(len(judged), None, dtype=object)
    if outputs.decisions is not None:
        decided[judged] = outputs.decisions
    scores = None
    if outputs.scores is not None and goal.positive is not None:
        k = outputs.scores.shape[1]
        column = 0 if k == 1 else goal.classes.index(goal.positive)
        scores = np.full(len(judged), np.nan)
        scores[judged] = outputs.scores[:, column]
    scored = outputs.scores is not None
    return Decisions(source="model", decided=decided, scores=scores, scored=scored, words=words)


def derived(goal: Target, made: Decisions) -> dict[str, NDArray[Any]]:
    """The columns checks count by, as far as the subject has what they are made from."""
    columns: dict[str, NDArray[Any]] = {}
    if goal.recorded is not None:
        columns[asks.CLASS] = goal.recorded
        if goal.positive is not None:
            columns[asks.LABEL] = _yes_no(goal.recorded, goal.positive)
        if goal.favorable is not None:
            columns[asks.FAVORED_LABEL] = _yes_no(goal.recorded, goal.favorable)
    if made.decided is not None:
        columns[asks.DECIDED] = made.decided
        if goal.positive is not None:
            columns[asks.DECISION] = _yes_no(made.decided, goal.positive)
        if goal.favorable is not None:
            columns[asks.FAVORED] = _yes_no(made.decided, goal.favorable)
        if goal.recorded is not None and made.source != "labels":
            right = np.where(made.decided == goal.recorded, asks.YES, asks.NO).astype(object)
            right[made.decided == None] = None  # noqa: E711 - elementwise over an object array
            columns[asks.CORRECT] = right
    if made.scores is not None:
        columns[asks.SCORE] = made.scores
    return columns


def _yes_no(values: Text, wanted: str) -> Text:
    out = np.where(values == wanted, asks.YES, asks.NO).astype(object)
    out[values == None] = None  # noqa: E711 - elementwise over an object array
    return out


def _numeric_first(name: str) -> tuple[bool, float, str]:
    try:
        return False, float(name), name
    except ValueError:
        return True, 0.0, name


def _with_event(goal: Target, config: Config, event: str, *, source: str) -> Target:
    """A target whose positive class an expression or a score can decide."""
    if goal.positive is not None:
        return goal
    if goal.recorded is not None:
        want = f"[subject] positive is not declared; {_values(goal.classes)}"
        raise ConfigError(f"{source}: {event!r} decides, but {want}")
    classes = ("false", "true")
    _, favorable, _ = polarity(classes, config, column=event, source=source)
    return Target(task=_without_target(config), classes=classes, positive="true", favorable=favorable)


def _without_target(config: Config) -> Task:
    """What decisions are where nothing is recorded beside them: of two kinds, or flags if the settings say so."""
    return "anomaly" if config.subject.task == "anomaly" else "binary"


def _decisions(
    goal: Target, yes: NDArray[np.bool_], scores: NDArray[np.float64] | None, kind: DecisionsFrom, words: str
) -> Decisions:
    decided = np.where(yes, str(goal.positive), goal.other).astype(object)
    return Decisions(source=kind, decided=decided, scores=scores, words=words)


def _from_column(
    table: Table, config: Config, goal: Target, scores: NDArray[np.float64] | None, *, source: str
) -> tuple[Target, Decisions]:
    name = str(config.model.decision)
    series = table.frame[name]
    if series.null_count():
        empty = table.people(series.is_null().to_numpy())
        raise DataError(f"{table.source}: decision column {name!r} has {empty} empty rows; fill or drop them")
    refuse_identifier(series, f"decision column {name!r}", rows=table.people(), source=table.source)
    decided = as_text(series)
    values = tuple(sorted(set(decided), key=_numeric_first))
    if goal.recorded is None:
        positive, favorable, notes = polarity(values, config, column=name, source=source)
        goal = Target(task=_without_target(config), classes=values, positive=positive, favorable=favorable, notes=notes)
    elif not set(values) <= set(goal.classes):
        if not set(values) <= {"0", "1", "true", "false"} or goal.positive is None:
            raise DataError(
                f"{table.source}: decision column {name!r} and target {goal.name!r} hold different values; write the "
                f'decision as an expression such as "{name} == VALUE" ({_values(values)})'
            )
        decided = np.where(np.isin(decided, ["1", "true"]), goal.positive, goal.other).astype(object)
    return goal, Decisions(source="decision", decided=decided, scores=scores, words=f"recorded decisions in {name!r}")


def _scores(table: Table, name: str) -> NDArray[np.float64]:
    series = table.frame[name]
    if not series.dtype.is_numeric():
        raise DataError(f"{table.source}: score column {name!r} is not numeric; give a probability in [0, 1]")
    scores = series.cast(pl.Float64).to_numpy()
    missing = table.people(np.isnan(scores))
    if missing:
        raise DataError(f"{table.source}: score column {name!r} is missing in {missing} rows; fill or drop them")
    outside = table.people((scores < 0) | (scores > 1))
    if outside:
        raise DataError(
            f"{table.source}: score column {name!r} leaves [0, 1] in {outside} rows (from {scores.min():g} to "
            f'{scores.max():g}); scale it to a probability, or decide by an expression such as "{name} >= 5"'
        )
    return scores
