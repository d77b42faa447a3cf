"""Appeals from filing to closing, on the ledger and the vault together."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

from fairwitness.accountability.decisions import appeals, counts, rulings, steps
from fairwitness.accountability.decisions.book import Book
from fairwitness.accountability.decisions.errors import AppealError, DecisionError
from fairwitness.accountability.decisions.record import record
from fairwitness.accountability.decisions.rulings import Ruling
from fairwitness.accountability.decisions.steps import Rules
from fairwitness.accountability.decisions.vault import beside
from fairwitness.accountability.ledger import keys
from fairwitness.accountability.ledger.keys import Signer
from support.decisions import FIRST, NOW, RULES

REVIEWER = "Rita Review"


def file(book: Book, decision: str = FIRST.id, **settings: object) -> str:
    given = {"reason": "My debt is paid.", "by": "Clara Clerk", "rules": RULES, "now": NOW, **settings}
    return appeals.file(book, decision, **given).id  # type: ignore[arg-type]  # settings of the test


def reviewed(book: Book, appeal: str, reviewer: str = REVIEWER) -> str:
    appeals.acknowledge(book, appeal, by="Clara Clerk", now=NOW)
    appeals.assign(book, appeal, reviewer=reviewer, by="Clara Clerk", rules=RULES, now=NOW)
    appeals.review(book, appeal, by=reviewer, decision="1", reason="Paid, see the statement.", rules=RULES, now=NOW)
    return appeal


def decided(
    book: Book, ruling: Ruling, decision: str = FIRST.id, *, after: int = 3, reviewer: str = REVIEWER
) -> rulings.Decided:
    appeal = reviewed(book, file(book, decision), reviewer)
    return rulings.decide(book, appeal, ruling, by=reviewer, rules=RULES, now=NOW + timedelta(days=after))


OVERTURN = Ruling(outcome="overturned", reason="The debt was paid before the decision.")


def test_an_appeal_goes_its_whole_way(book: Book) -> None:
    done = decided(book, OVERTURN)
    appeal = done.case.id
    assert done.tell == ("the person", "Credit Bureau")
    left = appeals.told(book, appeal, names=["the person"], by="Clara Clerk", now=NOW)
    assert left.left == ("Credit Bureau",)
    with pytest.raises(AppealError, match="next: notified"):
        appeals.close(book, appeal, by="Clara Clerk", now=NOW)
    appeals.told(book, appeal, names=["credit bureau"], by="Clara Clerk", now=NOW)
    appeals.close(book, appeal, by="Clara Clerk", now=NOW)
    case = steps.known(book, appeal)
    assert [step.step for step in case.steps] == [
        *("filed", "acknowledged", "assigned", "reviewed", "overturned", "corrected"),
        *("told", "told", "notified", "closed"),
    ]
    entry, person = book.decision(FIRST.id)
    assert rulings.of_record(book, entry, book.payload(entry, person)[0]) == "1"
    assert rulings.corrected_labels(book) == {FIRST.id: "1"}


def test_every_step_is_in_the_ledger_with_a_commitment_that_opens(book: Book) -> None:
    appeal = decided(book, OVERTURN).case.id
    entries = list(book.ledger.find("appeal", appeal))
    notes = book.notes("appeal", appeal)
    assert [str(stored.entry.body["commitment"]) for stored in entries] == [commitment for _, commitment in notes]
    (correction,) = book.ledger.find("correction", steps.known(book, appeal).decision)
    assert correction.entry.body["commitment"] == book.notes("correction", str(correction.entry.body["id"]))[0][1]


def test_the_score_is_shown_only_after_the_reviewers_own_decision(book: Book) -> None:
    appeal = file(book)
    appeals.acknowledge(book, appeal, by="Clara", now=NOW)
    appeals.assign(book, appeal, reviewer=REVIEWER, by="Clara", rules=RULES, now=NOW)
    with pytest.raises(AppealError, match="cannot be shown its score; next: reviewed"):
        appeals.seen(book, appeal)
    seen = appeals.review(book, appeal, by=REVIEWER, decision="1", reason="Paid.", rules=RULES, now=NOW)
    assert (seen.score, seen.threshold, seen.reasons) == (0.4321, 0.5, ("debt", "history"))
    assert appeals.seen(book, appeal) == seen


@pytest.mark.parametrize(
    ("name", "role"),
    [("Olga Owner", "the owner"), ("ben  BUILDER", "a builder"), ("Dora Decider", "the first decider")],
)
def test_who_had_a_part_cannot_review(ledger: Path, name: str, role: str) -> None:
    with Book(ledger) as book:
        list(record(book, [("row 1", replace(FIRST, decider="Dora Decider"))], now=NOW))
        appeal = file(book)
        appeals.acknowledge(book, appeal, by="Clara", now=NOW)
        with pytest.raises(AppealError, match=f"is {role} and cannot review it"):
            appeals.assign(book, appeal, reviewer=name, by="Clara", rules=RULES, now=NOW)


def test_who_became_owner_after_being_assigned_cannot_go_on(book: Book) -> None:
    appeal = reviewed(book, file(book))
    now_owner = replace(RULES, owners=(REVIEWER,))
    with pytest.raises(AppealError, match="is the owner"):
        rulings.decide(book, appeal, OVERTURN, by=REVIEWER, rules=now_owner, now=NOW)


def test_with_no_roles_nobody_is_independent(book: Book) -> None:
    appeal = file(book)
    appeals.acknowledge(book, appeal, by="Clara", now=NOW)
    with pytest.raises(AppealError, match=r"who is owner is not known.*\[roles\]"):
        appeals.assign(book, appeal, reviewer=REVIEWER, by="Clara", rules=Rules(), now=NOW)


def test_another_than_the_assigned_cannot_review(book: Book) -> None:
    appeal = file(book)
    appeals.acknowledge(book, appeal, by="Clara", now=NOW)
    appeals.assign(book, appeal, reviewer=REVIEWER, by="Clara", rules=RULES, now=NOW)
    with pytest.raises(AppealError, match="not assigned to Paul"):
        appeals.review(book, appeal, by="Paul", decision="1", reason="Paid.", rules=RULES, now=NOW)


@pytest.mark.parametrize("words", ["", "   ", "\n"])
def test_a_reason_always(book: Book, words: str) -> None:
    with pytest.raises(AppealError, match="needs a reason"):
        file(book, reason=words)
    appeal = reviewed(book, file(book))
    with pytest.raises(AppealError, match="needs a reason"):
        rulings.decide(book, appeal, replace(OVERTURN, reason=words), by=REVIEWER, rules=RULES, now=NOW)


def test_an_overturn_opens_the_similar_case_and_no_other(book: Book) -> None:
    """Application 18 has the same reasons in another order; 19 another reason; 20 was approved."""
    opened = decided(book, OVERTURN).opened
    (case,) = [steps.known(book, appeal) for appeal in opened]
    assert case.decision == book.decision("application-18")[0]
    assert (case.origin, case.state) == ("similar", "filed")
    assert "A decision by the same model" in book.notes("appeal", case.id)[0][0]["reason"]


def test_what_is_under_appeal_is_not_opened_again(book: Book) -> None:
    file(book, "application-18")
    assert decided(book, OVERTURN).opened == ()


def test_an_upheld_appeal_changes_nothing(book: Book) -> None:
    done = decided(book, Ruling(outcome="upheld", reason="The debt stands."))
    assert (done.decision, done.opened, done.tell) == ("0", (), ("the person",))
    assert rulings.corrected_labels(book) == {}
    assert done.case.state == "upheld"


def test_a_partly_upheld_appeal_says_what_holds_now(book: Book) -> None:
    partly = Ruling(outcome="partly", reason="A smaller loan.")
    appeal = reviewed(book, file(book))
    with pytest.raises(AppealError, match="--decision"):
        rulings.decide(book, appeal, partly, by=REVIEWER, rules=RULES, now=NOW)
    with pytest.raises(AppealError, match="the new decision is the old one"):
        rulings.decide(book, appeal, replace(partly, decision="0"), by=REVIEWER, rules=RULES, now=NOW)
    done = rulings.decide(book, appeal, replace(partly, decision="half"), by=REVIEWER, rules=RULES, now=NOW)
    assert done.decision == "half"
    assert rulings.corrected_labels(book) == {}


def test_one_appeal_at_a_time_and_within_its_time(book: Book) -> None:
    first = file(book)
    with pytest.raises(AppealError, match=f"under appeal already: {first}"):
        file(book)
    with pytest.raises(DecisionError, match="no decision with this id"):
        file(book, "application-99")
    short = replace(RULES, file_within=10)
    with pytest.raises(AppealError, match="ended on 2026-01-30"):
        file(book, "application-19", rules=short)
    assert file(book, "application-19", rules=short, late="Was in hospital.")


def test_counts_follow_appeals_by_group(book: Book, ledger: Path) -> None:
    late = 40
    decided(book, OVERTURN, after=late)
    decided(book, Ruling(outcome="upheld", reason="No."), "application-19", after=3)
    found = counts.read(beside(ledger), today=NOW.date())
    assert found.attributes == {"sex"}
    assert found.by(["sex"], "decided") == {"men": 2, "women": 2}
    assert found.by(["sex"], "adverse") == {"men": 1, "women": 2}
    assert found.by(["sex"], "appealed") == found.by(["sex"], "answered") == {"men": 1, "women": 1}
    assert found.by(["sex"], "late") == found.by(["sex"], "overturned") == {"men": 0, "women": 1}
    assert found.by(["sex"], "open") == {"men": 0, "women": 0}
    assert found.by(["sex"], "similar") == {"men": 0, "women": 1}
    assert {group: (held.n, held.total) for group, held in found.days(["sex"]).items()} == {
        "men": (1, 3.0),
        "women": (1, float(late)),
    }


def test_open_appeals_become_overdue(book: Book, ledger: Path) -> None:
    file(book)
    for day, late in ((NOW, 0), (NOW + timedelta(days=28), 0), (NOW + timedelta(days=29), 1)):
        assert counts.read(beside(ledger), today=day.date()).overdue(["sex"]) == {"men": 0, "women": late}


def test_a_second_appeal_is_not_counted_twice(book: Book, ledger: Path) -> None:
    appeal = decided(book, Ruling(outcome="upheld", reason="No.")).case.id
    appeals.told(book, appeal, names=["the person"], by="Clara", now=NOW)
    appeals.close(book, appeal, by="Clara", now=NOW)
    decided(book, Ruling(outcome="upheld", reason="No."), reviewer="Sam Second")
    found = counts.read(beside(ledger), today=NOW.date())
    assert found.by(["sex"], "appealed") == found.by(["sex"], "answered") == {"men": 0, "women": 1}


def test_of_two_reviewers_at_once_one_is_refused(book: Book, ledger: Path) -> None:
    appeal = file(book)
    appeals.acknowledge(book, appeal, by="Clara", now=NOW)
    appeals.assign(book, appeal, reviewer=REVIEWER, by="Clara", rules=RULES, now=NOW)
    start = Barrier(2)

    def review() -> str:
        with Book(ledger) as own:
            start.wait()
            try:
                appeals.review(own, appeal, by=REVIEWER, decision="1", reason="Paid.", rules=RULES, now=NOW)
            except AppealError as error:
                return str(error)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(each.result() for each in [pool.submit(review) for _ in range(2)])
    assert said == [
        f"appeal {appeal} is reviewed and cannot be reviewed; next: upheld or overturned or partly or withdrawn",
        "done",
    ]
    assert [step.step for step in steps.known(book, appeal).steps].count("reviewed") == 1


def test_an_appeal_is_found_by_its_decision(book: Book) -> None:
    with pytest.raises(AppealError, match="this decision was not appealed"):
        steps.known(book, FIRST.id)
    appeal = file(book)
    assert steps.known(book, FIRST.id).id == steps.known(book, appeal).id == appeal
    with pytest.raises(AppealError, match="no such appeal") as error:
        steps.known(book, "application-99")
    assert "99" not in str(error.value)


def test_an_appeal_taken_back_is_neither_open_nor_late_and_can_be_filed_again(book: Book, ledger: Path) -> None:
    appeal = file(book)
    done = appeals.withdraw(book, appeal, reason="I found another bank.", by="Clara Clerk", now=NOW)
    assert not done.overdue((NOW + timedelta(days=99)).date())
    appeals.close(book, appeal, by="Clara Clerk", now=NOW)
    far = counts.read(beside(ledger), today=(NOW + timedelta(days=99)).date())
    assert far.overdue(["sex"])["women"] == 0
    assert (far.by(["sex"], "appealed")["women"], far.by(["sex"], "withdrawn")["women"]) == (1, 1)
    erasable = decided(book, OVERTURN).case.id  # filed again: one appeal of one decision, and its outcome counts
    assert erasable != appeal
    found = counts.read(beside(ledger), today=NOW.date())
    assert (found.by(["sex"], "appealed")["women"], found.by(["sex"], "overturned")["women"]) == (1, 1)
    assert found.by(["sex"], "open")["women"] == 0


def test_only_the_persons_own_appeal_is_taken_back_and_only_before_an_outcome(book: Book) -> None:
    done = decided(book, OVERTURN)
    with pytest.raises(AppealError, match="cannot be withdrawn"):
        appeals.withdraw(book, done.case.id, reason="No.", by="Clara Clerk", now=NOW)
    (similar,) = done.opened
    with pytest.raises(AppealError, match="only its review ends it"):
        appeals.withdraw(book, similar, reason="No.", by="Clara Clerk", now=NOW)
    again = file(book, "application-19")
    with pytest.raises(AppealError, match="a withdrawal needs a reason"):
        appeals.withdraw(book, again, reason=" ", by="Clara Clerk", now=NOW)


def test_who_has_seen_the_score_in_an_earlier_appeal_does_not_review_again(book: Book) -> None:
    appeal = reviewed(book, file(book))
    appeals.withdraw(book, appeal, reason="Later.", by="Clara Clerk", now=NOW)
    appeals.close(book, appeal, by="Clara Clerk", now=NOW)
    again = file(book)
    appeals.acknowledge(book, again, by="Clara Clerk", now=NOW)
    with pytest.raises(AppealError, match="reviewed this decision before and has seen its score"):
        appeals.assign(book, again, reviewer="rita.review", by="Clara Clerk", rules=RULES, now=NOW)
    appeals.assign(book, again, reviewer="Sam Second", by="Clara Clerk", rules=RULES, now=NOW)


def test_a_person_appeals_in_their_own_words_although_a_similar_case_was_opened(book: Book, ledger: Path) -> None:
    (similar,) = decided(book, OVERTURN).opened
    own = file(book, "application-18", reason="Mine was paid too.")
    assert own != similar
    case = steps.known(book, similar)
    assert [step.step for step in case.steps] == ["filed", "withdrawn", "closed"]
    assert counts.read(beside(ledger), today=NOW.date()).by(["sex"], "appealed")["women"] == 2


def test_a_similar_case_under_review_goes_on(book: Book) -> None:
    (similar,) = decided(book, OVERTURN).opened
    reviewed(book, similar)
    with pytest.raises(AppealError, match="is under appeal already"):
        file(book, "application-18")


def test_nobody_acts_in_the_name_of_somebody_who_has_a_key(book: Book) -> None:
    pytest.importorskip("cryptography")
    rita, impostor = Signer("rita.review", b"r" * 32), Signer("rita.review", b"i" * 32)
    keys.register(book.ledger, rita.vkey)
    keys.register(book.ledger, impostor.vkey)  # whoever can write to the ledger can do that; the first counts
    appeal = file(book)
    appeals.acknowledge(book, appeal, by="Clara Clerk", now=NOW)
    appeals.assign(book, appeal, reviewer=REVIEWER, by="Clara Clerk", rules=RULES, now=NOW)
    for held in (None, impostor, Signer("clara.clerk", b"c" * 32)):
        book.signer = held
        with pytest.raises(AppealError, match="Rita Review has a registered key"):
            appeals.review(book, appeal, by=REVIEWER, decision="1", reason="Paid.", rules=RULES, now=NOW)
    book.signer = rita
    assert appeals.review(book, appeal, by=REVIEWER, decision="1", reason="Paid.", rules=RULES, now=NOW).score == 0.4321
