from collections.abc import Callable

import numpy as np
import pytest
from torch import Tensor, nn

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.torchkit.blackbox import from_callable
from fairwitness.torchkit.loading import from_module
from fairwitness.torchkit.operations import BLACK_BOX, operations

NO_YES = ("no", "yes")
COLUMNS = tuple(Column(name=f"x{place}", kind="number") for place in range(6))
ROWS = Rows(ids=np.arange(8), columns={column.name: np.linspace(-1, 1, 8) for column in COLUMNS})


class Last(nn.Module):
    """Six numbers read one after the other."""

    def __init__(self, cells: nn.RNNBase, width: int) -> None:
        super().__init__()
        self.cells = cells
        self.out = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = self.cells(x[..., None])
        logits: Tensor = self.out(states[:, -1])
        return logits


def counted(module: nn.Module) -> float:
    return operations(from_module(module, columns=COLUMNS, classes=NO_YES, positive="yes"), ROWS)


def test_products_of_a_linear_network() -> None:
    net = nn.Sequential(nn.Linear(6, 40, bias=False), nn.ReLU(), nn.Linear(40, 1, bias=False))
    assert counted(net) == 2 * (6 * 40 + 40)


@pytest.mark.parametrize(("cell", "gates"), [(nn.LSTM, 4), (nn.GRU, 3), (nn.RNN, 1)])
def test_every_step_of_a_recurrent_network_counts(cell: Callable[..., nn.RNNBase], gates: int) -> None:
    one = gates * 16 * (1 + 16)
    assert counted(Last(cell(1, 16, batch_first=True), 16)) == pytest.approx(2 * (6 * one + 16), rel=0.01)
    both_ways = gates * 16 * (1 + 16) + gates * 16 * (32 + 16)
    deep = cell(1, 16, num_layers=2, bidirectional=True, batch_first=True)
    assert counted(Last(deep, 32)) == pytest.approx(2 * (6 * 2 * both_ways + 32), rel=0.01)


def test_a_transformer_counts_on_its_fast_path_too() -> None:
    """Places × weights of attention, in and out, and of two layers."""

    class Reads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layer = nn.TransformerEncoderLayer(8, 2, 32, batch_first=True)
            self.layers = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)

        def forward(self, x: Tensor) -> Tensor:
            states: Tensor = self.layers(x[..., None].expand(*x.shape, 8), src_key_padding_mask=x > 5)
            return states[:, 0, :1]

    assert counted(Reads()) == 2 * 6 * (3 * 8 * 8 + 8 * 8 + 2 * 8 * 32)


def test_what_no_counter_sees_costs_its_parameters() -> None:
    class Sums(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.slopes = nn.Parameter(Tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))

        def forward(self, x: Tensor) -> Tensor:
            return (x * self.slopes).sum(dim=1)

    assert counted(Sums()) == 12


def test_a_black_box_costs_what_is_assumed() -> None:
    model = from_callable(lambda frame: np.full(len(frame), 0.5), columns=COLUMNS, classes=NO_YES, positive="yes")
    assert operations(model, ROWS) == BLACK_BOX
