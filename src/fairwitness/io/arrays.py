"""Arrays that belong together, row for row: pictures, a label, attributes; and two files that hold such arrays."""

from __future__ import annotations

import hashlib
import io
import math
import re
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fairwitness.core.errors import DataError
from fairwitness.io.frames import content_digest, from_columns
from fairwitness.io.locate import LARGEST, Place, content, unfolded
from fairwitness.io.table import Table

IMAGE, LABEL, PART = "image", "label", "part"

_CHANNELS = (1, 3, 4)
_IMAGE_WORDS = frozenset({"x", "image", "images", "img", "imgs", "pixels", "pictures", "inputs", "data"})
_LABEL_WORDS = frozenset({"y", "label", "labels", "target", "targets", "class", "classes"})
_PARTS = {"train": "train", "training": "train", "val": "tune", "valid": "tune", "validation": "tune", "test": "audit"}
_IDX = re.compile(r"^(?P<name>.+)[-.]idx(?P<axes>\d)(-ubyte)?(?P<gz>\.gz)?$", re.IGNORECASE)
_IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def from_arrays(
    media: NDArray[Any] | None,
    columns: Mapping[str, NDArray[Any]],
    *,
    source: str,
    fingerprint: str | None = None,
    torch: bool = False,
) -> Table:
    """A table of pictures and columns.

    Args:
        media: (n, H, W), (n, H, W, C) or (n, C, H, W), or None.
        columns: Name to (n,) values, (n, 1) included; (n, k) becomes NAME0 to NAMEk-1.
        source: For messages.
        fingerprint: Digest of the file; None: taken over the content.
        torch: They come from PyTorch, where channels stand first.

    Raises:
        DataError: A column has another length than the pictures.
    """
    flat: dict[str, NDArray[Any]] = {}
    for name, values in columns.items():
        narrow = values.reshape(len(values)) if values.ndim > 1 and values.size == len(values) else values
        wide = {f"{name}{place}": narrow[:, place] for place in range(narrow.shape[1])} if narrow.ndim == 2 else {}
        flat |= wide or {name: narrow}
    rows = len(media) if media is not None else len(next(iter(flat.values()), ()))
    for name, values in flat.items():
        if values.ndim != 1 or len(values) != rows:
            raise DataError(f"{source}: {name!r} has shape {values.shape} beside {rows} rows; give one value a row")
    if not rows:
        raise DataError(f"{source}: it holds no rows; there is nothing to audit")
    listed = [(name, _series(values)) for name, values in flat.items()] or [("row", pl.Series(range(rows)))]
    table = from_columns(listed, source=source, fingerprint=fingerprint)
    if media is None:
        return table
    held = {IMAGE: pixels_last(media, torch=torch)}
    return replace(table, media=held, fingerprint=fingerprint or content_digest(table.frame, held))


def pixels_last(pictures: NDArray[Any], *, torch: bool = False) -> NDArray[Any]:
    """(n, H, W) or (n, H, W, C) from either order of axes; a single channel has no axis.

    Where both ends could be channels, the smaller is; of two alike it is the first in PyTorch and the last elsewhere.
    """
    if pictures.ndim != 4:
        return pictures
    first, last = pictures.shape[1], pictures.shape[3]
    if first in _CHANNELS and (last not in _CHANNELS or first < last or (torch and first == last)):
        pictures = np.moveaxis(pictures, 1, -1)
    return pictures[..., 0] if pictures.shape[3] == 1 else pictures


def read_npz(place: Place) -> Table:
    """An .npz of pictures (or of a matrix), labels and attributes; never unpickled.

    Raises:
        DataError: It is damaged, needs pickle, unfolds to too much, or does not say which array is which.
    """
    stored = content(place)
    arrays = _arrays(stored, place.source)
    parts = _by_part(arrays)
    media, columns = (
        _joined(parts, place.source) if len(parts) > 1 else _roles(next(iter(parts.values())), place.source)
    )
    table = from_arrays(media, columns, source=place.source, fingerprint=hashlib.sha256(stored).hexdigest())
    if len(parts) > 1:
        note = f"{', '.join(parts)} joined; column {PART!r} says which, as train, tune (validation) and audit (test)"
        table = replace(table, notes=(*table.notes, note), split=PART)
    return table


def is_idx(path: Path) -> bool:
    """Whether the name is that of an IDX file, as MNIST's are."""
    return _IDX.match(path.name) is not None


def read_idx(place: Place) -> Table:
    """An IDX file of pictures, with the labels beside it where MNIST's naming finds them.

    Raises:
        DataError: It is damaged, or holds labels instead of pictures.
    """
    pictures, digest = _idx(place)
    if pictures.ndim < 3:
        raise DataError(f"{place.source}: it holds {pictures.ndim} axes, no pictures; give the images file (idx3)")
    found = _IDX.match(place.path.name)
    stem = found["name"] if found else ""
    wanted = {stem.replace("images", "labels"), stem.replace("image", "label")} - {stem}
    beside = [
        path
        for path in sorted(place.path.parent.iterdir())
        if (match := _IDX.match(path.name)) and match["axes"] == "1" and match["name"] in wanted
    ]
    if not beside:
        table = from_arrays(pictures, {}, source=place.source, fingerprint=digest)
        return replace(table, notes=(*table.notes, "no labels file was found beside the pictures"))
    labels, of_labels = _idx(Place(beside[0], beside[0].name, ""))
    both = hashlib.sha256((digest + of_labels).encode()).hexdigest()
    return from_arrays(pictures, {LABEL: labels}, source=place.source, fingerprint=both)


