"""Local Law 144's tables: the rule's own example, brute force over rows, coverage, and what must be said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.asks import SCORE, RowsAsk, group_column
from fairwitness.core.check import Measured, NotApplicable
from fairwitness.core.columns import MISSING, Grouping
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.core.subject import Rows
from fairwitness.fairness.checks.local_law_144 import LocalLawOptions
from fairwitness.fairness.impact_ratios import impact_ratios, scoring_rate
from fairwitness.fairness.rates import Rate
from fairwitness.stats.gaps import lowest_ratio
from support.given import check, from_rates, measured, outline, people, run, series

CHECK = check("fairness.local-law-144")
NO_SCORES = outline().offers - {"scores"}
CULTURE_FIT = {
    "sex": {"Male": (92, 0.543, 1.00), "Female": (76, 0.447, 0.82)},
    "race": {
        "Hispanic": (28, 0.642, 1.00),
        "White": (40, 0.375, 0.58),
        "Black": (32, 0.500, 0.78),
        "NHPI": (8, 0.625, 0.97),
        "Asian": (24, 0.417, 0.65),
    },
}
"""6 RCNY 5-301(c): people, scoring rate and impact ratio by category, as printed; rates are cut there, not rounded."""


def counts(attribute: str) -> Rate:
    table = CULTURE_FIT[attribute]
    return Rate(
        {name: round(n * rate) for name, (n, rate, _) in table.items()}, {name: n for name, (n, *_) in table.items()}
    )


def scored(group: list[str], scores: NDArray[np.float64], **settings: Any) -> Any:
    """What the check says of people with scores; decided in favour above a half."""
    columns = people(group, decision=scores > 0.5, score=scores)
    rows = Rows(
        ids=np.arange(len(scores)),
        columns={SCORE: scores, group_column("race"): np.asarray(group, dtype=object)},
    )
    return run(CHECK, columns, made={RowsAsk(columns=(SCORE,), groups=("race",)): rows}, **settings)


@pytest.mark.parametrize("attribute", CULTURE_FIT)
def test_the_laws_own_example(attribute: str) -> None:
    found = impact_ratios(counts(attribute))
    assert found is not None
    assert found.left_out == ()
    for name, (n, rate, ratio) in CULTURE_FIT[attribute].items():
        each = found.ratios[name]
        assert found.rate.hits[name] / n == pytest.approx(rate, abs=0.001)
        assert each.value == pytest.approx(ratio, abs=0.005)
        assert each.value is not None
        assert each.low is not None
        assert each.high is not None
        assert each.low <= each.value <= each.high <= 1


@pytest.mark.parametrize("attribute", CULTURE_FIT)
def test_the_lowest_ratio_is_that_of_the_impact_ratio(attribute: str) -> None:
    rate = counts(attribute)
    found, whole = impact_ratios(rate), lowest_ratio(rate.hits, rate.totals)
    assert found is not None
    assert (found.lowest, found.highest) == whole.groups
    ratios = found.ratios.values()
    assert found.ratios[found.lowest].value == whole.estimate.value
    assert min(each.low or 0.0 for each in ratios) == pytest.approx(whole.estimate.low)
    assert min(each.high or 0.0 for each in ratios) == pytest.approx(whole.estimate.high)


def test_intervals_hold_together_also_where_another_category_is_truly_the_highest() -> None:
    """Three categories of nearly equal rates: the observed highest is often not the true one."""
    rng, n, true = np.random.default_rng(3), np.array([80, 60, 120]), np.array([0.50, 0.52, 0.40])
    ratios, held = true / true.max(), 0
    for _ in range(300):
        hits = rng.binomial(n, true)
        found = impact_ratios(
            Rate(dict(zip("abc", hits.tolist(), strict=True)), dict(zip("abc", n.tolist(), strict=True)))
        )
        assert found is not None
        ends = [(found.ratios[name].low, found.ratios[name].high) for name in "abc"]
        held += all(low <= ratio <= high for (low, high), ratio in zip(ends, ratios, strict=True))
    assert held / 300 >= 0.93


def test_scoring_rates_against_a_loop_over_rows() -> None:
    rng = np.random.default_rng(5)
    race = rng.choice(["a", "b"], 301).astype(object)
    race[:9] = None
    sex = rng.choice(["men", "women"], 301).astype(object)
    scores = np.round(rng.random(301), 1)  # many ties at the median
    scores[20:30] = np.nan
    rate, median = scoring_rate({"race": race, "sex": sex}, scores)
    seen = sorted(value for value in scores if value == value)  # noqa: PLR0124 - not NaN
    assert median == seen[len(seen) // 2]
    assert len(seen) % 2
    for first in ("a", "b", MISSING):
        for second in ("men", "women"):
            own = [
                value > median
                for value, one, two in zip(scores, race, sex, strict=True)
                if (one or MISSING, two) == (first, second) and value == value  # noqa: PLR0124 - not NaN
            ]
            name = f"{first} × {second}"
            assert (rate.hits[name], rate.totals[name]) == (sum(own), len(own))


def test_a_category_under_two_per_cent_is_no_yardstick_and_is_said() -> None:
    """Of c there are 3 of 203, all selected: without the rule everybody would be compared with them."""
    rows = from_rates({"a": (50, 100), "b": (40, 100), "c": (3, 3), MISSING: (5, 7)})
    found = measured(CHECK, rows, offers=NO_SCORES)
    assert found.headline == (
        "As Local Law 144 counts it, b applicants have an impact ratio of 0.80 to a applicants, by selection rates"
    )
    assert "7 applicants are in no known category of race and in no ratio." in found.lead
    assert any("c (3 people, 100.0\u202f%)" in note and "under 2.0\u202f% of the data" in note for note in found.notes)
    assert any("the law names sex, race or ethnicity" in note for note in found.notes)
    table = series(found, "Selection rates by race")
    assert table["category"] == ("a", "b", "c")
    assert table["impact ratio"] == pytest.approx((1.0, 0.8, None))
    assert table["in the ratios"] == ("yes", "yes", "no")
    kept = impact_ratios(Rate({"a": 50, "b": 40, "c": 3}, {"a": 100, "b": 100, "c": 3}), smallest=0.0)
    assert kept is not None
    assert (kept.highest, kept.ratios["a"].value) == ("c", 0.5)


def test_exactly_two_per_cent_is_not_under_it() -> None:
    found = impact_ratios(Rate({"a": 70, "b": 10, "c": 1}, {"a": 127, "b": 20, "c": 3}))
    assert found is not None
    assert found.left_out == ()


def test_scores_get_a_table_of_their_own_and_both_hold_together() -> None:
    rng = np.random.default_rng(0)
    scores = np.concatenate([rng.beta(4, 2, 400), rng.beta(2, 4, 400)])
    found = scored(["a"] * 400 + ["b"] * 400, scores)
    assert isinstance(found, Measured)
    assert [key.metric for key in found.judged] == ["impact ratio of selection rates", "impact ratio of scoring rates"]
    assert [each.level for each in found.judged.values()] == pytest.approx([0.95**0.5] * 2)
    above = scores > np.median(scores)
    table = series(found, "Scoring rates by race")
    assert table["above the median"] == (above[:400].sum(), above[400:].sum())
    assert table["impact ratio"] == pytest.approx((1.0, above[400:].sum() / above[:400].sum()))
    assert all(each.against(Limit(at_least=0.8)) is Verdict.FAIL for each in found.judged.values())
    assert "sample's median, " in found.lead


def test_where_the_event_is_bad_for_the_person_low_scores_are_the_good_ones() -> None:
    scores = np.concatenate([np.linspace(0.0, 0.6, 50), np.linspace(0.4, 0.99, 50)])
    found = scored(["a"] * 50 + ["b"] * 50, scores, favorable="0")
    below = scores < np.median(scores)
    assert series(found, "Scoring rates by race")["above the median"] == (below[:50].sum(), below[50:].sum())


def test_no_scores_of_single_people_no_scoring_rates() -> None:
    found = measured(CHECK, from_rates({"a": (50, 100), "b": (40, 100)}), offers=outline().offers - {"rows"})
    assert len(found.judged) == 1
    assert any(note.startswith("no scoring rates") for note in found.notes)
    assert len(scored(["a"] * 40 + ["b"] * 40, np.full(80, np.nan)).judged) == 1


def test_nobody_selected_is_an_unknown_ratio() -> None:
    found = measured(CHECK, from_rates({"a": (0, 100), "b": (0, 100)}), offers=NO_SCORES)
    (ratio,) = found.judged.values()
    assert (ratio.value, ratio.low, ratio.high) == (None, None, None)
    assert found.headline == "Nobody is selected in any category of race, so there is no impact ratio"


@pytest.mark.parametrize("rates", [{"a": (5, 10)}, {"a": (5, 10), MISSING: (1, 10)}, {"a": (50, 100), "b": (1, 1)}])
def test_one_category_is_not_applicable(rates: dict[str, tuple[int, int]]) -> None:
    outcome = run(CHECK, from_rates(rates), offers=NO_SCORES)
    assert isinstance(outcome, NotApplicable)
    assert outcome.reason.startswith("'race' has fewer than two categories")


def test_crossed_attributes_are_unknown_where_either_is() -> None:
    rows = from_rates({"a": (50, 100), "b": (40, 100)})
    sex = np.array(["men", "women"] * 100, dtype=object)
    sex[:3] = None
    found = measured(CHECK, {**rows, "sex": sex}, about=Grouping(columns=("race", "sex")), offers=NO_SCORES)
    assert "3 applicants are in no known category of race × sex" in found.lead
    assert len(series(found, "Selection rates by race × sex")["category"]) == 4


def test_no_limit_stands_and_only_small_categories_may_be_left_out() -> None:
    assert CHECK.info.limit is None
    with pytest.raises(ValueError, match=r"smallest is 0\.1; the law lets categories under 0\.02"):
        LocalLawOptions(smallest=0.1)
