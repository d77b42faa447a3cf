"""A network of the user's own, built by their factory and trained here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, get_args

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fairwitness.core.columns import Column, Kind
from fairwitness.core.digest import generator
from fairwitness.core.errors import UserError
from fairwitness.core.subject import Rows
from fairwitness.torchkit.errors import TrainingError
from fairwitness.torchkit.frames import cut
from fairwitness.torchkit.layers import reading
from fairwitness.torchkit.loading import build, from_module
from fairwitness.torchkit.model import TorchModel, call
from fairwitness.torchkit.recipes.fitting import answers, chosen, enough, numbered
from fairwitness.torchkit.recipes.recipe import Recipe, TrainOptions
from fairwitness.torchkit.training import Progress, hold_back, seeded, train


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnOptions(TrainOptions):
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
        fit=partial(fit, factory=factory, base=base),
        saves=False,
    )


def fit(
    rows: Rows,
    target: NDArray[Any],
    *,
    columns: Sequence[Column],
    classes: tuple[str, ...],
    positive: str | None,
    options: OwnOptions | None = None,
    seed: int,
    progress: Progress | None = None,
    factory: str,  # called without arguments; gives a module, or a module and {"encode": ...}
    base: Path,
) -> TorchModel:
    """Build the module with seeded weights and train it on cross-entropy; it must give logits. See `Fit`.

    Raises:
        ModelError: The factory or its module fails, gives probabilities, or outputs that do not fit the classes.
        TrainingError: No features, rows without a class, or rows of one class only.
    """
    settings = options or OwnOptions()
    if not columns:
        raise TrainingError.no_features()
    labels = numbered(target, classes)
    held = hold_back(labels, settings.held, generator(seed, "torchkit", "held"))
    with seeded(seed) as dice:
        module, extras = build(factory, base)
        if extras.get("activation") == "probabilities":
            raise TrainingError.probabilities(factory)
        model = from_module(
            module,
            columns=columns,
            classes=classes,
            positive=positive,
            activation="logits",
            encode=extras.get("encode"),
            source=factory,
        )
        model.outputs(rows)  # shapes that do not fit, and NaN that reaches it, are named before any training
        inputs = model.encoding.encode(rows)
        with reading(module):
            single = call(module, model.encoding.encode(cut(rows, 0, 2))).shape[1:] in {(), (1,)}
        try:
            trained = train(
                _Fed(module, by_name=isinstance(inputs, Mapping)),
                inputs if isinstance(inputs, Mapping) else _numbered(inputs),
                answers(labels, model.rule) if single else torch.from_numpy(labels),
                held=held & enough(held),
                schedule=settings.schedule,
                dice=dice,
                progress=progress,
            )
        except UserError:
            raise
        except Exception as error:
            raise TrainingError.raised(factory, error) from error
    model.words += ", trained here"
    model.notes += (chosen(trained, held, len(rows)),)
    return model


class _Fed(nn.Module):
    """The user's module, called by name as training does it, with one column of logits where it gives a flat tensor."""

    def __init__(self, module: nn.Module, *, by_name: bool) -> None:
        super().__init__()
        self.module = module
        self.by_name = by_name

    def forward(self, **inputs: Tensor) -> Tensor:
        logits: Tensor = self.module(**inputs) if self.by_name else self.module(*inputs.values())
        return logits[:, None] if logits.ndim == 1 else logits


def _numbered(inputs: Tensor | tuple[Tensor, ...]) -> dict[str, Tensor]:
    """Tensors by position, under names in that order."""
    given = (inputs,) if isinstance(inputs, Tensor) else inputs
    return {f"input{place}": tensor for place, tensor in enumerate(given)}
