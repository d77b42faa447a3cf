"""Small networks of every make, trained together and one by one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fairwitness.torchkit.many import Many, fit_many
from fairwitness.torchkit.stacks.base import Stack
from fairwitness.torchkit.stacks.dense import DenseStack
from fairwitness.torchkit.stacks.mapped import MappedStack
from fairwitness.torchkit.training import Schedule, Trained, seeded, train

ROWS, MEMBERS = 120, 5


class Scaled(nn.Module):
    """Fixed scaling before the layers that learn, as in the network for tables."""

    mean: Tensor

    def __init__(self, outputs: int = 3, drop: float = 0.0, mean: float = 0.5) -> None:
        super().__init__()
        self.register_buffer("mean", torch.full((4,), mean))
        self.body = nn.Sequential(
            nn.Linear(4, 8), nn.ReLU(), nn.Dropout(drop), nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, outputs)
        )

    def forward(self, numbers: Tensor, codes: Tensor) -> Tensor:
        logits: Tensor = self.body(torch.asinh(numbers - self.mean) + codes[:, :1])
        return logits


class Embedded(nn.Module):
    """Learned codes before the linear layers, so those are not all that learns."""

    mean: Tensor

    def __init__(self, outputs: int = 3, mean: float = 0.5) -> None:
        super().__init__()
        self.register_buffer("mean", torch.full((4,), mean))
        self.codes = nn.Embedding(5, 3)
        self.body = nn.Sequential(nn.Linear(7, 6), nn.Tanh(), nn.Linear(6, outputs))

    def forward(self, numbers: Tensor, codes: Tensor) -> Tensor:
        logits: Tensor = self.body(torch.cat([numbers - self.mean, self.codes(codes[:, 0])], dim=1))
        return logits


class Pictures(nn.Module):
    def __init__(self, outputs: int = 3) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 3, 2), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(3, outputs))

    def forward(self, numbers: Tensor, codes: Tensor) -> Tensor:
        logits: Tensor = self.body(numbers.view(-1, 1, 2, 2) + codes.view(-1, 1, 1, 1))
        return logits


FAMILIES: dict[str, Callable[..., nn.Module]] = {"dense": Scaled, "mapped": Embedded, "alone": Pictures}


def drawn(outputs: int = 3) -> tuple[dict[str, Tensor], Tensor]:
    dice = torch.Generator().manual_seed(0)
    numbers, codes = torch.randn(ROWS, 4, generator=dice), torch.randint(0, 5, (ROWS, 1), generator=dice)
    score = numbers[:, 0] + codes[:, 0] / 2 + 0.5 * torch.randn(ROWS, generator=dice)
    target = (score > 0).long() + (score > 1.5).long() if outputs == 3 else (score > 1).float()
    return {"numbers": numbers, "codes": codes}, target


def plan(**settings: Any) -> Schedule:
    base = {"epochs": 4, "batch": 16, "learning_rate": 0.02, "weight_decay": 0.01, "patience": 2}
    return Schedule(**{**base, **settings})


def masks(seed: int = 0, *, equal: bool = True) -> NDArray[np.bool_]:
    rng = np.random.default_rng(seed)
    counts = np.full(MEMBERS, 70) if equal else np.array([70, 35, 64, 50, 69])
    made = np.zeros((MEMBERS, ROWS), dtype=bool)
    for row, count in zip(made, counts, strict=True):
        row[rng.choice(100, count, replace=False)] = True  # the last 20 are for early stopping
    return made


def held() -> NDArray[np.bool_]:
    return np.tile(np.arange(ROWS) >= 100, (MEMBERS, 1))


def together(family: str, outputs: int = 3, **settings: Any) -> Many:
    inputs, target = drawn(outputs)
    given: dict[str, Any] = {"learn": masks(), "seeds": range(MEMBERS), "schedule": plan(), **settings}
    return fit_many(lambda _: FAMILIES[family](outputs), inputs, target, **given)


def one_by_one(family: str, outputs: int = 3, **settings: Any) -> Many:
    inputs, target = drawn(outputs)
    given: dict[str, Any] = {"schedule": plan(), **settings}
    learn, stop = given.pop("learn", masks()), given.pop("held", np.zeros((MEMBERS, ROWS), dtype=bool))
    modules, hows = list[nn.Module](), list[Trained]()
    for member in range(MEMBERS):
        with seeded(member):
            module = FAMILIES[family](outputs)
        with seeded(member) as dice:
            hows.append(train(module, inputs, target, learn=learn[member], held=stop[member], dice=dice, **given))
        modules.append(module)
    return Many(tuple(modules), tuple(hows))


def alike(one: Many, other: Many, tolerance: float = 1e-4) -> None:
    for left, right in zip(one.modules, other.modules, strict=True):
        torch.testing.assert_close(left.state_dict(), right.state_dict(), rtol=tolerance, atol=tolerance)
    for mine, theirs in zip(one.trained, other.trained, strict=True):
        assert (mine.epochs, mine.best) == (theirs.epochs, theirs.best)
        assert mine.loss == (theirs.loss and pytest.approx(theirs.loss, rel=1e-4))


def stacked(family: str, modules: list[nn.Module], outputs: int) -> Stack:
    inputs, target = drawn(outputs)
    stack = (
        DenseStack.of(modules, inputs, target) if family == "dense" else MappedStack.of(modules, inputs, target, None)
    )
    assert stack is not None
    return stack
