"""The tables: clause, what it asks in our words, and the checks, commands and records that bear on it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import as_file, files

from fairwitness.core.errors import ConfigError, hint
from fairwitness.io.settings import SettingsTable, read_toml, validate

NAMES = ("eu-ai-act", "gdpr", "nist-ai-rmf", "nyc-ll144", "ecoa-reg-b", "ccpa-admt", "iso-42001")


class Row(SettingsTable):
    """One clause.

    Attributes:
        clause: Its number.
        asks: What it asks for, in our own words.
        checks: Checks whose findings bear on it, exact ids or `fairness.*`.
        planned: The same for checks that do not exist yet; they count as soon as they do.
        context: The audit's questions to a person whose answers bear on it.
        record: Kinds of ledger entries that bear on it.
        commands: Commands of ours that make or show such evidence.
        missing: Why an audit cannot show it, for a clause that only an organisation can answer.
        unsure: What about the text or our reading of it is not settled; empty where nothing is known to be.
        text_version: Of this row, where it is not the table's.
        checked_on: Likewise.
    """

    clause: str
    asks: str
    checks: tuple[str, ...] = ()
    planned: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    record: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    missing: str = ""
    unsure: str = ""
    text_version: str = ""
    checked_on: str = ""


class Table(SettingsTable):
    """A law or standard, as far as an audit bears on it."""

    name: str
    title: str
    text_version: str
    checked_on: str
    note: str
    row: tuple[Row, ...]

    def version(self, row: Row) -> str:
        """The text a row was written from."""
        return row.text_version or self.text_version

    def checked(self, row: Row) -> str:
        """The day on which somebody last looked whether the row still holds, as an ISO date."""
        return row.checked_on or self.checked_on


@cache
def table(name: str) -> Table:
    """A table by its name, one of `NAMES`."""
    with as_file(files("fairwitness.accountability.regulation") / "texts" / f"{name}.toml") as path:
        return validate(Table, read_toml(path, missing="install fairwitness again"), source=path.name)


def chosen(names: Sequence[str]) -> tuple[Table, ...]:
    """The tables asked for.

    Raises:
        ConfigError: There is none of that name.
    """
    for name in names:
        if name not in NAMES:
            raise ConfigError(f"--regulation {name}: no such table; {hint(name, NAMES)}")
    return tuple(table(name) for name in dict.fromkeys(names))


def listing() -> str:
    """Every table with the text it was written from and the day it was checked."""
    lines = [f"{each.name:<12} {each.title}; checked {each.checked_on}" for each in map(table, NAMES)]
    return "\n".join(["Tables for --regulation:", *lines])
