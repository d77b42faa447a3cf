"""The user's own modules as deployed models: from memory, or from a file of weights and the code that builds it."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from fairwitness.core.columns import Column
from fairwitness.core.errors import UserError, hint
from fairwitness.core.subject import Rows
from fairwitness.torchkit.encoding import Encoding
from fairwitness.torchkit.errors import LoadError
from fairwitness.torchkit.importing import import_named, searched
from fairwitness.torchkit.layers import parameter_count
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.scores import Activation, DecisionRule
from fairwitness.torchkit.user_encoding import PlainEncoding, UserEncoding
from fairwitness.torchkit.weights import put_weights, read_weights

EXTRAS = ("encode", "activation")


def from_module(
    module: nn.Module,
    *,
    columns: Sequence[Column],  # what it reads, in order
    classes: tuple[str, ...],  # in the order of its outputs, where it has several
    positive: str | None,
    activation: Activation | None = None,  # None: probed
    encode: Callable[..., Any] | None = None,  # polars frame to a tensor, a tuple of them or a dict of them
    threshold: float = 0.5,
    source: str = "model",  # names it in errors
    probe: Rows | None = None,  # a few rows to try it on at once; some 256 settle an undeclared activation
) -> TorchModel:
    """A module in memory as the deployed model. The module is not changed.

    Without `encode` it is called with its numeric columns as one (n, d) tensor, or with its one image column as
    (n, C, H, W) in [0, 1].

    Raises:
        ModelError: Classes, positive class and threshold make no rule; nothing can be fed; or `probe` fails.
    """
    rule = DecisionRule(classes=classes, positive=positive, activation=activation, threshold=threshold)
    dtype = next((held.dtype for held in module.parameters() if held.is_floating_point()), torch.float32)
    encoding: Encoding
    notes: tuple[str, ...] = ()
    if encode is None:
        encoding = plain = PlainEncoding.of(columns, dtype=dtype, source=source)
        if plain.left_out:
            notes = (f"The module is not fed {', '.join(plain.left_out)}: without `encode`, numbers only reach it.",)
    else:
        encoding = UserEncoding(columns=tuple(columns), function=encode, source=source)
    model = TorchModel(
        module,
        encoding,
        rule,
        words=f"{type(module).__name__} of {parameter_count(module):,} parameters",
        source=source,
        code=_code_digest(module, encode),
        notes=notes,
    )
    if probe is not None:
        model.probe(probe)
    return model


def from_file(
    weights: Path | None,
    factory: str,  # "module:function"
    *,
    base: Path,  # the config's folder
    columns: Sequence[Column],
    classes: tuple[str, ...],
    positive: str | None,
    activation: Activation | None = None,
    threshold: float = 0.5,
    probe: Rows | None = None,
) -> TorchModel:
    """Build a module by the user's own code, and load its weights without running anything the file carries.

    Args:
        weights: `.safetensors`, or `.pt`, `.pth`, `.bin` with weights only; None where the factory loads its own.
        factory: Called without arguments; returns the module, or the module and a mapping or object with `encode`
            (polars frame to tensors) and `activation`.
        base: Where the factory's module is looked for before the installed packages.
        columns: What the module reads, in order.
        classes: In the order of its outputs, where it has several.
        positive: The event that is scored, where there are two classes.
        activation: Overrules the factory's.
        threshold: Scores at or above it decide for the positive class.
        probe: A few rows to try it on at once.

    Raises:
        ModelError: The factory fails, the weights cannot be read safely or are of another module, or as `from_module`.
    """
    state = None if weights is None else read_weights(weights)
    module, extras = build(factory, base)
    source = factory if weights is None else weights.name
    if state is not None:
        put_weights(module, state, source=source)
    return from_module(
        module,
        columns=columns,
        classes=classes,
        positive=positive,
        activation=activation or extras.get("activation"),
        encode=extras.get("encode"),
        threshold=threshold,
        source=source,
        probe=probe,
    )


def build(factory: str, base: Path) -> tuple[nn.Module, Mapping[str, Any]]:
    """What a factory gives: the module, and `encode` and `activation` where it says so.

    Raises:
        LoadError: There is no such factory, it fails, or gives something else.
    """
    function = import_named(factory, base=base)
    if not callable(function):
        raise LoadError.returned(factory, f"a {type(function).__name__} that cannot be called")
    try:
        with searched(base):
            given = function()
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        raise LoadError.raised(factory, error) from error
    module, extras = given if isinstance(given, tuple) and len(given) == 2 else (given, {})
    if not isinstance(module, nn.Module):
        raise LoadError.returned(factory, f"a {type(module).__name__}")
    if not isinstance(extras, Mapping):
        extras = {name: getattr(extras, name) for name in EXTRAS if hasattr(extras, name)}
    for name in extras:
        if name not in EXTRAS:
            raise LoadError.returned(factory, f"{name!r} beside the module ({hint(name, EXTRAS)})")
    return module, extras


def _code_digest(module: nn.Module, encode: Callable[..., Any] | None) -> str | None:
    """SHA-256 over the layers as printed and the source files of all code that is not torch's own, and those beside it.

    None where a source is unknown, or where `encode` is no plain function, so may hold data of its own.
    """
    if encode is not None and not (inspect.isfunction(encode) and encode.__closure__ is None):
        return None
    written: list[Any] = [type(part) for part in module.modules() if not type(part).__module__.startswith("torch.")]
    hashed = hashlib.sha256(repr(module).encode())
    try:
        own = {Path(str(inspect.getsourcefile(thing))) for thing in [*written, *([encode] if encode else [])]}
        folders = {file.parent for file in own}  # what they import from beside them counts too
        loaded = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
        beside = {Path(file) for file in loaded if file and Path(file).parent in folders}
        for file in sorted(own | beside):
            hashed.update(file.read_bytes())
    except (TypeError, OSError):
        return None
    return hashed.hexdigest()
