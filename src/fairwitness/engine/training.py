"""A model trained here: the config's recipe and parts as a blueprint, trained at most once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.blueprint import Blueprint, Edit
from fairwitness.core.columns import Column
from fairwitness.core.digest import digest
from fairwitness.core.errors import ConfigError, DataError, UserError
from fairwitness.core.subject import Model, Rows
from fairwitness.engine.cache import Cache
from fairwitness.engine.options import parse_options
from fairwitness.engine.outcomes import Target
from fairwitness.engine.progress import Progress
from fairwitness.engine.request import Built, Request, features, need_torch
from fairwitness.io.kinds import as_rows

if TYPE_CHECKING:
    from fairwitness.torchkit.recipes.options import TrainOptions
    from fairwitness.torchkit.recipes.prepared import Training
    from fairwitness.torchkit.recipes.recipe import Recipe

LEAK_AUC = 0.95
"""A column that alone tells the target better than this is not given to a model trained here."""

BY = "by"


def train(request: Request, *, cache: Cache, progress: Progress) -> Built:
    """Train the model that the config asks for, or find it where it was kept.

    Raises:
        ConfigError: The extra `torch` is not installed, or options, parts or the device are wrong.
        DataError: No column is left to train on.
        ModelError: The rows cannot train it.
    """
    need_torch(request.source)
    from fairwitness.torchkit import recipes  # torch only when a model is asked for
    from fairwitness.torchkit.model import TorchModel
    from fairwitness.torchkit.recipes.prepared import UNFINISHED

    config, parts = request.config, request.parts
    recipe = recipes.named(str(config.model.train), base=request.base)
    options = parse_options(recipe.options, config.model.options, source=request.source)
    blueprint = _blueprint(request)
    goal = _with_positive(request)
    if parts is None or goal.recorded is None:
        raise ConfigError(f"{request.source}: training needs a split and a target")
    seen = parts == "train"
    training = surroundings(request, blueprint)
    everything = as_rows(request.table, request.declared.columns)
    rows, target = everything.where(seen), goal.recorded[seen]
    kept, withheld = _without_leaks(request, recipe, options, rows, target)
    columns = tuple(column for column in request.declared.columns if column.name in kept)
    if not columns:
        raise DataError(
            f"{request.source}: no columns are left to train on, and the {recipe.name} recipe reads {recipe.words}; "
            "declare [subject] features, or what a column is under [columns.NAME] kind"
        )
    key = (
        blueprint,
        4,
        recipe.depends(options),
        request.table.fingerprint,
        goal.name,
        columns,
        options,
        config.seed,
        goal.classes,
        goal.positive,
        config.split,
        config.model.device,
        {name: config.groups.get(name) for name in _looked_at(blueprint)},
    )
    trainer = _Trainer(recipe, options, columns, goal, everything, training, digest(*key))
    place = cache.place(key)
    model = TorchModel.load_if_whole(place) if place is not None and recipe.saves else None
    if model is None:
        told = partial(progress, "training the model")
        model = recipe.fit(
            rows,
            target,
            **trainer.settings,
            seed=config.seed,
            training=replace(training.of(seen), folder=place, progress=told),
        )
        if place is not None and recipe.saves:
            model.save(place)
            (place / UNFINISHED).unlink(missing_ok=True)
    return Built(model=model, features=kept, withheld=withheld, goal=goal, notes=model.notes, trainer=trainer)


@dataclass(frozen=True, slots=True)
class _Trainer:
    """The recipe with all it was given but the rows to learn from."""

    recipe: Recipe
    options: TrainOptions
    columns: tuple[Column, ...]
    goal: Target
    rows: Rows  # all of the data
    training: Training  # for all rows
    key: str

    @property
    def settings(self) -> dict[str, Any]:
        """What every training is told."""
        goal = self.goal
        return {"columns": self.columns, "classes": goal.classes, "positive": goal.positive, "options": self.options}

    def shadows(
        self, learn: NDArray[np.bool_], *, seeds: Sequence[int], folder: Path | None, progress: Progress
    ) -> Sequence[Model]:
        if self.goal.recorded is None:
            raise TypeError("a model without a recorded target has no shadows")
        told = replace(self.training, folder=folder, progress=partial(progress, "training shadow models"))
        return self.recipe.fit_many(
            self.rows, self.goal.recorded, **self.settings, seeds=seeds, learn=learn, training=told
        )


def _blueprint(request: Request) -> Blueprint:
    """The recipe and the parts that the config lists.

    Raises:
        ConflictError: Two parts do not go together.
        UserError: A part that is not there, or a group it needs is not named.
    """
    from fairwitness.torchkit.parts import named  # torch only when a model is asked for

    settings, edits = request.config.model, []
    for part in settings.parts:
        kind = named.known(part.part)
        parse_options(kind.options, part.options, source=f"{request.source}: [[model.parts]] {part.part}")
        options = dict(part.options)
        if kind.by_group:
            options[BY] = _attribute(request, part.part, part.by)
        elif part.by is not None:
            raise ConfigError(f"{request.source}: [[model.parts]] {part.part} looks at no group; leave out by")
        edits.append(Edit(id=part.part, acts=kind.acts, options=tuple(sorted(options.items()))))
    return Blueprint(recipe=str(settings.train), train=tuple(edits))


def _attribute(request: Request, part: str, by: str | None) -> str:
    """The attribute a part looks at: the one it names, or the only one there is."""
    have = list(request.declared.groups)
    if by is None and len(have) == 1:
        return have[0]
    if by not in have:
        asked = "needs a group" if by is None else f"by is {by!r}, and no such group is declared"
        ways = f"by = one of {', '.join(map(repr, have))}" if have else "declare [subject] groups"
        raise ConfigError(f"{request.source}: [[model.parts]] {part}: {asked}; {ways}")
    return by


def _looked_at(blueprint: Blueprint) -> list[str]:
    """The attributes that parts look at."""
    return sorted({str(value) for edit in blueprint.edits for name, value in edit.options if name == BY})


def surroundings(request: Request, blueprint: Blueprint) -> Training:
    """How the training goes beside its recipe, for all rows of the data."""
    from fairwitness.torchkit.devices import device  # torch only when a model is asked for
    from fairwitness.torchkit.parts import named
    from fairwitness.torchkit.recipes.prepared import Training

    config = request.config
    looked_at = _looked_at(blueprint)
    if len(looked_at) > 1:
        raise ConfigError(
            f"{request.source}: [[model.parts]] look at {' and '.join(looked_at)}; name one group for all of them, such "
            "as a group of your own that crosses the two"
        )
    groups = None
    if looked_at:
        labels = [str(label) for label in request.declared.groups[looked_at[0]]]
        groups = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    unit = config.split.unit
    try:
        chosen = device(config.model.device)
    except UserError as error:
        raise ConfigError(f"{request.source}: [model] device: {error}") from None
    return Training(
        parts=named.make(blueprint.train),
        groups=groups,
        units=None if unit is None else np.array([str(u) for u in request.table.frame[unit]]),
        device=chosen,
        exact=config.model.exact,
    )


def _with_positive(request: Request) -> Target:
    """The target; where two classes are trained on and none is declared positive, one is taken and that is noted."""
    goal = request.goal
    if goal.positive is not None or goal.task not in {"binary", "anomaly"} or len(goal.classes) != 2:
        return goal
    taken = goal.favorable or goal.classes[-1]
    return replace(goal, positive=taken, notes=(*goal.notes, f"positive is not declared; {taken!r} is taken"))


def _without_leaks(
    request: Request, recipe: Recipe, options: TrainOptions, rows: Rows, target: NDArray[np.object_]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Features less those that the recipe cannot read or that give the target away. Looks at train rows only."""
    from fairwitness.data.leaks import candidates, find  # pulls in SciPy; only training needs it

    kept, withheld = features(request.declared, request.config)
    columns = [column for column in request.declared.columns if column.name in kept]
    withheld |= recipe.unread(columns, options)
    usable = [column for column in columns if column.name not in withheld]
    if request.config.subject.features is None:
        for leak in find(rows, target, candidates(usable)):
            if leak.auc.value is not None and leak.auc.value > LEAK_AUC:
                withheld[leak.column] = f"gives the target away (AUC {leak.auc.value:.3f} alone)"
    return tuple(column.name for column in usable if column.name not in withheld), withheld
