"""Settings files: TOML, checked against frozen models; every error names file, key, value and the way out, on one line."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from fairwitness.core.errors import ConfigError

SHAPES = {"tuple_type": "give a list", "model_type": "give a table", "mapping_type": "give a table"}
"""What pydantic calls by the names Python has for it, in the words of TOML."""


class SettingsTable(BaseModel):
    """A table of settings: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


TableT = TypeVar("TableT", bound=SettingsTable)


def dump_toml(settings: Mapping[str, Any]) -> str:
    """Settings as TOML that `read_toml` reads back: plain values first, then a table for each mapping.

    Args:
        settings: Mappings, lists, text, numbers, truth values and dates; what is None is left out.
    """
    return "\n".join(_table(settings, ())).lstrip("\n") + "\n"


def _table(settings: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    held = {key: value for key, value in settings.items() if value is not None}
    inner = {key: value for key, value in held.items() if isinstance(value, Mapping)}
    lines = [f"{_key(key)} = {_value(value)}" for key, value in held.items() if key not in inner]
    if path and (lines or not inner):
        lines = ["", f"[{'.'.join(map(_key, path))}]", *lines]
    for key, value in inner.items():
        lines += _table(value, (*path, key))
    return lines


def _key(name: str) -> str:
    return name if name and name.isascii() and name.replace("_", "").replace("-", "").isalnum() else _value(name)


def _value(value: Any) -> str:  # noqa: ANN401 - any TOML value
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(key)} = {_value(item)}' for key, item in value.items() if item is not None)} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def validate(kind: type[TableT], settings: Mapping[str, Any], *, source: str) -> TableT:
    """Settings as a frozen table of that kind.

    Raises:
        ConfigError: The first setting that is wrong, with its key, value and the way out.
    """
    try:
        return kind.model_validate(settings)
    except ValidationError as error:
        raise _one_line(error, kind, source) from None


def read_toml(path: Path, *, missing: str) -> dict[str, Any]:
    """A TOML file as it stands.

    Args:
        path: The file.
        missing: The way out when it is not there.

    Raises:
        ConfigError: The file is missing, cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; {missing}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML, {error}; mend that line") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); check its permissions") from None


def _one_line(error: ValidationError, kind: type[BaseModel], source: str) -> ConfigError:
    errors = error.errors()
    misspelt = (each for each in errors if each["type"] == "extra_forbidden")  # and then another may seem missing
    first = next(misspelt, errors[0])
    path = [str(step) for step in first["loc"]]
    if first["type"] == "extra_forbidden":
        *parents, key = path
        where = f"[{'.'.join(parents)}]" if parents else "the top level"
        return ConfigError.unknown_key(key, where=where, source=source, have=_keys(kind, parents))
    why = first["msg"].removeprefix("Value error, ")
    where = ".".join(step for step in path if step not in {"bool", "int", "float", "str"}) or "settings"
    if first["type"] == "value_error":
        return ConfigError(f"{source}: {where}: {why}")
    if first["type"] == "missing":
        return ConfigError(f"{source}: {where} is missing; add it")
    want = SHAPES.get(first["type"], why[:1].lower() + why[1:])
    return ConfigError.bad_value(where, first["input"], source=source, want=want)


def _keys(table: type[BaseModel], parents: list[str]) -> list[str]:
    """The settings of the table at `parents`."""
    for step in parents:
        if step.isdigit() or step not in table.model_fields:
            continue  # an item of a list or of a mapping by name
        kinds = [table.model_fields[step].annotation]
        while kinds:
            kind = kinds.pop()
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                table = kind
            kinds += [*get_args(kind)]
    return list(table.model_fields)
