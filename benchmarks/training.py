"""What training costs beside the plain PyTorch loop it stands in for: `python benchmarks/training.py [RUNS]`.

All on one thread unless said, so that ratios hold on a busy machine; they are medians of runs taken in turn, in seconds
of this process's work on the processor. Where threads are compared it is seconds on the wall, which hold on an idle
machine only, and the loop is the faster one of those with one thread and with as many as there are cores. The loops use
the fused AdamW, the fastest torch has; against the default one every ratio would be higher.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap

from fairwitness.io.datasets import read
from fairwitness.torchkit.many import fit_many
from fairwitness.torchkit.step import Step
from fairwitness.torchkit.training import Schedule, seeded, train

BATCH, RATE, DECAY = 64, 1e-3, 1e-2
PASSES = 5
CORES = os.cpu_count() or 1

Work = Callable[[], object]
Clock = Callable[[], float]


class Family:
    """Networks of one shape, with rows to train them on; `ours` is the same function as recipes here build it."""

    def __init__(
        self,
        words: str,
        build: Callable[[], nn.Module],
        shape: tuple[int, ...],
        rows: int,
        *,
        ours: Callable[[], nn.Module] | None = None,
    ) -> None:
        dice = torch.Generator().manual_seed(0)
        self.words, self.build, self.ours = words, build, ours or build
        self.x = torch.randn(rows, *shape, generator=dice)
        self.y = torch.randint(0, 10, (rows,), generator=dice)

    def made(self, seed: int) -> tuple[nn.Module, torch.optim.Optimizer]:
        torch.manual_seed(seed)
        module = self.build()
        return module, torch.optim.AdamW(module.parameters(), lr=RATE, weight_decay=DECAY, fused=True)

    def plain(self, seed: int, passes: int) -> None:
        module, optimizer = self.made(seed)
        for _ in range(passes):
            for places in torch.split(torch.randperm(len(self.x)), BATCH):
                optimizer.zero_grad()
                loss = nn.functional.cross_entropy(module(self.x[places]), self.y[places])
                loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
                optimizer.step()

    def step(self, seed: int, passes: int) -> None:
        module, optimizer = self.made(seed)
        step = Step(module, optimizer)
        for _ in range(passes):
            for places in step.draw(len(self.x), BATCH):
                step(self.x[places], self.y[places])

    def trained(self, seed: int, passes: int) -> None:
        with seeded(seed) as dice:
            none = np.zeros(len(self.x), dtype=bool)
            train(self.build(), {"input": self.x}, self.y, held=none, schedule=schedule(passes), dice=dice)

    def one_by_one(self, networks: int) -> Work:
        def work() -> None:
            for seed in range(networks):
                self.plain(seed, PASSES)

        return work

    def together(self, networks: int, threads: int) -> Work:
        everything = np.ones((networks, len(self.x)), dtype=bool)

        def work() -> object:
            inputs, plan = {"input": self.x}, schedule(PASSES)
            return fit_many(
                lambda _: self.ours(),
                inputs,
                self.y,
                learn=everything,
                seeds=range(networks),
                schedule=plan,
                threads=threads,
            )

        return work

    def one_by_one_threaded(self, networks: int) -> Work:
        """Each step shared out to all cores."""

        def work() -> None:
            torch.set_num_threads(CORES)
            try:
                self.one_by_one(networks)()
            finally:
                torch.set_num_threads(1)

        return work

    def mapped(self, networks: int) -> Work:
        """torch.func, as its documentation has it."""

        def work() -> None:
            modules = [self.made(seed)[0] for seed in range(networks)]
            stacked, _ = stack_module_state(modules)
            weights = {name: tensor.detach().requires_grad_() for name, tensor in stacked.items()}
            optimizer = torch.optim.AdamW(weights.values(), lr=RATE, weight_decay=DECAY, fused=True)
            forward = vmap(lambda own, rows: functional_call(modules[0], own, (rows,)))
            for _ in range(PASSES):
                order = torch.stack([torch.randperm(len(self.x)) for _ in modules])
                for places in torch.split(order, BATCH, dim=1):
                    logits = forward(weights, self.x[places]).flatten(0, 1)
                    loss = nn.functional.cross_entropy(logits, self.y[places].flatten(), reduction="sum") / BATCH
                    optimizer.zero_grad()
                    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
                    optimizer.step()

        return work


def schedule(passes: int) -> Schedule:
    return Schedule(epochs=passes, batch=BATCH, learning_rate=RATE, weight_decay=DECAY, patience=1, keep="last")


def mlp(*widths: int) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        layers: list[nn.Module] = []
        for wide, narrow in pairwise(widths):
            layers += [nn.Linear(wide, narrow), nn.ReLU()]
        return nn.Sequential(*layers[:-1])

    return build


def cnn() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(16 * 7 * 7, 10)),
    )


def pooled_first() -> nn.Module:
    """The same function as `cnn`: of a few numbers the largest, cut off at 0, or each cut off and then the largest."""
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.MaxPool2d(2), nn.ReLU()),
        *(nn.Conv2d(8, 16, 3, padding=1), nn.MaxPool2d(2), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(16 * 7 * 7, 10)),
    )


def texts() -> nn.Module:
    return nn.Sequential(nn.EmbeddingBag(2000, 32), nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 10))


class Fed:
    """A family whose rows are read by `train`, against the same steps over batches that lie ready in memory."""

    def __init__(self, words: str, build: Callable[[], nn.Module], x: torch.Tensor) -> None:
        self.words, self.build, self.x = words, build, x
        self.y = torch.randint(0, 10, (len(x),), generator=torch.Generator().manual_seed(0))
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(1))
        rows = x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x
        self.cut = [(rows[places], self.y[places]) for places in torch.split(order, BATCH)]

    def read(self, passes: int) -> Work:
        def work() -> None:
            with seeded(0) as dice:
                none = np.zeros(len(self.x), dtype=bool)
                train(self.build(), {"input": self.x}, self.y, held=none, schedule=schedule(passes), dice=dice)

        return work

    def ready(self, passes: int) -> Work:
        def work() -> None:
            torch.manual_seed(0)
            module = self.build()
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
            optimizer = torch.optim.AdamW(module.parameters(), lr=RATE, weight_decay=DECAY, fused=True)
            for _ in range(passes):
                for x, y in self.cut:
                    optimizer.zero_grad()
                    loss = nn.functional.cross_entropy(module(x), y)
                    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
                    optimizer.step()

        return work


def fed() -> list[Fed]:
    dice = torch.Generator().manual_seed(0)
    return [
        Fed("table rows, MLP 100-256-256-10", mlp(100, 256, 256, 10), torch.randn(4096, 100, generator=dice)),
        Fed("table rows, MLP 20-64-10", mlp(20, 64, 10), torch.randn(4096, 20, generator=dice)),
        Fed("images 1 x 28 x 28, CNN 8-16", cnn, torch.randn(1024, 1, 28, 28, generator=dice)),
        Fed("texts of 64 tokens, embeddings", texts, torch.randint(0, 2000, (4096, 64), generator=dice)),
    ]


class Squares(torch.utils.data.Dataset[tuple[torch.Tensor, int]]):
    """Images made one by one, as a user's data set gives them."""

    def __len__(self) -> int:
        return 2048

    def __getitem__(self, place: int) -> tuple[torch.Tensor, int]:
        return torch.full((1, 28, 28), place / 2048), place % 10


