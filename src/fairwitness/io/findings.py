"""findings.json: written small enough to read and to compare line by line, and read as if a stranger wrote it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from fairwitness.core import figures
from fairwitness.core.errors import DataError
from fairwitness.core.findings import SCHEMA_VERSION, Document, Series

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")

LARGEST = 64 * 2**20
"""Bytes of a findings file; a large audit makes a few megabytes."""

_OF_THE_RUN = ("seconds", "spent", "watt_hours")
_READ_OFF = ("title", "lead", "why", "evidence", "series", "figures", "notes", "in_baseline")
"""Of findings that are read off clocks and meters: no two runs have them alike."""

_LINE = 400
_DIGITS = 10
_SHOWN = 6  # of figures and tables, which are looked at and never judged


def dump(document: Document) -> str:
    """The document as JSON text.

    Fields keep their order, floats have 10 significant digits (figures and
    tables 6, settings all of theirs), and what is undefined or unbounded is null (JSON has
    neither NaN nor infinity). What a figure leaves as it usually is, is left out. A value that fits stands on one line, so two documents can be compared line by line.
    """
    return text(document)


def text(tree: Any) -> str:  # noqa: ANN401 - any tree of dataclasses
    """Any document of ours as JSON text, as `dump` has it."""
    return _written(_plain(tree), indent=0) + "\n"


def load(text_or_path: str | Path) -> Document:
    """Read a document and check it against the types.

    Args:
        text_or_path: A path, or JSON text (recognised by its opening brace).

    Raises:
        DataError: It is missing, too large, not JSON, of another version, or not a findings document.
    """
    return checked(text_or_path, _adapter(), version=SCHEMA_VERSION, maker="fairwitness audit")


def checked(text_or_path: str | Path, adapter: TypeAdapter[T], *, version: str, maker: str) -> T:
    """Read any document of ours, held against its types; `maker` names the command that makes one.

    Raises:
        DataError: As `load`.
    """
    if isinstance(text_or_path, str) and text_or_path.lstrip()[:1] == "{":
        text, source = text_or_path, "findings"
    else:
        text, source = _read(Path(text_or_path), maker), Path(text_or_path).name
    if len(text) > LARGEST:
        raise _refused(source, f"it is larger than {LARGEST // 2**20} MiB", maker)
    try:
        tree = json.loads(text, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise _refused(source, f"not valid JSON ({error})", maker) from None
    found = tree.get("schema_version") if isinstance(tree, dict) else None
    if found != version:
        raise _refused(source, f"schema_version is {found!r}, this fairwitness reads {version!r}", maker)
    from pydantic import ValidationError  # heavy, and only wanted here

    try:
        return adapter.validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise _refused(source, f"{place}: {first['msg']}", maker) from None


def digest(document: Document) -> str:
    """SHA-256 over what was found, as 64 hex digits: equal for two audits that found the same.

    Times, work spent, what clocks and meters read, command line and package versions are left out, so an audit that is repeated
    keeps the digest; data, model and settings have digests of their own in the provenance. The document in memory and the one
    read back agree.
    """
    tree = _plain(document)
    del tree["provenance"]
    for finding in tree["findings"]:
        for key in (*_OF_THE_RUN, *(_READ_OFF if finding.pop("metered") else ())):
            del finding[key]
    text = json.dumps(_whole(tree), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of findings.json."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:fairwitness:findings:{SCHEMA_VERSION}",
        **_adapter().json_schema(mode="serialization"),
        "title": "fairwitness findings",
        "description": "What an audit measured, how sure it is, and what follows. Counts, rates and digests: no rows.",
    }


@cache
def _adapter() -> TypeAdapter[Document]:
    from pydantic import TypeAdapter  # heavy, and only wanted here

    return TypeAdapter(Document)


def _read(path: Path, maker: str) -> str:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused(path.name, "not UTF-8 text", maker) from None
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise DataError(f"{path}: cannot be read ({why}); give the findings.json of an audit") from None


def _refused(source: str, why: str, maker: str) -> DataError:
    return DataError(f"{source}: {why}; make it again with {maker}")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is not a JSON number")
    return number


def _plain(value: Any, digits: int = _DIGITS) -> Any:  # noqa: ANN401 - any tree of dataclasses, mappings and scalars
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        drawn = type(value).__module__ == figures.__name__
        digits = _SHOWN if drawn or isinstance(value, Series) else digits
        return {
            item.name: getattr(value, item.name)
            if "exact" in item.metadata
            else _plain(getattr(value, item.name), digits)
            for item in dataclasses.fields(value)
            if not drawn or item.name == "kind" or getattr(value, item.name) != item.default
        }
    if isinstance(value, Mapping):
        return {str(key): _plain(item, digits) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, digits) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.{digits}g}") if math.isfinite(value) else None
    return value


def _whole(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The same tree with whole numbers as such: a field for fractions may hold 12, and is read back as 12.0."""
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _written(value: Any, *, indent: int) -> str:  # noqa: ANN401 - any JSON value
    """JSON that breaks a line only where it must (lists of scalars never do), and has no spaces in it."""
    if not isinstance(value, dict | list) or not value or _scalars(value):
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    inner = " " * (indent + 1)
    items = value.values() if isinstance(value, dict) else value
    keys = [json.dumps(key, ensure_ascii=False) for key in value] if isinstance(value, dict) else []
    left, right = "{}" if isinstance(value, dict) else "[]"
    parts = [_written(item, indent=indent + 1) for item in items]

    def joined(colon: str, comma: str) -> str:
        return (
            comma.join(f"{key}{colon}{part}" for key, part in zip(keys, parts, strict=True))
            if keys
            else comma.join(parts)
        )

    flat = f"{left}{joined(':', ',')}{right}"
    if "\n" not in flat and len(flat) + indent <= _LINE:
        return flat
    broken = joined(": ", f",\n{inner}")
    return f"{left}\n{inner}{broken}\n{' ' * indent}{right}"


def _scalars(value: dict[str, Any] | list[Any]) -> bool:
    return isinstance(value, list) and not any(isinstance(item, dict | list) for item in value)
