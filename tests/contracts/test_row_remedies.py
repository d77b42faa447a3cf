"""What every remedy of training rows must keep, on rows made for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.asks import group_column
from fairwitness.core.columns import MISSING, Column
from fairwitness.core.errors import DataError
from fairwitness.core.registry import Registered, remedies
from fairwitness.core.remedy import Learning
from fairwitness.core.subject import Rows

EDITS = [entry for entry in remedies() if entry.load().info.acts == "rows"]
ON_MEDIA = {"fairness.reweigh", "fairness.resample", "fairness.oversample"}
RACES = np.array(["p", "q", "r", None], dtype=object)


def learning(n: int = 600, *, one_sided: bool = False, media: bool = False, seed: int = 0) -> Learning:
    """Three races and people of none recorded, two sexes; numbers and a category that tell them; people with two rows."""
    rng = np.random.default_rng(seed)
    race, sex = RACES[rng.choice(4, n, p=[0.5, 0.3, 0.1, 0.1])], rng.choice(["f", "m"], n).astype(object)
    shift = 1.2 * (race == "p") + 0.4 * (sex == "m")
    target = np.where(rng.random(n) < 0.3 + 0.3 * (race == "p"), "yes", "no").astype(object)
    if one_sided:
        target[race == "q"] = "no"
    columns = {
        "x": np.where(rng.random(n) < 0.05, np.nan, rng.normal(size=n) + shift),
        "steps": np.round(rng.normal(size=n) + shift),
        "noise": rng.normal(size=n),
        "town": np.where(rng.random(n) < 0.2 + 0.6 * (race == "p"), "u", "v").astype(object),
    }
    held = {group_column("race"): race, group_column("sex"): sex}
    pictures = {"image": rng.random((n, 2, 2)), "words": np.array(["so"] * n, dtype=object)} if media else {}
    kinds: Mapping[str, Any] = {"x": "number", "steps": "integer", "noise": "number", "town": "category"}
    return Learning(
        rows=Rows(ids=np.arange(n), columns=held if media else {**columns, **held}, media=pictures),
        target=target,
        weights=np.ones(n),
        groups={"race": np.array([MISSING if label is None else label for label in race], dtype=object), "sex": sex},
        columns=(Column(name="image", kind="image"),)
        if media
        else tuple(Column(name=name, kind=kinds[name]) for name in columns),
        classes=("no", "yes"),
        positive="yes",
        favorable="yes",
        units=np.arange(n) // 2,
    )


def run(entry: Registered, given: Learning, by: str = "race", seed: int = 1) -> Learning:
    """What the remedy gives on. One that needs more than these rows have says so in a line that names it."""
    remedy, by = entry.load(), by if entry.load().info.by_group else ""
    try:
        found = remedy.rows(given, remedy.Options(), by=by, rng=np.random.default_rng(seed))
    except DataError as refused:
        if not str(refused).startswith(f"{entry.id}: ") or "\n" in str(refused):
            raise
        pytest.skip(str(refused))
    assert isinstance(found, Learning)
    return found


def as_text(values: NDArray[Any]) -> list[str]:
    return [repr(value) for value in values.tolist()]


@pytest.mark.parametrize("by", ["race", "sex", "race × sex"])
@pytest.mark.parametrize("one_sided", ["", "one group has one outcome only"])
@pytest.mark.parametrize("entry", EDITS, ids=lambda entry: entry.id)
def test_what_it_gives_on_is_whole(entry: Registered, one_sided: str, by: str) -> None:
    given = learning(one_sided=bool(one_sided))
    made = run(entry, given, by)
    n = len(made.rows)
    assert n > 0
    parts = [made.target, made.weights, made.units, *made.groups.values(), *made.rows.columns.values()]
    assert {len(part) for part in parts} == {n}
    assert made.rows.columns.keys() == given.rows.columns.keys()
    assert made.columns
    assert set(made.columns) <= set(given.columns)
    assert set(made.target) <= {"no", "yes"}
    assert (made.weights >= 0).all()
    assert np.isfinite(made.weights).all()
    np.testing.assert_array_equal(made.units, made.rows.ids // 2)  # copies stay with what they belong to
    assert len(made.notes) > len(given.notes)
    for note in made.notes:
        assert note.startswith(f"{entry.id}: ")
        assert note.endswith(".")


@pytest.mark.parametrize("entry", EDITS, ids=lambda entry: entry.id)
def test_it_leaves_what_it_was_given_as_it_was(entry: Registered) -> None:
    given, again = learning(), learning()
    run(entry, given)
    assert as_text(given.target) == as_text(again.target)
    for name, values in given.rows.columns.items():
        assert as_text(values) == as_text(again.rows.columns[name])


@pytest.mark.parametrize("entry", EDITS, ids=lambda entry: entry.id)
def test_the_same_dice_give_the_same_rows(entry: Registered) -> None:
    first, second = run(entry, learning()), run(entry, learning())
    np.testing.assert_array_equal(first.rows.ids, second.rows.ids)
    np.testing.assert_array_equal(first.target, second.target)
    assert first.notes == second.notes


@pytest.mark.parametrize("entry", EDITS, ids=lambda entry: entry.id)
def test_what_is_done_when_it_decides_is_what_was_done_before_training_and_survives_saving(entry: Registered) -> None:
    remedy, given = entry.load(), learning()
    made = run(entry, given, "race × sex")
    assert bool(made.at_decision) == remedy.info.reads_group
    for name, edit in made.at_decision:
        assert name == entry.id
        after = edit.apply(given.rows)
        for column, values in made.rows.columns.items():
            assert as_text(after.columns[column]) == as_text(values)
        restored = remedy.restore(json.loads(json.dumps(edit.to_json())))
        assert restored.to_json() == edit.to_json()
        for column, values in restored.apply(given.rows).columns.items():
            assert as_text(values) == as_text(after.columns[column])


@pytest.mark.parametrize("entry", EDITS, ids=lambda entry: entry.id)
def test_a_group_never_seen_is_answered(entry: Registered) -> None:
    given = learning()
    for _, edit in run(entry, given).at_decision:
        strangers = replace(
            given.rows,
            columns={**given.rows.columns, group_column("race"): np.full(len(given), "stranger", dtype=object)},
        )
        after = edit.apply(strangers).columns
        for name in ("x", "steps"):
            np.testing.assert_array_equal(np.isnan(after[name]), np.isnan(given.rows.columns[name]))


@pytest.mark.parametrize("entry", [entry for entry in EDITS if entry.id in ON_MEDIA], ids=lambda entry: entry.id)
def test_pictures_and_texts_go_with_their_rows(entry: Registered) -> None:
    given = learning(media=True)
    made = run(entry, given)
    for name, values in made.rows.media.items():
        np.testing.assert_array_equal(values, given.rows.media[name][made.rows.ids])


def test_those_that_go_with_pictures_are_there() -> None:
    assert {entry.id for entry in EDITS} >= ON_MEDIA
