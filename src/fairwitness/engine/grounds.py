"""What a person has said of the data that tells sources of bias apart, held against the data."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from fairwitness.core import asks
from fairwitness.core.errors import ColumnError, ConfigError, DataError
from fairwitness.core.subject import Grounds
from fairwitness.draw.words import listed
from fairwitness.engine.columns import Declared
from fairwitness.engine.config import Config
from fairwitness.engine.outcomes import Target
from fairwitness.io.kinds import as_text
from fairwitness.io.table import Table


def told(table: Table, declared: Declared, config: Config, goal: Target, *, source: str) -> Grounds:
    """The settings, checked.

    Raises:
        ColumnError: A setting names a column that is not there, or not of numbers where it must be.
        ConfigError: The outcome is named as a ground for itself, or rows were checked of what is no class.
    """
    subject = config.subject
    have = table.frame.columns
    numeric = {column.name for column in declared.columns if column.numeric}
    named = [(name, "[subject] legitimate") for name in subject.legitimate]
    named += [(subject.date, "[subject] date")] if subject.date is not None else []
    named += [(subject.site, "[subject] site")] if subject.site is not None else []
    named += [(name, f"[indicators] {key}") for key, names in config.indicators.items() for name in names]
    named += [(name, "[gold.truth]") for name in config.gold.truth]
    for name, key in named:
        table.refuse_clash(name)
        if name not in have:
            raise ColumnError.missing(name, key=key, have=have, source=source)
        if name == subject.target:
            raise ConfigError(f"{source}: {key} names the target {name!r}; name columns that are known before it")
    numbers = {name: key for name, key in named if key.startswith(("[indicators]", "[gold.truth]"))}
    for name, key in {**numbers, **dict.fromkeys(config.gold.truth.values(), "[gold.truth]")}.items():
        if name not in numeric:
            raise ColumnError(f"{source}: {key} names {name!r}, which is not a column of numbers")
    if (config.gold.label is not None or config.annotators.columns) and not goal.classes:
        raise ConfigError(
            f"{source}: [gold] label and [annotators] are about recorded classes; declare [subject] target"
        )
    return Grounds(
        legitimate=subject.legitimate,
        date=subject.date or "",
        gold=config.gold.label or "",
        truths=config.gold.truth,
        annotators={name: config.annotators.groups.get(name, "") for name in config.annotators.columns},
        indicators=config.indicators,
        site=subject.site or "",
    )


def derived(table: Table, config: Config, goal: Target, *, source: str) -> dict[str, NDArray[Any]]:
    """The class found on checking, as the column `@gold`.

    Raises:
        DataError: A value is none of the target's classes, or no row was checked.
    """
    name = config.gold.label
    if name is None:
        return {}
    found = as_text(table.frame[name])
    strange = sorted({str(value) for value in found if value is not None} - set(goal.classes))
    if strange:
        raise DataError(
            f"{source}: [gold] label {name!r} holds {listed(strange)}, no class of {goal.name!r}; write its own: "
            f"{listed(goal.classes)}"
        )
    if all(value is None for value in found):
        raise DataError(f"{source}: [gold] label {name!r} is empty in every row; leave it out until rows are checked")
    return {asks.GOLD: found}
