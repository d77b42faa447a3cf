import pytest
import torch
from torch import Tensor, nn

from fairwitness.core.subject import Layer
from fairwitness.torchkit.layers import layers_as_run, parameter_count, reading


class Sequence(nn.Module):
    """An LSTM with the batch second, attention, and a head whose weight is the embedding's."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(11, 8)
        self.lstm = nn.LSTM(8, 8)
        self.attend = nn.MultiheadAttention(8, 2)
        self.scale = nn.Parameter(torch.ones(()))
        self.head = nn.Linear(8, 11, bias=False)
        self.head.weight = self.embed.weight
        self.unused = nn.Dropout()

    def forward(self, tokens: Tensor) -> Tensor:
        hidden, _ = self.lstm(self.embed(tokens.T))
        mixed, _ = self.attend(hidden, hidden, hidden)
        out: Tensor = self.head(mixed.mean(dim=0)) * self.scale
        return out


def seen(module: nn.Module, *inputs: Tensor) -> tuple[Layer, ...]:
    return layers_as_run(module, lambda: module(*inputs), rows=len(inputs[0]))


def test_layers_come_in_the_order_they_run_with_shapes_and_counts() -> None:
    class Turned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last = nn.Linear(8, 2)
            self.norm = nn.BatchNorm2d(4)
            self.first = nn.Conv2d(1, 4, 3)

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.last(self.norm(self.first(x)).flatten(1)[:, :8])
            return out

    net = Turned()
    net.first.requires_grad_(False)
    assert seen(net, torch.zeros(7, 1, 6, 6)) == (
        Layer(name="first", kind="Conv2d", output_shape=(4, 4, 4), parameters=40, trainable=0),
        Layer(name="norm", kind="BatchNorm2d", output_shape=(4, 4, 4), parameters=8, trainable=8),
        Layer(name="last", kind="Linear", output_shape=(2,), parameters=18, trainable=18),
    )


def test_counts_add_up_with_shared_weights_and_inner_ones() -> None:
    net = Sequence()
    layers = seen(net, torch.zeros(7, 5, dtype=torch.int64))
    by_name = {layer.name: layer for layer in layers}
    assert sum(layer.parameters for layer in layers) == parameter_count(net)
    assert by_name["embed"].parameters == 88
    assert by_name["head"].parameters == 0  # the embedding's
    assert by_name["lstm"].output_shape == (5, 8)  # the batch axis is the second
    assert by_name["attend.out_proj"].output_shape == ()  # used by the attention, never called
    assert by_name["Sequence"].parameters == 1
    assert "unused" not in by_name


def test_a_layer_that_runs_twice_is_one_layer() -> None:
    again = nn.Linear(3, 3)
    layers = seen(nn.Sequential(again, nn.ReLU(), again), torch.zeros(7, 3))
    assert [(layer.name, layer.parameters) for layer in layers] == [("0", 12), ("1", 0)]


def test_no_hook_is_left_even_after_an_error() -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.ReLU())
    seen(net, torch.zeros(7, 3))
    with pytest.raises(RuntimeError):
        seen(net, torch.zeros(7, 4))
    assert not any(part._forward_hooks for part in net.modules())


def test_modes_come_back_part_by_part_even_after_an_error() -> None:
    net = nn.Sequential(nn.Dropout(), nn.BatchNorm1d(3))
    net.train()
    net[1].eval()

    def fail() -> None:
        with reading(net):
            assert not any(part.training for part in net.modules())
            assert not torch.is_grad_enabled()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [part.training for part in net.modules()] == [True, True, False]
    assert torch.is_grad_enabled()


def test_a_tensor_kept_while_reading_can_be_trained_with_afterwards() -> None:
    class Positions(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(3, 1)
            self.table: Tensor | None = None

        def forward(self, x: Tensor) -> Tensor:
            if self.table is None:
                self.table = torch.ones(3)
            out: Tensor = self.linear(x * self.table)
            return out

    net = Positions()
    with reading(net):
        net(torch.zeros(2, 3))
    net(torch.zeros(2, 3, requires_grad=True)).sum().backward()
