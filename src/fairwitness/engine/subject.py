"""A subject: data, groups, split, the deployed system's outputs, and the outline checks may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.accountability.decisions.counts import Counts
from fairwitness.carbon.spent import Spent
from fairwitness.core.asks import CLUSTER, PART, WEIGHT
from fairwitness.core.columns import CROSS, Column, Grouping, Part
from fairwitness.core.digest import digest
from fairwitness.core.errors import ConfigError, DataError
from fairwitness.core.subject import Generator, Model, Need, Outline, Rows
from fairwitness.engine import foreign, generators, grounds, models, outcomes, quantities, recorded, split, standing
from fairwitness.engine.cache import Cache
from fairwitness.engine.columns import Declared, declare
from fairwitness.engine.config import Config
from fairwitness.engine.mending import aboard
from fairwitness.engine.progress import Progress
from fairwitness.engine.request import Request, Trainer
from fairwitness.engine.request import features as offered
from fairwitness.io.kinds import as_rows
from fairwitness.io.table import Table

MAX_CROSSED = 4
"""Explored intersections cross at most this many attributes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subject:
    """Everything a provider needs to answer what checks ask.

    Attributes:
        table: Raw data, rows without a recorded target left out.
        columns: Raw columns as declared.
        groups: Attribute name to (n,) labels; None where it is not recorded.
        derived: The engine's own columns, `@label` and so on: (n,) object of str or None, float64 for scores.
        judged: (n,) the rows decisions are judged on.
        model: The deployed model, if it is more than recorded columns.
        generator: The same model, if it makes rows.
        trainer: How others are trained like it, where that is known.
        appeals: Decisions and appeals on record; None where none are.
        parent: Fingerprint of the subject that this one was mended from.
        trained: Whether the model was trained just now, and not found where it was kept.
        spent: What training it took; None where nobody read that.
        sample: Rows drawn at random, as a subject of their own, where this one holds counts of all rows.
    """

    outline: Outline
    table: Table
    columns: tuple[Column, ...]
    groups: Mapping[str, NDArray[np.object_]]
    derived: Mapping[str, NDArray[Any]]
    judged: NDArray[np.bool_]
    model: Model | None
    generator: Generator | None
    model_digest: str | None
    fingerprint: str
    trainer: Trainer | None = None
    appeals: Counts | None = None
    parent: str | None = None
    trained: bool = False
    spent: Spent | None = None
    sample: Subject | None = None

    def rows(self, mask: NDArray[np.bool_] | None = None) -> Rows:
        """Raw rows (all, or those of `mask`), the labels of attributes aboard."""
        rows = aboard(as_rows(self.table, self.columns), self.groups)
        return rows if mask is None else rows.where(mask)


