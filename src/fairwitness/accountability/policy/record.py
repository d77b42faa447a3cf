"""Between sign-offs and the ledger: recording them, and reading them back with their signatures looked at."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from fairwitness.accountability.decisions import signing
from fairwitness.accountability.ledger import JSON, Entry, Ledger, keys
from fairwitness.accountability.ledger.keys import Registered, Signer
from fairwitness.accountability.ledger.runs import code
from fairwitness.accountability.ledger.standalone import Key, MalformedError, unbase64
from fairwitness.accountability.ledger.verify import verify
from fairwitness.accountability.policy.assessed import Assessment
from fairwitness.accountability.policy.errors import SignOffError
from fairwitness.accountability.policy.gate import Answer, Log, Record
from fairwitness.accountability.policy.people import key_of
from fairwitness.accountability.policy.rules import Policy
from fairwitness.accountability.policy.signoff import SignOff, read_body
from fairwitness.core.findings import Document
from fairwitness.io import findings as documents


def entry(signed: SignOff, signer: Signer | None) -> Entry:
    """A sign-off as it is recorded, signed if there is a key.

    Raises:
        SignOffError: The key is somebody else's.
        LedgerError: `cryptography` is missing.
    """
    body = signed.body()
    if signer is not None:
        if not key_of(signer.name, signed.person):
            raise SignOffError.foreign_key(signer.name, signed.person)
        value = base64.b64encode(keys.sign(signer, signed.message())).decode()
        body["signature"] = {"key": signer.vkey, "value": value}
    return Entry(kind="sign-off", body=body, time=signed.signed)


def released(document: Document, given: Answer, *, by: str, now: datetime, signer: Signer | None) -> Entry:
    """The entry that a system was let into use, with all that the gate's answer rested on, signed if there is a key.

    Args:
        document: The audit.
        given: What the gate answered about it.
        by: Who releases it.
        now: The time, with its zone.
        signer: Their key.
    """
    made, time = document.provenance, now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    body: dict[str, JSON] = {
        "id": given.subject,
        "by": by,
        "findings": given.findings,
        "policy": given.policy,
        "data": made.data_digest,
        "config": made.config_digest,
        "model": made.model_digest,
        "code": code(),
        "environment": dict(made.environment),
        "outcome": "open" if given.passes else "closed",
        "requirements": [{"kind": each.kind, "what": each.what, "holds": each.holds} for each in given.requirements],
    }
    return Entry(
        kind="release", body=body if signer is None else signing.signed(signer, "release", time, body), time=time
    )


def looked_through(path: Path, *, since: Sequence[str] = ()) -> Log:
    """Whether a ledger holds, and who vouches for it: entries, order, signatures, checkpoints.

    Args:
        path: The ledger.
        since: Checkpoints kept elsewhere; it must only have added to each.

    Raises:
        LedgerError: There is no ledger.
    """
    result = verify(path, since=since)
    return Log(holds=not result.problems, says="; ".join(map(str, result.problems or result.facts)))


def of_ledger(ledger: Ledger, document: Document, policy: Policy, *, until: int | None = None) -> Record:
    """What is recorded of an audit and its system, each sign-off as authenticated as its signature shows.

    Args:
        ledger: Where it is recorded.
        document: The audit.
        policy: Its `keys` say whose key is whose; for others the key first registered in a name counts.
        until: Only what was recorded before this place; None: all.

    Raises:
        LedgerError: The ledger cannot be read, or `cryptography` is missing where there are signatures.
    """
    subject, end = document.subject.name, (ledger.size if until is None else until)
    registered = keys.registered(ledger.read(["key"], until=end))
    sign_offs = []
    for stored in (each for each in ledger.find("sign-off", subject) if each.index < end):
        body = stored.entry.body
        try:
            signed = read_body(body)
        except ValueError:
            continue  # whatever it is, nobody approved anything by it
        trusted = _trusted(signed.person, registered, policy, before=stored.index)
        sign_offs.append(replace(signed, authenticated=_signs(body, signed, trusted)))
    assessments = {
        str(stored.entry.body.get("form") or "review"): Assessment(
            complete=stored.entry.body.get("complete") is True, digest=str(stored.entry.body.get("digest"))
        )
        for stored in ledger.find("assessment", subject)
        if stored.index < end
    }
    return Record(audit=_audit(ledger, document), sign_offs=tuple(sign_offs), assessments=assessments)


def _audit(ledger: Ledger, document: Document) -> int | None:
    """The place of the last entry that is of this very audit, its time too."""
    made, found = document.provenance, documents.digest(document)
    wanted = {"findings": found, "data": made.data_digest, "config": made.config_digest, "model": made.model_digest}
    wanted["started"] = made.started
    kept = [
        stored.index
        for stored in ledger.find("audit", found)
        if all(stored.entry.body.get(name) == value for name, value in wanted.items())
    ]
    return kept[-1] if kept else None


def _trusted(person: str, registered: Mapping[str, Sequence[Registered]], policy: Policy, *, before: int) -> Key | None:
    """The key that speaks for a person: as the policy has it, else the first that was registered in the name."""
    pinned = [line for name, line in policy.keys.items() if key_of(name, person)]
    if pinned:
        return keys.parse(pinned[0])
    own = [each for name, held in registered.items() if key_of(name, person) for each in held if each.index < before]
    return min(own, key=lambda each: each.index).key if own else None


def _signs(body: Mapping[str, object], signed: SignOff, trusted: Key | None) -> bool:
    match body.get("signature"):
        case {"key": str(line), "value": str(value)} if trusted is not None:
            try:
                return Key.parse(line) == trusted and keys.verify(trusted, signed.message(), unbase64(value))
            except MalformedError:
                return False
    return False
