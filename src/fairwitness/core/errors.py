"""Errors a user can cause, each one line: where, what, and the way out.

Anything raised as a `UserError` ends a command with exit code 2 and its message alone; every other exception is our
fault (exit code 3). Messages are built by named constructors, so their wording lives, and is tested, in one place.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Self


def hint(name: str, have: Iterable[str], *, shown: int = 12) -> str:
    """The way out for a name that does not exist: the nearest one, else the first few there are."""
    known = [str(item) for item in have]
    near = get_close_matches(name, known, n=1) or [item for item in known if item.lower() == name.lower()]
    if near:
        return f"did you mean {near[0]!r}?"
    if not known:
        return "there are none"
    rest = f" and {len(known) - shown} more" if len(known) > shown else ""
    return f"there is {', '.join(known[:shown])}{rest}"


class UserError(Exception):
    """The input is wrong; the message says where, what, and the way out, on one line."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class ConfigError(UserError, ValueError):
    """A setting is misspelt, missing, of the wrong kind, or contradicts another."""

    @classmethod
    def unknown_key(cls, key: str, *, where: str, source: str, have: Iterable[str]) -> Self:
        return cls(f"{source}: no setting {key!r} in {where}; {hint(key, have)}")

    @classmethod
    def bad_value(cls, key: str, value: object, *, source: str, want: str) -> Self:
        return cls(f"{source}: {key} is {value!r}; {want}")

    @classmethod
    def unknown_check(cls, name: str, *, key: str, source: str, have: Iterable[str]) -> Self:
        return cls(f"{source}: no check or pillar {name!r} for {key}; {hint(name, have)}")


class DataError(UserError, ValueError):
    """The data cannot be read, or cannot mean what the settings say."""

    @classmethod
    def unreadable(cls, path: object, why: str, way_out: str) -> Self:
        return cls(f"{path}: {why}; {way_out}")


class ColumnError(UserError, LookupError):
    """A column that is named is not there, or is not what it is used as."""

    @classmethod
    def missing(cls, name: str, *, key: str, have: Iterable[str], source: str) -> Self:
        return cls(f"{source}: no column {name!r} for {key}; {hint(name, have)}")


class ModelError(UserError, ValueError):
    """A model cannot be loaded safely, or its outputs do not fit the data."""


class TooFewError(ValueError):
    """A number was asked of nothing, such as the rate of an empty group: it is unknown, not zero."""
