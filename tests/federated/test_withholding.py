"""Every table a receiver might hold for possible, counted out: what is sent gives no small count away."""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.federated.withholding import withhold

LEAST = 3
Counts = NDArray[np.int64]


def fillings(total: int, ones: int) -> Iterator[tuple[int, ...]]:
    """Every way to write a total as so many whole numbers of at least 1."""
    if ones == 0:
        if total == 0:
            yield ()
        return
    for first in range(1, total - ones + 2):
        for rest in fillings(total - first, ones - 1):
            yield (first, *rest)


def possible(
    tables: Sequence[Counts], masks: Sequence[NDArray[np.bool_]]
) -> list[dict[tuple[int, int, int], set[int]]]:
    """What each withheld count may be, over all joint fillings: sums of outcomes agree, and people are known."""
    people, outcomes = int(tables[0].sum()), tables[0].shape[1]
    found: dict[tuple[int, int, int], set[int]] = {}
    sums = [range(people + 1)] * outcomes
    for margin in product(*sums):
        if sum(margin) != people:
            continue
        ways = []
        for number, (table, mask) in enumerate(zip(tables, masks, strict=True)):
            for outcome in range(outcomes):
                left = margin[outcome] - int(table[:, outcome][~mask[:, outcome]].sum())
                hidden = np.flatnonzero(mask[:, outcome]).tolist()
                made = list(fillings(left, len(hidden))) if left >= 0 else []
                ways.append([(number, outcome, hidden, way) for way in made])
        if all(ways):
            for column in ways:
                for number, outcome, hidden, way in column:
                    for place, value in zip(hidden, way, strict=True):
                        found.setdefault((number, place, outcome), set()).add(value)
    return [found]


@pytest.mark.parametrize("seed", range(60))
def test_a_receiver_that_tries_every_table_cannot_tell_a_small_count(seed: int) -> None:
    rng = np.random.default_rng(seed)
    people, outcomes = int(rng.integers(4, 15)), int(rng.integers(1, 4))
    had = rng.integers(outcomes, size=people)
    tables = []
    for groups in (int(rng.integers(2, 4)), 2):
        table = np.zeros((groups, outcomes), dtype=np.int64)
        np.add.at(table, (np.minimum(rng.geometric(0.5, people) - 1, groups - 1), had), 1)
        tables.append(table)
    masks = withhold(tables, LEAST)
    if masks is None:
        return
    (found,) = possible(tables, masks)
    for number, (table, mask) in enumerate(zip(tables, masks, strict=True)):
        assert mask[(table > 0) & (table < LEAST)].all()
        assert not mask[table == 0].any()
        for group, outcome in np.argwhere((table > 0) & (table < LEAST)).tolist():
            assert max(found[number, group, outcome]) >= LEAST
            assert int(table[group, outcome]) in found[number, group, outcome]


@pytest.mark.parametrize(("groups", "most"), [(2, 9), (3, 8), (4, 6)])
def test_a_receiver_that_knows_the_rule_cannot_tell_a_small_count_either(groups: int, most: int) -> None:
    """All columns there are, by what is sent of them: for each small count some column looks the same and has more there."""
    alike: dict[tuple[tuple[int | None, ...], int], list[tuple[int, ...]]] = {}
    for column in product(range(most + 1), repeat=groups):
        table = np.stack([np.array(column), np.full(groups, 50)], axis=1)
        masks = withhold([table], LEAST)
        if masks is None or masks[0][:, 1].any():
            continue  # the outcome is kept back whole
        shown = tuple(None if hidden else number for hidden, number in zip(masks[0][:, 0], column, strict=True))
        alike.setdefault((shown, sum(column)), []).append(column)
    small = 0
    for (shown, _), columns in alike.items():
        for place in (place for place, number in enumerate(shown) if number is None):
            if any(column[place] < LEAST for column in columns):
                small += 1
                assert max(column[place] for column in columns) >= LEAST, (shown, columns)
    assert small > 10


def test_equal_counts_are_kept_back_together() -> None:
    """Of (8, 8, 2) the 2 and one 8 would do for sums; which 8 it was would tell that the other place has the 2."""
    (mask,) = withhold([np.array([[8, 50], [8, 50], [2, 50]])], 5) or ()
    assert mask.tolist() == [[True, False]] * 3


def test_a_lone_small_count_takes_the_smallest_beside_it() -> None:
    table = np.array([[40, 2], [30, 9], [20, 30]])
    (mask,) = withhold([table], 5) or ()
    assert mask.tolist() == [[False, True], [False, True], [False, False]]


def test_nothing_is_withheld_where_nothing_is_small() -> None:
    table = np.array([[40, 0], [30, 9]])
    assert [mask.any() for mask in withhold([table, table[::-1]], 5) or ()] == [False, False]
    assert not (withhold([np.array([[1, 1]])], 0) or ())[0].any()


def test_an_outcome_of_few_people_is_kept_back_with_another() -> None:
    """Three people in all had it: whole tables tell 3, so the outcome goes with the next smallest."""
    race, sex = np.array([[2, 50, 20], [1, 30, 10]]), np.array([[1, 40, 20], [2, 40, 10]])
    masks = withhold([race, sex], 5)
    assert masks is not None
    assert [mask.tolist() for mask in masks] == [[[True, False, True], [True, False, True]]] * 2


def test_a_site_of_three_people_sends_nothing() -> None:
    assert withhold([np.array([[1, 1], [0, 1]])], 5) is None


def test_tables_of_other_people_are_refused() -> None:
    with pytest.raises(ValueError, match="the same people"):
        withhold([np.array([[5, 5]]), np.array([[5, 6]])], 5)
