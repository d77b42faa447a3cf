"""What every remedy fitted after training must keep, on rows made for it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.columns import MISSING
from fairwitness.core.registry import Registered, remedies
from fairwitness.core.remedy import DecisionEdit, Tuned

FITTED = [entry for entry in remedies() if hasattr(entry.load(), "fit")]


def tuned(n: int = 900, *, favorable: str = "yes", seed: int = 0, one_sided: str = "") -> Tuned:
    """Three groups that differ, people of no recorded group, and two of a group that is too small to fit on."""
    rng = np.random.default_rng(seed)
    groups = rng.choice(["a", "b", "c × d", MISSING], n, p=[0.4, 0.3, 0.2, 0.1]).astype(object)
    groups[:2] = "tiny"
    scores = rng.beta(2 + 2.0 * (groups == "a"), 3)
    recorded = np.where(rng.random(n) < scores**1.3 * np.where(groups == "b", 0.5, 1.0), "yes", "no").astype(object)
    recorded[groups == one_sided] = "no"
    return Tuned(
        ids=rng.permutation(n).astype(np.int64),
        scores=scores[:, None],
        recorded=recorded,
        groups=groups,
        classes=("no", "yes"),
        positive="yes",
        favorable=favorable,
        threshold=0.5,
    )


def said(edit: Any, rows: Tuned) -> NDArray[Any]:
    if isinstance(edit, DecisionEdit):
        return edit.decide(rows.scores, rows.groups, rows.ids)
    return np.asarray(edit.rescore(rows.scores, rows.groups))


def fit(entry: Registered, rows: Tuned) -> tuple[Any, Any]:
    remedy = entry.load()
    if not remedy.info.by_group:
        rows = without_groups(rows)
    return remedy, remedy.fit(rows, remedy.Options(), rng=np.random.default_rng(1))


def without_groups(rows: Tuned) -> Tuned:
    return replace(rows, groups=None)


@pytest.mark.parametrize("favorable", ["yes", "no"])
@pytest.mark.parametrize("one_sided", ["", "b"])
@pytest.mark.parametrize("entry", FITTED, ids=lambda entry: entry.id)
def test_it_fits_and_is_the_same_after_saving(entry: Registered, favorable: str, one_sided: str) -> None:
    rows = tuned(favorable=favorable, one_sided=one_sided)
    remedy, (edit, notes) = fit(entry, rows)
    before = said(edit, rows)
    saved = json.loads(json.dumps(edit.to_json()))
    np.testing.assert_array_equal(said(remedy.restore(saved), rows), before)
    assert remedy.restore(saved).to_json() == edit.to_json()
    assert len(before) == len(rows.ids)
    if isinstance(edit, DecisionEdit):
        assert set(before) <= {"yes", "no"}
    else:
        assert before.shape == rows.scores.shape
        assert before.min() >= 0
        assert before.max() <= 1
    assert notes
    for note in notes:
        assert note.startswith(f"{remedy.info.id}: ")
        assert note.endswith(".")


@pytest.mark.parametrize("entry", FITTED, ids=lambda entry: entry.id)
def test_a_row_is_answered_alike_whoever_stands_beside_it(entry: Registered) -> None:
    rows = tuned()
    _, (edit, _) = fit(entry, rows)
    order = np.random.default_rng(2).permutation(len(rows.ids))[:300]
    taken = {name: getattr(rows, name)[order] for name in ("ids", "scores", "recorded", "groups")}
    alone = replace(rows, **taken)
    np.testing.assert_array_equal(said(edit, alone), said(edit, rows)[order])


@pytest.mark.parametrize("entry", FITTED, ids=lambda entry: entry.id)
def test_it_reads_the_group_if_and_only_if_it_says_so(entry: Registered) -> None:
    rows = tuned()
    remedy, (edit, _) = fit(entry, rows)
    others = replace(rows, groups=swapped(rows))
    assert bool((said(edit, rows) != said(edit, others)).any()) == remedy.info.reads_group
    if not remedy.info.reads_group:
        np.testing.assert_array_equal(said(edit, without_groups(rows)), said(edit, rows))


def swapped(rows: Tuned) -> NDArray[Any]:
    assert rows.groups is not None
    return np.where(rows.groups == "a", "b", np.where(rows.groups == "b", "a", rows.groups)).astype(object)


@pytest.mark.parametrize("entry", FITTED, ids=lambda entry: entry.id)
def test_groups_too_small_or_never_seen_are_answered_and_that_is_said(entry: Registered) -> None:
    rows = tuned()
    remedy, (edit, notes) = fit(entry, rows)
    stranger = replace(rows, groups=np.full(len(rows.ids), "stranger", dtype=object))
    assert len(said(edit, stranger)) == len(rows.ids)
    if remedy.info.reads_group:
        assert any("tiny" in note for note in notes)


@pytest.mark.parametrize("entry", FITTED, ids=lambda entry: entry.id)
def test_a_few_rows_are_enough_not_to_break(entry: Registered) -> None:
    for n in (2, 8):
        _, (edit, notes) = fit(entry, tuned(n))
        assert len(said(edit, tuned(n))) == n
        assert notes


def test_there_are_some() -> None:
    assert FITTED
