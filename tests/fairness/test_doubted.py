"""Gaps of people whose group is not known, or may be wrong, in findings."""

import numpy as np
import pandas as pd
import pytest

import fairwitness
from fairwitness.core.check import Measured, Outcome
from fairwitness.core.errors import UserError
from support import given

GAP = given.check("fairness.selection-rate-gap")
TABLE = "What the gap can be, whichever groups people are of"


def bounds(outcome: Outcome) -> dict[str, float] | None:
    assert isinstance(outcome, Measured)
    found = [series.columns for series in outcome.explored if series.title == TABLE]
    return {name: float(str(values[0])) for name, values in found[0].items()} if found else None


def test_people_of_unknown_group_widen_the_gap_both_ways() -> None:
    """30 of 100 against 50 of 100, and 8 of 20 unknown: at most 58/108 - 30/112, at least 42/112 and the like."""
    columns = given.from_rates({"Black": (30, 100), "White": (50, 100), "(missing)": (8, 20)})
    outcome = given.run(GAP, columns)
    found = bounds(outcome)
    assert found is not None
    assert found["most"] == pytest.approx(58 / 108 - 30 / 112)
    assert found["least"] == pytest.approx(50 / 112 - 38 / 108)
    assert found["group not known"] == 20
    assert isinstance(outcome, Measured)
    assert outcome.notes[-1].startswith(
        "whichever group the 20 applicants with no race recorded are of, the gap lies between 9.5 and 26.9 points ["
    )
    assert outcome.notes[-1].endswith("; more than the limit is possible, and the verdict takes groups as recorded")


def test_groups_that_are_known_and_taken_as_right_have_no_bounds() -> None:
    assert bounds(given.run(GAP, given.from_rates({"Black": (30, 100), "White": (50, 100)}))) is None


def test_a_declared_error_is_taken_as_badly_as_it_can_be() -> None:
    """Of 100 each, 10 selected Black are White in truth, and 10 others the other way: 20/100 against 60/100."""
    columns = given.from_rates({"Black": (30, 100), "White": (50, 100)})
    outcome = given.run(GAP, columns, group_errors={"race": 0.1})
    found = bounds(outcome)
    assert found is not None
    assert (found["least"], found["most"]) == pytest.approx((0.0, 0.4))
    assert isinstance(outcome, Measured)
    assert "with up to 10.0\u202f% of each group in truth of another, the gap lies between" in outcome.notes[-1]


def test_the_error_is_a_setting_of_the_group() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"sex": rng.choice(["men", "women"], 400), "y": rng.integers(0, 2, 400)})
    only = {"checks": {"only": ["fairness.selection-rate-gap"]}}
    report = fairwitness.audit(frame, target="y", positive=1, favorable=1, groups={"sex": {"error": 0.03}}, config=only)
    assert any(series.title == TABLE for series in report.findings[0].series)
    with pytest.raises(UserError, match="error"):
        fairwitness.audit(frame, target="y", positive=1, groups={"sex": {"error": 0.7}}, config=only)
