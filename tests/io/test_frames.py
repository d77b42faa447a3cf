from __future__ import annotations

import datetime as dt
import subprocess
import sys
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fairwitness.core.errors import DataError
from fairwitness.io.read import read

COLUMNS: dict[str, list[Any]] = {
    "whole": [1, 2, 3],
    "number": [0.5, None, -0.0],
    "word": ["a", None, "ü"],
    "flag": [True, False, True],
    "when": [dt.datetime(2024, 1, 2, 3, 4, tzinfo=None), None, dt.datetime(2020, 2, 29, tzinfo=None)],  # noqa: DTZ001 - local times
}


def forms() -> dict[str, object]:
    return {
        "dict": COLUMNS,
        "polars": pl.DataFrame(COLUMNS),
        "lazy": pl.LazyFrame(COLUMNS),
        "pandas": pd.DataFrame(COLUMNS),
        "pandas nullable": pd.DataFrame(COLUMNS).convert_dtypes(),
        "pandas arrow": pd.DataFrame(COLUMNS).convert_dtypes(dtype_backend="pyarrow"),
        "pyarrow": pa.table(COLUMNS),
    }


@pytest.mark.parametrize("form", forms())
def test_one_content_is_one_table_whoever_holds_it(form: str) -> None:
    table, expected = read(forms()[form]), read(pl.DataFrame(COLUMNS))
    assert table.frame.equals(expected.frame, null_equal=True)
    assert table.fingerprint == expected.fingerprint
    assert table.source == "DataFrame"
    assert table.notes == ()


@pytest.mark.parametrize("name", COLUMNS)
def test_one_changed_cell_changes_the_fingerprint(name: str) -> None:
    changed = {**COLUMNS, name: [*COLUMNS[name][:2], None]}
    assert read(changed).fingerprint != read(COLUMNS).fingerprint
    assert read(pd.DataFrame(changed)).fingerprint == read(pl.DataFrame(changed)).fingerprint


def test_fingerprint_tells_shifted_text_and_names_and_large_integers_apart() -> None:
    pairs: list[tuple[dict[str, list[Any]], dict[str, list[Any]]]] = [
        ({"a": ["ab", "c"]}, {"a": ["a", "bc"]}),
        ({"a": ["", None]}, {"a": [None, ""]}),
        ({"a": [1]}, {"b": [1]}),
        ({"a": [1], "b": [2]}, {"b": [2], "a": [1]}),
        ({"a": [2**53]}, {"a": [2**53 + 1]}),
        ({"a": ["1"]}, {"a": [1]}),
    ]
    for one, other in pairs:
        assert read(one).fingerprint != read(other).fingerprint
    assert read({"a": [1, 2]}).fingerprint == read({"a": [1.0, 2.0]}).fingerprint


def test_pandas_duplicate_names() -> None:
    frame = pd.DataFrame([[1, 1, "x", "y"]], columns=["a", "a", "b", "b"])
    table = read(frame)
    assert table.frame.columns == ["a"]
    assert table.clashes == ("b",)


def test_categories_decimals_and_mixed_cells() -> None:
    frame = pd.DataFrame(
        {
            "cat": pd.Categorical(["u", "v", None]),
            "money": [Decimal("1.5"), Decimal(2), None],
            "mixed": [1, "x", None],
            "maybe": [True, None, False],
            "big": [2**70, 1, None],
        }
    )
    table = read(frame)
    assert table.frame.to_dict(as_series=False) == {
        "cat": ["u", "v", None],
        "money": [1.5, 2.0, None],
        "mixed": ["1", "x", None],
        "maybe": [True, None, False],
        "big": [2.0**70, 1.0, None],
    }
    assert table.notes == ("mixed: cells of int, str read as text",)


def test_types_few_frames_have() -> None:
    frame = pl.DataFrame(
        {
            "e": pl.Series(["a", "b"], dtype=pl.Enum(["a", "b"])),
            "u": pl.Series([1, 2**64 - 1], dtype=pl.UInt64),
            "d": pl.Series([dt.timedelta(seconds=90), None]),
            "z": pl.Series([dt.datetime(2024, 1, 1, 1, tzinfo=dt.UTC)] * 2),
            "l": [[1], [2, 3]],
            "n": [None, None],
        }
    )
    table = read(frame)
    assert table.frame.to_dict(as_series=False) == {
        "e": ["a", "b"],
        "u": [1.0, 2.0**64],
        "d": [90.0, None],
        "z": [dt.datetime(2024, 1, 1, 1)] * 2,  # noqa: DTZ001 - zones are taken off, in UTC
        "n": [None, None],
    }
    assert table.notes == (
        "d: spans of time read as seconds",
        "l: left out, its cells are lists or other nested values",
    )


@pytest.mark.parametrize("data", [5, None, object(), [1, 2]])
def test_what_is_no_table_is_refused(data: object) -> None:
    with pytest.raises(DataError, match=r"^DataFrame: cannot read .*; give a path"):
        read(data)


def test_unequal_and_absent_columns_are_refused() -> None:
    with pytest.raises(DataError, match="column 'b' has 1 values and 'a' has 2; make them equally long"):
        read({"a": [1, 2], "b": [1]})
    with pytest.raises(DataError, match="it has no columns that can be read"):
        read({})


def test_a_table_is_passed_through() -> None:
    table = read({"a": [1]})
    assert read(table) is table


def test_pandas_needs_no_pyarrow() -> None:
    """pyarrow is nobody's dependency here; reading pandas must not ask for it."""
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "import pandas as pd; from fairwitness.io.read import read\n"
        "frame = pd.DataFrame({'a': ['x', None], 'b': pd.Categorical(['u', 'v']), 'c': [1, 2]})\n"
        "print(read(frame).frame.rows())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[('x', 'u', 1), (None, 'v', 2)]"


def test_float_noise_of_dtype_is_kept() -> None:
    table = read({"a": np.array([0.1], dtype=np.float32)})
    assert table.frame["a"][0] == float(np.float32(0.1))
