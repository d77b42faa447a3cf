"""Points in raw units reach each kind of network as its own encoding would bring them."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

from torch import Tensor, nn

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.robustness.attacks.inner import Inner
from fairwitness.robustness.attacks.space import Space, of_media, of_numbers
from fairwitness.robustness.attacks.suite import Budget, Deployed, attack
from fairwitness.torchkit.encoding import OwnEncoding, TableEncoding
from fairwitness.torchkit.encoding_images import ImageEncoding
from fairwitness.torchkit.encoding_series import SeriesEncoding
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.scores import DecisionRule
from fairwitness.torchkit.working import network, steady

rng = np.random.default_rng(0)


class Flat(nn.Module):
    """A weighted sum of all it is given, by whatever name."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, 1, dtype=torch.float64)

    def forward(self, **inputs: Tensor) -> Tensor:
        made: Tensor = self.linear(torch.cat([held.double().flatten(1) for _, held in sorted(inputs.items())], dim=1))
        return made


def images(*shape: int) -> tuple[tuple[Column, ...], Rows, Space]:
    return media("image", rng.integers(0, 256, (60, *shape)).astype(np.uint8))


def media(kind: Any, values: NDArray[Any]) -> tuple[tuple[Column, ...], Rows, Space]:
    column = Column(name="m", kind=kind)
    rows = Rows(ids=np.arange(len(values)), columns={}, media={"m": values})
    return (column,), rows, of_media(rows, column, eps=0.015)


def table(*names: str) -> tuple[tuple[Column, ...], Rows, Space]:
    columns: tuple[Column, ...] = tuple(Column(name=name, kind="number", low=0.0, high=1.0) for name in names)
    held: dict[str, Any] = {name: rng.random(60) for name in names}
    held["c"] = rng.choice(np.array(["x", "y"], dtype=object), 60)
    rows = Rows(ids=np.arange(60), columns=held)
    return columns, rows, of_numbers(rows, columns, eps=0.05, spread={})


def cases() -> dict[str, tuple[tuple[Column, ...], Rows, Space, OwnEncoding]]:
    made: dict[str, tuple[tuple[Column, ...], Rows, Space, OwnEncoding]] = {}
    for name, shape in {"grey": (9, 8), "colours last": (8, 8, 3), "colours first": (3, 8, 9)}.items():
        columns, rows, space = images(*shape)
        made[name] = (columns, rows, space, ImageEncoding.fit(columns, rows))
    for name, shape in {"one series": (7,), "three series": (3, 7)}.items():
        columns, rows, space = media("series", rng.normal(size=(60, *shape)))
        made[name] = (columns, rows, space, SeriesEncoding.fit(columns, rows))
    columns, rows, space = table("b", "a", "d")
    made["steps in columns"] = (columns, rows, space, SeriesEncoding.fit(columns, rows))
    with_codes = (columns[0], Column(name="c", kind="category"), *columns[1:])
    made["numbers and codes"] = (with_codes, rows, space, TableEncoding.fit(with_codes, rows))
    return made


@pytest.mark.parametrize("name", cases())
def test_points_are_read_as_the_rows_they_become(name: str) -> None:
    """Logits of moved points are those of the deployed model on moved rows, and a linear model breaks where it should."""
    _, rows, space, encoding = cases()[name]
    width = sum(int(np.prod(held.shape[1:])) for held in encoding.encode(rows).values())
    torch.manual_seed(0)
    net = Flat(width)
    with torch.no_grad():
        raw = net(**encoding.encode(rows))
        net.linear.bias.sub_(raw.median())
    rule = DecisionRule(classes=("no", "yes"), positive="yes", activation="logits")
    model = TorchModel(net, encoding, rule, words="linear")
    decided = model.outputs(rows).decisions
    recorded = (np.asarray(decided) == "yes").astype(np.int64)

    assert network(model) is model
    points = space.repaired(space.low + (space.high - space.low) * rng.random(space.x.shape), np.arange(60))
    at = rng.permutation(60)[:20]
    with steady(model) as working, torch.no_grad():
        inner = Inner(working, space)
        given = inner.logits(torch.from_numpy(points[at]).to(inner.dtype), torch.from_numpy(at))
    said = model.outputs(space.moved(points[at], at)).scores
    assert said is not None
    np.testing.assert_allclose(given.softmax(dim=1)[:, 1].numpy(), said[:, 0], atol=1e-5)

    deployed = Deployed(model=model, classes=("no", "yes"), positive="yes", recorded=recorded)
    found = attack(deployed, space, budget=Budget(), dice=np.random.default_rng(0))
    worst = np.where(recorded[:, None] == 1, -1.0, 1.0)
    with torch.no_grad():
        slope = inner.logits(torch.from_numpy(space.x).to(inner.dtype), torch.arange(60))[:, 1]
    gain = _gain(space, model)
    wanted = np.sign(slope.numpy()) != np.sign(slope.numpy() + worst[:, 0] * gain(recorded))
    assert (found.broken == wanted).mean() > 0.97  # a row within rounding of the boundary may fall either way
    assert 0.05 < wanted.mean() < 1


def _gain(space: Space, model: TorchModel) -> Any:
    """How far the corners of a box move the logit, by one number at a time: the model is linear."""

    def gain(recorded: NDArray[np.int64]) -> NDArray[np.float64]:
        x = torch.from_numpy(space.x).requires_grad_()
        with steady(model) as working:
            inner = Inner(working, space)
            with torch.enable_grad():
                logit = inner.logits(x.to(inner.dtype), torch.arange(len(space)))[:, 1].sum()
                (slope,) = torch.autograd.grad(logit, x)
        up = np.where(recorded.reshape(-1, *(1 for _ in space.x.shape[1:])) == 1, -1, 1) * slope.numpy() > 0
        move = np.where(up, space.high - space.x, space.x - space.low)
        moved: NDArray[np.float64] = (move * np.abs(slope.numpy())).reshape(len(space), -1).sum(axis=1)
        return moved

    return gain
