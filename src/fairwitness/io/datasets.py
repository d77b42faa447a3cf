"""PyTorch Datasets and DataLoaders, told by the module of their class: torch itself is never imported here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fairwitness.core.errors import DataError
from fairwitness.io.arrays import LABEL, from_arrays
from fairwitness.io.frames import content_digest
from fairwitness.io.locate import LARGEST
from fairwitness.io.table import Table

_X = ("x", "image", "images", "pixel_values", "input", "inputs", "features", "data")
_Y = ("y", "label", "labels", "target", "targets")
_FORM = "give (x, y), (x, y, attributes) or a dict a row"


def is_torch(data: object) -> bool:
    """Whether `data` is a Dataset or DataLoader of PyTorch, or a class derived from one."""
    return any(each.__module__.startswith("torch.utils.data") for each in type(data).__mro__)


def read(data: Any) -> Table:  # noqa: ANN401 - a Dataset or DataLoader; torch may not be installed
    """Every row of a Dataset or DataLoader, in one pass.

    A loader that may shuffle is put into an order that depends on content alone, so the same rows give the same
    fingerprint, split and numbers whichever order they came in.

    Raises:
        DataError: A row cannot be had, rows differ in shape, or there are more than memory should hold.
    """
    loader = hasattr(data, "dataset") and hasattr(data, "batch_size") and hasattr(data, "__iter__")
    source = type(data).__name__
    unbatched = loader and data.batch_size is None and getattr(data, "batch_sampler", None) is None
    rows = _gathered(_each(data, loader=loader, source=source), batched=loader and not unbatched, source=source)
    table = _as_table(rows, source)
    if not loader:
        return table
    notes = list(table.notes)
    if type(getattr(data, "sampler", None)).__name__ != "SequentialSampler":
        table = _in_fixed_order(table)
        notes.append("rows are in an order fixed by their content: the loader may shuffle")
    whole = len(data.dataset) if hasattr(data.dataset, "__len__") else len(table)
    if whole != len(table):
        notes.append(f"the loader gives {len(table)} of its data set's {whole} rows")
    return replace(table, notes=tuple(notes))


def _each(data: Any, *, loader: bool, source: str) -> Iterator[Any]:  # noqa: ANN401 - what a Dataset gives
    """Items or batches; what the user's own code raises is told with the place where it did."""
    by_place = not loader and hasattr(data, "__getitem__") and hasattr(data, "__len__")
    items: Iterator[Any] = (data[place] for place in range(len(data))) if by_place else iter(data)
    place = 0
    while True:
        try:
            item = next(items)
        except StopIteration:
            return
        except Exception as error:
            what = "batch" if loader else "row"
            raise DataError(
                f"{source}: {what} {place} raised {type(error).__name__}: {error}; mend the data set"
            ) from error
        yield item
        place += 1


def _gathered(items: Iterable[Any], *, batched: bool, source: str) -> dict[str, NDArray[Any]]:
    """All rows by name: "x", "label", and attributes under their own names."""
    parts: dict[str, list[NDArray[Any]]] = {}
    size = 0
    for place, item in enumerate(items):
        fields = _fields(item, source)
        if parts and fields.keys() != parts.keys():
            had = ", ".join(parts)
            raise DataError(f"{source}: row {place} has {', '.join(fields)}, those before it {had}; {_FORM}")
        for name, value in fields.items():
            array = _array(value)
            if batched and not array.ndim:
                raise DataError(f"{source}: {name!r} of batch {place} is one value for all its rows; give one a row")
            size += array.nbytes
            parts.setdefault(name, []).append(array if batched else array[None])
        if size > LARGEST:
            raise DataError(f"{source}: its rows take more than {LARGEST // 2**30} GiB; give a part of them")
    if not parts:
        raise DataError(f"{source}: it holds no rows; there is nothing to audit")
    made = {}
    for name, arrays in parts.items():
        shapes = {array.shape[1:] for array in arrays}
        if len(shapes) > 1:
            told = " and ".join(map(str, sorted(shapes, key=str)[:2]))
            raise DataError(f"{source}: {name!r} has shapes {told}; bring all rows to one size")
        made[name] = np.concatenate(arrays)
    return made


def _fields(item: Any, source: str) -> dict[str, Any]:  # noqa: ANN401 - what a Dataset gives
    if isinstance(item, Mapping):
        named = {str(name): value for name, value in item.items()}
        x = next((name for name in _X if name in named), None)
        y = next((name for name in _Y if name in named), None)
        return {"x" if name == x else LABEL if name == y else name: value for name, value in named.items()}
    if isinstance(item, Sequence) and not isinstance(item, str) and 1 <= len(item) <= 3:
        fields = dict(zip(("x", LABEL), item, strict=False))
        if len(item) == 3:
            if not isinstance(item[2], Mapping):
                raise DataError(f"{source}: the third part of a row is {type(item[2]).__name__}, not a dict; {_FORM}")
            fields |= {str(name): value for name, value in item[2].items()}
        return fields
    if hasattr(item, "shape"):
        return {"x": item}
    raise DataError(f"{source}: a row is {type(item).__name__}; {_FORM}")


def _array(value: Any) -> NDArray[Any]:  # noqa: ANN401 - tensor, picture, array, list or scalar
    for step in ("detach", "cpu", "numpy"):
        convert: Callable[[], Any] | None = getattr(value, step, None)
        value = convert() if convert is not None else value
    return np.asarray(value)


def _as_table(rows: Mapping[str, NDArray[Any]], source: str) -> Table:
    x = rows.get("x")
    media = x if x is not None and x.ndim >= 3 else None
    columns = {name: values for name, values in rows.items() if name != "x" or media is None}
    if x is not None and media is None and x.ndim == 1:
        columns["x"] = x[:, None]
    if "x" in columns and columns["x"].shape[1] == 1:
        columns["x0"] = columns.pop("x")
    return from_arrays(media, columns, source=source, torch=True)


def _in_fixed_order(table: Table) -> Table:
    """The same rows sorted by a digest of their content."""
    cells = [repr(row).encode() for row in table.frame.iter_rows()]
    for array in table.media.values():
        cells = [cell + array[place].tobytes() for place, cell in enumerate(cells)]
    order = sorted(range(len(cells)), key=[hashlib.sha256(cell).digest() for cell in cells].__getitem__)
    frame = table.frame[pl.Series(order, dtype=pl.UInt32)]
    media = {name: array[order] for name, array in table.media.items()}
    return replace(table, frame=frame, media=media, fingerprint=content_digest(frame, media))
