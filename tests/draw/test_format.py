from __future__ import annotations

import math

import pytest

from fairwitness.core.estimate import Limit, Unit
from fairwitness.draw import format as fmt


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.2, "share", "20.0\u202f%"),
        (1.0, "share", "100.0\u202f%"),
        (-0.0004, "points", "0.0 points"),  # a zero has no sign
        (-0.041, "points", "−4.1 points"),
        (0.6, "auc", "0.600"),
        (0.798, "ratio", "0.80"),
        (0.0123, "ratio", "0.012"),
        (1989.0, "rows", "1,989 rows"),
        (1.0, "rows", "1 row"),
        (1.0, "people", "1 person"),
        (0.0, "people", "0 people"),
        (2.4689, "number", "2.47"),
        (41.0, "number", "41"),
        (1234.5, "number", "1,234"),
        (0.00001234, "number", "1.23e-05"),
        (0.01, "number", "0.0100"),
        (0.009999999999999787, "number", "0.0100"),  # as 12.34 − 12.33 leaves it
        (0.99999999999, "number", "1"),
        (99.96, "number", "100"),
        (0.0, "number", "0"),
        (None, "share", "–"),
        (math.inf, "ratio", "–"),
        (math.nan, "auc", "–"),
    ],
)
def test_each_unit_is_shown_by_its_rule(value: float | None, unit: Unit, shown: str) -> None:
    assert fmt.number(value, unit) == shown


def test_value_unit_and_interval_as_the_rules_write_them() -> None:
    assert fmt.measured(0.2, 0.151, 0.249, "share") == "20.0\u202f% [15.1, 24.9]"
    assert fmt.measured(0.066, 0.051, None, "share") == "6.6\u202f% [5.1, –]"
    assert fmt.measured(0.26, 0.142, 0.397, "points") == "26.0 points [14.2, 39.7]"
    assert fmt.measured(None, None, None, "share") == "–"


def test_an_exact_count_has_no_interval() -> None:
    assert fmt.measured(12, 12, 12, "rows") == "12 rows"


def test_limits_name_their_side() -> None:
    assert fmt.limit(Limit(at_most=0.1), "points") == "≤\u202f10.0 points"
    assert fmt.limit(Limit(at_least=0.8), "ratio") == "≥\u202f0.80"
    assert fmt.limit(Limit(at_least=-0.05, at_most=0.05), "points") == "−5.0 to 5.0 points"
    assert fmt.limit(None, "share") == "–"


@pytest.mark.parametrize(("p", "shown"), [(0.0002, "0.0002"), (0.00001, "<\u202f0.0001"), (1.0, "1.0000")])
def test_a_p_value_is_never_shown_as_zero(p: float, shown: str) -> None:
    assert fmt.probability(p) == shown


@pytest.mark.parametrize(("level", "shown"), [(0.95, "95\u202f%"), (0.9833, "98.33\u202f%"), (0.9, "90\u202f%")])
def test_levels_drop_needless_zeros(level: float, shown: str) -> None:
    assert fmt.level(level) == shown
