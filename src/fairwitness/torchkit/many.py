"""Many small networks of one architecture, trained together: ensembles over seeds, cross-fitting, shadow models.

Each ends as `train` would have left it alone: its own first weights, its own rows in its own order, its own early stop,
its own copy of parts that learn. Three ways, by what the modules are (`stacks`): products by hand for multilayer
perceptrons, torch.func for other layers that map well, else each by itself. All on one thread each, since small networks
lose more by sharing out sums than they gain, and side by side in as many threads as there are cores. Networks that draw
dice that `OwnDice` does not reach (dropout inside a GRU), and all that are not on the CPU, are trained one after another.
"""

from __future__ import annotations

import copy
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fairwitness.core.digest import digest
from fairwitness.torchkit.checkpoint import Checkpoint
from fairwitness.torchkit.digests import described, digest_module, digest_tensors, told
from fairwitness.torchkit.errors import TrainingError
from fairwitness.torchkit.layers import reading
from fairwitness.torchkit.owndice import OwnDice
from fairwitness.torchkit.parts.base import Batch, Losses, Part, Sampler, Weigher
from fairwitness.torchkit.stacks.base import Stack
from fairwitness.torchkit.stacks.dense import DenseStack
from fairwitness.torchkit.stacks.mapped import MappedStack
from fairwitness.torchkit.stacks.together import Member, Plan, fit_together
from fairwitness.torchkit.step import Step
from fairwitness.torchkit.training import Progress, Schedule, Trained, seeded, train

STATE_BYTES = 12 * 2**20  # of a stack's weights, gradients and moments: fastest on cores with 2 MB of cache
FEWEST, MOST = 4, 32  # networks in a stack
HEARKEN = 0.2  # seconds between two looks for Ctrl-C, which does not wake a thread that waits on every system


@dataclass(frozen=True, slots=True)
class Many:
    """Networks trained together.

    Attributes:
        modules: In the order of their seeds, in evaluation mode.
        trained: How the training of each went.
    """

    modules: tuple[nn.Module, ...]
    trained: tuple[Trained, ...]

    def outputs(self, inputs: Mapping[str, Tensor], *, at_once: int = 4096) -> Tensor:
        """What each network gives for rows, (m, n, ...)."""
        made = []
        for module in self.modules:
            with reading(module):
                cuts = zip(*(torch.split(tensor, at_once) for tensor in inputs.values()), strict=True)
                made.append(torch.cat([module(**dict(zip(inputs, cut, strict=True))) for cut in cuts]))
        return torch.stack(made)


class _Stopped(Exception):  # noqa: N818 - no error: what stopped it is raised beside it
    """A training is given up half-way."""


@dataclass(frozen=True, slots=True)
class _Job:
    """What is the same for all networks."""

    inputs: Mapping[str, Tensor]
    target: Tensor
    weights: Tensor | None
    groups: Tensor | None
    losses: Losses | None
    parts: Sequence[Part]
    schedule: Schedule
    device: torch.device
    steps: int  # of a pass, for networks in a stack
    stop: threading.Event = field(default_factory=threading.Event)

    def go_on(self, *_: object) -> None:
        """Asked after each pass.

        Raises:
            _Stopped: Another network failed, or the user has had enough.
        """
        if self.stop.is_set():
            raise _Stopped


@dataclass(frozen=True, slots=True)
class _One:
    """What is a network's own."""

    module: nn.Module
    seed: int
    learn: NDArray[np.bool_]
    held: NDArray[np.bool_]
    kept: Checkpoint | None = None


