import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairwitness.core.estimate import Estimate, Limit, Severity, Verdict


def estimate(low: float | None, high: float | None, **changes: object) -> Estimate:
    known = {"value": None, "low": low, "high": high, "level": 0.95, "n": 10, "unit": "points", "method": "by hand"}
    return Estimate(**{**known, **changes})  # type: ignore[arg-type]  # a table of cases, not typed code


AT_MOST, AT_LEAST, INSIDE = Limit(at_most=0.1), Limit(at_least=0.8), Limit(at_least=-0.1, at_most=0.1)


@pytest.mark.parametrize(
    ("low", "high", "limit", "verdict"),
    [
        (0.11, 0.30, AT_MOST, Verdict.FAIL),
        (0.00, 0.10, AT_MOST, Verdict.PASS),
        (0.10, 0.30, AT_MOST, Verdict.UNCERTAIN),  # touching the limit is not beyond it
        (-0.2, 0.05, AT_MOST, Verdict.PASS),
        (0.11, None, AT_MOST, Verdict.FAIL),  # a lower bound can fail
        (0.01, None, AT_MOST, Verdict.UNCERTAIN),  # and can never pass
        (None, 0.05, AT_MOST, Verdict.PASS),
        (None, None, AT_MOST, Verdict.UNCERTAIN),
        (0.80, 0.90, AT_LEAST, Verdict.PASS),
        (0.50, 0.79, AT_LEAST, Verdict.FAIL),
        (0.50, 0.90, AT_LEAST, Verdict.UNCERTAIN),
        (None, 0.90, AT_LEAST, Verdict.UNCERTAIN),
        (-0.05, 0.05, INSIDE, Verdict.PASS),
        (-0.30, -0.15, INSIDE, Verdict.FAIL),
        (-0.15, 0.05, INSIDE, Verdict.UNCERTAIN),
    ],
)
def test_the_whole_interval_decides(low: float | None, high: float | None, limit: Limit, verdict: Verdict) -> None:
    assert estimate(low, high).against(limit) is verdict


def test_an_assumed_number_decides_nothing() -> None:
    assert estimate(0.0, 0.01, claim="assumed").against(AT_MOST) is Verdict.UNCERTAIN


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1), st.floats(-1, 1))
def test_more_doubt_never_decides(low: float, width: float, more: float, bound: float) -> None:
    """Widening an interval may turn pass or fail into uncertain, never one into the other or doubt into a decision."""
    limit = Limit(at_most=bound)
    narrow = estimate(low, low + width).against(limit)
    wide = estimate(low - more, low + width + more).against(limit)
    assert wide in {narrow, Verdict.UNCERTAIN}


def test_upside_down_intervals_and_empty_limits_are_refused() -> None:
    with pytest.raises(ValueError, match="upside down"):
        estimate(0.2, 0.1)
    with pytest.raises(ValueError, match="at_most, at_least, or both"):
        Limit()
    with pytest.raises(ValueError, match="nothing could pass"):
        Limit(at_least=0.2, at_most=0.1)


def test_a_count_is_its_own_interval() -> None:
    assert Estimate.count(3, n=10).against(Limit(at_most=0)) is Verdict.FAIL
    assert Estimate.count(0, n=10).against(Limit(at_most=0)) is Verdict.PASS


def test_severities_are_ordered() -> None:
    assert [severity.rank for severity in (Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)] == [
        0,
        1,
        2,
        3,
    ]
