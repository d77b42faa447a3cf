"""Settings that are written read back as they were."""

import tomllib
from datetime import date

import pytest

from fairwitness.io.settings import dump_toml

TREE = {
    "name": 'a "quoted" name\nof two lines, with \\ and \x7f and ü',
    "seed": 0,
    "level": 0.95,
    "data": {"path": "loan.csv"},
    "subject": {"target": "y", "groups": ["race", "sex"], "intersections": [["race", "sex"]], "positive": True},
    "groups": {"age band": {"edges": [18.0, 25.5, 1e300]}, "sex": {"values": {"1": "men", "0": "women"}}},
    "limits": {"fairness.selection-rate-gap": {"at_most": 0.1}},
    "waivers": [{"check": "data.x", "expires": date(2099, 12, 31), "about": ""}],
    "context": {},
    "": {"": 1},
}


def test_what_is_written_reads_back_alike() -> None:
    assert tomllib.loads(dump_toml(TREE)) == TREE


@pytest.mark.parametrize("tree", [{}, {"a": {"b": {"c": {}}}}, {"a": {"x": None, "y": 1}}])
def test_edges(tree: dict[str, object]) -> None:
    """Nothing, tables of tables alone, and what is None, which is left out."""
    wanted = {"a": {"y": 1}} if tree and "x" in tree["a"] else tree  # type: ignore[operator]  # a table
    assert tomllib.loads(dump_toml(tree)) == wanted
