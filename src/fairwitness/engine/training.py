"""A model trained here: the config's recipe and parts as a blueprint, trained at most once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.carbon import spent as readings
from fairwitness.carbon.clock import Sitting, sitting
from fairwitness.core.blueprint import Blueprint
from fairwitness.core.columns import CROSS
from fairwitness.core.digest import digest
from fairwitness.core.errors import ConfigError, DataError, UserError
from fairwitness.core.remedy import Learning, MakesPart, joined
from fairwitness.core.subject import Model, Rows
from fairwitness.engine import blueprints, mending, split
from fairwitness.engine.cache import Cache
from fairwitness.engine.options import parse_options
from fairwitness.engine.outcomes import Target
from fairwitness.engine.progress import Progress
from fairwitness.engine.request import Built, Request, features, need_torch
from fairwitness.io.kinds import as_rows

if TYPE_CHECKING:
    from fairwitness.torchkit.model import TorchModel
    from fairwitness.torchkit.recipes.options import TrainOptions
    from fairwitness.torchkit.recipes.prepared import Training
    from fairwitness.torchkit.recipes.recipe import Recipe
    from fairwitness.torchkit.training import Progress as Told

LEAK_AUC = 0.95
"""A column that alone tells the target better than this is not given to a model trained here."""


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
    plan = blueprints.blueprint(request)
    goal = _with_positive(request)
    if parts is None or goal.recorded is None:
        raise ConfigError(f"{request.source}: training needs a split and a target")
    seen, put = parts == "train", surroundings(request)
    _one_group(plan, source=request.source)
    rows = mending.aboard(as_rows(request.table, request.declared.columns), request.declared.groups)
    kept, withheld = _without_leaks(request, recipe, options, rows.where(seen), goal.recorded[seen])
    columns = tuple(column for column in request.declared.columns if column.name in kept)
    if not columns:
        raise DataError(
            f"{request.source}: no columns are left to train on, and the {recipe.name} recipe reads {recipe.words}; "
            "declare [subject] features, or what a column is under [columns.NAME] kind"
        )
    key = (
        plan.recipe,
        plan.rows,
        plan.train,
        6,
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
        config.groups if plan.rows or plan.train else None,
        *([request.repeat] if request.repeat else ()),
    )
    everything = Learning(
        rows=rows,
        target=goal.recorded,
        weights=np.ones(len(rows)),
        groups={name: joined([held]) for name, held in request.declared.groups.items()},
        columns=columns,
        classes=goal.classes,
        positive=goal.positive or "",
        favorable=goal.favorable or goal.positive or "",
        units=rows.ids if put.units is None else put.units,
    )
    trainer = _Trainer(recipe, options, plan, everything, put, config.seed, digest(*key))
    learning = trainer.learning(seen)
    place = cache.place(key)
    core = TorchModel.load_if_whole(place) if place is not None and recipe.saves else None
    trained = core is None
    spent = None if place is None else readings.load(place)
    if core is None:
        with clocked(request, place, put, progress) as (sat, told):
            core = trainer.fit(learning, seed=config.seed + request.repeat, folder=place, progress=told)
        spent = sat.spent
        if place is not None and recipe.saves:
            core.save(place)
            (place / UNFINISHED).unlink(missing_ok=True)
    tune = split.to_fit_on(parts, everything.units, seed=config.seed)
    model = mending.mended(
        core, learning, plan, rows.where(tune), goal.recorded[tune], threshold=core.rule.threshold, seed=config.seed
    )
    read = tuple(column.name for column in learning.columns)
    return Built(
        model=model,
        features=read,
        withheld=withheld | {name: "left out by a remedy" for name in kept if name not in read},
        goal=goal,
        notes=(*core.notes, *learning.notes) if model is core else model.notes,
        trainer=trainer,
        trained=trained,
        spent=spent,
    )


@contextmanager
def clocked(request: Request, place: Path | None, put: Training, progress: Progress) -> Iterator[tuple[Sitting, Told]]:
    """A training whose cost is read, and kept in `place` beside the model; what it tells goes to `progress`."""
    from fairwitness.torchkit.recipes.prepared import UNFINISHED  # torch is here already

    goes_on = place is not None and (place / UNFINISHED).exists()
    beside = request.config.carbon.meter == "codecarbon"
    with sitting(place, goes_on=goes_on, accelerated=put.device != "cpu", beside=beside) as sat:

        def told(done: int, total: int) -> None:
            sat.tick()
            progress("training the model", done, total)

        yield sat, told


@dataclass(frozen=True, slots=True)
class _Trainer:
    """The recipe with all it was given but the rows to learn from."""

    recipe: Recipe
    options: TrainOptions
    plan: Blueprint
    everything: Learning  # all rows of the data
    surroundings: Training
    seed: int
    key: str

    def learning(self, mask: NDArray[np.bool_]) -> Learning:
        """Some of the rows, after all remedies of rows."""
        return mending.learned_from(self.everything.take(np.flatnonzero(mask)), self.plan, seed=self.seed)

    def fit(self, learning: Learning, *, seed: int, folder: Path | None, progress: Told) -> TorchModel:
        """One model of these rows."""
        put = replace(self._put(learning), folder=folder, progress=progress)
        return self.recipe.fit(learning.rows, learning.target, **self._settings(learning), seed=seed, training=put)

    def shadows(
        self, learn: NDArray[np.bool_], *, seeds: Sequence[int], folder: Path | None, progress: Progress
    ) -> Sequence[Model]:
        told = partial(progress, "training shadow models")
        if self.plan.rows:  # remedies of rows look at all rows they are given, so each model has rows of its own
            made = []
            for number, (mask, seed) in enumerate(zip(learn, seeds, strict=True)):
                own = None if folder is None else folder / str(number)
                made.append(self.fit(self.learning(mask), seed=seed, folder=own, progress=_silent))
                told(number + 1, len(seeds))
            return made
        put = replace(self._put(self.everything), folder=folder, progress=told)
        rows, target = self.everything.rows, self.everything.target
        return self.recipe.fit_many(
            rows, target, **self._settings(self.everything), seeds=seeds, learn=learn, training=put
        )

    def kinds(self) -> dict[str, _Trainer]:
        """As deployed; half and twice as wide, and classes weighing alike, where the recipe has such an option."""
        found = {"as deployed": self}
        for name, changed in _changes(self.options).items():
            try:
                options = replace(self.options, **changed)
            except ValueError:  # such as a width that its heads do not divide
                continue
            found[name] = replace(self, options=options, key=digest(self.key, name))
        return found

    def _settings(self, learning: Learning) -> dict[str, Any]:
        return {
            "columns": learning.columns,
            "classes": learning.classes,
            "positive": learning.positive or None,
            "options": self.options,
        }

    def _put(self, learning: Learning) -> Training:
        """What is put on the training of these rows."""
        from fairwitness.torchkit.parts import named  # torch is here already

        parts = []
        for edit in self.plan.train:
            remedy = blueprints.remedy_of(edit)
            if remedy is None:
                parts += named.make([edit])
            elif isinstance(remedy, MakesPart):
                parts.append(remedy.part(blueprints.options_of(edit)))
        by = {blueprints.looked_at(edit) for edit in self.plan.train} - {""}
        codes = None
        for name in by:
            codes = np.unique(learning.labels(name).astype(np.str_), return_inverse=True)[1].astype(np.int64)
        alike = bool((learning.weights == 1).all())
        apart = self.surroundings.units is not None or bool(self.plan.rows)
        return replace(
            self.surroundings,
            parts=parts,
            weights=None if alike else learning.weights,
            groups=codes,
            units=learning.units if apart else None,
        )


def _changes(options: TrainOptions) -> dict[str, dict[str, Any]]:
    """What may be changed of a recipe's options, by what it comes to."""
    found: dict[str, dict[str, Any]] = {}
    width = next((name for name in ("hidden", "widths") if getattr(options, name, None)), None)
    if width is not None:
        have = getattr(options, width)
        for words, times in (("half as wide", 0.5), ("twice as wide", 2.0)):
            scaled = [max(1, round(times * each)) for each in (have if isinstance(have, tuple) else (have,))]
            found[words] = {width: tuple(scaled) if isinstance(have, tuple) else scaled[0]}
    if getattr(options, "class_weights", None) == "none":
        found["classes weighing alike"] = {"class_weights": "balanced"}
    return found


def _silent(done: int, total: int) -> None:
    """Tell nobody."""


def _one_group(plan: Blueprint, *, source: str) -> None:
    """Stop where parts of a step look at different groups: it is given one code a row."""
    by = sorted({blueprints.looked_at(edit) for edit in plan.train} - {""})
    if len(by) > 1:
        raise ConfigError(
            f"{source}: what acts in training looks at {' and '.join(by)}; name one group for all of it, or the two "
            f"crossed: by = {CROSS.join(by)!r}"
        )


def surroundings(request: Request) -> Training:
    """How the training goes beside its recipe, for all rows of the data."""
    from fairwitness.torchkit.devices import device  # torch only when a model is asked for
    from fairwitness.torchkit.recipes.prepared import Training

    config = request.config
    unit = config.split.unit
    try:
        chosen = device(config.model.device)
    except UserError as error:
        raise ConfigError(f"{request.source}: [model] device: {error}") from None
    return Training(
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
