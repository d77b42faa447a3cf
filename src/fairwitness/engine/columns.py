"""The declared columns of a subject: kinds, roles, and the sensitive attributes built from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from fairwitness.core.asks import RESERVED
from fairwitness.core.columns import Column, Kind, Role
from fairwitness.core.errors import ColumnError, ConfigError
from fairwitness.engine.config import Config
from fairwitness.engine.settings.data import GroupSettings
from fairwitness.io import groups as build
from fairwitness.io.kinds import as_text, infer, numbers, without_sentinels
from fairwitness.io.table import Table

MOST_CLASSES = 100
"""More different values than this, and most rows their own: an identifier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """Columns with their roles, and group labels by attribute.

    Attributes:
        columns: The raw columns, as declared or inferred.
        groups: Attribute name to (n,) labels; None where the attribute is not recorded.
        made_from: Attribute to the raw columns it is built from: never features unless asked.
        notes: What building the groups changed.
    """

    columns: tuple[Column, ...]
    groups: Mapping[str, build.Labels]
    made_from: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...]

    @property
    def sensitive(self) -> tuple[str, ...]:
        """Raw columns some attribute is built from."""
        return tuple(dict.fromkeys(column for columns in self.made_from.values() for column in columns))


def declare(table: Table, config: Config, *, source: str) -> Declared:
    """Hold the config against the data's columns.

    Raises:
        ColumnError: A setting names a column that is not there (the nearest is suggested).
        ConfigError: A column is asked to be two things.
    """
    have = table.frame.columns
    for name in (*have, *config.groups, *config.subject.groups):
        if name.startswith(RESERVED):
            raise ColumnError(
                f"{source}: {name!r} begins with {RESERVED}, which marks the tool's own columns; rename it"
            )
    role_of = _roles(config, table, source=source)
    columns = []
    for column in infer(table):
        settings = config.columns.get(column.name)
        role: Role = role_of.get(column.name, "feature")
        if settings is not None:
            columns.append(
                replace(
                    column,
                    role=role,
                    kind=settings.kind or column.kind,
                    **settings.model_dump(exclude={"kind"}),
                )
            )
        else:
            columns.append(replace(column, role=role))
    for name, settings in config.columns.items():
        _need(table, name, key=f"[columns.{name}]", source=source, have=have)
        _fits(table, next(column for column in columns if column.name == name), settings.kind, source=source)
    return _with_groups(table, config, tuple(columns), source=source)


def _fits(table: Table, column: Column, declared: Kind | None, *, source: str) -> None:
    """Hold a declared kind against the values, before anything is measured on them."""
    if declared is None or column.name in table.media:
        return
    if declared in {"image", "date"} and declared != next(c.kind for c in infer(table) if c.name == column.name):
        raise ColumnError(
            f"{source}: [columns.{column.name}] kind is {declared!r}, and the column holds none; leave it out"
        )
    if column.numeric:
        numbers(table.frame[column.name], column, source=source)


def refuse_identifier(series: pl.Series, what: str, *, rows: int, source: str) -> None:
    """Stop a column of names or e-mails from becoming classes: its values would stand in the report.

    Raises:
        ColumnError: More than half of its values, and over 100, are different.
    """
    distinct = series.n_unique()
    if distinct > MOST_CLASSES and 2 * distinct > rows:
        raise ColumnError(
            f"{source}: {what} has {distinct:,} different values, like an identifier; name a column of categories"
        )


def _need(table: Table, name: str, *, key: str, source: str, have: list[str]) -> None:
    table.refuse_clash(name)
    if name not in have and name not in table.media:
        raise ColumnError.missing(name, key=key, have=have, source=source)


