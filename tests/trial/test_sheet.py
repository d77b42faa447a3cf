"""The sheet's shares and intervals, against SciPy's exact ones and hand counts."""

from collections.abc import Mapping

import pytest
from scipy.stats import binomtest

from fairwitness.core.estimate import Verdict
from fairwitness.trial import catalogue, sheet
from fairwitness.trial.planted import Planted
from fairwitness.trial.witness import Said


def truthful(subjects: Mapping[str, Planted]) -> dict[str, Said]:
    return {name: Said(faults=tuple(f"{check}/group" for check in each.expects)) for name, each in subjects.items()}


def test_one_who_tells_the_truth_keeps_both_limits() -> None:
    subjects = catalogue()
    made = sheet.sheet(subjects, truthful(subjects))
    assert made.verdicts == (Verdict.PASS, Verdict.PASS)
    assert made.holds
    assert not made.missed
    assert not made.accused


def test_one_who_accuses_everybody_finds_all_and_is_useless() -> None:
    subjects = catalogue()
    every = tuple({check for each in subjects.values() for check in each.expects})
    made = sheet.sheet(subjects, dict.fromkeys(subjects, Said(faults=every)))
    whole = made.lines[0]
    assert whole.found is not None
    assert whole.accused is not None
    assert (whole.found.value, whole.accused.value) == (1.0, 1.0)
    assert made.verdicts == (Verdict.PASS, Verdict.FAIL)
    assert not made.holds


def test_the_wrong_fault_is_a_miss_and_trouble_is_told() -> None:
    said = {
        "data.leak.mild": Said(faults=("data.proxies/group",)),
        "data.leak.clean-1": Said(trouble="exit code 3"),
    }
    made = sheet.sheet(catalogue(), said)
    assert made.missed == {"data.leak.mild": ("data.proxies/group",)}
    assert made.troubled == {"data.leak.clean-1": "exit code 3"}
    assert not made.holds
    assert "NOT AUDITED TO THE END" in sheet.text(made)


@pytest.mark.parametrize(("hits", "n"), [(0, 84), (3, 84), (83, 84), (84, 84)])
def test_intervals_are_exact(hits: int, n: int) -> None:
    made, oracle = sheet.share(hits, n), binomtest(hits, n).proportion_ci(0.95, method="exact")
    assert made is not None
    assert (made.low, made.high) == pytest.approx((oracle.low, oracle.high), abs=1e-9)


def test_of_nothing_there_is_no_share() -> None:
    assert sheet.share(0, 0) is None
    assert "–" in sheet.text(sheet.sheet(catalogue(), {"data.leak.mild": Said()}))


def test_lines_add_up() -> None:
    subjects = catalogue()
    made = sheet.sheet(subjects, truthful(subjects))
    whole, *rest = made.lines
    pillars = [line for line in rest if line.about in {each.kind.pillar for each in subjects.values()}]
    for which in ("found", "accused"):
        counted = [getattr(line, which) for line in pillars]
        assert getattr(whole, which).n == sum(each.n for each in counted if each is not None)
