"""Shapley values, integrated gradients and nearest changes against other libraries, on the same work in the same run.

`python benchmarks/explain.py [ROWS]`, with shap, captum or dice-ml installed beside this package; what is not there is left out,
and said. (dice-ml 0.12 runs on pandas 3 where it is installed with `--no-deps`, with raiutils and jsonschema.) The network is ten small ones side by side, so the truth is known by enumeration in each. Errors are mean absolute ones,
as a share of the mean size of the values. A sampling method's time is put at our error by the square of the ratio of errors.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from io import StringIO
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.explain.counterfactual import nearest
from fairwitness.explain.games import column_game
from fairwitness.explain.gradients import integrated_gradients
from fairwitness.explain.levers import levers
from fairwitness.explain.shapley import shapley_values
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.scores import DecisionRule
from fairwitness.torchkit.user_encoding import PlainEncoding

Floats = NDArray[np.float64]
Tried = Callable[[Floats], Floats]
"""(n, players) rows -> (n, players) values."""

BLOCKS, SIX, WIDE, BACKGROUND = 10, 6, 16, 100
PLAYERS = BLOCKS * SIX
FEW = 4
"""Rows for what takes a second or more a row."""


def main(rows: int) -> None:
    """Print one line a method."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    dice = np.random.default_rng(0)
    x, others = dice.normal(size=(rows, PLAYERS)), dice.normal(size=(BACKGROUND, PLAYERS))
    net = side_by_side()
    shapley(net, x, others)
    integrated(net, x)
    changes(rows)


def shapley(net: nn.Sequential, x: Floats, others: Floats) -> None:
    """Ours, theirs, and how far each is off."""
    truth = by_enumeration(net, x, others)
    print(f"Shapley values of {len(x)} rows, {PLAYERS} columns, {BACKGROUND} background rows")
    took, off = timed(lambda some: ours(net, some, others), x, truth)
    print(f"  ours                          {1e3 * took:9.1f} ms a row   error {off:.3f}")
    for name, (tried, few, sampled) in rivals(net, others).items():
        tried(x[:1])  # what is compiled on the first call is not counted
        t, o = timed(tried, x[: FEW if few else len(x)], truth)
        at_equal = (
            f"{t * (o / off) ** 2 / took:8.1f} times ours at equal error"
            if sampled
            else "  more samples do not mend it"
        )
        print(f"  {name:29} {1e3 * t:9.1f} ms a row   error {o:.3f}   {t / took:8.1f} times ours {at_equal}")


def timed(tried: Tried, x: Floats, truth: Floats) -> tuple[float, float]:
    """Seconds of one processor a row, and the error."""
    began = time.process_time()
    values = tried(x)
    took = (time.process_time() - began) / len(x)
    want = truth[: len(x)]
    return took, float(np.abs(values - want).mean() / np.abs(want).mean())


def ours(net: nn.Sequential, x: Floats, others: Floats) -> Floats:
    """Two walks with each background row, through the deployed model; its logit is recovered from the score."""
    columns = tuple(Column(name=f"x{slot}", kind="number") for slot in range(PLAYERS))
    encoding = PlainEncoding.of(columns, dtype=torch.float32, source="benchmark")
    rule = DecisionRule(classes=("no", "yes"), positive="yes", activation="logits")
    model = TorchModel(net, encoding, rule, words="benchmark")
    game = column_game(model, rows_of(others), scale="log odds")
    return shapley_values(game, rows_of(x), rng=np.random.default_rng(0), budget=1).values[:, :, 0]


def rows_of(x: Floats) -> Rows:
    """Numbers as raw rows."""
    return Rows(ids=np.arange(len(x)), columns={f"x{slot}": x[:, slot] for slot in range(PLAYERS)})


