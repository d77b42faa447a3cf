"""What training costs beside the plain PyTorch loop it stands in for: `python benchmarks/training.py [RUNS]`.

All on one thread unless said, so that ratios hold on a busy machine; they are medians of runs taken in turn, in seconds
of this process's work on the processor (`threads` in seconds on the wall). The loops use the fused AdamW, the fastest
torch has; against the default one every ratio would be higher.
"""

from __future__ import annotations

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

from fairwitness.torchkit.many import fit_many
from fairwitness.torchkit.step import Step
from fairwitness.torchkit.training import Schedule, seeded, train

BATCH, RATE, DECAY = 64, 1e-3, 1e-2
PASSES = 5

Work = Callable[[], object]
Clock = Callable[[], float]


class Family:
    """Networks of one shape, with rows to train them on."""

    def __init__(self, words: str, build: Callable[[], nn.Module], shape: tuple[int, ...], rows: int) -> None:
        dice = torch.Generator().manual_seed(0)
        self.words, self.build = words, build
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
                lambda _: self.build(),
                inputs,
                self.y,
                learn=everything,
                seeds=range(networks),
                schedule=plan,
                threads=threads,
            )

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


def main(runs: int) -> None:
    """Print one line a comparison."""
    small = Family("MLP 100-64-10", mlp(100, 64, 10), (100,), 2048)
    wide = Family("MLP 100-256-256-10", mlp(100, 256, 256, 10), (100,), 1024)
    pictures = Family("CNN 8-16 on 28 x 28", cnn, (1, 28, 28), 512)
    torch.set_num_threads(1)
    print("the work of ours over that of a plain loop (1.05 at most)")
    for family, passes in ((small, 16), (wide, 8)):
        plain = partial(family.plain, 0, passes)
        _line(
            f"step without parts, {family.words}", partial(family.step, 0, passes), plain, runs * 3, time.process_time
        )
        _line(f"train(), {family.words}", partial(family.trained, 0, passes), plain, runs * 3, time.process_time)
    print("the work of a sequential loop over that of ours")
    for family, networks in ((small, 32), (wide, 32), (pictures, 8)):
        loop, ours = family.one_by_one(networks), family.together(networks, 1)
        _line(f"{networks} x {family.words}", loop, ours, runs, time.process_time)
        _line("  torch.func in its place", loop, family.mapped(networks), runs, time.process_time)
        _line("  ours, time on the wall, 2 threads", loop, family.together(networks, 2), runs, time.perf_counter)


def _line(what: str, over: Work, under: Work, runs: int, clock: Clock) -> None:
    over(), under()  # once uncounted: imports and caches
    ratios = [_spent(over, clock) / _spent(under, clock) for _ in range(runs)]
    print(f"  {statistics.median(ratios):>8.2f} x  {what} ({_range(ratios)})", flush=True)


def _range(ratios: Sequence[float]) -> str:
    return f"{min(ratios):.2f} to {max(ratios):.2f}"


def _spent(work: Work, clock: Clock) -> float:
    start = clock()
    work()
    return clock() - start


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
