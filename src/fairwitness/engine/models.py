"""The deployed model: trained here, loaded from files, or given from Python; torch is imported only when asked for."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.errors import ConfigError, DataError, ModelError, hint
from fairwitness.core.subject import Model, Outputs, Rows
from fairwitness.engine.cache import Arrays, Cache
from fairwitness.engine.columns import Declared
from fairwitness.engine.config import Config
from fairwitness.engine.outcomes import Target
from fairwitness.engine.progress import Progress
from fairwitness.io.kinds import as_rows
from fairwitness.io.table import Table

if TYPE_CHECKING:
    from torch import nn

    from fairwitness.torchkit.recipes.recipe import Recipe, TrainOptions

LEAK_AUC = 0.95
"""A column that alone tells the target better than this is not given to a model trained here."""

PROBE_ROWS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a model is built from."""

    table: Table
    declared: Declared
    goal: Target
    parts: NDArray[np.object_] | None
    config: Config
    base: Path
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    model: Model
    features: tuple[str, ...]
    withheld: dict[str, str]
    goal: Target
    notes: tuple[str, ...] = ()


def wanted(config: Config) -> bool:
    """Whether the config asks for a model, rather than recorded columns."""
    return config.model.train is not None or config.model.factory is not None


def features(declared: Declared, config: Config) -> tuple[tuple[str, ...], dict[str, str]]:
    """The columns a model may read, and those withheld with the reason."""
    kept: list[str] = []
    withheld: dict[str, str] = {}
    listed = config.subject.features
    for column in declared.columns:
        if listed is not None:
            if column.name in listed:
                kept.append(column.name)
        elif column.role == "ignore":
            withheld[column.name] = "excluded in the config"
        elif column.role == "group" and not config.model.sensitive_features:
            withheld[column.name] = "sensitive attribute"
        elif column.role in {"feature", "group"}:
            kept.append(column.name)
    return tuple(kept), withheld


def build(request: Request, given: object | None, *, cache: Cache, progress: Progress) -> Built:
    """Train, load or wrap the model.

    Raises:
        ModelError: It cannot be loaded safely, or its outputs do not fit.
        ConfigError: The extra `torch` is not installed, or options are wrong.
    """
    _need_classes(request)
    if given is not None and request.config.model.train is not None:
        raise ConfigError(f"{request.source}: a model is given, and train = {request.config.model.train!r}; give one")
    if given is None and request.config.model.train is not None:
        return _train(request, cache=cache, progress=progress)
    kept, withheld = features(request.declared, request.config)
    columns = tuple(column for column in request.declared.columns if column.name in kept)
    probe = as_rows(request.table, request.declared.columns)
    model = _foreign(request, given, columns, probe.where(np.arange(len(probe)) < PROBE_ROWS))
    notes = model.notes
    if request.config.model.seen == "unknown" and request.parts is None:
        notes += ("which rows the model was trained on is not declared: its errors may be understated ([model] seen)",)
    return Built(model=model, features=kept, withheld=withheld, goal=request.goal, notes=notes)


def outputs(model: Model, rows: Rows, table: Table, columns: tuple[Column, ...], *, cache: Cache) -> Outputs:
    """The model's outputs on rows, computed once for a model, the data as declared, and a set of rows."""

    def make() -> Arrays:
        made = model.outputs(rows)
        scores = np.empty((len(rows), 0)) if made.scores is None else made.scores
        decisions = np.asarray([] if made.decisions is None else made.decisions, dtype=np.str_)
        return {"scores": scores, "decisions": decisions}

    if model.fingerprint is None:
        kept = make()
    else:
        which = hashlib.sha256(rows.ids.tobytes())
        few = model.outputs(rows.where(np.arange(len(rows)) < PROBE_ROWS))  # a state no digest of code and weights sees
        which.update(b"" if few.scores is None else few.scores.tobytes())
        which.update("|".join(() if few.decisions is None else few.decisions).encode())
        key = ("outputs", 3, model.fingerprint, table.fingerprint, columns, which.hexdigest())
        kept = cache.arrays(key, make)
    scores, decisions = kept["scores"], kept["decisions"]
    return Outputs(
        scores=scores if scores.shape[1] else None,
        decisions=decisions.astype(object) if len(decisions) else None,
    )


