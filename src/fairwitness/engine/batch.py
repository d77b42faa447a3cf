"""New rows as the audited subject would have them: the same columns, groups, model and decisions; nothing trained."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fairwitness.core.asks import CLASS, CORRECT, DECIDED
from fairwitness.core.columns import Column
from fairwitness.core.errors import ColumnError, ConfigError, DataError, UserError
from fairwitness.core.subject import Outputs, Rows
from fairwitness.draw.words import listed, plural
from fairwitness.engine import outcomes
from fairwitness.engine.columns import labels_of
from fairwitness.engine.config import Config
from fairwitness.engine.mending import aboard
from fairwitness.engine.outcomes import Decisions, Target, Text
from fairwitness.engine.settings.data import GroupSettings
from fairwitness.engine.subject import Subject
from fairwitness.engine.tallies import counted, watched
from fairwitness.io import expressions
from fairwitness.io.groups import quantile_edges
from fairwitness.io.kinds import as_rows, as_text, numbers
from fairwitness.io.table import Table

AT_ONCE = 20_000
"""Rows a model is asked about at once: what it needs beside them stays bounded."""

_TWINS = {"1": "true", "0": "false", "true": "1", "false": "0"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """New rows, decided and grouped as the audited ones.

    Attributes:
        fingerprint: Digest of the file.
        groups: Attribute to (n,) labels; None where it is not recorded.
        derived: The engine's own columns, as of a subject; what hangs on a label is None where there is none.
        columns: Watched columns and attributes, as `tallies.counted` has them.
        ids: (n,) text that later labels name; None where none is declared.
        missing: Audited columns that are watched and not there.
        extra: How many columns the audit never saw.
    """

    rows: int
    fingerprint: str
    source: str
    groups: Mapping[str, NDArray[np.object_]]
    derived: Mapping[str, NDArray[Any]]
    columns: Mapping[str, NDArray[Any]]
    ids: NDArray[np.object_] | None
    missing: tuple[str, ...]
    extra: int
    notes: tuple[str, ...]


def batch(subject: Subject, config: Config, table: Table, *, source: str) -> Batch:
    """Hold new rows against the audited subject, and decide about them.

    Args:
        subject: What was audited.
        config: Its settings.
        table: The new rows.
        source: The config's name, for messages.

    Raises:
        DataError: There are no rows, or values that cannot be.
        ColumnError: A column is missing that a decision, a group or an id needs, or holds another kind of values.
    """
    if not len(table):
        raise DataError(f"{table.source}: a header and no rows; there is nothing to watch")
    have = {*table.frame.columns, *table.media}
    _need(subject, config, table, have)
    features = set(subject.outline.features)
    present = tuple(column for column in subject.columns if column.name in have and column.name in features)
    groups = {name: _labels(name, subject, config, table) for name in subject.groups}
    _refuse_words(table, present)
    rows = as_rows(table, present)
    goal = _goal(subject, table)
    goal, made = _decided(subject, config, table, goal, aboard(rows, groups), source=source)
    derived = outcomes.derived(goal, made)
    if CORRECT in derived:
        right = derived[CORRECT].copy()
        right[np.equal(derived[CLASS], np.array(None, dtype=object))] = None
        derived[CORRECT] = right
    known = watched(subject)
    return Batch(
        rows=len(table),
        fingerprint=table.fingerprint,
        source=table.source,
        groups=groups,
        derived=derived,
        columns=counted(known, rows, groups),
        ids=_ids(config, table, source=source),
        missing=tuple(column.name for column in known if column.name not in have),
        extra=len(have - {column.name for column in subject.columns}),
        notes=table.notes,
    )


def labels(subject: Subject, config: Config, table: Table, *, source: str) -> tuple[NDArray[np.object_], Text]:
    """Ids and classes of a file of labels that came later.

    Raises:
        ConfigError: No id column or no target is declared.
        ColumnError: The file lacks one of them.
        DataError: An id occurs twice, or a class never seen.
    """
    target = subject.outline.target
    if target is None:
        raise ConfigError(f"{source}: labels need [subject] target, which says what outcomes are; declare it")
    if id_column(config) is None:
        raise ConfigError(f"{source}: labels need [monitor] id, the column that names a row in both files; declare it")
    if target not in table.frame.columns:
        raise ColumnError.missing(target, key="labels", have=table.frame.columns, source=table.source)
    ids = _ids(config, table, source=source)
    recorded = _goal(subject, table).recorded
    if ids is None or recorded is None:
        raise ConfigError(f"{source}: labels need an id and a target")
    return ids, recorded


def id_column(config: Config) -> str | None:
    """The column that names a row in batches and in files of labels."""
    other = config.decisions.id
    return config.monitor.id or (other if other != "@row" else None)


def _need(subject: Subject, config: Config, table: Table, have: set[str]) -> None:
    """Refuse a batch nothing can be decided about; name all that is missing at once."""
    raw: list[str] = []
    for name in subject.groups:
        settings = config.groups.get(name, GroupSettings())
        raw += settings.indicators or [settings.column or name]
    outline, model = subject.outline, config.model
    if subject.model is not None:
        raw += outline.features
    elif outline.decisions_from == "labels":
        raw.append(str(outline.target))
    else:
        raw += [name for name in (model.score,) if name is not None]
        if model.decision is not None:
            audited = subject.table.frame.columns
            raw.append(
                model.decision
                if model.decision in audited
                else expressions.parse(model.decision, source=table.source).column
            )
    for name in raw:
        table.refuse_clash(name)
    missing = [name for name in dict.fromkeys(raw) if name not in have]
    if len(missing) == 1:
        raise ColumnError.missing(missing[0], key="what was audited", have=sorted(have), source=table.source)
    if missing:
        raise ColumnError(
            f"{table.source}: {len(missing)} columns of the audited data are missing ({listed(missing)}); give rows with "
            "the columns that were audited"
        )


def _refuse_words(table: Table, columns: tuple[Column, ...]) -> None:
    """Stop on words where numbers were audited, without saying them: they are of people nobody has looked at yet."""
    for column in columns:
        if column.numeric and column.name in table.frame.columns:
            try:
                numbers(table.frame[column.name], column, source=table.source)
            except ColumnError:
                raise ColumnError(
                    f"{table.source}: column {column.name!r} holds words or dates where numbers were audited; give it as audited"
                ) from None


def _labels(name: str, subject: Subject, config: Config, table: Table) -> NDArray[np.object_]:
    """Groups cut and named as in the audit: both files are read as one, and the audited rows must come out as they were."""
    settings = config.groups.get(name, GroupSettings())
    raw = list(settings.indicators or [settings.column or name])
    audited = subject.table.frame.select(raw)
    if settings.quantiles is not None:
        cuts = tuple(quantile_edges(audited[raw[0]], settings.quantiles))
        settings = settings.model_copy(update={"quantiles": None, "edges": cuts})
    try:
        both = pl.concat([audited, table.frame.select(raw)], how="vertical_relaxed")
    except pl.exceptions.PolarsError:
        both = None
    if both is not None:
        with suppress(UserError):
            made, _ = labels_of(replace(table, frame=both, media={}), name, settings, subject.columns)
            if np.array_equal(made[: len(audited)], subject.groups[name]):
                return made[len(audited) :]
    raise DataError(
        f"{table.source}: group {name!r} is built from {listed(raw)}, which holds other kinds of values than were audited; "
        "write them as in the audited data"
    )


def _goal(subject: Subject, table: Table) -> Target:
    """The audited target with the outcomes recorded so far; None where a row has none yet."""
    outline = subject.outline
    target = outline.target
    recorded = np.full(len(table), None, dtype=object)
    if target is not None and target in table.frame.columns:
        recorded = as_text(table.frame[target])
        found = {str(value) for value in recorded.tolist() if value is not None}
        twins = {value: _TWINS[value] for value in found if value not in outline.classes and value in _TWINS}
        recorded = np.array([twins.get(value, value) for value in recorded.tolist()], dtype=object)
        strange = {value for value in recorded.tolist() if value is not None and value not in outline.classes}
        if strange:
            raise DataError(
                f"{table.source}: target {target!r} holds {plural(len(strange), 'value')} the audit never saw; its classes "
                f"are {listed(outline.classes)}"
            )
    if outline.decisions_from == "labels" and any(value is None for value in recorded.tolist()):
        raise DataError(
            f"{table.source}: target {target!r} is empty in some rows, and it is what was decided; fill it in"
        )
    return Target(
        task=outline.task,
        name=target,
        classes=outline.classes,
        recorded=recorded if outline.classes else None,
        positive=outline.positive,
        favorable=outline.favorable,
    )


def _decided(
    subject: Subject,
    config: Config,
    table: Table,
    goal: Target,
    everyone: Rows,
    *,
    source: str,
) -> tuple[Target, Decisions]:
    if subject.model is None:
        return outcomes.recorded_decisions(table, config, goal, source=source)
    scores, decisions = [], []
    for start in range(0, len(table), AT_ONCE):
        chunk = np.zeros(len(table), dtype=bool)
        chunk[start : start + AT_ONCE] = True
        said = subject.model.outputs(everyone.where(chunk))
        scores += [] if said.scores is None else [said.scores]
        decisions += [] if said.decisions is None else [said.decisions]
    whole = Outputs(
        scores=np.concatenate(scores) if scores else None, decisions=np.concatenate(decisions) if decisions else None
    )
    return goal, outcomes.model_decisions(whole, goal, np.ones(len(table), dtype=bool), subject.model.words)


def _ids(config: Config, table: Table, *, source: str) -> NDArray[np.object_] | None:
    name = id_column(config)
    if name is None:
        return None
    if name not in table.frame.columns:
        key = f"[monitor] id in {source}"
        raise ColumnError.missing(name, key=key, have=table.frame.columns, source=table.source)
    ids = as_text(table.frame[name])
    empty = sum(each is None for each in ids.tolist())
    if empty:
        raise DataError(f"{table.source}: id {name!r} is empty in {plural(empty, 'row')}; every row needs one")
    twice = len(ids) - len(set(ids.tolist()))
    if twice:
        raise DataError(
            f"{table.source}: {plural(twice, 'id')} in {name!r} occur more than once; give each row its own"
        )
    return ids


def decided(batch: Batch) -> Text:
    """(n,) the decided class."""
    made: Text = batch.derived[DECIDED]
    return made