def assemble(
    table: Table,
    config: Config,
    *,
    model: object | None,
    base: Path,
    cache: Cache,
    progress: Progress,
    source: str,
    choosing: bool = False,
    repeat: int = 0,
) -> Subject:
    """Hold data, config and model together; refuse what cannot be audited before any long work.

    Args:
        table: The data as read.
        config: The settings.
        model: A torch module or a callable given from Python; None to follow the config.
        base: Folder that relative paths and factories are looked up in.
        cache: Where finished pieces are kept.
        progress: Told what is being done.
        source: The config's name, for messages.
        choosing: Judge on the tune rows that remedies are chosen on, and leave audit rows closed.
        repeat: Which of several trainings alike, each with a seed of its own.

    Raises:
        UserError: Anything in data, config or model that does not fit together.
    """
    foreign.refuse_unused(config, model, source=source)
    generators.refuse_unfit(config, model, source=source)
    if not table.frame.height:
        raise DataError(f"{table.source}: a header and no rows; there is nothing to audit")
    if table.counted is not None:
        standing.refuse_counts(config, source=source)
    declared = declare(table, config, source=source)
    table, declared, left_out = recorded_only(table, declared, config)
    goal = outcomes.target(table, config, source=source)
    parts, judged = divide(table, config, owned=model is not None or models.wanted(config), source=source)
    if choosing:
        judged = _to_choose_on(table, parts, config, source=source)
    deployed: Model | None = None
    maker: Generator | None = None
    trainer: Trainer | None = None
    parent: str | None = None
    trained = False
    spent: Spent | None = None
    withheld: dict[str, str] = {}
    if model is not None or models.wanted(config):
        request = Request(
            table=table,
            declared=declared,
            goal=goal,
            parts=parts,
            config=config,
            base=base,
            source=source,
            repeat=repeat,
        )
        built = models.build(request, model, cache=cache, progress=progress)
        deployed, withheld, features, goal = built.model, built.withheld, built.features, built.goal
        trainer, maker = built.trainer, built.generator
        parent, trained, spent = built.parent, built.trained, built.spent
        made = outcomes.Decisions(words=deployed.words)
        if maker is None:
            outputs = models.outputs(
                deployed,
                aboard(as_rows(table, declared.columns), declared.groups).where(judged),
                table,
                declared.columns,
                cache=cache,
            )
            made = outcomes.model_decisions(outputs, goal, judged, deployed.words)
        made = replace(made, notes=built.notes)
    else:
        goal, made = outcomes.recorded_decisions(table, config, goal, source=source)
        features, _ = offered(declared, config)
    derived = outcomes.derived(goal, made)
    told = grounds.told(table, declared, config, goal, source=source)
    derived |= grounds.derived(table, config, goal, source=source)
    derived, of_lists = quantities.beside(derived, table, config, goal, source=source)
    stand, said = standing.derived(table, config)
    derived |= stand
    if parts is not None:
        derived[PART] = parts
    if maker is not None:
        derived |= generators.likelihoods(maker, table, declared.columns, cache=cache)
    groupings = _groupings(config)
    appeals = recorded.counts(config, base=base)
    _check_reference(config, declared.groups, source=source)
    notes = (*table.notes, *left_out, *declared.notes, *goal.notes, *made.notes, *of_lists, *said)
    outline = Outline(
        name=config.name or Path(table.source).name.split(".")[0] or "subject",
        task=goal.task,
        columns=declared.columns,
        offers=_offers(
            table,
            goal=goal,
            made=made,
            groupings=groupings,
            features=features,
            parts=parts,
            model=deployed,
            trainer=trainer,
            maker=maker,
            config=config,
            appeals=appeals,
        ),
        groupings=groupings,
        rows=table.people(),
        judged_rows=table.people(judged),
        parts={part: table.people(parts == part) for part in split.PARTS} if parts is not None else {},
        target=goal.name,
        classes=goal.classes,
        positive=goal.positive,
        favorable=goal.favorable,
        decisions_from=made.source,
        features=features,
        made_from=declared.made_from,
        withheld=withheld,
        reference=config.reference,
        grounds=told,
        seen=None if deployed is None else "train-part" if models.ours(config) else config.model.seen,
        people=config.subject.people,
        unit="" if maker is None else maker.unit,
        model_words=made.words,
        roles=config.roles.named(),
        clashes=table.clashes,
        notes=notes,
        group_errors={name: each.error for name, each in config.groups.items() if each.error is not None},
        weight=config.subject.weight or "" if WEIGHT in derived else "",
        cluster=config.subject.cluster or "" if CLUSTER in derived else "",
    )
    model_digest = None if deployed is None else deployed.fingerprint
    return Subject(
        outline=outline,
        table=table,
        columns=declared.columns,
        groups=declared.groups,
        derived=derived,
        judged=judged,
        model=deployed,
        generator=maker,
        model_digest=model_digest,
        fingerprint=digest(table.fingerprint, config.digest, model_digest),
        trainer=trainer,
        appeals=appeals,
        parent=parent,
        trained=trained,
        spent=spent,
    )


def recorded_rows(table: Table, config: Config) -> NDArray[np.bool_]:
    """(n,) rows whose outcome is recorded; all where there is no target."""
    name = config.subject.target
    if name is None:
        return np.ones(table.frame.height, dtype=bool)
    known = table.frame[name].is_not_null()
    if table.frame[name].dtype.is_float():
        known &= table.frame[name].is_not_nan()
    return known.to_numpy()


def recorded_only(table: Table, declared: Declared, config: Config) -> tuple[Table, Declared, tuple[str, ...]]:
    """Leave out rows whose outcome is not recorded, and say so: nothing about them can be right or wrong."""
    name, mask = config.subject.target, recorded_rows(table, config)
    lost = table.people(~mask)
    if mask.all():
        return table, declared, ()
    if not mask.any():
        raise DataError(f"{table.source}: target {name!r} is empty in every row; name another target")
    groups = {key: labels[mask] for key, labels in declared.groups.items()}
    note = (
        f"{lost} rows have no recorded {name!r} and are left out; if some groups lack it more, the audit is selective"
    )
    return table.where(mask), replace(declared, groups=groups), (note,)


