import pytest
import torch
from torch import nn

from fairwitness.core.blueprint import Blueprint, Edit
from fairwitness.torchkit.parts import named
from fairwitness.torchkit.parts.adversary import Adversary
from fairwitness.torchkit.parts.base import Batch
from fairwitness.torchkit.parts.gradients import ClipNorm
from fairwitness.torchkit.parts.samplers import Weighted
from fairwitness.torchkit.parts.weights import GroupClassWeights

TARGET = torch.tensor([1.0, 1.0, 0.0, 1.0, 0.0, 0.0])
GROUPS = torch.tensor([0, 0, 0, 1, 1, 1])


def edit(name: str, **options: float | str) -> Edit:
    return Edit(id=name, acts=named.NAMED[name].acts, options=tuple(options.items()))


def test_parts_are_made_for_the_rows_in_the_order_of_the_blueprint() -> None:
    plan = Blueprint(recipe="mlp", train=(edit("group-weights", by="sex"), edit("clip-norm", longest=2.0)))
    weights, clip = (make(TARGET, GROUPS) for make in named.make(plan.train))
    assert isinstance(weights, GroupClassWeights)
    # group 0 has 2 of 3 in class 1, group 1 has 1 of 3: expected 1.5 everywhere
    torch.testing.assert_close(weights.weights, torch.tensor([[1.5, 0.75], [0.75, 1.5]]))
    assert clip == ClipNorm(2.0)


@pytest.mark.parametrize(("name", "share"), [("even-groups", [1, 1, 1, 1 / 2, 1 / 2]), ("even-classes", [1 / 2] * 5)])
def test_even_draws_give_every_code_the_same_chance(name: str, share: list[float]) -> None:
    target, groups = torch.tensor([0.0, 0.0, 1.0, 1.0, 0.0]), torch.tensor([0, 1, 2, 3, 3])
    (make,) = named.make([edit(name)])
    part = make(target, groups)
    assert isinstance(part, Weighted)
    wanted = share if name == "even-groups" else [1 / 3, 1 / 3, 1 / 2, 1 / 2, 1 / 3]
    torch.testing.assert_close(part.chances, torch.tensor(wanted, dtype=torch.float64))


@pytest.mark.parametrize("sees_class", [False, True])
def test_an_adversary_has_an_output_for_each_group(*, sees_class: bool) -> None:
    (make,) = named.make([edit("adversary", strength=0.5, sees_class=sees_class)])
    part = make(TARGET, GROUPS)
    assert isinstance(part, Adversary)
    part.oppose(
        torch.zeros(4, 1, requires_grad=True),
        Batch(inputs=GROUPS[:4], target=TARGET[:4], groups=GROUPS[:4]),
        nn.Identity(),
    )
    assert part.module is not None
    assert part.module(torch.zeros(4, 1 + sees_class)).shape == (4, 2)
    assert part.strength == 0.5


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Edit(id="clip-nrom", acts="gradient"), "no part 'clip-nrom'; did you mean 'clip-norm'"),
        (edit("clip-norm", longest=0.0), "part 'clip-norm': longest is 0.0; it must be above 0"),
        (edit("adversary", hidden=0), "part 'adversary': hidden is 0; it must be a whole number of at least 1"),
    ],
)
def test_what_cannot_be_made_is_one_line(asked: Edit, words: str) -> None:
    with pytest.raises(named.PartError) as caught:
        named.make([asked])
    assert words in str(caught.value)


def test_a_part_that_needs_groups_says_so() -> None:
    (make,) = named.make([edit("even-groups")])
    with pytest.raises(named.PartError, match="name the attribute with `by`"):
        make(TARGET, None)
