"""A training made ready: rows as tensors, and how a network for them is built. One network is trained of it, or many."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fairwitness.core.digest import generator
from fairwitness.torchkit.checkpoint import Checkpoint
from fairwitness.torchkit.many import fit_many
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.parts.base import Losses, Part
from fairwitness.torchkit.recipes.options import TrainOptions
from fairwitness.torchkit.training import Progress, Trained, deterministic, hold_back, seeded, train

HELD_LEAST = 10  # with fewer rows held back, their loss is noise
UNFINISHED = "training.safetensors"  # in a training's folder

MakePart = Callable[[Tensor, Tensor | None], Part]
"""The target of the rows that are trained on, and their groups, (n,) or (n, g), to a part that may be fitted to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What is put on a training from outside its recipe; nothing, unless said. Rows are those that the recipe is given.

    Attributes:
        parts: Of the step, in order; a function makes one that depends on the rows (see `MakePart`).
        weights: (n,) how much each row counts, at least 0.
        groups: (n,) int64 group codes, for parts that look at groups.
        units: (n,) what belongs together, such as one person's rows: it is held back together.
        device: Where the network is trained and stays.
        exact: Refuse operations that could differ between two runs; on the CPU none do.
        folder: Where the state is kept, so that a training that was killed goes on; where several networks are trained,
            those that are finished. None: nowhere.
        every: Seconds between two writes of that state.
        progress: Told after each pass how many are done, and of how many; for several networks: how many of them.
    """

    parts: Sequence[Part | MakePart] = ()
    weights: NDArray[np.float64] | None = None
    groups: NDArray[np.int64] | None = None
    units: NDArray[Any] | None = None
    device: str = "cpu"
    exact: bool = False
    folder: Path | None = None
    every: float = 30.0
    progress: Progress | None = None

    def of(self, used: NDArray[np.bool_] | None) -> Training:
        """For some of the rows only."""
        if used is None:
            return self
        return replace(
            self,
            weights=None if self.weights is None else self.weights[used],
            groups=None if self.groups is None else self.groups[used],
            units=None if self.units is None else self.units[used],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What a recipe makes of rows before anything is trained.

    Attributes:
        inputs: What the network is called with, each (n, ...).
        target: (n, ...) what its outputs are held against.
        labels: (n,) by which the rows held back are shared out.
        build: An untrained network, under torch's dice; its scaling is fitted to the inputs given.
        finish: The trained network and (n,) which rows it has not learned from, to the model.
        losses: One loss a row; None: cross-entropy.
        used: Which of the rows given to the recipe these are; None: all.
        parts: The recipe's own, before those of the training.
        key: Digest of what else the training depends on, such as the user's code; None: unknown, so nothing is kept of
            it that a later training could go on from.
    """

    inputs: Mapping[str, Tensor]
    target: Tensor
    labels: NDArray[np.int64]
    build: Callable[[Mapping[str, Tensor]], nn.Module]
    finish: Callable[[nn.Module, NDArray[np.bool_]], TorchModel]
    losses: Losses | None = None
    used: NDArray[np.bool_] | None = None
    parts: Sequence[MakePart] = ()
    key: str | None = ""

    def fit(self, options: TrainOptions, *, seed: int, training: Training) -> TorchModel:
        """Train one network on all rows but those held back.

        Raises:
            TrainingError: The loss became NaN or infinite.
            ConflictError: Two parts cannot be combined honestly.
        """
        put = training.of(self.used)
        held = hold_back(self.labels, options.held, generator(seed, "torchkit", "held"), units=put.units)
        watched = held & _enough(held)
        with seeded(seed) as dice, deterministic(on=put.exact):
            module = self.build(self.inputs)
            trained = train(
                module,
                self.inputs,
                self.target,
                held=watched,
                schedule=options.schedule,
                dice=dice,
                progress=put.progress,
                parts=self._parts(put),
                losses=self.losses,
                weights=_tensor(put.weights, torch.float32),
                groups=_tensor(put.groups, torch.int64),
                device=put.device,
                checkpoint=self._checkpoint(put),
            )
            model = self.finish(module, watched)
        model.notes = (chosen(trained, held, len(held)), *model.notes)
        return model

    def fit_many(
        self,
        options: TrainOptions,
        *,
        seeds: Sequence[int],  # m
        learn: NDArray[np.bool_] | None,  # (m, rows given) which rows each network may see; None: all
        training: Training,
    ) -> tuple[TorchModel, ...]:
        """Train m networks together, each on its own rows, some of which it holds back; see `many.fit_many`.

        Categories, word pieces and the shape of the network come from all rows; weights and scaling from its own.

        Raises:
            TrainingError: The loss of a network became NaN or infinite.
            ConflictError: Two parts cannot be combined honestly.
        """
        put = training.of(self.used)
        size = len(self.labels)
        given = np.ones((len(seeds), size), dtype=bool) if learn is None else self._own(learn)
        held = np.zeros_like(given)
        for seed, own, apart in zip(seeds, given, held, strict=True):
            dice, units = generator(seed, "torchkit", "held"), None if put.units is None else put.units[own]
            some = hold_back(self.labels[own], options.held, dice, units=units)
            apart[own] = some & _enough(some)
        learned = given & ~held

        def build(number: int) -> nn.Module:
            rows = torch.from_numpy(np.flatnonzero(given[number]))
            return self.build({name: tensor[rows] for name, tensor in self.inputs.items()})

        with seeded(seeds[0]):
            parts = self._parts(put)
        many = fit_many(
            build,
            self.inputs,
            self.target,
            learn=learned,
            held=held,
            seeds=seeds,
            schedule=options.schedule,
            weights=_tensor(put.weights, torch.float32),
            groups=_tensor(put.groups, torch.int64),
            losses=self.losses,
            parts=parts,
            folder=None if self.key is None else put.folder,
            key=self.key or "",
            progress=put.progress,
            device=put.device,
        )
        made = []
        for module, trained, own, apart in zip(many.modules, many.trained, given, held, strict=True):
            model = self.finish(module, apart)
            model.notes = (chosen(trained, apart, int(own.sum())), *model.notes)
            made.append(model)
        return tuple(made)

    def _checkpoint(self, training: Training) -> Checkpoint | None:
        if training.folder is None or self.key is None:
            return None
        return Checkpoint(path=training.folder / UNFINISHED, every=training.every, key=self.key)

    def _parts(self, training: Training) -> list[Part]:
        groups = _tensor(training.groups, torch.int64)
        return [part(self.target, groups) if callable(part) else part for part in (*self.parts, *training.parts)]

    def _own(self, learn: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return learn if self.used is None else learn[:, self.used]


def chosen(trained: Trained, held: NDArray[np.bool_], rows: int) -> str:
    """The note on which pass the weights are of, and by what they were chosen."""
    if trained.loss is None:
        return f"The model is that of the last pass over the training rows, the {trained.epochs:,}th: none was chosen."
    stopped = (
        f"{int(held.sum()):,} of {rows:,} training rows were held back to choose it"
        if _enough(held)
        else f"{rows:,} training rows are too few to hold some back, so its training loss chose it"
    )
    return f"The model is that of pass {trained.best} of {trained.epochs} over the training rows: {stopped}."


def _enough(held: NDArray[np.bool_]) -> bool:
    """Whether so many rows are held back that their loss means something."""
    return int(held.sum()) >= HELD_LEAST


def _tensor(values: NDArray[Any] | None, dtype: torch.dtype) -> Tensor | None:
    return None if values is None else torch.from_numpy(np.ascontiguousarray(values)).to(dtype)
