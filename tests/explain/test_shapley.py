"""Shapley values against closed forms, Shapley's definition, enumeration, and how often their errors hold."""

import numpy as np
import pytest

from fairwitness.explain.shapley import Floats, Shapley, shapley_values
from support.games import ArrayGame, Function, blocks_of_six, by_orders

SAMPLED = 0  # players up to whom coalitions are enumerated


def explained(
    function: Function, rows: Floats, others: Floats, *, seed: int = 0, exact_up_to: int = 10, tolerance: float = 0.005
) -> Shapley:
    game = ArrayGame(function=function, others=others)
    rng = np.random.default_rng(seed)
    return shapley_values(game, rows, rng=rng, exact_up_to=exact_up_to, tolerance=tolerance)


def drawn(rows: int, players: int, seed: int = 1) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, players)), rng.normal(size=(7, players))


@pytest.mark.parametrize("exact_up_to", [10, SAMPLED])
def test_of_a_linear_function_each_has_its_own_term(exact_up_to: int) -> None:
    x, others = drawn(5, 6)
    weights = np.random.default_rng(2).normal(size=(6, 2))

    made = explained(lambda z: z @ weights + 3.0, x, others, exact_up_to=exact_up_to)

    np.testing.assert_allclose(made.values, (x - others.mean(axis=0))[..., None] * weights, atol=1e-12)
    np.testing.assert_allclose(made.errors, 0.0, atol=1e-7)
    assert made.exact == (exact_up_to > 0)
    assert made.settled.all()


def test_one_walk_there_and_back_tells_pairs_that_act_together_exactly() -> None:
    """Of x0 * x1, averaged over background rows b, x0 has half of (x0 - b0)(x1 + b1)."""
    x, others = drawn(4, 3)

    made = explained(lambda z: z[:, :1] * z[:, 1:2], x, others, exact_up_to=SAMPLED)

    first = ((x[:, None, 0] - others[:, 0]) * (x[:, None, 1] + others[:, 1])).mean(axis=1) / 2
    second = ((x[:, None, 1] - others[:, 1]) * (x[:, None, 0] + others[:, 0])).mean(axis=1) / 2
    np.testing.assert_allclose(made.values[..., 0], np.stack([first, second, 0 * first], axis=1), atol=1e-12)
    assert made.errors.max() < 1e-7


def test_enumeration_is_what_shapley_defined() -> None:
    x, others = drawn(2, 5)

    def tangled(z: Floats) -> Floats:
        return np.stack([np.sin(z[:, 0] * z[:, 1] * z[:, 2]) + z[:, 3], np.maximum(z[:, 0] + z[:, 4], 0)], axis=1)

    made = explained(tangled, x, others)

    for row in range(2):
        np.testing.assert_allclose(made.values[row], by_orders(tangled, x[row], others), atol=1e-12)
    assert made.spent == 2 + 2 * 2**5 * 7 - 2 * 7  # the whole needs no background


@pytest.mark.parametrize("exact_up_to", [10, SAMPLED])
def test_values_add_up_and_idle_players_have_none(exact_up_to: int) -> None:
    x, others = drawn(3, 4)

    made = explained(lambda z: np.exp(z[:, :1] * z[:, 1:2] - z[:, 2:3]), x, others, exact_up_to=exact_up_to)

    np.testing.assert_allclose(made.base + made.values.sum(axis=1), made.total, atol=1e-12)
    assert (made.values[:, 3] == 0).all(), "rounding would be a reason where there is no other"


def test_players_that_do_the_same_have_the_same() -> None:
    x = np.array([[1.0, 1.0, 2.0]])
    made = explained(lambda z: (z.sum(axis=1, keepdims=True)) ** 3, x, np.zeros((1, 3)))
    assert made.values[0, 0] == pytest.approx(made.values[0, 1])


def test_a_lone_player_has_it_all() -> None:
    made = explained(lambda z: z**2, np.array([[3.0]]), np.array([[1.0], [2.0]]), exact_up_to=SAMPLED)
    assert made.values[0, 0, 0] == pytest.approx(9 - 2.5)


def test_sixty_players_in_blocks_are_told_as_enumeration_tells_them() -> None:
    whole, parts = blocks_of_six(10)
    rng = np.random.default_rng(3)
    x, others = rng.normal(size=(4, 60)), rng.normal(size=(50, 60))
    truth = np.concatenate(
        [explained(part, x[:, 6 * b : 6 * b + 6], others[:, 6 * b : 6 * b + 6]).values for b, part in enumerate(parts)],
        axis=1,
    )

    made = explained(whole, x, others, tolerance=0.02)

    off = np.abs(made.values - truth)
    assert made.settled.all()
    assert made.errors.max() <= 0.02
    assert (off <= 4 * made.errors + 1e-6).mean() > 0.95
    assert off.mean() / np.abs(truth).mean() < 0.08


def test_intervals_hold_as_often_as_they_say() -> None:
    """1.96 standard errors around a value hold the truth in about 95 of 100 draws; in no fewer."""
    x, others = drawn(1, 6)

    def tangled(z: Floats) -> Floats:
        return np.tanh(z[:, :1] * z[:, 1:2] * z[:, 2:3] + z[:, 3:4] * np.abs(z[:, 4:5])) * (1 + z[:, 5:])

    truth = explained(tangled, x, others).values
    held = []
    for seed in range(300):
        made = explained(tangled, x, others, seed=seed, exact_up_to=SAMPLED, tolerance=10.0)
        held.append(np.abs(made.values - truth) <= 1.96 * made.errors)

    assert 0.93 <= np.mean(held) <= 0.99


def test_the_budget_ends_it_and_says_so() -> None:
    x, others = drawn(2, 6)
    game = ArrayGame(function=lambda z: np.prod(z, axis=1, keepdims=True), others=others)

    made = shapley_values(game, x, rng=np.random.default_rng(0), exact_up_to=SAMPLED, tolerance=1e-6, budget=750)

    assert not made.settled.any()
    assert made.spent == 2 * (7 + 1) + 2 * 10 * (
        2 * 7 * 5
    )  # ten walks with each of seven background rows: 700 of 750 a row


def test_a_row_is_told_alike_alone_and_among_others() -> None:
    x, others = drawn(3, 12)

    def tangled(z: Floats) -> Floats:
        return np.asarray(np.sin(z.cumsum(axis=1)).sum(axis=1, keepdims=True))

    among = explained(tangled, x, others, tolerance=0.05)
    alone = explained(tangled, x[:1], others, tolerance=0.05)

    np.testing.assert_array_equal(among.values[0], alone.values[0])


def test_nobody_and_no_tolerance_are_refused() -> None:
    with pytest.raises(ValueError, match="nobody to divide"):
        explained(lambda z: z, np.empty((1, 0)), np.empty((1, 0)))
    with pytest.raises(ValueError, match="above 0"):
        explained(lambda z: z, np.ones((1, 1)), np.ones((1, 1)), tolerance=0.0)