def _need_classes(request: Request) -> None:
    if request.goal.task == "regression":
        raise DataError(
            f"{request.source}: target {request.goal.name!r} is a quantity; models are audited on classes for now, so "
            "decide by a threshold in a column of your own"
        )
    if request.goal.recorded is None:
        raise ConfigError(f"{request.source}: a model needs [subject] target, the column with the recorded outcomes")


def _torch(source: str) -> None:
    try:
        import torch  # noqa: F401 - is it there? asked before any work
    except ImportError:
        raise ConfigError(f"{source}: models need PyTorch; pip install 'fairwitness[torch]'") from None


def _train(request: Request, *, cache: Cache, progress: Progress) -> Built:
    _torch(request.source)
    from fairwitness.torchkit import recipes  # torch only when a model is asked for
    from fairwitness.torchkit.model import TorchModel

    config, goal, parts = request.config, request.goal, request.parts
    recipe = recipes.named(str(config.model.train), base=request.base)
    options = parse_options(recipe.options, config.model.options, source=request.source)
    if goal.positive is None and goal.task in {"binary", "anomaly"} and len(goal.classes) == 2:
        goal = replace(
            goal,
            positive=goal.favorable or goal.classes[-1],
            notes=(*goal.notes, f"positive is not declared; {goal.favorable or goal.classes[-1]!r} is taken"),
        )
    if parts is None or goal.recorded is None:
        raise ConfigError(f"{request.source}: training needs a split and a target")
    train = parts == "train"
    everything = as_rows(request.table, request.declared.columns)
    rows = everything.where(train)
    kept, withheld = _without_leaks(request, recipe, options, rows, goal.recorded[train])
    columns = tuple(column for column in request.declared.columns if column.name in kept)
    if not columns:
        raise DataError(
            f"{request.source}: no columns are left to train on, and the {recipe.name} recipe reads {recipe.words}; "
            "declare [subject] features, or what a column is under [columns.NAME] kind"
        )
    key = (
        recipe.name,
        3,
        recipe.depends(options),
        request.table.fingerprint,
        goal.name,
        columns,
        options,
        config.seed,
        goal.classes,
        goal.positive,
        config.split,
    )
    place = cache.place(key) if recipe.saves else None
    model = TorchModel.load_if_whole(place) if place is not None else None
    if model is None:
        model = recipe.fit(
            rows,
            goal.recorded[train],
            columns=columns,
            classes=goal.classes,
            positive=goal.positive,
            options=options,
            seed=config.seed,
            progress=lambda done, total: progress("training the model", done, total),
        )
        if place is not None:
            model.save(place)
    return Built(model=model, features=kept, withheld=withheld, goal=goal, notes=model.notes)


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


def _foreign(request: Request, given: object | None, columns: tuple[Column, ...], probe: Rows) -> Model:
    settings, goal = request.config.model, request.goal
    if given is not None and not _is_module(given):
        if not callable(given):
            raise ModelError(
                f"model is a {type(given).__name__}; give a torch module or a callable from a frame to scores"
            )
        from fairwitness.torchkit.blackbox import from_callable  # no torch inside

        function: Callable[..., Any] = given
        return from_callable(
            function,
            columns=columns,
            classes=goal.classes,
            positive=goal.positive,
            threshold=settings.threshold,
            probe=probe,
        )
    _torch(request.source)
    from fairwitness.torchkit import loading  # torch only when a model is asked for

    if given is not None:
        return loading.from_module(
            given,
            columns=columns,
            classes=goal.classes,
            positive=goal.positive,
            activation=settings.activation,
            threshold=settings.threshold,
            probe=probe,
        )
    return loading.from_file(
        None if settings.weights is None else request.base / settings.weights,
        str(settings.factory),
        base=request.base,
        columns=columns,
        classes=goal.classes,
        positive=goal.positive,
        activation=settings.activation,
        threshold=settings.threshold,
        probe=probe,
    )


def _is_module(given: object) -> TypeGuard[nn.Module]:
    return any(
        f"{kind.__module__}.{kind.__qualname__}" == "torch.nn.modules.module.Module" for kind in type(given).mro()
    )


def parse_options(kind: type, values: Mapping[str, Any], *, source: str) -> Any:  # noqa: ANN401 - an instance of `kind`
    """A recipe's or a check's options from the config.

    Raises:
        ConfigError: An option it does not have, or a value it refuses.
    """
    names = [field.name for field in dataclasses.fields(kind)]
    for name in values:
        if name not in names:
            raise ConfigError(f"{source}: no option {name!r}; {hint(name, names)}")
    try:
        return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{source}: options: {error}") from None