def main(runs: int) -> None:
    """Print one line a comparison."""
    small = Family("MLP 100-64-10", mlp(100, 64, 10), (100,), 2048)
    wide = Family("MLP 100-256-256-10", mlp(100, 256, 256, 10), (100,), 1024)
    pictures = Family("CNN 8-16 on 28 x 28", cnn, (1, 28, 28), 512, ours=pooled_first)
    torch.set_num_threads(1)
    print("the work of ours over that of a plain loop (1.05 at most)")
    for family, passes in ((small, 16), (wide, 8)):
        plain = partial(family.plain, 0, passes)
        _line(f"step without parts, {family.words}", partial(family.step, 0, passes), plain, runs * 3)
        _line(f"train(), {family.words}", partial(family.trained, 0, passes), plain, runs * 3)
    print("the work of train() over that of a loop over batches that lie ready in memory (1.05 at most)")
    for rows in fed():
        _line(rows.words, rows.read(4), rows.ready(4), runs * 3)
    dataset = "reading a torch Dataset of 2,048 images, once, over 1 pass of training on as many"
    _line(dataset, partial(read, Squares()), fed()[2].ready(2), runs)
    print("the work of a sequential loop over that of ours")
    for family, networks in ((small, 32), (wide, 32), (pictures, 8)):
        loop, ours = family.one_by_one(networks), family.together(networks, 1)
        _line(f"{networks} x {family.words}", loop, ours, runs)
        _line("  torch.func in its place", loop, family.mapped(networks), runs)
    print(f"the time on the wall of the faster sequential loop, of 1 and {CORES} threads, over that of ours")
    for family, networks in ((small, 32), (wide, 32), (pictures, 8)):
        loops = [family.one_by_one(networks), family.one_by_one_threaded(networks)]
        _line(f"{networks} x {family.words}", loops, family.together(networks, CORES), runs, time.perf_counter)


def _line(what: str, over: Work | Sequence[Work], under: Work, runs: int, clock: Clock = time.process_time) -> None:
    """The median over runs of the least of several works over another."""
    works = [over] if callable(over) else over
    for work in (*works, under):
        work()  # once uncounted: imports and caches
    ratios = [min(_spent(work, clock) for work in works) / _spent(under, clock) for _ in range(runs)]
    print(f"  {statistics.median(ratios):>8.2f} x  {what} ({_range(ratios)})", flush=True)


def _range(ratios: Sequence[float]) -> str:
    return f"{min(ratios):.2f} to {max(ratios):.2f}"


def _spent(work: Work, clock: Clock) -> float:
    start = clock()
    work()
    return clock() - start


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