def fit_many(
    build: Callable[[int], nn.Module],  # a network's number, from 0, to its module; called by name with `inputs`
    inputs: Mapping[str, Tensor],  # each (n, ...)
    target: Tensor,  # (n, ...) as for `train`
    *,
    learn: NDArray[np.bool_],  # (m, n) rows each network trains on
    seeds: Sequence[int],  # m
    schedule: Schedule,
    held: NDArray[np.bool_] | None = None,  # (m, n) rows each stops early by, apart from `learn`; may be none
    weights: Tensor | None = None,  # (n,)
    groups: Tensor | None = None,  # (n,)
    losses: Losses | None = None,
    parts: Sequence[Part] = (),  # each network has its own copy; beside weights and samplers, they prevent stacks
    folder: Path | None = None,  # where finished networks are kept and found again, by digest
    key: str = "",  # digest of whatever else distinguishes this training
    threads: int | None = None,  # None: as many as there are cores
    progress: Progress | None = None,  # told how many networks are done, and of how many
    device: str | torch.device = "cpu",  # where the modules go and stay
) -> Many:
    """Train m networks; `build` is called under torch's dice set to the network's seed.

    A network that `folder` holds is not trained again: so a run that was killed goes on, and one with more seeds keeps
    those it has.

    Raises:
        TrainingError: The loss of a network became NaN or infinite.
        ValueError: Masks and seeds differ in number, rows are held and trained on, or a network has no rows.
    """
    none = np.zeros_like(learn) if held is None else held
    if not len(learn) == len(seeds) == len(none):
        raise ValueError(f"{len(seeds)} seeds, {len(learn)} masks of rows, {len(none)} of held rows; give one of each")
    if (learn & none).any() or not learn.any(axis=1).all():
        raise ValueError("each network needs rows to train on, apart from those held")
    steps = -(-int(learn.sum(axis=1).max()) // schedule.batch)
    job = _Job(inputs, target, weights, groups, losses, parts, schedule, torch.device(device), steps)
    common = _digest(job, key) if folder is not None else ""
    ones = []
    for number, seed in enumerate(seeds):
        with seeded(seed):
            module = build(number)
        one = _One(module, seed, learn[number], none[number])
        ones.append(one if folder is None else replace(one, kept=_place(folder, common, one)))
    found = {number: how for number, one in enumerate(ones) if (how := _found(one)) is not None}
    todo = [number for number in range(len(ones)) if number not in found]
    done = len(found)

    def finish(numbers: Sequence[int], hows: Sequence[Trained]) -> None:
        nonlocal done
        for number, how in zip(numbers, hows, strict=True):
            found[number] = how
            _keep(ones[number], how)
        done += len(numbers)
        if progress is not None:
            progress(done, len(ones))

    if todo:
        _fit(job, ones, todo, threads or os.cpu_count() or 1, finish)
    return Many(tuple(one.module for one in ones), tuple(found[number] for number in range(len(ones))))


def _fit(
    job: _Job,
    ones: Sequence[_One],
    todo: Sequence[int],
    threads: int,
    finish: Callable[[Sequence[int], Sequence[Trained]], None],
) -> None:
    """Train those still to do, in pieces."""
    stacking = _stacking(job, [ones[number].module for number in todo[:2]])

    def singly(numbers: Sequence[int]) -> list[Trained]:
        return [_alone(job, ones[number], _own_dice(ones[number])) for number in numbers]

    if stacking is not None:
        size = min(_size(ones[0].module), max(FEWEST, -(-len(todo) // threads)))
        pieces = [todo[start : start + size] for start in range(0, len(todo), size)]
        _side_by_side(job, lambda some: _stacked(job, [ones[n] for n in some], stacking), pieces, threads, finish)
    elif job.device.type == "cpu" and min(threads, len(todo)) > 1 and _own_dice_suffice(job, ones[todo[0]]):
        _side_by_side(job, singly, [[number] for number in todo], threads, finish)
    else:
        for number in todo:
            finish([number], [_alone(job, ones[number], seeded(ones[number].seed))])


def _side_by_side(
    job: _Job,
    fit: Callable[[Sequence[int]], Sequence[Trained]],
    pieces: Sequence[Sequence[int]],
    threads: int,
    finish: Callable[[Sequence[int], Sequence[Trained]], None],
) -> None:
    """Train pieces in threads, and finish each as it is done; when one fails, or on Ctrl-C, the others stop too."""

    def work(numbers: Sequence[int]) -> Sequence[Trained]:
        torch.set_num_threads(1)  # of this thread
        return fit(numbers)

    before = torch.get_num_threads()
    pool = ThreadPoolExecutor(min(threads, len(pieces)))
    try:
        running = {pool.submit(work, numbers): numbers for numbers in pieces}
        while running:
            done, _ = wait(running, timeout=HEARKEN, return_when=FIRST_COMPLETED)
            for future in done:
                finish(running.pop(future), future.result())
    except BaseException:
        job.stop.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(before)


def _stacking(job: _Job, few: list[nn.Module]) -> Callable[[list[nn.Module]], Stack] | None:
    """How modules like these are stacked; None where they are not, or a part needs each network alone."""
    if job.device.type != "cpu" or not all(isinstance(part, Weigher | Sampler) for part in job.parts):
        return None

    def dense(modules: list[nn.Module]) -> Stack | None:
        return DenseStack.of(modules, job.inputs, job.target) if job.losses is None else None

    def mapped(modules: list[nn.Module]) -> Stack:
        return MappedStack(modules, job.inputs, job.target, job.losses)

    if dense(few) is not None:
        return lambda modules: dense(modules) or mapped(modules)  # mapped: fixed layers that differ and are too large
    return mapped if MappedStack.of(few, job.inputs, job.target, job.losses) is not None else None


def _plan(job: _Job) -> Plan:
    batch = Batch(inputs=job.inputs, target=job.target, weights=job.weights, groups=job.groups)
    step = Step(nn.Identity(), parts=job.parts)
    weights = step.weighed(batch).weights
    return Plan(schedule=job.schedule, steps=job.steps, draw=step.sampler.draw, weights=weights, go_on=job.go_on)


def _size(module: nn.Module) -> int:
    """How many networks to a stack."""
    bytes_each = 4 * sum(p.numel() * p.element_size() for p in module.parameters() if p.requires_grad)
    return max(FEWEST, min(MOST, STATE_BYTES // max(bytes_each, 1)))


def _stacked(job: _Job, ones: Sequence[_One], stacking: Callable[[list[nn.Module]], Stack]) -> list[Trained]:
    members = [Member(one.module, _dice(one), one.learn, one.held) for one in ones]
    return fit_together(stacking([one.module for one in ones]), members, _plan(job))


def _alone(job: _Job, one: _One, dice: AbstractContextManager[object]) -> Trained:
    """By itself; within `dice` torch's draws are the network's own."""
    with dice:
        return train(
            one.module,
            job.inputs,
            job.target,
            learn=one.learn,
            held=one.held,
            schedule=job.schedule,
            dice=_dice(one),
            parts=copy.deepcopy(list(job.parts)),
            losses=job.losses,
            weights=job.weights,
            groups=job.groups,
            device=job.device,
            progress=job.go_on,
        )


def _dice(one: _One) -> torch.Generator:
    return torch.Generator().manual_seed(one.seed)


def _own_dice(one: _One) -> OwnDice:
    return OwnDice(_dice(one))


def _own_dice_suffice(job: _Job, one: _One) -> bool:
    """Whether a network may train in a thread: in a step of its twin, nothing draws from the dice all threads share."""
    few = np.zeros_like(one.learn)
    few[np.flatnonzero(one.learn)[: job.schedule.batch]] = True
    twin = replace(one, module=copy.deepcopy(one.module), learn=few, held=few & False)
    with torch.random.fork_rng(devices=[]):
        before = torch.get_rng_state()
        try:
            _alone(replace(job, schedule=replace(job.schedule, epochs=1)), twin, _own_dice(one))
        except TrainingError:
            return False
        return torch.equal(torch.get_rng_state(), before)


def _digest(job: _Job, key: str) -> str:
    held = {"target": job.target, "weights": job.weights, "groups": job.groups}
    tensors = [*job.inputs.items(), *((name, tensor) for name, tensor in held.items() if tensor is not None)]
    parts = [(type(part).__name__, described(part)) for part in job.parts]
    return digest(key, astuple(job.schedule), job.steps, parts, told(job.losses), digest_tensors(tensors))


def _place(folder: Path, common: str, one: _One) -> Checkpoint:
    masks = digest_tensors([("learn", torch.from_numpy(one.learn)), ("held", torch.from_numpy(one.held))])
    own = digest(common, one.seed, digest_module(one.module), masks)
    return Checkpoint(path=folder / f"{own[:32]}.safetensors", key=own)


def _found(one: _One) -> Trained | None:
    loaded = one.kept.load() if one.kept is not None else None
    if loaded is None:
        return None
    one.module.load_state_dict(loaded[0])
    one.module.eval()
    return Trained(**loaded[1])


def _keep(one: _One, how: Trained) -> None:
    if one.kept is not None:
        one.kept.save(one.module.state_dict(), {"epochs": how.epochs, "best": how.best, "loss": how.loss})
