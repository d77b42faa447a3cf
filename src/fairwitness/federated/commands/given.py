"""From an audit.toml to what each client holds; whatever is wrong is said before anything is trained."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import CLASS, NO, PART, YES
from fairwitness.core.digest import generator
from fairwitness.core.errors import ColumnError, ConfigError
from fairwitness.core.subject import Rows
from fairwitness.draw.words import plural
from fairwitness.federated import sites
from fairwitness.federated.parcels import Parcel, Task
from fairwitness.stats.tally import code_categories

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairwitness.engine.config import Config
    from fairwitness.engine.progress import Progress
    from fairwitness.engine.subject import Subject
    from fairwitness.io.table import Table
    from fairwitness.torchkit.recipes.options import TrainOptions

MOST = 16
"""Clients on one machine: each is a process with torch in it."""

CLASSIFIERS = ("mlp", "cnn", "resnet", "gru", "lstm", "transformer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a federation starts from.

    Attributes:
        subject: All rows, and the model trained on them together: what the federation is compared with.
        settings: As they were read, for the audit.toml that is written.
        by: The column that says who holds a row; None where rows were dealt out.
    """

    subject: Subject
    config: Config
    settings: Mapping[str, Any]
    base: Path
    by: str | None
    options: TrainOptions
    parcels: tuple[Parcel, ...]


def prepare(path: Path, *, by: str | None, clients: int | None, out: Path, progress: Progress, least: int = 1) -> Given:
    """Read, look whether it makes a federation, train the model on all rows for comparison, and divide the rows.

    Raises:
        UserError: Settings, data, the column or the number of clients do not fit.
    """
    from fairwitness.engine import config as settings_of
    from fairwitness.engine.audit import load
    from fairwitness.engine.cache import Cache
    from fairwitness.engine.subject import assemble

    file = path / "audit.toml" if path.is_dir() else path
    settings = settings_of.read(file)
    config = settings_of.parse(settings, source=file.name)
    options = _trainable(config, source=file.name)
    table = load(None, config, base=file.parent, source=file.name)
    _divisible(table, by, clients, least=least, source=file.name)
    if not config.subject.groups:
        raise ConfigError(f"{file.name}: [subject] groups names nobody to count; name the attributes to audit by")
    held = _teachable(table, config, by, clients, source=file.name)
    subject = assemble(
        table,
        config,
        model=None,
        base=file.parent,
        cache=Cache(out / "private" / "cache"),
        progress=progress,
        source=file.name,
    )
    counted = sites.outcome(subject.outline)
    if counted is None:
        raise ConfigError(f"{file.name}: nobody is decided on; [subject] target and positive say who is")
    rows = subject.rows()
    task = Task(
        recipe=str(config.model.train),
        options=asdict(options),
        columns=tuple(subject.outline.column(name) for name in subject.outline.features),
        classes=subject.outline.classes,
        positive=subject.outline.positive,
        outcome=counted,
        seed=config.seed,
    )
    parcels = tuple(
        _parcel((number, name), mask, subject, rows, task) for number, (name, mask) in enumerate(held.items())
    )
    return Given(
        subject=subject, config=config, settings=settings, base=file.parent, by=by, options=options, parcels=parcels
    )


def categories(ready: Given) -> dict[str, tuple[str, ...]]:
    """What every client counts with noise: all groups there are, and both answers, whether it has any or not."""
    named = {name: code_categories(labels)[0] for name, labels in ready.subject.groups.items()}
    return named | dict.fromkeys(ready.parcels[0].task.outcome.axes, (NO, YES))


