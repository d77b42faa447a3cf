import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from fairwitness.torchkit.parts.penalties import LossPenalty
from fairwitness.torchkit.parts.samplers import Weighted
from fairwitness.torchkit.parts.weights import ClassWeights
from fairwitness.torchkit.training import Schedule, Trained, deterministic, seeded, train

ROWS = 100


class Net(nn.Module):
    def __init__(self, outputs: int = 1) -> None:
        super().__init__()
        self.body = nn.Linear(3, outputs)

    def forward(self, numbers: Tensor) -> Tensor:
        logits: Tensor = self.body(numbers)
        return logits


def schedule(**settings: object) -> Schedule:
    base = {"epochs": 3, "batch": 16, "learning_rate": 0.05, "weight_decay": 0.01, "patience": 5}
    return Schedule(**{**base, **settings})  # type: ignore[arg-type]  # mixed settings


def drawn() -> tuple[dict[str, Tensor], Tensor]:
    dice = torch.Generator().manual_seed(0)
    x = torch.randn(ROWS, 3, generator=dice)
    return {"numbers": x}, (x[:, 0] + torch.randn(ROWS, generator=dice) > 0).float()


def trained(seed: int = 0, **settings: object) -> tuple[Net, Trained]:
    inputs, target = drawn()
    held = np.arange(ROWS) < 20
    given = {"held": held, "schedule": schedule(), **settings}
    with seeded(seed) as dice:
        net = Net()
        return net, train(net, inputs, target, dice=dice, **given)  # type: ignore[arg-type]  # mixed settings


def test_it_is_a_hand_written_loop_with_early_stopping() -> None:
    """80 rows in steps of 16; the rows held back only choose the pass."""
    inputs, target = drawn()
    ours, how = trained(schedule=schedule(epochs=30, patience=3))
    with seeded(0) as dice:
        net = Net()
        optimizer = torch.optim.AdamW(net.parameters(), lr=0.05, weight_decay=0.01)
        best, kept, last = (math.inf, 0), net.body.weight, 0
        for epoch in range(1, 31):
            last = epoch
            for places in torch.split(20 + torch.randperm(80, generator=dice), 16):
                optimizer.zero_grad()
                logits = net(inputs["numbers"][places])[:, 0]
                torch.autograd.backward(nn.functional.binary_cross_entropy_with_logits(logits, target[places]))
                optimizer.step()
            with torch.no_grad():
                logits = net(inputs["numbers"][:20])[:, 0]
                loss = float(nn.functional.binary_cross_entropy_with_logits(logits, target[:20]))
            if loss < best[0]:
                best, kept = (loss, epoch), net.body.weight.detach().clone()
            elif epoch - best[1] >= 3:
                break
    assert (how.epochs, how.best) == (last, best[1])
    assert how.loss == pytest.approx(best[0], rel=1e-5)
    torch.testing.assert_close(ours.body.weight.detach(), kept)
    assert not ours.training


def test_the_rate_warms_up_in_equal_parts_and_falls_along_half_a_cosine() -> None:
    plan = schedule(learning_rate=0.4, descent="cosine", warm_up=0.2)
    rates = [plan.rate(step, 20) for step in range(20)]
    assert rates[:4] == pytest.approx([0.1, 0.2, 0.3, 0.4])
    wanted = [0.2 * (1 + math.cos(math.pi * step / 16)) for step in range(16)]
    assert rates[4:] == pytest.approx(wanted)
    assert schedule().rate(7, 20) == 0.05


def test_the_cosine_is_torchs() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    torchs = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=12)
    plan = schedule(learning_rate=0.3, descent="cosine")
    for step in range(12):
        assert plan.rate(step, 12) == pytest.approx(optimizer.param_groups[0]["lr"])
        optimizer.step()
        torchs.step()


def test_a_schedule_reaches_the_optimiser() -> None:
    """One step at half the rate of a warm-up over two steps; AdamW's first step has the length of its rate."""
    with seeded(0):
        start = Net().body.weight.detach()
    moved = []
    for plan in (schedule(epochs=1, batch=80), schedule(epochs=2, batch=80, warm_up=0.99)):
        net, _ = trained(schedule=plan)
        moved.append((net.body.weight.detach() - start).abs().mean())
    assert float(moved[0]) == pytest.approx(0.05, rel=0.05)
    assert float(moved[1]) == pytest.approx(0.05 * (1 / 1.98 + 1.0), rel=0.1)


def test_parts_weights_and_groups_reach_the_step() -> None:
    seen: list[tuple[int, ...]] = []

    def look(logits: Tensor, target: Tensor, groups: Tensor | None, weights: Tensor | None) -> Tensor:
        assert groups is not None
        assert weights is not None
        assert torch.equal(weights, groups.float() + 1)
        seen.append((len(target), *sorted(set(groups.tolist()))))
        return logits.sum() * 0

    groups = torch.arange(ROWS) % 2
    trained(parts=[LossPenalty(look)], weights=groups.float() + 1, groups=groups, schedule=schedule(epochs=1))
    assert seen == [(16, 0, 1)] * 5 + [(20, 0, 1)]  # five steps, then the rows held back


def test_weights_move_the_watched_loss_too() -> None:
    inputs, target = drawn()
    net, how = trained(parts=[ClassWeights(torch.tensor([3.0, 1.0]))])
    with torch.no_grad():
        each = nn.functional.binary_cross_entropy_with_logits(net(**inputs)[:20, 0], target[:20], reduction="none")
    weights = torch.where(target[:20] == 0, 3.0, 1.0)
    assert how.loss == pytest.approx(float((each * weights).sum() / weights.sum()), rel=1e-5)


def test_a_sampler_never_draws_a_row_that_is_held_back() -> None:
    chances, seen = torch.ones(ROWS), set[float]()
    inputs, target = drawn()
    marks = {float(value) for value in inputs["numbers"][:20, 0]}

    def look(output: Tensor, target: Tensor) -> Tensor:
        return nn.functional.binary_cross_entropy_with_logits(output[:, 0], target, reduction="none")

    class Spy(Net):
        def forward(self, numbers: Tensor) -> Tensor:
            if self.training:
                seen.update(numbers[:, 0].tolist())
            return super().forward(numbers)

    held = np.arange(ROWS) < 20
    dice = torch.Generator().manual_seed(0)
    train(Spy(), inputs, target, held=held, schedule=schedule(), dice=dice, parts=[Weighted(chances)], losses=look)
    assert len(seen) > 60
    assert not seen & marks


def test_deterministic_mode_is_put_back() -> None:
    assert not torch.are_deterministic_algorithms_enabled()
    with deterministic():
        assert torch.are_deterministic_algorithms_enabled()
    assert not torch.are_deterministic_algorithms_enabled()
    with deterministic(on=False):
        assert not torch.are_deterministic_algorithms_enabled()


def test_threads_are_one_unless_left_alone() -> None:
    before = torch.get_num_threads()
    with seeded(0):
        assert torch.get_num_threads() == 1
    with seeded(0, threads=None):
        assert torch.get_num_threads() == before
    assert torch.get_num_threads() == before


def test_the_device_is_where_it_trains_and_stays() -> None:
    """`meta` holds no numbers, so the loss cannot be read; but every tensor of the step has been sent there."""
    inputs, target = drawn()
    net = Net()
    with pytest.raises(Exception, match="meta"):
        train(
            net, inputs, target, held=np.zeros(ROWS, bool), schedule=schedule(), dice=torch.Generator(), device="meta"
        )
    assert net.body.weight.device.type == "meta"
