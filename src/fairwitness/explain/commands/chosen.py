"""Which row is meant, and whether it can be explained: refused before a model is trained or asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.errors import ColumnError
from fairwitness.engine import generators, models
from fairwitness.engine.columns import declare
from fairwitness.engine.config import Config
from fairwitness.engine.request import features
from fairwitness.engine.subject import divide, recorded_only, recorded_rows
from fairwitness.explain.errors import ExplainError
from fairwitness.io.kinds import as_text
from fairwitness.io.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the user called a row.

    Attributes:
        id: Column that holds what `row` says; None: `row` is the row's number, from 1.
    """

    row: str
    id: str | None = None


def columns_read(table: Table, config: Config, *, source: str) -> tuple[Column, ...]:
    """The columns a model would read.

    Raises:
        ExplainError: There is no model, it decides nothing, or rows of its kind cannot be explained.
    """
    if not models.wanted(config):
        raise ExplainError.no_model(source)
    if generators.wanted(config):
        raise ExplainError.no_classes(source, "a model that makes rows")
    if config.model.train == "autoencoder":
        raise ExplainError.no_classes(source, "an autoencoder, which ranks rows by how usual they are,")
    declared = declare(table, config, source=source)
    names, _ = features(declared, config)
    read = tuple(column for column in declared.columns if column.name in names)
    whole = [column for column in read if column.media or column.kind == "text"]
    if whole and len(read) > 1:
        raise ExplainError.mixed(source, whole[0].name, whole[0].kind)
    if whole and whole[0].kind == "image" and config.model.black_box is not None:
        raise ExplainError.no_picture(source)
    return read


def place(table: Table, config: Config, wanted: Wanted, *, source: str) -> int:
    """The row's place among the rows that are audited.

    Raises:
        ExplainError: There is no such row, several, or it is not one that decisions are judged on.
        ColumnError: No column is called so.
    """
    at = _found(table, wanted)
    known = recorded_rows(table, config)
    number = str(at + 1) if wanted.id is None else wanted.row
    if not known[at]:
        raise ExplainError.no_outcome(table.source, number, str(config.subject.target))
    declared = declare(table, config, source=source)
    kept, _, _ = recorded_only(table, declared, config)
    parts, judged = divide(kept, config, owned=True, source=source)
    inside = int(known[:at].sum())
    if parts is not None and not judged[inside]:
        near = _nearest(np.flatnonzero(known)[judged], at)
        raise ExplainError.not_judged(table.source, number, str(parts[inside]), near + 1)
    return inside


def _found(table: Table, wanted: Wanted) -> int:
    """The row's place in the data as they are written."""
    height = table.frame.height
    if wanted.id is None:
        text = wanted.row.strip()
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= height:
            raise ExplainError.no_row(table.source, wanted.row, height)
        return int(text) - 1
    if wanted.id not in table.frame.columns:
        raise ColumnError.missing(wanted.id, key="--id", have=table.frame.columns, source=table.source)
    held: NDArray[np.object_] = as_text(table.frame[wanted.id])
    at = np.flatnonzero(held == wanted.row)
    if not len(at):
        raise ExplainError.no_id(table.source, wanted.row, wanted.id)
    if len(at) > 1:
        raise ExplainError.many(table.source, wanted.row, wanted.id, [int(each) + 1 for each in at])
    return int(at[0])


def _nearest(places: NDArray[np.intp], at: int) -> int:
    return int(places[np.abs(places - at).argmin()])
