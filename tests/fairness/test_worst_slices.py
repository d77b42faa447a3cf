"""The check on planted people: with a worse slice, without one, too few to look."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.asks import CORRECT, DECIDED, group_column
from fairwitness.core.check import Measured, NotApplicable
from fairwitness.core.columns import MISSING, Column
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.fairness.checks.worst_slices import SliceOptions
from fairwitness.fairness.slice_values import values_of
from support.given import check, run, series, yes_no

CHECK = check("fairness.worst-slices")
COLUMNS = (
    Column(name="age", kind="integer"),
    Column(name="town", kind="category"),
    Column(name="debt", kind="number"),
    Column(name="race", kind="category", role="group"),
)


def people(n: int, *, worse: float = 0.0, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Decisions are wrong in 10 % of cases, and in `worse` more for the young of the east."""
    rng = np.random.default_rng(seed)
    columns: dict[str, NDArray[Any]] = {
        "age": rng.integers(18, 80, n).astype(np.float64),
        "town": rng.choice(["east", "west", "north"], n).astype(object),
        "debt": np.where(rng.random(n) < 0.05, np.nan, rng.lognormal(3, 1, n)),
        group_column("race"): rng.choice(["Black", "White"], n).astype(object),
        DECIDED: np.full(n, "1", dtype=object),
    }
    rate = 0.1 + worse * ((columns["age"] < 30) & (columns["town"] == "east"))
    return {**columns, CORRECT: yes_no(rng.random(n) >= rate)}


def looked(columns: dict[str, NDArray[Any]], **settings: Any) -> Any:
    n = len(columns["age"])
    changes = {"columns": COLUMNS, "features": ("age", "town", "debt"), "judged_rows": n, **settings}
    return run(CHECK, columns, **changes)


def test_a_planted_slice_is_named_with_its_range_and_measured_on_the_other_half() -> None:
    columns = people(6_000, worse=0.5)
    found = looked(columns)
    assert isinstance(found, Measured)
    (key,) = found.judged
    assert key.groups[0].startswith("age under 3")
    assert key.groups[0].endswith("town east")
    assert "applicants with age under 3" in found.headline
    assert "Found on 3,000 rows, measured on 3,000 others." in found.notes
    table = series(found, "Slices found, measured on the other half")
    assert table["slice"][0] == key.groups[0]
    edge = float(key.groups[0].split(",")[0].rpartition(" ")[2])
    inside = (columns["age"] < edge) & (columns["town"] == "east")
    assert inside.sum() / 2 == pytest.approx(table["n"][0], rel=0.15)
    assert table["rate"][0] == pytest.approx((columns[CORRECT][inside] == "no").mean(), abs=0.06)
    assert table["p"][0] < 0.001
    assert CHECK.info.limit is None
    assert found.judged[key].against(Limit(at_most=0.1)) is Verdict.FAIL


def test_without_one_nothing_is_named_and_seldom_by_chance() -> None:
    said = [looked(people(1_500, seed=seed)).headline for seed in range(12)]
    assert sum(headline.startswith("No slice found on one half") for headline in said) >= 10


def test_too_few_to_look_and_nothing_wrong() -> None:
    assert looked(people(100)) == NotApplicable("100 decisions; half to search and half to test take 120")
    right = {**people(300), CORRECT: yes_no([True] * 300)}
    assert looked(right) == NotApplicable("no decision is wrong")
    outcome = looked(people(300), features=(), groupings=())
    assert isinstance(outcome, NotApplicable)
    assert outcome.reason.startswith("there is neither a number or category nor an attribute")


def test_values_are_ranges_that_enough_people_share() -> None:
    n = 1_000
    columns = people(n)
    columns["flag"] = (np.arange(n) % 2).astype(np.float64)
    declared = (*COLUMNS[:3], Column(name="flag", kind="boolean"))
    groups = {"race": columns[group_column("race")]}
    made = values_of(columns, declared, groups, least=40)
    by = {name: [each for each in made if each.column == name] for name in ("age", "town", "debt", "flag", "race")}
    assert [each.words for each in by["flag"]] == ["0", "1"]
    assert [each.words for each in by["race"]] == ["Black", "White"]
    assert len(by["age"]) == 4
    assert {each.words for each in by["town"]} == {"east", "north", "west"}
    for values in by.values():
        assert np.sum([each.holds for each in values], axis=0).max() == 1
    (unknown,) = [each for each in by["debt"] if each.words == MISSING]
    assert unknown.holds.tolist() == np.isnan(columns["debt"]).tolist()
    assert all(each.holds.sum() >= 40 for each in made)
    digits = [
        word.replace(".", "").lstrip("0") for each in by["debt"] for word in each.words.split() if word[0].isdigit()
    ]
    assert digits
    assert all(len(word) <= 3 for word in digits)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"depth": 4}, "depth is 4; it is a whole number from 1 to 3"),
        ({"depth": 2.5}, r"depth is 2\.5"),
        ({"share": "x"}, "share is 'x'"),
        ({"slices": 0}, "slices is 0"),
        ({"share": 0.5}, "share is"),
        ({"rows": 9}, "rows is 9"),
    ],
)
def test_options_out_of_range(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        SliceOptions(**given)
