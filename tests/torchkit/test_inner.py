"""What the last layer reads, against running the layers before it by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.torchkit.inner import inner
from fairwitness.torchkit.loading import from_module

X = Column(name="x", kind="number")
ROWS = Rows(ids=np.arange(1_100), columns={"x": np.linspace(-2, 2, 1_100)})


def test_it_is_what_the_layers_before_give_in_every_batch() -> None:
    torch.manual_seed(0)
    first, last = nn.Linear(1, 5), nn.Linear(5, 1)
    model = from_module(
        nn.Sequential(first, nn.ReLU(), nn.Dropout(0.5), last), columns=(X,), classes=("0", "1"), positive="1"
    )
    found = inner(model, ROWS)
    assert found is not None
    assert found.layer == "3"
    with torch.no_grad():
        expected = torch.relu(first(torch.from_numpy(ROWS.columns["x"][:, None]).float())).double().numpy()
    np.testing.assert_allclose(found.numbers, expected, atol=1e-6)
    assert not last._forward_pre_hooks


class Wide(nn.Module):
    """A last layer that is a convolution, or reads steps, or nothing."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.conv, self.steps = nn.Conv1d(3, 1, 1), nn.Linear(4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        steps = torch.stack([x * (i + 1) for i in range(12)], dim=1).reshape(len(x), 3, 4)
        if self.kind == "none":
            return x[:, 0]
        made: torch.Tensor = (self.conv if self.kind == "conv" else self.steps)(steps)
        return made.mean(dim=(1, 2))


@pytest.mark.parametrize(("kind", "axis"), [("conv", 1), ("steps", 0)])
def test_places_and_steps_are_averaged_over(kind: str, axis: int) -> None:
    found = inner(from_module(Wide(kind), columns=(X,), classes=("0", "1"), positive="1"), ROWS)
    assert found is not None
    expected = ROWS.columns["x"][:, None] * np.arange(1, 13).reshape(3, 4).mean(axis=axis)
    np.testing.assert_allclose(found.numbers, expected, atol=1e-5)


class Named(nn.Module):
    """Calls its last layer by the name of its argument."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.last(input=x)
        return made[:, 0]


def test_a_layer_that_is_called_by_name_is_looked_into() -> None:
    found = inner(from_module(Named(), columns=(X,), classes=("0", "1"), positive="1", activation="logits"), ROWS)
    assert found is not None
    np.testing.assert_allclose(found.numbers[:, 0], ROWS.columns["x"], atol=1e-6)


def test_nothing_to_look_into() -> None:
    model = from_module(Wide("none"), columns=(X,), classes=("0", "1"), positive="1", activation="logits")
    assert inner(model, ROWS) is None
    assert inner(lambda rows: rows, ROWS) is None
    assert inner(model, ROWS.where(np.zeros(1_100, dtype=bool))) is None
