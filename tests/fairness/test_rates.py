"""Rates by group against other libraries, ProPublica's published cells, and counts by hand."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from fairlearn.metrics import (
    MetricFrame,
    false_positive_rate,
    selection_rate,
    true_positive_rate,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, precision_score

from fairwitness.core.asks import DECISION, LABEL
from fairwitness.fairness import rates
from fairwitness.fairness.rates import Rate
from fairwitness.stats.tally import Tally
from support.given import from_cells, people

COMPAS = Path(__file__).parents[3] / "shared" / "data" / "compas" / "compas-scores-two-years.csv"
OURS = {
    "selection": rates.selection_rate,
    "tpr": rates.true_positive_rate,
    "fpr": rates.false_positive_rate,
    "ppv": rates.positive_predictive_value,
    "accuracy": rates.accuracy,
}


def value(rate: Rate, group: str) -> float:
    return rate.hits[group] / rate.totals[group]


@pytest.mark.parametrize("name", OURS)
def test_agrees_with_fairlearn_over_two_attributes(name: str) -> None:
    rng = np.random.default_rng(3)
    n = 4_000
    race, sex = rng.choice(["a", "b", "c"], n), rng.choice(["f", "m"], n)
    label, decision = rng.integers(0, 2, n), rng.integers(0, 2, n)
    theirs = {
        "selection": selection_rate,
        "tpr": true_positive_rate,
        "fpr": false_positive_rate,
        "ppv": precision_score,
        "accuracy": accuracy_score,
    }
    frame = MetricFrame(
        metrics=theirs[name], y_true=label, y_pred=decision, sensitive_features={"race": race, "sex": sex}
    ).by_group

    tally = Tally.of({**people(race, label=label, decision=decision), "sex": sex.astype(object)})
    ours = OURS[name](tally, ("race", "sex"))

    assert set(ours.totals) == {f"{first} × {second}" for first, second in frame.index}
    for (first, second), expected in frame.items():
        assert value(ours, f"{first} × {second}") == pytest.approx(expected, abs=1e-12)


def test_counts_by_hand() -> None:
    tally = Tally.of(from_cells({"a": (4, 3, 2, 1), "b": (10, 0, 5, 5)}))
    by = ("race",)
    assert rates.selection_rate(tally, by) == Rate({"a": 4, "b": 5}, {"a": 10, "b": 20})
    assert rates.true_positive_rate(tally, by) == Rate({"a": 1, "b": 5}, {"a": 3, "b": 10})
    assert rates.false_positive_rate(tally, by) == Rate({"a": 3, "b": 0}, {"a": 7, "b": 10})
    assert rates.positive_predictive_value(tally, by) == Rate({"a": 1, "b": 5}, {"a": 4, "b": 5})
    assert rates.negative_predictive_value(tally, by) == Rate({"a": 4, "b": 10}, {"a": 6, "b": 15})
    assert rates.accuracy(tally, by) == Rate({"a": 5, "b": 15}, {"a": 10, "b": 20})


def test_a_group_without_positives_keeps_a_total_of_zero() -> None:
    tally = Tally.of(from_cells({"a": (4, 3, 2, 1), "b": (6, 1, 0, 0)}))
    assert rates.true_positive_rate(tally, ("race",)).totals == {"a": 3, "b": 0}


def test_people_without_an_answer_are_not_asked() -> None:
    tally = Tally.of(people(["a", "a", "a", "b"], label=[1, 1, None, 1], decision=[1, None, 1, 0]))
    assert rates.true_positive_rate(tally, ("race",)) == Rate({"a": 1, "b": 0}, {"a": 1, "b": 1})
    assert Rate.of(tally, ("race",), LABEL, among={DECISION: "yes"}) == Rate({"a": 1, "b": 0}, {"a": 1, "b": 0})


@pytest.mark.skipif(not COMPAS.exists(), reason="needs ../shared/data/compas")
def test_propublicas_cells() -> None:
    """FPR 805 of 1,795 and 349 of 1,488, misses 532 of 1,901 and 461 of 966 (Larson et al. 2016)."""
    with COMPAS.open(newline="") as file:
        header, *rows = csv.reader(file)
    score, race, outcome = header.index("decile_score"), header.index("race"), header.index("two_year_recid")
    tally = Tally.of(
        people(
            [row[race] for row in rows],
            label=[row[outcome] == "1" for row in rows],
            decision=[int(row[score]) >= 5 for row in rows],
        )
    )
    wrong, right = rates.false_positive_rate(tally, ("race",)), rates.true_positive_rate(tally, ("race",))
    told = {
        group: (
            (wrong.hits[group], wrong.totals[group]),
            (right.totals[group] - right.hits[group], right.totals[group]),
        )
        for group in ("African-American", "Caucasian")
    }
    assert told == {"African-American": ((805, 1795), (532, 1901)), "Caucasian": ((349, 1488), (461, 966))}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.booleans()), min_size=1, max_size=60),
    st.randoms(use_true_random=False),
)
def test_order_and_names_change_nothing(rows: list[tuple[str, bool, bool]], random: object) -> None:
    """Permuting rows, or renaming groups, permutes or renames the counts and does nothing else."""

    def counted(these: list[tuple[str, bool, bool]]) -> Rate:
        group, label, decision = zip(*these, strict=True)
        return rates.true_positive_rate(Tally.of(people(group, label=label, decision=decision)), ("race",))

    whole = counted(rows)
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined] # hypothesis gives a random.Random
    assert counted(shuffled) == whole
    names = {"a": "zulu", "b": "alpha", "c": "mike"}
    renamed = counted([(names[group], label, decision) for group, label, decision in rows])
    assert dict(renamed.hits) == {names[group]: number for group, number in whole.hits.items()}
    assert dict(renamed.totals) == {names[group]: number for group, number in whole.totals.items()}
