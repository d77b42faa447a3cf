from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fairwitness.core.columns import Column, Kind
from fairwitness.core.errors import ColumnError
from fairwitness.io.kinds import as_rows, infer, without_sentinels
from fairwitness.io.read import read
from fairwitness.io.table import Table


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0, 1, 1, None], "boolean"),
        ([0.0, 1.0, None], "boolean"),
        ([True, None], "boolean"),
        ([1, 2, 2], "integer"),
        ([1.0, 2.0, None], "integer"),
        ([0.5, 1.0], "number"),
        (["a", "b", "a"], "category"),
        ([f"{n} words" for n in range(21)], "text"),
        ([f"{n} words" for n in range(20)], "category"),
        ([f"county {n % 60}" for n in range(1000)], "category"),
        ([f"{n % 300} is the number of a long note that somebody has written down" for n in range(1000)], "text"),
        (["2024-01-31", "2023-02-28", None], "date"),
        (["2024-01-31 10:00:00", "2023-02-28T11:30"], "date"),
        (["2024-13-31", "2024-01-01"], "category"),
        ([dt.date(2024, 1, 1)], "date"),
        ([dt.datetime(2024, 1, 1, 2)], "date"),  # noqa: DTZ001 - local time
        ([None, None], "category"),
    ],
)
def test_kinds_are_read_off_the_values(values: list[object], kind: Kind) -> None:
    (column,) = infer(read({"x": values}))
    assert (column.name, column.kind, column.role) == ("x", kind, "feature")


def test_pictures_are_columns_too() -> None:
    frame = pl.DataFrame({"y": [0, 1]})
    table = Table(frame=frame, media={"image": np.zeros((2, 3, 3))}, source="t", fingerprint="")
    assert [(column.name, column.kind) for column in infer(table)] == [("y", "boolean"), ("image", "image")]
    rows = as_rows(table, infer(table))
    assert rows.media["image"].shape == (2, 3, 3)
    assert list(rows.columns) == ["y"]


def test_rows_have_two_forms_only() -> None:
    table = read(
        {
            "n": [1, None],
            "x": [0.5, None],
            "b": [True, None],
            "w": ["a", None],
            "d": [dt.date(2024, 1, 31), None],
            "m": [dt.datetime(2024, 1, 31, 9, 5), None],  # noqa: DTZ001 - local time
        }
    )
    rows = as_rows(table, infer(table))
    assert rows.ids.tolist() == [0, 1]
    for name, value in (("n", 1.0), ("x", 0.5), ("b", 1.0)):
        assert rows.columns[name].dtype == np.float64
        assert rows.columns[name][0] == value
        assert math.isnan(rows.columns[name][1])
    texts = {"w": "a", "d": "2024-01-31", "m": "2024-01-31T09:05:00"}
    for name, text in texts.items():
        assert rows.columns[name].dtype == object
        assert rows.columns[name].tolist() == [text, None]


def test_declared_kinds_and_sentinels_win() -> None:
    table = read({"code": [1.0, 2.0, 999.0], "flag": [True, False, None], "text": ["1", "true", None]})
    columns = (
        Column(name="code", kind="category", sentinels=(999.0,)),
        Column(name="flag", kind="category"),
        Column(name="text", kind="boolean"),
    )
    rows = as_rows(table, columns)
    assert rows.columns["code"].tolist() == ["1", "2", None]
    assert rows.columns["flag"].tolist() == ["true", "false", None]
    np.testing.assert_array_equal(rows.columns["text"], [1.0, 1.0, np.nan])
    number = as_rows(table, [Column(name="code", kind="number", sentinels=(999.0,))])
    np.testing.assert_array_equal(number.columns["code"], [1.0, 2.0, np.nan])


@pytest.mark.parametrize("values", [[1, 999, None], [1.0, 999.0, None]])
@pytest.mark.parametrize("code", [999, 999.0])
def test_sentinels_of_either_number_type(values: list[float], code: float) -> None:
    assert without_sentinels(pl.Series(values), (code,)).to_list() == [1, None, None]
    assert without_sentinels(pl.Series(["999"]), (code,)).to_list() == ["999"]


def test_declarations_that_do_not_fit_are_told() -> None:
    table = read({"word": ["1", "x"], "day": [dt.date(2024, 1, 1)] * 2})
    with pytest.raises(ColumnError, match=r"column 'word' is declared number and holds 'x' in row 2; declare it as"):
        as_rows(table, [Column(name="word", kind="number")])
    with pytest.raises(ColumnError, match="column 'day' is declared integer and holds dates"):
        as_rows(table, [Column(name="day", kind="integer")])
    with pytest.raises(ColumnError, match=r"no column 'wrod'.*did you mean 'word'"):
        as_rows(table, [Column(name="wrod", kind="number")])


def test_real_columns(shared: Path) -> None:
    kinds = {column.name: column.kind for column in infer(read(shared / "compas" / "compas-scores-two-years.csv"))}
    wanted = {
        "race": "category",
        "age": "integer",
        "two_year_recid": "boolean",
        "c_jail_in": "date",
        "c_charge_desc": "category",
        "sex": "category",
    }
    assert {name: kinds[name] for name in wanted} == wanted
    bios = {column.name: column.kind for column in infer(read(shared / "bias_in_bios_sample" / "bios_sample.csv"))}
    assert bios == {"hard_text": "text", "profession": "category", "gender": "category"}
