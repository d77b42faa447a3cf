"""Public bounds: what a file may say, and values as places on the grid or in the list."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from fairwitness.core.errors import ColumnError, ConfigError, DataError
from fairwitness.io.read import read
from fairwitness.io.table import Table
from fairwitness.privacy.bounds import Numbers, ReleaseError, parse, places


def table(**columns: Any) -> Table:
    return read(pl.DataFrame(columns))


def of(**columns: dict[str, Any]) -> Any:
    return parse({"columns": columns}, source="bounds.toml")


AGE = {"low": 18, "high": 100, "step": 1}


def test_numbers_are_clipped_and_rounded_to_the_step() -> None:
    columns = of(height={"low": 1.4, "high": 2.2, "step": 0.1})
    found = places(table(height=[1.0, 1.4, 1.449, 1.46, 2.2, 9.0]), columns)
    assert found["height"].tolist() == [0, 0, 0, 1, 8, 8]
    (height,) = columns
    assert isinstance(height, Numbers)
    assert [height.text(place) for place in (0, 1, 8, -3)] == ["1.4", "1.5", "2.2", "1.1"]


def test_a_step_of_a_tenth_is_exact() -> None:
    """0.3 / 0.1 is below 3 in floating point; the grid still has three steps."""
    (column,) = of(x={"low": 0.0, "high": 0.3, "step": 0.1})
    assert column.steps == 3


def test_categories_are_looked_up_as_the_data_write_them() -> None:
    columns = of(yes={"values": [0, 1]}, flag={"values": [True, False]}, town={"values": ["A", "B"], "otherwise": "B"})
    found = places(table(yes=[1.0, 0.0, 1.0], flag=[True, False, True], town=["A", None, "elsewhere"]), columns)
    assert {name: held.tolist() for name, held in found.items()} == {
        "yes": [1, 0, 1],
        "flag": [0, 1, 0],
        "town": [0, 1, 1],
    }


def test_what_is_missing_takes_a_public_value_or_stops() -> None:
    rows = table(age=[20, None, 40])
    assert places(rows, of(age={**AGE, "otherwise": 30}))["age"].tolist() == [2, 12, 22]
    with pytest.raises(ReleaseError, match=r"1 values of 'age' are missing .*give \[columns.age\] otherwise"):
        places(rows, of(age=AGE))
    with pytest.raises(ReleaseError, match="not among its public values"):
        places(table(town=["C"]), of(town={"values": ["A", "B"]}))


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        ({"low": 0, "high": 1}, "low, high and step"),
        ({"low": 1, "high": 0, "step": 1}, "whole number of steps"),
        ({"low": 0, "high": 1, "step": 0.3}, "whole number of steps"),
        ({"low": 0, "high": 1, "step": 0}, "step"),
        ({"low": 0, "high": 1e12, "step": 1}, "1,000,000,000"),
        ({"low": float("nan"), "high": 1, "step": 1}, "finite"),
        ({"values": ["A"]}, "two or more"),
        ({"values": ["A", "A"]}, "each once"),
        ({"values": ["A", "B"], "low": 0}, "stand alone"),
        ({"values": ["A", "B"], "otherwise": "C"}, "not one of values"),
        ({**AGE, "otherwise": "old"}, "give a number"),
        ({"lo": 0}, "did you mean 'low'"),
    ],
)
def test_bounds_that_make_no_sense(bounds: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        of(x=bounds)
    assert said in str(error.value)
    assert str(error.value).startswith("bounds.toml: ")


def test_nothing_is_bounded() -> None:
    nothing: list[dict[str, Any]] = [{}, {"columns": {}}]
    for empty in nothing:
        with pytest.raises(ConfigError, match="a column without bounds is not released"):
            parse(empty, source="bounds.toml")


def test_columns_and_rows_must_be_there() -> None:
    with pytest.raises(ColumnError, match="did you mean 'age'"):
        places(table(age=[1]), of(agee=AGE))
    with pytest.raises(ColumnError, match="holds 'x' in row 1"):
        places(table(age=["x", "y"]), of(age=AGE))
    with pytest.raises(DataError, match="nothing to release"):
        places(table(age=np.array([], dtype=float)), of(age=AGE))
