"""Each part in a loop of one's own, held against what it means."""

import copy
import importlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from fairwitness.core.blueprint import Acts, ConflictError
from fairwitness.torchkit.parts.adversary import Adversary
from fairwitness.torchkit.parts.base import Batch, Gradients, Part
from fairwitness.torchkit.parts.gradients import ClipNorm, Process
from fairwitness.torchkit.parts.penalties import LossPenalty, WeightPenalty
from fairwitness.torchkit.parts.post import GroupThresholds, Rescore
from fairwitness.torchkit.parts.samplers import Shuffled, Weighted, even
from fairwitness.torchkit.parts.transforms import BatchTransform, RowTransform
from fairwitness.torchkit.parts.weights import ClassWeights, GroupClassWeights
from fairwitness.torchkit.step import Step, cross_entropy
from fairwitness.torchkit.training import seeded

SIZE = 60


def drawn(seed: int = 0, classes: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    dice = torch.Generator().manual_seed(seed)
    x = torch.randn(SIZE, 5, generator=dice, dtype=torch.float64)
    return x, torch.randint(0, classes, (SIZE,), generator=dice), torch.randint(0, 2, (SIZE,), generator=dice)


def net(outputs: int = 3, seed: int = 0) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, outputs)).double()


def gradients_of(loss: Tensor, module: nn.Module) -> list[Tensor]:
    return list(torch.autograd.grad(loss, list(module.parameters())))


def left(module: nn.Module) -> list[Tensor]:
    return [p.grad for p in module.parameters() if p.grad is not None]


def still(module: nn.Module) -> torch.optim.Optimizer:
    """An optimiser that leaves weights alone, so gradients can be looked at."""
    return torch.optim.SGD(module.parameters(), lr=0.0)


def same(found: list[Tensor], wanted: list[Tensor]) -> None:
    torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-12)


def rate_gap(logits: Tensor, target: Tensor, groups: Tensor | None, weights: Tensor | None) -> Tensor:
    assert groups is not None
    chance = logits.softmax(1)[:, 1]
    return (chance[groups == 0].mean() - chance[groups == 1].mean()).square()


def test_with_no_parts_it_is_the_plain_loop_bit_for_bit() -> None:
    x, y, _ = drawn()
    ours, plain = net(), net()
    mine = torch.optim.AdamW(ours.parameters(), lr=0.01)
    other = torch.optim.AdamW(plain.parameters(), lr=0.01)
    step = Step(ours, mine, dice=torch.Generator().manual_seed(3))
    dice = torch.Generator().manual_seed(3)
    for _ in range(3):
        for places in step.draw(len(x), 20):
            step(x[places], y[places])
        for places in torch.split(torch.randperm(len(x), generator=dice), 20):
            other.zero_grad()
            torch.autograd.backward(nn.functional.cross_entropy(plain(x[places]), y[places]))
            other.step()
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), plain.parameters(), strict=True))


def test_weights_are_repeated_rows() -> None:
    x, y, _ = drawn()
    times = torch.randint(0, 4, (SIZE,), generator=torch.Generator().manual_seed(1))
    weighed, repeated = net(), net()
    one = Step(weighed, torch.optim.SGD(weighed.parameters(), lr=0.5))(x, y, weights=times.double())
    again = x.repeat_interleave(times, dim=0), y.repeat_interleave(times)
    other = Step(repeated, torch.optim.SGD(repeated.parameters(), lr=0.5))(*again)
    torch.testing.assert_close(one, other)
    same(list(weighed.parameters()), list(repeated.parameters()))


