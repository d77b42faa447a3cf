"""The deployed model: trained here, loaded from files, or given from Python; torch is imported only when asked for."""

from __future__ import annotations

import hashlib

import numpy as np

from fairwitness.core.columns import Column
from fairwitness.core.errors import ConfigError, DataError
from fairwitness.core.subject import Model, Outputs, Rows
from fairwitness.engine import foreign, generators, keeping, training
from fairwitness.engine.cache import Arrays, Cache
from fairwitness.engine.config import Config
from fairwitness.engine.progress import Progress
from fairwitness.engine.request import Built, Request, features
from fairwitness.io.kinds import as_rows
from fairwitness.io.table import Table

PROBE_ROWS = 256


def wanted(config: Config) -> bool:
    """Whether the config asks for a model, rather than recorded columns."""
    model = config.model
    sources = (model.train, model.saved, model.factory, model.weights, model.black_box)
    return any(named is not None for named in sources)


def ours(config: Config) -> bool:
    """Whether the model was trained here, so that the split tells which rows it has seen."""
    return config.model.train is not None or config.model.saved is not None


def build(request: Request, given: object | None, *, cache: Cache, progress: Progress) -> Built:
    """Train, load or wrap the model.

    Raises:
        ModelError: It cannot be loaded safely, or its outputs do not fit.
        ConfigError: The extra `torch` is not installed, or options are wrong.
    """
    if generators.wanted(request.config):
        return generators.train(request, cache=cache, progress=progress)
    _need_classes(request)
    if request.config.model.train is not None:
        return training.train(request, cache=cache, progress=progress)
    if request.config.model.saved is not None:
        return keeping.build(request)
    kept, withheld = features(request.declared, request.config)
    rows = as_rows(request.table, request.declared.columns)
    loaded = foreign.load(request, given, kept, rows.where(np.arange(len(rows)) < PROBE_ROWS))
    notes = (*loaded.notes, *loaded.model.notes)
    if request.config.model.seen == "unknown" and request.parts is None:
        notes += ("which rows the model was trained on is not declared: its errors may be understated ([model] seen)",)
    withheld = {name: why for name, why in withheld.items() if name not in loaded.features}
    return Built(model=loaded.model, features=loaded.features, withheld=withheld, goal=request.goal, notes=notes)


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
