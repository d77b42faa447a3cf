"""Whole families trained together against each network trained alone: those that stack, and those side by side."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from fairwitness.torchkit import many
from fairwitness.torchkit.many import Many, fit_many
from fairwitness.torchkit.modules.images import ConvNet, ImageShape
from fairwitness.torchkit.modules.recurrent import RecurrentNet
from fairwitness.torchkit.modules.sequences import SequenceNet, SequenceShape
from fairwitness.torchkit.modules.transformer import Transformer
from fairwitness.torchkit.parts.adversary import Adversary
from fairwitness.torchkit.parts.weights import ClassWeights
from fairwitness.torchkit.stacks.base import Stack
from fairwitness.torchkit.stacks.dense import DenseStack
from fairwitness.torchkit.stacks.mapped import MappedStack
from fairwitness.torchkit.step import Step, cross_entropy
from fairwitness.torchkit.tables import TableNet, TableShape
from fairwitness.torchkit.training import Schedule, seeded, train

ROWS, MEMBERS = 96, 4
PLAN = Schedule(epochs=3, batch=16, learning_rate=0.01, weight_decay=0.01, patience=2)

Build = Callable[[], nn.Module]


def rows_of_a_table(levels: int) -> dict[str, Tensor]:
    dice = torch.Generator().manual_seed(0)
    numbers = torch.randn(ROWS, 3, generator=dice)
    numbers[::7, 1] = torch.nan
    codes = torch.stack([torch.randint(0, n, (ROWS,), generator=dice) for n in (5, levels)], dim=1)
    return {"numbers": numbers, "codes": codes}


def table_net(levels: int, dropout: float = 0.0) -> tuple[Build, dict[str, Tensor]]:
    inputs, cardinalities = rows_of_a_table(levels), (5, levels)
    shape = TableShape.of(inputs, cardinalities=cardinalities, hidden=(12, 6), outputs=3, dropout=dropout)
    return lambda: TableNet.scaled(shape, inputs["numbers"]), inputs


def layer_norms() -> tuple[Build, dict[str, Tensor]]:
    def build() -> nn.Module:
        return nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.GELU(), nn.Linear(8, 3))

    return build, {"input": torch.randn(ROWS, 4, generator=torch.Generator().manual_seed(1))}


def images() -> tuple[Build, dict[str, Tensor]]:
    """Batch normalisation, dropout, and images moved and mirrored at random."""
    shape = ImageShape(channels=1, widths=(4, 6), outputs=3, dropout=0.2, shift=1, flip=True)
    return lambda: ConvNet(shape), {"pixels": torch.rand(ROWS, 1, 9, 9, generator=torch.Generator().manual_seed(2))}


def sequences(net: type[SequenceNet] = RecurrentNet, layers: int = 1) -> tuple[Build, dict[str, Tensor]]:
    shape = SequenceShape(
        cell="gru", vocabulary=30, steps=7, embedding=6, hidden=8, layers=layers, heads=2, outputs=3, dropout=0.2
    )
    tokens = torch.randint(1, 30, (ROWS, 7), generator=torch.Generator().manual_seed(3))
    return lambda: net(shape), {"sequence": tokens}


STACKED: dict[str, tuple[type, tuple[Build, dict[str, Tensor]]]] = {
    "one-hot": (DenseStack, table_net(6)),
    "embedded": (MappedStack, table_net(60)),
    "layer norms": (MappedStack, layer_norms()),
}
SIDE_BY_SIDE = {"images": images(), "texts": sequences(), "embedded with dropout": table_net(60, dropout=0.2)}


def target(groups: int = 3) -> Tensor:
    return torch.randint(0, groups, (ROWS,), generator=torch.Generator().manual_seed(4))


def stack_of(kind: type, modules: list[nn.Module], inputs: Mapping[str, Tensor]) -> Stack:
    few, whole = modules[:2], inputs
    dense = DenseStack.of(modules, whole, target())
    mapped = MappedStack.of(few, whole, target(), None)
    assert (dense is not None) == (kind is DenseStack)
    assert mapped is not None
    return dense or MappedStack(modules, whole, target(), None)


@pytest.mark.parametrize("family", STACKED)
def test_the_first_steps_gradients_are_those_of_each_network_alone(family: str) -> None:
    kind, (build, inputs) = STACKED[family]
    torch.manual_seed(0)
    modules = [build() for _ in range(MEMBERS)]
    stack = stack_of(kind, modules, inputs)
    places = torch.stack([torch.randperm(ROWS)[:64] for _ in modules])  # some with an unseen category
    stack.learn(places, None, [torch.Generator()] * MEMBERS)
    found = dict(zip(stack.learned(0), stack.parameters, strict=True))
    for member, module in enumerate(modules):
        logits = module(**{name: tensor[places[member]] for name, tensor in inputs.items()})
        cross_entropy(logits, target()[places[member]]).mean().backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        for name, parameter in module.named_parameters():
            own = found[name].grad
            assert own is not None
            torch.testing.assert_close(own[member], parameter.grad, rtol=0, atol=1e-6)


@pytest.mark.parametrize("rule", [{"max_norm": 1.0}, {"scale_grad_by_freq": True}, {"sparse": True}, {}])
def test_embeddings_with_rules_of_their_own_are_not_mapped(rule: dict[str, Any]) -> None:
    """Nor those whose weights another layer shares."""
    table = nn.Embedding(9, 4, **rule)
    module = nn.Sequential(table, nn.Flatten(), nn.Linear(4, 9, bias=False))
    if not rule:
        module[2].weight = table.weight
    inputs = {"input": torch.randint(0, 9, (ROWS, 1))}
    assert MappedStack.of([module, copy.deepcopy(module)], inputs, target(), None) is None


def together(build: Build, inputs: Mapping[str, Tensor], **settings: Any) -> Many:
    learn = np.tile(np.arange(ROWS) < 80, (MEMBERS, 1))
    given: dict[str, Any] = {"learn": learn, "held": ~learn, "seeds": range(MEMBERS), "schedule": PLAN, **settings}
    return fit_many(lambda _: build(), inputs, target(), **given)


def alone(build: Build, inputs: Mapping[str, Tensor], seed: int, **settings: Any) -> nn.Module:
    held = np.arange(ROWS) >= 80
    with seeded(seed):
        module = build()
    with seeded(seed) as dice:
        train(module, inputs, target(), held=held, schedule=PLAN, dice=dice, **settings)
    return module


@pytest.mark.parametrize("family", STACKED)
def test_stacked_networks_end_as_each_would_alone(family: str) -> None:
    """Up to rounding, which AdamW's division makes larger where gradients are all but 0."""
    build, inputs = STACKED[family][1]
    for seed, module in enumerate(together(build, inputs).modules):
        torch.testing.assert_close(module.state_dict(), alone(build, inputs, seed).state_dict(), rtol=1e-3, atol=2e-3)


