"""Who may sign, what it is bound to, and whose signature it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fairwitness.accountability.ledger import Entry, Ledger
from fairwitness.accountability.policy.errors import SignOffError
from fairwitness.accountability.policy.gate import answer
from fairwitness.accountability.policy.rules import Policy, parse
from fairwitness.accountability.policy.signoff import SignOff, latest, read_body, sign_off
from support.governed import NOW, ROLES, sign, world

WORLD = world()
ANY = Policy()


def signing(**changes: Any) -> SignOff:
    told: dict[str, Any] = {
        "person": "Ed Fox",
        "role": "approver",
        "decision": "approve",
        "reason": "looked at all of it",
        "valid_days": None,
        "assessment": "a" * 64,
        "now": NOW,
    }
    document, policy = changes.pop("document", WORLD.document), changes.pop("policy", WORLD.policy)
    return sign_off(document, policy, **(told | changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reason": " \n"}, "--reason is empty"),
        ({"person": "Ed Foxx"}, "'Ed Foxx' is not in [roles] approver; did you mean 'Ed Fox'?"),
        ({"role": "monitor"}, "[roles] monitor names nobody"),
        ({"valid_days": 0}, "--valid-days is 0; give 1 or more"),
        ({"valid_days": 91}, "--valid-days is 91; the policy lets an approval hold for at most 90 days"),
        ({"assessment": None}, "asks for a complete impact assessment before an approval"),
    ],
)
def test_who_may_not_sign_or_not_so_is_told_in_one_line(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SignOffError) as caught:
        signing(**changes)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("builder", ["Ed Fox", "ed  FOX", "Ｅｄ Ｆｏｘ"])
def test_who_built_it_may_not_approve_it(builder: str) -> None:
    own = replace(WORLD.document, roles={**ROLES, "builder": ("Bea Carr", builder)})
    with pytest.raises(SignOffError, match=r"'Ed Fox' is in \[roles\] builder too and may not approve"):
        signing(document=own)
    assert signing(document=own, decision="reject").decision == "reject"  # who knows it best may warn


def test_without_a_builder_nobody_can_tell_whether_the_approver_is_one() -> None:
    with pytest.raises(SignOffError, match=r"\[roles\] builder names nobody"):
        signing(document=replace(WORLD.document, roles={**ROLES, "builder": ()}))


def test_the_owner_may_approve_unless_the_policy_says_no() -> None:
    owned = replace(WORLD.document, roles={**ROLES, "owner": ("Ed Fox",)})
    assert signing(document=owned).person == "Ed Fox"
    strict = parse({"sign_off": [{"role": "approver", "not_owner": True}]}, source="p")
    with pytest.raises(SignOffError, match=r"\[roles\] owner too"):
        signing(document=owned, policy=strict)


def test_who_the_policy_does_not_name_may_not_sign() -> None:
    named = parse({"sign_off": [{"role": "approver", "people": ["Flo Gray"]}]}, source="p")
    with pytest.raises(SignOffError, match="the policy does not name 'Ed Fox' as approver; there is Flo Gray"):
        signing(policy=named)


def test_a_reviewer_does_not_wait_for_the_assessment() -> None:
    signed = signing(role="reviewer", person="Di Eck", assessment=None)
    assert signed.binds.assessment is None


def test_what_is_signed_is_what_the_gate_counts() -> None:
    signed = replace(signing(), authenticated=True)
    others = [each for each in WORLD.record.sign_offs if each.role != "approver"]
    assert answer(WORLD.document, WORLD.policy, replace(WORLD.record, sign_offs=[signed, *others]), now=NOW).passes
    assert read_body(signed.body()) == replace(signed, authenticated=False)  # never claimed, always found out


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"id": "x", "binds": {}},
        {**sign(WORLD.document, ANY).body(), "decision": "maybe"},
        {**sign(WORLD.document, ANY).body(), "signed": "soon"},
        {**sign(WORLD.document, ANY).body(), "valid_days": "many"},
        {**sign(WORLD.document, ANY).body(), "valid_days": 10**12},
        {**sign(WORLD.document, ANY).body(), "authenticated": True},
        {**sign(WORLD.document, ANY).body(), "extra": 1},
    ],
)
def test_what_is_no_sign_off_is_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a sign-off"):
        read_body(wrong)


def test_the_last_word_counts_and_only_a_true_one_takes_back_a_true_one() -> None:
    yes = sign(WORLD.document, ANY)
    no, forged = replace(yes, decision="reject"), replace(yes, decision="reject", authenticated=False)
    assert latest([yes, no]) == [no]
    assert latest([no, yes]) == [yes]
    assert latest([yes, forged]) == [yes]
    assert latest([forged, yes]) == [yes]
    assert latest([yes, replace(no, role="reviewer")]) == [yes, replace(no, role="reviewer")]
    assert latest([yes, replace(no, person="ed  FOX")]) == [replace(no, person="ed  FOX")]


def test_an_old_approval_recorded_again_undoes_no_rejection() -> None:
    yes = sign(WORLD.document, ANY, signed="2026-11-20T09:00:00Z")
    no = replace(yes, decision="reject", signed="2026-11-21T09:00:00Z")
    older = replace(yes, signed="2026-11-19T09:00:00Z")  # signed, and not recorded then
    newer = replace(yes, signed="2026-11-22T09:00:00Z")
    assert latest([yes, no, yes]) == [no]
    assert latest([yes, no, older]) == [no]
    assert latest([yes, no, newer]) == [newer]
    assert latest([no, newer, no]) == [newer]
    assert latest([newer, no]) == [no]  # a rejection counts whatever the clock said


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite") as opened:
        yield opened


class TestKeys:
    """Signatures through the ledger; RFC 8032 itself is the business of `cryptography`."""

    @pytest.fixture(autouse=True)
    def _signing(self) -> None:
        pytest.importorskip("cryptography")

    def signer(self, name: str) -> Any:
        import secrets

        from fairwitness.accountability.ledger.keys import Signer

        return Signer(name, secrets.token_bytes(32))

    def kept(self, log: Ledger, policy: Policy = ANY) -> list[bool]:
        from fairwitness.accountability.policy.record import of_ledger

        return [each.authenticated for each in of_ledger(log, WORLD.document, policy).sign_offs]

    def test_a_registered_key_authenticates_and_nothing_else_does(self, log: Ledger) -> None:
        from fairwitness.accountability.ledger import keys
        from fairwitness.accountability.policy.record import entry

        own, other = self.signer("ed.fox"), self.signer("di.eck")
        log.append([entry(signing(), own)])  # before it was registered
        keys.register(log, own.vkey)
        keys.register(log, other.vkey)
        log.append([entry(signing(), own), entry(signing(), None)])
        assert self.kept(log) == [False, True, False]
        with pytest.raises(SignOffError, match=r"the key belongs to 'di.eck' and --as says 'Ed Fox'"):
            entry(signing(), other)

    def test_a_key_registered_later_in_the_same_name_counts_for_nothing(self, log: Ledger) -> None:
        """Who may write to the ledger may register any key; the first stays, the policy may name another."""
        from fairwitness.accountability.ledger import keys
        from fairwitness.accountability.policy.record import entry

        own, rogue = self.signer("ed.fox"), self.signer("Ed.Fox")
        keys.register(log, own.vkey)
        keys.register(log, rogue.vkey)
        log.append([entry(signing(), rogue), entry(signing(), own)])
        assert self.kept(log) == [False, True]
        pinned = parse({"keys": {"Ed Fox": rogue.vkey}}, source="p")
        assert self.kept(log, pinned) == [True, False]

    @pytest.mark.parametrize(
        "change",
        [
            {"id": WORLD.document.subject.name},  # signed for another system
            {"person": "ed fox"},
            {"role": "reviewer"},
            {"decision": "reject"},
            {"reason": "other"},
            {"signed": "2026-11-23T12:00:01Z"},
            {"valid_days": 3},
            {"binds": {**signing().body()["binds"], "data": "0" * 64}},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_a_changed_word_breaks_the_signature(self, log: Ledger, change: dict[str, Any]) -> None:
        from fairwitness.accountability.ledger import keys
        from fairwitness.accountability.policy.record import entry

        own, signed = self.signer("ed.fox"), signing()
        keys.register(log, own.vkey)
        true = entry(replace(signed, subject="another") if "id" in change else signed, own)
        broken: dict[str, Any] = {**true.body, **change}
        log.append([true, Entry(kind="sign-off", body=broken)])
        assert self.kept(log) == ([False] if "id" in change else [True, False])

    def test_what_else_calls_itself_a_sign_off_is_passed_over(self, log: Ledger) -> None:
        name = WORLD.document.subject.name
        log.append([Entry(kind="sign-off", body={"id": name, "decision": "approve"})])
        assert self.kept(log) == []
        odd: dict[str, Any] = {**signing().body(), "signature": {"key": "x", "value": "!"}}
        log.append([Entry(kind="sign-off", body=odd)])
        assert self.kept(log) == [False]


def test_the_last_assessment_of_a_form_counts(log: Ledger) -> None:
    from fairwitness.accountability.policy.record import of_ledger

    name = WORLD.document.subject.name
    assert of_ledger(log, WORLD.document, ANY).assessments == {}
    for told in (
        {"id": name, "form": "review", "complete": True, "digest": "1"},
        {"id": "another", "form": "review", "complete": True, "digest": "2"},
        {"id": name, "form": "review", "complete": False, "digest": "3"},
        {"id": name, "form": "dpia", "complete": True, "digest": "4"},
    ):
        body: dict[str, Any] = told
        log.append([Entry(kind="assessment", body=body)])
    found = of_ledger(log, WORLD.document, ANY).assessments
    assert {form: (each.complete, each.digest) for form, each in found.items()} == {
        "review": (False, "3"),
        "dpia": (True, "4"),
    }


def test_the_audit_itself_is_found_only_as_it_is(log: Ledger) -> None:
    from fairwitness.accountability.policy.record import of_ledger
    from fairwitness.io import findings

    made = WORLD.document
    digest, where = findings.digest(made), made.provenance
    body: dict[str, Any] = {
        "id": digest,
        "findings": digest,
        "data": where.data_digest,
        "config": where.config_digest,
        "model": where.model_digest,
        "started": where.started,
    }
    wanted = parse({"recorded": True}, source="p")
    for field in ("findings", "data", "config", "model", "started"):
        log.append([Entry(kind="audit", body={**body, field: "other"})])
    (one,) = answer(made, wanted, of_ledger(log, made, wanted), now=NOW).missing
    assert one.says.startswith("no audit of these findings")
    log.append([Entry(kind="audit", body=body)])
    assert of_ledger(log, made, wanted).audit == 5
    assert answer(made, wanted, of_ledger(log, made, wanted), now=NOW).passes
    younger = replace(made, provenance=replace(where, started="2026-11-23T00:00:00Z"))
    assert not answer(younger, wanted, of_ledger(log, younger, wanted), now=NOW).passes
