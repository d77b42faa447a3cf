"""Zhang's projection against the formula by hand, from the output and from inner layers."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from fairwitness.torchkit.parts.adversary import Adversary, AdversaryError, rival
from fairwitness.torchkit.parts.base import Batch, Part
from fairwitness.torchkit.parts.gradients import ClipNorm
from fairwitness.torchkit.parts.penalties import WeightPenalty
from fairwitness.torchkit.step import Step
from fairwitness.torchkit.training import seeded

ROWS = 40


def drawn() -> tuple[Tensor, Tensor, Tensor]:
    dice = torch.Generator().manual_seed(0)
    x = torch.randn(ROWS, 5, generator=dice, dtype=torch.float64)
    return x, torch.randint(0, 2, (ROWS,), generator=dice).double(), torch.randint(0, 3, (ROWS,), generator=dice)


def net() -> nn.Sequential:
    with seeded(0):
        return nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 1)).double()


def still(module: nn.Module) -> torch.optim.Optimizer:
    """An optimiser that leaves everything as it is, so that gradients can be looked at."""
    return torch.optim.SGD(module.parameters(), lr=0.0)


def by_hand(module: nn.Sequential, twin: nn.Module, seen: Any, strength: float) -> list[Tensor]:
    """Zhang and others, equation 1, for each parameter: g − proj_h g − strength · h."""
    x, y, g = drawn()
    parameters = list(module.parameters())
    loss = nn.functional.binary_cross_entropy_with_logits(module(x)[:, 0], y)
    told = nn.functional.cross_entropy(twin(seen(module, x)), g)
    of_loss = torch.autograd.grad(loss, parameters)
    of_rival = torch.autograd.grad(told, parameters, allow_unused=True)
    made = []
    for own, other in zip(of_loss, of_rival, strict=True):
        slope: Tensor | None = other  # None: beyond the layer that the adversary sees
        unit = own * 0 if slope is None else slope / slope.norm()
        made.append(own - (own * unit).sum() * unit - (own * 0 if slope is None else strength * slope))
    return made


@pytest.mark.parametrize("layer", ["", "0", "1"])
def test_the_gradient_is_zhangs(layer: str) -> None:
    x, y, g = drawn()
    module = net()
    with seeded(1):
        own = rival(3, 6)(4 if layer else 1).double()
    twin = copy.deepcopy(own)
    part = Adversary(own, strength=0.7, learning_rate=0.05, project=True, layer=layer)
    Step(module, still(module), parts=[part])(x, y, groups=g)

    def seen(net: nn.Sequential, rows: Tensor) -> Tensor:
        upto: Tensor = net[: int(layer) + 1](rows) if layer else net(rows)
        return upto

    optimizer = torch.optim.Adam(twin.parameters(), lr=0.05)
    torch.autograd.backward(nn.functional.cross_entropy(twin(seen(module, x).detach()), g))
    optimizer.step()
    found = [parameter.grad for parameter in module.parameters()]
    torch.testing.assert_close(found, by_hand(module, twin, seen, 0.7))


def test_what_is_left_of_the_loss_does_not_help_the_adversary() -> None:
    """Of strength 0, the step is at right angles to the adversary's in each parameter."""
    x, y, g = drawn()
    module, own = net(), rival(3, 6)(1).double()
    Step(module, still(module), parts=[Adversary(own, strength=0.0, project=True)])(x, y, groups=g)
    told = nn.functional.cross_entropy(own(module(x)), g)
    for parameter, slope in zip(module.parameters(), torch.autograd.grad(told, list(module.parameters())), strict=True):
        assert parameter.grad is not None
        assert float((parameter.grad * slope).sum().abs()) < 1e-12


