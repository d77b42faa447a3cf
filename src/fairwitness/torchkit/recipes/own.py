"""A network of the user's own, built by their factory and trained here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fairwitness.core.columns import Column, Kind
from fairwitness.core.errors import UserError
from fairwitness.core.subject import Rows
from fairwitness.torchkit.errors import TrainingError
from fairwitness.torchkit.frames import cut
from fairwitness.torchkit.layers import reading
from fairwitness.torchkit.loading import build, from_module
from fairwitness.torchkit.model import TorchModel, call
from fairwitness.torchkit.recipes.classifier import answers, class_weights, numbered
from fairwitness.torchkit.recipes.options import ClassifierOptions
from fairwitness.torchkit.recipes.prepared import Prepared
from fairwitness.torchkit.recipes.recipe import Recipe
from fairwitness.torchkit.training import seeded

Given = tuple[nn.Module, Mapping[str, Any]]
"""A module, and what its factory says of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnOptions(ClassifierOptions):
    """What may be set of a training whose network is not ours."""

    epochs: int = 50
    learning_rate: float = 1e-3
    patience: int = 8


def recipe(factory: str, base: Path) -> Recipe:
    """The recipe of a factory, `module:function`, looked for in `base` first."""
    return Recipe(
        name=factory,
        reads=(frozenset(get_args(Kind)),),
        words="what its factory encodes",
        options=OwnOptions,
        prepare=partial(prepare, factory=factory, base=base),
        saves=False,
    )


def prepare(
    rows: Rows,
    target: NDArray[Any],
    *,
    columns: Sequence[Column],
    classes: tuple[str, ...],
    positive: str | None,
    options: OwnOptions,
    factory: str,  # called without arguments; gives a module, or a module and {"encode": ...}
    base: Path,
) -> Prepared:
    """Rows as the factory encodes them. A first module is tried on them; it must give logits. See `Prepare`.

    Raises:
        ModelError: The factory or its module fails, gives probabilities, or outputs that do not fit the classes.
        TrainingError: No features, rows without a class, rows of one class only, or no parameter learns.
    """
    if not columns:
        raise TrainingError.no_features()
    labels = numbered(target, classes)

    def wrap(made: Given) -> TorchModel:
        module, extras = made
        if extras.get("activation") == "probabilities":
            raise TrainingError.probabilities(factory)
        return from_module(
            module,
            columns=columns,
            classes=classes,
            positive=positive,
            activation="logits",
            encode=extras.get("encode"),
            output=extras.get("output"),
            source=factory,
        )

    with seeded(0):  # the caller's dice stay
        model = wrap(build(factory, base))
    if not any(parameter.requires_grad for parameter in model.module.parameters()):
        raise TrainingError.frozen(factory)
    model.outputs(rows)  # shapes that do not fit, and NaN that reaches it, are named before any training
    inputs = model.encoding.encode(rows)
    with reading(model.module):
        few = cut(rows, 0, 2)
        single = model.pick(call(model.module, model.encoding.encode(few)), len(few)).shape[1:] in {(), (1,)}

    def anew(_: Mapping[str, Tensor]) -> _Fed:
        module, extras = build(factory, base)
        if module is model.module:
            raise TrainingError.same(factory)
        return _Fed(module, extras, by_name=isinstance(inputs, Mapping), read=model.pick, factory=factory)

    def finish(fed: Any, _: NDArray[np.bool_]) -> TorchModel:  # noqa: ANN401 - what `build` gave
        trained = wrap((fed.module, fed.extras))
        trained.words += ", trained here"
        return trained

    return Prepared(
        inputs=inputs if isinstance(inputs, Mapping) else _numbered(inputs),
        target=answers(labels, model.rule) if single else torch.from_numpy(labels),
        labels=labels,
        build=anew,
        finish=finish,
        parts=class_weights(options),
        key=model.code,
    )


class _Fed(nn.Module):
    """The user's module, called by name as training does it, with one column of logits where it gives a flat tensor."""

    def __init__(
        self,
        module: nn.Module,
        extras: Mapping[str, Any],
        *,
        by_name: bool,
        read: Callable[[object, int], Tensor],  # of what it gives, for so many rows
        factory: str,
    ) -> None:
        super().__init__()
        self.module = module
        self.extras = extras
        self.by_name = by_name
        self.read = read
        self.factory = factory

    def forward(self, **inputs: Tensor) -> Tensor:
        try:
            given = self.module(**inputs) if self.by_name else self.module(*inputs.values())
            logits = self.read(given, len(next(iter(inputs.values()))))
        except UserError:
            raise
        except Exception as error:
            raise TrainingError.raised(self.factory, error) from error
        return logits[:, None] if logits.ndim == 1 else logits


def _numbered(inputs: Tensor | tuple[Tensor, ...]) -> dict[str, Tensor]:
    """Tensors by position, under names in that order."""
    given = (inputs,) if isinstance(inputs, Tensor) else inputs
    return {f"input{place}": tensor for place, tensor in enumerate(given)}
