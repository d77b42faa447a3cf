"""Planted in a file: a name over two equal columns is merged, over two differing ones it is set aside and found."""

from pathlib import Path

import pytest

import fairwitness
from fairwitness.core.errors import ColumnError


@pytest.mark.parametrize(("second", "verdict", "value"), [("b", "pass", 0), ("c", "fail", 1)])
def test_equal_copies_are_merged_and_differing_ones_found(
    tmp_path: Path, second: str, verdict: str, value: int
) -> None:
    rows = {"b": [1, 0, 1, 1], "c": [0, 0, 1, 1]}
    lines = ["y,b,b", *(f"{i % 2},{rows['b'][i % 4]},{rows[second][i % 4]}" for i in range(40))]
    path = tmp_path / "data.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    report = fairwitness.audit(path, target="y", checks={"only": ["data.clashing-headers"]})
    (finding,) = report.findings
    assert finding.verdict == verdict
    assert finding.evidence[0].value == value
    assert ("b" in report.document.subject.notes[0]) is True
    if second == "c":
        with pytest.raises(ColumnError, match="rename one in the header"):
            fairwitness.audit(path, target="b")
