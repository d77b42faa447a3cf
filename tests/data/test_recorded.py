"""What is recorded about whom: outcomes, missing values, codes, and crossed groups too small to judge."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from fairwitness.core.check import Measured, NotApplicable
from fairwitness.core.columns import Grouping
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.data import codes, missing

Look = Callable[..., Any]


def verdict(outcome: object, at_most: float) -> Verdict:
    assert isinstance(outcome, Measured)
    (estimate,) = outcome.judged.values()
    return estimate.against(Limit(at_most=at_most))


def groups(*sizes: int) -> NDArray[Any]:
    return np.repeat(np.array(list("abcdefghij")[: len(sizes)], dtype=object), sizes)


def outcomes(*hits: tuple[int, int]) -> NDArray[Any]:
    """For each group so many of so many recorded as "1"."""
    return np.concatenate([np.array(["1"] * k + ["0"] * (n - k), dtype=object) for k, n in hits])


@pytest.mark.parametrize(
    ("n", "hits", "expected"),
    [(1_000, (700, 400), Verdict.FAIL), (4_000, (2_000, 2_000), Verdict.PASS), (20, (12, 8), Verdict.UNCERTAIN)],
)
def test_label_rate_gap_at_three_sizes(look: Look, n: int, hits: tuple[int, int], expected: Verdict) -> None:
    columns = {"g": groups(n, n), "y": outcomes(*((k, n) for k in hits))}
    outcome = look("data.label-rate-gap", columns, group=("g",), target="y", positive="1")
    assert verdict(outcome, 0.10) is expected
    assert bool(outcome.to_settle) == (expected is Verdict.UNCERTAIN)


def test_a_tiny_group_is_counted_not_rated(look: Look) -> None:
    columns = {"g": groups(500, 500, 6), "y": outcomes((250, 500), (250, 500), (6, 6))}
    outcome = look("data.label-rate-gap", columns, group=("g",), target="y", positive="1")
    rates = outcome.figures[0].rows
    assert [row.note for row in rates] == ["", "", "too few to judge"]
    assert rates[2].value is None
    assert "6 of 6 of c people" in outcome.headline


def test_labels_that_are_the_decisions_are_looked_at_elsewhere(look: Look) -> None:
    columns = {"g": groups(5, 5), "y": outcomes((2, 5), (3, 5))}
    outcome = look("data.label-rate-gap", columns, group=("g",), target="y", positive="1", decisions_from="labels")
    assert isinstance(outcome, NotApplicable)
    assert "fairness.selection-rate-gap" in outcome.reason


def test_loanapp_recorded_approval(look: Look, loanapp: dict[str, NDArray[Any]]) -> None:
    """90.8 % of white and 70.8 % of other applicants were approved, as the data's description says."""
    columns = {"approve": loanapp["approve"], "race": np.where(loanapp["white"] == 1, "white", "other").astype(object)}
    outcome = look("data.label-rate-gap", columns, group=("race",), target="approve", positive="1", people="applicants")
    assert outcome.headline == (
        "70.8\u202f% of other applicants and 90.8\u202f% of white applicants have the favorable outcome on record "
        "(approve is 1)"
    )
    assert verdict(outcome, 0.10) is Verdict.FAIL


@pytest.mark.parametrize(
    ("n", "lost", "expected"),
    [(1_000, 0.3, Verdict.FAIL), (4_000, 0.0, Verdict.PASS), (25, 0.1, Verdict.UNCERTAIN)],
)
def test_missingness_gap_at_three_sizes(look: Look, n: int, lost: float, expected: Verdict) -> None:
    rng = np.random.default_rng(0)
    columns = {"g": groups(n, n), **{name: rng.normal(size=2 * n) for name in ("x", "y", "z")}}
    columns["x"][::50] = np.nan
    columns["y"][n:][rng.random(n) < lost] = np.nan
    outcome = look("data.missingness-gap", columns, group=("g",))
    assert verdict(outcome, 0.05) is expected


def test_missing_shares_are_those_of_pandas(look: Look, loanapp: dict[str, NDArray[Any]]) -> None:
    outcome = look("data.missingness-gap", loanapp, group=("race",))
    frame = pd.DataFrame(loanapp)
    shares = frame.drop(columns="race").isna().groupby(frame["race"]).mean()
    width = (shares.max() - shares.min()).sort_values(ascending=False)
    (table,) = outcome.explored
    assert table.columns["column"][0] == width.index[0] == "min30"
    assert table.columns["gap"][0] == pytest.approx(width.iloc[0])
    assert len(table.columns["column"]) == (frame.isna().any()).sum()


