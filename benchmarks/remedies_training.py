"""What remedies cost in training, and against a rival: `python benchmarks/remedies_training.py [RUNS]`.

On one thread. Steps are timed in pairs, one plain and one with the remedy in turn, so that a busy machine slows both; the
ratio is that of medians, in time of this process on the processor.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence

import torch
from torch import nn

from fairwitness.core.remedy import MakesPart
from fairwitness.fairness.remedies.parity_penalty import ParityPenalty
from fairwitness.torchkit.parts.base import Part
from fairwitness.torchkit.step import Step

GROUPS = 4


class Steps:
    """A network of two hidden layers, and one batch of rows in four groups."""

    def __init__(self, rows: int, width: int) -> None:
        dice = torch.Generator().manual_seed(0)
        self.width = width
        self.x = torch.randn(rows, width, generator=dice)
        self.y = (torch.rand(rows, generator=dice) < 0.5).float()
        self.groups = torch.randint(0, GROUPS, (rows,), generator=dice)

    def made(self, parts: Sequence[Part]) -> Callable[[], object]:
        torch.manual_seed(0)
        wide = self.width
        net = nn.Sequential(nn.Linear(wide, wide), nn.ReLU(), nn.Linear(wide, wide), nn.ReLU(), nn.Linear(wide, 1))
        step = Step(net, torch.optim.AdamW(net.parameters(), fused=True), parts=parts)
        return lambda: step(self.x, self.y, groups=self.groups)

    def ratio(self, remedy: MakesPart, pairs: int) -> float:
        options = remedy.Options()  # type: ignore[attr-defined]  # every remedy has them
        plain, mended = self.made([]), self.made([remedy.part(options)(self.y, self.groups)])
        spent: tuple[list[float], list[float]] = ([], [])
        for _ in range(pairs):
            for work, times in zip((plain, mended), spent, strict=True):
                start = time.process_time()
                work()
                times.append(time.process_time() - start)
        return statistics.median(spent[1]) / statistics.median(spent[0])


def main(runs: int) -> None:
    """Print one line a comparison."""
    torch.set_num_threads(1)
    print("a step with a demographic-parity penalty over four groups, over the plain step")
    for rows, width, most, pairs in ((2048, 256, 1.15, 40), (256, 64, 1.25, 400)):
        ratios = [Steps(rows, width).ratio(ParityPenalty(), pairs) for _ in range(runs)]
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(
            f"  {statistics.median(ratios):>8.2f} x  batch {rows:,}, width {width} ({spread}; at most {most})",
            flush=True,
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
