"""What reading the clock costs the work it is read beside, against codecarbon on the same work: `python benchmarks/carbon.py`.

Ratios only, of processor time and of time gone by, the least of runs taken in turn, as other work on the machine only adds; the work alone is the limit, and 1.01 is
what we allow ourselves. codecarbon is left out where it is not installed.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import nn

from fairwitness.carbon.clock import Clock, sitting
from fairwitness.carbon.energy import energy

PASSES, RUNS, READINGS = 40, 7, 2000
"""Passes of a training of about a second, each of which tells its progress; runs of each; readings timed at once."""


def main() -> None:
    """Print one line a comparison."""
    torch.set_num_threads(1)
    rivals: dict[str, Callable[[], None]] = {"alone": lambda: training(lambda: None), "ours": ours}
    if find_spec("codecarbon"):
        rivals |= {"codecarbon, begun anew": codecarbon}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in rivals}
    for work in rivals.values():
        work()  # warm
    for _ in range(RUNS):
        for name, work in rivals.items():
            taken[name].append(timed(work))
    alone = [min(each[place] for each in taken["alone"]) for place in (0, 1)]
    for name in list(rivals)[1:]:
        cpu, wall = (min(each[place] for each in taken[name]) / alone[place] for place in (0, 1))
        print(f"a training of {PASSES} passes beside the same alone, {name}: {cpu:.3f} processor time, {wall:.3f} time")
    clock = Clock()
    reading = timed(lambda: [clock.spent() for _ in range(READINGS)])[1] / READINGS
    told = timed(lambda: [energy(clock.spent()) for _ in range(READINGS)])[1] / READINGS
    one_pass = alone[1] / PASSES
    print(f"a reading beside a pass of that training: {reading / one_pass:.5f}; with its range: {told / one_pass:.5f}")
    if find_spec("codecarbon"):
        from fairwitness.carbon.beside import CodeCarbon

        meter = CodeCarbon()
        theirs = timed(lambda: [meter.read() for _ in range(20)])[1] / 20
        print(f"a reading, of codecarbon to ours: {theirs / reading:,.0f}")


def training(tell: Callable[[], None]) -> None:
    """A small network on a table, as an audit trains one; `tell` after every pass."""
    dice = torch.Generator().manual_seed(0)
    x = torch.randn(4000, 40, generator=dice)
    y = (x[:, 0] + torch.randn(4000, generator=dice) > 0).long()
    net = nn.Sequential(nn.Linear(40, 64), nn.ReLU(), nn.Linear(64, 2))
    steps = torch.optim.AdamW(net.parameters())
    for _ in range(PASSES):
        for start in range(0, len(x), 128):
            steps.zero_grad()
            nn.functional.cross_entropy(net(x[start : start + 128]), y[start : start + 128]).backward()
            steps.step()
        tell()


def ours() -> None:
    """As the audit reads it: after every pass, and kept in a file."""
    with tempfile.TemporaryDirectory() as folder, sitting(Path(folder), goes_on=False, accelerated=False) as sat:
        training(sat.tick)


def codecarbon() -> None:
    """Its offline tracker as its guide has it, writing nothing."""
    from codecarbon import OfflineEmissionsTracker

    logging.getLogger("codecarbon").setLevel(logging.ERROR)
    tracker = OfflineEmissionsTracker(
        country_iso_code="FRA",
        output_methods=[],
        allow_multiple_runs=True,
        log_level="error",
        tracking_mode="process",
    )
    tracker.start()
    training(lambda: None)
    tracker.stop()


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Processor seconds and seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


if __name__ == "__main__":
    main()
