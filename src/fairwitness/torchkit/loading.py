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
from torch.nn.parameter import is_lazy

from fairwitness.core.columns import Column
from fairwitness.core.digest import digest
from fairwitness.core.errors import UserError, hint
from fairwitness.core.subject import Rows
from fairwitness.torchkit.encoding import Encoding
from fairwitness.torchkit.errors import LoadError
from fairwitness.torchkit.foreign.outputs import class_order
from fairwitness.torchkit.foreign.tokenizing import TokenEncoding, is_tokenizer
from fairwitness.torchkit.importing import import_named, searched
from fairwitness.torchkit.layers import parameter_count
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.scores import Activation, DecisionRule
from fairwitness.torchkit.user_encoding import PlainEncoding, UserEncoding
from fairwitness.torchkit.weights import put_weights, read_weights

EXTRAS = ("encode", "activation", "output")


def from_module(
    module: nn.Module,
    *,
    columns: Sequence[Column],  # what it reads, in order
    classes: tuple[str, ...],  # in the order of its outputs, where it has several
    positive: str | None,
    activation: Activation | None = None,  # None: probed
    encode: Callable[..., Any]
    | None = None,  # polars frame to a tensor, a tuple of them or a dict of them; a tokenizer
    output: str
    | None = None,  # which tensor, where the module gives several by name; None: `logits`, or the one that fits
    threshold: float | None = None,  # 0.5 unless set
    named: bool = False,  # whether the names the module's config has for its outputs put them in the classes' order
    source: str = "model",  # names it in errors
    probe: Rows | None = None,  # a few rows to try it on at once; some 256 settle an undeclared activation
) -> TorchModel:
    """A module in memory as the deployed model. The module is not changed.

    Without `encode` it is called with its numeric columns as one (n, d) tensor, or with its one image column as
    (n, C, H, W) in [0, 1]; with a tokenizer for `encode`, with its one text column as `input_ids` and `attention_mask`.

    Raises:
        ModelError: Classes, positive class and threshold make no rule; nothing can be fed; parameters have no numbers; or
            `probe` fails.
    """
    bare = next((name for name, held in module.named_parameters() if held.is_meta or is_lazy(held)), None)
    if bare is not None:
        raise LoadError.no_weights(bare, source=source)
    decides = 0.5 if threshold is None else threshold
    rule = DecisionRule(classes=classes, positive=positive, activation=activation, threshold=decides)
    encoding, notes = _encoding(module, columns, encode, source=source)
    order: tuple[int, ...] | None = None
    if named:
        order, more = class_order(module, rule, source=source)
        notes += more
    model = TorchModel(
        module,
        encoding,
        rule,
        words=f"{type(module).__name__} of {parameter_count(module):,} parameters",
        source=source,
        code=_code_digest(module, encode, encoding, order, output),
        notes=notes,
        order=order,
        output=output,
    )
    if probe is not None:
        model.probe(probe)
    return model


def from_given(
    module: nn.Module,
    extras: object,  # what a factory may give beside its module
    **settings: Any,  # noqa: ANN401 - as `from_module`
) -> TorchModel:
    """As `from_module`, with what is said beside the module; `settings` overrule it where they say anything.

    Raises:
        ModelError: As `from_module`, or something else stands beside it.
    """
    return from_module(module, **_overruled(settings, _extras("model", extras)), named=True)


def from_file(
    weights: Path | None,
    factory: str,  # "module:function"
    *,
    base: Path,  # the config's folder
    columns: Sequence[Column],
    classes: tuple[str, ...],
    positive: str | None,
    activation: Activation | None = None,
    output: str | None = None,
    threshold: float | None = None,
    probe: Rows | None = None,
) -> TorchModel:
    """Build a module by the user's own code, and load its weights without running anything the file carries.

    Args:
        weights: `.safetensors`, or `.pt`, `.pth`, `.bin`, `.ckpt` with weights only; None where the factory loads its own.
        factory: Called without arguments; returns the module, or the module and a mapping or object with `encode`
            (polars frame to tensors, or a tokenizer), `activation` and `output`.
        base: Where the factory's module is looked for before the installed packages.
        columns: What the module reads, in order.
        classes: In the order of its outputs, where it has several.
        positive: The event that is scored, where there are two classes.
        activation: Overrules the factory's.
        output: Overrules the factory's.
        threshold: Scores at or above it decide for the positive class.
        probe: A few rows to try it on at once.

    Raises:
        ModelError: The factory fails, the weights cannot be read safely or are of another module, or as `from_module`.
    """
    state = None if weights is None else read_weights(weights)
    module, extras = build(factory, base)
    source = factory if weights is None else weights.name
    notes = () if state is None else put_weights(module, state, source=source)
    model = from_module(
        module,
        columns=columns,
        classes=classes,
        positive=positive,
        threshold=threshold,
        named=True,
        source=source,
        probe=probe,
        **_overruled({"activation": activation, "output": output}, extras),
    )
    model.notes = notes + model.notes
    return model


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
    return module, _extras(factory, extras)


def _extras(source: str, beside: object) -> Mapping[str, Any]:
    """What stands beside a module: a mapping, an object with the same names, or a tokenizer alone."""
    if is_tokenizer(beside):
        return {"encode": beside}
    if not isinstance(beside, Mapping):
        return {name: getattr(beside, name) for name in EXTRAS if hasattr(beside, name)}
    for name in beside:
        if name not in EXTRAS:
            raise LoadError.returned(source, f"{name!r} beside the module ({hint(name, EXTRAS)})")
    return beside


def _overruled(settings: Mapping[str, Any], extras: Mapping[str, Any]) -> dict[str, Any]:
    """What a factory says beside its module, under what else is said: a setting that is None says nothing."""
    said = {name: value for name, value in settings.items() if value is not None or name not in extras}
    return {**extras, **said}


def _encoding(
    module: nn.Module, columns: Sequence[Column], encode: Callable[..., Any] | None, *, source: str
) -> tuple[Encoding, tuple[str, ...]]:
    if encode is None:
        dtype = next((held.dtype for held in module.parameters() if held.is_floating_point()), torch.float32)
        plain = PlainEncoding.of(columns, dtype=dtype, source=source)
        left, why = plain.left_out, "without `encode`, numbers only reach it"
        return plain, ((f"The module is not fed {', '.join(left)}: {why}.",) if left else ())
    if is_tokenizer(encode):
        tokens = TokenEncoding.of(columns, encode, module, source=source)
        return tokens, tokens.notes
    return UserEncoding(columns=tuple(columns), function=encode, source=source), ()


def _code_digest(
    module: nn.Module,
    encode: Callable[..., Any] | None,
    encoding: Encoding,
    order: tuple[int, ...] | None,
    output: str | None,
) -> str | None:
    """All that decides beside the weights; None where some of it is unknown."""
    if isinstance(encoding, TokenEncoding):
        code, tokens = _sources_digest(module, None), encoding.digest
    else:
        code, tokens = _sources_digest(module, encode), ""
    return None if code is None or tokens is None else digest(code, tokens, order, output)


def _sources_digest(module: nn.Module, encode: Callable[..., Any] | None) -> str | None:
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
