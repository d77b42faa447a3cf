"""A system that meets every requirement of a policy, and one way after another to break each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from fairwitness.accountability.policy.assessed import Assessment
from fairwitness.accountability.policy.gate import Answer, Record, answer
from fairwitness.accountability.policy.rules import Policy, parse
from fairwitness.accountability.policy.signoff import Binds, SignOff, bound
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.core.findings import Document
from support.documents import document, evidence, finding

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GAP, ODDS, COUNT = "fairness.selection-rate-gap", "fairness.equalized-odds-gap", "data.class-imbalance"
ROLES = {
    "owner": ("Ada Byron",),
    "builder": ("Bea Carr",),
    "reviewer": ("Di Eck", "Gil Hay"),
    "approver": ("Ed Fox",),
}
POLICY: dict[str, Any] = {
    "name": "lending",
    "max_age_days": 30,
    "recorded": True,
    "assessment": True,
    "require": [{"check": ODDS}, {"check": COUNT, "verdicts": ["pass", "uncertain"]}],
    "limits": [{"check": GAP, "about": "race", "at_most": 0.1}, {"check": GAP, "about": "sex", "min_n": 500}],
    "sign_off": [{"role": "approver", "valid_days": 90}, {"role": "reviewer", "count": 2}],
}
APPROVER, REVIEWERS = ("sign-off", "approved by 1 approver"), ("sign-off", "approved by 2 reviewers")
BREAKS: dict[str, tuple[tuple[str, str], str]] = {
    "own gate": (("audit", "the audit's own gate"), "closed by somewhere"),
    "not recorded": (("record", "the audit in the ledger"), "audit again, with --ledger"),
    "absent": (("check", ODDS), "absent"),
    "fails": (("check", f"{ODDS}/race"), "fail"),
    "could not look": (("check", f"{ODDS}/race"), "not-applicable (no labels)"),
    "count fails": (("check", COUNT), "the policy allows pass or uncertain"),
    "beyond": (("limit", f"{GAP}/race, at most 0.1"), "beyond the limit"),
    "not surely within": (("limit", f"{GAP}/race, at most 0.1"), "not surely within it"),
    "too few": (("limit", f"{GAP}/sex, n of 500 or more"), "n is 499"),
    "stale": (("age", "an audit of the last 30 days"), "stale by 4 days"),
    "from the future": (("age", "an audit of the last 30 days"), "in the future"),
    "no time": (("age", "an audit of the last 30 days"), "which is no time"),
    "no assessment": (("assessment", "a complete impact assessment"), "none is recorded"),
    "open assessment": (("assessment", "a complete impact assessment (review)"), "open questions"),
    "nobody approved": (APPROVER, "0 of 1; ask Ed Fox"),
    "rejected": (APPROVER, "rejected by Ed Fox: on reflection"),
    "unauthenticated": (APPROVER, "it is unauthenticated"),
    "expired": (APPROVER, "it held until 2026-11-22"),
    "outlived the policy": (APPROVER, "it held until 2026-11-22"),
    "signed in the future": (APPROVER, "dated in the future"),
    "other data": (APPROVER, "the data changed (000000000000 → "),
    "other model": (APPROVER, "the model changed (000000000000 → "),
    "other settings": (APPROVER, "the settings changed (000000000000 → "),
    "other policy": (APPROVER, "the policy changed (000000000000 → "),
    "no policy": (APPROVER, "the policy changed (none → "),
    "other findings": (APPROVER, "the findings changed (000000000000 → "),
    "other assessment": (APPROVER, "the impact assessment changed (000000000000 → "),
    "builder": (APPROVER, "they are in [roles] builder too"),
    "left": (APPROVER, "they are no longer in [roles] approver"),
    "one reviewer": (REVIEWERS, "1 of 2 (Di Eck)"),
    "one reviewer twice": (REVIEWERS, "1 of 2 (Di Eck)"),
}
"""Each way, the requirement it breaks, and what the gate then says of it."""

UNRELATED = ("failing check", "other system", "earlier word", "other role", "other waiver", "forged withdrawal")


@dataclass(frozen=True)
class World:
    document: Document
    policy: Policy
    record: Record

    def answer(self) -> Answer:
        return answer(self.document, self.policy, self.record, now=NOW)


def missing(world: World) -> dict[tuple[str, str], str]:
    return {(each.kind, each.what): each.says for each in world.answer().missing}


def world(broken: Collection[str] = (), added: Collection[str] = ()) -> World:
    policy = parse(POLICY, source="policy.toml")
    audited = _audited(broken, added)
    complete = not {"no assessment", "open assessment"} & set(broken)
    done = {} if "no assessment" in broken else {"review": Assessment(complete=complete, digest="a" * 64)}
    digest = "a" * 64 if complete else None
    return World(
        audited,
        policy,
        Record(
            audit=None if "not recorded" in broken else 0,
            sign_offs=_signed(audited, policy, digest, broken, added),
            assessments=done,
        ),
    )


def sign(audited: Document, policy: Policy, *, assessment: str | None = None, **changes: Any) -> SignOff:
    role = changes.get("role", "approver")
    told: dict[str, Any] = {
        "subject": audited.subject.name,
        "person": "Ed Fox",
        "role": role,
        "decision": "approve",
        "reason": "looked at all of it",
        "signed": "2026-11-20T09:00:00Z",
        "binds": bound(audited, policy, role=role, assessment=assessment),
        "authenticated": True,
    }
    return SignOff(**(told | changes))


def _audited(broken: Collection[str], added: Collection[str]) -> Document:
    odds = {"fails": Verdict.FAIL, "could not look": Verdict.NOT_APPLICABLE}
    verdict = next((odds[each] for each in broken if each in odds), Verdict.PASS)
    high = 0.30 if "beyond" in broken else 0.12 if "not surely within" in broken else 0.09
    low = 0.15 if "beyond" in broken else 0.01
    findings = [
        finding(GAP, "race", Verdict.PASS, evidence=(evidence((low + high) / 2, low, high),)),
        finding(GAP, "sex", Verdict.PASS, evidence=(evidence(0.3, 0.2, 0.4, n=499 if "too few" in broken else 500),)),
        finding(GAP, "race × sex", Verdict.EXPLORED, limit=None, evidence=(evidence(0.5, 0.4, 0.6, n=3),)),
        finding(COUNT, None, Verdict.FAIL if "count fails" in broken else Verdict.UNCERTAIN),
    ]
    if "absent" not in broken:
        reason = "no labels" if verdict is Verdict.NOT_APPLICABLE else ""
        findings.append(finding(ODDS, "race", verdict, reason=reason))
        findings.append(finding(ODDS, "race × sex", Verdict.NOT_APPLICABLE, limit=None, reason="one group"))
    if "failing check" in added:
        findings.append(finding("fairness.impact-ratio", "race", Verdict.FAIL, limit=Limit(at_least=0.8)))
    made = replace(document(tuple(findings)), roles=_roles(broken))
    passes = "own gate" not in broken
    started = {"stale": "2026-10-20T13:00:00Z", "from the future": "2026-11-24T00:00:00Z", "no time": "soon"}
    return replace(
        made,
        gate=replace(made.gate, passes=passes, blocking=() if passes else ("somewhere",)),
        provenance=replace(
            made.provenance,
            model_digest="b" * 64,
            started=next((started[each] for each in broken if each in started), "2026-10-25T12:00:00Z"),
        ),
    )


def _roles(broken: Collection[str]) -> dict[str, tuple[str, ...]]:
    roles = dict(ROLES)
    if "builder" in broken:
        roles["builder"] = ("Bea Carr", "ed  fox")
    if "left" in broken:
        roles["approver"] = ("Ian Jay",)
    return roles


def _signed(
    audited: Document, policy: Policy, assessment: str | None, broken: Collection[str], added: Collection[str]
) -> list[SignOff]:
    approval = sign(audited, policy, assessment=assessment)
    reviews = [sign(audited, policy, role="reviewer", person=name) for name in ROLES["reviewer"]]
    if "one reviewer" in broken:
        reviews.pop()
    if "one reviewer twice" in broken:
        reviews[1] = replace(reviews[0], person="di eck")
        reviews.reverse()
    changes: dict[str, dict[str, Any]] = {
        "unauthenticated": {"authenticated": False},
        "expired": {"signed": "2026-10-13T09:00:00Z", "valid_days": 40},
        "outlived the policy": {"signed": "2026-08-24T09:00:00Z", "valid_days": 400},
        "signed in the future": {"signed": "2026-11-23T13:00:00Z"},
        **{f"other {name}": {"binds": _binds(approval.binds, field)} for name, field in DIGESTS.items()},
        "no policy": {"binds": replace(approval.binds, policy=None)},
    }
    made = [replace(approval, **next((changes[each] for each in broken if each in changes), {})), *reviews]
    if "nobody approved" in broken:
        made.pop(0)
    if "rejected" in broken:
        made.append(replace(approval, decision="reject", reason="on reflection"))
    later = (NOW + timedelta(minutes=-1)).isoformat()
    unrelated = {
        "other system": [replace(approval, subject="another", decision="reject")],
        "other role": [replace(approval, role="monitor", decision="reject", signed=later)],
        "forged withdrawal": [replace(approval, decision="reject", authenticated=False, signed=later)],
    }
    if "earlier word" in added:
        # Earlier by its own date too: an approval never takes back a rejection that was signed after it.
        made.insert(0, replace(approval, decision="reject", reason="not yet", signed="2026-08-01T09:00:00Z"))
    return [*made, *(each for name in added for each in unrelated.get(name, []))]


DIGESTS = {
    "data": "data",
    "model": "model",
    "settings": "config",
    "policy": "policy",
    "findings": "findings",
    "assessment": "assessment",
}


def _binds(binds: Binds, field: str) -> Binds:
    return replace(binds, **{field: "0" * 64})