def rivals(net: nn.Sequential, others: Floats) -> dict[str, tuple[Tried, bool, bool]]:
    """What is installed: a method, whether it gets few rows, and whether more samples would make it better."""
    made: dict[str, tuple[Tried, bool, bool]] = {}
    background = torch.from_numpy(others).float()

    def said(z: Floats) -> Floats:
        with torch.no_grad():
            logits: Floats = net(torch.from_numpy(z).float())[:, 0].double().numpy()
        return logits

    if find_spec("shap"):
        shap = import_module("shap")
        kernel = shap.KernelExplainer(said, others)
        made["shap Kernel, as it comes"] = (lambda x: kernel.shap_values(x, silent=True), True, False)
        made["shap Kernel, l1_reg off"] = (lambda x: kernel.shap_values(x, silent=True, l1_reg=False), True, True)
        walk = shap.PermutationExplainer(said, shap.maskers.Independent(others, max_samples=len(others)))
        made["shap Permutation"] = (lambda x: walk(x, silent=True).values, True, True)
        deep = shap.DeepExplainer(net, background)
        made["shap Deep"] = (
            lambda x: np.asarray(deep.shap_values(torch.from_numpy(x).float())).reshape(len(x), -1),
            False,
            False,
        )
    else:
        print("shap is not installed: left out")
    if find_spec("captum"):
        captum = import_module("captum.attr")
        sampling, lift = captum.ShapleyValueSampling(net), captum.DeepLiftShap(net)

        def sampled(x: Floats) -> Floats:
            found = []
            for row in torch.from_numpy(x).float():
                tiled = row.expand(BACKGROUND, -1)
                found.append(sampling.attribute(tiled, baselines=background, target=0, n_samples=2).mean(dim=0))
            return torch.stack(found).double().numpy()

        made["captum ShapleyValueSampling"] = (sampled, True, True)
        made["captum DeepLiftShap"] = (
            lambda x: lift.attribute(torch.from_numpy(x).float(), background, target=0).detach().double().numpy(),
            False,
            False,
        )
    else:
        print("captum is not installed: left out")
    return made


def integrated(net: nn.Sequential, x: Floats) -> None:
    """Gradients along the way, until they add up."""
    rows = torch.from_numpy(np.tile(x, (5, 1))).float()
    start = torch.zeros(PLAYERS)
    began = time.process_time()
    made = integrated_gradients(lambda z, _: net(z)[:, 0], rows, start)
    took = time.process_time() - began
    print(
        f"Integrated gradients of {len(rows)} rows: ours {1e3 * took / len(rows):.2f} ms a row, "
        f"{made.steps.float().mean():.0f} steps, gap {gap(net, rows, start, made.values):.4f}"
    )
    if find_spec("captum"):
        theirs = import_module("captum.attr").IntegratedGradients(net)
        began = time.process_time()
        values: Tensor = theirs.attribute(rows, start.expand_as(rows), target=0)
        other = time.process_time() - began
        print(
            f"  captum, 50 steps, all at once: {1e3 * other / len(rows):.2f} ms a row, "
            f"gap {gap(net, rows, start, values.double()):.4f}; {other / took:.2f} times ours"
        )


def changes(rows: int) -> None:
    """The nearest change of refused rows: how many things, how far in standard deviations, and in what time."""
    from sklearn.linear_model import LogisticRegression

    dice = np.random.default_rng(0)
    x = dice.normal(50, 15, (500, SIX)).clip(0, 100).round(1)
    y = (x - 50) @ np.array([0.1, -0.08, 0.05, 0.05, -0.03, 0.02]) + dice.normal(size=len(x)) > 0
    model = LogisticRegression(max_iter=2_000).fit(x, y)
    refused = x[~model.predict(x)][:rows]
    print(f"Nearest changes of {len(refused)} refused rows of {SIX} numbers, a logistic model")
    took = told_of("ours", lambda row: nearest_of(model, x, row), refused, x)
    if not find_spec("dice_ml"):
        print("  dice-ml is not installed, and left out")
        return
    for method in ("random", "genetic"):
        theirs = told_of(f"dice-ml, {method}", diced(model, x, y, method), refused, x)
        print(f"    {theirs / took:.1f} times our time")


def told_of(name: str, tried: Callable[[Floats], Floats | None], refused: Floats, x: Floats) -> float:
    """Print what a search finds, and return its processor seconds a row."""
    tried(refused[0])
    began = time.process_time()
    found = [tried(row) for row in refused]
    took = (time.process_time() - began) / len(refused)
    moved = [(other - row) / x.std(axis=0) for row, other in zip(refused, found, strict=True) if other is not None]
    things = np.mean([(np.abs(each) > 1e-9).sum() for each in moved])
    far = np.mean([np.abs(each).sum() for each in moved])
    print(f"  {name:<18} {1e3 * took:8.1f} ms a row   found {len(moved)}   things {things:.2f}   distance {far:.2f}")
    return took


