"""The check of predicted quantities: planted, without, too small, and how often fair ones are accused."""

from typing import Any

import numpy as np
import pytest

from fairwitness.core.asks import PREDICTED, TARGET, RowsAsk, group_column
from fairwitness.core.check import Measured, NotApplicable
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.core.subject import Rows
from support.given import check, run, series

CHECK = check("fairness.mean-error-gap")
LIMIT = Limit(at_most=0.2)


def outcome(
    n: int, low: float = 0.0, *, groups: int = 2, seed: int = 0, spread: float = 10.0, level: float = 50.0
) -> Any:
    """Rents predicted with errors of 3, and `low` too low for the last group."""
    rng = np.random.default_rng(seed)
    race = np.repeat(np.array([f"g{i}" for i in range(groups)], dtype=object), n)
    recorded = level + spread * rng.normal(size=len(race))
    predicted = recorded + 3 * rng.normal(size=len(race)) - low * (race == f"g{groups - 1}")
    rows = Rows(ids=np.arange(len(race)), columns={TARGET: recorded, PREDICTED: predicted, group_column("race"): race})
    made = {RowsAsk(columns=(TARGET, PREDICTED), groups=("race",)): rows}
    offers = frozenset({"rows", "groups", "predictions"})
    return run(CHECK, {}, made=made, task="regression", target="rent", classes=(), positive=None, offers=offers)


def test_a_group_predicted_too_low_is_named_in_the_targets_own_unit() -> None:
    found = outcome(400, 5.0)
    assert isinstance(found, Measured)
    ((key, gap),) = found.judged.items()
    assert key.groups == ("g1", "g0")
    assert gap.value == pytest.approx(0.5, abs=0.05)
    assert gap.against(LIMIT) is Verdict.FAIL
    assert found.headline.startswith("rent is predicted 4.")
    assert "too low for g1 applicants" in found.headline  # 5 was planted
    table = series(found, "Errors by group")
    assert table["group"] == ("g1", "g0")
    assert table["MAE"][0] > table["MAE"][1]


def test_without_a_gap_it_passes_and_few_people_settle_nothing() -> None:
    for n, verdict in ((400, Verdict.PASS), (5, Verdict.UNCERTAIN)):
        found = outcome(n)
        assert isinstance(found, Measured)
        assert [gap.against(LIMIT) for gap in found.judged.values()] == [verdict]
    assert "too small" in found.headline


def test_nothing_to_compare() -> None:
    assert isinstance(outcome(100, groups=1), NotApplicable)
    assert isinstance(outcome(100, spread=0.0), NotApplicable)
    assert "too large" in outcome(100, spread=1e300).reason
    assert isinstance(
        outcome(100, spread=0.0, level=0.1), NotApplicable
    )  # the mean of which is not 0.1 to the last digit


def test_equal_errors_are_seldom_seen_as_a_gap() -> None:
    """Ten groups of 30: of 100 runs at most 10 have a low end above 0."""
    fired = 0
    for seed in range(100):
        found = outcome(30, groups=10, seed=seed)
        assert isinstance(found, Measured)
        (gap,) = found.judged.values()
        assert gap.low is not None
        fired += gap.low > 0
    assert fired <= 10, fired
