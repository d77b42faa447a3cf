"""What a trace shows, what it withholds, and whose word it takes for what."""

from dataclasses import replace
from pathlib import Path

import pytest

from fairwitness.accountability.decisions import appeals, steps
from fairwitness.accountability.decisions.book import Book
from fairwitness.accountability.decisions.record import record
from fairwitness.accountability.decisions.signing import authenticated, signed
from fairwitness.accountability.decisions.trace import trace, trace_person
from fairwitness.accountability.ledger import Entry, Stored, keys
from fairwitness.accountability.ledger.keys import Signer
from support.decisions import FIRST, NOW, RULES

TODAY = NOW.date()


def file(book: Book, decision: str = FIRST.id) -> str:
    return appeals.file(book, decision, reason="My debt is paid.", by="Clara Clerk", rules=RULES, now=NOW).id


def test_it_shows_what_was_decided_and_where_it_is_recorded(book: Book) -> None:
    found = trace(book, FIRST.id, today=TODAY)
    assert found["decision"]["score"] == 0.4321
    assert found["decision"]["reasons"] == ["debt", "history"]
    assert found["responsible"]["model"] == FIRST.model
    assert (found["ledger"]["entry"], found["ledger"]["size"]) == (0, 4)
    assert found["ledger"]["included"]
    assert found["ledger"]["commitment_opens"]


def test_evidence_is_what_names_the_same_model_findings_or_policy(book: Book) -> None:
    digests = {"model": "m" * 64, "findings": "f" * 64, "policy": "p" * 64}
    list(record(book, [("row 1", replace(FIRST, id="x", **digests))], now=NOW))  # type: ignore[arg-type]  # texts
    book.ledger.append(
        [
            Entry(kind="audit", body={"id": "lending", "model_digest": "m" * 64}),
            Entry(kind="audit", body={"id": "another", "model_digest": "n" * 64}),
            Entry(kind="sign-off", body={"id": "lending", "binds": {"findings": "f" * 64}}),
        ]
    )
    found = trace(book, "x", today=TODAY)["evidence"]
    assert [(each["kind"], each["id"]) for each in found] == [("audit", "lending"), ("sign-off", "lending")]


def test_score_and_reasons_are_withheld_until_the_review(book: Book) -> None:
    appeal = file(book)
    withheld(book, appeal)
    appeals.acknowledge(book, appeal, by="Clara", now=NOW)
    withheld(book, appeal)
    appeals.assign(book, appeal, reviewer="Rita", by="Clara", rules=RULES, now=NOW)
    withheld(book, appeal)
    appeals.review(book, appeal, by="Rita", decision="1", reason="Paid.", rules=RULES, now=NOW)
    assert trace(book, FIRST.id, today=TODAY)["decision"]["score"] == 0.4321


def withheld(book: Book, appeal: str) -> None:
    shown = trace(book, FIRST.id, today=TODAY)["decision"]
    assert (shown["score"], shown["threshold"], shown["reasons"]) == (None, None, [])
    assert appeal in shown["withheld"]


def test_all_about_one_person_and_nothing_about_others(book: Book) -> None:
    list(record(book, [("row 1", replace(FIRST, id="second"))], now=NOW))
    file(book, "second")
    found = trace_person(book, FIRST.person, today=TODAY)
    assert [each["decision"]["id"] for each in found] == [FIRST.id, "second"]
    assert [len(each["appeals"]) for each in found] == [0, 1]
    assert found[1]["appeals"][0]["steps"][0]["reason"] == "My debt is paid."


def test_a_payload_put_in_anothers_place_is_seen(book: Book) -> None:
    book.vault.run("UPDATE decisions SET sealed = (SELECT sealed FROM decisions ORDER BY rowid DESC LIMIT 1)")
    with pytest.raises(Exception, match="changed from outside"):
        trace(book, FIRST.id, today=TODAY)


def only_step(book: Book, appeal: str) -> Stored:
    (stored,) = book.ledger.find("appeal", appeal)
    return stored


def written_past_us(book: Book, like: Stored, signer: Signer | None) -> Stored:
    """A step as somebody writes it who has the file and does not ask this program."""
    body = {name: value for name, value in like.entry.body.items() if name != "signature"}
    body["id"] = f"A-{'unsigned' if signer is None else signer.name}"
    if signer is not None:
        body = signed(signer, "appeal", like.entry.time, body)
    book.ledger.append([replace(like.entry, body=body)])
    return only_step(book, str(body["id"]))


def test_a_step_is_authenticated_by_the_key_first_registered_in_the_name(book: Book, tmp_path: Path) -> None:
    own, _ = keys.new("clara.clerk", out=tmp_path / "own.key")
    forged, _ = keys.new("Clara.Clerk", out=tmp_path / "forged.key")
    book.signer = own
    early = only_step(book, file(book))
    keys.register(book.ledger, own.vkey)
    keys.register(book.ledger, forged.vkey)
    true = only_step(book, file(book, "application-18"))
    false, unsigned = written_past_us(book, true, forged), written_past_us(book, true, None)
    registered = keys.registered(book.ledger.read(["key"]))
    assert [authenticated(each, registered) for each in (early, true, false, unsigned)] == [False, True, False, False]
    for changed in ({"by": "Clara  Clerk"}, {"step": "closed"}, {"due": "2030-01-01"}):
        body = {**true.entry.body, **changed}
        assert not authenticated(replace(true, entry=replace(true.entry, body=body)), registered)
    assert [each["authenticated"] for each in trace(book, "application-18", today=TODAY)["appeals"][0]["steps"]] == [
        True
    ]


def test_somebody_elses_key_signs_nothing(book: Book, tmp_path: Path) -> None:
    book.signer, _ = keys.new("paul.other", out=tmp_path / "paul.key")
    assert "signature" not in only_step(book, file(book)).entry.body
    assert steps.known(book, FIRST.id).state == "filed"
