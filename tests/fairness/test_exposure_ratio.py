"""The check of attention in lists: planted, without, too small."""

from typing import Any

import numpy as np
import pytest

from fairwitness.core.asks import LIST, RANKED, RowsAsk, group_column
from fairwitness.core.check import Measured, NotApplicable
from fairwitness.core.columns import MISSING
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.core.subject import Rows
from fairwitness.fairness.checks.exposure_ratio import ExposureOptions
from support.given import check, run, series

CHECK = check("fairness.exposure-ratio")
LIMIT = Limit(at_least=0.80)


def outcome(count: int, size: int, behind: float = 0.0, *, race: Any = ("north", "south"), seed: int = 0) -> Any:
    """Lists in which the south scores so many standard deviations less."""
    rng = np.random.default_rng(seed)
    who = rng.choice(np.array(race, dtype=object), count * size)
    scores = rng.normal(size=count * size) - behind * (who == "south")
    lists = np.repeat([f"q{i}" for i in range(count)], size).astype(object)
    rows = Rows(ids=np.arange(len(who)), columns={RANKED: scores, LIST: lists, group_column("race"): who})
    offers = frozenset({"rows", "groups", "ranking"})
    return run(CHECK, {}, made={RowsAsk(columns=(RANKED, LIST), groups=("race",)): rows}, offers=offers)


def test_a_group_placed_low_is_named() -> None:
    found = outcome(100, 30, 1.5)
    assert isinstance(found, Measured)
    ((key, lowest),) = found.judged.items()
    assert key.groups == ("south",)
    assert lowest.against(LIMIT) is Verdict.FAIL
    assert found.headline.startswith("In lists, south applicants get 0.")
    table = series(found, "Places by group")
    assert table["group"] == ("south", "north")
    assert table["top places ratio"][0] < table["exposure ratio"][0] < 1 < table["exposure ratio"][1]


@pytest.mark.parametrize(("count", "size", "verdict"), [(100, 30, Verdict.PASS), (1, 20, Verdict.UNCERTAIN)])
def test_random_order_passes_and_one_short_list_settles_nothing(count: int, size: int, verdict: Verdict) -> None:
    found = outcome(count, size)
    assert isinstance(found, Measured)
    assert [each.against(LIMIT) for each in found.judged.values()] == [verdict]


def test_what_is_not_recorded_counts_once_it_is_firm() -> None:
    found = outcome(60, 20, race=("north", "north", "west", MISSING))
    assert isinstance(found, Measured)
    ((key, _),) = found.judged.items()
    assert key.groups != (MISSING,)


def test_random_order_is_seldom_accused() -> None:
    failed = 0
    for seed in range(40):
        found = outcome(3, 12, race=("a", "b", "c", "d"), seed=seed)
        assert isinstance(found, Measured)
        failed += any(each.against(LIMIT) is Verdict.FAIL for each in found.judged.values())
    assert failed <= 3


def test_one_group_alone_is_not_compared_and_no_places_are_refused() -> None:
    assert isinstance(outcome(10, 10, race=("north",)), NotApplicable)
    with pytest.raises(ValueError, match="top is 0"):
        ExposureOptions(top=0)
    with pytest.raises(ValueError, match="top is True; it is a whole number at least 1"):
        ExposureOptions(top=True)
