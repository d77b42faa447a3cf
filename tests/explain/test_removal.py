"""The fewest parts that turn a decision, against every set there is."""

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.explain.removal import Judge, fewest_out


def adding(weights: list[float], start: float) -> Judge:
    """What is held adds up; above nothing it is decided favourably."""

    def judge(held: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        scores = start + held @ np.array(weights)
        return scores, scores > 0

    return judge


def smallest(judge: Judge, parts: int) -> int | None:
    for size in range(1, parts + 1):
        for out in combinations(range(parts), size):
            held = np.ones((1, parts), dtype=bool)
            held[0, list(out)] = False
            if judge(held)[1][0]:
                return size
    return None


@pytest.mark.parametrize("seed", range(30))
def test_the_fewest_are_found_where_parts_add_up(seed: int) -> None:
    """There the greedy way is the best one."""
    rng = np.random.default_rng(seed)
    judge = adding(rng.normal(-0.3, 1, 8).tolist(), float(rng.normal(-1.0, 1)))
    want = smallest(judge, 8)
    found = fewest_out(judge, 8)
    assert (len(found.found[0]) if found.found else None) == want
    for out in found.found:
        held = np.ones((1, 8), dtype=bool)
        held[0, list(out)] = False
        assert judge(held)[1][0]
    assert found.fewest == (want is not None and want <= 3)


def test_the_strongest_comes_first_and_all_are_of_one_size() -> None:
    found = fewest_out(adding([-1.0, -3.0, 0.5, -2.0], 4.0), 4)
    assert found.found == ((1,), (3,))
    assert found.fewest
    assert found.spent == 4


def test_what_need_not_go_goes_back() -> None:
    """The greedy way begins with part 0, which only seems to help; 1, 2, 3 and 4 do by themselves."""

    def judge(held: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        rest = (~held[:, 1:5]).sum(axis=1)
        return rest + 5.0 * (~held[:, 0] & (rest < 4)), rest == 4

    found = fewest_out(judge, 6)
    assert found.found == ((1, 2, 3, 4),)
    assert not found.fewest


def test_nothing_helps() -> None:
    found = fewest_out(adding([1.0, 1.0, 1.0], -5.0), 3, most=3)
    assert found.found == ()
    assert found.tried == 2
    only = fewest_out(adding([-1.0, -1.0, -1.0], 0.5), 3, most=1)
    assert (only.found, only.tried, only.spent) == ((), 1, 3)


def test_the_budget_is_kept_and_said() -> None:
    found = fewest_out(adding([-1.0] * 30, 20.5), 30, budget=40)
    assert found.spent <= 40
    assert (found.tried, found.fewest) == (1, False)


def test_stopped_says_so() -> None:
    def judge(held: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        raise KeyboardInterrupt

    found = fewest_out(judge, 3)
    assert found.stopped
    assert found.found == ()
