"""Tallies against counting by hand, and the laws that let them travel: adding, merging, saving."""

import io
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from fairwitness.core.columns import CROSS, MISSING
from fairwitness.core.errors import DataError
from fairwitness.stats.tally import Tally

Row = tuple[str | None, float, str, int]

rows = st.lists(
    st.tuples(
        st.sampled_from(["women", "men", None, "10", "9", "< 3", MISSING]),
        st.sampled_from([0.0, 1.0, 2.5, -1.0, 7.0, float("nan")]),
        st.sampled_from(["yes", "no"]),
        st.integers(-5, 5),
    ),
    max_size=30,
)


def _objects(values: list[Any]) -> NDArray[Any]:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _tally(data: list[Row]) -> Tally:
    sex, age, decision, score = ([row[place] for row in data] for place in range(4))
    return Tally.of(
        {"sex": _objects(sex), "age": np.array(age, dtype=float), "@decision": _objects(decision)},
        sums={"score": np.array(score, dtype=float)},
        edges={"age": (0, 2, 5)},
    )


def _cells(tally: Tally) -> dict[tuple[str, ...], tuple[float, ...]]:
    """Counts and sums by the names of categories: what a tally says, apart from how it is held."""
    names = [
        tuple(axis[code] for axis, code in zip(tally.axes.values(), codes, strict=True))
        for codes in tally.codes.tolist()
    ]
    sums = [values.tolist() for values in tally.sums.values()]
    return dict(zip(names, zip(tally.counts.tolist(), *sums, strict=True), strict=True))


def _bin(age: float) -> str:
    if np.isnan(age):
        return MISSING
    if age < 0:
        return "< 0"
    if age > 5:
        return "> 5"
    return "[0, 2)" if age < 2 else "[2, 5]"


@given(rows)
def test_counts_what_counting_by_hand_counts(data: list[Row]) -> None:
    tally = _tally(data)
    by_hand = Counter((sex or MISSING, _bin(age), decision) for sex, age, decision, _ in data)
    assert {names: values[0] for names, values in _cells(tally).items()} == by_hand
    for names, (_, score, square) in _cells(tally).items():
        own = [row[3] for row in data if (row[0] or MISSING, _bin(row[1]), row[2]) == names]
        assert (score, square) == (sum(own), sum(value**2 for value in own))
    assert tally.total == len(data)


@given(rows, rows, rows)
def test_adding_commutes_associates_and_splits_anywhere(first: list[Row], second: list[Row], third: list[Row]) -> None:
    a, b, c = _tally(first), _tally(second), _tally(third)
    whole = _cells(_tally(first + second + third))
    assert _cells(a + b + c) == _cells(a + (b + c)) == _cells(c + b + a) == whole
    assert tuple((a + b).axes["sex"]) == tuple((b + a).axes["sex"])


@given(rows, rows)
def test_marginals_and_conditions_add_up(first: list[Row], second: list[Row]) -> None:
    tally = _tally(first) + _tally(second)
    for names in ([], ["sex"], ["age", "sex"], ["@decision", "age", "sex"]):
        assert sum(tally.by(names).values()) == tally.total
        assert tally.by(names) == tally.onto(*names).by(names)
    for by in (["sex"], ["age", "sex"]):
        hits, totals = tally.hits(by, "@decision"), tally.by(by)
        others = tally.hits(by, "@decision", "no")
        assert list(hits) == list(totals)
        assert {name: hits[name] + others[name] for name in totals} == totals
    assert tally.dense(["age", "sex"]).sum() == tally.total
    assert sum(tally.sum_by(["sex"], "score").values()) == sum(row[3] for row in first + second)


@given(rows)
def test_saving_and_loading_changes_nothing(data: list[Row]) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder) / "tally.npz"
        tally = _tally(data)
        tally.save(path)
        found = Tally.load(path)
        assert list(Path(folder).iterdir()) == [path]
    assert dict(found.axes) == dict(tally.axes)
    assert _cells(found) == _cells(tally)


def test_numbers_and_bins_are_named_and_ordered() -> None:
    tally = Tally.of({"n": np.array([10.0, 9.0, np.nan, -1.5, 0.1]), "whole": np.array([3, 20, 3, 100, 20])})
    assert tally.axes["n"] == ("-1.5", "0.1", "9", "10", MISSING)
    assert tally.axes["whole"] == ("3", "20", "100")
    binned = Tally.of({"age": np.array([17, 18, 24.9, 25, 40, 41, np.nan])}, edges={"age": (18, 25, 40)})
    assert binned.by(["age"]) == {"< 18": 1, "[18, 25)": 2, "[25, 40]": 2, "> 40": 1, MISSING: 1}
    sparse = Tally.of({"score": np.array([0.95])}, edges={"score": (0, 0.5, 0.9, 1)})
    assert sparse.axes["score"] == ("[0, 0.5)", "[0.5, 0.9)", "[0.9, 1]")
    assert sparse.dense(["score"]).tolist() == [0, 0, 1]
    assert sparse.by(["score"]) == {"[0.9, 1]": 1}  # a bin of nobody is a place on a scale, not a group


