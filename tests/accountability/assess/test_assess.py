from __future__ import annotations

import dataclasses
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from fairwitness.accountability.assess import FORMS, Answer, Answers, Assessment, assess, form, page
from fairwitness.accountability.assess.assessment import FACTS, measured
from fairwitness.accountability.assess.filed import entry
from fairwitness.accountability.assess.forms import FormId
from fairwitness.accountability.evidence import Source, source
from fairwitness.accountability.ledger import Ledger
from fairwitness.accountability.ledger.entries import KINDS
from fairwitness.accountability.pages import html, markdown
from fairwitness.core.errors import ConfigError
from fairwitness.core.findings import Document
from fairwitness.core.questions import QUESTIONS
from fairwitness.core.registry import registered
from fairwitness.io import findings as documents
from support.command import Ran, run
from support.documents import document, sample
from support.figures import HOSTILE
from support.html import check

NAMES = pytest.mark.parametrize("name", FORMS)


def written(folder: Path, made: Document) -> Path:
    path = folder / "findings.json"
    path.write_text(documents.dump(made), encoding="utf-8")
    return path


def filled(name: FormId, *, by: str = "A. Person", given: Source | None = None) -> Assessment:
    """Every question answered: with the first choice, or with a sentence."""
    given = given or source(sample())
    asked = form(name)
    return assess(
        asked,
        given,
        Answers(
            form=name,
            subject=given.document.subject.fingerprint,
            by=by,
            of={
                each.key: Answer(
                    answer=(each.choices[0].id,) if each.many else each.choices[0].id if each.choices else "So."
                )
                for each in asked.question
            },
        ),
        source="assessment.toml",
    )


@NAMES
def test_every_question_has_its_words_and_points_at_what_exists(name: FormId) -> None:
    ids = {each.id for each in registered()}
    planned = {"robustness.*", "monitor.*", "privacy.*"}
    keys = [each.key for each in form(name).question]
    assert len(keys) == len(set(keys))
    for each in form(name).question:
        assert each.asks.endswith("?"), each.key
        assert each.whom, each.key
        assert each.section, each.key
        assert name == "review" or each.clause, each.key
        assert set(each.facts) <= set(FACTS), each.key
        assert set(each.record) <= set(KINDS), each.key
        assert not each.context or each.context in {question.key for question in QUESTIONS}, each.key
        for check_id in each.checks:
            assert check_id in planned or any(fnmatchcase(known, check_id) for known in ids), check_id


@NAMES
def test_open_questions_stay_open_and_are_marked(name: FormId, tmp_path: Path) -> None:
    findings = written(tmp_path, document())
    ran = run(["assess", str(findings), "--form", name, "--out", str(tmp_path / "out")], cwd=tmp_path)
    assert ran.code == 0, ran.err
    asked = len(form(name).question)
    assert f"of {asked} questions wait for a person" in ran.out
    text = (tmp_path / "out" / "assessment.html").read_text(encoding="utf-8")
    check(text)
    assert text.count('class="ask ask-open"') + text.count('class="ask ask-proposed"') == asked
    assert "Complete" not in text


@NAMES
def test_a_person_behind_every_answer_makes_it_complete(name: FormId) -> None:
    made = filled(name)
    assert made.complete
    assert "Complete: a person stands behind" in markdown(page(made))
    nameless = filled(name, by="")
    assert not nameless.complete
    assert "Answered, no name" in markdown(page(nameless))


def test_answers_in_the_audits_settings_count_as_a_persons() -> None:
    told = dataclasses.replace(sample(), context={"owner": "The head of lending"})
    made = assess(form("review"), source(told), _empty("review", told), source="a.toml")
    (item,) = (each for each in made.items if each.question.key == "answers")
    assert (item.state, item.answer, item.by) == ("answered", "The head of lending", "in the audit's settings")


def test_another_model_or_data_makes_it_due_again() -> None:
    given = source(sample())
    changed = dataclasses.replace(given.document.subject, fingerprint="f" * 64)
    moved = Source(dataclasses.replace(given.document, subject=changed))
    answers = Answers(form="fria", subject=given.document.subject.fingerprint, by="A", of=_all("fria"))
    assert assess(form("fria"), given, answers, source="a.toml").complete
    stale = assess(form("fria"), moved, answers, source="a.toml")
    assert not stale.complete
    assert "Answered for another model" in markdown(page(stale))


