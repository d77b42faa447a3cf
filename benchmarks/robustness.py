"""Attacks against other libraries on the same work in the same run, with the raw passes beside them as the limit.

`python benchmarks/robustness.py [ROWS]`, with torchattacks, adversarial-robustness-toolbox or pyautoattack installed beside
this package; what is not there is left out. Ratios are of processor time, medians of runs taken in turn.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everywhere

from fairwitness.robustness.attacks.box import Box, Broken
from fairwitness.robustness.attacks.gradient import apgd, apgd_targeted, gradients, pgd

EPS, STEPS, BATCH, RUNS = 0.15, 40, 250, 3


def main(rows: int) -> None:
    """Print one line a comparison, for a plain network and one trained against attacks."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    images, labels, left, truth = data()
    left, truth = left[:rows], truth[:rows]
    for hardened in (False, True):  # a plain network breaks in a step or two; a hardened one is the long case
        net = trained(images, labels, hardened=hardened)
        right = net(left).argmax(dim=1) == truth
        x, y = left[right], truth[right]
        print(f"{'trained against attacks' if hardened else 'plain'}: {len(x)} digits decided rightly, radius {EPS}")
        compare(net, x, y)


def compare(net: nn.Module, x: Tensor, y: Tensor) -> None:
    """Ours, theirs, and one pass."""
    attacks: dict[str, dict[str, Callable[[], Tensor]]] = {
        f"PGD-{STEPS}": {
            "ours": lambda: by(net, x, y, lambda box, broken: pgd(box, broken, steps=STEPS, loss=crossed))
        },
        "APGD-100": {"ours": lambda: by(net, x, y, lambda box, broken: apgd(box, broken, steps=100, loss=crossed))},
        "as an audit does": {"ours": lambda: by(net, x, y, audited)},
    }
    if find_spec("torchattacks"):
        torchattacks = import_module("torchattacks")
        made = torchattacks.PGD(net, eps=EPS, alpha=2.5 * EPS / STEPS, steps=STEPS)
        attacks[f"PGD-{STEPS}"]["torchattacks"] = lambda: made(x, y)
        longer = torchattacks.APGD(net, eps=EPS, steps=100, n_restarts=1, loss="ce")
        attacks["APGD-100"]["torchattacks"] = lambda: longer(x, y)
    if find_spec("art"):
        attacks[f"PGD-{STEPS}"]["adversarial-robustness-toolbox"] = lambda: art(net, x, y)
    if find_spec("pyautoattack"):
        attacks["as an audit does"]["AutoAttack, standard"] = lambda: autoattack(net, x, y)
    one = cpu(lambda: gradients(boxed(net, x, y), torch.arange(len(x))))[0] / len(x)
    print(f"  one pass there and back: {one * 1e6:.0f} us a digit")
    for name, each in attacks.items():
        seconds: dict[str, list[float]] = {who: [] for who in each}
        stands = {}
        for _ in range(1 if "AutoAttack, standard" in each else RUNS):
            for who, attack in each.items():
                spent, points = cpu(attack)
                seconds[who].append(spent)
                stands[who] = (net(points).argmax(dim=1) == y).double().mean().item()
        ours = statistics.median(seconds["ours"])
        for who in each:
            ratio = statistics.median(seconds[who]) / ours
            print(f"  {name:>18} {who:<32} {stands[who]:7.1%} stand {ratio:8.1f} x our time")


def audited(box: Box, broken: Broken) -> None:
    """The attack of robustness.adversarial-accuracy with every class as a target, and no row set aside."""
    apgd(box, broken, steps=10)
    apgd_targeted(box, broken, steps=50, targets=9, dice=torch.Generator().manual_seed(0))


def crossed(logits: Tensor, recorded: Tensor, _: Tensor) -> Tensor:
    """Cross-entropy, as peers climb by default."""
    return F.cross_entropy(logits, recorded, reduction="none")


