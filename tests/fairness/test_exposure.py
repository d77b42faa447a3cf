"""Places in lists: NDKL by hand, attention by counting, intervals by simulation."""

from math import log, log2

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.errors import TooFewError
from fairwitness.fairness import exposure
from fairwitness.fairness.exposure import Placed, divergence, ndkl, over_pool, placed


def rows(
    scores: list[float] | NDArray[np.float64],
    groups: list[int] | NDArray[np.intp],
    lists: list[int] | NDArray[np.intp] | None = None,
    *,
    top: int = 1,
) -> Placed:
    groups = np.asarray(groups, dtype=np.intp)
    names = tuple(f"g{g}" for g in range(int(groups.max(initial=0)) + 1))
    where = np.zeros(len(groups), dtype=np.intp) if lists is None else np.asarray(lists, dtype=np.intp)
    return placed(np.asarray(scores, dtype=np.float64), where, groups, names, top=top, rng=np.random.default_rng(0))


def test_ndkl_by_hand() -> None:
    """Geyik 2019, definition 2. Halves, one of each: ln 2 at the first place and 0 at the second, weighted 1 to 1 / log2 3.

    Two and two in blocks: ln 2, ln 2, then 2/3 ln 4/3 + 1/3 ln 2/3, then 0.
    """
    assert float(ndkl(np.array([0, 1]), 2)) == pytest.approx(log(2) / (1 + 1 / log2(3)))
    third = 2 / 3 * log(4 / 3) + 1 / 3 * log(2 / 3)
    weights = [1 / log2(place + 1) for place in range(1, 5)]
    expected = (log(2) * (weights[0] + weights[1]) + third * weights[2]) / sum(weights)
    assert float(ndkl(np.array([0, 0, 1, 1]), 2)) == pytest.approx(expected)
    assert ndkl(np.array([[0, 0, 0], [0, 0, 0]]), 2).tolist() == [0.0, 0.0]  # the other group is not in the list


def test_ndkl_is_what_its_definition_counts() -> None:
    """Geyik 2019, definition 2, place by place, group by group."""
    orders = np.random.default_rng(0).permuted(np.tile(np.repeat([0, 1, 3], [5, 2, 4]), (3, 1)), axis=1)
    for order, found in zip(orders, ndkl(orders, 4), strict=True):
        total = 0.0
        for place in range(1, 12):
            tops = [(np.mean(order[:place] == g), np.mean(order == g)) for g in (0, 1, 3)]
            total += sum(top * log(top / pool) for top, pool in tops if top) / log2(place + 1)
        assert found == pytest.approx(total / sum(1 / log2(place + 1) for place in range(1, 12)))


def test_attention_and_top_places_are_counted() -> None:
    """Places 1, 1 / log2 3, 1 / 2 and 1 / log2 5; the middle two are tied and share theirs, also at the border of the top."""
    found = rows([4, 3, 3, 1], [0, 1, 0, 1], top=2)
    middle = (1 / log2(3) + 0.5) / 2
    whole = 1 + 2 * middle + 1 / log2(5)
    attention = over_pool(found, found.attention)
    assert attention["g0"].value == pytest.approx((1 + middle) / whole / 0.5)
    assert attention["g1"].value == pytest.approx((middle + 1 / log2(5)) / whole / 0.5)
    assert over_pool(found, found.top)["g0"].value == pytest.approx(1.5 / 2 / 0.5)


def test_each_list_counts_alike_and_rows_may_come_in_any_order() -> None:
    """Group 0 has a quarter of one list and half of another: its shares of attention over 3/4."""
    scores, groups, lists = [9, 7, 6, 5, 2, 1], [0, 1, 1, 1, 1, 0], [5, 5, 5, 5, 8, 8]
    first = 1 / (1 + 1 / log2(3) + 0.5 + 1 / log2(5))
    second = (1 / log2(3)) / (1 + 1 / log2(3))
    for order in (np.arange(6), np.array([3, 5, 0, 1, 4, 2])):
        found = rows(*(np.asarray(each)[order] for each in (scores, groups, lists)))
        assert found.count == 2
        assert over_pool(found, found.attention)["g0"].value == pytest.approx((first + second) / 0.75)


@pytest.mark.parametrize(("count", "size"), [(1, 200), (12, 20), (60, 8)])
def test_random_order_is_covered(count: int, size: int) -> None:
    rng, covered = np.random.default_rng(0), 0
    for _ in range(200):
        groups = (rng.random(count * size) < 0.3).astype(np.intp)
        found = rows(rng.random(count * size), groups, np.repeat(np.arange(count), size))
        each = over_pool(found, found.attention)["g1"]
        assert each.low is not None
        assert each.high is not None
        covered += each.low <= 1 <= each.high
    assert covered >= 0.92 * 200


def test_lists_that_favour_a_group_are_covered_too() -> None:
    """The truth is what 20,000 such lists give."""
    rng = np.random.default_rng(0)

    def drawn(count: int) -> Placed:
        groups = rng.integers(0, 2, count * 10).astype(np.intp)
        return rows(rng.normal(size=count * 10) + 0.7 * groups, groups, np.repeat(np.arange(count), 10))

    many = drawn(20_000)
    truth, covered = over_pool(many, many.attention)["g0"].value, 0
    assert truth is not None
    for _ in range(150):
        few = drawn(40)
        each = over_pool(few, few.attention)["g0"]
        assert each.low is not None
        assert each.high is not None
        covered += each.low <= truth <= each.high
    assert covered >= 0.92 * 150


def test_random_order_has_the_ndkl_of_chance_and_blocks_have_more(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    fired = 0
    for _ in range(60):
        found = rows(rng.random(40), rng.integers(0, 2, 40))
        fired += divergence(found, rng=rng, draws=39).p < 0.05
    assert fired <= 7
    blocks = rows(np.arange(40.0), np.repeat([0, 1], 20))
    each = divergence(blocks, rng=rng)
    assert each.p == pytest.approx(0.005)
    assert each.value > 3 * each.chance
    monkeypatch.setattr(exposure, "MOST_ROWS", 50)
    some = divergence(rows(rng.random(100), rng.integers(0, 2, 100), np.repeat(np.arange(5), 20)), rng=rng)
    assert some.rows == 40


def test_a_group_in_one_list_of_many_is_not_known_exactly() -> None:
    """Once, at the end of ten: chance puts it there in a tenth of lists, so it is no finding."""
    groups = np.zeros(1000, dtype=np.intp)
    groups[9] = 1
    found = rows(-np.arange(1000.0), groups, np.repeat(np.arange(100), 10))
    each = over_pool(found, found.attention)["g1"]
    assert each.low is not None
    assert each.high is not None
    assert each.low < 0.2
    assert each.high > 1
    assert each.method.startswith("shuffles")


def test_one_long_list_and_many_groups_take_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    monkeypatch.setattr(exposure, "MOST_ROWS", 50)
    assert divergence(rows(np.arange(400.0), np.repeat([0, 1], 200)), rng=rng).rows == 50
    monkeypatch.setattr(exposure, "ndkl", lambda groups, count: np.full(groups.shape[:-1], float(count)))
    few = divergence(rows(rng.random(40), np.arange(40), np.repeat(np.arange(20), 2)), rng=rng, draws=2)
    assert few.value == 2  # each list is looked at for the two groups it holds, not for all forty


def test_nobody_has_no_places() -> None:
    nobody = rows([], [])
    with pytest.raises(TooFewError):
        over_pool(nobody, nobody.attention)
    with pytest.raises(TooFewError):
        divergence(nobody, rng=np.random.default_rng(0))
