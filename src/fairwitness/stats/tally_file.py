"""A tally as a file: an `.npz` archive without pickle, written in one step and read with suspicion."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.errors import DataError

_FORMAT = "fairwitness tally 1"
_MOST_BYTES = 2**30  # of one array; a tally is small, so a larger claim is a mistake or an attack
_MOST_ROWS = 2**62  # in all: the sum of counts must fit int64

Axes = Mapping[str, tuple[str, ...]]
Floats = NDArray[np.float64]


def unsound(path: Path, why: str) -> DataError:
    """The error for a file that is not a sound tally."""
    return DataError.unreadable(path, f"not a sound tally: {why}", "write it again with Tally.save")


def write(
    path: Path, axes: Axes, codes: NDArray[np.int32], counts: NDArray[np.int64], sums: Mapping[str, Floats]
) -> None:
    """Write a tally beside `path`, then move it into place, so that no reader ever sees half a file."""
    head = {"format": _FORMAT, "axes": [[name, list(values)] for name, values in axes.items()], "sums": list(sums)}
    arrays: dict[str, NDArray[Any]] = {
        "head": np.frombuffer(json.dumps(head, ensure_ascii=False).encode(), dtype=np.uint8),
        "codes": codes,
        "counts": counts,
        "sums": np.stack([*sums.values()]) if sums else np.zeros((0, len(counts))),
    }
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def read(path: Path) -> tuple[dict[str, tuple[str, ...]], NDArray[np.int32], NDArray[np.int64], dict[str, Floats]]:
    """Axes, codes, counts and sums, every one of them checked.

    Raises:
        DataError: The file cannot be read, or is not a sound tally.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sorted(archive.namelist()) != ["codes.npy", "counts.npy", "head.npy", "sums.npy"]:
                raise unsound(path, "it holds other things")
            head = _array(archive, "head", np.uint8, 1, path)
            codes = _array(archive, "codes", np.int32, 2, path)
            counts = _array(archive, "counts", np.int64, 1, path)
            values = _array(archive, "sums", np.float64, 2, path)
    except FileNotFoundError as error:
        raise DataError.unreadable(path, "there is no such file", "check the path") from error
    except OSError as error:
        raise DataError.unreadable(path, error.strerror or str(error), "check the path and its permissions") from error
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise unsound(path, f"the archive is damaged ({error})") from error
    axes, names = _head(head.tobytes(), path)
    if codes.shape != (len(counts), len(axes)) or values.shape != (len(names), len(counts)):
        raise unsound(path, "its arrays do not fit each other")
    _check(path, [len(categories) for categories in axes.values()], codes, counts)
    return axes, codes, counts, dict(zip(names, values, strict=True))


def _array(archive: zipfile.ZipFile, name: str, dtype: type[np.generic], axes: int, path: Path) -> NDArray[Any]:
    """One member. Its header is held against the size and type expected before anything is allocated."""
    info = archive.getinfo(f"{name}.npy")
    if info.file_size > _MOST_BYTES:
        raise unsound(path, f"{name} claims {info.file_size} bytes")
    with archive.open(info) as file:
        try:
            if np.lib.format.read_magic(file) != (1, 0):
                raise unsound(path, f"{name} is of another version")
            shape, by_columns, found = np.lib.format.read_array_header_1_0(file, max_header_size=10_000)
        except ValueError as error:
            if isinstance(error, DataError):
                raise
            raise unsound(path, f"{name} has no array header") from error
        if found != np.dtype(dtype) or len(shape) != axes:
            raise unsound(path, f"{name} is {found} with {len(shape)} axes")
        size = prod(shape) * found.itemsize
        data = file.read(size + 1)
    if len(data) != size:
        raise unsound(path, f"{name} is not as long as it says")
    return np.frombuffer(data, dtype=dtype).reshape(shape, order="F" if by_columns else "C")


def _head(text: bytes, path: Path) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Axes, and the names of sums."""
    try:
        head = json.loads(text)
        if set(head) != {"format", "axes", "sums"} or head["format"] != _FORMAT:
            raise unsound(path, "its head is of another format")
        axes = {name: tuple(values) for name, values in head["axes"]}
        words = [*axes, *head["sums"], *(value for values in axes.values() for value in values)]
        lists = [value for _, value in head["axes"]]
        if not all(isinstance(word, str) for word in words) or not all(isinstance(each, list) for each in lists):
            raise unsound(path, "its head holds something else than names")
        names = tuple(head["sums"])
    except (ValueError, TypeError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise unsound(path, "its head cannot be read") from error
    repeated = len(axes) < len(lists) or len(set(names)) < len(names)
    if repeated or any(len(set(values)) < len(values) for values in axes.values()):
        raise unsound(path, "its names repeat")
    return axes, names


def _check(path: Path, sizes: list[int], codes: NDArray[np.int32], counts: NDArray[np.int64]) -> None:
    """Codes have categories, cells are sorted and unique, counts can be counts."""
    if (codes < 0).any() or (codes >= np.array(sizes, dtype=np.int64)).any():
        raise unsound(path, "a code has no category")
    if (counts < 0).any() or sum(counts.tolist()) >= _MOST_ROWS:
        raise unsound(path, "a count cannot be one")
    cells = len(counts)
    if len(np.unique(codes, axis=0)) < cells or not np.array_equal(np.lexsort(codes.T[::-1]), np.arange(cells)):
        raise unsound(path, "its cells are not sorted, or repeat")
