from __future__ import annotations

import datetime as dt
import operator

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairwitness.core.errors import ColumnError, ConfigError, DataError
from fairwitness.io.expressions import Comparison, Op, parse

OPERATORS = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
NAMES = st.text(min_size=1, max_size=20)
LITERALS = st.one_of(st.booleans(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20))


@given(column=NAMES, op=st.sampled_from(sorted(OPERATORS)), literal=LITERALS)
def test_what_is_written_reads_back(column: str, op: Op, literal: float | str) -> None:
    comparison = Comparison(column, op, literal)
    again = parse(str(comparison), source="--decision")
    assert (again.column, again.op) == (column, op)
    assert again.literal == literal
    assert isinstance(again.literal, bool) == isinstance(literal, bool)


@given(text=st.text(max_size=60))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    told = ""
    try:
        parse(text, source="audit.toml")
    except ConfigError as error:
        told = str(error)
    assert "\n" not in told
    assert told.startswith("audit.toml: ") or not told


@given(
    values=st.lists(st.integers(-5, 5), min_size=1, max_size=20),
    op=st.sampled_from(sorted(OPERATORS)),
    literal=st.integers(-5, 5),
)
def test_numbers_compare_as_python_compares(values: list[int], op: str, literal: int) -> None:
    comparison = parse(f"x {op} {literal}", source="-")
    for dtype in (pl.Int64, pl.Float64):
        held = comparison.apply(pl.DataFrame({"x": values}, schema={"x": dtype}))
        assert held.tolist() == [OPERATORS[op](value, literal) for value in values]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("decile_score >= 5", ("decile_score", ">=", 5.0)),
        ("x<=-2.5e3", ("x", "<=", -2500.0)),
        ("x > −1", ("x", ">", -1.0)),
        ("`default payment` == 1", ("default payment", "==", 1.0)),
        ('"a ""b""" != \'it\'\'s\'', ('a "b"', "!=", "it's")),
        ("race != Other", ("race", "!=", "Other")),
        ("ok == TRUE", ("ok", "==", True)),
        ("day >= '2024-01-31'", ("day", ">=", "2024-01-31")),
        ("größe > .5", ("größe", ">", 0.5)),
    ],
)
def test_forms(text: str, expected: tuple[str, str, object]) -> None:
    comparison = parse(text, source="-")
    assert (comparison.column, comparison.op, comparison.literal) == expected


@pytest.mark.parametrize(
    ("text", "way_out"),
    [
        ("x = 5", "use == for equality"),
        ("x > 1 and y > 2", "it takes one comparison; make a column for a combination"),
        ("default payment == 1", "put a name with spaces in backticks: `default payment` == 1"),
        ("x", "write it as column OP value, such as decile_score >= 5"),
        ("", "write it as column OP value"),
        ("5 > x", "write it as column OP value"),
        ("__import__('os').system('true') == 0", "write it as column OP value"),
        ("x > 1e999", "is too large; use a smaller number"),
        ("x == " + "1" * 2000, "write it as column OP value"),
    ],
)
def test_what_cannot_be_read_says_how_to_write_it(text: str, way_out: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, source="audit.toml")
    assert str(caught.value).startswith("audit.toml: ")
    assert way_out in str(caught.value)


FRAME = pl.DataFrame(
    {
        "n": [1, 2],
        "gone": [1.0, None],
        "nan": [1.0, float("nan")],
        "word": ["a", "b"],
        "flag": [True, False],
        "day": [dt.date(2024, 1, 1), dt.date(2024, 6, 1)],
        "moment": [dt.datetime(2024, 1, 1, 12), dt.datetime(2024, 6, 1)],  # noqa: DTZ001 - local times
    }
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("word == a", [True, False]),
        ("word != 'a'", [False, True]),
        ("flag == true", [True, False]),
        ("flag == 0", [False, True]),
        ("n == true", [True, False]),
        ("day > '2024-03-01'", [False, True]),
        ("moment <= '2024-01-01T12:00:00'", [True, False]),
    ],
)
def test_each_type_with_its_literal(text: str, expected: list[bool]) -> None:
    assert parse(text, source="-").apply(FRAME).tolist() == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("wrod == a", "no column 'wrod' for expression \"wrod == 'a'\"; did you mean 'word'?"),
        ("n == a", "column 'n' holds numbers; compare it with a number"),
        ("word == 5", "column 'word' holds text; put the value in quotes: '5'"),
        ("word > 'a'", "column 'word' holds text, which has no order; use == or !="),
        ("flag > 1", "column 'flag' holds true and false; use == true or == false"),
        ("day == 'soon'", "column 'day' holds dates; write the date as '2024-12-31'"),
    ],
)
def test_what_cannot_be_compared(text: str, told: str) -> None:
    with pytest.raises(ColumnError) as caught:
        parse(text, source="-").apply(FRAME)
    assert told in str(caught.value)


@pytest.mark.parametrize("name", ["gone", "nan"])
def test_missing_values_are_neither_yes_nor_no(name: str) -> None:
    comparison = parse(f"{name} > 0", source="-")
    assert comparison.missing(FRAME).tolist() == [False, True]
    with pytest.raises(DataError, match=f"'{name}' is empty in 1 rows; fill or drop them"):
        comparison.apply(FRAME)
