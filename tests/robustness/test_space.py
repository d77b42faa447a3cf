"""What is declared of a column is what an attack may do to it."""

import numpy as np
import pytest

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.robustness.attacks.space import ends, of_media, of_numbers


def rows(**columns: list[float]) -> Rows:
    held = {name: np.array(values, dtype=np.float64) for name, values in columns.items()}
    return Rows(ids=np.arange(len(next(iter(held.values())))), columns=held)


def test_a_declared_range_sets_radius_and_ends() -> None:
    """0.1 of 0 to 10 is 1; 9.5 may become 10 at most."""
    column = Column(name="x", kind="number", low=0.0, high=10.0)
    space = of_numbers(rows(x=[5.0, 9.5, 0.2]), [column], eps=0.1, spread={})
    np.testing.assert_allclose(space.low[:, 0], [4.0, 8.5, 0.0])
    np.testing.assert_allclose(space.high[:, 0], [6.0, 10.0, 1.2])
    assert space.notes == ()


def test_four_deviations_stand_in_for_a_range_and_are_noted() -> None:
    space = of_numbers(rows(x=[5.0]), [Column(name="x", kind="number")], eps=0.1, spread={"x": 2.0})
    assert (space.low.item(), space.high.item()) == pytest.approx((4.2, 5.8))
    assert "x" in space.notes[0]
    assert "4 standard deviations" in space.notes[0]


@pytest.mark.parametrize(
    ("change", "wanted"), [("free", (4.0, 6.0)), ("up", (5.0, 6.0)), ("down", (4.0, 5.0)), ("never", (5.0, 5.0))]
)
def test_the_way_it_may_change(change: str, wanted: tuple[float, float]) -> None:
    column = Column(name="x", kind="number", low=0.0, high=10.0, change=change)  # type: ignore[arg-type]  # parametrised
    space = of_numbers(rows(x=[5.0]), [column], eps=0.1, spread={})
    assert (space.low.item(), space.high.item()) == wanted


def test_whole_numbers_move_by_whole_steps_or_not_at_all() -> None:
    """0.05 of 0 to 10 is half a step; 0.25 is two steps and a half; a step of 0.25 fits four times into 1."""
    column = Column(name="x", kind="integer", low=0.0, high=10.0)
    assert not of_numbers(rows(x=[5.0]), [column], eps=0.05, spread={}).movable.any()
    space = of_numbers(rows(x=[5.0]), [column], eps=0.25, spread={})
    assert (space.low.item(), space.high.item()) == (3.0, 7.0)
    np.testing.assert_array_equal(space.repaired(np.array([[6.4]]), np.array([0])), [[6.0]])
    quarter = Column(name="x", kind="number", low=0.0, high=10.0, step=0.25)
    space = of_numbers(rows(x=[5.0]), [quarter], eps=0.1, spread={})
    np.testing.assert_array_equal(space.repaired(np.array([[5.61]]), np.array([0])), [[5.5]])


def test_yes_or_no_and_one_of_a_set_do_not_move() -> None:
    columns = [
        Column(name="b", kind="boolean"),
        Column(name="o", kind="number", one_of="set"),
        Column(name="x", kind="number", low=0.0, high=1.0),
        Column(name="s", kind="number", low=0.0, high=1.0),
    ]
    held = rows(b=[1.0], o=[1.0], x=[0.5], s=[0.5])
    space = of_numbers(held, columns, eps=0.5, spread={}, fixed=("s",))
    assert [column.name for column in space.columns] == ["x", "s"]
    np.testing.assert_array_equal(space.high > space.low, [[True, False]])


def test_missing_stays_missing_and_out_of_range_values_may_stay() -> None:
    column = Column(name="x", kind="number", low=0.0, high=1.0)
    space = of_numbers(rows(x=[np.nan, 1.5]), [column], eps=0.1, spread={})
    assert space.movable.tolist() == [False, True]
    moved = space.moved(np.array([[0.3], [1.5]]), np.array([0, 1]))
    assert np.isnan(moved.columns["x"][0])
    assert moved.columns["x"][1] == 1.5


def test_bytes_move_by_whole_steps_within_0_and_255() -> None:
    images = np.array([[[0, 100], [250, 255]]], dtype=np.uint8)
    held = Rows(ids=np.arange(1), columns={}, media={"image": images})
    column = Column(name="image", kind="image")
    space = of_media(held, column, eps=8 / 255)
    np.testing.assert_array_equal(space.low[0], [[0, 92], [242, 247]])
    np.testing.assert_array_equal(space.high[0], [[8, 108], [255, 255]])
    moved = space.moved(np.array([[[3.4, 300.0], [-9.0, 251.0]]]), np.array([0])).media["image"]
    assert moved.dtype == np.uint8
    np.testing.assert_array_equal(moved[0], [[3, 108], [242, 251]])
    assert ends(column, images) == (0.0, 255.0)
    assert ends(column, images.astype(np.float32) / 255) == (0.0, 1.0)
