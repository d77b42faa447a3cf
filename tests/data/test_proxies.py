"""Proxies: Cramér's V by SciPy, planted and independent features, false alarms counted, real data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from fairwitness.core.check import Measured, NoOptions, NotApplicable
from fairwitness.core.columns import Column, Grouping
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.core.subject import Outline
from fairwitness.data import proxies
from fairwitness.data.checks.proxies import Proxies
from fairwitness.stats import associations

Look = Callable[..., Any]
AT_MOST = Limit(at_most=0.70)
SEXES = np.array(["f", "m"], dtype=object)


def planted(n: int, *, shift: float, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Two features go with the group, each by `shift` standard deviations; three do not."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 2, n)
    noise = {f"x{i}": rng.normal(size=n) for i in range(3)}
    tells = {f"t{i}": rng.normal(size=n) + shift * group for i in range(2)}
    return {"sex": SEXES[group], **noise, **tells}


def verdict(outcome: object) -> Verdict:
    assert isinstance(outcome, Measured)
    (estimate,) = outcome.judged.values()
    return estimate.against(AT_MOST)


@pytest.mark.parametrize(
    ("n", "shift", "expected"),
    [(1_500, 1.5, Verdict.FAIL), (1_500, 0.0, Verdict.PASS), (30, 0.7, Verdict.UNCERTAIN)],
)
def test_at_three_sizes(look: Look, n: int, shift: float, expected: Verdict) -> None:
    assert verdict(look("data.proxies", planted(n, shift=shift), group=("sex",))) is expected


def test_the_model_comes_near_what_the_law_allows() -> None:
    """Two normals each shifted by 1: the best AUC there is stands at the normal law of sqrt(2) / sqrt(2)."""
    columns = planted(4_000, shift=1.0)
    features = [Column(name=name, kind="number") for name in columns if name != "sex"]
    (found,) = proxies.strength(columns, columns["sex"], features, rng=np.random.default_rng(0)).values()
    best = stats.norm.cdf(1.0)
    assert found.value is not None
    assert best - 0.03 < found.value < best + 0.015


def test_independent_features_are_not_accused(look: Look) -> None:
    """At most one of 20 small subjects with unrelated features may fail."""
    failed = 0
    for seed in range(20):
        columns = planted(120, shift=0.0, seed=seed)
        failed += verdict(look("data.proxies", columns, group=("sex",), seed=seed)) is Verdict.FAIL
    assert failed <= 1


@pytest.mark.parametrize("seed", range(3))
def test_cramers_v_is_scipys_without_the_correction(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 3, 400)
    codes = np.where(rng.random(400) < 0.4, groups, rng.integers(0, 5, 400))
    table = np.array([[((codes == a) & (groups == b)).sum() for b in range(3)] for a in range(5)])
    plain = stats.contingency.association(table, method="cramer")
    v, p = associations.cramers_v(codes, groups)
    phi2 = max(plain**2 * 2 - 8 / 399, 0)  # Bergsma's equations 3 and 4, by hand
    assert v == pytest.approx(np.sqrt(phi2 / (min(5 - 16 / 399, 3 - 4 / 399) - 1)))
    assert p == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)


def test_a_feature_that_never_varies_says_nothing() -> None:
    assert associations.cramers_v(np.zeros(9, dtype=np.int64), np.arange(9) % 2) == (0.0, 1.0)


def test_the_most_telling_features_stand_first(look: Look) -> None:
    outcome = look("data.proxies", planted(1_500, shift=1.5), group=("sex",))
    (table,) = outcome.explored
    assert set(table.columns["feature"][:2]) == {"t0", "t1"}
    assert max(table.columns["p, adjusted"][:2]) < 0.001 < min(table.columns["p, adjusted"][2:])


def test_who_is_left_out_is_said(look: Look) -> None:
    columns = planted(600, shift=1.0)
    columns["sex"][:7] = None
    columns["sex"][7:12] = "x"
    notes = look("data.proxies", columns, group=("sex",)).notes
    assert "7 rows with no sex recorded left out" in notes
    assert "left out, with fewer than 10 people or beyond the 12 largest groups: x" in notes


def test_a_large_subject_is_sampled_and_says_so(look: Look) -> None:
    outcome = look("data.proxies", planted(20_400, shift=1.0), group=("sex",))
    (estimate,) = outcome.judged.values()
    assert estimate.n == 20_000
    assert "measured on 20,000 rows drawn at random from 20,400" in outcome.notes


def test_pictures_one_group_and_explored_crossings_are_not_looked_at(look: Look) -> None:
    sex = SEXES[np.arange(60) % 2]
    pictures = look("data.proxies", {"sex": sex}, group=("sex",), media={"image": np.zeros((60, 4, 4))})
    one = look("data.proxies", {"sex": SEXES[np.zeros(60, dtype=int)], "x": np.arange(60.0)}, group=("sex",))
    assert isinstance(pictures, NotApplicable)
    assert isinstance(one, NotApplicable)
    crossing = Grouping(columns=("sex", "race"), named=False)
    outline = Outline(
        name="",
        task=None,
        columns=(Column(name="x", kind="number"),),
        offers=frozenset(),
        groupings=(crossing,),
        rows=9,
        judged_rows=9,
        parts={},
        features=("x",),
    )
    assert isinstance(Proxies().asks(outline, crossing, NoOptions()), NotApplicable)


def test_loanapp_tells_race(look: Look, loanapp: dict[str, NDArray[Any]]) -> None:
    """The indicator columns race is built from are no features; the rest still tell it."""
    own = ("black", "hispan", "white", "action", "reject")
    columns = {name: values for name, values in loanapp.items() if name not in own}
    outcome = look("data.proxies", columns, group=("race",), target="approve", positive="1", people="applicants")
    assert verdict(outcome) is Verdict.FAIL
    assert "black applicants" in outcome.headline
