"""From what the user named to bytes: paths, files inside packages, compression, and bounds on all of it."""

from __future__ import annotations

import bz2
import gzip
import importlib
import io
import lzma
import re
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import IO, cast

from fairwitness.core.errors import DataError

PACKAGE = "package:"
LARGEST = 8 * 2**30
"""Bytes a file may unfold to."""

_RATIO, _RATIO_FROM = 500, 256 * 2**20
"""Past 256 MiB a file may unfold to 500 times its size; tables of almost only zeros reach about 300."""

_CHUNK = 2**22
_COMPRESSED = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd", ".zstd": "zstd"}


@dataclass(frozen=True, slots=True)
class Place:
    """A file or folder that exists.

    Attributes:
        path: Where it is.
        source: What messages call it: never a folder above the one the user named.
        suffix: Its format by name, lower case, compression taken off: `.csv` for `loans.csv.gz`.
    """

    path: Path
    source: str
    suffix: str

    @property
    def compression(self) -> str | None:
        return _COMPRESSED.get(self.path.suffix.lower())


def locate(name: str | Path, *, base: Path | None) -> Place:
    """Find what `name` means; a relative path is looked for in `base`.

    Raises:
        DataError: Nothing is there, the package is not installed, or the name leads out of it.
    """
    if isinstance(name, str) and name.startswith(PACKAGE):
        return _in_package(name)
    given = Path(name).expanduser()
    if "\0" in str(given):
        raise DataError(f"{str(given)!r}: a path cannot hold a NUL character; remove it")
    path = given if given.is_absolute() else (base or Path()) / given
    source = given.name if given.is_absolute() or ".." in given.parts else given.as_posix()
    return _existing(path, source or str(name))


def content(place: Place) -> bytes:
    """The file's bytes, as stored.

    Raises:
        DataError: It is no regular file, too large, or may not be read.
    """
    try:
        about = place.path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise DataError.unreadable(place.source, "not a regular file", "copy the data into a file first")
        if about.st_size > LARGEST:
            raise _too_large(place.source)
        return place.path.read_bytes()
    except OSError as error:
        raise DataError.unreadable(
            place.source, f"cannot be read ({(error.strerror or str(error)).lower()})", "check the file's permissions"
        ) from None


def unfolded(stored: bytes, place: Place) -> bytes:
    """`stored` without its compression, within bounds.

    Raises:
        DataError: It is damaged, unfolds to too much, or needs a package that is not installed.
    """
    if place.compression is None:
        return stored
    limit = min(LARGEST, max(_RATIO_FROM, _RATIO * len(stored)))
    try:
        with _opened(io.BytesIO(stored), place) as file:
            made = list(_chunks(file, limit))
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise _damaged(place, error) from None
    except Exception as error:
        if type(error).__name__ != "ZstdError":  # its module depends on who brought it
            raise
        raise _damaged(place, error) from None
    if made and not made[-1]:
        raise _too_large(place.source)
    return b"".join(made)


def _chunks(file: IO[bytes], limit: int) -> Iterator[bytes]:
    """What the file unfolds to, piece by piece; an empty piece at the end says that it goes on past `limit`."""
    total = 0
    while chunk := file.read(_CHUNK):
        total += len(chunk)
        if total > limit:
            yield b""
            return
        yield chunk


def _opened(file: IO[bytes], place: Place) -> IO[bytes]:
    if place.compression == "gzip":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=file))
    if place.compression == "bzip2":
        return bz2.BZ2File(file)
    if place.compression == "xz":
        return lzma.LZMAFile(file)
    try:
        opened: IO[bytes] = (
            importlib.import_module("zstandard").ZstdDecompressor().stream_reader(file, read_across_frames=True)
        )
    except ImportError:
        try:
            opened = importlib.import_module("compression.zstd").ZstdFile(file)  # Python 3.14 and later
        except ImportError:
            raise DataError.unreadable(
                place.source, "compressed with zstd", "pip install zstandard, or save it as .gz"
            ) from None
    return opened


def _in_package(name: str) -> Place:
    package, _, inside = name.removeprefix(PACKAGE).partition("/")
    parts = PurePosixPath(inside).parts
    if not re.fullmatch(r"[A-Za-z_]\w*", package) or not parts:
        raise DataError(f"{name}: not a file in a package; write package:NAME/path/in/package")
    if ".." in parts or PurePosixPath(inside).is_absolute() or any("\\" in part or ":" in part for part in parts):
        raise DataError(f"{name}: the path leads out of the package; write package:NAME/path/in/package")
    try:
        spec = find_spec(package)  # a top-level name is looked up, never imported
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        raise DataError(f"{name}: package {package!r} is not installed; pip install {package}")
    folders = [Path(folder) for folder in spec.submodule_search_locations or []]
    if not folders:
        raise DataError(f"{name}: {package!r} is a single module and holds no files; name another package")
    found = next((folder for folder in folders if folder.joinpath(*parts).exists()), folders[0])
    return _existing(found.joinpath(*parts), name)


def _existing(path: Path, source: str) -> Place:
    try:
        there = path.exists()
    except OSError:
        there = False
    if not there:
        raise DataError(f"{source}: there is no such file; {_near(path)}")
    plain = path.with_suffix("") if path.suffix.lower() in _COMPRESSED else path
    return Place(path, source, plain.suffix.lower())


def _near(path: Path) -> str:
    folder = path.parent
    try:
        names = sorted(entry.name for entry in folder.iterdir())[:10_000]
    except OSError:
        return f"the folder {folder.name or str(folder)!r} is not there either; check the path"
    near = get_close_matches(path.name, names, n=1)
    return f"did you mean {near[0]!r}?" if near else "check the path"


def _too_large(source: str) -> DataError:
    return DataError(
        f"{source}: it unfolds to more than {LARGEST // 2**30} GiB, or to over {_RATIO} times its size; "
        f"give a part of it, or as Parquet"
    )


def _damaged(place: Place, error: Exception) -> DataError:
    why = " ".join(str(error).split()) or type(error).__name__
    return DataError.unreadable(
        place.source, f"damaged {place.compression} data ({why[:120]})", "copy or save it again"
    )
