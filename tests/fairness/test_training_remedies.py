"""MinDiff, group DRO and constraints against slow rewrites of their papers and against SciPy."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from torch import Tensor, nn

from fairwitness.core import registry
from fairwitness.fairness.constraint import Constraint
from fairwitness.fairness.group_robust import GroupRobust
from fairwitness.fairness.min_diff import MinDiff
from fairwitness.torchkit.parts.base import Batch
from fairwitness.torchkit.step import Step
from fairwitness.torchkit.training import seeded

GROUPS = 3


def drawn(rows: int = 40, seed: int = 0, outputs: int = 1) -> Batch:
    dice = torch.Generator().manual_seed(seed)
    logits = torch.randn(rows, outputs, generator=dice, dtype=torch.float64)
    target = torch.randint(0, 2, (rows,), generator=dice).double()
    return Batch(inputs=logits, target=target, groups=torch.randint(0, GROUPS, (rows,), generator=dice))


def plenty(strata: int = 1) -> Tensor:
    return torch.full((GROUPS, strata), 1000)


# --- MinDiff


def discrepancy(ours: Tensor, theirs: Tensor, bandwidth: float) -> Tensor:
    """Gretton and others 2012, equation 5, by a double loop."""

    def mean(one: Tensor, other: Tensor) -> Tensor:
        terms = [(-(a - b).square().sum() / (2 * bandwidth**2)).exp() for a in one for b in other]
        return torch.stack(terms).mean()

    return mean(ours, ours) + mean(theirs, theirs) - 2 * mean(ours, theirs)


def apart(logits: Tensor, batch: Batch, strata: list[Tensor], bandwidth: float) -> Tensor:
    assert batch.groups is not None
    by_stratum = []
    for rows in strata:
        held = [logits[rows & (batch.groups == g)] for g in range(GROUPS)]
        pairs = [(a, b) for a, b in itertools.combinations(held, 2) if len(a) and len(b)]
        by_stratum.append(torch.stack([discrepancy(a, b, bandwidth) for a, b in pairs]).mean())
    return torch.stack(by_stratum).mean()


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("among", ["all", "one", "each"])
def test_the_discrepancy_is_that_of_a_double_loop(among: str, outputs: int) -> None:
    batch = drawn(outputs=outputs)
    logits = torch.as_tensor(batch.inputs).requires_grad_()
    strata = {"all": [batch.target >= 0], "one": [batch.target == 0], "each": [batch.target == 0, batch.target == 1]}
    part = MinDiff(
        plenty(2 if among == "each" else 1),
        strength=2.0,
        bandwidth=0.7,
        by_class=among == "each",
        among=0 if among == "one" else None,
    )
    found, wanted = part.penalty(logits, batch, nn.Identity()), 2.0 * apart(logits, batch, strata[among], 0.7)
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(torch.autograd.grad(found, logits), torch.autograd.grad(wanted, logits))


def test_remembered_rows_are_points_to_compare_with() -> None:
    first, second = drawn(20, 1), drawn(20, 2)
    part = MinDiff(plenty(), strength=1.0, remembers=20)
    before, after = torch.as_tensor(first.inputs), torch.as_tensor(second.inputs).requires_grad_()
    part.penalty(before, first, nn.Identity())
    assert first.groups is not None
    assert second.groups is not None
    both = Batch(
        inputs=torch.cat([after, before]),
        target=torch.cat([second.target, first.target]),
        groups=torch.cat([second.groups, first.groups]),
    )
    found = part.penalty(after, second, nn.Identity())
    everything = torch.as_tensor(both.inputs)
    torch.testing.assert_close(found, apart(everything, both, [both.target >= 0], 1.0))
    state = dict(part.state())
    assert state["logits"].shape == (20, 1)
    torch.testing.assert_close(state["logits"], after.detach())  # the latest


def test_batches_of_one_group_have_nothing_to_compare() -> None:
    batch = Batch(inputs=torch.zeros(4, 1), target=torch.zeros(4), groups=torch.zeros(4, dtype=torch.int64))
    logits = torch.randn(4, 1, requires_grad=True)
    assert float(MinDiff(plenty(), strength=1.0).penalty(logits, batch, nn.Identity()).detach()) == 0.0


# --- group DRO


def test_group_weights_and_steps_are_sagawas() -> None:
    """Algorithm 1, slowly: every group in each batch, plain gradient descent."""
    rate, adjustment, step_size = 0.3, 2.0, 0.1
    dice = torch.Generator().manual_seed(0)
    x = torch.randn(10, 30, 4, generator=dice, dtype=torch.float64)
    y = (torch.rand(10, 30, generator=dice) < 0.5).double()
    g = torch.arange(30) % GROUPS
    torch.manual_seed(0)
    net = nn.Linear(4, 1).double()
    slow = [parameter.detach().clone().requires_grad_() for parameter in net.parameters()]
    counts = torch.tensor([[100], [400], [900]])
    part = GroupRobust(counts, rate=rate, adjustment=adjustment, memory=0.0)
    step = Step(net, torch.optim.SGD(net.parameters(), lr=step_size), parts=[part])
    q = [1 / GROUPS] * GROUPS
    for rows, truth in zip(x, y, strict=True):
        step(rows, truth, groups=g)
        logits = (rows @ slow[0].T + slow[1])[:, 0]
        losses = nn.functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
        means = [losses[g == k].mean() for k in range(GROUPS)]
        q = [
            w * math.exp(rate * (float(m.detach()) + adjustment / math.sqrt(int(n))))
            for w, m, n in zip(q, means, counts, strict=True)
        ]
        q = [w / sum(q) for w in q]
        loss = sum((w * m for w, m in zip(q, means, strict=True)), torch.zeros(()).double())
        with torch.no_grad():
            for parameter, slope in zip(slow, torch.autograd.grad(loss, slow), strict=True):
                parameter.sub_(step_size * slope)
    assert part.weights[:-1] == pytest.approx(q)
    torch.testing.assert_close([p.detach() for p in net.parameters()], [p.detach() for p in slow])


def test_what_is_watched_is_the_worst_cell() -> None:
    batch = drawn()
    assert batch.groups is not None
    logits = torch.as_tensor(batch.inputs)
    losses = nn.functional.binary_cross_entropy_with_logits(logits[:, 0], batch.target, reduction="none")
    cells = [losses[(batch.groups == g) & (batch.target == k)].mean() for g in range(GROUPS) for k in (0, 1)]
    part = GroupRobust(plenty(2), rate=0.1)
    with torch.no_grad():
        added = part.penalty(logits, batch, nn.Identity())
    torch.testing.assert_close(losses.mean() + added, torch.stack(cells).max())


def test_with_weights_the_mean_they_give_is_replaced() -> None:
    batch = drawn()
    weighed = Batch(inputs=batch.inputs, target=batch.target, groups=batch.groups, weights=torch.rand(40).double())
    assert weighed.weights is not None
    assert weighed.groups is not None
    logits = torch.as_tensor(batch.inputs).requires_grad_()
    step = Step(nn.Identity(), parts=[GroupRobust(plenty(), rate=0.0, memory=0.0)])
    losses = nn.functional.binary_cross_entropy_with_logits(logits[:, 0], batch.target, reduction="none")
    own = [weighed.groups == g for g in range(GROUPS)]
    wanted = torch.stack([(losses * weighed.weights)[k].sum() / weighed.weights[k].sum() for k in own]).mean()
    found = step.objective(logits, weighed)
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(torch.autograd.grad(found, logits), torch.autograd.grad(wanted, logits))


# --- constraints


def planted(rows: int = 400) -> tuple[Tensor, Tensor, Tensor]:
    dice = torch.Generator().manual_seed(3)
    g = torch.randint(0, 2, (rows,), generator=dice)
    x = torch.randn(rows, 2, generator=dice, dtype=torch.float64)
    x[:, 1] += 1.5 * g
    y = (torch.rand(rows, generator=dice) < (x[:, 0] + x[:, 1] - 0.5).sigmoid()).double()
    return x, y, g


class Soft(Constraint):
    """On mean scores in place of rates of decisions: smooth, so another optimiser can solve it too."""

    def numbers(self, chances: Any, _: Tensor) -> Any:
        return chances


def test_a_bound_is_kept_at_the_loss_that_slsqp_finds() -> None:
    """Logistic regression, mean scores of two groups at most 0.05 apart, all rows in each step."""
    x, y, g = planted()
    design = np.c_[x.numpy(), np.ones(len(x))]

    def scores(w: Any) -> Any:
        return 1 / (1 + np.exp(-design @ w))

    def loss(w: Any) -> float:
        return float(np.mean(np.logaddexp(0, design @ w) - y.numpy() * (design @ w)))

    def gap(w: Any) -> float:
        return float(scores(w)[g.numpy() == 1].mean() - scores(w)[g.numpy() == 0].mean())

    bounds = [{"type": "ineq", "fun": lambda w: 0.05 - gap(w)}, {"type": "ineq", "fun": lambda w: 0.05 + gap(w)}]
    wanted = minimize(loss, np.zeros(3), method="SLSQP", constraints=bounds, options={"ftol": 1e-12})
    free = minimize(loss, np.zeros(3))
    assert gap(free.x) > 0.2

    net = nn.Linear(2, 1).double()
    part = Soft(torch.full((2, 1), 99), tolerance=0.05, rate=0.3, highest=20.0, memory=0.0)
    step = Step(net, torch.optim.SGD(net.parameters(), lr=0.5), parts=[part])
    with seeded(0):  # one thread
        for _ in range(1200):
            step(x, y, groups=g)
    found = np.array([*net.weight[0].tolist(), net.bias.item()])
    assert gap(found) == pytest.approx(0.05, abs=1e-3)
    assert loss(found) == pytest.approx(wanted.fun, abs=1e-4)
    assert found == pytest.approx(wanted.x, abs=0.02)


def test_multipliers_rise_by_what_is_beyond_the_bounds() -> None:
    """Rates of decisions 1 and 0, mean 1/2: each 1/2 off it, 0.4 beyond a bound of 0.1; the multiplier is 0.5 × 0.4."""
    logits = torch.tensor([[2.0], [-3.0]], dtype=torch.float64, requires_grad=True)
    batch = Batch(inputs=logits, target=torch.zeros(2), groups=torch.tensor([0, 1]))
    part = Constraint(torch.full((2, 1), 99), tolerance=0.2, rate=0.5, highest=9.0, memory=0.0)
    found = part.penalty(logits, batch, nn.Identity())
    assert part.multipliers[:, 0, :2].tolist() == [[pytest.approx(0.2), 0.0], [0.0, pytest.approx(0.2)]]
    assert float(found.detach()) == pytest.approx(2 * 0.2 * 0.4)
    (slope,) = torch.autograd.grad(found, logits)
    chance = logits.detach().sigmoid()
    assert slope[:, 0].tolist() == pytest.approx((chance * (1 - chance) * torch.tensor([[0.2], [-0.2]]))[:, 0].tolist())
    with torch.no_grad():  # watched: the most the Lagrangian can get
        assert float(part.penalty(logits, batch, nn.Identity())) == pytest.approx(9.0 * 2 * 0.4)


def test_within_the_bounds_multipliers_stay_at_zero() -> None:
    batch = drawn()
    part = Constraint(plenty(), tolerance=0.99, rate=1.0, highest=9.0)
    assert float(part.penalty(torch.as_tensor(batch.inputs), batch, nn.Identity())) == 0.0
    assert not part.multipliers.any()


# --- all of them


IDS = [f"fairness.{name}-penalty" for name in ("parity", "opportunity", "odds", "calibration")]
IDS += ["fairness.constrain", "fairness.group-robust", "fairness.min-diff", "fairness.adversary"]


@pytest.mark.parametrize("name", IDS)
def test_every_part_goes_on_from_its_state(name: str) -> None:
    remedy = registry.remedy(name, source="test")
    x, y, g = planted()

    def run(stop: int | None) -> list[Tensor]:
        torch.manual_seed(0)
        net = nn.Linear(2, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        make = remedy.part(remedy.Options())  # type: ignore[attr-defined]  # acts in training
        part = make(y.float(), g)
        for number, places in enumerate(torch.split(torch.arange(400), 40)):
            if number == stop:
                kept = {name: tensor.clone() for name, tensor in part.state()}
                part = make(y.float(), g)
                part.restore(kept)
            Step(net, optimizer, parts=[part])(x[places].float(), y[places].float(), groups=g[places])
        return [parameter.detach() for parameter in net.parameters()]

    torch.testing.assert_close(run(None), run(4), rtol=0, atol=0)


@pytest.mark.parametrize("name", IDS)
def test_wrong_options_are_one_line(name: str) -> None:
    options = registry.remedy(name, source="test").Options
    numeric = {"fewest": 0, "hidden": 0}
    (wrong, value) = next((key, value) for key, value in numeric.items() if hasattr(options(), key))
    with pytest.raises(ValueError, match=f"{wrong} is 0; it must be a whole number of at least 1"):
        options(**{wrong: value})
