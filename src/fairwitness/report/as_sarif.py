"""The report for code scanning: SARIF 2.1.0, one result for each failing or uncertain finding.

What did not look is a notification of the run and not a result, so that no viewer takes it for a clean bill.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from fairwitness.core.estimate import Severity, Verdict
from fairwitness.core.findings import Document, Finding
from fairwitness.draw import quote
from fairwitness.draw.sections import Sections, sections
from fairwitness.report import view

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
FINGERPRINT = "fairwitnessFinding/v1"
SHOWN = (Verdict.FAIL, Verdict.UNCERTAIN)


def sarif(document: Document) -> str:
    """The log as JSON. A fingerprint follows from the finding's id, so a finding keeps its thread across runs."""
    document = quote.clean(document)
    told = sections(document)
    shown = (*told.fails, *told.uncertain)
    rules = list(dict.fromkeys(each.check for each in shown))
    first = {each.check: each for each in reversed(shown)}
    prov = document.provenance
    driver = {
        "name": prov.tool,
        "version": prov.version,
        "rules": [_rule(first[check]) for check in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(document, told)],
        "results": [_result(each, rules.index(each.check)) for each in shown],
        "properties": {"headline": document.headline, "gatePasses": document.gate.passes},
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1) + "\n"


def _rule(finding: Finding) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": finding.check,
        "shortDescription": {"text": finding.measures},
        "fullDescription": {"text": f"{finding.measures} It does not show: {finding.does_not_show}"},
        "defaultConfiguration": {"level": LEVELS[finding.severity]},
        "properties": {"tags": [finding.pillar], "severity": str(finding.severity)},
    }
    if finding.what_to_do:
        rule["help"] = {"text": finding.what_to_do}
    return rule


def _result(finding: Finding, index: int) -> dict[str, Any]:
    words = " ".join(part for part in (f"{finding.title.rstrip('.')}.", finding.lead, finding.why) if part)
    quoted = quote.quoted(finding)
    result: dict[str, Any] = {
        "ruleId": finding.check,
        "ruleIndex": index,
        "level": LEVELS[finding.severity] if finding.verdict is Verdict.FAIL else "note",
        "message": {"text": f"{words} ({quoted})" if quoted else words},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": "findings.json"}},
                "logicalLocations": [{"fullyQualifiedName": finding.id}],
            }
        ],
        "partialFingerprints": {FINGERPRINT: hashlib.sha256(finding.id.encode()).hexdigest()},
        "properties": {"verdict": str(finding.verdict), "severity": str(finding.severity)},
    }
    if finding.verdict is Verdict.FAIL and (why := view.accepted(finding)):
        reason = f": {finding.waiver.reason}" if finding.waiver and not finding.waiver.expired else ""
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": f"{why}{reason}"}]
    return result


def _invocation(document: Document, told: Sections) -> dict[str, Any]:
    """How the run went: a check that broke is an error of the run, one that did not look is a note."""
    silent = [("error", each) for each in told.errors]
    silent += [("note", each) for each in (*told.not_applicable, *told.person)]
    prov = document.provenance
    run: dict[str, Any] = {
        "executionSuccessful": not told.errors,
        "startTimeUtc": prov.started,
        "toolExecutionNotifications": [
            {
                "level": level,
                "message": {"text": f"{each.id} ({each.verdict}): {each.reason or each.title}"},
                "properties": {"verdict": str(each.verdict)},
            }
            for level, each in silent
        ],
    }
    if prov.command:
        run["commandLine"] = prov.command
    return run