def test_it_comes_before_the_processors_of_the_step_wherever_it_stands() -> None:
    x, y, g = drawn()
    found = []
    own = rival(3, 6)(1).double()
    for first in (True, False):
        module = net()
        parts: list[Part] = [Adversary(copy.deepcopy(own), strength=0.7, project=True), ClipNorm(1e-3)]
        Step(module, still(module), parts=parts if first else parts[::-1])(x, y, groups=g)
        found.append([parameter.grad for parameter in module.parameters()])
    torch.testing.assert_close(*found)
    length = torch.stack([grad.norm() for grad in found[0] if grad is not None]).norm()
    assert float(length) == pytest.approx(1e-3)


def test_in_a_loop_of_ones_own_it_does_what_it_does_in_a_step() -> None:
    x, y, g = drawn()
    own = rival(3, 6)(1).double()
    module, other = net(), net()
    parts: list[Part] = [Adversary(copy.deepcopy(own), strength=0.5, project=True), WeightPenalty(0.1)]
    Step(module, torch.optim.SGD(module.parameters(), lr=0.1), parts=parts)(x, y, groups=g)

    optimizer = torch.optim.SGD(other.parameters(), lr=0.1)
    step = Step(other, parts=[Adversary(copy.deepcopy(own), strength=0.5, project=True), WeightPenalty(0.1)])
    batch = step.prepare(Batch(inputs=x, target=y, groups=g))
    torch.autograd.backward(step.loss(batch))
    step.finish(batch)
    optimizer.step()
    torch.testing.assert_close(module.state_dict(), other.state_dict())


@pytest.mark.parametrize("shape", [(ROWS, 3, 4, 5), (ROWS, 7, 3)])
def test_pictures_and_series_are_averaged_over_places(shape: tuple[int, ...]) -> None:
    _, y, g = drawn()
    inner = nn.Conv2d(3, 2, 1) if len(shape) == 4 else nn.Linear(3, 2)
    module = nn.Sequential(inner, nn.Flatten(), nn.LazyLinear(1))
    inputs = torch.randn(shape)
    module(inputs)
    part = Adversary(rival(3, 4), strength=0.5, layer="0", sees_target=True)
    Step(module, still(module), parts=[part])(inputs, y.float(), groups=g)
    assert part.module is not None
    assert next(part.module.parameters()).shape == (4, 2 + 1)


def test_told_the_class_it_has_an_input_for_each() -> None:
    x, _, g = drawn()
    module = nn.Linear(5, 4).double()
    part = Adversary(rival(3, 6), strength=0.5, sees_target=True)
    Step(module, still(module), parts=[part])(x, torch.arange(ROWS) % 4, groups=g)
    assert part.module is not None
    assert next(part.module.parameters()).shape == (6, 4 + 4)


def test_put_back_before_it_has_seen_anything_it_goes_on_the_same() -> None:
    x, y, g = drawn()
    module = net()
    part, fresh = (Adversary(rival(3, 6), strength=0.5, project=True) for _ in range(2))
    fresh.restore(dict(part.state()))  # nothing yet
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    Step(module, optimizer, parts=[part])(x, y, groups=g)
    twin = copy.deepcopy(module)
    fresh.restore({name: tensor.clone() for name, tensor in part.state()})
    Step(module, optimizer, parts=[part])(x, y, groups=g)
    Step(twin, torch.optim.SGD(twin.parameters(), lr=0.1), parts=[fresh])(x, y, groups=g)
    torch.testing.assert_close(module.state_dict(), twin.state_dict())


def test_a_layer_that_is_not_there_is_one_line() -> None:
    x, y, g = drawn()
    module = nn.ModuleDict({"body": nn.Linear(5, 4)})
    step = Step(module, still(module), parts=[Adversary(rival(3, 4), strength=1.0, layer="boby")])
    with pytest.raises(AdversaryError, match="look at layer 'boby'; did you mean 'body'"):
        step(x, y, groups=g)


def test_no_hook_is_left_behind() -> None:
    x, y, g = drawn()
    module = net()
    Step(module, still(module), parts=[Adversary(rival(3, 4), strength=1.0, layer="0")])(x, y, groups=g)
    assert not any(layer._forward_hooks for layer in module.modules())
