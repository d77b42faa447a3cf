"""Consistency: a loop over people, AIF360's formula, the jackknife against recomputation, and coverage."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.asks import DECIDED, group_column
from fairwitness.core.check import Measured
from fairwitness.core.columns import Column
from fairwitness.core.errors import TooFewError
from fairwitness.fairness.checks.consistency import ConsistencyOptions
from fairwitness.fairness.consistency import consistency, places
from fairwitness.fairness.slice_values import values_of
from support.given import check, run, series

CHECK = check("fairness.consistency")


def slowly(points: NDArray[np.float64], decided: NDArray[np.float64], k: int) -> float:
    """1 − mean |decision − mean decision of the k nearest|, person by person."""
    apart = []
    for i in range(len(points)):
        order = sorted(
            (j for j in range(len(points)) if j != i), key=lambda j: float(((points[i] - points[j]) ** 2).sum())
        )
        apart.append(abs(decided[i] - decided[order[:k]].mean()))
    return 1 - float(np.mean(apart))


def people(n: int, seed: int = 0, *, noise: float = 1.0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n, 2))
    return points, (points[:, 0] + noise * rng.normal(size=n) > 0).astype(np.float64)


def test_against_a_loop_over_people_and_the_jackknife_against_leaving_each_out() -> None:
    points, decided = people(30)
    found = consistency(points, decided, neighbours=4)
    whole = found.of()
    assert whole.value == pytest.approx(slowly(points, decided, 4))
    left = []
    for i in range(30):
        stay = np.arange(30) != i
        left.append(slowly(points[stay], decided[stay], 4))
    variance = 29 / 30 * ((np.array(left) - np.mean(left)) ** 2).sum()
    assert whole.high is not None
    assert whole.value is not None
    assert whole.high - whole.value == pytest.approx(1.959964 * variance**0.5)


def test_against_the_formula_of_aif360() -> None:
    """AIF360's `consistency`: 1 − mean |y − mean of k nearest|, by scikit-learn's ball tree (which counts the person too)."""
    from sklearn.neighbors import NearestNeighbors

    points, decided = people(200, seed=4)
    near = NearestNeighbors(n_neighbors=6, algorithm="ball_tree").fit(points).kneighbors(points, return_distance=False)
    theirs = 1 - np.abs(decided - decided[near[:, 1:]].mean(axis=1)).mean()
    assert consistency(points, decided).of().value == pytest.approx(theirs)


def test_several_classes_and_chance() -> None:
    rng = np.random.default_rng(0)
    decided = rng.choice(["a", "b", "c"], 600, p=[0.5, 0.3, 0.2]).astype(object)
    found = consistency(rng.normal(size=(600, 3)), decided)
    assert found.by_chance == pytest.approx(0.25 + 0.09 + 0.04, abs=0.03)
    assert found.of().value == pytest.approx(found.by_chance, abs=0.05)
    assert consistency(rng.normal(size=(50, 3)), np.full(50, "a", dtype=object)).of().value == 1.0


def test_the_interval_holds() -> None:
    """The truth is the mean over many draws of as many people."""
    made = [consistency(*people(100, seed=seed)) for seed in range(60)]
    truth = np.mean([float(each.alike.mean()) for each in made])
    held = [found.low <= truth <= found.high for each in made for found in [each.of()] if found.low and found.high]
    assert len(held) == 60
    assert np.mean(held) >= 0.92


def test_the_largest_numbers_are_numbers() -> None:
    (column,) = places({"a": np.array([1e308, -1e308, 1e308, -1e308])}, [Column(name="a", kind="number")]).T
    assert column.tolist() == [1.0, -1.0, 1.0, -1.0]


def test_where_everybody_is_decided_alike_few_people_still_say_little() -> None:
    """Wilson's interval of 40 of 40: z^2 / (n + z^2) short of 1."""
    found = consistency(people(40)[0], np.ones(40)).of()
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(1 - 1.95996**2 / (40 + 1.95996**2), abs=1e-5)


def test_one_long_category_takes_no_room_in_every_row() -> None:
    """Padded to the longest, 2,000 rows would take 2,000 * 10,000 * 4 bytes, or 80 MB."""
    held = np.array(["x" * 10_000, *["a", "b"] * 1000, None], dtype=object)
    declared = [Column(name="town", kind="category")]
    tracemalloc.start()
    points, values = places({"town": held}, declared), values_of({"town": held}, declared, {}, least=30)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (points.shape, [each.words for each in values]) == ((2002, 4), ["a", "b"])
    assert peak < 10e6


def test_a_standard_deviation_is_as_far_as_another_category() -> None:
    declared = (Column(name="a", kind="number"), Column(name="b", kind="category"), Column(name="c", kind="number"))
    made = places(
        {
            "a": np.array([10.0, 30.0, 20.0, np.nan]),
            "b": np.array(["x", "y", "x", None], dtype=object),
            "c": np.full(4, 3.0),
        },
        declared,
    )
    spread = np.std([10, 30, 20])
    assert ((made[0] - made[1]) ** 2).sum() == pytest.approx((20 / spread) ** 2 + 1)
    assert ((made[2] - made[3]) ** 2).sum() == pytest.approx(1 + 1)


def looked(n: int, **settings: Any) -> Any:
    points, decided = people(n, noise=0.3)
    rng = np.random.default_rng(1)
    columns = {"a": points[:, 0], "b": points[:, 1], DECIDED: np.where(decided == 1, "1", "0").astype(object)}
    columns[group_column("race")] = rng.choice(["Black", "White"], n).astype(object)
    changes: dict[str, Any] = {
        "columns": (
            Column(name="a", kind="number"),
            Column(name="b", kind="number"),
            Column(name="essay", kind="text"),
        ),
        "features": ("a", "b", "essay"),
        "judged_rows": n,
        **settings,
    }
    return run(CHECK, columns, **changes)


def test_the_finding() -> None:
    found = looked(300)
    assert isinstance(found, Measured)
    assert found.headline.startswith("Of the 5 nearest to an applicant, ")
    assert "of others drawn at random it would be" in found.lead
    assert series(found, "Consistency by group")["group"] in {("Black", "White"), ("White", "Black")}
    assert any(note.startswith("Near by a and b;") for note in found.notes)
    assert "essay: not counted, neither a number nor a category" in found.notes
    assert CHECK.info.limit is None


def test_what_it_cannot_look_at() -> None:
    assert looked(6).reason == "consistency over 5 neighbours needs at least 7 people"
    assert "no column says who is alike" in looked(50, features=("essay",)).reason
    with pytest.raises(TooFewError):
        consistency(np.zeros((3, 1)), np.zeros(3))
    nothing = places({"a": np.full(50, 3.0)}, [Column(name="a", kind="number")])
    with pytest.raises(TooFewError, match="none of them differs between people"):
        consistency(nothing, np.zeros(50))
    with pytest.raises(ValueError, match="rows is 3; it is a whole number from 7 to 50,000"):
        ConsistencyOptions(rows=3)
    with pytest.raises(ValueError, match="neighbours is 0"):
        ConsistencyOptions(neighbours=0)