def boxed(net: nn.Module, x: Tensor, y: Tensor) -> Box:
    """A box of radius `EPS` within [0, 1]."""
    return Box(
        logits=lambda points, _: net(points),
        x=x,
        low=(x - EPS).clamp(0, 1),
        high=(x + EPS).clamp(0, 1),
        step=torch.zeros(()),
        recorded=y,
    )


def by(net: nn.Module, x: Tensor, y: Tensor, attack: Callable[[Box, Broken], object]) -> Tensor:
    """Where our attack takes digits, in batches as large as theirs."""
    made = []
    for points, classes in zip(torch.split(x, BATCH), torch.split(y, BATCH), strict=True):
        box = boxed(net, points, classes)
        broken = Broken.none(box)
        attack(box, broken)
        made.append(broken.points)
    return torch.cat(made)


def art(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """PGD of the adversarial robustness toolbox, its batch as large as ours."""
    classifier = import_module("art.estimators.classification").PyTorchClassifier(
        model=net,
        loss=nn.CrossEntropyLoss(),
        input_shape=tuple(x.shape[1:]),
        nb_classes=10,
        clip_values=(0, 1),
        device_type="cpu",
    )
    attack = import_module("art.attacks.evasion").ProjectedGradientDescent(
        classifier,
        norm=np.inf,
        eps=EPS,
        eps_step=2.5 * EPS / STEPS,
        max_iter=STEPS,
        num_random_init=1,
        batch_size=BATCH,
        verbose=False,
    )
    return torch.from_numpy(attack.generate(x.numpy(), y.numpy()))


def autoattack(net: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """The standard ensemble."""
    made: Tensor = (
        import_module("pyautoattack")
        .AutoAttack(net, eps=EPS, seed=0)
        .run_standard_evaluation(x, y, batch_size=BATCH)[0]
    )
    return made


def data() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """scikit-learn's digits at 28 x 28: 797 to learn from, 1,000 to attack."""
    held, labels = load_digits(return_X_y=True)
    order = np.random.RandomState(0).permutation(len(held))
    x = torch.tensor(held[order], dtype=torch.float32).view(-1, 1, 8, 8) / 16
    x = F.interpolate(x, size=(28, 28), mode="bilinear", align_corners=False).clamp(0, 1)
    y = torch.tensor(labels[order])
    return x[:797], y[:797], x[797:], y[797:]


def trained(images: Tensor, labels: Tensor, *, hardened: bool, epochs: int = 15) -> nn.Module:
    """A small convolutional network; hardened, it learns from digits moved by five steps of PGD."""
    torch.manual_seed(0)
    net = nn.Sequential(
        *(nn.Conv2d(1, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 4, 2, 1), nn.ReLU(), nn.Flatten()),
        *(nn.Linear(32 * 49, 100), nn.ReLU(), nn.Linear(100, 10)),
    )
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for epoch in range(epochs):
        radius = EPS * min(1.0, (epoch + 1) / 8)
        for some in torch.split(torch.randperm(len(images)), 64):
            x, y = images[some], labels[some]
            if hardened:
                x = moved(net, x, y, radius)
            optimizer.zero_grad()
            F.cross_entropy(net(x), y).backward()  # type: ignore[no-untyped-call]  # torch
            optimizer.step()
    return net.eval().requires_grad_(False)


def moved(net: nn.Module, x: Tensor, y: Tensor, radius: float, steps: int = 5) -> Tensor:
    """The plain loop of PGD."""
    points = (x + torch.empty_like(x).uniform_(-radius, radius)).clamp(0, 1)
    for _ in range(steps):
        points.requires_grad_()
        (slope,) = torch.autograd.grad(F.cross_entropy(net(points), y), points)
        points = points.detach() + 2.5 * radius / steps * slope.sign()
        points = points.clamp(x - radius, x + radius).clamp(0, 1)
    return points


def cpu(work: Callable[[], Tensor]) -> tuple[float, Tensor]:
    """Processor seconds, and what came of them."""
    started = time.process_time()
    made = work()
    return time.process_time() - started, made


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
