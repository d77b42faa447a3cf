"""The check of flags: planted, without, too small, with and without a record of who was unusual."""

from typing import Any

import numpy as np

from fairwitness.core.check import Measured, NotApplicable
from fairwitness.core.estimate import Limit, Verdict
from support.given import check, from_cells, run, series

CHECK = check("fairness.flag-rate-ratio")
LIMIT = Limit(at_least=0.80)
OFFERS = frozenset({"groups", "flags", "decisions", "positive", "truth"})


def found(cells: dict[str, tuple[int, int, int, int]], **changes: Any) -> Any:
    return run(CHECK, from_cells(cells), **{"task": "anomaly", "offers": OFFERS, **changes})


def test_a_group_flagged_thrice_as_often_is_named() -> None:
    outcome = found({"north": (9400, 300, 100, 200), "south": (1600, 250, 50, 100)})
    assert isinstance(outcome, Measured)
    ((key, ratio),) = outcome.judged.items()
    assert key.groups == ("north", "south")
    assert ratio.value == (500 / 10_000) / (350 / 2_000)
    assert ratio.against(LIMIT) is Verdict.FAIL
    assert outcome.headline == "The model flags 17.5\u202f% of south applicants and 5.0\u202f% of north applicants"
    table = series(outcome, "Flags by group")
    assert (table["flagged"], table["ordinary flagged"]) == ((350, 500), (250, 300))
    assert table["ordinary rate"] == (250 / 1850, 300 / 9700)


def test_without_a_record_of_who_was_unusual_rates_are_of_everybody() -> None:
    outcome = found({"north": (9400, 300, 100, 200), "south": (1600, 250, 50, 100)}, offers=OFFERS - {"truth"})
    assert isinstance(outcome, Measured)
    assert "ordinary" not in series(outcome, "Flags by group")


def test_equal_flags_pass_few_settle_nothing_and_one_group_is_not_compared() -> None:
    many = found({"north": (18_000, 1000, 500, 500), "south": (18_000, 1000, 500, 500)})
    few = found({"north": (9, 1, 0, 1), "south": (9, 1, 0, 1)})
    assert isinstance(many, Measured)
    assert isinstance(few, Measured)
    assert [each.against(LIMIT) for each in many.judged.values()] == [Verdict.PASS]
    assert [each.against(LIMIT) for each in few.judged.values()] == [Verdict.UNCERTAIN]
    assert "too small" in few.headline
    assert isinstance(found({"north": (90, 10, 0, 10)}), NotApplicable)


def test_equal_flags_are_seldom_accused() -> None:
    rng, failed = np.random.default_rng(0), 0
    for _ in range(60):
        flags = rng.binomial(300, 0.05, 6)
        outcome = found({f"g{i}": (300 - k, k, 0, 0) for i, k in enumerate(flags.tolist())})
        assert isinstance(outcome, Measured)
        failed += any(each.against(LIMIT) is Verdict.FAIL for each in outcome.judged.values())
    assert failed <= 4
