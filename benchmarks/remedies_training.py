"""What remedies cost in training, and against a rival: `python benchmarks/remedies_training.py [RUNS]`.

On one thread. Plain steps and steps with the remedy are timed in turn, four of each, since the remedy acts in every
fourth; so a busy machine slows both. The ratio is that of medians, in time of this process on the processor.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import torch
from fairlearn.reductions import DemographicParity, ExponentiatedGradient
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from torch import nn

from fairwitness.core.columns import Column
from fairwitness.core.remedy import MakesPart
from fairwitness.core.subject import Rows
from fairwitness.fairness.penalties import EVERY
from fairwitness.fairness.remedies.constrain import Constrain
from fairwitness.fairness.remedies.parity_penalty import ParityPenalty
from fairwitness.torchkit.parts.base import Part
from fairwitness.torchkit.recipes.mlp import MLP, MlpOptions
from fairwitness.torchkit.recipes.prepared import Training
from fairwitness.torchkit.step import Step

GROUPS = 4
CREDIT = Path(__file__).parents[2] / "shared" / "data" / "credit_default" / "credit-card-clients.csv"


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
                for _ in range(EVERY):
                    work()
                times.append(time.process_time() - start)
        return statistics.median(spent[1]) / statistics.median(spent[0])


class Credit:
    """Credit card clients with a planted group: 75 % of those late with a payment are of it, and 30 % of the others."""

    def __init__(self, path: Path) -> None:
        frame = pl.read_csv(path)
        target = next(name for name in frame.columns if name.startswith("default"))
        names = [name for name in frame.columns if name not in {target, "SEX"}]
        self.truth = frame[target].to_numpy().astype(np.int64)
        rng = np.random.default_rng(0)
        late = frame["PAY_0"].to_numpy() > 0
        self.group = (rng.random(len(late)) < np.where(late, 0.75, 0.3)).astype(np.int64)
        self.names = (*names, "group")
        self.x = np.column_stack([frame[name].cast(pl.Float64).to_numpy() for name in names] + [self.group])
        self.learn = rng.random(len(late)) < 0.8

    def rival(self) -> NDArray[np.float64]:
        """The chance of the positive decision for rows held out, by fairlearn's reduction of logistic regression."""
        x, learn = self.x, self.learn
        scaled = (x - x[learn].mean(axis=0)) / x[learn].std(axis=0)
        bound = DemographicParity(difference_bound=0.01)
        fitted = ExponentiatedGradient(LogisticRegression(max_iter=1000), bound)
        fitted.fit(scaled[learn], self.truth[learn], sensitive_features=self.group[learn])
        chances: NDArray[np.float64] = fitted._pmf_predict(scaled[~learn])[:, 1]  # noqa: SLF001 - the only way to chances
        return chances

    def ours(self) -> NDArray[np.float64]:
        """The same by `fairness.constrain` on logistic regression, with all that goes with training here."""
        part = Constrain().part(Constrain.Options(tolerance=0.0, memory=0.95))
        model = MLP.fit(
            self.rows(self.learn),
            np.array(["no", "yes"], dtype=object)[self.truth[self.learn]],
            columns=tuple(Column(name=name, kind="number") for name in self.names),
            classes=("no", "yes"),
            positive="yes",
            options=MlpOptions(hidden=(), epochs=6, batch=1024, learning_rate=0.03, descent="cosine"),
            seed=0,
            training=Training(parts=[part], groups=self.group[self.learn]),
        )
        return np.asarray(model.outputs(self.rows(~self.learn)).decisions == "yes", dtype=np.float64)

    def rows(self, mask: NDArray[np.bool_]) -> Rows:
        columns = {name: self.x[mask, place] for place, name in enumerate(self.names)}
        return Rows(ids=np.flatnonzero(mask), columns=columns, media={})

    def found(self, chances: NDArray[np.float64]) -> str:
        """Accuracy and gap on rows held out."""
        truth, group = self.truth[~self.learn], self.group[~self.learn]
        right = np.where(truth == 1, chances, 1 - chances).mean()
        gap = abs(chances[group == 1].mean() - chances[group == 0].mean())
        return f"accuracy {right:.4f}, gap {gap:.4f}"


def constrained(runs: int) -> None:
    """Print the ratio of work, and what each attains."""
    if not CREDIT.exists():
        print(f"  no credit card clients at {CREDIT}, so no comparison with ExponentiatedGradient")
        return
    credit, ratios = Credit(CREDIT), []
    rival, ours = credit.rival(), credit.ours()  # once uncounted
    for _ in range(runs):
        spent = []
        for work in (credit.rival, credit.ours):
            start = time.process_time()
            work()
            spent.append(time.process_time() - start)
        ratios.append(spent[0] / spent[1])
    spread = f"{min(ratios):.1f} to {max(ratios):.1f}; at least 3"
    print(f"  {statistics.median(ratios):>8.1f} x  logistic regression, 24,000 rows ({spread})")
    print(f"              theirs: {credit.found(rival)}; ours: {credit.found(ours)}", flush=True)


def main(runs: int) -> None:
    """Print one line a comparison."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    print("the work of fairlearn's ExponentiatedGradient over that of fairness.constrain, for alike selection rates")
    constrained(runs)
    print("a step with a demographic-parity penalty over four groups, over the plain step")
    for rows, width, most, pairs in ((2048, 256, 1.15, 10), (256, 64, 1.25, 150)):
        ratios = [Steps(rows, width).ratio(ParityPenalty(), pairs) for _ in range(runs)]
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(
            f"  {statistics.median(ratios):>8.2f} x  batch {rows:,}, width {width} ({spread}; at most {most})",
            flush=True,
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
