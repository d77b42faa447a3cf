"""`fairwitness sign` and `fairwitness gate`: who lets a system into use, and whether it may be used today."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairwitness.accountability.commands.formats import TextOrJson, TextOrJsonOption
from fairwitness.accountability.commands.options import DEFAULT, LedgerOption, signer

if TYPE_CHECKING:
    from fairwitness.accountability.policy.gate import Answer, Record
    from fairwitness.accountability.policy.rules import Policy
    from fairwitness.accountability.policy.signoff import SignOff
    from fairwitness.core.findings import Document

FINDINGS = Path("audit-report/findings.json")
"""Where `fairwitness audit` writes when it is told nothing else."""

POLICY = Path("policy.toml")

PolicyOption = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help="The policy; else the one the audit names, else ./policy.toml."),
]


class Verdict(StrEnum):
    """What `--decision` takes."""

    APPROVE = "approve"
    REJECT = "reject"


class Signing(StrEnum):
    """What `--role` takes."""

    OWNER = "owner"
    BUILDER = "builder"
    REVIEWER = "reviewer"
    APPROVER = "approver"
    MONITOR = "monitor"
    APPEAL_HANDLER = "appeal_handler"


def register(app: typer.Typer) -> None:
    """Add `sign` and `gate`."""
    app.command()(sign)
    app.command()(gate)


def sign(
    findings: Annotated[Path, typer.Argument(metavar="FINDINGS", help="The findings.json of an audit.")],
    *,
    person: Annotated[str, typer.Option("--as", metavar="NAME", help="Who decides, by the name in the audit's roles.")],
    decision: Annotated[Verdict, typer.Option(help="Whether the system may go into use.")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is recorded for strangers to read.")],
    role: Annotated[Signing, typer.Option(help="In which role.")] = Signing.APPROVER,
    valid_days: Annotated[int | None, typer.Option(metavar="N", help="Days an approval holds.")] = None,
    policy: PolicyOption = None,
    key: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE", help="Key that signs; else the key of that name, if there is one."),
    ] = None,
    ledger: LedgerOption = DEFAULT,
) -> None:
    """Approve or reject an audited system; bound to exactly these findings, data, model, settings and policy."""
    from fairwitness.accountability.ledger import Ledger
    from fairwitness.accountability.policy import assessed, record, signoff
    from fairwitness.accountability.policy.rules import Policy
    from fairwitness.io import findings as documents

    document = documents.load(findings)
    rules = _policy(policy, document)
    known = _record(ledger, document, rules or Policy())
    signed = signoff.sign_off(
        document,
        rules,
        person=person,
        role=role.value,
        decision=decision.value,
        reason=reason,
        valid_days=valid_days,
        assessment=assessed.completed(rules or Policy(), known.assessments),
        now=datetime.now(UTC),
    )
    made = record.entry(signed, signer(key, person))
    with Ledger(ledger) as log:
        place = log.append([made])[0]
        kept = record.of_ledger(log, document, rules or Policy(), until=place + 1).sign_offs[-1]
    typer.echo(f"Recorded as entry {place} of {ledger}: {_told(kept, rules)}")
    if rules is None:
        typer.echo("No policy was signed with it, so no gate will count it; --policy FILE names one", err=True)
    if not kept.authenticated:
        why = "no key signed it" if "signature" not in made.body else "its key is not the one registered in that name"
        typer.echo(
            f"Unauthenticated: {why}; `fairwitness key new` makes a key, and `key register` registers it", err=True
        )


def gate(
    findings: Annotated[Path, typer.Argument(metavar="[FINDINGS]", help="The findings.json of an audit.")] = FINDINGS,
    *,
    policy: PolicyOption = None,
    ledger: LedgerOption = DEFAULT,
    since: Annotated[
        list[Path] | None,
        typer.Option("--since", metavar="FILE", help="A checkpoint you kept elsewhere; may be repeated."),
    ] = None,
    release: Annotated[
        str, typer.Option("--release", metavar="NAME", help="Who releases it: recorded, if the gate is open.")
    ] = "",
    output: TextOrJsonOption = TextOrJson.TEXT,
) -> None:
    """Hold an audit and its sign-offs against a policy; exit 1 and say what is missing if it does not hold."""
    from fairwitness.accountability.policy.gate import answer
    from fairwitness.core.errors import ConfigError
    from fairwitness.io import findings as documents

    document = documents.load(findings)
    rules = _policy(policy, document)
    if rules is None:
        raise ConfigError(f"{POLICY}: no policy; --policy FILE names one")
    found = answer(document, rules, _looked_through(ledger, document, rules, since or ()), now=datetime.now(UTC))
    if output is TextOrJson.JSON:
        told = {"passes": found.passes, **asdict(found)}
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        typer.echo(_lines(found))
    if release.strip():
        _release(document, found, ledger, " ".join(release.split()))
    raise typer.Exit(0 if found.passes else 1)


def _release(document: Document, found: Answer, ledger: Path, by: str) -> None:
    from fairwitness.accountability.ledger import Ledger
    from fairwitness.accountability.policy.record import released

    if not found.passes:
        typer.echo("Not released: the gate is closed", err=True)
        return
    entry = released(document, found, by=by, now=datetime.now(UTC), signer=signer(None, by))
    with Ledger(ledger) as log:
        place = log.append([entry])[0]
    typer.echo(
        f"Released: entry {place} of {ledger}{'' if 'signature' in entry.body else ', unauthenticated'}", err=True
    )


def _policy(given: Path | None, document: Document) -> Policy | None:
    """The policy named, else the one the audit's settings name, else the one in this folder."""
    from fairwitness.accountability.policy import rules

    known = {finding.check for finding in document.findings}
    if given is not None:
        return rules.read(given, known=known)
    settings = document.provenance.config or {}
    named = settings.get("policy", {}).get("path")
    if named is not None:
        return rules.read(Path(document.provenance.base) / named, known=known)
    return rules.read(POLICY, known=known) if POLICY.exists() else None


