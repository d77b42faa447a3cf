"""The training loop: steps made of parts, early stopping on rows held out of training, the same result for the same seed,
also after a kill.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field, replace
from typing import Any, Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fairwitness.core.digest import digest
from fairwitness.torchkit.checkpoint import Checkpoint, under
from fairwitness.torchkit.digests import described, digest_module, digest_tensors, told
from fairwitness.torchkit.errors import TrainingError
from fairwitness.torchkit.layers import reading
from fairwitness.torchkit.optimizer_state import load_optimizer, optimizer_tensors
from fairwitness.torchkit.parts.base import Batch, Losses, Opponent, Part, Stateful
from fairwitness.torchkit.step import Step

WATCH_ROWS = 4096  # held rows at once: bounds memory
GATHER_BYTES = 2**21  # of inputs that are fetched at once, for as many steps as they are: small rows come faster so

Progress = Callable[[int, int], None]  # epochs done, epochs planned


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How to descend.

    Attributes:
        epochs: Passes over the rows, at most.
        batch: Rows a step.
        learning_rate: AdamW's, at its highest.
        weight_decay: AdamW's, decoupled.
        patience: Passes without a lower loss on the held rows after which training stops.
        descent: How the rate goes after warming up: stays, or falls to 0 along half a cosine over all passes.
        warm_up: Share of all steps over which the rate rises to its highest in equal parts, in [0, 1).
        keep: Which pass's weights: the best on the held rows (on the training rows where none are held), or the last,
            and then nothing is watched, and training does not stop early.
    """

    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    patience: int
    descent: Literal["constant", "cosine"] = "constant"
    warm_up: float = 0.0
    keep: Literal["best", "last"] = "best"

    def rate(self, step: int, steps: int) -> float:
        """The learning rate of a step, counted from 0, of all that are planned."""
        warm = self.warm_up * steps
        if step < warm:
            return self.learning_rate * min(1.0, (step + 1) / warm)
        if self.descent == "constant":
            return self.learning_rate
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """How training went.

    Attributes:
        epochs: Passes made.
        best: The pass whose weights were kept, counted from 1.
        loss: The loss of those weights on the held rows; on the training rows where none are held; None: not watched.
    """

    epochs: int
    best: int
    loss: float | None


