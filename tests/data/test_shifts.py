"""A group whose audit rows are other people, one whose are not, and too few to tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.asks import PART
from fairwitness.core.check import Measured, NotApplicable
from fairwitness.core.errors import ColumnError
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.data.checks.group_shift import GroupShift, ShiftOptions
from fairwitness.data.shifts import shifts
from support.given import outline

Look = Callable[..., Any]
AT_MOST = Limit(at_most=0.65)
SPLIT = frozenset({"split"})


def people(n: int, *, moved: float = 0.0, spread: float = 1.0, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Women to audit lie `moved` higher in one column, or are `spread` as wide; men are alike in both."""
    rng = np.random.default_rng(seed)
    part = rng.choice(np.array(["train", "tune", "audit"], dtype=object), n, p=[0.5, 0.1, 0.4])
    sex = rng.choice(np.array(["men", "women"], dtype=object), n)
    other = (part == "audit") & (sex == "women")
    x = rng.normal(size=(n, 4))
    x[other, 1] = spread * x[other, 1] + moved
    return {f"x{i}": x[:, i] for i in range(4)} | {"sex": sex, PART: part}


def verdicts(outcome: Measured) -> dict[str, Verdict]:
    return {key.groups[0]: each.against(AT_MOST) for key, each in outcome.judged.items()}


@pytest.mark.parametrize(
    ("n", "moved", "spread", "women"),
    [(1_600, 1.5, 1.0, Verdict.FAIL), (1_600, 0.0, 4.0, Verdict.FAIL), (1_600, 0.0, 1.0, Verdict.PASS)],
)
def test_one_group_that_moved(look: Look, n: int, moved: float, spread: float, women: Verdict) -> None:
    columns = people(n, moved=moved, spread=spread)
    outcome = look("data.group-shift", columns, group=("sex",), offers=SPLIT)
    assert verdicts(outcome) == {"women": women, "men": Verdict.PASS}
    table = outcome.explored[0].columns
    place = table["group"].index("women")
    assert table["rows of audit"][place] == ((columns["sex"] == "women") & (columns[PART] == "audit")).sum()
    assert (table["p, adjusted"][place] < 0.05) == (women is Verdict.FAIL)
    assert outcome.headline.startswith("Of women, rows of audit") or women is Verdict.PASS


def test_few_people_are_uncertain_and_fewer_are_not_compared(look: Look) -> None:
    few = look("data.group-shift", people(180), group=("sex",), offers=SPLIT)
    assert Verdict.FAIL not in verdicts(few).values()
    assert isinstance(look("data.group-shift", people(60), group=("sex",), offers=SPLIT), NotApplicable)


def test_two_samples_that_a_column_names(look: Look) -> None:
    columns = people(900, moved=1.5)
    columns["wave"] = np.where(columns.pop(PART) == "audit", 2.0, 1.0)
    known = {"group": ("sex",), "options": ShiftOptions(between="wave")}
    outcome = look("data.group-shift", columns, **known)
    assert verdicts(outcome)["women"] is Verdict.FAIL
    assert outcome.headline.startswith("Of women, rows of wave 2 are told from those of wave 1 with AUC 0.8")
    three = columns | {"wave": np.arange(900) % 3 + 0.0}
    assert isinstance(look("data.group-shift", three, **known), NotApplicable)
    assert isinstance(look("data.group-shift", columns, group=("sex",)), NotApplicable)
    with pytest.raises(ColumnError, match="no column 'wav' for between"):
        GroupShift().asks(outline(), None, ShiftOptions(between="wav"))


@pytest.mark.slow
def test_p_is_valid_where_nothing_moved() -> None:
    """100 draws of two attributes: in 5 some group fires; three standard deviations more are 12."""
    rng = np.random.default_rng(1)
    fired, above = 0, 0
    for _ in range(100):
        groups = np.repeat(np.array(["a", "b"], dtype=object), 80)
        labels = {"a": groups, "b": rng.permutation(groups)}
        found = shifts(rng.normal(size=(160, 3)), rng.random(160) < 0.5, labels, rng=rng, draws=19)
        fired += any((each.auc.p or 0) <= 0.05 for each in found)
        above += sum(each.auc.against(AT_MOST) is Verdict.FAIL for each in found)
    assert fired <= 12
    assert above == 0
