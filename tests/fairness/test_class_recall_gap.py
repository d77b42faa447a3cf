"""Several classes: matrices against scikit-learn, planted, without, too small, and how often fair ones are accused."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, recall_score

from fairwitness.core.asks import CLASS, DECIDED
from fairwitness.core.check import Measured, NotApplicable
from fairwitness.core.columns import Grouping
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.fairness.confusion import class_gaps, macro, macro_gap, matrices, odd_cells
from fairwitness.stats.tally import Tally
from support.given import check, run, series

CHECK = check("fairness.class-recall-gap")
CLASSES = ("cat", "cow", "dog")
RACE = Grouping(columns=("race",))
LIMIT = Limit(at_most=0.10)


def people(n: int, missed: float = 0.0, *, groups: int = 3, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Decisions right in 85 % of cases, and of the cows of the last group so much less often."""
    rng = np.random.default_rng(seed)
    race = np.repeat(np.array([f"g{i}" for i in range(groups)], dtype=object), n)
    recorded = rng.choice(CLASSES, len(race))
    wrong = rng.random(len(race)) < 0.15 + missed * ((race == f"g{groups - 1}") & (recorded == "cow"))
    decided = np.where(wrong, np.where(recorded == "dog", "cat", "dog"), recorded)
    return {"race": race, CLASS: recorded.astype(object), DECIDED: decided.astype(object)}


def found(columns: dict[str, NDArray[Any]], **changes: Any) -> Any:
    return run(
        CHECK, columns, **{"task": "multi-class", "classes": CLASSES, "positive": None, "favorable": None, **changes}
    )


def test_matrices_and_recall_are_those_of_scikit_learn() -> None:
    columns = people(200, 0.3)
    counted = matrices(Tally.of(columns), RACE, CLASSES)
    for place, name in enumerate(counted.groups):
        own = columns["race"] == name
        truth, said = columns[CLASS][own].astype(str), columns[DECIDED][own].astype(str)
        assert (counted.counts[place] == confusion_matrix(truth, said, labels=CLASSES)).all()
        assert macro(counted, z=1.96).value[place] == pytest.approx(recall_score(truth, said, average="macro"))
    recalls = [
        recall_score(columns[CLASS][own].astype(str), columns[DECIDED][own].astype(str), average=None)
        for name in counted.groups
        for own in [columns["race"] == name]
    ]
    gaps = np.ptp(np.array(recalls), axis=0)
    for gap, value in zip(class_gaps(counted, level=0.95), gaps, strict=True):
        assert gap.recalled is not None
        assert gap.recalled.estimate.value == pytest.approx(value)


def test_false_alarms_of_a_class_are_of_people_of_the_others() -> None:
    columns = people(200)
    (_, cow, _) = class_gaps(matrices(Tally.of(columns), RACE, CLASSES), level=0.95)
    rates = [
        float((columns[DECIDED][own] == "cow").mean())
        for name in ("g0", "g1", "g2")
        for own in [(columns["race"] == name) & (columns[CLASS] != "cow")]
    ]
    assert cow.alarmed is not None
    assert cow.alarmed.estimate.value == pytest.approx(max(rates) - min(rates))


def test_the_class_and_group_that_are_missed_are_named() -> None:
    outcome = found(people(900, 0.4))
    assert isinstance(outcome, Measured)
    (key, gap), (_, mean) = outcome.judged.items()
    assert key.metric == "true-positive-rate gap of class cow"
    assert key.groups[0] == "g2"
    assert gap.against(LIMIT) is Verdict.FAIL
    assert mean.against(LIMIT) is not Verdict.PASS
    assert "“cow”" in outcome.headline
    odd = series(outcome, "Errors of one group more or less often than of everybody else")
    assert (odd["group"][0], odd["recorded"][0], odd["decided"][0]) == ("g2", "cow", "dog")
    assert odd["low"][0] > 0
    assert len(odd["group"]) <= 25
    assert len(series(outcome, "Confusion matrices by race")["recorded"]) == 6


def test_equal_recall_passes_and_few_people_settle_nothing() -> None:
    outcome, few = found(people(6000, groups=2)), found(people(40, groups=2))
    assert isinstance(outcome, Measured)
    assert isinstance(few, Measured)
    assert {gap.against(LIMIT) for gap in outcome.judged.values()} == {Verdict.PASS}
    assert {gap.against(LIMIT) for gap in few.judged.values()} == {Verdict.UNCERTAIN}
    assert "too few people" in few.headline


def test_a_class_that_a_group_lacks_is_unknown_there_and_nothing_passes() -> None:
    columns = people(3000, groups=3)
    kept = (columns["race"] != "g2") | (columns[CLASS] != "cow")
    outcome = found({name: values[kept] for name, values in columns.items()})
    assert isinstance(outcome, Measured)
    assert {gap.high for gap in outcome.judged.values()} == {None}
    assert {gap.against(LIMIT) for gap in outcome.judged.values()} == {Verdict.UNCERTAIN}


def test_one_group_alone_is_not_compared() -> None:
    assert isinstance(found(people(100, groups=1)), NotApplicable)


def test_fair_decisions_are_seldom_accused_and_gaps_are_covered() -> None:
    """Ten groups of 90: the true gaps are 0, and of 60 runs hardly one has a low end above 0."""
    fired = 0
    for seed in range(60):
        counted = matrices(Tally.of(people(90, groups=10, seed=seed)), RACE, CLASSES)
        ends = [gap.recalled.estimate.low for gap in class_gaps(counted, level=0.95) if gap.recalled]
        fired += max(end or 0.0 for end in ends) > 0
        mean = macro_gap(counted, level=0.95)
        assert mean is not None
    assert fired <= 6


def test_cells_that_stand_out_by_chance_are_few() -> None:
    fired = sum(
        max(
            max(cell.gap[1], -cell.gap[2])
            for cell in odd_cells(matrices(Tally.of(people(150, seed=s)), RACE, CLASSES), level=0.95)
        )
        > 0
        for s in range(40)
    )
    assert fired <= 5
