"""The report for build servers: a failure fails, a broken check is an error, whatever was not decided is skipped."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from fairwitness.core.estimate import Verdict
from fairwitness.core.findings import Document, Finding
from fairwitness.core.registry import PILLARS
from fairwitness.draw import quote
from fairwitness.report import view


def junit(document: Document) -> str:
    """One suite a pillar, one case a finding. A failure that is waived, or in the baseline, is skipped with the reason."""
    document = quote.clean(document)
    root = ET.Element("testsuites", name=document.subject.name)
    names = dict.fromkeys([*PILLARS, *(each.pillar for each in document.findings)])
    for name in names:
        mine = [each for each in document.findings if each.pillar == name]
        if mine:
            suite = ET.SubElement(root, "testsuite", name=PILLARS.get(name, name))
            for each in mine:
                _case(suite, each)
            _count(suite, mine)
            suite.set("timestamp", document.provenance.started)
    _count(root, list(document.findings))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _outcome(finding: Finding) -> str:
    """The tag of a case's outcome; empty where it passes."""
    if finding.verdict is Verdict.FAIL:
        return "skipped" if view.accepted(finding) else "failure"
    if finding.verdict is Verdict.ERROR:
        return "error"
    return "" if finding.verdict is Verdict.PASS else "skipped"


def _case(suite: ET.Element, finding: Finding) -> None:
    case = ET.SubElement(suite, "testcase", classname=finding.check, name=finding.id, time=f"{finding.seconds:.3f}")
    tag = _outcome(finding)
    if not tag:
        return
    accepted = view.accepted(finding) if finding.verdict is Verdict.FAIL else ""
    words = [f"{finding.verdict}{f', {accepted}' if accepted else ''}", finding.title]
    if finding.reason:
        words = [str(finding.verdict), finding.reason]
    outcome = ET.SubElement(case, tag, message=": ".join(words))
    if tag != "skipped":
        outcome.set("type", str(finding.severity))
        outcome.text = "\n".join(
            part
            for part in (finding.lead, finding.why, quote.quoted(finding), finding.reason, finding.what_to_do)
            if part
        )


def _count(element: ET.Element, findings: list[Finding]) -> None:
    tags = [_outcome(each) for each in findings]
    element.set("tests", str(len(tags)))
    element.set("failures", str(tags.count("failure")))
    element.set("errors", str(tags.count("error")))
    element.set("skipped", str(tags.count("skipped")))
    element.set("time", f"{sum(each.seconds for each in findings):.3f}")
