"""The one door: whatever somebody has, as a `Table`."""

from __future__ import annotations

from pathlib import Path

from fairwitness.core.errors import DataError
from fairwitness.io import arrays, columnar, datasets, delimited, pictures, series
from fairwitness.io.frames import from_frame
from fairwitness.io.locate import Place, locate
from fairwitness.io.table import Table


def read(data: object, *, path_base: Path | None = None) -> Table:
    """Read data from wherever it is.

    Args:
        data: A path to CSV or TSV (also .gz, .bz2, .xz, .zst), Parquet, Arrow or Feather; `package:NAME/path/in/package`
            for a file an installed package ships; pictures as .npz, IDX, or a folder with a table of attributes; time
            series as .ts; a frame of pandas, Polars, Arrow or whatever narwhals takes; a mapping of names to columns; a PyTorch Dataset
            or DataLoader.
        path_base: The folder relative paths start from; None: the working directory.

    Raises:
        DataError: It cannot be read; the message says where, what, and the way out.
    """
    if isinstance(data, Table):
        return data
    if isinstance(data, str | Path):
        return _file(locate(data, base=path_base))
    return datasets.read(data) if datasets.is_torch(data) else from_frame(data)


def _file(place: Place) -> Table:
    if place.path.is_dir():
        return pictures.read(place)
    if arrays.is_idx(place.path):
        return arrays.read_idx(place)
    if place.suffix == ".npz":
        return arrays.read_npz(place)
    if place.suffix == series.ENDING:
        return series.read(place)
    if place.suffix in columnar.PARQUET | columnar.ARROW:
        return columnar.read(place)
    if place.suffix in delimited.TEXT:
        return delimited.read(place)
    raise DataError.unreadable(
        place.source, f"{place.suffix or 'no ending'} is not a format that is read", "give CSV, Parquet, Arrow or .npz"
    )
