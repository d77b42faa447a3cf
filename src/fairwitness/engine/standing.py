"""Whom a row stands for: so many people by a weight, or one of several rows of a person."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fairwitness.core.asks import CLUSTER, WEIGHT
from fairwitness.core.errors import ConfigError, DataError
from fairwitness.draw.words import listed, plural
from fairwitness.engine.config import Config
from fairwitness.io.kinds import as_text
from fairwitness.io.table import Table


def refuse_counts(config: Config, *, source: str) -> None:
    """Stop weights and clusters where rows are only counted.

    Raises:
        ConfigError: One is declared.
    """
    for key, name in (("weight", config.subject.weight), ("cluster", config.subject.cluster)):
        if name is not None:
            raise ConfigError(
                f"{source}: [subject] {key} needs the rows, and these are only counted; read them whole (leave [data] "
                "engine, counts and tallies out)"
            )


def derived(table: Table, config: Config) -> tuple[dict[str, NDArray[Any]], tuple[str, ...]]:
    """The columns `@weight` and `@cluster`, as far as they say anything, and what is to be said of them.

    Weights that are all alike and clusters of one row each change nothing, and are left out.

    Raises:
        DataError: A weight is no number above 0, or a row has no cluster.
    """
    made: dict[str, NDArray[Any]] = {}
    notes = []
    if config.subject.weight is not None:
        weights = _weights(table, config.subject.weight)
        if np.ptp(weights) > 0:
            made[WEIGHT] = weights / weights.max()  # only shares of them count, and squares of some were infinite
        else:
            notes.append(f"all rows have the same {config.subject.weight!r}, so weights change nothing")
    if config.subject.cluster is not None:
        name = config.subject.cluster
        series = table.frame[name]
        if series.null_count():
            raise DataError(
                f"{table.source}: [subject] cluster {name!r} is empty in {plural(series.null_count(), 'row')}; name whom "
                "each row is of, or drop them"
            )
        several = series.n_unique()
        if several < len(series):
            made[CLUSTER] = as_text(series)
            notes.append(f"{plural(len(series), 'row')} are of {several:,} different {name!r}")
        else:
            notes.append(f"no {name!r} has two rows, so clusters change nothing")
    wrong = [name for name, group in config.groups.items() if group.error is not None]
    if made and wrong:
        notes.append(
            f"what gaps can be where {listed(wrong)} may be wrong ([groups] error) is not worked out of rows with weights "
            "or clusters"
        )
    unit = config.split.unit
    if unit is not None and config.subject.cluster is None and table.frame[unit].n_unique() < table.frame.height:
        notes.append(
            f"several rows are of one {unit!r}; intervals of rates take each row as one person unless [subject] cluster "
            "names it"
        )
    return made, tuple(notes)


def _weights(table: Table, name: str) -> NDArray[np.float64]:
    series = table.frame[name]
    if not series.dtype.is_numeric():
        raise DataError(
            f"{table.source}: [subject] weight {name!r} is not numeric; give how many people a row stands for"
        )
    weights = series.cast(pl.Float64).fill_null(np.nan).to_numpy()
    wrong = int((~(np.isfinite(weights) & (weights > 0))).sum())
    if wrong:
        raise DataError(
            f"{table.source}: [subject] weight {name!r} is missing or not above 0 in {plural(wrong, 'row')}; correct or "
            "drop them"
        )
    return weights
