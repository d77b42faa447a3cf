"""Penalties in training against slow loops over groups, finite differences and closed forms."""

import copy
import itertools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from fairwitness.fairness.penalties import GapPenalty, GroupPart, MiscalibrationPenalty
from fairwitness.torchkit.parts.base import Batch, Part
from fairwitness.torchkit.parts.penalties import LossPenalty
from fairwitness.torchkit.step import Step

GROUPS, CLASSES = 3, 4


def drawn(rows: int = 60, outputs: int = 1, seed: int = 0) -> Batch:
    dice = torch.Generator().manual_seed(seed)
    logits = torch.randn(rows, outputs, generator=dice, dtype=torch.float64)
    one = torch.randint(0, 2, (rows,), generator=dice).double()
    many = torch.randint(0, CLASSES, (rows,), generator=dice)
    groups = torch.randint(0, GROUPS, (rows,), generator=dice)
    return Batch(inputs=logits, target=one if outputs == 1 else many, groups=groups)


def penalty(part: GroupPart, output: Tensor, batch: Batch) -> Tensor:
    return part.penalty(output, batch, nn.Identity())


def plenty(strata: int = 1) -> Tensor:
    return torch.full((GROUPS, strata), 1000)


def mean(scores: Tensor, weights: Tensor) -> Tensor:
    return (scores * weights).sum() / weights.sum()


def gaps(logits: Tensor, batch: Batch, among: Tensor, sharpness: float = 1.0) -> Tensor:
    """Mean over pairs of groups of the squared gap of mean scores among some rows, by loops."""
    scores = (sharpness * logits).sigmoid() if logits.shape[1] == 1 else (sharpness * logits).softmax(1)
    assert batch.groups is not None
    weights = torch.ones(len(logits), dtype=logits.dtype) if batch.weights is None else batch.weights
    found = []
    for a, b in itertools.combinations(range(GROUPS), 2):
        one, other = among & (batch.groups == a), among & (batch.groups == b)
        if one.any() and other.any():
            columns = range(scores.shape[1])
            apart = [mean(scores[one, k], weights[one]) - mean(scores[other, k], weights[other]) for k in columns]
            found.append(torch.stack(apart).square().sum())
    return torch.stack(found).mean() if found else logits.sum() * 0


def parity(logits: Tensor, batch: Batch) -> Tensor:
    return gaps(logits, batch, torch.ones(len(logits), dtype=torch.bool))


def opportunity(logits: Tensor, batch: Batch) -> Tensor:
    return gaps(logits, batch, batch.target == 1)


def odds(logits: Tensor, batch: Batch) -> Tensor:
    classes = 2 if logits.shape[1] == 1 else CLASSES
    return torch.stack([gaps(logits, batch, batch.target == k) for k in range(classes)]).mean()


def miscalibration(logits: Tensor, batch: Batch, bins: int = 5) -> Tensor:
    """By loops over groups and bins; bins are not differentiated."""
    assert batch.groups is not None
    scores = logits.sigmoid() if logits.shape[1] == 1 else logits.softmax(1)
    truth = batch.target[:, None] if logits.shape[1] == 1 else nn.functional.one_hot(batch.target, CLASSES)
    by_group = []
    for group in range(GROUPS):
        rows = batch.groups == group
        terms = []
        for place in range(bins):
            top = scores.detach().amax(1)
            here = rows & (top >= place / bins) & (top < (place + 1) / bins)
            if here.any():
                terms.append(here.sum() / rows.sum() * (scores - truth)[here].mean(0).square().sum())
        if terms:
            by_group.append(torch.stack(terms).sum())
    return torch.stack(by_group).mean()


CASES: dict[str, tuple[Callable[..., GroupPart], Callable[[Tensor, Batch], Tensor], int]] = {
    "parity": (lambda **how: GapPenalty(plenty(), **how), parity, 1),
    "parity of classes": (lambda **how: GapPenalty(plenty(), **how), parity, CLASSES),
    "opportunity": (lambda **how: GapPenalty(plenty(), among=1, **how), opportunity, 1),
    "odds": (lambda **how: GapPenalty(plenty(2), by_class=True, **how), odds, 1),
    "odds of classes": (lambda **how: GapPenalty(plenty(CLASSES), by_class=True, **how), odds, CLASSES),
    "calibration": (lambda **how: MiscalibrationPenalty(plenty(5), **how), miscalibration, 1),
    "calibration of classes": (lambda **how: MiscalibrationPenalty(plenty(5), **how), miscalibration, CLASSES),
}


@pytest.mark.parametrize("case", CASES)
def test_value_and_gradient_are_those_of_loops_over_groups(case: str) -> None:
    make, slow, outputs = CASES[case]
    batch = drawn(outputs=outputs)
    logits = torch.as_tensor(batch.inputs).requires_grad_()
    found, wanted = penalty(make(strength=3.0, memory=0.0), logits, batch), 3.0 * slow(logits, batch)
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(torch.autograd.grad(found, logits), torch.autograd.grad(wanted, logits))