@contextmanager
def seeded(seed: int, *, threads: int | None = 1) -> Iterator[torch.Generator]:
    """Torch's own dice set for initial weights and dropout, a generator for the rest; the caller's dice come back.

    On one thread: sums then do not depend on how many cores share them, and small networks are no slower. `threads=None`
    leaves torch as it is.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads or before)
    try:
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            torch.manual_seed(seed)
            yield torch.Generator().manual_seed(seed)
    finally:
        torch.set_num_threads(before)


@contextmanager
def deterministic(*, on: bool = True) -> Iterator[None]:
    """Operations that could differ between runs of one machine take their exact form, or raise where they have none.

    On the CPU training repeats without this; it is for other devices.
    """
    before = torch.are_deterministic_algorithms_enabled()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS refuses
    torch.use_deterministic_algorithms(on or before)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


def hold_back(
    labels: NDArray[np.int64],  # (n,)
    share: float,
    rng: np.random.Generator,
    *,
    units: NDArray[Any] | None = None,  # (n,) what belongs together
) -> NDArray[np.bool_]:
    """(n,) which rows to hold out of training: `share` of each class, rounded down, so a lone row stays in training. With
    units: `share` of those whose first row is of the class, each with all its rows.
    """
    if units is not None:
        _, first, unit = np.unique(units, return_index=True, return_inverse=True)
        return hold_back(labels[first], share, rng)[unit]
    held = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        places = rng.permutation(np.flatnonzero(labels == label))
        held[places[: int(share * len(places))]] = True
    return held


def train(
    module: nn.Module,  # called by name with `inputs`; in place
    inputs: Mapping[str, Tensor],  # each (n, ...)
    target: Tensor,  # (n,) int64 class numbers, or float in {0, 1} for one logit a row; anything for `losses` of one's own
    *,
    held: NDArray[np.bool_],  # (n,) rows for early stopping only; may be none
    learn: NDArray[np.bool_] | None = None,  # (n,) rows to learn from, apart from those; None: all others
    schedule: Schedule,
    dice: torch.Generator,
    progress: Progress | None = None,
    parts: Sequence[Part] = (),
    losses: Losses | None = None,  # one loss an example; None: cross-entropy
    weights: Tensor | None = None,  # (n,) how much each row counts, at least 0
    groups: Tensor | None = None,  # (n,) group codes, for parts that look at groups
    device: str | torch.device = "cpu",  # where the module goes and stays
    checkpoint: Checkpoint | None = None,  # start from what it holds, and keep it up to date
) -> Trained:
    """Train by AdamW and leave the module with the weights that were best on the held rows.

    What is watched there is the loss with weights and penalties. Beside an adversary no loss says which pass is best, as it
    falls where the adversary fails: the last is kept. Where `checkpoint` holds the state of this very training (same
    module, data, settings, loss, parts and dice), it goes on from there, to the same weights.

    Raises:
        TrainingError: The loss became NaN or infinite.
        ConflictError: Two parts cannot be combined honestly.
    """
    pictures = any(isinstance(part, nn.Conv2d) for part in module.modules())
    layout = torch.channels_last if pictures else torch.contiguous_format  # convolutions: twice as fast on the CPU
    module.to(device, memory_format=layout)  # type: ignore[call-overload]  # torch's stub lacks device with layout
    optimizer = torch.optim.AdamW(
        module.parameters(), lr=schedule.learning_rate, weight_decay=schedule.weight_decay, fused=True
    )
    step = Step(module, optimizer, parts=parts, losses=losses, dice=dice)
    if any(isinstance(part, Opponent) for part in parts):
        schedule = replace(schedule, keep="last")
    rows = _Rows(inputs, target, weights, groups, torch.device(device), pictures=pictures)
    run = _Run(module, optimizer, parts, dice)
    used = ~held if learn is None else learn
    if checkpoint is not None:
        masks = [("used", torch.from_numpy(used)), ("held", torch.from_numpy(held))]
        data = (rows.digest(), digest_tensors(masks))
        key = digest(checkpoint.key, astuple(schedule), *data, run.digest(), told(losses))
        checkpoint = replace(checkpoint, key=key)
        run.resume(checkpoint)
    places = torch.from_numpy(np.flatnonzero(used))
    watch = torch.from_numpy(np.flatnonzero(held)) if held.any() else places
    fixed = schedule.descent == "constant" and not schedule.warm_up
    module.train()
    while not run.over:
        for batch in rows.batches(run.draw(step, places, schedule.batch)):
            if not fixed:
                _set_rate(optimizer, schedule.rate(run.steps, run.per_pass * schedule.epochs))
            step(batch.inputs, batch.target, weights=batch.weights, groups=batch.groups)
            run.done, run.steps = run.done + 1, run.steps + 1
            if checkpoint is not None and checkpoint.due():
                run.keep(checkpoint)
        run.judge(_watched(step, rows, watch) if schedule.keep == "best" else None, schedule, early=bool(held.any()))
        if progress is not None:
            progress(run.passes, schedule.epochs)
    if checkpoint is not None:
        run.keep(checkpoint)
    module.load_state_dict(run.weights)
    module.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]  # torch's stub lacks it
    module.eval()
    return Trained(epochs=run.passes, best=run.best, loss=run.best_loss)


@dataclass(frozen=True, slots=True)
class _Rows:
    """All rows, and some of them on the device."""

    inputs: Mapping[str, Tensor]
    target: Tensor
    weights: Tensor | None
    groups: Tensor | None
    device: torch.device
    pictures: bool  # (n, c, h, w) inputs go to convolutions

    def batches(self, drawn: Sequence[Tensor]) -> Iterator[Batch]:
        """The rows of each step, in order."""
        row = sum(tensor[:1].numel() * tensor.element_size() for tensor in self.inputs.values())
        steps = max(1, GATHER_BYTES // max(row * len(drawn[0]), 1)) if drawn else 1
        for start in range(0, len(drawn), steps):
            some = drawn[start : start + steps]
            yield from _cut(self.take(torch.cat(list(some))), [len(places) for places in some])

    def take(self, places: Tensor) -> Batch:
        return Batch(
            inputs={name: self._put(tensor.index_select(0, places)) for name, tensor in self.inputs.items()},
            target=self.target[places].to(self.device),
            weights=None if self.weights is None else self.weights[places].to(self.device),
            groups=None if self.groups is None else self.groups[places].to(self.device),
        )

    def _put(self, tensor: Tensor) -> Tensor:
        if self.pictures and tensor.ndim == 4:
            return tensor.to(self.device, memory_format=torch.channels_last)
        return tensor.to(self.device)

    def digest(self) -> str:
        rest = {"target": self.target, "weights": self.weights, "groups": self.groups}
        held = {**{f"inputs.{name}": tensor for name, tensor in self.inputs.items()}, **rest}
        return digest_tensors((name, tensor) for name, tensor in held.items() if tensor is not None)


def _cut(batch: Batch, sizes: list[int]) -> Iterator[Batch]:
    """One batch as several, of so many rows each."""
    named = cast("Mapping[str, Tensor]", batch.inputs)  # as `_Rows` has them
    inputs = {name: torch.split(tensor, sizes) for name, tensor in named.items()}
    target = torch.split(batch.target, sizes)
    weights = None if batch.weights is None else torch.split(batch.weights, sizes)
    groups = None if batch.groups is None else torch.split(batch.groups, sizes)
    for number in range(len(sizes)):
        yield Batch(
            inputs={name: parts[number] for name, parts in inputs.items()},
            target=target[number],
            weights=None if weights is None else weights[number],
            groups=None if groups is None else groups[number],
        )


@dataclass(slots=True)
class _Run:
    """How far a training is: everything that, put back, makes it go on as if it had never stopped.

    Attributes:
        passes: Whole passes made.
        done: Steps made of the pass that is under way.
        steps: Steps made in all.
        per_pass: Steps of a pass.
        best: The pass with the lowest loss, whose weights are kept.
    """

    module: nn.Module
    optimizer: torch.optim.Optimizer
    parts: Sequence[Part]
    dice: torch.Generator
    passes: int = 0
    done: int = 0
    steps: int = 0
    per_pass: int = 0
    best: int = 0
    best_loss: float | None = None
    over: bool = False
    weights: dict[str, Tensor] = field(init=False)
    _begin: Tensor = field(init=False)  # the dice at the start of the pass, from which its rows are drawn again

    def __post_init__(self) -> None:
        self.weights = _copied(self.module)
        self._begin = self.dice.get_state()

    def draw(self, step: Step, places: Tensor, size: int) -> Sequence[Tensor]:
        """The steps of this pass that are still to make."""
        now = self.dice.get_state()
        if self.done:
            self.dice.set_state(self._begin)
        else:
            self._begin = now
        drawn = step.draw(places, size)
        if self.done:
            self.dice.set_state(now)
        self.per_pass = len(drawn)
        return drawn[self.done :]

    def judge(self, loss: float | None, schedule: Schedule, *, early: bool) -> None:
        """End a pass: keep the weights if they are the best, and stop where it is time.

        Raises:
            TrainingError: The loss is not finite; where it is not watched: a weight, at the end.
        """
        self.passes, self.done = self.passes + 1, 0
        self.over = self.passes >= schedule.epochs
        if loss is None:
            if self.over:
                self.best, self.weights = self.passes, _copied(self.module)
                require_finite(self.weights.values(), self.passes)
            return
        if not math.isfinite(loss):
            raise TrainingError.diverged(self.passes)
        if self.best_loss is None or loss < self.best_loss:
            self.best, self.best_loss, self.weights = self.passes, loss, _copied(self.module)
        self.over |= early and self.passes - self.best >= schedule.patience

    def keep(self, checkpoint: Checkpoint) -> None:
        """Write it down."""
        tensors = {f"module.{name}": tensor for name, tensor in self.module.state_dict().items()}
        tensors |= {f"best.{name}": tensor for name, tensor in self.weights.items()}
        tensors |= dict(optimizer_tensors(self.optimizer, prefix="optimizer."))
        for number, part in enumerate(self.parts):
            if isinstance(part, Stateful):
                tensors |= {f"part{number}.{name}": tensor for name, tensor in part.state()}
        tensors |= {f"dice.{name}": state for name, state in self._dice().items()}
        checkpoint.save(tensors, {name: getattr(self, name) for name in _FACTS})

    def resume(self, checkpoint: Checkpoint) -> None:
        """Go on from what was written down, if anything was."""
        found = checkpoint.load()
        if found is None:
            return
        tensors, facts = found
        for name in _FACTS:
            setattr(self, name, facts[name])
        self.module.load_state_dict(under("module.", tensors))
        device = next(iter(self.weights.values())).device
        self.weights = {name: tensor.to(device) for name, tensor in under("best.", tensors).items()}
        load_optimizer(self.optimizer, tensors, prefix="optimizer.")
        for number, part in enumerate(self.parts):
            if isinstance(part, Stateful):
                part.restore(under(f"part{number}.", tensors))
        states = under("dice.", tensors)
        self._begin = states["begin"]
        self.dice.set_state(states["own"])
        torch.set_rng_state(states["torch"])
        for number in range(torch.cuda.device_count()):
            torch.cuda.set_rng_state(states[f"cuda{number}"], number)

    def digest(self) -> str:
        """What distinguishes trainings before their first step: module, dice, parts."""
        parts = [(type(part).__name__, described(part)) for part in self.parts]
        return digest(parts, digest_module(self.module), digest_tensors(self._dice().items()))

    def _dice(self) -> dict[str, Tensor]:
        cuda = {f"cuda{number}": torch.cuda.get_rng_state(number) for number in range(torch.cuda.device_count())}
        return {"begin": self._begin, "own": self.dice.get_state(), "torch": torch.get_rng_state(), **cuda}


_FACTS = ("passes", "done", "steps", "best", "best_loss", "over")


def _copied(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


def require_finite(weights: Iterable[Tensor], epoch: int) -> None:
    """Refuse weights with NaN or infinite values.

    Raises:
        TrainingError: There are some.
    """
    if not all(bool(tensor.isfinite().all()) for tensor in weights):
        raise TrainingError.diverged(epoch)


def _set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


def _watched(step: Step, rows: _Rows, watch: Tensor) -> float:
    """The objective over some rows, a few thousand at a time."""
    total, count = 0.0, 0.0
    with reading(step.module):
        for places in torch.split(watch, WATCH_ROWS):
            batch = step.weighed(rows.take(places))
            share = float(len(batch)) if batch.weights is None else float(batch.weights.sum())
            total += share * float(step.objective(step.call(batch.inputs), batch))
            count += share
    return total / count if count else 0.0
