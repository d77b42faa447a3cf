"""Erasing one person: unreadable for ever, while every proof and every figure stands."""

from datetime import timedelta
from pathlib import Path

import pytest

from fairwitness.accountability.decisions import appeals, counts, erasure, rulings, steps
from fairwitness.accountability.decisions.book import Book
from fairwitness.accountability.decisions.errors import AppealError, DecisionError, VaultError
from fairwitness.accountability.decisions.record import record
from fairwitness.accountability.decisions.rulings import Ruling
from fairwitness.accountability.decisions.vault import beside
from fairwitness.accountability.ledger import keys, merkle
from fairwitness.accountability.ledger.keys import Signer
from support.decisions import DECISIONS, FIRST, NOW, RULES


def walked(book: Book) -> str:
    appeal = appeals.file(book, FIRST.id, reason="Paid.", by="Clara", rules=RULES, now=NOW).id
    appeals.acknowledge(book, appeal, by="Clara", now=NOW)
    appeals.assign(book, appeal, reviewer="Rita", by="Clara", rules=RULES, now=NOW)
    appeals.review(book, appeal, by="Rita", decision="1", reason="Paid.", rules=RULES, now=NOW)
    ruling = Ruling(outcome="overturned", reason="Paid.")
    rulings.decide(book, appeal, ruling, by="Rita", rules=RULES, now=NOW + timedelta(days=2))
    appeals.told(book, appeal, names=["the person", "Credit Bureau"], by="Clara", now=NOW)
    appeals.close(book, appeal, by="Clara", now=NOW)
    return appeal


def test_erasing_keeps_every_proof_and_every_figure(book: Book, ledger: Path) -> None:
    appeal = walked(book)
    size, root = book.ledger.size, book.ledger.root()
    leaves = [stored.leaf for stored in book.ledger.read()]
    before = counts.read(beside(ledger), today=NOW.date()).cells
    entry, _ = book.decision(FIRST.id)

    assert erasure.erase(book, FIRST.person, by="Dan Protector", now=NOW) == 1

    assert book.ledger.root(size) == root
    now = book.ledger.root()
    for index, leaf in enumerate(leaves):
        path = book.ledger.inclusion(index)
        assert merkle.verify_inclusion(leaf=leaf, index=index, size=book.ledger.size, proof=path, root=now)
    *_, last = book.ledger.read()
    assert last.entry.kind == "erasure"
    assert last.entry.body["decisions"] == 1
    assert counts.read(beside(ledger), today=NOW.date()).cells == before
    with pytest.raises(DecisionError, match="or the person was erased"):
        book.decision(FIRST.id)
    assert steps.known(book, appeal).state == "closed"
    assert list(book.ledger.find("decision", entry))
    with pytest.raises(AppealError, match="only the steps in the ledger remain"):
        appeals.seen(book, appeal)
    with pytest.raises(VaultError, match="nothing is recorded about this person"):
        erasure.erase(book, FIRST.person, by="Dan Protector", now=NOW)
    assert rulings.corrected_labels(book) == {}


def test_a_file_imported_again_does_not_bring_the_person_back(book: Book) -> None:
    erasure.erase(book, "Karl Kurz", by="Dan", now=NOW)
    size = book.ledger.size
    rows = [(f"row {place}", decision) for place, decision in enumerate(DECISIONS)]
    (done,) = record(book, rows, now=NOW)
    assert (done.new, done.known, done.erased) == (0, 3, 1)
    assert book.ledger.size == size


def test_a_legal_hold_forbids_it_by_name(book: Book) -> None:
    erasure.hold(book, FIRST.person, name="case 17", by="Lea Legal", now=NOW)
    erasure.hold(book, FIRST.person, name="case 18", by="Lea Legal", now=NOW)
    with pytest.raises(VaultError, match="legal hold 'case 17' and 'case 18'"):
        erasure.erase(book, FIRST.person, by="Dan", now=NOW)
    with pytest.raises(VaultError, match="'case 17' is on this person already"):
        erasure.hold(book, FIRST.person, name="case 17", by="Lea Legal", now=NOW)
    erasure.release(book, FIRST.person, name="case 17", by="Lea Legal", now=NOW)
    with pytest.raises(VaultError, match=r"no legal hold 'case 17'.*there is 'case 18'"):
        erasure.release(book, FIRST.person, name="case 17", by="Lea Legal", now=NOW)
    erasure.release(book, FIRST.person, name="case 18", by="Lea Legal", now=NOW)
    assert erasure.erase(book, FIRST.person, by="Dan", now=NOW) == 1
    assert [stored.entry.body["held"] for stored in book.ledger.read(["hold"])] == [True, True, False, False]


def test_an_open_appeal_forbids_it(book: Book) -> None:
    appeal = appeals.file(book, FIRST.id, reason="Paid.", by="Clara", rules=RULES, now=NOW).id
    with pytest.raises(VaultError, match=f"appeal {appeal} of this person is open"):
        erasure.erase(book, FIRST.person, by="Dan", now=NOW)


PERSONAL = (
    *(word for decision in DECISIONS for word in (decision.id, *decision.person.split())),
    *("0.4321", "debt", "history", "women", "bank statement", "court", "lower rate"),
)


def test_nothing_personal_is_outside_the_vault(book: Book, ledger: Path) -> None:
    """Every byte of the ledger is searched; so is the vault, where only counts by group are in the clear."""
    appeal = walked(book)
    erasure.hold(book, "Nora Nemo", name="court", by="Lea Legal", now=NOW)
    appeals.file(book, "application-19", reason="See my bank statement.", by="Clara", rules=RULES, now=NOW)
    outside = b"".join(file.read_bytes() for file in ledger.parent.iterdir() if not file.name.startswith("vault"))
    assert appeal.encode() in outside
    assert not [word for word in PERSONAL if word.encode() in outside]
    vault = beside(ledger).read_bytes()
    assert [word for word in PERSONAL if word.encode() in vault] == ["women"]


def test_what_the_ledger_says_of_a_person_cannot_be_made_again(book: Book) -> None:
    """The pseudonym came from the destroyed key: the same person, recorded anew, gets another."""
    person = book.vault.person("Karl Kurz")
    assert person is not None
    before = person.pseudonym("person")
    erasure.erase(book, "Karl Kurz", by="Dan", now=NOW)
    with book.vault.transaction():
        assert book.vault.admit("Karl Kurz").pseudonym("person") != before


def test_nobody_erases_in_the_name_of_somebody_who_has_a_key(book: Book) -> None:
    pytest.importorskip("cryptography")
    keys.register(book.ledger, Signer("dan.mohr", b"d" * 32).vkey)
    for act in (
        lambda: erasure.erase(book, FIRST.person, by="Dan Mohr", now=NOW),
        lambda: erasure.hold(book, FIRST.person, name="case", by="Dan Mohr", now=NOW),
    ):
        with pytest.raises(AppealError, match="Dan Mohr has a registered key"):
            act()
    book.signer = Signer("dan.mohr", b"d" * 32)
    assert erasure.erase(book, FIRST.person, by="Dan Mohr", now=NOW) == 1
