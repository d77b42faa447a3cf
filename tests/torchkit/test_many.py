"""Networks trained together against the same networks trained one by one with `train`, or by autograd."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from fairwitness.torchkit import many
from fairwitness.torchkit.errors import TrainingError
from fairwitness.torchkit.many import fit_many
from fairwitness.torchkit.parts.penalties import WeightPenalty
from fairwitness.torchkit.parts.samplers import Weighted
from fairwitness.torchkit.parts.weights import ClassWeights
from fairwitness.torchkit.stacks.dense import DenseStack
from fairwitness.torchkit.stacks.mapped import MappedStack
from fairwitness.torchkit.training import seeded, train
from support.networks import (
    FAMILIES,
    MEMBERS,
    ROWS,
    Embedded,
    Pictures,
    Scaled,
    alike,
    drawn,
    held,
    masks,
    one_by_one,
    plan,
    stacked,
    together,
)


@pytest.mark.parametrize("family", ["dense", "mapped"])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("weighed", [False, True])
@pytest.mark.parametrize("differ", [False, True])
def test_the_gradients_of_a_step_are_those_of_each_network_alone(
    family: str, outputs: int, *, weighed: bool, differ: bool
) -> None:
    """To 1e-6 in single precision; where the fixed layers differ too."""
    torch.manual_seed(0)
    modules = [FAMILIES[family](outputs, mean=0.1 * n if differ else 0.5) for n in range(MEMBERS)]
    inputs, target = drawn(outputs)
    places = torch.stack([torch.randperm(ROWS)[:16] for _ in range(MEMBERS)])
    weights = torch.rand(MEMBERS, 16) if weighed else torch.ones(MEMBERS, 16)
    shares = weights / weights.sum(1, keepdim=True)
    stack = stacked(family, modules, outputs)
    stack.learn(places, shares if weighed else None, [torch.Generator()] * MEMBERS)
    found = dict(zip(stack.learned(0), stack.parameters, strict=True))
    for member, module in enumerate(modules):
        rows = {name: tensor[places[member]] for name, tensor in inputs.items()}
        logits, wanted = module(**rows), target[places[member]]
        if outputs == 1:
            each = nn.functional.binary_cross_entropy_with_logits(logits[:, 0], wanted, reduction="none")
        else:
            each = nn.functional.cross_entropy(logits, wanted, reduction="none")
        learned = dict(module.named_parameters())
        gradients = torch.autograd.grad((each * shares[member]).sum(), list(learned.values()))
        for name, gradient in zip(learned, gradients, strict=True):
            own = found[name].grad
            assert own is not None
            torch.testing.assert_close(own[member], gradient, rtol=0, atol=1e-6)
        torch.testing.assert_close(stack.losses(places)[member], each.detach(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("outputs", [1, 3])
def test_networks_end_as_each_would_alone(family: str, outputs: int) -> None:
    alike(together(family, outputs), one_by_one(family, outputs))


@pytest.mark.parametrize("family", FAMILIES)
def test_each_stops_early_by_itself(family: str) -> None:
    settings: dict[str, Any] = {"held": held(), "schedule": plan(epochs=40, learning_rate=0.05)}
    one, other = together(family, **settings), one_by_one(family, **settings)
    alike(one, other, tolerance=5e-3)
    assert len({how.epochs for how in one.trained}) > 1
    assert max(how.epochs for how in one.trained) < 40


@pytest.mark.parametrize("family", FAMILIES)
def test_weights_and_samplers_and_schedules_hold_for_each(family: str) -> None:
    settings: dict[str, Any] = {
        "parts": [ClassWeights(torch.tensor([2.0, 1.0, 0.5])), Weighted(torch.linspace(0.1, 1, ROWS))],
        "weights": torch.linspace(1, 3, ROWS),
        "schedule": plan(descent="cosine", warm_up=0.3, keep="last"),
    }
    one = together(family, **settings)
    alike(one, one_by_one(family, **settings))
    assert [(how.epochs, how.best, how.loss) for how in one.trained] == [(4, 4, None)] * MEMBERS


def test_a_part_that_needs_each_network_alone_gets_it() -> None:
    settings: dict[str, Any] = {"parts": [WeightPenalty(0.1)]}
    alike(together("dense", **settings), one_by_one("dense", **settings), tolerance=0)


def test_a_loss_of_ones_own() -> None:
    def squared(output: Tensor, target: Tensor) -> Tensor:
        return (output[:, 0] - target).square()

    alike(together("dense", 1, losses=squared), one_by_one("dense", 1, losses=squared))


def test_fewer_rows_are_spread_over_as_many_steps() -> None:
    """Five steps a pass for all: a network of 35 rows learns from 7 a step, as if its steps were of 7."""
    one = together("dense", learn=masks(equal=False))
    other = one_by_one("dense", learn=masks(equal=False), schedule=plan(batch=7))
    assert masks(equal=False)[1].sum() == 35
    torch.testing.assert_close(one.modules[1].state_dict(), other.modules[1].state_dict(), rtol=1e-4, atol=1e-4)


def test_dropout_drops_its_share_of_units_and_keeps_the_mean_gradient() -> None:
    """The gradient of the last bias does not go through dropped units; that of the first layer averages to a closed form:
    with one linear path, E[mask] = 1, so the mean over draws is the gradient without dropout.
    """
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(1, 4), nn.ReLU(), nn.Dropout(0.4), nn.Linear(4, 1))
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.abs_()
        module.get_parameter("3.weight").mul_(1e-3)  # so small that the logit, and with it the slope, hardly moves
    x, y = torch.ones(64, 1), torch.zeros(64)
    stack = DenseStack.of([module], {"input": x}, y)
    assert stack is not None
    dice, draws = torch.Generator().manual_seed(0), []
    for _ in range(500):
        stack.learn(torch.arange(64).unsqueeze(0), None, [dice])
        gradient = stack.parameters[2].grad
        assert gradient is not None
        draws.append(gradient.clone())
    module.eval()
    loss = nn.functional.binary_cross_entropy_with_logits(module(x)[:, 0], y)
    wanted = torch.autograd.grad(loss, list(module.parameters()))
    torch.testing.assert_close(torch.stack(draws).mean(0)[0], wanted[2], rtol=0.02, atol=0)
    # spread of a mean of 64 masks: sqrt(0.4 / 0.6 / 64) of the value
    spread = torch.stack(draws).std(0)[0] / wanted[2]
    torch.testing.assert_close(spread, torch.full_like(spread, (0.4 / 0.6 / 64) ** 0.5), rtol=0.15, atol=0)


@pytest.mark.slow
def test_with_dropout_accuracies_are_within_seed_noise() -> None:
    rng = torch.Generator().manual_seed(1)
    x = torch.randn(600, 4, generator=rng)
    y = (x[:, 0] * x[:, 1] + 0.3 * torch.randn(600, generator=rng) > 0).long()
    inputs, learn = {"numbers": x, "codes": torch.zeros(600, 1)}, np.tile(np.arange(600) < 400, (8, 1))
    schedule = plan(epochs=30, keep="last")

    def build(_: int) -> nn.Module:
        return Scaled(2, drop=0.2)

    def accuracies(made: Tensor) -> NDArray[np.float64]:
        right: NDArray[np.float64] = (made[:, 400:].argmax(2) == y[400:]).double().mean(1).numpy()
        return right

    joint = accuracies(fit_many(build, inputs, y, learn=learn, seeds=range(8), schedule=schedule).outputs(inputs))
    alone = []
    for seed in range(100, 108):
        with seeded(seed) as dice:
            module = build(0)
            train(module, inputs, y, learn=learn[0], held=~learn[0] & False, schedule=schedule, dice=dice)
        alone.append(module(**inputs)[None].detach())
    single = accuracies(torch.cat(alone))
    assert single.mean() > 0.75
    noise = np.sqrt(joint.var(ddof=1) / 8 + single.var(ddof=1) / 8)
    assert abs(joint.mean() - single.mean()) < 3 * noise


def test_threads_and_pieces_change_nothing_but_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = together("dense", threads=1)
    monkeypatch.setattr(many, "FEWEST", 2)
    alike(whole, together("dense", threads=3))
    before = torch.get_rng_state()
    assert torch.get_num_threads() >= 1
    together("dense", threads=2)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_way_of_stacking_follows_the_modules() -> None:
    inputs, target = drawn()
    torch.manual_seed(0)
    assert DenseStack.of([Scaled(), Scaled()], inputs, target) is not None
    for other in (Embedded(), Pictures(), nn.Linear(4, 3)):
        given = {"input": inputs["numbers"]} if isinstance(other, nn.Linear) else inputs
        assert DenseStack.of([other], given, target) is None
    assert MappedStack.of([Embedded()], inputs, target, None) is not None
    for refused in (Pictures(), Scaled(drop=0.1)):
        assert MappedStack.of([refused], inputs, target, None) is None


def test_what_cannot_be_mapped_is_seen_without_a_word(capfd: pytest.CaptureFixture[str]) -> None:
    """Writing into a tensor all networks share, and a product torch would loop over."""

    class Writes(Embedded):
        def forward(self, numbers: Tensor, codes: Tensor) -> Tensor:
            hot = torch.zeros(len(codes), 5).scatter_(1, codes, 1.0)
            return super().forward(numbers + hot[:, :4], codes)

    class Loops(Embedded):
        def forward(self, numbers: Tensor, codes: Tensor) -> Tensor:
            return super().forward(numbers, codes) + codes.flatten().bincount(minlength=5).sum()

    inputs, target = drawn()
    for module in (Writes(), Loops()):
        assert MappedStack.of([module, copy.deepcopy(module)], inputs, target, None) is None
    assert capfd.readouterr().err == ""


def test_frozen_layers_before_the_head_are_run_once() -> None:
    """Fine-tuning: the convolution gives its features once, and stays."""

    class Frozen(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.trunk = nn.Sequential(nn.Conv2d(1, 3, 2), nn.Tanh(), nn.Flatten()).requires_grad_(False)
            self.head = nn.Sequential(nn.Linear(3, 3))
            self.calls = 0

        def forward(self, numbers: Tensor, codes: Tensor) -> Tensor:
            self.calls += 1
            logits: Tensor = self.head(self.trunk(numbers.view(-1, 1, 2, 2)))
            return logits

    inputs, target = drawn()
    made = fit_many(lambda _: Frozen(), inputs, target, learn=masks(), seeds=range(MEMBERS), schedule=plan(epochs=20))
    for seed, module in enumerate(made.modules):
        with seeded(seed):
            start = Frozen()
        assert torch.equal(module.get_parameter("trunk.0.weight"), start.get_parameter("trunk.0.weight"))
        assert not torch.equal(module.get_parameter("head.0.weight"), start.get_parameter("head.0.weight"))
        assert isinstance(module, Frozen)
        assert module.calls < 10


def test_dice_outside_the_head_are_seen() -> None:
    class Stirred(Scaled):
        def forward(self, numbers: Tensor, codes: Tensor) -> Tensor:
            return super().forward(nn.functional.dropout(numbers, 0.5, self.training), codes)

    inputs, target = drawn()
    assert DenseStack.of([Stirred()], inputs, target) is None


def test_outputs_of_all_are_those_of_each() -> None:
    inputs, _ = drawn()
    made = together("alone")
    found = made.outputs(inputs, at_once=50)
    assert found.shape == (MEMBERS, ROWS, 3)
    with torch.no_grad():
        torch.testing.assert_close(found[2], copy.deepcopy(made.modules[2]).eval()(**inputs))


@pytest.mark.parametrize("keep", ["best", "last"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_loss_that_explodes_is_named(family: str, keep: str) -> None:
    with pytest.raises(TrainingError, match=r"diverged in epoch \d+"):
        together(family, schedule=plan(learning_rate=1e38, keep=keep))


def test_masks_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="4 seeds, 5 masks of rows, 5 of held rows"):
        together("dense", seeds=range(4))
    with pytest.raises(ValueError, match="apart from those held"):
        together("dense", held=masks())
    with pytest.raises(ValueError, match="needs rows to train on"):
        together("dense", learn=masks() & False)
