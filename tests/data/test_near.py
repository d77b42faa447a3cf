"""Near copies: against comparing every pair, and through the checks on planted subjects."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fairwitness.core.asks import PART
from fairwitness.core.check import Measured, NotApplicable
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.data.conflicts import conflicts
from fairwitness.data.near import crowded, met, one_cell_apart, pictures, texts

Look = Callable[..., Any]
AT_MOST = Limit(at_most=0.01)
WORDS = np.array([f"w{i}" for i in range(400)], dtype=object)


def cells(rng: np.random.Generator, n: int) -> dict[str, NDArray[Any]]:
    letters = np.array(["a", "b", None], dtype=object)
    columns = {f"c{i}": rng.choice(letters, n) for i in range(4)}
    return columns | {"x": rng.choice(np.array([0.0, np.nan, 2.0]), n), "y": rng.choice(np.arange(9.0), n)}


@pytest.mark.parametrize("seed", range(3))
def test_one_cell_apart_is_what_comparing_every_pair_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 90
    columns = cells(rng, n)
    of, among = rng.random(n) < 0.6, rng.random(n) < 0.6
    expected = {name: np.zeros(n, dtype=bool) for name in columns}
    rows = [[str(columns[name][i]) for name in columns] for i in range(n)]
    for i in np.flatnonzero(of):
        for j in np.flatnonzero(among):
            differ = [name for name, a, b in zip(columns, rows[i], rows[j], strict=True) if a != b]
            if len(differ) == 1:
                expected[differ[0]][i] = True
    found = one_cell_apart(columns, of=of, among=among)
    assert sum(hits.sum() for hits in expected.values()) > 10
    for name, hits in expected.items():
        np.testing.assert_array_equal(found[name], hits)
    assert set(one_cell_apart(columns, of=of, among=among, differ=["x"])) == {"x"}
    assert not any(hits.any() for hits in one_cell_apart(columns, of=np.zeros(n, bool), among=among).values())


def written(rng: np.random.Generator, n: int, words: int = 60) -> NDArray[np.object_]:
    return np.array([" ".join(rng.choice(WORDS, words)) for _ in range(n)], dtype=object)


def changed(text: str, rng: np.random.Generator, cells: int) -> str:
    words = text.split()
    for place in rng.choice(len(words), cells, replace=False):
        words[place] = "other"
    return " ".join(words)


def test_texts_in_common_are_those_of_every_pair() -> None:
    """Jaccard's similarity over all pairs, by Python's own sets; one, two, four or nine words of 60 changed."""
    rng = np.random.default_rng(0)
    base = written(rng, 60)
    copies = [changed(text, rng, (1, 2, 4, 9)[i % 4]) for i, text in enumerate(base[:40])]
    every = np.array([*base, *copies, "too short to tell", None], dtype=object)
    sets = [{tuple(w[i : i + 3]) for i in range(len(w) - 2)} for w in (re.findall(r"\w+", t or "") for t in every)]
    alike = np.array([[len(a & b) >= 0.8 * len(a | b) and len(a) > 5 for b in sets] for a in sets])
    found = texts(every)
    together = (found[:, None] == found) & (found[:, None] >= 0)
    np.testing.assert_array_equal(together, alike)
    assert 15 < np.triu(alike, 1).sum() < 40
    assert list(found[-2:]) == [-1, -1]


def test_case_and_signs_are_not_words() -> None:
    text = "The quick brown fox jumps over the lazy dog, again and again."
    found = texts(np.array([text, text.upper().replace(",", " -- "), text[::-1]], dtype=object))
    assert found[0] == found[1] != found[2]


def smooth(rng: np.random.Generator, n: int, side: int = 32) -> NDArray[np.float64]:
    """Pictures as photographs are: neighbours alike."""
    coarse = rng.normal(size=(n, 6, 6))
    place = np.linspace(0, 5, side)
    low, part = np.minimum(place.astype(int), 4), place - np.minimum(place.astype(int), 4)
    rows = coarse[:, low] * (1 - part)[:, None] + coarse[:, low + 1] * part[:, None]
    made = rows[:, :, low] * (1 - part) + rows[:, :, low + 1] * part
    return np.asarray(128 + 40 * made)


def test_pictures_made_brighter_noisier_or_coarser_are_found_and_no_others() -> None:
    rng = np.random.default_rng(1)
    base = smooth(rng, 300)
    copies = np.concatenate(
        [
            base[:40] * 0.8 + 30,
            base[40:80] + rng.normal(0, 3, (40, 32, 32)),
            np.round(base[80:120] / 16) * 16,
        ]
    )
    turned = base[120:160, :, ::-1]
    flat = np.full((2, 32, 32), 7.0)
    found = pictures(np.concatenate([base, copies, turned, flat]).astype(np.float32), rng=rng)
    assert np.mean(found[:120] == found[300:420]) > 0.95
    assert not crowded(found)[120:300].any()
    assert list(found[-2:]) == [-1, -1]  # one colour: nothing to compare
    with pytest.raises(ValueError, match="from 16 on"):
        pictures(base[:, :8, :8], rng=rng)


def test_colours_are_compared_as_grey() -> None:
    base = smooth(np.random.default_rng(2), 20)
    coloured = np.stack([base * 0.9, base, base * 1.1], axis=-1).astype(np.float32)
    found = pictures(np.concatenate([coloured, coloured[3:5]]), rng=np.random.default_rng(0))
    assert np.flatnonzero(crowded(found)).tolist() == [3, 4, 20, 21]


def test_a_pixel_that_is_no_number_hides_its_own_picture_only() -> None:
    base = smooth(np.random.default_rng(2), 20)
    every = np.concatenate([base, base[:4]]).astype(np.float32)
    every[[0, 9], 2, 2] = np.nan, np.inf
    found = pictures(every, rng=np.random.default_rng(0))
    assert np.flatnonzero(found < 0).tolist() == [0, 9]
    assert np.flatnonzero(crowded(found)).tolist() == [1, 2, 3, 21, 22, 23]


def test_who_met_whom() -> None:
    clusters = np.array([0, 0, 1, 2, 2, -1])
    of, among = np.array([1, 0, 1, 1, 0, 1], bool), np.array([0, 1, 0, 0, 0, 1], bool)
    assert met(clusters, of=of, among=among).tolist() == [True, False, False, False, False, False]
    assert crowded(clusters).tolist() == [True, True, False, True, True, False]


def split(n: int) -> NDArray[np.object_]:
    return np.repeat(np.array(["train", "audit"], dtype=object), [n - n // 3, n // 3])


def text_subject(copied: int, n: int = 1_200) -> dict[str, NDArray[Any]]:
    rng = np.random.default_rng(3)
    comments = written(rng, n, 30)
    comments[n - copied :] = [changed(text, rng, 1) for text in comments[:copied]]
    return {"comment": comments, "y": rng.choice(np.array(["0", "1"], object), n), PART: split(n)}


@pytest.mark.parametrize(
    ("n", "copied", "expected"), [(1_200, 0, Verdict.PASS), (1_200, 40, Verdict.FAIL), (90, 0, Verdict.UNCERTAIN)]
)
def test_texts_nearly_trained_on(look: Look, n: int, copied: int, expected: Verdict) -> None:
    outcome = look_at_texts(look, text_subject(copied, n))
    (judged,) = outcome.judged.values()
    assert judged.against(AT_MOST) is expected
    assert judged.value == pytest.approx(copied / (n // 3))
    if copied:
        assert outcome.headline.startswith("40 of 400 texts of comment to audit are near copies of one to train")
        table = outcome.explored[0].columns
        assert table["with a copy"] == (80, 40, 40, 40)


def look_at_texts(look: Look, columns: dict[str, NDArray[Any]]) -> Measured:
    offers = frozenset({"split", "labels"})
    outcome = look("data.near-duplicates", columns, target="y", kinds={"comment": "text"}, offers=offers)
    assert isinstance(outcome, Measured)
    return outcome


def test_near_copies_with_another_class_are_counted(look: Look) -> None:
    columns = text_subject(40)
    columns["y"][:] = "0"
    columns["y"][-10:] = "1"
    outcome = look_at_texts(look, columns)
    assert outcome.explored[0].columns["with another class"][:3] == (20, 10, 10)


def test_cells_apart_are_explored_and_names_of_rows_are_not_compared(look: Look) -> None:
    rng = np.random.default_rng(4)
    n = 500
    columns: dict[str, NDArray[Any]] = {f"x{i}": rng.normal(size=n) for i in range(6)}
    columns["name"] = np.array([f"p{i}" for i in range(n)], dtype=object)
    for i in range(6):
        columns[f"x{i}"][400:420] = columns[f"x{i}"][:20]
    columns["x3"][410:420] += 1  # ten are equal but for the name, ten differ in one cell besides
    outcome = look("data.near-duplicates", columns)
    assert outcome.headline.startswith("40 of 500 rows equal another in all columns but one")
    assert not outcome.judged
    assert dict(zip(*outcome.explored[1].columns.values(), strict=True)) == {"x3": 20, "name": 20}
    assert "name" in outcome.notes[0]


def test_rows_to_audit_that_equal_some_to_train_but_for_the_name_are_copies(look: Look) -> None:
    n = 300
    columns: dict[str, NDArray[Any]] = {f"x{i}": np.random.default_rng(i).normal(size=n) for i in range(6)}
    columns["name"] = np.array([f"p{i}" for i in range(n)], dtype=object)
    columns[PART] = split(n)
    for i in range(6):
        columns[f"x{i}"][-30:] = columns[f"x{i}"][:30]
    table = look("data.near-duplicates", columns, offers=frozenset({"split"})).explored[0].columns
    assert dict(zip(table["part"], table["with a copy"], strict=True)) == {
        "all": 60,
        "train": 30,
        "audit": 30,
        "audit, copy in train": 30,
    }


def test_many_rows_are_drawn_and_media_are_a_bound_from_below(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fairwitness.data.copies.MOST_LOOKED_AT", 300)
    monkeypatch.setattr("fairwitness.data.copies.MOST_MEDIA", 300)
    x = np.random.default_rng(5).normal(size=400)
    columns: dict[str, NDArray[Any]] = {f"x{i}": np.concatenate([x, x]) for i in range(6)}
    columns["x0"][400:] += 1
    outcome = look("data.near-duplicates", columns)
    assert outcome.explored[0].columns["share"] == (1.0,)  # each drawn row is compared with all
    assert "300 rows drawn at random are each compared with all 800" in outcome.notes
    outcome = look_at_texts(look, text_subject(40))
    (judged,) = outcome.judged.values()
    assert judged.claim == "lower bound"
    assert judged.high is None


def test_nothing_to_compare(look: Look) -> None:
    few: dict[str, NDArray[Any]] = {"a": np.arange(9.0), "b": np.arange(9.0)}
    assert isinstance(look("data.near-duplicates", few), NotApplicable)
    one = {f"x{i}": np.zeros(1) for i in range(8)}
    assert isinstance(look("data.near-duplicates", one), NotApplicable)


def test_conflicts_are_what_a_dictionary_finds() -> None:
    rng = np.random.default_rng(6)
    n = 200
    columns = {"a": rng.choice(np.array(["x", "y", None], object), n), "b": rng.choice(np.array([1.0, np.nan, 3.0]), n)}
    classes = rng.choice(np.array(["0", "1", "2"], object), n, p=[0.9, 0.08, 0.02])
    cells: dict[tuple[str, str], list[str]] = {}
    keys = [(str(a), str(b)) for a, b in zip(columns["a"], columns["b"], strict=True)]
    for key, each in zip(keys, classes, strict=True):
        cells.setdefault(key, []).append(each)
    found = conflicts(columns, classes)
    assert found.torn.tolist() == [len(set(cells[key])) > 1 for key in keys]
    assert found.sizes.tolist() == [len(cells[key]) for key in keys]
    assert found.right == sum(max(map(own.count, own)) for own in cells.values())


def test_a_collision_makes_no_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fairwitness.data.conflicts.row_hashes", lambda columns: np.zeros(4, dtype=np.uint64))
    found = conflicts({"x": np.array([1.0, 1.0, 2.0, 3.0])}, np.array(["0", "1", "0", "1"], object))
    assert found.torn.tolist() == [True, True, False, False]
    assert found.right == 3


def test_labels_in_conflict_by_group(look: Look) -> None:
    """Every woman's row is there twice; a quarter of the pairs differ in class. Men's rows are all different."""
    n = 400
    women = np.arange(n) < 200
    x = np.where(women, np.arange(n) // 2, 1000.0 + np.arange(n))
    y = np.where(women & (np.arange(n) % 8 == 0), "1", "0").astype(object)
    columns = {"x": x, "sex": np.where(women, "women", "men").astype(object), "y": y}
    outcome = look("data.label-conflicts", columns, target="y", group=("sex",))
    (judged,) = outcome.judged.values()
    assert judged.value == 50 / 400
    table = outcome.explored[0].columns
    assert dict(zip(table["group"], table["share"], strict=True)) == {"women": 0.25, "men": 0.0}
    assert "differs by sex" in outcome.lead
    assert "right on 93.8" in outcome.lead  # 25 of 400 rows lose to their twin
    clean = look("data.label-conflicts", columns | {"x": np.arange(n) + 0.5}, target="y", group=("sex",))
    assert clean.headline == "No two rows that are alike in all features differ in y"
    assert not clean.explored


def test_short_texts_are_features_and_what_is_left_out_is_said(look: Look) -> None:
    n = 100
    y = np.where(np.arange(n) % 3 == 0, "1", "0").astype(object)
    columns = {"lang": np.array(["en", "fr"] * 50, dtype=object), "y": y}
    columns["comment"] = np.array([f"so sad about {i}" for i in range(n)], dtype=object)
    read = look("data.label-conflicts", columns, target="y", kinds={"comment": "text"})
    assert read.headline == "No two rows that are alike in all features differ in y"
    columns["comment"] = np.array([f"p{i}" for i in range(n)], dtype=object)
    named = look("data.label-conflicts", columns, target="y", kinds={"comment": "text"})
    assert named.headline.endswith("equal another in all features but comment and differ in y")


def test_rows_torn_together_are_one_and_not_many(look: Look) -> None:
    """Sixty people are there ten times; whether one is torn has nothing to do with sex. Counted by row, half would differ by it."""
    rng = np.random.default_rng(7)
    differ, held = 0, 0
    for _ in range(40):
        person = np.repeat(np.arange(60), 10)
        torn = rng.random(60) < 0.3
        y = np.where(torn[person] & (np.arange(600) % 10 == 0), "1", "0").astype(object)
        columns = {"x": person.astype(float), "y": y, "sex": np.array(["men", "women"], object)[person % 2]}
        outcome = look("data.label-conflicts", columns, target="y", group=("sex",))
        differ += "differs by sex" in outcome.lead
        (share,) = outcome.judged.values()
        held += share.low <= 0.3 <= share.high
    assert differ <= 6  # 2 to be expected
    assert held >= 34  # 38 to be expected
