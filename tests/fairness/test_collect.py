"""Plans of whom to collect, tried by collecting."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from fairwitness.core.estimate import Limit, Verdict
from fairwitness.fairness.collect import plan
from fairwitness.fairness.sentences import GAP, RATIO, Way
from fairwitness.stats import gaps

HITS, TOTALS = {"a": 60, "b": 21}, {"a": 100, "b": 40}


def verdict(way: Way, more: Mapping[str, int], share: float, limit: Limit) -> Verdict:
    """With that share of so many more people, at the rates there are, up to a person."""
    n = {name: TOTALS[name] + round(share * more.get(name, 0)) for name in TOTALS}
    hits = {name: round(HITS[name] / TOTALS[name] * n[name]) for name in TOTALS}
    find = gaps.widest_gap if way is GAP else gaps.lowest_ratio
    return find(hits, n).estimate.against(limit)


@pytest.mark.parametrize(
    ("way", "limit"),
    [
        (GAP, Limit(at_most=0.10)),
        (GAP, Limit(at_most=0.02)),
        (RATIO, Limit(at_least=0.80)),
        (RATIO, Limit(at_least=0.95)),
    ],
)
def test_about_so_many_settle_it_and_one_in_twenty_fewer_do_not(way: Way, limit: Limit) -> None:
    found = plan(HITS, TOTALS, limit, way=way)
    assert found is not None
    assert found.whole
    assert verdict(way, found.people, 1.05, limit) is not Verdict.UNCERTAIN
    assert verdict(way, found.people, 0.95, limit) is Verdict.UNCERTAIN


def test_the_smaller_group_is_filled_up_first() -> None:
    found = plan(HITS, TOTALS, Limit(at_most=0.10))
    assert found is not None
    grown = {name: TOTALS[name] + found.people.get(name, 0) for name in TOTALS}
    assert abs(grown["a"] - grown["b"]) <= 1 or found.people.get("a", 0) == 0
    assert list(found.people) == sorted(found.people, key=lambda name: -found.people[name])


def test_where_it_is_sure_nobody_is_needed_and_on_the_limit_no_number_helps() -> None:
    sure = plan({"a": 600, "b": 200}, {"a": 1000, "b": 1000}, Limit(at_most=0.10))
    assert sure is not None
    assert sure.people == {}
    assert plan({"a": 60, "b": 50}, {"a": 100, "b": 100}, Limit(at_most=0.10)) is None
    assert plan({"a": 60, "b": 20, "c": 0}, {"a": 100, "b": 40, "c": 0}, Limit(at_most=0.10)) is None


def test_with_many_groups_the_plan_serves_every_pair_in_doubt() -> None:
    hits, totals = {"a": 50, "b": 28, "c": 9}, {"a": 100, "b": 60, "c": 20}
    found = plan(hits, totals, Limit(at_most=0.15))
    assert found is not None
    assert set(found.people) <= set(totals)
    n = {name: totals[name] + round(1.1 * found.people.get(name, 0)) for name in totals}
    settled = gaps.widest_gap({name: round(hits[name] / totals[name] * n[name]) for name in totals}, n).estimate
    assert settled.against(Limit(at_most=0.15)) is Verdict.PASS
