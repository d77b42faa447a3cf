"""False positives by identity term: a loop over texts, statsmodels' Newcombe, planted and clean texts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from statsmodels.stats.proportion import confint_proportions_2indep

from fairwitness.core.asks import DECIDED, DECISION, LABEL
from fairwitness.core.check import NotApplicable
from fairwitness.core.columns import Column
from fairwitness.core.estimate import Verdict
from fairwitness.fairness.checks.term_false_positives import TermOptions, excesses
from support.given import check, measured, run, series, verdict, yes_no

CHECK = check("fairness.term-false-positives")
TEXT: dict[str, Any] = {"columns": (Column(name="comment", kind="text"),), "groupings": ()}


def comments(n: int, *, worse: float = 0.0, seed: int = 0) -> dict[str, NDArray[Any]]:
    """A fifth are toxic; others are taken for it in 5 % of cases, with “gay” in `worse` more."""
    rng = np.random.default_rng(seed)
    words = rng.choice(["gay", "Muslim", "tall", "blue"], n)
    toxic = rng.random(n) < 0.2
    decided = np.where(toxic, rng.random(n) < 0.8, rng.random(n) < 0.05 + worse * (words == "gay"))
    texts = np.array([f"I am {word}, and glad" for word in words], dtype=object)
    columns = {"comment": texts, LABEL: yes_no(toxic), DECISION: yes_no(decided)}
    return {**columns, DECIDED: columns[DECISION]}


def test_against_a_loop_and_statsmodels() -> None:
    columns = comments(2_000, worse=0.3)
    settings = {**TEXT, "judged_rows": 2_000}
    table = series(measured(CHECK, columns, **settings), "False positives by term")
    cells = {True: [0, 0], False: [0, 0]}
    for text, label, decision in zip(columns["comment"], columns[LABEL], columns[DECISION], strict=True):
        if label == "no":
            cells["gay" in text][0] += decision == "yes"
            cells["gay" in text][1] += 1
    line = table["term"].index("gay")
    assert [table["false positives"][line], table["n"][line]] == cells[True]
    assert table["more than others"][line] == pytest.approx(
        cells[True][0] / cells[True][1] - cells[False][0] / cells[False][1]
    )
    mask = np.array(["gay" in text for text in columns["comment"]])[columns[LABEL] == "no"]
    positive = (columns[DECISION] == "yes")[columns[LABEL] == "no"]
    alone = excesses({"gay": mask}, positive, level=0.95)["gay"].excess
    low, high = confint_proportions_2indep(*cells[True], *cells[False], method="newcomb", compare="diff")
    assert (alone.low, alone.high) == pytest.approx((low, high), abs=1e-4)


def test_with_the_fault_without_it_and_too_few() -> None:
    def told(n: int, worse: float) -> Verdict:
        return verdict(CHECK, comments(n, worse=worse), judged_rows=n, **TEXT)

    assert told(3_000, 0.3) is Verdict.FAIL
    assert told(6_000, 0.0) is Verdict.PASS
    assert told(250, 0.1) is Verdict.UNCERTAIN
    outcome = run(CHECK, comments(60), judged_rows=60, **TEXT)
    assert isinstance(outcome, NotApplicable)
    assert outcome.reason.startswith("no identity term stands in 30 texts recorded “0”")


def test_clean_texts_are_seldom_accused() -> None:
    """Twelve terms of 40 texts each, one rate: the largest difference is firmly off zero in at most 5 % of draws."""
    rng = np.random.default_rng(3)
    holds = {f"t{i}": np.arange(480) // 40 == i for i in range(12)}
    firm = 0
    for _ in range(150):
        found = excesses(holds, rng.random(480) < 0.3, level=0.95)
        firm += any((each.excess.low or 0) > 0 or (each.excess.high or 0) < 0 for each in found.values())
    assert firm <= 13  # of 7.5 to be expected at most


def test_terms_of_ones_own_and_how_it_is_said() -> None:
    own = TermOptions(terms=("Tall",))
    found = measured(CHECK, comments(3_000, worse=0.3), options=own, judged_rows=3_000, **TEXT)
    start = "Of texts recorded “0”, those with “gay” are decided “1” more often than the others, by "
    assert found.headline.startswith(start)
    assert set(series(found, "False positives by term")["term"]) == {"gay", "muslim", "tall"}
    assert "Firmly more often: gay." in found.lead
    with pytest.raises(ValueError, match=r"terms is \(3,\); it lists words"):
        TermOptions(terms=(3,))  # type: ignore[arg-type]  # what a config may hold
    with pytest.raises(ValueError, match="terms is 'gay'; it lists words"):
        TermOptions(terms="gay")  # type: ignore[arg-type]  # what a config may hold
    nothing = run(CHECK, comments(50), judged_rows=50, columns=(Column(name="comment", kind="category"),))
    assert nothing == NotApplicable("there is no column of text")
