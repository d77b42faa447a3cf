"""Subjects small enough to see through: a check is run on arrays, without the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core import asks
from fairwitness.core.asks import RowsAsk, TallyAsk, group_column
from fairwitness.core.check import About, Check, Given, Measured, NotApplicable, Outcome
from fairwitness.core.columns import Column, Grouping
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.core.registry import registered
from fairwitness.core.subject import Need, Outline, Rows
from fairwitness.stats.tally import Tally

EVERYTHING: frozenset[Need] = frozenset(
    {"rows", "labels", "truth", "groups", "decisions", "favorable", "scores", "positive", "features", "layers"}
)


def check(name: str) -> Check[Any]:
    """The registered check of that id."""
    (entry,) = [entry for entry in registered() if entry.id == name]
    found: Check[Any] = entry.load()
    return found


def outline(**changes: Any) -> Outline:
    """A binary subject that offers everything: `hired`, positive and favourable “1”."""
    settings: dict[str, Any] = {
        "name": "planted",
        "task": "binary",
        "columns": (Column(name="race", kind="category", role="group"),),
        "offers": EVERYTHING,
        "groupings": (Grouping(columns=("race",)),),
        "rows": 0,
        "judged_rows": 0,
        "parts": {},
        "target": "hired",
        "classes": ("0", "1"),
        "positive": "1",
        "favorable": "1",
        "decisions_from": "model",
        "people": "applicants",
    }
    return Outline(**{**settings, **changes})


def yes_no(values: Sequence[Any] | NDArray[Any]) -> NDArray[np.object_]:
    """Truth values as the engine writes them; None stays None."""
    return np.array([None if value is None else asks.YES if value else asks.NO for value in values], dtype=object)


def people(
    group: Sequence[Any] | NDArray[Any],
    *,
    label: Sequence[Any] | NDArray[Any] | None = None,
    decision: Sequence[Any] | NDArray[Any] | None = None,
    score: NDArray[np.float64] | None = None,
    by: str = "race",
) -> dict[str, NDArray[Any]]:
    """Columns of a binary subject whose positive class is the favourable one."""
    columns: dict[str, NDArray[Any]] = {by: np.asarray(group, dtype=object)}
    if label is not None:
        columns[asks.LABEL] = columns[asks.FAVORED_LABEL] = yes_no(label)
    if decision is not None:
        columns[asks.DECISION] = columns[asks.FAVORED] = yes_no(decision)
    if label is not None and decision is not None:
        columns[asks.CORRECT] = yes_no(np.asarray(label) == np.asarray(decision))
    if score is not None:
        columns[asks.SCORE] = score
    return columns


def from_cells(cells: Mapping[str, tuple[int, int, int, int]]) -> dict[str, NDArray[Any]]:
    """People from (true negatives, false positives, false negatives, true positives) by group."""
    group = np.concatenate([np.full(sum(counts), name, dtype=object) for name, counts in cells.items()])
    label = np.concatenate([np.repeat([0, 0, 1, 1], counts) for counts in cells.values()])
    decision = np.concatenate([np.repeat([0, 1, 0, 1], counts) for counts in cells.values()])
    return people(group, label=label, decision=decision)


def from_rates(hits: Mapping[str, tuple[int, int]]) -> dict[str, NDArray[Any]]:
    """People decided on, from (favoured, all) by group; what is recorded is what was decided."""
    return from_cells({name: (n - k, 0, 0, k) for name, (k, n) in hits.items()})


def run(
    this: Check[Any],
    columns: Mapping[str, NDArray[Any]],
    /,
    *,
    options: Any = None,
    about: About = None,
    limit: Limit | str | None = "default",
    level: float = 0.95,
    seed: int = 0,
    context: Mapping[str, str] | None = None,
    made: Mapping[Any, Any] | None = None,
    **changes: Any,
) -> Outcome:
    """What a check says of these people; `changes` are to the outline."""
    subject = outline(**changes)
    about = about or (subject.groupings[0] if this.info.per == "grouping" else None)
    options = options or this.Options()
    asked = this.asks(subject, about, options)
    if isinstance(asked, NotApplicable):
        return asked
    answers: dict[Any, Any] = {ask: _tally(ask, columns) for ask in asked if isinstance(ask, TallyAsk)}
    answers |= {ask: _rows(ask, columns) for ask in asked if isinstance(ask, RowsAsk) and columns}
    given = Given(
        outline=subject,
        about=about,
        level=level,
        limit=limit if isinstance(limit, Limit) else this.info.limit if limit == "default" else None,
        rng=np.random.default_rng(seed),
        context=context or {},
        made={**answers, **(made or {})},
    )
    return this.run(given, options)


def measured(this: Check[Any], columns: Mapping[str, NDArray[Any]], /, **settings: Any) -> Measured:
    outcome = run(this, columns, **settings)
    assert isinstance(outcome, Measured), outcome
    return outcome


def verdict(this: Check[Any], columns: Mapping[str, NDArray[Any]], /, **settings: Any) -> Verdict:
    """The worst verdict of what the check judges, by its own limit."""
    limit = this.info.limit
    assert limit is not None
    found = [each.against(limit) for each in measured(this, columns, **settings).judged.values()]
    return min(found, key=[Verdict.FAIL, Verdict.UNCERTAIN, Verdict.PASS].index)


def series(outcome: Measured, title: str) -> dict[str, tuple[Any, ...]]:
    """The table of that title."""
    (table,) = [each for each in outcome.explored if each.title == title]
    return dict(table.columns)


def _rows(ask: RowsAsk, columns: Mapping[str, NDArray[Any]]) -> Rows:
    """The first rows, with what was asked for as far as it is there."""
    wanted = {*ask.columns, *map(group_column, ask.groups)}
    held = {name: values[: ask.at_most] for name, values in columns.items() if name in wanted}
    return Rows(ids=np.arange(len(next(iter(held.values())))) if held else np.arange(0), columns=held)


def _tally(ask: TallyAsk, columns: Mapping[str, NDArray[Any]]) -> Tally:
    names = [*ask.by, *ask.of]
    return Tally.of(
        {name: columns[name] for name in names},
        sums={name: columns[name] for name in ask.sums} or None,
        edges=dict(ask.edges) or None,
    )