def nearest_of(model: Any, x: Floats, row: Floats) -> Floats | None:  # noqa: ANN401 - scikit-learn ships no types
    """Our nearest change."""
    names = [str(slot) for slot in range(SIX)]
    columns = tuple(Column(name=name, kind="number", low=0, high=100, step=0.1) for name in names)

    def rows_of(values: Floats) -> Rows:
        return Rows(ids=np.arange(len(values)), columns=dict(zip(names, values.T, strict=True)), media={})

    def judge(some: Rows) -> tuple[Floats, NDArray[np.bool_]]:
        margins: Floats = model.decision_function(np.stack([some.columns[name] for name in names], axis=1))
        return margins, margins > 0

    found = nearest(judge, levers(columns, rows_of(row[None]), rows_of(x)), wanted=1).found
    if not found:
        return None
    return np.array([found[0].values.get(name, (0, row[slot]))[1] for slot, name in enumerate(names)], dtype=float)


def diced(model: Any, x: Floats, y: NDArray[np.bool_], method: str) -> Callable[[Floats], Floats | None]:  # noqa: ANN401 - likewise
    """DiCE's one counterfactual of a row, told the same bounds."""
    theirs, names = import_module("dice_ml"), [str(slot) for slot in range(SIX)]
    data_frame = import_module("pandas").DataFrame
    frame = data_frame(x, columns=names).assign(y=y.astype(int))
    data = theirs.Data(dataframe=frame, continuous_features=names, outcome_name="y")
    search = theirs.Dice(data, theirs.Model(model=model, backend="sklearn"), method=method)

    def tried(row: Floats) -> Floats | None:
        asked = {"total_CFs": 1, "desired_class": 1, "permitted_range": {name: [0, 100] for name in names}}
        extra = {"random_seed": 0} if method == "random" else {"verbose": False}
        with redirect_stderr(StringIO()), redirect_stdout(StringIO()):  # its progress bar
            made = search.generate_counterfactuals(data_frame([row], columns=names), **asked, **extra)
        found = made.cf_examples_list[0].final_cfs_df
        if found is None or not len(found):
            return None
        other: Floats = found[names].to_numpy(dtype=float)[0]
        return other if model.predict(other[None])[0] else None

    return tried


def gap(net: nn.Sequential, rows: Tensor, start: Tensor, values: Tensor) -> float:
    """Mean of what is missing, in units of the output."""
    with torch.no_grad():
        change = (net(rows) - net(start[None]))[:, 0].double()
    return float((values.sum(dim=1) - change).abs().mean())


def side_by_side() -> nn.Sequential:
    """Ten networks of six numbers each as one of sixty, whose outputs are added."""
    torch.manual_seed(0)
    first, second = nn.Linear(PLAYERS, BLOCKS * WIDE), nn.Linear(BLOCKS * WIDE, BLOCKS * WIDE)
    for layer, fed in ((first, SIX), (second, WIDE)):
        own = [torch.randn(WIDE, fed) * 1.5 / fed**0.5 for _ in range(BLOCKS)]
        layer.weight.data = torch.block_diag(*own)  # type: ignore[no-untyped-call]  # torch ships it untyped
        layer.bias.data = 0.3 * torch.randn(BLOCKS * WIDE)
    last = nn.Linear(BLOCKS * WIDE, 1)
    nn.init.normal_(last.weight, std=0.2)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), last).eval().requires_grad_(requires_grad=True)


def by_enumeration(net: nn.Sequential, x: Floats, others: Floats) -> Floats:
    """Shapley values of each block by all 64 coalitions of its six numbers, the others' left where they are."""
    weights = [layer.weight.detach().double().numpy() for layer in net if isinstance(layer, nn.Linear)]
    biases = [layer.bias.detach().double().numpy() for layer in net if isinstance(layer, nn.Linear)]
    values = np.empty_like(x)
    for block in range(BLOCKS):
        six, own = slice(SIX * block, SIX * (block + 1)), slice(WIDE * block, WIDE * (block + 1))

        def said(z: Floats, six: slice = six, own: slice = own) -> Floats:
            inner = np.maximum(z @ weights[0][own, six].T + biases[0][own], 0)
            made: Floats = np.maximum(inner @ weights[1][own, own].T + biases[1][own], 0) @ weights[2][:, own].T
            return made

        values[:, six] = shapley_values(
            Numbers(said, others[:, six]), x[:, six], rng=np.random.default_rng(0), exact_up_to=SIX
        ).values[:, :, 0]
    return values


class Numbers:
    """A function of numbers as a game."""

    def __init__(self, function: Callable[[Floats], Floats], others: Floats) -> None:
        self.function, self.others = function, others
        self.players = tuple(str(slot) for slot in range(others.shape[1]))
        self.background = len(others)

    def on(self, rows: Floats) -> Callable[[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]], Floats]:
        """What it says of mixed rows."""
        return lambda at, by, held: self.function(np.where(held, rows[at], self.others[by]))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
