"""The sentence at the top says what the gate does, and never that something passed which was not looked at."""

from dataclasses import replace

import pytest

from fairwitness.core.estimate import Severity, Verdict
from fairwitness.core.findings import Finding, Waiver
from fairwitness.core.subject import Outline
from fairwitness.engine.headline import headline
from support.documents import document, finding

OUTLINE = Outline(
    name="loans", task="binary", columns=(), offers=frozenset(), groupings=(), rows=10, judged_rows=10, parts={}
)
FAIL = replace(
    finding("fairness.impact-ratio", "race", Verdict.FAIL), title="The model favours men", severity=Severity.HIGH
)
LEAK = replace(finding("data.target-leaks", None, Verdict.FAIL), title="Two columns leak", severity=Severity.HIGH)
DOUBT = finding("fairness.accuracy-gap", "sex", Verdict.UNCERTAIN)
GOOD = finding("fairness.accuracy-gap", "race", Verdict.PASS)
BROKEN = finding("data.proxies", "race", Verdict.ERROR)
ABSENT = finding("data.proxies", "sex", Verdict.NOT_APPLICABLE)


@pytest.mark.parametrize(
    ("findings", "blocking", "words"),
    [
        ((LEAK, FAIL, DOUBT), (LEAK, FAIL), "loans does not pass: the model favours men, and 1 other finding fails"),
        ((FAIL,), (FAIL,), "loans does not pass: the model favours men"),
        ((BROKEN, GOOD), (BROKEN,), "loans does not pass: 1 check broke, so it was not looked at whole"),
        ((BROKEN, FAIL), (BROKEN,), "loans does not pass: 1 check broke, so it was not looked at whole"),
        ((DOUBT, GOOD), (DOUBT,), "loans does not pass: 1 open point to settle"),
        ((FAIL, DOUBT), (), "passes, but 1 finding that the gate lets through fails and 1 finding cannot be told"),
        ((DOUBT, GOOD), (), "loans passes, but 1 finding cannot be told from these data"),
        ((GOOD, ABSENT), (), "loans passes: nothing that was measured fails"),
        ((ABSENT,), (), "loans was not judged: nothing asked for could be measured"),
        ((), (), "loans was not judged: nothing asked for could be measured"),
    ],
)
def test_what_the_gate_does(findings: tuple[Finding, ...], blocking: tuple[Finding, ...], words: str) -> None:
    gate = document().gate
    gate = replace(gate, passes=not blocking, blocking=tuple(item.id for item in blocking), waivers=())
    assert words in headline(findings, gate, OUTLINE, only=(), skip=())


def test_what_narrows_an_audit_is_named() -> None:
    waiver = Waiver(check="data.proxies", owner="A. Example", reason="known", expires="2030-01-01")
    gate = replace(document().gate, passes=True, blocking=(), waivers=(waiver, replace(waiver, expired=True)))
    told = headline(
        (replace(FAIL, check="data.proxies", waiver=waiver),),
        gate,
        replace(OUTLINE, target="y", decisions_from="labels"),
        only=("fairness",),
        skip=("data",),
    )
    for words in (
        "recorded 'y' audited as past decisions",
        "only fairness",
        "data skipped",
        "waived: data.proxies",
        "expired",
    ):
        assert words in told