def test_equal_missingness_is_rarely_accused() -> None:
    """Ten columns missing at one rate in four groups: at most 5 % of 200 subjects show a gap that is not there."""
    rng = np.random.default_rng(1)
    totals = dict.fromkeys("abcd", 200)
    accused = 0
    for _ in range(200):
        lacking = {f"x{i}": dict(zip("abcd", rng.binomial(200, 0.1, 4).tolist(), strict=True)) for i in range(10)}
        found = missing.gaps(lacking, totals)
        low = missing.widest(found, level=0.95).low
        assert low is not None
        accused += low > 0
    assert accused / 200 <= 0.05


def test_nothing_missing_is_not_applicable(look: Look) -> None:
    outcome = look("data.missingness-gap", {"g": groups(5, 5), "x": np.arange(10.0)}, group=("g",))
    assert isinstance(outcome, NotApplicable)


def test_loanapp_codes(look: Look, loanapp: dict[str, NDArray[Any]]) -> None:
    """The codes its description names: 666 in gdlin (2), 999 in review (223), 999999.4 in term (4), 1e6 in liq (9)."""
    outcome = look("data.sentinel-codes", loanapp, target="approve")
    (table,) = outcome.explored
    found = dict(zip(table.columns["column"], table.columns["rows"], strict=True))
    assert {name: found.get(name) for name in ("gdlin", "review", "term", "liq")} == {
        "gdlin": 2,
        "review": 223,
        "term": 4,
        "liq": 9,
    }
    assert "[columns.review] sentinels = [999]" in outcome.lead
    assert verdict(outcome, 0.0) is Verdict.FAIL


def test_no_codes_pass(look: Look) -> None:
    outcome = look("data.sentinel-codes", {"x": np.random.default_rng(0).normal(size=500)})
    assert verdict(outcome, 0.0) is Verdict.PASS


def test_the_declaration_is_toml_that_says_so() -> None:
    """Pasted into a config, each line declares the codes of its column, whatever the column is called."""
    x = np.arange(100.0)
    x[:5] = 99999.0
    found, held = codes.find({'days "b" screening': x, "plain_name": x.copy()})
    assert held.sum() == 5
    lines = [line.replace("] ", "]\n", 1) for line in codes.declarations(found)]
    assert tomllib.loads("\n".join(lines)) == {
        "columns": {'days "b" screening': {"sentinels": [99999]}, "plain_name": {"sentinels": [99999]}}
    }


def crossed(look: Look, sizes: dict[tuple[str, str], int]) -> Measured:
    pairs = [pair for pair, n in sizes.items() for _ in range(n)]
    columns = {name: np.array([pair[i] for pair in pairs], dtype=object) for i, name in enumerate(("race", "sex"))}
    both = (Grouping(columns=("race",)), Grouping(columns=("sex",)))
    outcome = look("data.small-intersections", columns, groupings=both)
    assert isinstance(outcome, Measured)
    return outcome


def test_small_and_empty_intersections_are_named(look: Look) -> None:
    outcome = crossed(look, {("a", "f"): 40, ("a", "m"): 29, ("b", "m"): 30})
    assert verdict(outcome, 0.0) is Verdict.FAIL
    small, empty, widest, added = outcome.explored
    assert small.columns == {"intersection": ("a × m",), "people": (29,)}
    assert empty.columns == {"intersection": ("b × f",)}
    assert widest.columns == {"group": ("b × f", "a × m"), "people": (0, 29)}
    assert added.columns == {"group": ("b × f", "a × m"), "people": (30, 1)}


def test_large_intersections_pass(look: Look) -> None:
    outcome = crossed(look, {("a", "f"): 40, ("a", "m"): 30, ("b", "m"): 30, ("b", "f"): 30})
    assert verdict(outcome, 0.0) is Verdict.PASS
    assert outcome.explored == ()


def test_one_attribute_has_no_intersection(look: Look) -> None:
    outcome = look("data.small-intersections", {"g": groups(5, 5)}, group=("g",))
    assert isinstance(outcome, NotApplicable)