@pytest.fixture
def threads_seen(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many threads the pieces were shared out to."""
    seen: list[int] = []
    whole = many._side_by_side

    def note(job: Any, fit: Any, pieces: Any, threads: int, finish: Any) -> None:
        seen.append(threads)
        whole(job, fit, pieces, threads, finish)

    monkeypatch.setattr(many, "_side_by_side", note)
    return seen


@pytest.mark.parametrize("family", SIDE_BY_SIDE)
def test_side_by_side_each_network_draws_and_ends_as_alone(family: str, threads_seen: list[int]) -> None:
    """Bit for bit, dropout and augmentation included; the dice outside are untouched."""
    build, inputs = SIDE_BY_SIDE[family]
    before = torch.get_rng_state()
    made = together(build, inputs, threads=3)
    assert torch.equal(torch.get_rng_state(), before)
    assert threads_seen == [3]
    for seed, module in enumerate(made.modules):
        torch.testing.assert_close(module.state_dict(), alone(build, inputs, seed).state_dict(), rtol=0, atol=0)


@pytest.mark.parametrize("net", ["transformer", "two layers"])
def test_networks_whose_dice_cannot_be_told_apart_are_trained_one_after_another(
    net: str, threads_seen: list[int]
) -> None:
    build, inputs = sequences(Transformer) if net == "transformer" else sequences(layers=2)
    made = together(build, inputs, threads=2)
    assert threads_seen == []
    torch.testing.assert_close(made.modules[1].state_dict(), alone(build, inputs, 1).state_dict(), rtol=0, atol=0)


def test_each_network_has_an_adversary_of_its_own() -> None:
    build, inputs = layer_norms()
    groups = (inputs["input"][:, 0] > 0).long()

    def adversary() -> Adversary:
        torch.manual_seed(9)
        return Adversary(nn.Linear(3, 2), strength=0.5)

    first = adversary()
    fresh = {name: tensor.clone() for name, tensor in first.state()}
    made = together(build, inputs, parts=[first], groups=groups)
    torch.testing.assert_close(dict(first.state()), fresh, rtol=0, atol=0)
    for seed, module in enumerate(made.modules):
        wanted = alone(build, inputs, seed, parts=[adversary()], groups=groups)
        torch.testing.assert_close(module.state_dict(), wanted.state_dict(), rtol=0, atol=0)


@pytest.mark.parametrize("family", [*STACKED, *SIDE_BY_SIDE])
def test_nothing_within_a_step_lands_on_the_default_device(family: str) -> None:
    """With another default, a tensor that does not say where it goes would meet the rest on another device."""
    build, inputs = STACKED[family][1] if family in STACKED else SIDE_BY_SIDE[family]
    module = build()
    step = Step(module, torch.optim.AdamW(module.parameters(), fused=True), parts=[ClassWeights(torch.ones(3))])
    some, wanted = {name: tensor[:16] for name, tensor in inputs.items()}, target()[:16]
    with torch.device("meta"):
        loss = step(some, wanted)
    assert str(loss.device) == "cpu"
