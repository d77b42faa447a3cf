"""Local Law 144's own example ("culture fit" scores), through the audit to the law's table of evidence."""

from __future__ import annotations

import polars as pl
import pytest

import fairwitness
from fairwitness.accountability.evidence import source
from fairwitness.accountability.regulation import evidenced, table

SCORED_ABOVE = {
    "sex": {"Male": (92, 0.543, 1.00), "Female": (76, 0.447, 0.82)},
    "race": {
        "Hispanic": (28, 0.642, 1.00),
        "White": (40, 0.375, 0.58),
        "Black": (32, 0.500, 0.78),
        "NHPI": (8, 0.625, 0.97),
        "Asian": (24, 0.417, 0.65),
    },
}
"""6 RCNY 5-301(c): people, scoring rate and impact ratio by category, as printed; rates are cut there, not rounded."""


def people(attribute: str) -> pl.DataFrame:
    """One row a person: so many above the median that the rate is the printed one."""
    rows = [
        {attribute: group, "above": int(i < round(n * rate))}
        for group, (n, rate, _) in SCORED_ABOVE[attribute].items()
        for i in range(n)
    ]
    return pl.DataFrame(rows)


@pytest.mark.parametrize(
    ("attribute", "lowest", "ratio"), [("sex", ("Female", "Male"), 0.82), ("race", ("White", "Hispanic"), 0.58)]
)
def test_the_laws_own_example(attribute: str, lowest: tuple[str, str], ratio: float) -> None:
    report = fairwitness.audit(
        people(attribute), target="above", favorable=1, groups=[attribute], checks={"only": ["fairness.impact-ratio"]}
    )
    (found,) = report.document.findings
    judged = {each.groups: each.value for each in found.evidence}
    (value,) = [value for groups, value in judged.items() if set(groups) == set(lowest)]
    assert value == pytest.approx(ratio, abs=0.005)
    (row,) = (each for each in evidenced(table("nyc-ll144"), source(report.document)) if "5-301(c)" in each.row.clause)
    assert [each.ref for each in row.items] == [f"fairness.impact-ratio/{attribute}"]
