"""Audits of counts: of data too large to read whole, of shards counted in different places, of published tables.

Checks that ask for tallies alone see everybody. Others see rows drawn at random, where there are rows, and say so.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
import polars as pl

from fairwitness.core.asks import RESERVED, SCORE, AppealsAsk, Ask, CostAsk, TallyAsk
from fairwitness.core.check import NotApplicable
from fairwitness.core.digest import digest
from fairwitness.core.errors import ColumnError, ConfigError, DataError
from fairwitness.draw.format import count as shown
from fairwitness.engine import cells, models, standing
from fairwitness.engine.cache import Cache
from fairwitness.engine.config import Config
from fairwitness.engine.plan import LACKING, Step, plan
from fairwitness.engine.progress import Progress
from fairwitness.engine.settings.data import AnnotatorsSettings, GoldSettings, GroupSettings
from fairwitness.engine.subject import Subject, assemble
from fairwitness.io import expressions, lazily
from fairwitness.io.counting import Wanted
from fairwitness.io.groups import quantile_edges
from fairwitness.io.kinds import is_whole
from fairwitness.io.table import Counted, Table
from fairwitness.stats.tally import Tally

CUTS = "@cuts"
"""The axis of a tally whose one category says where its numbers were cut: others cut elsewhere do not add to it."""


def wanted(data: object | None, config: Config) -> bool:
    """Whether data are counted where they lie: the settings say so, or they came as a lazy frame without a model."""
    if config.data.engine is not None:
        return config.data.engine != "memory"
    return lazily.is_lazy(data) and not models.wanted(config)


def scan(data: object | None, config: Config, *, base: Path, source: str) -> lazily.Lazy:
    """The data, found and not read.

    Raises:
        UserError: There are none, or the settings want what takes every row in memory.
    """
    if models.wanted(config):
        raise ConfigError(
            f"{source}: only recorded decisions and scores are counted where the rows lie; write the model's into the data, "
            "and name them in [model] decision or score"
        )
    if config.decisions.id is not None:
        raise ConfigError(
            f"{source}: [decisions] id corrects single rows, and engine counts them; take one of them out"
        )
    engine = config.data.engine if config.data.engine in {"lazy", "spark"} else "lazy"
    if data is None and config.data.path is None:
        raise ConfigError(f"{source}: [data] path is missing; name the file to audit")
    return lazily.scan(config.data.path if data is None else data, engine=engine, base=base if data is None else None)


def lay_out(
    found: lazily.Lazy, config: Config, *, base: Path, cache: Cache, progress: Progress, source: str
) -> Subject:
    """A subject of counts, with some rows for what cannot be counted; a plain one, where all rows are few.

    Raises:
        UserError: Data and settings do not fit together.
    """
    if not isinstance(found.frame, pl.LazyFrame):
        refuse_quantiles(config, why="differ from engine to engine", source=source)
    progress("drawing rows", 0, 1)
    drawn = found.drawn(config.data.sample, config.seed)
    drawn = replace(drawn, fingerprint=digest(drawn.fingerprint, found.height), notes=(*drawn.notes, *_said(config)))
    config, notes = _cut_by_sample(config, drawn)
    if found.height > len(drawn):
        notes = (
            *notes,
            f"Counts are of all rows; checks that need the rows themselves see {shown(len(drawn))} of them",
        )
    drawn = replace(drawn, notes=(*drawn.notes, *notes))
    sample = assemble(drawn, config, model=None, base=base, cache=cache, progress=progress, source=source)
    if found.height <= len(drawn):
        return sample
    tally = _counted(found, sample, config, progress=progress, source=source)
    whole = of_tally(tally, config, source=found.source, settings=source, base=base, cache=cache, progress=progress)
    outline = replace(
        whole.outline,
        name=sample.outline.name,
        columns=sample.outline.columns,
        features=sample.outline.features,
        withheld=sample.outline.withheld,
        offers=sample.outline.offers,
        clashes=sample.outline.clashes,
        notes=(*sample.outline.notes, *(note for note in whole.outline.notes if note not in sample.outline.notes)),
    )
    return replace(whole, outline=outline, columns=sample.columns, sample=sample)


def count(data: str | None, config: Config, *, base: Path, progress: Progress, source: str) -> Tally:
    """What an audit of these settings counts of the rows of one place.

    Args:
        data: Where the rows lie; None for the config's `[data] path`.
        config: The settings, the same in every place.
        base: Folder of the settings.
        progress: Told what is being done.
        source: The config's name, for messages.

    Raises:
        UserError: Data and settings do not fit together, or other places would count otherwise.
    """
    refuse_quantiles(config, why="differ from place to place", source=source)
    standing.refuse_counts(config, source=source)
    found = scan(data, config, base=base, source=source)
    drawn = found.drawn(config.data.sample, config.seed)
    sample = assemble(drawn, config, model=None, base=base, cache=Cache(None), progress=progress, source=source)
    if sample.outline.task == "regression":
        raise ConfigError(
            f"{source}: target {config.subject.target!r} is a quantity, which is not counted; audit the rows"
        )
    return _counted(found, sample, config, progress=progress, source=source)


def _counted(found: lazily.Lazy, sample: Subject, config: Config, *, progress: Progress, source: str) -> Tally:
    asks = [ask for step in plan(sample.outline, config, source=source) for ask in step.asks]
    what = _wanted(sample, config, asks, source=source)
    progress(f"counting {shown(found.height)} rows", 0, 1)
    return marked(cells.tally(found.frame, what, source=found.source), what)


def marked(tally: Tally, what: Wanted) -> Tally:
    """The tally with where its numbers were cut."""
    told = json.dumps({name: list(cuts) for name, cuts in sorted(what.cuts.items())})
    codes = [tally.codes[:, i] for i in range(len(tally.axes))]
    one = np.zeros(len(tally.counts), dtype=np.int8)
    return Tally.of_codes({**tally.axes, CUTS: (told,)}, [*codes, one], tally.sums, counts=tally.counts)


def of_files(
    paths: Sequence[Path], config: Config, *, base: Path, cache: Cache, progress: Progress, source: str
) -> Subject:
    """A subject of tallies that were made in different places, added up.

    Raises:
        UserError: A file is no tally, is given twice, or the tallies count different things or not what is audited.
    """
    places = [path.resolve() for path in paths]
    for place, path in zip(places, paths, strict=True):
        if places.count(place) > 1:
            raise DataError(f"{path}: is given twice, and would be counted twice; name each tally once")
    if config.data.engine is not None or models.wanted(config):
        raise ConfigError(f"{source}: tallies hold no rows; take {_row_setting(config)} out")
    tallies = [Tally.load(path) for path in paths]
    for path, tally in zip(paths, tallies, strict=True):
        if CUTS not in tally.axes:
            raise DataError(f"{path}: holds other counts; `fairwitness tally` makes those that can be audited")
        for kind, mine, first in (
            ("columns", set(tally.axes) | set(tally.sums), set(tallies[0].axes) | set(tallies[0].sums)),
            ("cuts", tally.axes[CUTS], tallies[0].axes[CUTS]),
        ):
            if mine != first:
                different = "cuts numbers elsewhere than" if kind == "cuts" else "counts other columns than"
                raise DataError(f"{path}: {different} {paths[0]}; make both with the same audit.toml")
    total = reduce(add, tallies)
    name = " + ".join(path.name for path in paths)
    made = of_tally(total, config, source=name, settings=source, base=base, cache=cache, progress=progress)
    asks = [ask for step in plan(made.outline, config, source=source) for ask in step.asks]
    needed = _cuts(made.table, config, asks, source=source)
    cut = {column: set(cuts) for column, cuts in _told(total).items()}
    for column, cuts in needed.items():
        if column in cut and not set(cuts) <= cut[column]:
            raise DataError(f"{name}: {column!r} was not cut where {source} now wants it; make the tallies again")
    return made


def of_tally(
    tally: Tally, config: Config, *, source: str, settings: str, base: Path, cache: Cache, progress: Progress
) -> Subject:
    """A subject of counts alone.

    Raises:
        UserError: Counts and settings do not fit together.
    """
    held = tally.onto(*(name for name in tally.axes if name != CUTS))
    fingerprint = digest(
        {name: list(each) for name, each in held.axes.items()}, held.codes.tolist(), held.counts.tolist()
    )
    table = replace(cells.table(held, source=source, fingerprint=fingerprint), notes=_said(config))
    narrowed = _narrowed(config, table, settings)
    made = assemble(table, narrowed, model=None, base=base, cache=cache, progress=progress, source=settings)
    return replace(made, fingerprint=digest(fingerprint, config.digest, None))


def published(table: Table, config: Config, *, source: str) -> Table:
    """A table of which a column says how many people each row stands for.

    Raises:
        UserError: The column is not there, or holds no counts.
    """
    name = config.data.counts
    if name is None:
        return replace(table, notes=(*table.notes, *_said(config)))
    if name not in table.frame.columns:
        raise ColumnError.missing(name, key="[data] counts", have=table.frame.columns, source=source)
    series = table.frame[name]
    numbers = series.cast(pl.Float64, strict=False) if series.dtype.is_numeric() else None
    if numbers is None or numbers.null_count() or not is_whole(numbers) or (numbers < 0).any():
        raise DataError(f"{table.source}: counts {name!r} must be whole numbers of at least 0 in every row")
    rows = numbers.cast(pl.Int64).to_numpy()
    if not rows.sum():
        raise DataError(f"{table.source}: counts {name!r} add up to 0; there is nobody to audit")
    if models.wanted(config):
        raise ConfigError(f"{source}: [data] counts has no rows a model could read; take [model] out")
    kept = replace(
        table, frame=table.frame.drop(name), counted=Counted(rows=rows), notes=(*table.notes, *_said(config))
    )
    return kept.where(rows > 0)


def steps(subject: Subject, config: Config, *, source: str) -> tuple[Step, ...]:
    """Every step of the audit; of counts, those that take rows see a sample, or say that there are none."""
    whole = plan(subject.outline, config, source=source)
    if subject.table.counted is None:
        return whole
    drawn = subject.sample
    others = whole if drawn is None else plan(drawn.outline, config, source=source)
    return tuple(_seen(step, other, subject) for step, other in zip(whole, others, strict=True))


def _seen(step: Step, other: Step, subject: Subject) -> Step:
    rows = [ask for ask in step.asks if not isinstance(ask, TallyAsk | CostAsk | AppealsAsk)]
    if step.skip is None and not rows:
        lacking = _uncounted(step, subject)
        return step if lacking is None else replace(step, asks=(), skip=lacking)
    if subject.sample is None:
        skip = step.skip or NotApplicable(f"Needs {LACKING['rows']}", missing="rows")
        return replace(step, asks=(), skip=skip)
    if other.check.info.every_row and other.skip is None:
        few = f"{shown(subject.sample.outline.rows)} of {shown(subject.outline.rows)}"
        skip = NotApplicable(f"Needs every row at once, and {few} were drawn; audit a part that fits into memory")
        return replace(other, asks=(), skip=skip)
    return replace(other, sampled=True)


def _uncounted(step: Step, subject: Subject) -> NotApplicable | None:
    """Why counts do not hold what a step asks for; None where they do."""
    counted = subject.table.counted
    if counted is None:
        return None
    for ask in step.asks:
        if not isinstance(ask, TallyAsk):
            continue
        wants = {name for name in (*ask.of, *ask.missing, *ask.sums) if not name.startswith(RESERVED)}
        unknown = sorted(name for name in wants & set(counted.missing) if name not in ask.missing)
        if counted.sums:
            unknown += [name for name in ask.sums if not name.startswith(RESERVED) and name not in counted.sums]
        crossed = sum(name in counted.missing for name in ask.missing) > 1
        if unknown or crossed:
            return NotApplicable(
                f"Needs counts of {', '.join(unknown) or 'several columns missing at once'}, and these hold none"
            )
    return None


def _wanted(sample: Subject, config: Config, asks: Iterable[Ask], *, source: str) -> Wanted:
    """What is counted: all that attributes and outcomes are made from, and what checks ask for beside it."""
    frame, tallies = sample.table.frame, [ask for ask in asks if isinstance(ask, TallyAsk)]
    raw: list[str] = []
    for name in sample.groups:
        settings = config.groups.get(name, GroupSettings())
        raw += list(settings.indicators or [settings.column or name])
    if config.subject.target is not None and sample.outline.task != "regression":
        raw.append(config.subject.target)
    raw += [name for name in (_decided_by(config, frame, source=source), config.model.score) if name is not None]
    raw += [name for name in (config.split.column,) if name is not None]
    raw += [name for ask in tallies for name in ask.of if not name.startswith(RESERVED)]
    by = tuple(dict.fromkeys(raw))
    cuts = {name: each for name, each in _cuts(sample.table, config, tallies, source=source).items() if name in by}
    sums = {config.model.score if name == SCORE else name for ask in tallies for name in ask.sums}
    if config.model.score is not None:
        sums.add(config.model.score)
    declared = {column.name: column for column in sample.columns}
    return Wanted(
        by=by,
        cuts=cuts,
        whole=frozenset(name for name in cuts if is_whole(frame[name].cast(pl.Float64))),
        missing=tuple(name for name in frame.columns if name not in by),
        sums=tuple(sorted(name for name in sums if name is not None)),
        sentinels={name: column.sentinels for name, column in declared.items() if column.sentinels},
    )


def _cuts(table: Table, config: Config, asks: Iterable[Ask], *, source: str) -> dict[str, tuple[float, ...]]:
    """Where numbers have to be cut so that every group, decision and bin can be told afterwards."""
    found: dict[str, set[float]] = {}
    plain = {config.subject.target}  # counted value by value
    for name in config.subject.groups:
        settings = config.groups.get(name, GroupSettings())
        if settings.edges is not None:
            found.setdefault(settings.column or name, set()).update(settings.edges)
        else:
            plain.add(settings.column or name)
    if config.model.decision is not None and config.model.decision not in table.frame.columns:
        comparison = expressions.parse(config.model.decision, source=source)
        if isinstance(comparison.literal, float):
            found.setdefault(comparison.column, set()).update(_around(comparison.literal))
    if config.model.score is not None:
        found.setdefault(config.model.score, set()).update({0.0, config.model.threshold, *_around(1.0)})
    for ask in asks:
        for name, edges in ask.edges if isinstance(ask, TallyAsk) else ():
            column = config.model.score if name == SCORE else name
            if column is not None:
                found.setdefault(column, set()).update({*edges, *_around(edges[-1])})
    return {
        name: tuple(sorted(cuts))
        for name, cuts in found.items()
        if name not in plain and name in table.frame.columns and table.frame[name].dtype.is_numeric()
    }


def _around(edge: float) -> tuple[float, float]:
    """The edge and the next number: between them lies the edge alone."""
    return edge, math.nextafter(edge, math.inf)


def _decided_by(config: Config, frame: pl.DataFrame, *, source: str) -> str | None:
    decision = config.model.decision
    if decision is None or decision in frame.columns:
        return decision
    return expressions.parse(decision, source=source).column


def _cut_by_sample(config: Config, drawn: Table) -> tuple[Config, tuple[str, ...]]:
    """Quantiles as edges: those of the rows drawn."""
    groups, notes = dict(config.groups), []
    for name, settings in config.groups.items():
        column = settings.column or name
        if settings.quantiles is not None and column in drawn.frame.columns:
            edges = quantile_edges(drawn.frame[column], settings.quantiles)
            groups[name] = settings.model_copy(update={"quantiles": None, "edges": tuple(edges)})
            notes.append(f"{name}: {column} cut at the quantiles of {shown(len(drawn))} rows drawn at random")
    return config.model_copy(update={"groups": groups}), tuple(notes)


def refuse_quantiles(config: Config, *, why: str, source: str) -> None:
    """Stop cuts that depend on who counts.

    Raises:
        ConfigError: An attribute is cut by quantiles.
    """
    for name, settings in config.groups.items():
        if settings.quantiles is not None:
            raise ConfigError(f"{source}: [groups.{name}] quantiles {why}; declare edges, such as edges = [25, 45]")


def _narrowed(config: Config, table: Table, source: str) -> Config:
    """The settings without what only rows have: units, columns that were not counted."""
    refuse_quantiles(config, why="cannot be told from counts", source=source)
    have = set(table.frame.columns)
    subject = config.subject.model_copy(
        update={
            "exclude": tuple(name for name in config.subject.exclude if name in have),
            "legitimate": tuple(name for name in config.subject.legitimate if name in have),
            "date": None,
            "features": None,
            "target": config.subject.target if config.subject.task != "regression" else None,
        }
    )
    return config.model_copy(
        update={
            "subject": subject,
            "split": config.split.model_copy(update={"unit": None}),
            "model": config.model.model_copy(update={"prediction": None}),
            "ranking": None,
            "gold": GoldSettings(),
            "annotators": AnnotatorsSettings(),
            "indicators": {},
            "columns": {name: each for name, each in config.columns.items() if name in have},
        }
    )


def _told(tally: Tally) -> Mapping[str, Sequence[float]]:
    try:
        (text,) = tally.axes[CUTS]
        return {str(name): [float(cut) for cut in cuts] for name, cuts in json.loads(text).items()}
    except (ValueError, TypeError, AttributeError):
        raise DataError("a tally does not say where its numbers were cut; make it again") from None


def _row_setting(config: Config) -> str:
    return "[model]" if config.data.engine is None else "[data] engine"


def _said(config: Config) -> tuple[str, ...]:
    return (config.data.note,) if config.data.note else ()
