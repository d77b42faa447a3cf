"""Deletion and insertion curves against what can be worked out by hand, and explanations that mean nothing."""

import numpy as np

from fairwitness.explain.faithful import Faithful, faithful
from fairwitness.explain.shapley import Floats
from support.games import ArrayGame

WEIGHTS = np.array([4.0, 3.0, 2.0, 1.0])


def tried(values: Floats, rows: Floats, *, seed: int = 0, others: Floats | None = None, **changes: object) -> Faithful:
    """Of a linear function, against a background of zeros."""
    others = np.zeros((1, rows.shape[1])) if others is None else others
    game = ArrayGame(function=lambda z: (z @ np.resize(WEIGHTS, rows.shape[1]))[:, None], others=others)
    return faithful(
        game.on(rows),
        values,
        lambda outputs, _: outputs[:, 0],
        background=len(others),
        rng=np.random.default_rng(seed),
        **changes,  # type: ignore[arg-type]  # settings of any kind
    )


def test_curves_are_what_is_left_and_what_is_there() -> None:
    rows = np.ones((2, 4))
    made = tried(np.tile(WEIGHTS, (2, 1)), rows)
    np.testing.assert_allclose(made.shares, [0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(made.deletion, np.tile([10, 6, 3, 1, 0], (2, 1)))
    np.testing.assert_allclose(made.insertion, np.tile([0, 4, 7, 9, 10], (2, 1)))
    assert made.spent == 2 * 5 * (2 + 2 * 5)


def test_the_background_is_averaged_over() -> None:
    others = np.array([[0.0] * 4, [1.0] * 4])
    made = tried(WEIGHTS[None], np.ones((1, 4)), others=others)
    np.testing.assert_allclose(made.deletion, [[10, 8, 6.5, 5.5, 5]])


def test_the_area_is_the_mean_distance_of_the_curves() -> None:
    """Over all orders the mean curve of a linear function falls in a straight line: areas of 3.75 and 5."""
    made = tried(WEIGHTS[None], np.ones((1, 4)), orders=2_000)
    np.testing.assert_allclose(made.faster_down, 5 - (10 / 2 + 6 + 3 + 1 + 0) / 4, atol=0.06)
    np.testing.assert_allclose(made.faster_up, (0 + 4 + 7 + 9 + 10 / 2) / 4 - 5, atol=0.06)


def test_an_explanation_that_means_nothing_beats_chance_half_of_the_time() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(2_000, 8))
    for values in (rng.normal(size=rows.shape), np.zeros_like(rows)):
        made = tried(values, rows)
        assert abs((made.faster_down > 0).mean() - 0.5) < 0.05
        assert abs((made.faster_up > 0).mean() - 0.5) < 0.05


def test_the_wrong_way_round_loses() -> None:
    made = tried(-np.tile(WEIGHTS, (3, 1)), np.ones((3, 4)))
    assert (made.faster_down < 0).all()
    assert (made.faster_up < 0).all()


def test_random_orders_can_be_as_coarse_as_the_explanation() -> None:
    """Values that are equal within halves are held against orders that take halves at once."""
    rows = np.ones((1, 4))
    made = tried(
        np.array([[1.0, 1.0, 0.0, 0.0]]),
        rows,
        orders=400,
        meaningless=lambda rng: rng.normal(size=(1, 2)).repeat(2, axis=1),
    )
    np.testing.assert_allclose(made.random_deletion[0, 2], 5.0, atol=0.3)  # 7 or 3 is left, and nothing between
    assert made.faster_down[0] > 0


def test_rows_whose_score_nothing_moves_are_known() -> None:
    """Also where rounding moves it: a ten-millionth of a score is nothing."""
    made = tried(np.ones((3, 4)), np.array([[0.0] * 4, [1.0] * 4, [1e-8] * 4]))
    assert made.moved.tolist() == [False, True, False]
