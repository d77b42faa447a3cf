"""CSV, TSV and their kin: a header, one row a line, and every odd thing said instead of guessed.

Polars splits the text into cells; what the cells are is decided here, column by column, so that nothing turns into
something else without a note.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from fairwitness.core.errors import DataError
from fairwitness.io.cells import Reading, typed
from fairwitness.io.frames import from_columns
from fairwitness.io.locate import Place, content, unfolded
from fairwitness.io.table import Table

TEXT = frozenset({".csv", ".tsv", ".txt", ".tab", ".psv"})

_DELIMITERS = ",;\t|"
_SAMPLE = 2**17
_SAMPLE_ROWS = 50
_BEGINNING = 2**22
_MANY_COLUMNS, _LONGEST_HEADER = 100_000, 2**24
_OTHER_FORMATS = {
    b"PK\x03\x04": ("a zip archive or an Excel workbook", "save it as CSV"),
    b"PAR1": ("Parquet", "rename it to end in .parquet"),
    b"ARROW1": ("Arrow", "rename it to end in .arrow"),
    b"\x1f\x8b": ("gzip", "rename it to end in .csv.gz"),
    b"BZh": ("bzip2", "rename it to end in .csv.bz2"),
    b"\xfd7zXZ": ("xz", "rename it to end in .csv.xz"),
    b"\x28\xb5\x2f\xfd": ("zstd", "rename it to end in .csv.zst"),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "save it as CSV"),
    b"\x80\x04\x95": ("a pickle, which can run code when it is opened", "save it as CSV or Parquet"),
}


def read(place: Place) -> Table:
    """A delimited text file, compressed or not, as a table.

    Raises:
        DataError: Empty, not UTF-8, without header, ragged, or not text at all.
    """
    stored = content(place)
    text = _as_utf8(unfolded(stored, place), place.source)
    delimiter = "\t" if place.suffix in {".tsv", ".tab"} else _delimiter(text)
    names, notes = _header(text, delimiter, place.source)
    cells = _without_blank_rows(_cells(text, delimiter, len(names), place.source), notes, place.source)
    reading = Reading(decimal_comma=delimiter == ";")
    columns = [(name, typed(name, cells[str(column)], reading)) for column, name in enumerate(names)]
    table = from_columns(columns, source=place.source, fingerprint=hashlib.sha256(stored).hexdigest())
    return replace(table, notes=(*notes, *table.notes, *reading.notes()))


def beginning(place: Place) -> tuple[Table, str]:
    """The first rows of a file that is not compressed, and what delimits its cells: from them its types are read.

    Raises:
        DataError: As `read`, of those rows.
    """
    try:
        with place.path.open("rb") as file:
            start = file.read(_BEGINNING)
            cut = bool(file.read(1))
    except OSError as error:
        raise DataError.unreadable(
            place.source, f"cannot be read ({(error.strerror or str(error)).lower()})", "check the file's permissions"
        ) from None
    text = _as_utf8(start[: start.rfind(b"\n") + 1] if cut else start, place.source)
    delimiter = "\t" if place.suffix in {".tsv", ".tab"} else _delimiter(text)
    names, notes = _header(text, delimiter, place.source)
    if len(set(names)) < len(names):
        raise DataError.unreadable(place.source, "two columns have one name", "rename one in the header")
    cells = _without_blank_rows(_cells(text, delimiter, len(names), place.source), notes, place.source)
    reading = Reading()
    columns = [(name, typed(name, cells[str(column)], reading)) for column, name in enumerate(names)]
    return from_columns(columns, source=place.source), delimiter


def _without_blank_rows(cells: pl.DataFrame, notes: list[str], source: str) -> pl.DataFrame:
    """Rows that hold something; with one column an empty line may be an empty cell, and stays."""
    if cells.width > 1:
        blank = cells.select(pl.all_horizontal(pl.all().is_null())).to_series()
        if blank.any():
            notes.append(f"{blank.sum()} empty rows left out")
            cells = cells.filter(~blank)
    if not cells.height:
        raise DataError.unreadable(source, "a header and no rows", "there is nothing to audit")
    return cells


def _as_utf8(data: bytes, source: str) -> bytes:
    """The bytes, once they are known to be text in UTF-8, with line ends Polars knows."""
    if not data.strip():
        why = "the file is empty (0 bytes)" if not data else "the file holds blank lines only"
        raise DataError.unreadable(source, why, "a table needs a header and rows")
    for magic, (what, way_out) in _OTHER_FORMATS.items():
        if data.startswith(magic):
            raise DataError.unreadable(source, f"the content is {what}, not text", way_out)
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise DataError.unreadable(source, "the text is UTF-16", "save it as UTF-8")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        raise DataError.unreadable(
            source, f"not UTF-8 at byte {error.start:,} (0x{byte:02x}, line {line:,})", "save it as UTF-8"
        ) from None
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise DataError.unreadable(source, f"a NUL byte in line {line:,}: not a text file", "save it as CSV")
    data = data.removeprefix(b"\xef\xbb\xbf")
    return data.replace(b"\r", b"\n") if b"\n" not in data else data


def _delimiter(text: bytes) -> str:
    """The one of `,;TAB|` that cuts most of the first rows into as many fields as the header, and the most of them."""

    def fit(delimiter: str) -> tuple[float, int]:
        rows = [len(row) for _, row in _records(text[:_SAMPLE], delimiter, at_most=_SAMPLE_ROWS)]
        if not rows or rows[0] < 2:
            return (0.0, 0)
        return (sum(row == rows[0] for row in rows) / len(rows), rows[0])

    best = max(_DELIMITERS, key=fit)
    return best if fit(best) > (0.0, 0) else ","


def _records(text: bytes, delimiter: str, *, at_most: int | None = None) -> Iterator[tuple[int, list[str]]]:
    """Records with the line each ends on; blank lines are passed over, and a reader that gives up ends them."""
    lines = csv.reader(io.StringIO(text.decode(errors="ignore"), newline=""), delimiter=delimiter)
    found = 0
    try:
        for row in lines:
            if row:
                yield lines.line_num, row
                found += 1
            if found == at_most:
                return
    except csv.Error:
        return


def _header(text: bytes, delimiter: str, source: str) -> tuple[list[str], list[str]]:
    """Column names, and what had to be done to get them."""
    raw = next((row for _, row in _records(text[:_LONGEST_HEADER], delimiter, at_most=1)), [])
    names = [name.strip() for name in raw]
    if not names:
        raise DataError.unreadable(source, "the first line is no header", "give every column a name")
    if len(names) > _MANY_COLUMNS:
        raise DataError.unreadable(source, f"{len(names):,} columns in the header", "check the delimiter")
    if all(re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", name) for name in names):
        shown = ", ".join(names[:4])
        raise DataError.unreadable(source, f"the first line holds numbers only ({shown}, ...)", "add a header line")
    nameless = [place for place, name in enumerate(names, start=1) if not name]
    for place in nameless:
        names[place - 1] = f"column_{place}"
    notes = [f"columns without a name: {', '.join(names[place - 1] for place in nameless)}"] if nameless else []
    return names, notes


def _cells(text: bytes, delimiter: str, width: int, source: str) -> pl.DataFrame:
    """Every cell as text, columns named "0", "1", ...; null where a cell is empty."""
    try:
        frame = pl.read_csv(
            io.BytesIO(text.lstrip(b"\r\n")),
            separator=delimiter,
            has_header=True,
            new_columns=[str(place) for place in range(width)],
            infer_schema=False,
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        _refuse_ragged(text, delimiter, width, source)
        why = " ".join(str(error).split())[:100]
        raise DataError.unreadable(source, f"it cannot be split into cells ({why})", "check its quotes") from None
    if frame.width != width:
        raise DataError.unreadable(source, "its header cannot be split into names", "check its quotes")
    delimiters = (frame.height + 1) * (width - 1)
    if frame[:, -1].null_count() and (b'"' in text or text.count(delimiter.encode()) != delimiters):
        _refuse_ragged(text, delimiter, width, source)  # a short row looks like one whose last cells are empty
    return frame


def _refuse_ragged(text: bytes, delimiter: str, width: int, source: str) -> None:
    for line, row in _records(text, delimiter):
        if len(row) != width:
            raise DataError.unreadable(
                source,
                f"line {line:,} has {len(row)} fields where the header has {width}",
                "quote fields that hold the delimiter, or mend the row",
            )