def divide(
    table: Table, config: Config, *, owned: bool, source: str
) -> tuple[NDArray[np.object_] | None, NDArray[np.bool_]]:
    """Each row's part, and the rows decisions are judged on. Recorded decisions used all rows, so all are judged."""
    settings, height, seen = config.split, table.frame.height, config.model.seen
    column = settings.column or table.split
    everything = np.ones(height, dtype=bool)
    ours = models.ours(config)
    if owned and not ours and seen == "train-part" and column is None:
        raise ConfigError(
            f"{source}: seen = 'train-part' needs [split] column, which says what rows the model has seen"
        )
    divided = ours or (owned and column is not None and seen != "none")
    if column is not None:
        parts = split.by_column(table.frame[column], name=column, source=table.source)
        if settings.unit is not None:
            split.keep_together(table.frame[settings.unit], parts, name=settings.unit, source=table.source)
    elif not divided:
        return None, everything
    elif settings.unit is not None:
        units = table.frame[settings.unit]
        parts = split.by_unit(units, seed=config.seed, train=settings.train, tune=settings.tune)
    else:
        parts = split.by_row(height, seed=config.seed, train=settings.train, tune=settings.tune)
    if not divided:
        return parts, everything
    for part in ("train", "audit"):
        if not (parts == part).any():
            raise DataError(f"{table.source}: no rows in the {part} part; change [split] or bring more rows")
    return parts, parts == "audit"


def _to_choose_on(table: Table, parts: NDArray[np.object_] | None, config: Config, *, source: str) -> NDArray[np.bool_]:
    unit = config.split.unit
    units = np.arange(table.frame.height) if unit is None else np.array([str(u) for u in table.frame[unit]])
    rows = np.zeros(len(units), dtype=bool) if parts is None else split.to_choose_on(parts, units, seed=config.seed)
    if not rows.any():
        raise ConfigError(
            f"{source}: remedies are chosen on tune rows, and there are none; [split] tune = 0.15 leaves some"
        )
    return rows


def _groupings(config: Config) -> tuple[Grouping, ...]:
    """Attributes and named intersections, judged; then every other crossing, explored."""
    named = [Grouping(columns=(name,)) for name in config.subject.groups]
    named += [Grouping(columns=cross) for cross in config.subject.intersections]
    judged = {frozenset(grouping.columns) for grouping in named}
    attributes = list(config.subject.groups)
    crossed: list[tuple[str, ...]] = [(a, b) for i, a in enumerate(attributes) for b in attributes[i + 1 :]]
    if 2 < len(attributes) <= MAX_CROSSED:
        crossed.append(tuple(attributes))
    explored = [Grouping(columns=cross, named=False) for cross in crossed if frozenset(cross) not in judged]
    return (*named, *explored)


def _check_reference(config: Config, groups: Mapping[str, NDArray[np.object_]], *, source: str) -> None:
    for group, shares in config.reference.items():
        parts = group.split(CROSS)
        if not set(parts) <= set(config.subject.groups):
            raise ConfigError(f"{source}: [reference.{group}] is not one of the groups; list it in [subject] groups")
        crossed = zip(*(groups[part] for part in parts), strict=True)
        have = sorted({CROSS.join(map(str, cell)) for cell in set(crossed) if None not in cell})
        if not set(shares) & set(have):
            raise ConfigError(
                f"{source}: no category of [reference.{group}] occurs in the data; it has {', '.join(have)}"
            )


def _offers(
    table: Table,
    *,
    goal: outcomes.Target,
    made: outcomes.Decisions,
    groupings: tuple[Grouping, ...],
    features: tuple[str, ...],
    parts: NDArray[np.object_] | None,
    model: Model | None,
    trainer: Trainer | None,
    maker: Generator | None,
    config: Config,
    appeals: Counts | None,
) -> frozenset[Need]:
    have: dict[Need, bool] = {
        "rows": table.counted is None,
        "labels": goal.recorded is not None,
        "truth": goal.recorded is not None and made.source in {"model", "decision", "score"},
        "groups": bool(groupings),
        "decisions": made.decided is not None,
        "favorable": goal.favorable is not None,
        # an autoencoder's score is a rank among normal rows, not a probability
        "scores": made.scores is not None and config.model.train != "autoencoder",
        "positive": goal.positive is not None,
        "features": bool(features),
        "model": model is not None and made.scored,
        "gradients": getattr(model, "differentiable", False),
        "recipe": trainer is not None and goal.recorded is not None and config.model.train != "autoencoder",
        "layers": model is not None,
        "split": parts is not None,
        "reference": bool(config.reference),
        "samples": maker is not None,
        "likelihood": maker is not None and bool(maker.unit),
        "appeals": appeals is not None,
        "predictions": config.model.prediction is not None,
        "ranking": config.ranking is not None,
        "flags": made.decided is not None
        and goal.positive is not None
        and (goal.task == "anomaly" or config.model.train == "autoencoder"),
    }
    return frozenset(need for need, offered in have.items() if offered)


def part_mask(subject: Subject, part: Part | None) -> NDArray[np.bool_]:
    """The rows of a part; all rows for None."""
    if part is None or PART not in subject.derived:
        return np.ones(subject.table.frame.height, dtype=bool)
    mask: NDArray[np.bool_] = subject.derived[PART] == part
    return mask