def _all(name: FormId) -> dict[str, Answer]:
    return {each.key: Answer(answer="So.") for each in form(name).question}


def _empty(name: FormId, made: Document) -> Answers:
    return Answers(form=name, subject=made.subject.fingerprint)


def test_proposals_name_their_findings_and_a_person_can_take_them_over() -> None:
    given = source(sample())
    beside = measured(form("aia"), given)["impact23"]
    assert beside[0].text == "Yes; some groups fare worse"
    assert {each.ref for each in beside[1:]} == {"fairness.selection-rate-gap/race", "fairness.error-rate-gap/race"}
    before = assess(form("aia"), given, _empty("aia", sample()), source="a.toml")
    assert before.scored is not None
    assert before.scored.now.raw == 2  # learned from data: 1; some groups fare worse: 1
    taken = dataclasses.replace(_empty("aia", sample()), by="A", of={"impact23": Answer(answer="as measured")})
    after = assess(form("aia"), given, taken, source="a.toml")
    states = {each.question.key: each.state for each in after.items}
    assert (states["impact23"], states["aboutAlgorithm3"]) == ("confirmed", "proposed")
    other = dataclasses.replace(taken, of={"impact23": Answer(answer="no")})
    scored = assess(form("aia"), given, other, source="a.toml").scored
    assert scored is not None
    assert scored.now.raw == 1  # a person's answer goes before a proposal


def test_the_record_proposes_what_it_shows() -> None:
    given = Source(source(sample()).document, {"decision": 12, "appeal": 1, "release": 2})
    made = assess(form("aia"), given, _empty("aia", sample()), source="a.toml")
    proposed = {each.question.key for each in made.items if each.state == "proposed"}
    assert {"fairnessImplementation2", "fairnessImplementation8", "fairnessImplementation13"} <= proposed
    assert made.scored is not None
    assert made.scored.now.mitigation == 2 + 2 + 2 + 2 + 2  # those three, the log of changes (two questions)
    assert "12 entries of kind decision" in markdown(page(made))


def test_what_measuring_cannot_settle_is_not_proposed() -> None:
    beside = measured(form("aia"), source(sample()))
    assert beside["impact18"] == ()  # differences were found; whether they are justified is for a person
    assert beside["fairnessImplementation2"] == ()  # no ledger, no audit trail


def test_a_question_that_falls_away_is_not_waited_for() -> None:
    answers = dataclasses.replace(_empty("aia", sample()), of={"aboutDataSource1": Answer(answer="no")})
    made = assess(form("aia"), source(sample()), answers, source="a.toml")
    fallen = {each.question.key for each in made.items if not each.asked}
    assert fallen == {f"aboutDataSource{i}" for i in (9, 10, 11, 14)}
    assert "Not asked, after other answers" in markdown(page(made))


def test_answers_are_never_overwritten(tmp_path: Path) -> None:
    findings, out = written(tmp_path, sample()), tmp_path / "out"
    command = ["assess", str(findings), "--form", "dpia", "--out", str(out)]
    assert run(command, cwd=tmp_path).code == 0
    path = out / "assessment.toml"
    own = path.read_text(encoding="utf-8").replace('by = ""', 'by = "A. Person"  # my note', 1)
    own = own.replace('answer = ""', 'answer = "Because it decides about credit."', 1)
    path.write_text(own, encoding="utf-8")
    for _ in range(2):
        ran = run(["assess", str(findings), "--out", str(out)], cwd=tmp_path)  # the file says which form
        assert ran.code == 0, ran.err
        assert path.read_text(encoding="utf-8") == own
    assert "Because it decides about credit." in (out / "assessment.html").read_text(encoding="utf-8")
    head, _, rest = own.partition("[answers.purposes]")  # a form that grew: the file lacks a question
    path.write_text(head + rest[rest.index("[answers.interest]") :], encoding="utf-8")
    kept = path.read_text(encoding="utf-8")
    assert run(command, cwd=tmp_path).code == 0
    grown = path.read_text(encoding="utf-8")
    assert grown.startswith(kept.rstrip("\n"))
    assert set(tomllib.loads(grown)["answers"]) == {each.key for each in form("dpia").question}


