"""Planted subjects: with the fault, without it, too small to tell; and what is said of each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fairwitness.core.check import Check, NotApplicable
from fairwitness.core.columns import MISSING, Grouping
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.core.figures import Heat, Intervals
from fairwitness.core.registry import registered
from fairwitness.core.subject import Outline
from support.given import from_cells, from_rates, measured, outline, people, run, series, verdict

# Cells are (true negatives, false positives, false negatives, true positives) by group.
FAULTY = {
    "selection-rate-gap": {"a": (600, 0, 0, 400), "b": (400, 0, 0, 600)},
    "impact-ratio": {"a": (700, 0, 0, 300), "b": (400, 0, 0, 600)},
    "true-positive-rate-gap": {"a": (500, 0, 200, 300), "b": (500, 0, 50, 450)},
    "false-positive-rate-gap": {"a": (300, 200, 0, 500), "b": (450, 50, 0, 500)},
    "equalized-odds-gap": {"a": (300, 200, 50, 450), "b": (450, 50, 50, 450)},
    "predictive-parity-gap": {"a": (500, 200, 0, 300), "b": (500, 50, 0, 450)},
    "accuracy-gap": {"a": (300, 200, 200, 300), "b": (450, 50, 50, 450)},
}
CHECKS: dict[str, Check[Any]] = {  # those that compare rates of groups; each of the others has tests of its own
    name: entry.load()
    for entry in registered()
    for pillar, _, name in [entry.id.partition(".")]
    if pillar == "fairness" and name in {*FAULTY, "calibration-gap"}
}
RATES = list(FAULTY)

SOUND = {"a": (4000, 1000, 1000, 4000), "b": (4010, 990, 1010, 3990), "c": (4000, 1000, 1000, 4000)}
TINY = {"a": (4, 1, 1, 4), "b": (300, 75, 75, 300)}


@pytest.mark.parametrize("name", RATES)
def test_the_planted_fault_fails(name: str) -> None:
    assert verdict(CHECKS[name], from_cells(FAULTY[name])) is Verdict.FAIL


@pytest.mark.parametrize("name", RATES)
def test_the_sound_subject_passes(name: str) -> None:
    assert verdict(CHECKS[name], from_cells(SOUND)) is Verdict.PASS


@pytest.mark.parametrize("name", RATES)
def test_a_small_group_leaves_it_open_and_says_whom_to_collect(name: str) -> None:
    found = measured(CHECKS[name], from_cells(TINY))
    assert verdict(CHECKS[name], from_cells(TINY)) is Verdict.UNCERTAIN
    assert "more a applicants" in found.to_settle
    assert "a (" in found.lead
    assert "Too few to judge alone" in found.lead


@pytest.mark.parametrize("name", RATES)
def test_one_member_is_audited_and_uncertain(name: str) -> None:
    cells = {"a": (0, 0, 0, 1) if name != "false-positive-rate-gap" else (0, 1, 0, 0), "b": (200, 50, 50, 200)}
    assert verdict(CHECKS[name], from_cells(cells)) is Verdict.UNCERTAIN


@pytest.mark.parametrize("name", RATES)
def test_one_group_is_not_applicable(name: str) -> None:
    outcome = run(CHECKS[name], from_cells({"a": (50, 10, 10, 50)}))
    assert isinstance(outcome, NotApplicable)
    assert outcome.reason.endswith("'race' holds one group; a gap needs two")


@pytest.mark.parametrize("name", RATES)
def test_nobody_is_not_applicable(name: str) -> None:
    outcome = run(CHECKS[name], {key: values[:0] for key, values in from_cells(TINY).items()})
    assert isinstance(outcome, NotApplicable)


def test_an_unknown_rate_is_never_zero_and_never_passes() -> None:
    """Group c has nobody who was hired: its true-positive rate is unknown, however close the others are."""
    rows = from_cells({"a": (900, 90, 100, 900), "b": (900, 90, 100, 900), "c": (900, 90, 0, 0)})
    check = CHECKS["true-positive-rate-gap"]
    found = measured(check, rows)
    (estimate,) = found.judged.values()
    assert estimate.high is None
    assert verdict(check, rows) is Verdict.UNCERTAIN
    assert "Of c there are no applicants whose hired is “1”, so the rate there is unknown." in found.lead
    assert found.to_settle.startswith("Collect c applicants whose hired is “1”")
    assert series(found, "By group")["rate"][2] is None
    outcome = run(check, from_cells({"a": (5, 5, 5, 5), "c": (9, 9, 0, 0)}))
    assert outcome == NotApplicable("only a of 'race' has applicants whose hired is “1”; a gap needs two")


def test_nobody_is_sent_to_collect_people_without_a_group() -> None:
    """Of those without a race nobody was refused: that their rate is unknown keeps nothing open."""
    rows = from_cells({"a": (30, 20, 10, 50), "b": (28, 22, 10, 50), MISSING: (0, 0, 2, 8)})
    found = measured(CHECKS["false-positive-rate-gap"], rows)
    assert "not recorded" not in found.lead
    assert "not recorded" not in found.to_settle
    assert "more b applicants whose hired is “0” would settle it" in found.to_settle


def test_equalized_odds_is_uncertain_when_half_of_it_is_unknown() -> None:
    rows = from_cells({"a": (4000, 400, 400, 4000), "b": (4000, 400, 0, 0)})
    found = measured(CHECKS["equalized-odds-gap"], rows)
    assert verdict(CHECKS["equalized-odds-gap"], rows) is Verdict.UNCERTAIN
    assert "The true-positive-rate gap is unknown: only a of 'race'" in found.lead


def test_equalized_odds_judges_both_at_a_level_at_which_both_hold() -> None:
    found = measured(CHECKS["equalized-odds-gap"], from_cells(SOUND))
    assert [key.metric for key in found.judged] == ["true-positive-rate gap", "false-positive-rate gap"]
    assert [each.level for each in found.judged.values()] == pytest.approx([0.95**0.5] * 2)


def test_headline_and_lead_tell_the_fact() -> None:
    rows = from_rates({"White": (684, 755), "Hispanic": (49, 62), "Black": (51, 79)})
    found = measured(CHECKS["selection-rate-gap"], rows)
    assert found.headline == (
        "The model decides in favour of 64.6\u202f% of Black applicants and 90.6\u202f% of White applicants"
    )
    assert found.lead.startswith("The gap is 26.0 points [")
    assert "over 896 applicants in 3 groups. " in found.lead
    assert "less than once in 1,000 shuffles. The other group: Hispanic 79.0\u202f%." in found.lead
    (key,) = found.judged
    assert (key.metric, key.groups) == ("selection-rate gap", ("Black", "White"))


def test_a_handful_of_people_does_not_take_the_headline_from_a_firm_gap() -> None:
    rows = from_rates({"White": (684, 755), "Black": (40, 79), "Asian": (2, 5)})
    found = measured(CHECKS["selection-rate-gap"], rows)
    assert "50.6\u202f% of Black applicants" in found.headline
    assert "It is widest between Asian and White" in found.lead
    assert "Asian (5)" in found.lead
    firm, widest = found.judged.items()
    assert firm[0].groups == ("Black", "White")
    assert widest[0].groups == ("Asian", "White")
    assert {each.against(Limit(at_most=0.1)) for _, each in (firm, widest)} == {Verdict.FAIL}


def test_equal_rates_are_called_similar() -> None:
    found = measured(CHECKS["selection-rate-gap"], from_rates({"a": (500, 1000), "b": (501, 1001)}))
    assert found.headline.startswith("The model decides in favour of a similar share of ")


def test_error_rates_name_the_recorded_outcome() -> None:
    rows = from_cells({"African-American": (990, 805, 532, 1369), "Caucasian": (1139, 349, 461, 505)})
    found = measured(CHECKS["false-positive-rate-gap"], rows, people="people", target="two_year_recid")
    assert found.headline == (
        "The model decides “1” for 23.5\u202f% of Caucasian people and 44.8\u202f% of African-American people whose "
        "two_year_recid is “0”"
    )


def test_propublicas_rates_stand_in_the_table() -> None:
    rows = from_cells({"African-American": (990, 805, 532, 1369), "Caucasian": (1139, 349, 461, 505)})
    wrong = series(measured(CHECKS["false-positive-rate-gap"], rows), "By group")
    right = series(measured(CHECKS["true-positive-rate-gap"], rows), "By group")
    assert wrong["group"] == ("African-American", "Caucasian")
    assert (wrong["hits"], wrong["n"]) == ((805, 349), (1795, 1488))
    assert (right["misses"], right["n"]) == ((532, 461), (1901, 966))
    assert wrong["rate"] == pytest.approx([0.4485, 0.2345], abs=5e-5)
    assert right["false-negative rate"] == pytest.approx([0.2799, 0.4772], abs=5e-5)
    for row in range(2):
        assert right["false-negative rate, low"][row] < right["false-negative rate"][row]
        assert right["false-negative rate"][row] < right["false-negative rate, high"][row]


def test_the_ratio_of_nothing_is_unknown() -> None:
    found = measured(CHECKS["impact-ratio"], from_rates({"a": (0, 100), "b": (0, 100)}))
    (estimate,) = found.judged.values()
    assert estimate.value is None
    assert "unknown, since no rate is above zero" in found.lead
    assert estimate.against(Limit(at_least=0.8)) is Verdict.UNCERTAIN


def test_without_a_favourable_outcome_positive_decisions_are_compared() -> None:
    check = CHECKS["selection-rate-gap"]
    found = measured(check, from_rates({"a": (300, 1000), "b": (600, 1000)}), favorable=None)
    assert found.headline.startswith("The model decides “1” for 30.0")
    nothing = run(check, from_rates({"a": (1, 2)}), favorable=None, positive=None)
    assert nothing == NotApplicable("it needs to know which outcome is good for the person, or positive", "favorable")


def test_people_without_a_group_stand_aside_and_are_named() -> None:
    rows = from_rates({"a": (500, 1000), "b": (500, 1000), MISSING: (3, 15)})
    found = measured(CHECKS["selection-rate-gap"], rows)
    assert verdict(CHECKS["selection-rate-gap"], rows) is Verdict.PASS
    assert "over 2,015 applicants in 2 groups, 15 of them with no race recorded." in found.lead
    assert "race not recorded (15)" in found.lead
    assert found.notes[0].startswith("15 applicants have no race recorded")
    assert "race not recorded" in series(found, "By group")["group"]


def test_an_intersection_is_a_heat_table_and_nothing_in_it_is_judged() -> None:
    rng = np.random.default_rng(0)
    rows = people(rng.choice(["Black", "White"], 400, p=[0.1, 0.9]), label=rng.random(400) < 0.5, decision=[1] * 400)
    rows["sex"] = rng.choice(["0", "1"], 400).astype(object)
    rows["sex"][:3] = None
    crossed = Grouping(columns=("race", "sex"), named=False)
    found = measured(CHECKS["accuracy-gap"], rows, about=crossed, limit=None, groupings=(crossed,))
    heat, pairs = found.figures
    assert isinstance(heat, Heat)
    assert isinstance(pairs, Intervals)
    assert heat.rows == ("Black", "White")
    assert heat.columns == ("sex 0", "sex 1", "sex not recorded")
    assert sum(cell.n for row in heat.cells for cell in row) == 400
    assert heat.cells[0][2].value is None
    assert pairs.limit is None
    assert {row.verdict for row in pairs.rows} == {Verdict.EXPLORED}
    assert found.to_settle == ""


def test_many_groups_stay_small_and_are_said_to_be_cut() -> None:
    found = measured(CHECKS["accuracy-gap"], from_cells({f"g{i:03}": (20, 5, 5, 20 + i) for i in range(120)}))
    assert len(series(found, "By group")["group"]) == 40
    assert [len(figure.rows) for figure in found.figures if isinstance(figure, Intervals)] == [24, 12]
    assert "12 of 7,140 pairs, the widest" in found.figures[1].caption
    assert any(note.startswith("the tables list the 40 largest of 120 groups") for note in found.notes)


def test_many_doubtful_pairs_are_not_all_promised_to_be_settled() -> None:
    found = measured(CHECKS["accuracy-gap"], from_cells({f"g{i:02}": (40, 10, 10, 40 + i % 2) for i in range(20)}))
    assert "more of " in found.to_settle
    assert found.to_settle.endswith("widest of the uncertain pairs; others may need more.")


def test_what_lies_near_the_limit_is_said_to() -> None:
    found = measured(CHECKS["accuracy-gap"], from_cells({"a": (2000, 401, 400, 2000), "b": (1760, 640, 640, 1760)}))
    assert found.to_settle.startswith("What is observed lies so near the limit that it would take about ")


def test_twenty_equal_groups_are_accused_in_at_most_one_run_of_twenty() -> None:
    """Equal rates of 0.2 in 20 groups of 100: a plain widest gap over 10 points would accuse 95 % of such models."""
    rng, check = np.random.default_rng(11), CHECKS["selection-rate-gap"]
    runs, accused = 200, 0
    for seed in range(runs):
        hits = rng.binomial(100, 0.2, 20)
        rows = from_rates({f"g{i}": (int(k), 100) for i, k in enumerate(hits)})
        (estimate,) = measured(check, rows, limit=None, seed=seed).judged.values()
        accused += estimate.against(Limit(at_most=0.0)) is Verdict.FAIL
    assert accused / runs <= 0.05


def test_the_number_to_collect_settles_it() -> None:
    """With that many more people at the same rates, the verdict is no longer open."""
    check, hits = CHECKS["selection-rate-gap"], {"a": (20, 40), "b": (700, 1000)}
    found = measured(check, from_rates(hits))
    assert verdict(check, from_rates(hits)) is Verdict.UNCERTAIN
    more = int(found.to_settle.split()[1].replace(",", ""))
    assert found.to_settle.startswith(f"About {more:,} more a applicants")
    grown = {"a": ((40 + more) // 2, 40 + more), "b": (700, 1000)}
    assert verdict(check, from_rates(grown)) is Verdict.FAIL


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_says_what_it_is(name: str) -> None:
    info = CHECKS[name].info
    assert info.id == f"fairness.{name}"
    assert info.per == "grouping"
    assert info.limit is not None
    assert "groups" in info.needs
    assert info.title != info.failure_title
    for text in (info.measures, info.does_not_show, info.advice, *info.sources):
        assert text.strip()
        assert "  " not in text
    for text in (info.measures, info.does_not_show, info.advice):
        assert text.endswith(".")


@pytest.mark.parametrize("name", CHECKS)
def test_what_is_asked_for_is_a_tally_of_judged_rows(name: str) -> None:
    subject: Outline = outline()
    asked = CHECKS[name].asks(subject, subject.groupings[0], CHECKS[name].Options())
    assert not isinstance(asked, NotApplicable)
    assert [(ask.by, ask.judged) for ask in asked] == [(("race",), True)]  # type: ignore[union-attr] # all are tallies


@pytest.mark.parametrize("name", RATES)
def test_renaming_groups_and_shuffling_rows_change_names_alone(name: str) -> None:
    rows = from_cells({"a": (30, 20, 20, 31), "b": (45, 5, 5, 45), "c": (40, 12, 9, 50)})
    order = np.random.default_rng(4).permutation(len(rows["race"]))
    names = {"a": "m", "b": "a", "c": "zz"}
    other = {key: values[order] for key, values in rows.items()}
    other["race"] = np.array([names[each] for each in other["race"]], dtype=object)
    one, two = measured(CHECKS[name], rows), measured(CHECKS[name], other)
    assert list(one.judged.values()) == list(two.judged.values())
    assert [tuple(names[each] for each in key.groups) for key in one.judged] == [key.groups for key in two.judged]
