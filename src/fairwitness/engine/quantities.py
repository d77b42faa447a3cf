"""Numbers that stand for themselves: predicted quantities beside recorded ones, and places in lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fairwitness.core.asks import LIST, PREDICTED, RANKED, SCORE, TARGET
from fairwitness.core.errors import ColumnError, ConfigError, DataError
from fairwitness.draw.words import plural
from fairwitness.engine.config import Config
from fairwitness.engine.outcomes import Target
from fairwitness.io.kinds import as_text
from fairwitness.io.table import Table


def beside(
    derived: Mapping[str, NDArray[Any]], table: Table, config: Config, goal: Target, *, source: str
) -> tuple[dict[str, NDArray[Any]], tuple[str, ...]]:
    """The engine's columns with `@target` and `@predicted` of a predicted quantity, `@ranked` and `@list` of lists, and
    what is to be said of them.

    Raises:
        UserError: A setting names what is not there, or does not fit the target.
    """
    placed, notes = _listed(table, config, derived, source=source)
    return {**derived, **_predicted(table, config, goal, source=source), **placed}, notes


def _predicted(table: Table, config: Config, goal: Target, *, source: str) -> dict[str, NDArray[Any]]:
    """The columns `@target` and `@predicted` of a quantity that is predicted.

    Raises:
        ConfigError: A prediction is named and the target is no quantity.
        DataError: A prediction is missing or no number.
    """
    name = config.model.prediction
    if name is None:
        return {}
    if goal.name is None:
        raise ConfigError(f"{source}: [model] prediction needs [subject] target, the column with what was found")
    if goal.task != "regression":
        raise ConfigError(
            f"{source}: [model] prediction goes with a target of numbers and {goal.name!r} holds classes; name [model] "
            "decision or score instead"
        )
    return {
        TARGET: _numbers(table, goal.name, "[subject] target"),
        PREDICTED: _numbers(table, name, "[model] prediction"),
    }


def _listed(
    table: Table, config: Config, derived: Mapping[str, NDArray[Any]], *, source: str
) -> tuple[dict[str, NDArray[Any]], tuple[str, ...]]:
    """The columns `@ranked`, higher first, and `@list`, which list a row is in; and what is to be said of them.

    Raises:
        ConfigError: There is nothing to order by.
        DataError: A score is missing or no number, or a row is in no list.
    """
    ranking = config.ranking
    if ranking is None:
        return {}, ()
    notes = []
    if ranking.score is not None:
        order = _numbers(table, ranking.score, "[ranking] score")
    elif SCORE in derived:
        order = derived[SCORE]
        if np.isnan(order).any():
            unit = f"; [split] unit = {ranking.list!r} keeps each whole" if ranking.list else ""
            notes.append(f"lists are of the judged rows alone{unit}")
    else:
        raise ConfigError(f"{source}: [ranking] needs score, the column rows are ordered by, the highest first")
    if ranking.list is None:
        return {RANKED: order, LIST: np.full(len(order), "", dtype=object)}, tuple(notes)
    series = table.frame[ranking.list]
    if series.null_count():
        raise DataError(
            f"{table.source}: [ranking] list {ranking.list!r} is empty in {plural(series.null_count(), 'row')}; name which "
            "list each row is in, or drop them"
        )
    return {RANKED: order, LIST: as_text(series)}, tuple(notes)


def _numbers(table: Table, name: str, key: str) -> NDArray[np.float64]:
    series = table.frame[name]
    if not series.dtype.is_numeric():
        raise ColumnError(f"{table.source}: {key} names {name!r}, which is not a column of numbers")
    values = series.cast(pl.Float64).fill_null(np.nan).to_numpy()
    missing = int((~np.isfinite(values)).sum())
    if missing:
        raise DataError(f"{table.source}: {key} {name!r} is missing in {plural(missing, 'row')}; fill or drop them")
    return values
