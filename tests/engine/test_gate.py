from dataclasses import replace
from datetime import date
from typing import Any, ClassVar

import pytest

from fairwitness.core.check import CheckInfo, Errored, Measured, NeedsPerson, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate, Key, Limit, Severity, Verdict
from fairwitness.core.findings import Finding
from fairwitness.engine.config import parse
from fairwitness.engine.gate import compare, gate, waive
from fairwitness.engine.judge import judge
from fairwitness.engine.plan import Step
from support.documents import document

INFO = CheckInfo(
    id="fairness.selection-rate-gap",
    title="Groups are selected at similar rates",
    failure_title="Groups are selected at different rates",
    measures="the gap",
    does_not_show="why",
    advice="mend it",
    sources=("Newcombe 1998",),
    limit=Limit(at_most=0.1),
    severity=Severity.HIGH,
)
TODAY = date(2026, 11, 23)


class Gap:
    """A check that is never run: only its words and limit matter here."""

    info: ClassVar[CheckInfo] = INFO
    Options: ClassVar[type] = NoOptions

    def asks(self, outline: Any, about: Any, options: Any) -> tuple[()]:
        return ()

    def run(self, given: Any, options: Any) -> Outcome:
        return NotApplicable("never run")


def finding(low: float, high: float, *, limit: Limit | None = INFO.limit, value: float | None = None) -> Finding:
    middle = (low + high) / 2 if value is None else value
    estimate = Estimate(value=middle, low=low, high=high, level=0.95, n=100, unit="points", method="by hand")
    key = Key(metric="selection-rate gap", groups=("a", "b"))
    outcome = Measured(headline="a and b differ", judged={key: estimate}, to_settle="ask 10 more")
    return judge(Step(check=Gap(), about=None, limit=limit, options=NoOptions()), outcome, 0.0)


def passes(*findings: Finding, **settings: Any) -> bool:
    config = parse(settings, source="x")
    kept, waivers = waive(findings, config, today=TODAY)
    return gate(kept, config, waivers).passes


def test_verdict_words_and_next_step_follow_from_the_interval() -> None:
    failed, doubtful, good = finding(0.15, 0.3), finding(0.05, 0.3), finding(0.0, 0.05)
    assert [f.verdict for f in (failed, doubtful, good)] == [Verdict.FAIL, Verdict.UNCERTAIN, Verdict.PASS]
    assert [f.what_to_do for f in (failed, doubtful, good)] == ["mend it", "ask 10 more", ""]
    assert "beyond it, so this fails" in failed.why
    assert "cannot tell" in doubtful.why
    assert finding(0.5, 0.6, limit=None).verdict is Verdict.EXPLORED


def test_a_finding_takes_the_worst_of_its_evidence() -> None:
    good = Estimate(value=0.0, low=0.0, high=0.01, level=0.95, n=9, unit="points", method="by hand")
    bad = replace(good, value=0.3, low=0.2, high=0.4)
    outcome = Measured(headline="x", judged={Key(metric="g", groups=("a",)): good, Key(metric="g", groups=("b",)): bad})
    judged = judge(Step(check=Gap(), about=None, limit=INFO.limit, options=NoOptions()), outcome, 0.0)
    assert judged.verdict is Verdict.FAIL
    assert judged.evidence[0].groups == ("b",)


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (NotApplicable("no groups"), Verdict.NOT_APPLICABLE),
        (NeedsPerson("who?"), Verdict.NEEDS_PERSON),
        (Errored("broke"), Verdict.ERROR),
    ],
)
def test_could_not_look_is_not_found_nothing(outcome: Outcome, verdict: Verdict) -> None:
    judged = judge(Step(check=Gap(), about=None, limit=INFO.limit, options=NoOptions()), outcome, 0.0)
    assert judged.verdict is verdict
    assert judged.reason
    assert not judged.evidence


def test_the_gate() -> None:
    assert not passes(finding(0.15, 0.3))
    assert passes(finding(0.05, 0.3))
    assert not passes(finding(0.05, 0.3), gate={"strict": True})
    assert passes(finding(0.15, 0.3), gate={"fail_on": "critical"})
    assert passes(finding(0.5, 0.6, limit=None))


def test_an_error_blocks_whatever_its_severity() -> None:
    broken = judge(Step(check=Gap(), about=None, limit=None, options=NoOptions()), Errored("broke"), 0.0)
    assert not passes(replace(broken, severity=Severity.LOW), gate={"fail_on": "critical"})


def test_a_waiver_holds_to_its_last_day_and_then_fails() -> None:
    waiver = {"check": INFO.id, "owner": "A. Example", "reason": "known", "expires": "2026-11-23"}
    assert passes(finding(0.15, 0.3), waivers=[waiver])
    assert not passes(finding(0.15, 0.3), waivers=[{**waiver, "expires": "2026-11-22"}])
    assert not passes(finding(0.0, 0.05), waivers=[{**waiver, "expires": "2026-11-22"}])  # expired: clean it up
    assert not passes(finding(0.15, 0.3), waivers=[{**waiver, "about": "race"}])  # this one is about the whole


@pytest.mark.parametrize(
    ("before", "now", "blocks"),
    [
        (finding(0.15, 0.30), finding(0.14, 0.32), False),  # the same
        (finding(0.15, 0.30), finding(0.28, 0.45), True),  # its point lies past the old upper end
        (finding(0.01, 0.05), finding(0.15, 0.30), True),  # passed before
        (finding(0.05, 0.30), finding(0.15, 0.30), True),  # was uncertain before
    ],
)
def test_a_baseline_lets_through_only_what_is_no_worse(before: Finding, now: Finding, blocks: bool) -> None:  # noqa: FBT001 - a case of the table above
    config = parse({}, source="x")
    (marked,) = compare([now], document((before,)))
    assert marked.in_baseline is not blocks
    assert gate([marked], config, ()).passes is not blocks
