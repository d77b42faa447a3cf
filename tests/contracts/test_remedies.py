"""What every registered remedy must keep, whoever wrote it."""

import dataclasses
import re

import pytest

from fairwitness.core.blueprint import POST, TRAIN
from fairwitness.core.registry import Registered, registered, remedies
from fairwitness.core.remedy import EditsRows, Fits, MakesPart

REMEDIES = remedies()


def test_there_are_remedies() -> None:
    assert REMEDIES


@pytest.mark.parametrize("entry", REMEDIES, ids=lambda entry: entry.id)
def test_identity_and_words(entry: Registered) -> None:
    info = entry.load().info
    assert info.id == entry.id
    assert re.fullmatch(r"[a-z]+\.[a-z]+(-[a-z]+)*", info.id)
    for words in (info.title, info.does, info.may_cost):
        assert len(words) > 10
        assert "\n" not in words
    assert info.sources


@pytest.mark.parametrize("entry", REMEDIES, ids=lambda entry: entry.id)
def test_it_answers_checks_that_exist_and_names_remedies_that_exist(entry: Registered) -> None:
    info = entry.load().info
    assert info.answers
    assert set(info.answers) <= {check.id for check in registered()}
    assert info.instead in {"", *(other.id for other in REMEDIES)}
    assert info.instead != info.id
    assert info.reads_group <= info.by_group


@pytest.mark.parametrize("entry", REMEDIES, ids=lambda entry: entry.id)
def test_it_has_the_method_of_what_it_acts_on(entry: Registered) -> None:
    remedy = entry.load()
    kind = EditsRows if remedy.info.acts == "rows" else Fits if remedy.info.acts in POST else MakesPart
    assert remedy.info.acts in {"rows", *TRAIN, *POST}
    if kind is EditsRows:
        assert callable(remedy.rows)
    else:
        assert isinstance(remedy, kind)


@pytest.mark.parametrize("entry", REMEDIES, ids=lambda entry: entry.id)
def test_options_are_a_frozen_dataclass_with_defaults_and_its_strength_is_one_of_them(entry: Registered) -> None:
    remedy = entry.load()
    options: type = remedy.Options
    assert dataclasses.is_dataclass(options)
    assert options.__dataclass_params__.frozen  # type: ignore[attr-defined]  # CPython's own record of it
    names = {field.name for field in dataclasses.fields(options)}
    assert "by" not in names
    if remedy.info.strength is not None:
        name, values = remedy.info.strength
        assert name in names
        for value in values:
            remedy.Options(**{name: value})