def test_class_weights_are_torchs_own_and_multiply_onto_row_weights() -> None:
    x, y, _ = drawn()
    module, by_class = net(), torch.tensor([0.5, 2.0, 1.0], dtype=torch.float64)
    Step(module, still(module), parts=[ClassWeights(by_class)])(x, y)
    same(left(module), gradients_of(nn.functional.cross_entropy(module(x), y, weight=by_class), module))

    rows = torch.rand(SIZE, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    Step(module, still(module), parts=[ClassWeights(by_class)])(x, y, weights=rows)
    each, both = nn.functional.cross_entropy(module(x), y, reduction="none"), rows * by_class[y]
    same(left(module), gradients_of((each * both).sum() / both.sum(), module))


def test_balanced_class_weights_are_scikit_learns() -> None:
    weighting = importlib.import_module("sklearn.utils.class_weight")
    y = torch.tensor([0] * 70 + [1] * 25 + [2] * 5)
    wanted = weighting.compute_class_weight("balanced", classes=np.arange(3), y=y.numpy())
    np.testing.assert_allclose(ClassWeights.balanced(y).weights.numpy(), wanted, rtol=1e-6)
    assert ClassWeights.balanced(torch.tensor([0.0, 1.0, 1.0])).weights.tolist() == [1.5, 0.75]
    assert ClassWeights.balanced(torch.tensor([0, 2, 2])).weights.tolist() == [1.5, 0.0, 0.75]


def test_reweighing_makes_group_and_class_independent() -> None:
    """Ten people, 5 men of whom 4 are hired, 5 women of whom 2 are; independent: 3 of each 5. So 2/1, 3/4, 2/3, 3/2."""
    groups = torch.tensor([0] * 5 + [1] * 5)
    target = torch.tensor([1, 1, 1, 1, 0, 1, 1, 0, 0, 0])
    part = GroupClassWeights.independent(groups, target)
    torch.testing.assert_close(part.weights, torch.tensor([[2.0, 0.75], [2 / 3, 1.5]]))
    weights = part.weigh(Batch(inputs=target, target=target, groups=groups))
    hired = [(weights * target)[groups == g].sum() / weights[groups == g].sum() for g in (0, 1)]
    torch.testing.assert_close(hired[0], hired[1])
    assert float(weights.sum()) == pytest.approx(10)


def test_a_balanced_sampler_draws_each_group_equally_often_and_rows_of_a_group_alike() -> None:
    """90 rows of one group, 10 of the other: 50,000 draws of each, so ±5 deviations are ±1.6 % and, a row, ±7 and 21 %."""
    codes = torch.tensor([0] * 90 + [1] * 10)
    sampler, dice = Weighted.balanced(codes), torch.Generator().manual_seed(0)
    places = torch.cat([torch.cat(list(sampler.draw(torch.arange(100), 32, dice))) for _ in range(1000)])
    counts = places.bincount(minlength=100).double()
    assert float(counts[90:].sum()) / len(places) == pytest.approx(0.5, abs=5 * 0.5 / len(places) ** 0.5)
    for group, rows in ((counts[:90], 90), (counts[90:], 10)):
        assert group.numpy() == pytest.approx(50_000 / rows, abs=5 * (50_000 / rows) ** 0.5)


def test_the_step_draws_with_its_sampler() -> None:
    chances = torch.zeros(SIZE)
    chances[[3, 7]] = 1.0
    module = net()
    step = Step(module, still(module), parts=[Weighted(chances)])
    drew = torch.cat(list(step.draw(SIZE, 16)))
    assert len(drew) == SIZE
    assert set(drew.tolist()) == {3, 7}
    assert set(torch.cat(list(step.draw(torch.arange(5, SIZE), 16))).tolist()) == {7}  # 3 is held back


@pytest.mark.parametrize(("rows", "size"), [(129, 128), (128, 128), (1, 128), (10, 3), (60, 20)])
def test_a_pass_takes_every_row_once_in_steps_of_nearly_one_size(rows: int, size: int) -> None:
    steps = Shuffled().draw(torch.arange(rows), size, torch.Generator().manual_seed(0))
    assert sorted(torch.cat(list(steps)).tolist()) == list(range(rows))
    lengths = {len(places) for places in steps}
    assert max(lengths) <= size
    assert max(lengths) - min(lengths) <= 1
    assert len(steps) == -(-rows // size) == len(even(torch.arange(rows), size))


def test_a_penalty_adds_its_gradient_by_finite_differences() -> None:
    x, y, g = drawn(classes=2)
    module = net(2)
    Step(module, still(module), parts=[LossPenalty(rate_gap, strength=3.0)])(x, y, groups=g)

    weight, far = module.get_parameter("0.weight"), 1e-6
    for place in [(0, 0), (1, 3), (3, 4)]:
        values = []
        for side in (far, -far):
            moved = copy.deepcopy(module)
            with torch.no_grad():
                moved.get_parameter("0.weight")[place] += side
                logits = moved(x)
                values.append(nn.functional.cross_entropy(logits, y) + 3.0 * rate_gap(logits, y, g, None))
        assert weight.grad is not None
        assert float(weight.grad[place]) == pytest.approx(float(values[0] - values[1]) / (2 * far), abs=1e-8)


def test_a_penalty_sees_weights_and_is_not_weighed_itself() -> None:
    x, y, g = drawn()
    seen: list[Tensor | None] = []

    def constant(logits: Tensor, target: Tensor, groups: Tensor | None, weights: Tensor | None) -> Tensor:
        seen.extend([groups, weights])
        return logits.sum() * 0 + 7

    module, weights = net(), torch.full((SIZE,), 3.0, dtype=torch.float64)
    parts = [LossPenalty(constant, strength=0.5)]
    loss = Step(module, still(module), parts=parts)(x, y, weights=weights, groups=g)
    assert seen[0] is g
    assert seen[1] is not None
    assert torch.equal(seen[1], weights)
    torch.testing.assert_close(loss, nn.functional.cross_entropy(module(x), y).detach() + 3.5)


def test_a_weight_penalty_is_weight_decay_under_plain_descent() -> None:
    x, y, _ = drawn()
    ours, plain = net(), net()
    mine = torch.optim.SGD(ours.parameters(), lr=0.1)
    other = torch.optim.SGD(plain.parameters(), lr=0.1, weight_decay=0.3)
    step, bare = Step(ours, mine, parts=[WeightPenalty(0.3)]), Step(plain, other)
    for _ in range(5):
        step(x, y)
        bare(x, y)
    same(list(ours.parameters()), list(plain.parameters()))


def test_a_gradient_processor_sees_the_exact_gradients_and_what_it_leaves_is_used() -> None:
    x, y, _ = drawn()
    module, seen = net(), {}

    def halve(gradients: Mapping[str, Tensor]) -> None:
        seen.update({name: tensor.clone() for name, tensor in gradients.items()})
        for tensor in gradients.values():
            tensor.mul_(0.5)

    before = [p.detach().clone() for p in module.parameters()]
    wanted = gradients_of(nn.functional.cross_entropy(module(x), y), module)
    Step(module, torch.optim.SGD(module.parameters(), lr=1.0), parts=[Process(halve)])(x, y)
    assert list(seen) == [name for name, _ in module.named_parameters()]
    same(list(seen.values()), wanted)
    same(list(module.parameters()), [p - 0.5 * g for p, g in zip(before, wanted, strict=True)])


@pytest.mark.parametrize("longest", [1e-3, 1e3])
def test_clipping_the_step_is_torchs(longest: float) -> None:
    x, y, _ = drawn()
    ours, plain = net(), net()
    Step(ours, still(ours), parts=[ClipNorm(longest)])(x, y)
    torch.autograd.backward(nn.functional.cross_entropy(plain(x), y))
    nn.utils.clip_grad_norm_(plain.parameters(), longest)
    torch.testing.assert_close(left(ours), left(plain), rtol=1e-3, atol=0)  # torch adds 1e-6 to the norm


@dataclass
class Clip:
    """Each row's gradient cut to length 1, then their mean: what private training will do, without its noise."""

    acts: ClassVar[Acts] = "example-gradient"

    def combine(self, gradients: Gradients, batch: Batch) -> Gradients:
        length = torch.stack([g.flatten(1).norm(dim=1) for g in gradients.values()]).norm(dim=0)
        shrink = (1.0 / length).clamp(max=1.0)
        return {name: torch.einsum("b,b...->...", shrink, g) / len(batch) for name, g in gradients.items()}


def clipped_slowly(module: nn.Module, x: Tensor, y: Tensor, weights: Tensor) -> list[Tensor]:
    total = [torch.zeros_like(p) for p in module.parameters()]
    for row in range(len(x)):
        loss = weights[row] * nn.functional.cross_entropy(module(x[row : row + 1]), y[row : row + 1])
        own = gradients_of(loss, module)
        length = float(sum(g.square().sum() for g in own) ** 0.5)
        total = [t + g * min(1.0, 1.0 / length) for t, g in zip(total, own, strict=True)]
    return [t / len(x) for t in total]


@pytest.mark.parametrize("named", [False, True])
def test_gradients_of_each_row_are_those_of_a_loop_over_rows(*, named: bool) -> None:
    class Named(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = net()

        def forward(self, numbers: Tensor) -> Any:
            return self.inner(numbers)

    x, y, _ = drawn()
    module: nn.Module = Named() if named else net()
    plain = copy.deepcopy(module.inner if isinstance(module, Named) else module)
    weights = torch.rand(SIZE, dtype=torch.float64, generator=torch.Generator().manual_seed(2)) * 3
    loss = Step(module, still(module), parts=[Clip()])({"numbers": x} if named else x, y, weights=weights)
    same(left(module), clipped_slowly(plain, x, y, weights))
    each = nn.functional.cross_entropy(plain(x), y, reduction="none")
    torch.testing.assert_close(loss, (each * weights).mean().detach())


@pytest.mark.parametrize("fused", [False, True])
def test_gradients_are_laid_out_as_the_optimiser_needs_them(*, fused: bool) -> None:
    """A fused optimiser runs through memory; a transposed gradient would be mixed up without a word."""

    class Turned(Clip):
        def combine(self, gradients: Gradients, batch: Batch) -> Gradients:
            return {name: g.mean(0).mT.contiguous().mT if g.ndim == 3 else g.mean(0) for name, g in gradients.items()}

    x, y, _ = drawn()
    ours, plain = net(), net()
    Step(ours, torch.optim.AdamW(ours.parameters(), lr=0.1, fused=fused), parts=[Turned()])(x, y)
    Step(plain, torch.optim.AdamW(plain.parameters(), lr=0.1))(x, y)
    torch.testing.assert_close(ours.state_dict(), plain.state_dict())


def test_frozen_layers_stay_and_are_not_offered_to_parts() -> None:
    x, y, _ = drawn()
    module = net()
    module.get_submodule("0").requires_grad_(False)
    frozen, seen = module.get_parameter("0.weight"), list[str]()
    before = frozen.clone()
    learned = [p for p in module.parameters() if p.requires_grad]
    parts: list[Part] = [Clip(), Process(seen.extend)]
    Step(module, torch.optim.SGD(learned, lr=1.0), parts=parts)(x, y)
    assert torch.equal(frozen, before)
    assert seen == ["2.weight", "2.bias"]


def test_a_transform_changes_rows_by_way_of_the_module_and_the_dice() -> None:
    x, y, _ = drawn()
    module = net()

    def uphill(batch: Batch, module: nn.Module, dice: torch.Generator) -> Batch:
        """The fast gradient sign method, after a random start."""
        assert isinstance(batch.inputs, Tensor)
        start = batch.inputs + 0.1 * torch.rand(batch.inputs.shape, generator=dice, dtype=torch.float64)
        start.requires_grad_()
        (slope,) = torch.autograd.grad(cross_entropy(module(start), batch.target).sum(), start)
        return replace(batch, inputs=(start + 0.3 * slope.sign()).detach())

    loss = Step(module, still(module), parts=[RowTransform(uphill)], dice=torch.Generator().manual_seed(4))(x, y)
    start = x + 0.1 * torch.rand(x.shape, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    start.requires_grad_()
    (slope,) = torch.autograd.grad(nn.functional.cross_entropy(module(start), y, reduction="sum"), start)
    wanted = nn.functional.cross_entropy(module(start + 0.3 * slope.sign()), y)
    torch.testing.assert_close(loss, wanted.detach())
    same(left(module), gradients_of(wanted, module))


def test_mixup_makes_soft_targets_after_rows_are_weighed_by_their_own_class() -> None:
    x, y, _ = drawn()
    module = net()

    def mixup(batch: Batch, module: nn.Module, dice: torch.Generator) -> Batch:
        assert isinstance(batch.inputs, Tensor)
        shares = nn.functional.one_hot(batch.target, 3).double()
        return replace(batch, inputs=(batch.inputs + batch.inputs.flip(0)) / 2, target=(shares + shares.flip(0)) / 2)

    by_class = torch.tensor([0.5, 2.0, 1.0], dtype=torch.float64)
    loss = Step(module, still(module), parts=[BatchTransform(mixup), ClassWeights(by_class)])(x, y)
    log = module((x + x.flip(0)) / 2).log_softmax(1)
    each = -(log.gather(1, y[:, None]) + log.gather(1, y.flip(0)[:, None]))[:, 0] / 2
    torch.testing.assert_close(loss, ((each * by_class[y]).sum() / by_class[y].sum()).detach())


def test_the_adversary_learns_and_the_model_pays_for_what_it_can_tell() -> None:
    x, y, g = drawn(classes=2)
    module, rival = net(2), nn.Linear(2, 2).double()
    part = Adversary(rival, strength=0.7, learning_rate=0.05)
    twin = copy.deepcopy(rival)
    step_of_twin = torch.optim.Adam(twin.parameters(), lr=0.05)
    Step(module, still(module), parts=[part])(x, y, groups=g)

    logits = module(x)
    torch.autograd.backward(nn.functional.cross_entropy(twin(logits.detach()), g))
    step_of_twin.step()
    same(list(rival.parameters()), list(twin.parameters()))
    paid = nn.functional.cross_entropy(logits, y) - 0.7 * nn.functional.cross_entropy(twin(logits), g)
    same(left(module), gradients_of(paid, module))


def test_against_an_adversary_the_group_is_harder_to_tell() -> None:
    """Group and class agree in 80 % of rows and the input holds both; the gap between groups' mean scores shrinks."""
    dice = torch.Generator().manual_seed(0)
    g = torch.randint(0, 2, (800,), generator=dice)
    y = torch.where(torch.rand(800, generator=dice) < 0.8, g, 1 - g)
    x = torch.stack([g + 0.3 * torch.randn(800, generator=dice), y + 0.8 * torch.randn(800, generator=dice)], 1)

    def gap(strength: float) -> float:
        with seeded(0):
            module, rival = nn.Linear(2, 1), nn.Linear(1, 2)
        parts = [Adversary(rival, strength=strength, learning_rate=0.05)]
        step = Step(module, torch.optim.Adam(module.parameters(), lr=0.02), parts=parts)
        for _ in range(20):
            for places in step.draw(800, 100):
                step(x[places], y[places].float(), groups=g[places])
        chance = module(x)[:, 0].detach().sigmoid()
        return float(chance[g == 1].mean() - chance[g == 0].mean())

    with seeded(0):  # one thread
        assert gap(0.0) > 0.35
        assert abs(gap(2.0)) < 0.15


def test_scores_and_decisions_are_edited_in_order() -> None:
    scores, g = torch.tensor([[0.2], [0.5], [0.9]]), torch.tensor([0, 1, 0])
    double, shift = Rescore(lambda s, _: s * 2), Rescore(lambda s, groups: s - 0.1)
    assert Step(nn.Identity(), parts=[double, shift]).scores(scores).flatten().tolist() == pytest.approx(
        [0.3, 0.9, 1.7]
    )
    assert Step(nn.Identity()).decide(scores).tolist() == [0, 1, 1]
    assert Step(nn.Identity()).decide(torch.tensor([[0.2, 0.7, 0.1]])).tolist() == [1]
    parts: list[Part] = [double, GroupThresholds(torch.tensor([0.4, 1.1]))]
    assert Step(nn.Identity(), parts=parts).decide(scores, g).tolist() == [1, 0, 1]


def test_one_logit_and_a_loss_of_ones_own() -> None:
    x, y, _ = drawn(classes=2)
    module = net(1)
    Step(module, still(module))(x, y.double())
    same(
        left(module), gradients_of(nn.functional.binary_cross_entropy_with_logits(module(x)[:, 0], y.double()), module)
    )
    weights = torch.rand(SIZE, dtype=torch.float64)
    Step(module, still(module))(x, y.double(), weights=weights)
    wanted = nn.functional.binary_cross_entropy_with_logits(
        module(x)[:, 0], y.double(), weight=weights, reduction="sum"
    )
    same(left(module), gradients_of(wanted / weights.sum(), module))

    losses = lambda output, target: (output[:, 0] - target).abs()  # noqa: E731 - as short as a user's
    Step(module, still(module), losses=losses)(x, y.double())
    same(left(module), gradients_of((module(x)[:, 0] - y).abs().mean(), module))


@pytest.mark.parametrize(
    ("parts", "names"),
    [
        ([LossPenalty(rate_gap), Clip()], "'LossPenalty' and 'Clip'"),
        ([Clip(), Weighted(torch.ones(3))], "'Clip' and 'Weighted'"),
        ([Adversary(nn.Linear(1, 2), strength=1.0), Clip()], "'Adversary' and 'Clip'"),
        ([Clip(), Clip()], "'Clip' and 'Clip'"),
        ([Shuffled(), Weighted(torch.ones(3))], "'Shuffled' and 'Weighted'"),
    ],
)
def test_parts_that_cannot_be_combined_honestly_are_refused_by_name(parts: list[Any], names: str) -> None:
    with pytest.raises(ConflictError, match=f"{names} do not go together: .+; leave one out"):
        Step(nn.Linear(2, 2), parts=parts)


def test_batch_normalisation_has_no_gradient_of_each_row() -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    with pytest.raises(ConflictError, match="'Clip' and 'BatchNorm1d' do not go together: the layer ties the rows"):
        Step(module, parts=[Clip()])


def test_slips_in_code_are_named() -> None:
    module, x, y = nn.Linear(2, 2), torch.zeros(3, 2), torch.zeros(3, dtype=torch.int64)
    with pytest.raises(TypeError, match="dict has none of the methods of a part"):
        Step(module, parts=[{}])  # type: ignore[list-item]  # wrong on purpose
    with pytest.raises(ValueError, match="GroupClassWeights needs groups"):
        Step(module, still(module), parts=[GroupClassWeights(torch.ones(2, 2))])(x, y)
    with pytest.raises(ValueError, match="Adversary needs groups"):
        Step(module, still(module), parts=[Adversary(nn.Linear(2, 2), strength=1.0)])(x, y)
    with pytest.raises(ValueError, match="GroupThresholds needs groups"):
        Step(module, parts=[GroupThresholds(torch.ones(2))]).decide(torch.zeros(1, 1))
    with pytest.raises(ValueError, match="a step without an optimiser"):
        Step(module)(x, y)