def _record(ledger: Path, document: Document, rules: Policy) -> Record:
    """What is recorded of the system; nothing where the usual ledger was never begun."""
    from fairwitness.accountability.ledger import Ledger
    from fairwitness.accountability.policy.gate import Record
    from fairwitness.accountability.policy.record import of_ledger

    if ledger == DEFAULT and not ledger.exists():
        return Record()
    with Ledger(ledger, make=False) as log:
        return of_ledger(log, document, rules)


def _looked_through(ledger: Path, document: Document, rules: Policy, since: Sequence[Path]) -> Record:
    """What is recorded of the system, in a ledger that was looked through; one that does not hold says nothing."""
    from fairwitness.accountability.ledger import files
    from fairwitness.accountability.policy.gate import Record
    from fairwitness.accountability.policy.record import looked_through

    if ledger == DEFAULT and not ledger.exists() and not since:
        return Record()
    log = looked_through(ledger, since=[str(files.checkpoint(file).note) for file in since])
    return replace(_record(ledger, document, rules), log=log) if log.holds else Record(log=log)


def _told(signed: SignOff, rules: Policy | None) -> str:
    from fairwitness.draw.text import plain

    name = signed.person if signed.authenticated else f"{signed.person} (unauthenticated)"
    rule = None if rules is None else rules.signed_by(signed.role)
    ends = signed.expires(None if rule is None else rule.valid_days)
    until = "" if ends is None or signed.decision == "reject" else f", until {ends.date().isoformat()} at the latest"
    return plain(f"{signed.decision} of {signed.subject} by {name}, {signed.role.replace('_', ' ')}{until}")


def _lines(found: Answer) -> str:
    """What is missing, line by line; then what it rests on."""
    from fairwitness.draw.text import plain

    asked, missing = len(found.requirements), found.missing
    name = found.policy_name or "the policy"
    rests = [
        each
        for each in found.requirements
        if each.holds and (each.kind in {"ledger", "age", "sign-off"} or "; waived by " in each.says)
    ]
    head = (
        f"Open: {found.subject} meets all {asked} requirements of {name}"
        if found.passes
        else f"Closed: {found.subject} does not meet {len(missing)} of {asked} requirements of {name}"
    )
    marked = [*(("✗", each) for each in missing), *(("✓", each) for each in rests)]
    return "\n".join(
        [plain(head), *(f"  {mark} {plain(f'{each.kind}: {each.what}: {each.says}')}" for mark, each in marked)]
    )