def test_a_group_without_rows_of_a_kind_stays_with_count_zero() -> None:
    """So that a group with no positive label shows an unknown true-positive rate instead of vanishing."""
    tally = Tally.of(
        {
            "race": _objects(["a", "a", "b", "b"]),
            "sex": _objects(["f", "m", "f", "f"]),
            "@label": _objects(["yes", "no", "no", "no"]),
        }
    )
    positives = tally.where({"@label": "yes"})
    assert positives.by(["race", "sex"]) == {f"a{CROSS}f": 1, f"a{CROSS}m": 0, f"b{CROSS}f": 0}
    assert positives.by(["race"]) == {"a": 1, "b": 0}
    assert tally.hits(["race"], "@label", "never seen") == {"a": 0, "b": 0}
    assert tally.where({"race": "a", "sex": "f", "@label": "yes"}).total == 1


def test_narrow_codes_do_not_overflow() -> None:
    sizes = (100, 100, 100)
    rng = np.random.default_rng(0)
    codes = [rng.integers(0, size, 5000, dtype=np.int8) for size in sizes]
    axes = {name: tuple(str(value) for value in range(100)) for name in "abc"}
    tally = Tally.of_codes(axes, codes)
    expected = Counter(zip(*(column.tolist() for column in codes), strict=True))
    assert dict(zip(map(tuple, tally.codes.tolist()), tally.counts.tolist(), strict=True)) == expected


def test_more_combinations_than_numbers_are_counted_all_the_same() -> None:
    rng = np.random.default_rng(0)
    columns = {f"c{index}": rng.integers(0, 50, 200).astype(float) for index in range(20)}  # 50^20 combinations
    tally = Tally.of(columns)
    assert len(tally.counts) == 200
    assert (tally + tally).total == 400
    assert tally.by(["c3"]) == Tally.of({"c3": columns["c3"]}).by(["c3"])


def test_coded_categories_may_come_in_any_order() -> None:
    tally = Tally.of_codes({"x": ("b", MISSING, "a")}, [np.array([0, 0, 2, 1], dtype=np.uint8)])
    assert tally.by(["x"]) == {"a": 1, "b": 2, MISSING: 1}


@pytest.mark.parametrize(
    ("axes", "codes", "match"),
    [
        ({"x": ("a",)}, [np.array([1])], "must lie in"),
        ({"x": ("a",)}, [np.array([-1])], "must lie in"),
        ({"x": ("a", "a")}, [np.array([0])], "repeat"),
        ({"x": ("a",), "y": ("b",)}, [np.array([0]), np.array([0, 0])], "differ in length"),
        ({"x": ("a",), "y": ("b",)}, [np.array([0])], "1 columns of codes for 2 axes"),
    ],
)
def test_wrong_codes_are_refused(axes: dict[str, tuple[str, ...]], codes: list[NDArray[np.int64]], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        Tally.of_codes(axes, codes)


def test_what_cannot_be_counted_together_is_refused() -> None:
    x, y = Tally.of({"x": _objects(["a"])}), Tally.of({"y": _objects(["a"])})
    with pytest.raises(ValueError, match="do not add"):
        x + y
    with pytest.raises(ValueError, match="bin edges"):
        Tally.of({"n": np.array([1.0])}, edges={"n": (2, 1)})
    with pytest.raises(ValueError, match="same name"):
        Tally.of({"x": _objects([f"a{CROSS}b", "a"]), "y": _objects(["c", f"b{CROSS}c"])}).by(["x", "y"])


def test_axes_in_another_order_add() -> None:
    first = Tally.of({"x": _objects(["a", "b"]), "y": _objects(["c", "d"])})
    second = Tally.of({"y": _objects(["d"]), "x": _objects(["z"])})
    assert (first + second).by(["x", "y"]) == {f"a{CROSS}c": 1, f"b{CROSS}d": 1, f"z{CROSS}d": 1}


def _parts(tally: Tally, folder: Path) -> dict[str, bytes]:
    path = folder / "good.npz"
    tally.save(path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _npy(array: NDArray[Any], **header: Any) -> bytes:
    stream = io.BytesIO()
    if header:
        full = np.lib.format.header_data_from_array_1_0(array) | header
        np.lib.format.write_array_header_1_0(stream, full)
        return stream.getvalue() + array.tobytes()
    np.lib.format.write_array(stream, array, version=(1, 0), allow_pickle=True)
    return stream.getvalue()


def _head(**changes: Any) -> bytes:
    head = {"format": "fairwitness tally 1", "axes": [["sex", ["men", "women"]]], "sums": []} | changes
    return _npy(np.frombuffer(json.dumps(head).encode(), dtype=np.uint8))


HOSTILE: dict[str, dict[str, bytes | None]] = {
    "a member is missing": {"counts.npy": None},
    "a member too many": {"more.npy": b""},
    "pickled objects": {"counts.npy": _npy(np.array([{}, {}], dtype=object))},
    "another type": {"counts.npy": _npy(np.array([1.0, 2.0]))},
    "a header that claims 8 TB": {"counts.npy": _npy(np.array([1, 2]), shape=(10**12,))},
    "a header that claims less than nothing": {"counts.npy": _npy(np.array([1, 2]), shape=(-2,))},
    "no header": {"counts.npy": b"nonsense"},
    "a negative count": {"counts.npy": _npy(np.array([1, -2]))},
    "counts that overflow": {"counts.npy": _npy(np.array([2**62, 2**62]))},
    "a code without category": {"codes.npy": _npy(np.array([[0], [2]], dtype=np.int32))},
    "a negative code": {"codes.npy": _npy(np.array([[-1], [1]], dtype=np.int32))},
    "a repeated cell": {"codes.npy": _npy(np.array([[1], [1]], dtype=np.int32))},
    "unsorted cells": {"codes.npy": _npy(np.array([[1], [0]], dtype=np.int32))},
    "a cell too few": {"codes.npy": _npy(np.array([[0]], dtype=np.int32))},
    "sums of nothing": {"sums.npy": _npy(np.zeros((1, 2)))},
    "a head that is no JSON": {"head.npy": _npy(np.frombuffer(b"{", dtype=np.uint8))},
    "a head too deep": {"head.npy": _npy(np.frombuffer(b"[" * 200_000, dtype=np.uint8))},
    "another format": {"head.npy": _head(format="fairwitness tally 2")},
    "a list for a head": {"head.npy": _npy(np.frombuffer(b"[]", dtype=np.uint8))},
    "text for categories": {"head.npy": _head(axes=[["sex", "mw"]])},
    "numbers for categories": {"head.npy": _head(axes=[["sex", [1, 2]]])},
    "lists for categories": {"head.npy": _head(axes=[["sex", [["a"], ["b"]]]])},
    "repeated categories": {"head.npy": _head(axes=[["sex", ["men", "men"]]])},
    "unsorted categories": {"head.npy": _head(axes=[["sex", ["women", "men"]]])},
    "repeated axes": {"head.npy": _head(axes=[["sex", ["men", "women"]], ["sex", ["men", "women"]]])},
    "numbers for axes": {"head.npy": _head(axes=7)},
}


@pytest.mark.parametrize("fault", HOSTILE)
def test_an_unsound_file_is_refused_in_one_line(fault: str, tmp_path: Path) -> None:
    parts: dict[str, bytes | None] = {**_parts(Tally.of({"sex": _objects(["men", "women"])}), tmp_path)}
    parts |= HOSTILE[fault]
    path = tmp_path / "bad.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            if content is not None:
                archive.writestr(name, content)
    with pytest.raises(DataError, match=r"bad\.npz: not a sound tally: .*; write it again"):
        Tally.load(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"\x93NUMPY"])
def test_what_is_no_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match="not a sound tally"):
        Tally.load(path)