def _trainable(config: Config, *, source: str) -> TrainOptions:
    """The recipe's options, where clients can train it.

    Raises:
        ConfigError: They cannot.
    """
    from fairwitness.engine.options import parse_options
    from fairwitness.engine.request import need_torch

    need_torch(source)
    from fairwitness.torchkit import recipes

    name = config.model.train
    if name not in CLASSIFIERS:
        raise ConfigError(
            f"{source}: [model] train is {name!r}; clients can train {', '.join(CLASSIFIERS)}; name one of them"
        )
    for key, named in (("weight", config.subject.weight), ("cluster", config.subject.cluster)):
        if named is not None:
            raise ConfigError(
                f"{source}: [subject] {key} = {named!r}: clients count each row as one person; take {key} out to federate"
            )
    if config.model.parts or config.model.remedies:
        raise ConfigError(f"{source}: clients train the recipe as it is; take parts and remedies out to federate")
    options: TrainOptions = parse_options(recipes.named(name).options, config.model.options, source=source)
    for key, usual in (("descent", "constant"), ("warm_up", 0.0), ("class_weights", "none")):
        if getattr(options, key, usual) != usual:
            raise ConfigError(f"{source}: [model] options: clients train with {key} = {usual!r}; take {key} out")
    return options


def _divisible(table: Table, by: str | None, clients: int | None, *, least: int, source: str) -> None:
    """Refuse a division that leaves one client, more clients than rows, fewer than are wanted, or a row to nobody.

    Raises:
        UserError: On one line.
    """
    if by is not None and by not in table.frame.columns:
        raise ColumnError.missing(by, key="--by", have=table.frame.columns, source=source)
    if by is not None:
        count = table.frame[by].n_unique()
        if not 2 <= count <= MOST:
            raise ConfigError.bad_value(
                "--by",
                by,
                source=source,
                want=f"it has {plural(count, 'value')}; a federation here has 2 to {MOST} clients",
            )
        if table.frame[by].null_count():
            lost = table.frame[by].null_count()
            lacking = f"{plural(lost, 'row')} {'has' if lost == 1 else 'have'} no value there"
            raise ConfigError.bad_value(
                "--by", by, source=source, want=f"{lacking}, so nobody holds it; leave such rows out, or name another"
            )
        _wanted(least, count)
    if clients is not None:
        _wanted(least, clients)
    if clients is not None and clients > table.frame.height:
        raise ConfigError.bad_value(
            "--clients", clients, source=source, want=f"there are {table.frame.height:,} rows; name fewer clients"
        )


def _held(rows: Rows, by: str | None, clients: int | None, *, seed: int) -> dict[str, NDArray[np.bool_]]:
    if by is None:
        return sites.dealt(len(rows), clients or 2, generator(seed, "federated", "dealt"))
    return {f"{by} {name}": mask for name, mask in sites.by_site(rows, by).items()}


def _parcel(who: tuple[int, str], mask: NDArray[np.bool_], subject: Subject, rows: Rows, task: Task) -> Parcel:
    """A client's rows to learn from and to be judged on; rows kept for choosing remedies stay out."""
    used = mask & ((subject.derived[PART] == "train") | subject.judged)
    own = rows.where(used)
    read = {column.name for column in task.columns}
    return Parcel(
        name=who[1],
        number=who[0],
        task=task,
        rows=Rows(
            ids=own.ids,
            columns={key: values for key, values in own.columns.items() if key in read},
            media={key: values for key, values in own.media.items() if key in read},
        ),
        target=subject.derived[CLASS][used],
        judged=subject.judged[used],
        groups={key: labels[used] for key, labels in subject.groups.items()},
    )


def _wanted(least: int, clients: int) -> None:
    if least > clients:
        raise ConfigError.bad_value("--least", least, source="federate", want=f"there are {clients} clients in all")


def _teachable(
    table: Table, config: Config, by: str | None, clients: int | None, *, source: str
) -> dict[str, NDArray[np.bool_]]:
    """Client to (n,) which rows it holds.

    Raises:
        ConfigError: One has no row to learn from, or none to be judged on.
    """
    from fairwitness.engine.columns import declare
    from fairwitness.engine.subject import divide, recorded_only
    from fairwitness.io.kinds import as_rows

    table, declared, _ = recorded_only(table, declare(table, config, source=source), config)
    parts, judged = divide(table, config, owned=True, source=source)
    held = _held(as_rows(table, declared.columns), by, clients, seed=config.seed)
    for name, mask in held.items():
        lacking = "be judged on" if not (mask & judged).any() else ""
        if parts is None or not (mask & (parts == "train")).any():
            lacking = "learn from"
        if lacking:
            raise ConfigError(f"{source}: {name} has no row to {lacking}; name fewer clients, or another column")
    return held