def _series(values: NDArray[Any]) -> pl.Series:
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8", "replace")
    if values.dtype.kind in "fiub":
        return pl.Series(values=values.astype(values.dtype.newbyteorder("=")))
    return pl.Series(values=[None if value is None else str(value) for value in values.tolist()], dtype=pl.String)


def _arrays(stored: bytes, source: str) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(stored)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST:
                raise DataError(f"{source}: it unfolds to more than {LARGEST // 2**30} GiB; give a part of it")
            return {
                entry.filename.removesuffix(".npy"): _array(archive, entry, source)
                for entry in archive.infolist()
                if entry.filename.endswith(".npy")
            }
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise DataError.unreadable(source, f"not a readable .npz ({str(error)[:100]})", "save it again") from None


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, source: str) -> NDArray[Any]:
    """One member, once its header promises no more than the member holds."""
    with archive.open(entry) as file:
        data = file.read(entry.file_size + 1)
    try:
        return np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except (ValueError, MemoryError, OverflowError) as error:
        if "allow_pickle" in str(error):
            why, way_out = "holds Python objects, which would need pickle", "save numbers or text (dtype U)"
        else:
            why, way_out = f"is damaged ({str(error)[:80]})", "save it again"
        raise DataError(f"{source}: array {entry.filename.removesuffix('.npy')!r} {why}; {way_out}") from None


def _by_part(arrays: Mapping[str, NDArray[Any]]) -> dict[str, dict[str, NDArray[Any]]]:
    """`train_images` and `x_test` as {"train": {"images": ...}, "test": {"x": ...}}; all under "" where no name says."""
    parts: dict[str, dict[str, NDArray[Any]]] = {}
    for name, array in arrays.items():
        words = name.lower().split("_")
        part = next((word for word in words if word in _PARTS), "")
        parts.setdefault(part, {})["_".join(word for word in words if word != part) if part else name] = array
    names = {frozenset(held) for held in parts.values()}
    return parts if "" not in parts and len(names) == 1 else {"": dict(arrays)}


def _joined(
    parts: Mapping[str, dict[str, NDArray[Any]]], source: str
) -> tuple[NDArray[Any] | None, dict[str, NDArray[Any]]]:
    read = {part: _roles(arrays, source) for part, arrays in parts.items()}
    counts = {part: len(next(iter(arrays.values()))) for part, arrays in parts.items()}
    pictures = [media for media, _ in read.values() if media is not None]
    columns = [held for _, held in read.values()]
    try:
        media = np.concatenate(pictures) if pictures else None
        joined = {name: np.concatenate([held[name] for held in columns]) for name in columns[0]}
    except (ValueError, KeyError):
        raise DataError(f"{source}: {', '.join(parts)} differ in shape; save them in files of their own") from None
    return media, joined | {PART: np.repeat([_PARTS[part] for part in parts], list(counts.values()))}


def _roles(arrays: Mapping[str, NDArray[Any]], source: str) -> tuple[NDArray[Any] | None, dict[str, NDArray[Any]]]:
    """Which array is the pictures, and the others by column name."""
    if not arrays:
        raise DataError(f"{source}: it holds no arrays; save images and labels in it")
    shaped = [name for name, array in arrays.items() if array.ndim in {3, 4} and min(array.shape[1:3]) >= 1]
    named = [name for name in shaped if name.lower().split("_")[-1] in _IMAGE_WORDS]
    if len(shaped) > 1 and len(named) != 1:
        told = ", ".join(f"{name} {arrays[name].shape}" for name in shaped)
        raise DataError(f"{source}: which of {told} holds the pictures? call that one images")
    pictures = (named if len(shaped) > 1 else shaped)[:1]
    rest = {name: array for name, array in arrays.items() if name not in shaped}
    labels = [name for name in rest if name.lower().split("_")[-1] in _LABEL_WORDS]
    matrix = [name for name, array in rest.items() if array.ndim == 2 and name.lower() in _IMAGE_WORDS]
    renamed = {name: LABEL if [name] == labels else "x" if [name] == matrix else name for name in rest}
    return (arrays[pictures[0]] if pictures else None), {renamed[name]: array for name, array in rest.items()}


def _idx(place: Place) -> tuple[NDArray[Any], str]:
    stored = content(place)
    data = unfolded(stored, place)
    axes = data[3] if len(data) >= 4 else 0
    dtype = _IDX_TYPES.get(data[2]) if len(data) >= 4 and data[:2] == b"\0\0" else None
    shape = (
        tuple(int(n) for n in np.frombuffer(data[4 : 4 + 4 * axes], dtype=">u4")) if len(data) >= 4 + 4 * axes else ()
    )
    size = math.prod(shape) * np.dtype(dtype).itemsize if dtype and shape else -1
    if size != len(data) - 4 - 4 * axes:
        raise DataError.unreadable(place.source, "not a whole IDX file", "copy it again")
    values = np.frombuffer(data, dtype=dtype, offset=4 + 4 * axes).reshape(shape)
    return values.astype(values.dtype.newbyteorder("=")), hashlib.sha256(stored).hexdigest()