@pytest.mark.parametrize("case", CASES)
def test_the_gradient_is_that_of_finite_differences(case: str) -> None:
    make, _, outputs = CASES[case]
    batch, part = drawn(20, outputs), make(memory=0.0)
    logits = torch.as_tensor(batch.inputs).requires_grad_()
    torch.autograd.gradcheck(lambda x: penalty(part, x, batch), (logits,))


@pytest.mark.parametrize("case", CASES)
def test_groups_and_cells_without_rows_are_left_out(case: str) -> None:
    make, slow, outputs = CASES[case]
    some = drawn(4, outputs)
    logits = torch.as_tensor(some.inputs)
    torch.testing.assert_close(penalty(make(memory=0.0), logits, some), slow(logits, some))
    alone = Batch(inputs=logits, target=some.target, groups=torch.zeros(4, dtype=torch.int64))
    if "calibration" not in case:
        assert float(penalty(make(), logits, alone)) == 0.0


def test_two_groups_by_hand() -> None:
    """Scores 1/2 and 3/4 against 1/4: means 5/8 and 1/4, squared gap 9/64; the slope of the first is 2 · 3/8 · 1/2 · 1/4."""
    logits = torch.tensor([[0.0], [3.0], [1 / 3]], dtype=torch.float64)
    logits[1:] = logits[1:].log()
    logits.requires_grad_()
    batch = Batch(inputs=logits, target=torch.zeros(3), groups=torch.tensor([0, 0, 1]))
    found = penalty(GapPenalty(torch.full((2, 1), 99), memory=0.0), logits, batch)
    assert float(found.detach()) == pytest.approx(9 / 64)
    (slope,) = torch.autograd.grad(found, logits)
    assert slope[:, 0].tolist() == pytest.approx([3 / 32, 2 * 3 / 8 * 1 / 2 * 3 / 16, -2 * 3 / 8 * 3 / 16])


def test_weights_count() -> None:
    batch = drawn()
    weighed = Batch(inputs=batch.inputs, target=batch.target, groups=batch.groups, weights=torch.rand(60).double())
    logits = torch.as_tensor(batch.inputs).requires_grad_()
    found, wanted = penalty(GapPenalty(plenty(), memory=0.0), logits, weighed), parity(logits, weighed)
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(torch.autograd.grad(found, logits), torch.autograd.grad(wanted, logits))


def test_sharp_scores_count_decisions() -> None:
    batch = drawn(400)
    assert batch.groups is not None
    logits = torch.as_tensor(batch.inputs)
    rates = torch.stack([(logits[batch.groups == g] >= 0).double().mean() for g in range(GROUPS)])
    wanted = torch.stack([(a - b) ** 2 for a, b in itertools.combinations(rates, 2)]).mean()
    assert float(penalty(GapPenalty(plenty(), sharpness=1e4, memory=0.0), logits, batch)) == pytest.approx(
        float(wanted), abs=1e-4
    )


def test_means_run_on_without_bias_and_remember_a_group_that_is_not_there() -> None:
    """Weighted by 0.5 a step back: group 0 of scores 1/2, 3/4 then 3/4; group 1 of 1/4, and not in the second step."""
    part = GapPenalty(torch.full((2, 1), 99), memory=0.5, every=1)
    first = torch.tensor([[0.0], [3.0], [1 / 3]], dtype=torch.float64)
    first[1:] = first[1:].log()
    target = torch.zeros(3)
    assert float(penalty(part, first, Batch(inputs=first, target=target, groups=torch.tensor([0, 0, 1])))) == 9 / 64
    second = first[1:2].clone().requires_grad_()
    found = penalty(part, second, Batch(inputs=second, target=target[:1], groups=torch.tensor([0])))
    mean = (0.75 + 0.5 * 1.25) / (1 + 0.5 * 2)
    assert float(found.detach()) == pytest.approx((mean - 0.25) ** 2)
    rows = (1 + 0.5 * 2) / 1.5  # of group 0 in a step, on average
    (slope,) = torch.autograd.grad(found, second)
    assert float(slope) == pytest.approx(2 * (mean - 0.25) / rows * 3 / 16)


def test_the_gradient_of_small_batches_is_on_average_that_of_all_rows() -> None:
    batch = drawn(60)
    assert batch.groups is not None
    logits = torch.as_tensor(batch.inputs).requires_grad_()
    (wanted,) = torch.autograd.grad(parity(logits, batch), logits)
    part, dice = GapPenalty(plenty(), memory=0.995, every=1), torch.Generator().manual_seed(1)
    total, steps = torch.zeros_like(logits), 0
    for passes in range(900):
        for places in torch.split(torch.randperm(60, generator=dice), 6):
            some = Batch(inputs=logits, target=batch.target[places], groups=batch.groups[places])
            (slope,) = torch.autograd.grad(penalty(part, logits[places], some), logits)
            if passes >= 200:
                total, steps = total + slope, steps + 1
    torch.testing.assert_close(total / steps, wanted, rtol=0.03, atol=float(wanted.abs().max()) * 0.03)


