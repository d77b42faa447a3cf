"""What `decisions import` reads: a file's rows with their groups, or what the model of an audit.toml decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fairwitness.accountability.decisions.intake import Columns, Evidence
    from fairwitness.engine.config import Config
    from fairwitness.io.groups import Labels
    from fairwitness.io.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What `intake.decisions` takes."""

    table: Table
    columns: Columns
    groups: dict[str, Labels]
    evidence: Evidence


def of_file(file: str, config: Config | None, columns: Columns, evidence: Evidence, *, groups: Sequence[str]) -> Read:
    """A file's rows; attributes are read as `[groups]` of the settings say, else as columns of that name."""
    from fairwitness.engine.columns import declare
    from fairwitness.engine.config import Config
    from fairwitness.io.read import read

    table = read(file)
    wanted = Config().subject.model_copy(update={"groups": tuple(dict.fromkeys(groups))})
    named = {} if config is None else {name: how for name, how in config.groups.items() if name in groups}
    declared = declare(table, Config(subject=wanted, groups=named), source=table.source)
    return Read(table=table, columns=columns, groups=dict(declared.groups), evidence=evidence)


def of_model(
    config: Config | None,
    base: Path,
    columns: Columns,
    evidence: Evidence,
    *,
    groups: Sequence[str] | None,
    source: str,
) -> Read:
    """What the deployed system of the settings decides on the rows it is judged on."""
    import polars as pl

    from fairwitness.accountability.decisions.intake import ROW
    from fairwitness.core.asks import DECIDED, SCORE
    from fairwitness.core.errors import ColumnError, ConfigError
    from fairwitness.engine.audit import load
    from fairwitness.engine.cache import Cache
    from fairwitness.engine.progress import silent
    from fairwitness.engine.subject import assemble

    if config is None:
        raise ConfigError(f"{source}: no settings there; give an audit.toml")
    table = load(None, config, base=base, source=source)
    subject = assemble(table, config, model=None, base=base, cache=Cache(None), progress=silent, source=source)
    decided = subject.derived.get(DECIDED)
    if decided is None:
        raise ConfigError(f"{source}: it makes no decisions; declare a target, a decision, a score or a model")
    judged = subject.judged
    made = {ROW: _numbers(table, config, subject.table), DECIDED: decided}
    scores = subject.derived.get(SCORE)
    if scores is not None:
        made[SCORE] = scores
    frame = subject.table.frame.with_columns(
        *(pl.Series(name, values.tolist(), strict=False) for name, values in made.items())
    ).filter(pl.Series(judged))
    for name in groups or ():
        if name not in subject.groups:
            raise ColumnError.missing(name, key="--group", have=subject.groups, source=source)
    kept = subject.groups if groups is None else {name: subject.groups[name] for name in groups}
    return Read(
        table=replace(subject.table, frame=frame),
        columns=replace(
            columns,
            decision=DECIDED,
            score=None if scores is None else SCORE,
            threshold=None if scores is None else config.model.threshold,
        ),
        groups={name: labels[judged] for name, labels in kept.items()},
        evidence=replace(evidence, model=evidence.model or subject.model_digest or ""),
    )


def _numbers(table: Table, config: Config, kept: Table) -> NDArray[np.int64]:
    """The number of each row in the file, from 1; rows without a recorded target are not in the subject."""
    import numpy as np

    numbers = np.arange(1, len(table) + 1)
    if len(kept) == len(table) or config.subject.target is None:
        return numbers
    target = table.frame[config.subject.target]
    known = target.is_not_null() & (target.is_not_nan() if target.dtype.is_float() else True)
    found: NDArray[np.int64] = numbers[known.to_numpy()]
    return found
