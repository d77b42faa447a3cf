"""Gaps looked at together: how often Holm and Benjamini-Hochberg are wrong, and what is said."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.asks import FAVORED
from fairwitness.core.check import NotApplicable
from fairwitness.core.columns import Grouping
from fairwitness.core.subject import Outline
from fairwitness.fairness.at_once import Line, ask, asked, together
from fairwitness.stats.tally import Tally
from support import given

THIS = given.check("fairness.confirmed-gaps")
MANY, REAL, RUNS = 12, 4, 120


def attributes(*, named: bool) -> Outline:
    groupings = tuple(Grouping(columns=(f"g{place}",), named=named) for place in range(MANY))
    return given.outline(groupings=groupings, offers=frozenset({"groups", "decisions", "favorable"}))


def found(rng: np.random.Generator, subject: Outline, *, real: int) -> list[Line]:
    """Twelve attributes of four groups of 100 people; in `real` of them one group is selected more often."""
    (rate,) = asked(subject)
    tallies = {}
    for place, grouping in enumerate(subject.groupings):
        chosen = rng.binomial(100, [0.62 if place < real else 0.4, 0.4, 0.4, 0.4])
        counts = np.column_stack([chosen, 100 - chosen]).ravel()
        axes = {grouping.name: tuple("abcd"), FAVORED: ("yes", "no")}
        tallies[ask(grouping, rate)] = Tally.of_codes(axes, [np.repeat(range(4), 2), np.tile([0, 1], 4)], counts=counts)
    return together(subject, tallies, level=0.95, rng=rng)


def confirmed(lines: list[Line]) -> NDArray[np.bool_]:
    return np.array([line.adjusted < 0.05 for line in lines])


@pytest.mark.parametrize("real", [0, REAL])
def test_of_what_is_named_at_most_one_audit_in_twenty_is_wrong(real: int) -> None:
    """Neither is a gap confirmed where there is none, nor a margin certified that a true gap is wider than."""
    rng, subject = np.random.default_rng(0), attributes(named=True)
    drawn = [found(rng, subject, real=real) for _ in range(RUNS)]
    told = np.array([confirmed(lines) for lines in drawn])
    true = np.where(np.arange(MANY) < real, 0.22, 0.0)
    within = np.array([[line.within or 0.0 for line in lines] for lines in drawn])
    allowed = 0.05 + 3 * (0.05 * 0.95 / RUNS) ** 0.5
    assert told[:, real:].any(axis=1).mean() <= allowed
    assert (within < true).any(axis=1).mean() <= allowed
    assert not real or told[:, :real].mean() > 0.5


def test_of_what_is_suspected_at_most_one_in_twenty_is_false() -> None:
    rng, subject = np.random.default_rng(1), attributes(named=False)
    told = np.array([confirmed(found(rng, subject, real=REAL)) for _ in range(RUNS)])
    false, every = told[:, REAL:].sum(axis=1), told.sum(axis=1)
    assert (false / np.maximum(every, 1)).mean() <= 0.05
    assert told[:, :REAL].mean() > 0.7, "more is found than where no single false alarm may be"


def test_a_firm_gap_is_confirmed_and_an_equal_rate_certified() -> None:
    rows: dict[str, Any] = given.from_cells({"a": (800, 200, 200, 800), "b": (500, 500, 200, 800)})
    rows["sex"] = np.tile(np.array(["men", "women"], dtype=object), 2000)
    groupings = tuple(
        Grouping(columns=names, named=len(names) == 1) for names in (("race",), ("sex",), ("race", "sex"))
    )
    outcome = given.measured(THIS, rows, groupings=groupings)
    assert (
        outcome.headline == "3 of 8 gaps by what the settings name are confirmed, 3 of 4 by other crossings suspected"
    )
    assert outcome.lead.startswith("Confirmed, the widest observed first: false-positive rate by race (30.0 points)")
    table = given.series(outcome, "All gaps together")
    lines = dict(zip(zip(table["rate"], table["by"], strict=True), table["reading"], strict=True))
    assert lines["false-positive rate", "race"] == "confirmed"
    assert lines["true-positive rate", "race"] == "not told from chance"
    assert lines["false-positive rate", "race × sex"] == "suspected"
    within = dict(zip(zip(table["rate"], table["by"], strict=True), table["certified within"], strict=True))
    assert within["true-positive rate", "race"] < 0.06
    assert within["false-positive rate", "race × sex"] is None


def test_few_people_and_one_group_are_not_confirmed() -> None:
    outcome = given.measured(THIS, given.from_rates({"a": (1, 5), "b": (4, 5)}))
    assert outcome.headline.startswith("None of 4 gaps")
    assert isinstance(given.run(THIS, given.from_rates({"a": (3, 9)})), NotApplicable)


def test_nothing_is_certified_of_a_rate_that_is_unknown_in_a_group() -> None:
    """Of c nobody has the outcome, so its true-positive rate may be anything."""
    cells = {"a": (4000, 500, 500, 4000), "b": (4000, 500, 500, 4000), "c": (9000, 0, 0, 0)}
    outcome = given.measured(THIS, given.from_cells(cells))
    table = given.series(outcome, "All gaps together")
    within = dict(zip(table["rate"], table["certified within"], strict=True))
    assert within["true-positive rate"] is None
    assert within["false-positive rate"] is not None
    assert "of true-positive rate" not in outcome.lead


def test_a_glaring_gap_of_few_people_is_confirmed_among_many_attributes() -> None:
    """Of 60 attributes each has a group of four; 1,000 shuffles cannot tell a chance below 60 in 1,000."""
    groupings = tuple(Grouping(columns=(f"g{place}",)) for place in range(60))
    subject = given.outline(groupings=groupings, offers=frozenset({"groups", "decisions", "favorable"}))
    (rate,) = asked(subject)
    axes = (("a", "b", "c"), ("yes", "no"))
    glaring, equal = np.array([190, 10, 10, 190, 2, 2]), np.array([100, 100, 100, 100, 2, 2])
    tallies = {
        ask(each, rate): Tally.of_codes(
            {each.name: axes[0], FAVORED: axes[1]},
            [np.repeat(range(3), 2), np.tile([0, 1], 3)],
            counts=equal if place else glaring,
        )
        for place, each in enumerate(groupings)
    }
    lines = together(subject, tallies, level=0.95, rng=np.random.default_rng(0))
    assert confirmed(lines).tolist() == [True] + [False] * 59
