"""Integrated gradients against closed forms, completeness, and captum."""

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn

from fairwitness.explain.gradients import ahead, integrated_gradients


def drawn(*shape: int, seed: int = 0) -> Tensor:
    made: Tensor = torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
    return made


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 3)).eval()


def test_of_a_linear_function_each_number_has_its_own_term() -> None:
    x, weights = drawn(5, 4), drawn(4, seed=1)
    baseline = drawn(4, seed=2)

    made = integrated_gradients(lambda z, _: z @ weights + 2, x, baseline)

    torch.testing.assert_close(made.values, ((x - baseline) * weights).double(), atol=1e-6, rtol=0)
    assert made.complete.all()
    assert (made.steps == 20).all()


def test_of_a_product_the_way_is_integrated() -> None:
    """Of x0 x1, x0 has d0 (b1 + d1 / 2) for a way from b to b + d."""
    x, b = drawn(6, 2), torch.tensor([0.5, -1.0])
    d = x - b

    made = integrated_gradients(lambda z, _: z[:, 0] * z[:, 1], x, b)

    want = torch.stack([d[:, 0] * (b[1] + d[:, 1] / 2), d[:, 1] * (b[0] + d[:, 0] / 2)], dim=1)
    torch.testing.assert_close(made.values, want.double(), atol=1e-6, rtol=0)


def test_steps_are_doubled_until_it_adds_up() -> None:
    """A kink every tenth: twenty steps do not see them all."""
    x = 3 * drawn(4, 3)

    def rippled(z: Tensor, _: Tensor) -> Tensor:
        made: Tensor = (z + torch.sin(40 * z)).abs().sum(dim=1)
        return made

    made = integrated_gradients(rippled, x, torch.zeros(3))

    change = rippled(x, x) - rippled(torch.zeros(4, 3), x)
    torch.testing.assert_close(made.values.sum(dim=1) - made.gap, change.double(), atol=1e-5, rtol=0)
    assert made.steps.max() > 20
    assert (made.gap[made.complete].abs() <= 0.005 * made.values.abs().sum(dim=1)[made.complete]).all()


def test_what_does_not_add_up_is_said() -> None:
    """A jump has no gradient."""
    made = integrated_gradients(lambda z, _: (z[:, 0] > 0.3).float() + 0 * z[:, 0], torch.ones(2, 1), torch.zeros(1))

    assert not made.complete.any()
    torch.testing.assert_close(made.gap, -torch.ones(2, dtype=torch.float64))
    assert (made.steps == 640).all()


def test_pieces_do_not_matter() -> None:
    net, x, target = network(), drawn(7, 8), torch.arange(7) % 3

    def follow(z: Tensor, at: Tensor) -> Tensor:
        return ahead(net(z), target[at])

    whole = integrated_gradients(follow, x, torch.zeros(8), at_once=10_000)
    pieces = integrated_gradients(follow, x, torch.zeros(8), at_once=3)
    torch.testing.assert_close(whole.values, pieces.values, atol=1e-6, rtol=0)


def test_agrees_with_captum() -> None:
    captum = pytest.importorskip("captum.attr")
    net, x, target = network(), drawn(6, 8), torch.arange(6) % 3

    made = integrated_gradients(
        lambda z, at: net(z).gather(1, target[at][:, None])[:, 0], x, torch.zeros(8), steps=50, most=50
    )

    theirs = captum.IntegratedGradients(net).attribute(x, torch.zeros(6, 8), target=target, n_steps=50)
    torch.testing.assert_close(made.values.float(), theirs, atol=1e-5, rtol=0)


def test_a_class_is_ahead_of_the_mean_of_the_others() -> None:
    logits = torch.tensor([[3.0, 0.0, 1.0], [0.0, 4.0, 2.0]])
    assert ahead(logits, torch.tensor([0, 2])).tolist() == [2.5, 0.0]
    torch.testing.assert_close(ahead(logits + 7, torch.tensor([0, 2])), ahead(logits, torch.tensor([0, 2])))


def test_no_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="0 steps"):
        integrated_gradients(lambda z, _: z[:, 0], torch.ones(1, 1), torch.zeros(1), steps=0)
