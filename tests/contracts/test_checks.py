"""What every registered check must keep, whoever wrote it."""

import dataclasses
import re

import numpy as np
import pytest

from fairwitness.core.asks import TallyAsk
from fairwitness.core.check import Given, NotApplicable
from fairwitness.core.registry import PILLARS, Registered, registered, select
from fairwitness.core.subject import Need, Outline

CHECKS = registered()
EMPTY = Outline(
    name="nothing", task=None, columns=(), offers=frozenset(), groupings=(), rows=0, judged_rows=0, parts={}
)


def test_there_are_checks_in_every_pillar() -> None:
    assert {entry.id.partition(".")[0] for entry in CHECKS} == set(PILLARS)


@pytest.mark.parametrize("entry", CHECKS, ids=lambda entry: entry.id)
def test_identity_and_words(entry: Registered) -> None:
    info = entry.load().info
    assert info.id == entry.id
    assert re.fullmatch(r"[a-z]+\.[a-z]+(-[a-z0-9]+)*", info.id)
    assert info.title != info.failure_title
    for words in (info.title, info.failure_title, info.measures, info.does_not_show, info.advice):
        assert len(words) > 10
        assert "\n" not in words
    assert info.sources
    assert all(len(source) > 5 for source in info.sources)


@pytest.mark.parametrize("entry", CHECKS, ids=lambda entry: entry.id)
def test_options_are_a_frozen_dataclass_with_defaults(entry: Registered) -> None:
    options: type = entry.load().Options
    assert dataclasses.is_dataclass(options)
    assert options.__dataclass_params__.frozen  # type: ignore[attr-defined]  # CPython's own record of it
    assert hash(options()) == hash(options())


@pytest.mark.parametrize("entry", CHECKS, ids=lambda entry: entry.id)
def test_an_empty_subject_is_not_applicable(entry: Registered) -> None:
    """By its needs, by its asks, or when it runs on nothing: never an exception, never a pass."""
    check = entry.load()
    if check.info.per == "question":
        return
    if check.info.needs & needs_of_an_empty_subject():
        return
    asked = check.asks(EMPTY, None, check.Options())
    assert isinstance(asked, NotApplicable)


def needs_of_an_empty_subject() -> frozenset[Need]:
    return frozenset(
        {
            "labels",
            "truth",
            "groups",
            "decisions",
            "favorable",
            "scores",
            "positive",
            "features",
            "layers",
            "split",
            "reference",
        }
    )


def test_select_takes_pillars_and_ids() -> None:
    fairness = select(["fairness"], [], source="here")
    assert fairness
    assert all(entry.id.startswith("fairness.") for entry in fairness)
    one = select(["fairness"], [fairness[0].id], source="here")
    assert len(one) == len(fairness) - 1


def test_undeclared_asks_are_refused() -> None:
    given = Given(outline=EMPTY, about=None, level=0.95, limit=None, rng=np.random.default_rng(0), context={}, made={})
    with pytest.raises(KeyError, match="was not asked for"):
        given[TallyAsk()]
