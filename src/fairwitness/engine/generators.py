"""A model trained here that makes rows: how it is asked for, trained, and how likely it finds each row."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.carbon import spent as readings
from fairwitness.core.asks import NATS, UNITS
from fairwitness.core.blueprint import Blueprint
from fairwitness.core.columns import Column
from fairwitness.core.errors import ConfigError, DataError, hint
from fairwitness.core.subject import Generator
from fairwitness.engine.cache import Arrays, Cache
from fairwitness.engine.config import Config
from fairwitness.engine.options import parse_options
from fairwitness.engine.progress import Progress
from fairwitness.engine.request import Built, Request, features, need_torch
from fairwitness.engine.training import clocked, surroundings
from fairwitness.io.kinds import as_rows
from fairwitness.io.table import Table
from fairwitness.torchkit.recipes import GENERATIVE

if TYPE_CHECKING:
    from fairwitness.torchkit.recipes.generative import GenerativeRecipe


def wanted(config: Config) -> bool:
    """Whether the audit is of a model that makes rows."""
    return config.subject.task == "generation" or config.model.train in GENERATIVE


def refuse_unfit(config: Config, model: object | None, *, source: str) -> None:
    """Stop where a model that makes rows is asked for, and something else beside it that decides.

    Raises:
        ConfigError: The first setting that contradicts it.
    """
    if not wanted(config):
        return
    settings, task = config.model, config.subject.task
    if task not in {None, "generation"}:
        raise ConfigError(
            f"{source}: [model] train = {settings.train!r} makes rows, and [subject] task is {task!r}; leave out task"
        )
    for key in ("decision", "score"):
        if getattr(settings, key) is not None:
            raise ConfigError(
                f"{source}: [model] {key} = {getattr(settings, key)!r} decides, and [subject] task = 'generation' decides "
                f"nothing; leave out one of them"
            )
    own = model is not None or any(getattr(settings, key) is not None for key in ("factory", "weights", "black_box"))
    if own or (settings.train is not None and settings.train not in GENERATIVE):
        raise ConfigError(
            f"{source}: [subject] task = 'generation' needs [model] train, one of {', '.join(map(repr, GENERATIVE))}; "
            + (
                f"{hint(settings.train, GENERATIVE)}"
                if settings.train
                else "other models cannot be asked for rows here"
            )
        )
    if settings.parts:
        raise ConfigError(f"{source}: [[model.parts]]: {settings.train!r} takes none; leave them out")


def train(request: Request, *, cache: Cache, progress: Progress) -> Built:
    """Train the model that the config asks for, or find it where it was kept.

    Raises:
        ConfigError: The extra `torch` is not installed, or options or the device are wrong.
        DataError: No column, or several, of the kind it learns from.
        ModelError: The rows cannot train it.
    """
    need_torch(request.source)
    from fairwitness.torchkit import recipes  # torch only when a model is asked for
    from fairwitness.torchkit.generator import TorchGenerator
    from fairwitness.torchkit.recipes.prepared import UNFINISHED

    config, parts = request.config, request.parts
    recipe = recipes.generator(str(config.model.train))
    options = parse_options(recipe.options, config.model.options, source=request.source)
    if parts is None:
        raise ConfigError(f"{request.source}: training needs a split")
    seen = parts == "train"
    blueprint = Blueprint(recipe=recipe.name)
    column, withheld = _column(request, recipe)
    key = (
        blueprint,
        1,
        request.table.fingerprint,
        column,
        options,
        config.seed,
        config.split,
        config.model.device,
    )
    place = cache.place(key)
    model = TorchGenerator.load_if_whole(place) if place is not None else None
    spent, trained = None if place is None else readings.load(place), False
    if model is None:
        rows = as_rows(request.table, request.declared.columns).where(seen)
        put = surroundings(request).of(seen)
        with clocked(request, place, put, progress) as (sat, told):
            put = replace(put, folder=place, progress=told)
            model = recipe.fit(rows, columns=[column], options=options, seed=config.seed, training=put)
        spent, trained = sat.spent, True
        if place is not None:
            model.save(place)
            (place / UNFINISHED).unlink(missing_ok=True)
    goal = replace(request.goal, task="generation")
    return Built(
        model=model,
        generator=model,
        features=(column.name,),
        withheld=withheld,
        goal=goal,
        notes=model.notes,
        trained=trained,
        spent=spent,
    )


def likelihoods(
    model: Generator, table: Table, columns: tuple[Column, ...], *, cache: Cache
) -> dict[str, NDArray[Any]]:
    """The columns `@nats` and `@units` of all rows, made once for a model and the data; none without a likelihood."""
    if not model.unit:
        return {}

    def make() -> Arrays:
        nats, units = model.nats(as_rows(table, columns))
        return {"nats": nats, "units": units}

    kept = cache.arrays(("nats", 1, model.fingerprint, table.fingerprint, columns), make)
    if not np.isfinite(kept["nats"]).all():
        raise DataError(f"{table.source}: the model finds rows infinitely unlikely; look for broken ones")
    return {NATS: kept["nats"], UNITS: kept["units"]}


def _column(request: Request, recipe: GenerativeRecipe) -> tuple[Column, dict[str, str]]:
    """The one column it learns from, and those left out with the reason."""
    kept, withheld = features(request.declared, request.config)
    columns = [column for column in request.declared.columns if column.name in kept]
    withheld |= recipe.unread(columns)
    usable = [column for column in columns if column.name not in withheld]
    if len(usable) != 1:
        have = " and ".join(repr(column.name) for column in usable) or "none"
        raise DataError(
            f"{request.source}: the {recipe.name} recipe reads {recipe.words}, and there is {have}; name one in [subject] "
            "features, or what a column is under [columns.NAME] kind"
        )
    return usable[0], withheld
