"""Ways of looking for near copies among rows: by cells, texts and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column, Kind
from fairwitness.core.subject import Rows
from fairwitness.data import near
from fairwitness.data.duplicates import repeats, shared
from fairwitness.data.words import count
from fairwitness.draw.words import listed, plural

Bools = NDArray[np.bool_]

FEWEST_CELLS = 6
"""With fewer columns, rows that differ in one are people alike."""
MOST_LOOKED_AT = 50_000
MOST_MEDIA = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One way of comparing rows.

    Attributes:
        what: What is compared: rows, texts of a column.
        verbs: What they do with another, several of them and one.
        column: The column of texts or pictures; empty for cells.
        seen: (n,) rows that were looked at.
        alike: (n,) those of them with a near copy.
        again: (n,) audit rows with one in train; None without parts.
        clusters: (n,) for texts and pictures, who lies with whom; −1 alone.
        part: Copies were looked for among a part of the rows only, so shares are at least these.
    """

    what: str
    verbs: tuple[str, str]
    column: str
    seen: Bools
    alike: Bools
    again: Bools | None
    clusters: NDArray[np.int64] | None = None
    by_column: Mapping[str, int] | None = None
    notes: tuple[str, ...] = ()
    part: bool = False


def looks(rows: Rows, columns: Sequence[Column], parts: NDArray[Any] | None, *, rng: np.random.Generator) -> list[Look]:
    """Every look that rows allow: cells of tables, each column of texts, each of pictures.

    Args:
        rows: With all `columns`.
        columns: As declared.
        parts: (n,) `train`, `tune` or `audit`; None where rows are not divided.
        rng: Draws the rows looked at, where there are many.
    """
    found = []
    cells = _cells(rows, columns, parts, rng)
    if cells is not None:
        found.append(cells)
    for column in columns:
        if column.kind == "text":
            drawn, note = _drawn(len(rows), rng)
            clusters = np.full(len(rows), -1, dtype=np.int64)
            clusters[drawn] = near.texts(rows.columns[column.name][drawn])
            found += _clustered(column.name, f"texts of {column.name}", clusters, parts, note)
        elif column.kind == "image" and min(rows.media[column.name].shape[1:3]) >= near.SIDE:
            drawn, note = _drawn(len(rows), rng)
            clusters = np.full(len(rows), -1, dtype=np.int64)
            clusters[drawn] = near.pictures(rows.media[column.name][drawn], rng=rng)
            found += _clustered(column.name, f"pictures of {column.name}", clusters, parts, note)
    return found


def _drawn(n: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    if n <= MOST_MEDIA:
        return np.arange(n), ()
    note = f"copies looked for among {count(MOST_MEDIA)} of {plural(n, 'row')} drawn at random: shares are at least those shown"
    return np.sort(rng.choice(n, MOST_MEDIA, replace=False)), (note,)


def _clustered(
    name: str, what: str, clusters: NDArray[np.int64], parts: NDArray[Any] | None, notes: tuple[str, ...]
) -> list[Look]:
    seen = clusters >= 0
    if seen.sum() < 2:
        return []
    again = None if parts is None else near.met(clusters, of=parts == "audit", among=parts == "train")
    return [
        Look(
            what=what,
            verbs=("are near copies of {}", "is a near copy of {}"),
            column=name,
            seen=seen,
            alike=near.crowded(clusters),
            again=again,
            clusters=clusters,
            notes=notes,
            part=bool(notes),
        )
    ]


def _cells(rows: Rows, columns: Sequence[Column], parts: NDArray[Any] | None, rng: np.random.Generator) -> Look | None:
    """Rows alike in every cell but one. Names of rows are left out: every row has its own."""
    kinds = {column.name: column.kind for column in columns if not column.media}
    names = [name for name, kind in kinds.items() if names_rows(rows.columns[name], kind)]
    compared = {name: rows.columns[name] for name in kinds if name not in names}
    if len(compared) < FEWEST_CELLS or rows.media:
        return None
    n, notes = len(rows), []
    looked = np.ones(n, dtype=bool)
    if n > MOST_LOOKED_AT:
        looked = np.zeros(n, dtype=bool)
        looked[rng.choice(n, MOST_LOOKED_AT, replace=False)] = True
        notes.append(f"{count(MOST_LOOKED_AT)} rows drawn at random are each compared with all {count(n)}")
    if names:
        notes.append(f"not compared, since every row has a value of its own: {listed(names)}")
    differ = [name for name in compared if kinds[name] != "text"]
    everyone = np.ones(n, dtype=bool)
    by_column = near.one_cell_apart(compared, of=looked, among=everyone, differ=differ)
    if names:  # copies but for the name of the row
        by_column[listed(names)] = looked & _twice(compared)
    again = None
    if parts is not None:
        audit, train = looked & (parts == "audit"), parts == "train"
        found = [*near.one_cell_apart(compared, of=audit, among=train, differ=differ).values()]
        found += [shared(compared, of=audit, among=train)] if names else []
        again = np.logical_or.reduce(found)
    return Look(
        what="rows",
        verbs=("equal {} in all columns but one", "equals {} in all columns but one"),
        column="",
        seen=looked,
        alike=np.logical_or.reduce([*by_column.values()]),
        again=again,
        by_column={name: int(hits.sum()) for name, hits in by_column.items()},
        notes=tuple(notes),
    )


def names_rows(values: NDArray[Any], kind: Kind, *, words: int = near.FEWEST_WORDS) -> bool:
    """Whether a column names rows: no two share a value, which is neither measured nor a text to read.

    Args:
        values: (n,) float64, or object of str or None.
        kind: As the column is declared.
        words: A text of so many is one to read.
    """
    if kind == "number":
        return False
    if values.dtype.kind == "f":
        return len(np.unique(values)) == len(values)
    if kind == "text" and any(len((value or "").split()) >= words for value in values[:100]):
        return False
    return len(set(values.tolist())) == len(values)


def _twice(columns: Mapping[str, NDArray[Any]]) -> Bools:
    """(n,) whether another row equals it in all columns, before it or after."""
    back = {name: values[::-1] for name, values in columns.items()}
    return np.asarray(repeats(columns) | repeats(back)[::-1])


def torn_apart(clusters: NDArray[np.int64], classes: NDArray[Any]) -> Bools:
    """(n,) whether a row lies with rows of another class."""
    known = (clusters >= 0) & np.array([each is not None for each in classes], dtype=bool)
    coded = np.zeros(len(classes), dtype=np.int64)
    coded[known] = np.unique(classes[known].astype(str), return_inverse=True)[1]
    size = int(clusters.max(initial=0)) + 1
    least, most = np.full(size, np.iinfo(np.int64).max), np.full(size, -1)
    np.minimum.at(least, clusters[known], coded[known])
    np.maximum.at(most, clusters[known], coded[known])
    return np.asarray(known & (least[np.maximum(clusters, 0)] != most[np.maximum(clusters, 0)]))