def test_a_bomb_is_not_inflated(tmp_path: Path) -> None:
    path = tmp_path / "bad.npz"
    parts = _parts(Tally.of({"sex": _objects(["men"])}), tmp_path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    data = bytearray(path.read_bytes())
    place = data.rindex(b"counts.npy") - 46 + 24  # the size that the directory claims for it, uncompressed
    data[place : place + 4] = (2**31).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(DataError, match="claims 2147483648 bytes"):
        Tally.load(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        Tally.load(tmp_path / "none.npz")
    with pytest.raises(DataError, match="check the path"):
        Tally.load(tmp_path)


def test_a_failed_save_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "tally.npz"
    good = Tally.of({"x": _objects(["a"])})
    good.save(path)
    bad = Tally({"x": ("\ud800",)}, good.codes, good.counts)  # a lone surrogate cannot be written
    with pytest.raises(UnicodeEncodeError):
        bad.save(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["tally.npz"]
    assert Tally.load(path).by(["x"]) == {"a": 1}


@pytest.mark.parametrize("sizes", [(2, 5, 2, 2), (1, 255), (1, 256), (16, 16), (3, 70), (4096,), (17, 241)])
@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int64])
def test_rows_numbered_in_narrow_blocks_are_counted_as_one_by_one(sizes: tuple[int, ...], dtype: type) -> None:
    rng = np.random.default_rng(5)
    columns = [rng.integers(0, min(size, np.iinfo(dtype).max), 70_001) for size in sizes]
    axes = {f"a{place}": tuple(f"c{code:04}" for code in range(size)) for place, size in enumerate(sizes)}
    tally = Tally.of_codes(axes, [column.astype(dtype) for column in columns])
    expected = Counter(zip(*(column.tolist() for column in columns), strict=True))
    assert dict(zip(map(tuple, tally.codes.tolist()), tally.counts.tolist(), strict=True)) == expected


def test_codes_that_stand_for_many_are_counted_as_often() -> None:
    axes = {"g": ("a", "b"), "y": ("no", "yes")}
    codes = [np.array([0, 1, 1]), np.array([1, 0, 1])]
    counts = np.array([3, 0, 2])
    many = Tally.of_codes(axes, codes, counts=counts)
    one_by_one = Tally.of_codes(axes, [np.repeat(code, counts) for code in codes])
    assert many.by(["g", "y"]) == {**one_by_one.by(["g", "y"]), "b × no": 0}
