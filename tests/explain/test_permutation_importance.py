import numpy as np
import pytest

torch = pytest.importorskip("torch")


from fairwitness.core.check import NotApplicable
from support import given
from support.attacked import rows_of
from support.explained import measured, reading, run, table

IMPORTANCE = given.check("explain.permutation-importance")


def test_what_decisions_rest_on_comes_first_and_idle_columns_reach_zero() -> None:
    columns, rows = table()
    model = reading(rows, columns, a=3.0, c=0.0)
    outcome = measured(run(IMPORTANCE, columns, rows, model))
    assert "leans most on a:" in outcome.headline
    table_of = outcome.explored[0].columns
    falls = dict(zip(table_of["column"], zip(table_of["low"], table_of["high"], strict=True), strict=True))
    assert falls["a"][0] > 0.1  # type: ignore[operator]  # a cell is a number here
    assert falls["c"] == (0.0, 0.0)
    assert list(outcome.row_values) == ["leaning"]


def test_a_model_leans_on_no_column_that_is_not_missed() -> None:
    """Recorded classes are coin flips: what the model reads is of no use for them."""
    columns, rows = table()
    coins = np.random.default_rng(3).choice(np.array(["no", "yes"], dtype=object), len(rows))
    model = reading(rows, columns, a=1.0)
    outcome = measured(run(IMPORTANCE, columns, rows, model, recorded=coins))
    assert outcome.headline.startswith("No column is surely missed: ")
    still = reading(rows, columns, **dict.fromkeys("abcd", 0.0))
    nothing = run(IMPORTANCE, columns, rows, still, recorded=coins)
    assert isinstance(nothing, NotApplicable)
    assert "never moves" in nothing.reason


def test_columns_that_say_the_same_are_also_exchanged_at_once() -> None:
    columns, rows = table()
    rows = rows_of({**rows.columns, "b": rows.columns["a"] + 0.01 * rows.columns["b"]})
    outcome = measured(run(IMPORTANCE, columns, rows, reading(rows, columns, a=2.0, b=2.0)))
    assert outcome.explored[0].columns["column"][0] == "a + b"
    assert any("a and b go together" in note for note in outcome.notes)
