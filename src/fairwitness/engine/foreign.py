"""A model that was made elsewhere, as the config names it or as it is given from Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairwitness.core.columns import Column
from fairwitness.core.errors import ConfigError, ModelError
from fairwitness.core.subject import Model, Rows
from fairwitness.engine.config import MODEL_SOURCES, Config
from fairwitness.engine.request import need_torch
from fairwitness.torchkit.importing import is_module

if TYPE_CHECKING:
    from fairwitness.engine.request import Request

_SOURCES = {
    "train": "train",
    "saved": "a model that fix saved",
    "decision": "decision",
    "black_box": "a black box",
    "factory": "a network of your own",
    "graph": "a graph",
    "given": "a model given from Python",
    "score": "a recorded score",
    "labels": "recorded labels",
}

MENDED = "mended.json"
"""What `keeping` writes beside a network whose decisions are mended."""

_OWN = frozenset({"factory", "graph", "given"})

_USED_BY = {
    **dict.fromkeys(("options", "parts", "remedies", "device", "exact"), frozenset({"train"})),
    "activation": _OWN | {"black_box"},
    "output": _OWN,
    "threshold": _OWN | {"black_box", "score"},
    "seen": _OWN | {"black_box"},
}
"""What each setting of [model] means something beside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model, and the columns it reads.

    Attributes:
        features: Names, in the order it is given them.
        notes: What is to be said of those columns.
    """

    model: Model
    features: tuple[str, ...]
    notes: tuple[str, ...] = ()


def refuse_unused(config: Config, given: object | None, *, source: str) -> None:
    """Stop on a setting that would be ignored.

    Raises:
        ConfigError: A model is given and another one named, or a setting goes with a source that is not there.
    """
    settings = config.model
    named = [key for key in MODEL_SOURCES if getattr(settings, key) is not None]
    if given is not None and named:
        value = getattr(settings, named[0])
        raise ConfigError(f"{source}: a model is given, and {named[0]} = {value!r}; give one")
    kind = _kind(config, given)
    for key, used_by in _USED_BY.items():
        if key in settings.model_fields_set and kind not in used_by:
            means = " or ".join(words for name, words in _SOURCES.items() if name in used_by)
            raise ConfigError(f"{source}: [model] {key} goes with {means}, and here is {_SOURCES[kind]}; take it out")


def _kind(config: Config, given: object | None) -> str:
    settings = config.model
    if given is not None:
        return "given"
    if settings.weights is not None and settings.factory is None:
        return "graph"
    order = ("train", "saved", "decision", "black_box", "factory", "score")
    return next((key for key in order if getattr(settings, key) is not None), "labels")


def load(request: Request, given: object | None, features: tuple[str, ...], rows: Rows) -> Loaded:
    """Wrap what is given, or load what the config names, and try it on a few rows.

    Args:
        request: Data and config.
        given: From Python: a torch module, alone or in a pair with what a factory says of it; an estimator; a callable.
        features: Columns a model may read.
        rows: All rows, or the first of them.

    Raises:
        ModelError: It cannot be loaded safely, reads what it should not, or its outputs do not fit.
        ConfigError: An extra is not installed.
    """
    settings, goal = request.config.model, request.goal
    threshold = settings.threshold if "threshold" in settings.model_fields_set else None
    common: dict[str, Any] = {
        "classes": goal.classes,
        "positive": goal.positive,
        "activation": settings.activation,
        "threshold": threshold,
        "probe": rows,
    }
    name = "model"
    if settings.black_box is not None:
        from fairwitness.torchkit.foreign.box import build_box

        name = settings.black_box
        given = build_box(name, request.base)
    module, extras = given if isinstance(given, tuple) and len(given) == 2 else (given, {})
    if given is not None and not is_module(module):
        return _black_box(request, given, features, source=name, **common)
    common |= {"output": settings.output}
    if given is None and settings.factory is None:
        return _graph(request, features, **common)
    common |= {"columns": tuple(column for column in request.declared.columns if column.name in features)}
    return Loaded(model=_torch_model(request, module, extras, common), features=features)


def _black_box(
    request: Request,
    given: Any,  # noqa: ANN401 - a model of any library
    features: tuple[str, ...],
    *,
    source: str,
    **common: Any,  # noqa: ANN401 - what both kinds take
) -> Loaded:
    from fairwitness.torchkit.blackbox import from_callable
    from fairwitness.torchkit.foreign.estimators import fitted_on, from_estimator, is_estimator, owner_of

    if request.config.model.output is not None:
        raise ConfigError(f"{request.source}: [model] output names one of a network's tensors, and {source} is none")
    given = owner_of(given)
    if is_estimator(given):
        reads = fitted_on(given)
        kept = features if reads is None else _readable(request, reads, source=source)
        have = {column.name: column for column in request.declared.columns}
        dtypes = dict(request.table.frame.schema)
        columns = tuple(have[name] for name in kept)
        model = from_estimator(given, columns=columns, dtypes=dtypes, source=source, **common)
        read = tuple(column.name for column in model.columns)
        return Loaded(model=model, features=read, notes=_sensitive(have, read))
    if isinstance(given, type):
        raise ModelError(f"{source} is the class {given.__name__}; give one of it, fitted or with its weights")
    if not callable(given):
        file = isinstance(given, str | Path)
        way_out = (
            'a file is named in config={"model": {"weights": ...}}'
            if file
            else "give a torch module, a fitted estimator, or a callable from a frame to scores"
        )
        raise ModelError(f"model is a {type(given).__name__}; {way_out}")
    columns = tuple(column for column in request.declared.columns if column.name in features)
    return Loaded(model=from_callable(given, columns=columns, source=source, **common), features=features)


def _graph(request: Request, features: tuple[str, ...], **common: Any) -> Loaded:  # noqa: ANN401 - what both kinds take
    """A file that holds a whole network."""
    from fairwitness.torchkit.foreign.box import function_named

    settings = request.config.model
    path = request.base / str(settings.weights)
    if not path.suffix:
        return _saved(request, path, **common)
    common["encode"] = None if settings.encode is None else function_named(settings.encode, request.base)
    have = {column.name: column for column in request.declared.columns}
    if path.suffix.lower() == ".pt2":
        need_torch(request.source)
        from fairwitness.torchkit.foreign.exported import read_program
        from fairwitness.torchkit.loading import from_module

        columns = tuple(have[name] for name in features)
        exported = from_module(read_program(path), columns=columns, source=path.name, **common)
        return Loaded(model=exported, features=features)
    from fairwitness.torchkit.foreign import onnx

    graph = onnx.open_graph(path)
    names = onnx.input_names(graph)
    if settings.encode is None and all(name in have for name in names):
        features = _readable(request, names, source=path.name)
    columns = tuple(have[name] for name in features)
    model = onnx.from_onnx(graph, path=path, columns=columns, **common)
    read = tuple(column.name for column in model.columns)
    return Loaded(model=model, features=read, notes=_sensitive(have, read))


def _saved(request: Request, folder: Path, **common: Any) -> Loaded:  # noqa: ANN401 - what all kinds take
    """A network that was trained here and saved with its recipe."""
    need_torch(request.source)
    from fairwitness.torchkit.model import TorchModel

    for key in ("activation", "encode", "output"):
        if getattr(request.config.model, key) is not None:
            raise ConfigError(f"{request.source}: [model] {key} is known of a saved model; take it out")
    if (folder / MENDED).exists():
        raise ConfigError(
            f"{request.source}: {folder} holds more than a network: what remedies do when it decides; name it as saved, "
            "not as weights"
        )
    model = TorchModel.load(folder)
    if (model.rule.classes, model.rule.positive) != (common["classes"], common["positive"] or model.rule.positive):
        told = f"tells {' from '.join(model.rule.classes)} and scores {model.rule.positive!r}"
        raise ModelError(f"{folder}: {told}; target {request.goal.name!r} is another, name the one it was trained on")
    if common["threshold"] is not None:
        model.rule = replace(model.rule, threshold=common["threshold"])
    have = {column.name: column for column in request.declared.columns}
    encoding: Any = model.encoding  # one of ours: `load` gives no other
    read = _readable(request, tuple(column.name for column in encoding.columns), source=folder.name)
    model.probe(common["probe"])
    return Loaded(model=model, features=read, notes=_sensitive(have, read))


def _readable(request: Request, reads: tuple[str, ...], *, source: str) -> tuple[str, ...]:
    """The columns an estimator was fitted on, each of which is there and may be read."""
    from fairwitness.torchkit.foreign.errors import ForeignError

    have = {column.name: column for column in request.declared.columns}
    listed = request.config.subject.features
    for name in reads:
        if name not in have:
            raise ForeignError.unread(name, have, source=source)
        if have[name].role in {"target", "decision", "score"}:
            raise ForeignError.kept_out(name, f"is the {have[name].role}; fit it without", source=source)
        if have[name].role == "ignore" or (listed is not None and name not in listed):
            raise ForeignError.kept_out(name, "the config keeps out; mend [subject] exclude or features", source=source)
    return reads


def _sensitive(have: Mapping[str, Column], read: tuple[str, ...]) -> tuple[str, ...]:
    groups = [name for name in read if have[name].role == "group"]
    return (f"The model was fitted on sensitive attributes and reads them: {', '.join(groups)}.",) if groups else ()


def _torch_model(request: Request, module: Any, extras: object, common: dict[str, Any]) -> Model:  # noqa: ANN401 - a module or None
    settings = request.config.model
    need_torch(request.source)
    from fairwitness.torchkit import loading

    if module is not None:
        return loading.from_given(module, extras, **common)
    weights = None if settings.weights is None else request.base / settings.weights
    return loading.from_file(weights, str(settings.factory), base=request.base, **common)
