"""Releases on fixed bytes: errors within their bounds as often as stated, budgets that compose, and models that work."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.privacy import release
from fairwitness.privacy.bounds import Public, parse
from fairwitness.stats.exact_noise import Coins

COLUMNS = parse(
    {
        "columns": {
            "x": {"low": 0, "high": 10, "step": 1},
            "town": {"values": ["A", "B", "C"]},
            "y": {"values": ["no", "yes"]},
        }
    },
    source="bounds",
)


def coins(seed: int = 0) -> Coins:
    return Coins(np.random.default_rng(seed).bytes)


def people(n: int, seed: int = 0) -> dict[str, NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 11, n)
    return {"x": x, "town": rng.choice(3, n, p=[0.6, 0.3, 0.1]), "y": (x + rng.normal(0, 2, n) > 5).astype(np.int64)}


@pytest.mark.parametrize("copied", [False, True])
def test_errors_keep_their_bounds_as_often_as_stated(copied: bool) -> None:  # noqa: FBT001 - a parameter of a test
    held, epsilon, drawn = people(150), Fraction(3), coins(1)
    outside: dict[str, list[bool]] = {}
    for _ in range(150):
        if copied:
            copy = release.noised_copy(COLUMNS, held, epsilon, drawn)
            found = release.of_copy(COLUMNS, held, copy, epsilon)
        else:
            found = release.statistics(COLUMNS, held, epsilon, drawn)
        for column in COLUMNS:
            mine = [one for one in found if one.column == column.name]
            outside.setdefault(column.name, []).append(any(one.error > one.bound + 1e-12 for one in mine))
    for name, each in outside.items():
        assert sum(each) <= 15, name  # of 150 with a chance of 5 %: more than 15 in 0.6 % of cases


def test_private_values_are_the_true_ones_without_noise() -> None:
    """At an epsilon so large that noise vanishes: means and shares by hand."""
    held = {"x": np.array([0, 10, 5, 5]), "town": np.array([0, 0, 1, 2]), "y": np.array([0, 1, 1, 1])}
    for made in (
        release.statistics(COLUMNS, held, Fraction(10_000), coins()),
        release.of_copy(COLUMNS, held, release.noised_copy(COLUMNS, held, Fraction(10_000), coins()), Fraction(10_000)),
    ):
        assert [(one.column, one.of) for one in made] == [
            *[("x", "mean"), ("town", "A"), ("town", "B"), ("town", "C"), ("y", "no"), ("y", "yes")]
        ]
        assert [one.private for one in made] == pytest.approx([5.0, 0.5, 0.25, 0.25, 0.25, 0.75])
        assert [one.true for one in made] == pytest.approx([5.0, 0.5, 0.25, 0.25, 0.25, 0.75])


def outcomes(make: Any, n: int = 10_000) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for _ in range(n):
        key = make()
        found[key] = found.get(key, 0) + 1
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["statistics", "copy"])
def test_the_whole_release_of_neighbours_differs_by_no_more_than_epsilon(kind: str) -> None:
    """Two columns composed: the likelihood ratio of the joint result, over all results seen often, is at most e^epsilon."""
    columns: tuple[Public, ...] = parse(
        {"columns": {"a": {"low": 0, "high": 2, "step": 1}, "b": {"values": [0, 1]}}}, source="bounds"
    )
    epsilon = Fraction(3, 2)
    one = {"a": np.array([0, 1]), "b": np.array([0, 0])}
    two = {"a": np.array([2, 1]), "b": np.array([1, 0])}  # the first row differs in everything
    drawn = coins(2)

    def result(held: dict[str, NDArray[np.int64]]) -> Any:
        if kind == "statistics":
            mean, share, _ = release.statistics(columns, held, epsilon, drawn)
            return mean.private > 1, share.private > 0.75  # whatever is made of a release is as private as it is
        copy = release.noised_copy(columns, held, epsilon, drawn)
        return (int(copy["a"][0]), int(copy["b"][0]))

    first, second = outcomes(lambda: result(one)), outcomes(lambda: result(two))
    often = [key for key in first if first[key] >= 100 and second.get(key, 0) >= 20]
    assert len(often) >= 4
    ratios = [np.log(first[key] / second[key]) for key in often]
    errors = [np.sqrt(1 / first[key] + 1 / second[key]) for key in often]
    assert all(abs(ratio) <= 1.5 + 4 * error for ratio, error in zip(ratios, errors, strict=True))
    if kind == "copy":  # on the side of the first row's own values both columns' budgets are used up
        near = [sum(count for (a, b), count in found.items() if a <= 0 and b == 0) for found in (first, second)]
        assert np.log(near[0] / near[1]) == pytest.approx(1.5, abs=0.15)


def test_a_model_trained_on_little_noise_works_and_on_much_does_not() -> None:
    held = people(1_500)
    rng = np.random.default_rng(0)
    for epsilon, works in ((Fraction(300), True), (Fraction(1, 10), False)):
        copy = release.noised_copy(COLUMNS, held, epsilon, coins(3))
        found = release.usefulness(COLUMNS, held, copy, "y", rng=rng)
        assert found is not None
        assert found.area_from_copy is not None
        assert found.area_from_truth is not None
        assert found.from_truth.value is not None
        assert found.from_truth.value > found.commonest + 0.2
        assert found.area_from_truth.value == pytest.approx(0.9, abs=0.05)
        assert found.area_from_copy.low is not None
        assert (found.area_from_copy.low > 0.8) == works
        assert found.proven == works


@pytest.mark.slow
def test_a_copy_that_says_nothing_is_seldom_called_of_use() -> None:
    """A direction drawn at random tells something of true rows by luck; shuffled answers have the same luck."""
    held, drawn = people(200), coins(5)
    called = 0
    for number in range(24):
        copy = release.noised_copy(COLUMNS, held, Fraction(1, 1000), drawn)
        found = release.usefulness(COLUMNS, held, copy, "y", rng=np.random.default_rng(number))
        called += found is not None and found.proven
    assert called <= 4  # of 24 with a chance of 5 %: more than 4 in 0.6 % of cases


def test_means_stay_close_while_the_copy_is_of_no_use() -> None:
    """Why comparing means is no test: over 20,000 rows noise cancels out in the mean, and still hides every row."""
    held = people(20_000)
    epsilon = Fraction(3, 10)
    copy = release.noised_copy(COLUMNS, held, epsilon, coins(4))
    mean = release.of_copy(COLUMNS, held, copy, epsilon)[0]
    assert mean.error < 2.5
    assert np.corrcoef(copy["x"], held["x"])[0, 1] < 0.05


def test_one_class_teaches_nothing() -> None:
    held = {**people(100), "y": np.zeros(100, dtype=np.int64)}
    assert release.usefulness(COLUMNS, held, held, "y", rng=np.random.default_rng(0)) is None


def test_three_classes_are_judged_by_the_share_right() -> None:
    held = people(900)
    found = release.usefulness(COLUMNS, held, held, "town", rng=np.random.default_rng(0))
    assert found is not None
    assert found.area_from_copy is None
    assert found.from_copy == found.from_truth
    assert not found.proven  # towns are drawn apart from everything else,
    assert not found.testable  # so the truth teaches nothing either