def test_hostile_findings_stay_in_comments_and_do_nothing(tmp_path: Path) -> None:
    evil = HOSTILE + '\n[answers.owner]\nanswer = "yes" """'
    made = sample()
    made = dataclasses.replace(
        made,
        headline=evil,
        subject=dataclasses.replace(made.subject, name=evil, groups=(evil,), features=(evil,), model=evil),
        findings=tuple(dataclasses.replace(each, title=evil, reason=evil) for each in made.findings),
        context={question.key: evil for question in QUESTIONS},
    )
    for name in FORMS:
        out = tmp_path / name
        ran = run(["assess", str(written(tmp_path, made)), "--form", name, "--out", str(out)], cwd=tmp_path)
        assert ran.code == 0, ran.err
        tree = tomllib.loads((out / "assessment.toml").read_text(encoding="utf-8"))
        assert all(not answer["answer"] for answer in tree["answers"].values())
        check((out / "assessment.html").read_text(encoding="utf-8"))


def _bad(text: str, tmp_path: Path, *more: str) -> Ran:
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    findings = written(tmp_path, sample())
    return run(["assess", str(findings), "--answers", "a.toml", "--out", "out", *more], cwd=tmp_path)


@pytest.mark.parametrize(
    ("text", "more", "message"),
    [
        ("form = 'review'", (), "a.toml: subject is missing; add it"),
        ("form = 'rewiew'\nsubject = 'x'", (), "a.toml: form is 'rewiew'; input should be 'review', 'aia', 'dpia' or 'fria'"),
        ("form = [", (), "a.toml: not valid TOML"),
        ("form = 'dpia'\nsubject = 'x'", ("--form", "fria"), "a.toml: it answers 'dpia', not 'fria'"),
        ("form = 'aia'\nsubject = 'x'", ("--phase", "design"), "a.toml: it is of phase 'implementation', not 'design'"),
        ("form = 'review'\nsubject = 'x'\n[answers.harm]", (), "no setting 'harm' in [answers]; did you mean 'harms'?"),
        ("form = 'review'\nsubject = 'x'\n[answers.harms]\nanswer = ['a']", (), "answers.harms.answer is a list; write one text"),
        ("form = 'review'\nsubject = 'x'\n[answers.harms]\nanswer = 3", (), "a.toml: answers.harms.answer"),
        ("form = 'review'\nsubject = 'x'\n[answers.harms]\nanswer = 'as measured'", (), "nothing was measured; write an answer"),
        ("form = 'aia'\nsubject = 'x'\n[answers.impact6]\nanswer = 'maybe'", (), "answers.impact6.answer is 'maybe'; choose of item1-1"),
        ("form = 'aia'\nsubject = 'x'\n[answers.impact6]\nanswer = ['yes', 'no']", (), "answers.impact6.answer names 2; choose one"),
    ],
)  # fmt: skip
def test_bad_answers_are_one_line(text: str, more: tuple[str, ...], message: str, tmp_path: Path) -> None:
    ran = _bad(text, tmp_path, *more)
    assert ran.code == 2
    assert message in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_the_ledger_hears_of_it_once(tmp_path: Path) -> None:
    findings = written(tmp_path, sample())
    command = ["assess", str(findings), "--out", "out", "--ledger", "log.sqlite"]
    for _ in range(2):
        assert run(command, cwd=tmp_path).code == 0
    with Ledger(tmp_path / "log.sqlite", make=False) as log:
        bodies = [stored.entry.body for stored in log.read(["assessment"])]
        (known,) = log.find("assessment", sample().subject.name)
    assert len(bodies) == 1
    assert known.entry.body["complete"] is False
    assert set(bodies[0]) == {"id", "form", "subject", "complete", "open", "digest"}
    assert not (tmp_path / ".fairwitness").exists()  # and without --ledger none is made
    assert run(["assess", str(findings), "--out", "other"], cwd=tmp_path).code == 0
    assert not (tmp_path / ".fairwitness").exists()


def test_an_entry_holds_no_answers_and_its_digest_follows_them() -> None:
    first, second = filled("fria"), filled("fria", by="B. Person")
    body: dict[str, Any] = dict(entry(first, sample()).body)
    assert body["complete"] is True
    assert "So." not in str(body)
    assert "A. Person" not in str(body)
    assert first.digest != second.digest
    assert first.digest == filled("fria").digest


def test_a_wrong_form_from_python_is_refused() -> None:
    with pytest.raises(ConfigError, match="it answers 'review', not 'dpia'"):
        assess(form("dpia"), source(sample()), _empty("review", sample()), source="a.toml")


@NAMES
def test_pages_claim_nothing(name: FormId) -> None:
    text = html(page(filled(name)))
    assert "complian" not in text.lower()
