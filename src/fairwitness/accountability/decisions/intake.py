"""From a table to decisions: which column is what, and what no row may lack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from fairwitness.accountability.decisions.errors import DecisionError
from fairwitness.accountability.decisions.record import Decision
from fairwitness.core.asks import NO, YES
from fairwitness.core.columns import MISSING
from fairwitness.core.errors import ColumnError, ConfigError
from fairwitness.io.groups import Labels
from fairwitness.io.kinds import as_text
from fairwitness.io.table import Table

ROW = "@row"
"""Stands for the row's number, from 1, where the data have no id of their own."""
SLICE = 20_000
"""Rows turned into decisions at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which column is what.

    Attributes:
        id: Of the decision; `@row` for the row's number.
        person: Reference of the person; likewise.
        decision: What was decided; None: by score and threshold, `yes` at or above it and `no` below.
        favorable: The decision that is good for the person.
        reasons: Columns of reason codes, the weightiest first; one cell may hold several, with `;` between.
    """

    id: str
    person: str
    favorable: str
    decision: str | None = None
    score: str | None = None
    threshold: float | None = None
    time: str | None = None
    decider: str | None = None
    change: str | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What all decisions of a file have in common: the model, the audit and the rules they were made under."""

    model: str = ""
    findings: str = ""
    policy: str = ""
    owners: tuple[str, ...] = ()
    builders: tuple[str, ...] = ()


def decisions(
    table: Table, columns: Columns, groups: Mapping[str, Labels], evidence: Evidence
) -> Iterator[tuple[str, Decision]]:
    """Every row as a decision, with its place for messages.

    Args:
        table: The rows.
        columns: Which column is what.
        groups: Attribute to (n,) labels, for statistics.
        evidence: What they have in common.

    Raises:
        ColumnError: A column is not there.
        ConfigError: Neither decision nor score and threshold are given, or nobody was decided on favourably or otherwise.
        DecisionError: A row lacks an id, a person or a decision, or holds what cannot be read.
    """
    frame = _numbered(table)
    _check(frame, columns, table.source)  # now, not when the first row is taken
    return _rows(frame, columns, groups, evidence, source=table.source)


def _rows(
    frame: pl.DataFrame, columns: Columns, groups: Mapping[str, Labels], evidence: Evidence, *, source: str
) -> Iterator[tuple[str, Decision]]:
    for start in range(0, frame.height, SLICE):
        part = frame.slice(start, SLICE)
        labels = {name: values[start : start + SLICE].tolist() for name, values in groups.items()}
        yield from _slice(part, columns, labels, evidence, source=source, start=start)


def _numbered(table: Table) -> pl.DataFrame:
    if ROW in table.frame.columns:
        return table.frame
    return table.frame.with_columns(pl.int_range(1, table.frame.height + 1, dtype=pl.Int64).alias(ROW))


def _check(frame: pl.DataFrame, columns: Columns, source: str) -> None:
    single = {"id": columns.id, "person": columns.person, "decision": columns.decision, "score": columns.score}
    single |= {"time": columns.time, "decider": columns.decider, "change": columns.change}
    named = [(f"--{key}", name) for key, name in single.items() if name is not None]
    for key, name in [*named, *(("--reasons", name) for name in columns.reasons)]:
        if name not in frame.columns:
            raise ColumnError.missing(name, key=key, have=frame.columns, source=source)
    if columns.decision is None and (columns.score is None or columns.threshold is None):
        raise ConfigError(
            f"{source}: nothing says what was decided; give --decision COL, or --score COL and --threshold"
        )
    if columns.score is not None and not frame[columns.score].dtype.is_numeric():
        raise ConfigError(f"{source}: --score {columns.score!r} holds no numbers; name a column that does")


def _slice(
    frame: pl.DataFrame,
    columns: Columns,
    groups: Mapping[str, Sequence[str | None]],
    evidence: Evidence,
    *,
    source: str,
    start: int,
) -> Iterator[tuple[str, Decision]]:
    def text(name: str | None) -> list[str]:
        cells = [""] * frame.height if name is None else as_text(frame[name]).tolist()
        return ["" if cell is None else " ".join(cell.split()) for cell in cells]

    ids, people, times = text(columns.id), text(columns.person), text(columns.time)
    scores: list[float | None]
    scores = (
        [None] * frame.height
        if columns.score is None
        else frame[columns.score].cast(pl.Float64).fill_nan(None).to_list()
    )
    made = text(columns.decision) if columns.decision else [_by_score(each, columns.threshold) for each in scores]
    deciders, changes, reasons = text(columns.decider), text(columns.change), [text(each) for each in columns.reasons]
    for place in range(frame.height):
        where = f"{source}: row {start + place + 1}"
        for name, value in (("id", ids), ("person", people), ("decision", made)):
            if not value[place]:
                raise DecisionError.empty(where, getattr(columns, name) or columns.score or name)
        codes = [code.strip() for cells in reasons for code in cells[place].split(";")]
        decision = Decision(
            id=ids[place],
            person=people[place],
            decision=made[place],
            good=made[place] == columns.favorable,
            favorable=columns.favorable,
            time=_time(times[place], where, columns.time or ""),
            score=scores[place],
            threshold=columns.threshold,
            reasons=tuple(dict.fromkeys(code for code in codes if code)),
            change=changes[place],
            groups={name: labels[place] or MISSING for name, labels in groups.items()},
            model=evidence.model,
            findings=evidence.findings,
            policy=evidence.policy,
            decider=deciders[place],
            owners=evidence.owners,
            builders=evidence.builders,
        )
        yield where, decision


def _by_score(score: float | None, threshold: float | None) -> str:
    if score is None or threshold is None:
        return ""
    return YES if score >= threshold else NO


def _time(text: str, where: str, column: str) -> str:
    if not text:
        return ""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise DecisionError.bad_value(where, column, "is no date or time; write it as 2026-01-31") from None
    return text