def _roles(config: Config, table: Table, *, source: str) -> dict[str, Role]:
    have = table.frame.columns
    roles: dict[str, Role] = {}

    def give(name: str | None, role: Role, key: str) -> None:
        if name is None:
            return
        _need(table, name, key=key, source=source, have=have)
        if roles.get(name, role) != role:
            raise ConfigError(f"{source}: column {name!r} is both {roles[name]} and {role}; it can be one of them")
        roles[name] = role

    subject, model = config.subject, config.model
    give(subject.target, "target", "[subject] target")
    give(model.score, "score", "[model] score")
    give(model.prediction, "score", "[model] prediction")
    if model.decision in have:
        give(model.decision, "decision", "[model] decision")
    give(config.split.column or table.split, "split", "[split] column")
    give(subject.weight, "weight", "[subject] weight")
    give(subject.cluster, "unit", "[subject] cluster")
    give(config.split.unit, "unit", "[split] unit")
    if config.ranking is not None:
        give(config.ranking.score, "score", "[ranking] score")
        own = roles.get(config.ranking.list or "", "ignore")  # rows of a list may be kept together too
        give(config.ranking.list, own, "[ranking] list")
    for name in subject.exclude:
        give(name, "ignore", "[subject] exclude")
    for key, name in known_afterwards(config):
        give(name, "ignore", key)
    for name in subject.features or ():
        give(name, "feature", "[subject] features")
    return roles


def known_afterwards(config: Config) -> tuple[tuple[str, str], ...]:
    """Columns with what was found later: the setting that names each, and the column. No model may read them."""
    gold = (("[gold] label", config.gold.label),) if config.gold.label is not None else ()
    truths = (("[gold.truth]", truth) for truth in config.gold.truth.values())
    return (*gold, *truths, *(("[annotators] columns", name) for name in config.annotators.columns))


def _with_groups(table: Table, config: Config, columns: tuple[Column, ...], *, source: str) -> Declared:
    made: dict[str, build.Labels] = {}
    made_from: dict[str, tuple[str, ...]] = {}
    notes: list[str] = []
    names = dict.fromkeys([*config.subject.groups, *(n for cross in config.subject.intersections for n in cross)])
    for name in names:
        settings = config.groups.get(name, GroupSettings())
        raw = list(settings.indicators or [settings.column or name])
        for column in raw:
            _need(table, column, key=f"group {name!r}", source=source, have=table.frame.columns)
            if column == config.subject.target:
                raise ConfigError(f"{source}: the target {column!r} is its own group; name another group column")
        labels, note = labels_of(table, name, settings, columns)
        made[name] = labels
        made_from[name] = tuple(raw)
        notes += [note] if note else []
    unused = set(config.groups) - set(names)
    if unused:
        name = min(unused)
        raise ConfigError(f"{source}: [groups.{name}] is defined but not listed in [subject] groups; add it there")
    roles: dict[str, Role] = {column: "group" for raw in made_from.values() for column in raw}
    kept = tuple(replace(c, role=roles.get(c.name, c.role)) if c.role == "feature" else c for c in columns)
    return Declared(columns=kept, groups=made, made_from=made_from, notes=tuple(notes))


def labels_of(
    table: Table, name: str, settings: GroupSettings, columns: tuple[Column, ...]
) -> tuple[build.Labels, str]:
    """(n,) labels of one attribute, read as its settings say, and a note on how.

    Raises:
        ColumnError: The column cannot be read so.
    """
    if settings.indicators is not None:
        return build.from_indicators(table.frame, settings.indicators)
    column = settings.column or name
    declared = next(item for item in columns if item.name == column)
    series = without_sentinels(table.frame[column], declared.sentinels)
    if settings.edges is not None:
        return build.from_edges(
            series, settings.edges
        ), f"{name}: {column} cut at {', '.join(f'{e:g}' for e in settings.edges)}"
    if settings.quantiles is not None:
        return build.from_quantiles(
            series, settings.quantiles
        ), f"{name}: {column} cut into {settings.quantiles} parts of about the same size"
    refuse_identifier(series, f"group {name!r}", rows=table.people(), source=table.source)
    if table.counted is not None and series.dtype.is_numeric():  # codes of text look like numbers in a tally
        series = pl.Series(series.name, as_text(series).tolist(), dtype=pl.String)
    return build.from_values(series, settings.values), ""
