"""A folder of pictures with a table of attributes: one row a picture, found by its file name."""

from __future__ import annotations

import hashlib
import importlib
import warnings
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.errors import DataError
from fairwitness.io import delimited
from fairwitness.io.arrays import IMAGE
from fairwitness.io.locate import LARGEST, Place
from fairwitness.io.table import Table

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"})
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")  # decoders that only decode
_MOST_FILES = 2_000_000


def read(place: Place) -> Table:
    """Pictures of one size with their attributes.

    Raises:
        DataError: No pictures, no table or several, rows without a picture, or pictures of different sizes.
    """
    files = sorted(path for path in islice(place.path.rglob("*"), _MOST_FILES) if path.is_file())
    pictures = {path.relative_to(place.path).as_posix(): path for path in files if path.suffix.lower() in ENDINGS}
    if not pictures:
        raise DataError(f"{place.source}: a folder without pictures; name the data file in it")
    table = delimited.read(_attributes(place, files))
    column, found = _matched(table, pictures, place.source)
    array, notes = _pixels([pictures[name] for name in found], place.source)
    left = len(pictures) - len(set(found))
    if left:
        notes.append(f"{left} pictures have no row in {table.source} and are left out")
    state = hashlib.sha256(table.fingerprint.encode())
    for name in found:
        state.update(name.encode() + hashlib.sha256(pictures[name].read_bytes()).digest())
    frame = table.frame.drop(column) if table.frame.width > 1 else table.frame
    return replace(
        table,
        frame=frame,
        media={IMAGE: array},
        source=place.source,
        fingerprint=state.hexdigest(),
        notes=(*table.notes, f"pictures found by {column!r}, which is left out of the columns", *notes),
    )


def _attributes(place: Place, files: list[Path]) -> Place:
    tables = [path for path in files if path.suffix.lower() in delimited.TEXT and path.parent == place.path]
    if len(tables) > 1:
        tables = [path for path in tables if path.stem.lower() == "attributes"] or tables
    if len(tables) != 1:
        have = ", ".join(path.name for path in tables[:4]) or "none"
        raise DataError(f"{place.source}: pictures need one table of attributes beside them ({have}); attributes.csv")
    return Place(tables[0], f"{place.source}/{tables[0].name}", tables[0].suffix.lower())


def _matched(table: Table, pictures: dict[str, Path], source: str) -> tuple[str, list[str]]:
    """The column whose cells name pictures (by path, name, or name without its ending), and the picture of each row."""
    names: dict[str, str] = {}
    for name, path in pictures.items():
        for form in (name, path.name, path.stem):
            names.setdefault(form, name)
    best, hits = "", 0
    for series in table.frame:
        cells = [str(cell) for cell in series.to_list()]
        n = sum(cell in names for cell in cells)
        if n > hits:
            best, hits = series.name, n
    if not hits:
        raise DataError(f"{source}: no column of {table.source} names the pictures; add one with their file names")
    cells = [str(cell) for cell in table.frame[best].to_list()]
    lost = next((row for row, cell in enumerate(cells) if cell not in names), None)
    if lost is not None:
        raise DataError(
            f"{source}: {best!r} names {cells[lost]!r} in row {lost + 1}, and there is no such picture; "
            f"add it or drop the row"
        )
    return best, [names[cell] for cell in cells]


def _pixels(paths: list[Path], source: str) -> tuple[NDArray[Any], list[str]]:
    """(n, H, W) where every picture is grey, else (n, H, W, 3)."""
    image = _pillow(source)
    with warnings.catch_warnings():
        warnings.simplefilter("error", image.DecompressionBombWarning)
        heads = [_head(image, path, source) for path in paths]
        first = heads[0]
        for path, (size, _) in zip(paths, heads, strict=True):
            if size != first[0]:
                raise DataError(
                    f"{source}: {path.name} is {size[0]} × {size[1]} and {paths[0].name} {first[0][0]} × {first[0][1]} "
                    f"pixels; resize them to one size"
                )
        grey = all(mode in {"1", "L"} for _, mode in heads)
        mode = "L" if grey else "RGB"
        if len(paths) * first[0][0] * first[0][1] * len(mode) > LARGEST:
            raise DataError(f"{source}: the pictures unfold to more than {LARGEST // 2**30} GiB; resize them")
        arrays = [_decoded(image, path, mode, source) for path in paths]
    changed = sorted({held for _, held in heads} - {mode})
    return np.stack(arrays), [f"pictures stored as {', '.join(changed)} read as {mode}"] if changed else []


def _pillow(source: str) -> Any:  # noqa: ANN401 - a module that may not be installed
    try:
        return importlib.import_module("PIL.Image")
    except ImportError:
        raise DataError(f"{source}: reading pictures needs Pillow; pip install pillow") from None


def _head(image: Any, path: Path, source: str) -> tuple[tuple[int, int], str]:  # noqa: ANN401 - Pillow
    try:
        with image.open(path, formats=_FORMATS) as held:
            return held.size, held.mode
    except (OSError, ValueError, SyntaxError, image.DecompressionBombWarning, image.DecompressionBombError) as error:
        raise _unreadable(path, source, error) from None


def _decoded(image: Any, path: Path, mode: str, source: str) -> NDArray[Any]:  # noqa: ANN401 - Pillow
    try:
        with image.open(path, formats=_FORMATS) as held:
            return np.asarray(held.convert(mode))
    except (OSError, ValueError, SyntaxError, image.DecompressionBombWarning, image.DecompressionBombError) as error:
        raise _unreadable(path, source, error) from None


def _unreadable(path: Path, source: str, error: Exception) -> DataError:
    return DataError.unreadable(
        f"{source}/{path.name}", f"not a readable picture ({type(error).__name__})", "save it again, or drop its row"
    )
