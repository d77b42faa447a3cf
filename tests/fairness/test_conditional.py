"""Decisions among people alike: planted, by brute force, and beside COMPAS's published regression."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from fairwitness.core import asks
from fairwitness.core.asks import group_column
from fairwitness.core.check import Measured, NotApplicable, Outcome
from fairwitness.core.columns import MISSING, Column, Grouping
from fairwitness.core.estimate import Verdict
from fairwitness.core.subject import Grounds, Rows
from fairwitness.fairness.conditional import conditional_gaps, widest
from support.given import check, outline, run

CHECK = check("fairness.conditional-selection-gap")
COMPAS = Path(__file__).parents[3] / "shared" / "data" / "compas" / "compas-scores-two-years.csv"


def applicants(n: int, *, extra: float, seed: int = 0) -> dict[str, Any]:
    """Group b has less of what counts, and is selected `extra` less often among people alike."""
    rng = np.random.default_rng(seed)
    group = rng.choice(["a", "b"], n, p=[0.6, 0.4])
    grade = rng.binomial(4, np.where(group == "a", 0.6, 0.35))
    return {
        "group": group,
        "grade": grade.astype(float),
        "selected": rng.random(n) < 0.1 + 0.18 * grade - extra * (group == "b"),
    }


def found(people: dict[str, Any], *, others: dict[str, Any] | None = None, **changes: Any) -> Outcome:
    settings: dict[str, Any] = {
        "columns": (
            Column(name="race", kind="category", role="group"),
            Column(name="grade", kind="integer"),
        ),
        "grounds": Grounds(legitimate=("grade",)),
        "judged_rows": len(people["group"]),
        **changes,
    }
    (ask,) = CHECK.asks(outline(**settings), None, CHECK.Options())  # type: ignore[misc]  # rows are asked for
    decided = np.where(people["selected"], "1", "0").astype(object)
    rows = Rows(
        ids=np.arange(len(decided)),
        columns={
            "grade": people["grade"],
            asks.DECIDED: decided,
            asks.FAVORED: np.where(people["selected"], asks.YES, asks.NO).astype(object),
            group_column("race"): people["group"].astype(object),
            **(others or {}),
        },
    )
    return run(CHECK, {}, made={ask: rows}, **settings)


def verdict(outcome: Outcome) -> Verdict:
    assert isinstance(outcome, Measured)
    (estimate,) = outcome.judged.values()
    return estimate.against(CHECK.info.limit)  # type: ignore[arg-type]  # it has one


def test_a_gap_that_what_counts_explains_passes_and_one_it_does_not_fails() -> None:
    fair = found(applicants(20_000, extra=0.0))
    assert verdict(fair) is Verdict.PASS
    assert isinstance(fair, Measured)
    table = fair.explored[0].columns
    assert float(table["gap"][0] or 0.0) == pytest.approx(-0.18, abs=0.02)  # 4 grades · 0.25 apart · 0.18
    assert float(table["gap among people alike"][0] or 0.0) == pytest.approx(0, abs=0.02)
    unfair = found(applicants(20_000, extra=0.09))
    assert verdict(unfair) is Verdict.FAIL
    assert isinstance(unfair, Measured)
    assert unfair.headline.startswith("Among people alike in grade, b applicants are selected ")
    assert " less often than a applicants" in unfair.headline


def test_few_people_leave_it_open_and_none_alike_have_no_number() -> None:
    assert verdict(found(applicants(150, extra=0.09))) is Verdict.UNCERTAIN
    apart = applicants(400, extra=0.0)
    apart["grade"] = np.where(apart["group"] == "a", 0.0, 1.0)
    none = found(apart)
    assert verdict(none) is Verdict.UNCERTAIN
    assert isinstance(none, Measured)
    assert none.headline.startswith("Too few applicants are alike in grade")


def test_one_group_nobody_recorded_and_nothing_that_counts_do_not_apply() -> None:
    one = applicants(200, extra=0.0)
    one["group"][:] = "a"
    assert isinstance(found(one), NotApplicable)
    one["group"] = np.full(200, MISSING, dtype=object)
    assert isinstance(found(one), NotApplicable)
    assert run(CHECK, {}) == NotApplicable("nobody said what may count: declare [subject] legitimate")


def test_differences_are_means_over_strata() -> None:
    people = applicants(3000, extra=0.1, seed=3)
    codes, strata = (people["group"] == "b").astype(int), people["grade"].astype(int)
    base, (only,) = conditional_gaps(people["selected"], strata, codes, ("a", "b"))
    above = below = 0.0
    for grade in range(5):
        one, two = ((strata == grade) & (codes == code) for code in (0, 1))
        weight = one.sum() * two.sum() / (one.sum() + two.sum())
        above += weight * (people["selected"][two].mean() - people["selected"][one].mean())
        below += weight
    assert base == "a"
    assert only.within.value == pytest.approx(above / below)
    assert widest([only], level=0.95).value == pytest.approx(abs(above / below))


def test_equal_groups_are_accused_in_at_most_one_run_of_twenty() -> None:
    rng, accused, runs = np.random.default_rng(9), 0, 200
    for _ in range(runs):
        strata, codes = rng.integers(0, 4, 600), rng.integers(0, 5, 600)
        _, every = conditional_gaps(rng.random(600) < 0.2 + 0.1 * strata, strata, codes, tuple("abcde"))
        accused += (widest(every, level=0.95).low or 0.0) > 0
    assert accused / runs <= 0.05


@pytest.mark.skipif(not COMPAS.exists(), reason="needs ../shared/data/compas")
def test_compas_regression_and_people_alike_say_the_same() -> None:
    """ProPublica (Larson et al. 2016): of 6,172 people, coefficient 0.47721, 1.4528 times as likely to score higher."""
    import statsmodels.api as sm

    frame = pl.read_csv(COMPAS, infer_schema_length=None).filter(
        (pl.col("days_b_screening_arrest") <= 30)
        & (pl.col("days_b_screening_arrest") >= -30)
        & (pl.col("is_recid") != -1)
        & (pl.col("c_charge_degree") != "O")
        & (pl.col("score_text") != "N/A")
    )
    assert len(frame) == 6172
    high = (frame["score_text"] != "Low").to_numpy()
    races = sorted(set(frame["race"]) - {"Caucasian"})
    columns = {
        "constant": np.ones(len(frame)),
        "female": (frame["sex"] == "Female").to_numpy(),
        "over 45": (frame["age_cat"] == "Greater than 45").to_numpy(),
        "under 25": (frame["age_cat"] == "Less than 25").to_numpy(),
        **{race: (frame["race"] == race).to_numpy() for race in races},
        "priors": frame["priors_count"].to_numpy(),
        "misdemeanour": (frame["c_charge_degree"] == "M").to_numpy(),
        "again": frame["two_year_recid"].to_numpy(),
    }
    fit = sm.Logit(high.astype(float), np.column_stack([each.astype(float) for each in columns.values()])).fit(disp=0)
    coefficient = dict(zip(columns, fit.params, strict=True))
    assert coefficient["African-American"] == pytest.approx(0.47721, abs=5e-6)
    assert coefficient["constant"] == pytest.approx(-1.52554, abs=5e-6)
    control = 1 / (1 + np.exp(-coefficient["constant"]))
    odds = np.exp(coefficient["African-American"])
    assert odds / (1 - control + control * odds) == pytest.approx(1.4528, abs=5e-5)

    kept = frame["race"].is_in(["African-American", "Caucasian"]).to_numpy()
    factors = frame.select("sex", "age_cat", "c_charge_degree", "two_year_recid", pl.col("priors_count").clip(0, 10))
    strata = np.unique(factors.to_numpy().astype(str), axis=0, return_inverse=True)[1].ravel()[kept]
    codes = (frame["race"] == "Caucasian").to_numpy().astype(int)[kept]
    base, (only,) = conditional_gaps(high[kept], strata, codes, ("African-American", "Caucasian"))
    assert base == "African-American"
    assert only.within.high is not None
    assert only.within.high < 0  # scored high less often, among people alike in what the regression holds equal
    assert only.odds.value == pytest.approx(1 / odds, rel=0.1)


def test_groups_too_small_to_be_compared_are_named_and_an_attribute_of_them_stays_open() -> None:
    people = applicants(4000, extra=0.0)
    people["group"][:20] = "c"
    some = found(people)
    assert isinstance(some, Measured)
    assert "not compared, with fewer than 30 people: c" in some.notes
    people = applicants(4000, extra=0.0)
    sex = np.where(np.arange(4000) < 20, "x", "y").astype(object)
    groupings = (Grouping(columns=("race",)), Grouping(columns=("sex",)))
    columns = (Column(name="race", kind="category", role="group"), Column(name="grade", kind="integer"))
    other = found(people, groupings=groupings, columns=columns, others={group_column("sex"): sex})
    assert isinstance(other, Measured)
    assert {key.metric: each.value for key, each in other.judged.items()}["gap among people alike by sex"] is None


def test_as_many_strata_as_rows_beside_many_groups_fit_in_memory() -> None:
    """Of 1,600 groups and 50,000 strata a table would hold 80 million cells."""
    n = 50_000
    codes = np.random.default_rng(0).integers(0, 1_600, n)
    codes[:20_000] = 0
    tracemalloc.start()
    conditional_gaps(np.arange(n) % 2 == 0, np.arange(n), codes, [str(code) for code in range(1_600)])
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1e8
