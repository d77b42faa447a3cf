"""Attacks by gradients against closed forms of a linear model, and against every point of a grid."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

from torch import Tensor, nn

from fairwitness.robustness.attacks import losses
from fairwitness.robustness.attacks.box import Box, Broken
from fairwitness.robustness.attacks.gradient import apgd, apgd_targeted, gradients, pgd

Attack = Callable[[Box, Broken], object]
ATTACKS: dict[str, Attack] = {
    "pgd": partial(pgd, steps=10),
    "apgd": partial(apgd, steps=10),
    "apgd towards each class": partial(apgd_targeted, steps=10, targets=9),
}


def boxed(
    net: nn.Module, x: Tensor, radius: Tensor, *, step: float = 0.0, ends: tuple[float, float] | None = None
) -> Box:
    low, high = x - radius, x + radius
    if ends:
        low, high = low.clamp(min=ends[0]), high.clamp(max=ends[1])
    recorded = net(x).argmax(dim=1).detach()
    steps = torch.full(x.shape[1:], step, dtype=x.dtype)
    return Box(logits=lambda p, at: net(p), x=x, low=low, high=high, step=steps, recorded=recorded)


def linear(classes: int, seed: int = 0) -> tuple[nn.Linear, Tensor, Tensor]:
    """A linear model, rows, and the exact L-infinity distance of each to the nearest other class."""
    torch.manual_seed(seed)
    net = nn.Linear(12, classes, dtype=torch.float64)
    x = torch.rand(200, 12, dtype=torch.float64)
    with torch.no_grad():
        z = net(x)
        y = z.argmax(dim=1)
        gap = z.gather(1, y[:, None]) - z  # (n, k)
        norm = (net.weight[y][:, None] - net.weight[None]).abs().sum(dim=2)
        exact = (gap / norm).scatter(1, y[:, None], torch.inf).amin(dim=1)
    return net, x, exact


@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("name", ATTACKS)
def test_a_linear_model_breaks_just_beyond_its_distance_and_never_before(name: str, classes: int) -> None:
    """The nearest other class lies (z_y - z_j) / ||w_y - w_j||_1 away."""
    net, x, exact = linear(classes)
    for times, share in ((0.999, 0.0), (1.001, 1.0)):
        box = boxed(net, x, times * exact[:, None])
        broken = Broken.none(box)
        ATTACKS[name](box, broken)
        if name == "apgd towards each class" or classes == 2 or share == 0:
            assert broken.mask.double().mean() == share
        else:  # one climb goes to the likeliest class, which may not be the nearest
            assert broken.mask.double().mean() > 0.7


def test_a_linear_model_in_a_box_breaks_where_the_worst_corner_does() -> None:
    """Within [0, 1] the worst point of a box is a corner: each number to the end its weight points to."""
    net, x, _ = linear(2)
    for radius in (0.05, 0.1, 0.3):
        box = boxed(net, x, torch.full_like(x, radius), ends=(0.0, 1.0))
        with torch.no_grad():
            slope = (net.weight[1] - net.weight[0]) * (1 - 2 * box.recorded[:, None])
            corner = torch.where(slope > 0, box.high, box.low)
            wanted = net(corner).argmax(dim=1) != box.recorded
        broken = Broken.none(box)
        apgd(box, broken, steps=20)
        assert (broken.mask == wanted).all()


@pytest.mark.parametrize("name", ATTACKS)
def test_what_is_broken_lies_in_its_box_on_whole_steps_and_is_decided_otherwise(name: str) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3)).double()
    x = torch.randint(0, 17, (150, 6)).double() / 4
    box = boxed(net, x, torch.full_like(x, 0.75), step=0.25, ends=(0.0, 4.0))
    broken = Broken.none(box)
    ATTACKS[name](box, broken)
    assert broken.mask.any()
    assert not broken.mask.all()
    went = broken.points
    assert (went >= box.low).all()
    assert (went <= box.high).all()
    assert torch.equal((went * 4).round(), went * 4)
    assert torch.equal(net(went).argmax(dim=1) != box.recorded, broken.mask)
    assert torch.equal(went[~broken.mask], x[~broken.mask])


def test_a_small_net_in_two_dimensions_against_every_point_of_a_fine_grid() -> None:
    """201 x 201 points of each box; attacks find whatever the grid finds, and never a break where there is none."""
    torch.manual_seed(3)
    first = nn.Linear(2, 24)
    net = nn.Sequential(first, nn.Tanh(), nn.Linear(24, 3)).double()
    with torch.no_grad():
        first.weight.mul_(4)
    x = torch.randn(60, 2, dtype=torch.float64)
    box = boxed(net, x, torch.full_like(x, 0.15))
    line = torch.linspace(-0.15, 0.15, 201, dtype=torch.float64)
    grid = torch.cartesian_prod(line, line)
    with torch.no_grad():
        exact = torch.stack(
            [(net(row + grid).argmax(dim=1) != y).any() for row, y in zip(x, box.recorded, strict=True)]
        )
    broken = Broken.none(box)
    dice = torch.Generator().manual_seed(0)
    apgd(box, broken, steps=20)
    apgd_targeted(box, broken, steps=40, targets=2, dice=dice)
    assert 0.1 < exact.double().mean() < 0.9
    assert torch.equal(broken.mask, exact)


def test_missing_numbers_stay_missing() -> None:
    class Fills(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            filled = torch.where(x.isnan(), 0.0, x)
            made: Tensor = torch.stack([filled.sum(dim=1), torch.zeros(len(x), dtype=x.dtype)], dim=1)
            return made

    x = torch.tensor([[0.2, torch.nan], [0.2, 0.1]], dtype=torch.float64)
    box = boxed(Fills(), x, torch.full_like(x, 0.25))
    broken = Broken.none(box)
    apgd(box, broken, steps=5)
    assert broken.mask.tolist() == [True, True]
    assert broken.points[0, 1].isnan()
    assert broken.points[0, 0] < 0


def test_broken_rows_leave_the_work() -> None:
    """Every row breaks in the first step, so only the first look and that step are paid for."""
    net, x, exact = linear(2)
    box = boxed(net, x, 3 * exact[:, None])
    broken = Broken.none(box)
    apgd(box, broken, steps=50)
    assert broken.mask.all()
    assert broken.passes == 2 * len(x)
    apgd(box, broken, steps=50)
    assert broken.passes == 2 * len(x)


def test_the_deployed_model_has_the_last_word() -> None:
    net, x, exact = linear(2)
    told = []

    def never(points: Tensor, at: Tensor) -> NDArray[np.bool_]:
        told.append(len(points))
        return np.zeros(len(points), dtype=bool)

    box = boxed(net, x, 3 * exact[:, None])
    box = Box(logits=box.logits, x=x, low=box.low, high=box.high, step=box.step, recorded=box.recorded, turned=never)
    broken = Broken.none(box)
    pgd(box, broken, steps=3)
    assert not broken.mask.any()
    assert sum(told) > 0


def test_losses_by_hand() -> None:
    """Logits 4, 1, 3, 2 and class 0: the margin is 3 - 4; towards class 3 it is (2 - 4) / (4 - (2 + 1) / 2)."""
    logits, recorded, target = torch.tensor([[4.0, 1.0, 3.0, 2.0]]), torch.tensor([0]), torch.tensor([3])
    assert losses.margin(logits, recorded, target).item() == -1
    assert losses.towards(logits, recorded, target).item() == -2
    assert losses.ratio_towards(logits, recorded, target).item() == pytest.approx(-2 / (4 - 1.5))


def test_a_way_back_that_is_cut_is_a_slope_of_nothing() -> None:
    x = torch.rand(5, 3)
    box = boxed(nn.Identity(), x, torch.full_like(x, 0.1))
    cut = Box(logits=lambda p, at: p.detach(), x=x, low=box.low, high=box.high, step=box.step, recorded=box.recorded)
    assert not gradients(cut, torch.arange(5)).any()
