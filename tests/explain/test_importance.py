"""Permutation importance against closed forms, all pairs of rows, and how often its intervals hold."""

import numpy as np
import pytest

from fairwitness.explain.importance import Importance, permutation_importance, related
from fairwitness.explain.shapley import Floats
from fairwitness.stats import intervals
from support.games import ArrayGame, Function


def linear(x: Floats) -> Floats:
    return np.asarray(x @ np.array([[2.0], [-1.0], [0.0]]))


def tangled(x: Floats) -> Floats:
    return (x[:, 0] * x[:, 1] + np.abs(x[:, 2]))[:, None]


def lost(
    function: Function, x: Floats, truth: Floats, sets: list[list[int]], *, repeats: int = 5, seed: int = 0
) -> Importance:
    """Squared error."""
    return permutation_importance(
        ArrayGame(function=function, others=x).on(x),
        lambda outputs, at: (outputs[:, 0] - truth[at]) ** 2,
        sets,
        rows=len(x),
        players=x.shape[1],
        rng=np.random.default_rng(seed),
        repeats=repeats,
    )


def test_of_a_linear_function_it_is_twice_the_variance_of_the_term() -> None:
    """E (w (x' - x))^2 is 2 w^2 Var x, where the function is right to begin with (Fisher et al. 2019, section 5)."""
    x = np.random.default_rng(1).normal(size=(4_000, 3))
    made = lost(linear, x, linear(x)[:, 0], [[0], [1], [2], [0, 1]])
    np.testing.assert_allclose(made.added.mean(axis=0), [8, 2, 0, 10], rtol=0.05)
    assert (made.added[:, 2] == 0).all()
    assert made.spent == 4_000 * (1 + 4 * 5)


def test_it_is_the_mean_over_all_pairs_of_rows() -> None:
    x = np.random.default_rng(2).normal(size=(12, 3))
    truth = np.random.default_rng(3).normal(size=12)
    pairs = [(i, j) for i in range(12) for j in range(12) if i != j]
    mixed = np.array([[x[j, 0], *x[i, 1:]] for i, j in pairs])
    before = (tangled(x)[:, 0] - truth) ** 2
    want = np.mean((tangled(mixed)[:, 0] - truth[[i for i, _ in pairs]]) ** 2) - before.mean()

    made = lost(tangled, x, truth, [[0]], repeats=3_000)

    assert made.added.mean() == pytest.approx(want, rel=0.03)


def test_intervals_hold_as_often_as_they_say() -> None:
    """Truth of x0 x1 + |x2| with no noise: E (x1 (x0' - x0))^2 = 2, and of |x2|, 2 Var |x2| = 2 (1 - 2 / pi)."""
    truth = np.array([2.0, 2.0, 2 * (1 - 2 / np.pi)])
    held = []
    for seed in range(300):
        x = np.random.default_rng([7, seed]).normal(size=(200, 3))
        found = lost(tangled, x, tangled(x)[:, 0], [[0], [1], [2]], seed=seed)
        v = found.influence
        low, high = intervals.mean(v.sum(axis=0), (v**2).sum(axis=0), np.full(3, 200), level=0.95)
        held.append((low <= truth) & (truth <= high))
    assert 0.91 <= np.mean(held) <= 0.98


def test_one_row_has_nobody_to_take_from() -> None:
    with pytest.raises(ValueError, match="no other"):
        lost(linear, np.ones((1, 3)), np.ones(1), [[0]])


def test_columns_that_go_together_are_found_through_one_another() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=300)
    b, c = a + 0.4 * rng.normal(size=300), a**3
    gaps = np.where(rng.random(300) < 0.1, np.nan, b)
    columns = {
        "a": a,
        "alone": rng.normal(size=300),
        "b": gaps,
        "c": c,
        "still": np.ones(300),
        "town": np.array(["x"] * 300, dtype=object),
    }
    assert related(columns) == [("a", "b", "c")]
    assert related({"a": a}) == []


def test_few_rows_go_together_by_chance() -> None:
    """Of five rows and thirty columns many pairs do, and none is said to."""
    rng = np.random.default_rng(0)
    few = {str(name): rng.normal(size=5) for name in range(30)}
    assert related(few) == []
