"""Canada's score against sums made by hand, and against the published rule written out as it is published."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from fairwitness.accountability.assess import aia
from fairwitness.accountability.assess.aia import Given, bounds, rated, score

MAXIMA = {
    "Reasons for automation": 2 + 1 + 2,
    "Risk profile": 3 + 3 + 1 + 4 + 3 + 1,
    "Authority": 2,
    "The system": 1 + 1 + 2 + 2 + 2 + 1 + 2 + 2 + 4,
    "The algorithm": 1 + 3 + 1 + 1 + 1 + 3 + 1 + 2 + 2,
    "The decision": 8,
    "The impact": 4 + 4 + 2 + 2 + 2 + 7 * 4 + 3 + 1 + 1 + 1 + 4,
    "The data": 2 + 2 + 2 + 1 + 9 + 2 + 2 + 4 + 2 + 3 + 2 + 4 + 4 + 4 + 4 + 6,
    "Consultations": 2 + 2 + 3 + 3,
    "Data quality": 3 + 1 + 1 + 1 + 2 + 1 + 2 + 1 + 2,
    "Procedural fairness": 1 + 1 + 2 + 2 + 2 + 2 + 1 + 2 + 2 + 1 + 2 + 2 + 2 + 2 + 2 + 2 + 2 + 5 + 2 + 2 + 2 + 2 + 1,
    "Privacy and security": 2 + 2 + 2 + 1 + 1 + 1,
}
"""Greatest score of each section, added up by hand from the published weights of version 1.0.1."""


def published(raw: int, mitigation: int, most_raw: int, most_of_both_phases: int) -> tuple[int, int]:
    """`calculateFinalScore` of the published tool, line by line, in floating point as there."""
    total = raw
    if mitigation >= 0.8 * (most_of_both_phases / 2):
        total = math.floor((1 - 0.15) * raw + 0.5)  # JavaScript's Math.round
    if total <= most_raw * 0.25:
        return total, 1
    if total <= most_raw * 0.5:
        return total, 2
    return total, 3 if total <= most_raw * 0.75 else 4


@pytest.mark.parametrize("phase", aia.PHASES)
def test_sections_have_the_published_maxima(phase: aia.Phase) -> None:
    found: dict[str, int] = {}
    for question in aia.questions(phase):
        found[question.section] = found.get(question.section, 0) + question.most
    assert found == MAXIMA
    weighted = [question for question in aia.questions(phase) if question.most]
    assert (sum(not each.mitigates for each in weighted), sum(each.mitigates for each in weighted)) == (62, 42)
    none = score(phase, {})
    assert (none.most_raw, none.most_mitigation) == (167, 77)  # together 244, as published


def test_both_phases_ask_the_same_but_for_their_names() -> None:
    design, built = aia.questions("design"), aia.questions("implementation")
    assert [each.id.replace("Design", "Implementation") for each in design] == [each.id for each in built]
    assert [each.choices for each in design] == [each.choices for each in built]


@pytest.mark.parametrize(
    ("raw", "mitigation", "total", "level"),
    [
        (100, 61, 100, 3),  # 80 % of 77 is 61.6: not enough
        (100, 62, 85, 3),  # enough: 15 % off
        (0, 77, 0, 1),
        (10, 62, 9, 1),  # 8.5 goes up
        (50, 62, 43, 2),  # 42.5 goes up
        (90, 62, 77, 2),  # 76.5 goes up
        (90, 61, 90, 3),  # the same without the reduction is a level higher
        (41, 0, 41, 1),  # 25 % of 167 is 41.75
        (42, 0, 42, 2),
        (83, 0, 83, 2),  # 50 % is 83.5
        (84, 0, 84, 3),
        (125, 0, 125, 3),  # 75 % is 125.25
        (126, 0, 126, 4),
        (49, 62, 42, 2),  # 41.65 goes up to 42, over the boundary
        (48, 62, 41, 1),  # 40.8 goes up to 41, below it
        (147, 62, 125, 3),  # 124.95
        (148, 62, 126, 4),  # 125.8
        (167, 77, 142, 4),  # 141.95
    ],
)
def test_hand_computed_scores(raw: int, mitigation: int, total: int, level: int) -> None:
    made = rated(raw, mitigation, most_raw=167, most_mitigation=77)
    assert (made.total, made.level) == (total, level)


@pytest.mark.parametrize(("total", "level"), [(25, 1), (26, 2), (50, 2), (51, 3), (75, 3), (76, 4), (100, 4)])
def test_a_boundary_belongs_to_the_lower_level(total: int, level: int) -> None:
    assert rated(total, 0, most_raw=100, most_mitigation=10).level == level


@pytest.mark.parametrize(("mitigation", "total"), [(7, 40), (8, 34)])
def test_eighty_per_cent_itself_is_enough(mitigation: int, total: int) -> None:
    assert rated(40, mitigation, most_raw=100, most_mitigation=10).total == total


def test_every_score_is_the_published_one() -> None:
    for raw, mitigation in product(range(168), range(78)):
        made = rated(raw, mitigation, most_raw=167, most_mitigation=77)
        assert (made.total, made.level) == published(raw, mitigation, 167, 154), (raw, mitigation)


CASE: Given = {
    "businessDrivers5": ("item2-1",),  # 1
    "businessDrivers9": ("item1-0",),
    "businessDrivers11": ("item2-0", "item3-0"),
    "riskProfile2": ("item1-3",),  # 3
    "aboutSystem3": ("item4-1",),  # 1
    "aboutSystem5": ("item3-2",),  # 2
    "aboutAlgorithm2": ("item1-3",),  # 3
    "aboutAlgorithm8": ("item2-0",),
    "aboutAlgorithm8A": ("item2-1",),  # not asked: it does not go on learning
    "decisionSector1": ("item2-1", "item3-1"),  # 2
    "impact30": ("item2-2",),  # 2
    "impact6": ("item3-3",),  # 3
    "impact18": ("item5-1",),  # 1
    "aboutDataSource1": ("item1-2",),  # 2
    "aboutDataSource14": ("item2-1", "item5-3"),  # 4
    "consultationImplementation6": ("item1-3",),  # mitigation 3
    "dataQualityImplementation1": ("item1-3",),  # 3
    "dataQualityImplementation2": ("item1-1",),  # 1
    "dataQualityImplementation4": ("item1-1",),  # not counted: the question before it is open
    "fairnessImplementation21": ("item1-1", "item4-1"),  # 2
    "privacyImplementation3": ("item2-0",),
}


def test_a_case_added_up_by_hand() -> None:
    made = score("implementation", CASE)
    assert (made.raw, made.mitigation, made.total, made.level) == (24, 9, 24, 1)
    assert not made.reduced


def test_every_way_to_answer_what_is_open_lies_in_the_bounds() -> None:
    low, high = bounds("implementation", {})
    least = 1 + 2 + 7 + 1 + 3  # harm to ecosystems, automation, seven scales, being overlooked, three about sources
    assert (low.total, high.total) == ((85 * least + 50) // 100, 167)
    low, high = bounds("implementation", CASE)
    rng = np.random.default_rng(5)
    for _ in range(200):
        given = {
            each.id: CASE.get(each.id) or (each.choices[rng.integers(len(each.choices))].id,)
            for each in aia.questions("implementation")
        }
        made = score("implementation", given)
        assert low.total <= made.total <= high.total
        assert bounds("implementation", given) == (made, made)