def test_acting_now_and_then_it_pulls_as_much_and_tells_the_value_it_last_had() -> None:
    """The same rows every step: means stay as they are, so four steps pull as much as four that each act."""
    batch = drawn(60)
    logits = torch.as_tensor(batch.inputs).requires_grad_()
    (wanted,) = torch.autograd.grad(parity(logits, batch), logits)
    part = GapPenalty(plenty(), every=4)
    found = [penalty(part, logits, batch) for _ in range(8)]
    pulls = [torch.autograd.grad(one, logits)[0] for one in found]
    torch.testing.assert_close(torch.stack(found), parity(logits, batch).expand(8))
    torch.testing.assert_close(torch.stack(pulls[:4]).sum(dim=0), 4 * wanted)
    assert [bool(pull.any()) for pull in pulls] == [True, False, False, False] * 2


def test_a_step_starts_from_slopes_as_from_graphs() -> None:
    """Two penalties with known slopes and a rule of one's own: parameters move as by one sum of all."""
    batch = drawn(60)
    assert batch.groups is not None
    x = torch.randn(60, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

    def rule(logits: Tensor, *_: Tensor | None) -> Tensor:
        return logits.square().mean()

    sloped: list[Part] = [GapPenalty(plenty(), memory=0.0), MiscalibrationPenalty(plenty(5), memory=0.0)]
    summed: list[Part] = [LossPenalty(lambda z, *_: parity(z, batch) + miscalibration(z, batch) + rule(z))]
    moved = []
    for parts in ([*sloped, LossPenalty(rule)], summed):
        torch.manual_seed(0)
        net = nn.Linear(3, 1, dtype=torch.float64)
        step = Step(net, torch.optim.SGD(net.parameters(), lr=1.0), parts=parts)
        loss = step(x, batch.target, groups=batch.groups)
        moved.append(torch.cat([loss[None], net.weight.detach()[0], net.bias.detach()]))
    torch.testing.assert_close(moved[0], moved[1])


def test_small_groups_are_left_out() -> None:
    counts = torch.tensor([[1000], [29], [30]])
    part = GapPenalty(counts, memory=0.0)
    batch = drawn()
    assert batch.groups is not None
    logits = torch.as_tensor(batch.inputs)
    without = batch.groups != 1
    rest = Batch(inputs=logits[without], target=batch.target[without], groups=batch.groups[without])
    torch.testing.assert_close(penalty(part, logits, batch), parity(logits[without], rest))


def test_without_gradients_nothing_is_remembered() -> None:
    part, batch = GapPenalty(plenty()), drawn()
    logits = torch.as_tensor(batch.inputs).requires_grad_()
    penalty(part, logits, batch)
    before = {name: tensor.clone() for name, tensor in part.state()}
    other = drawn(seed=1)
    with torch.no_grad():
        found = penalty(part, torch.as_tensor(other.inputs), other)
    torch.testing.assert_close(found, parity(torch.as_tensor(other.inputs), other))
    assert all(torch.equal(tensor, before[name]) for name, tensor in part.state())


@pytest.mark.parametrize("case", CASES)
def test_put_back_it_goes_on_the_same(case: str) -> None:
    make, _, outputs = CASES[case]
    first, fresh = make(), make()
    for seed in range(3):
        batch = drawn(8, outputs, seed)
        penalty(first, torch.as_tensor(batch.inputs), batch)
    fresh.restore({name: tensor.clone() for name, tensor in first.state()})
    copied = copy.deepcopy(first)
    batch = drawn(8, outputs, 9)
    logits = torch.as_tensor(batch.inputs)
    found = [penalty(part, logits, batch) for part in (first, fresh, copied)]
    assert found[0] == found[1] == found[2]


def test_single_numbers_serve_too() -> None:
    """float32, as networks give it, in a step with an optimiser."""
    torch.manual_seed(0)
    net, batch = nn.Linear(3, 1), drawn(200)
    assert batch.groups is not None
    x = torch.randn(200, 3) + batch.groups[:, None]
    parts: list[Any] = [GapPenalty(plenty(), strength=100.0)]
    step = Step(net, torch.optim.SGD(net.parameters(), lr=0.05), parts=parts)
    for _ in range(200):
        step(x, batch.target.float(), groups=batch.groups)
    assert float(parity(net(x).detach(), batch)) < 1e-3


def test_a_step_without_groups_is_named() -> None:
    with pytest.raises(ValueError, match="GapPenalty needs groups; give the step `groups=`"):
        penalty(GapPenalty(plenty()), torch.zeros(2, 1), Batch(inputs=torch.zeros(2, 1), target=torch.zeros(2)))
