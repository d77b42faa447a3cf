"""A form, the answers persons gave, and what was measured, put together: what is answered, what is open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fairwitness.accountability.assess import aia
from fairwitness.accountability.assess.answers import AS_MEASURED, Answer, Answers, against, chosen
from fairwitness.accountability.assess.forms import Form, Question
from fairwitness.accountability.assess.proposals import Proposal, proposals
from fairwitness.accountability.cards import common
from fairwitness.accountability.evidence import Source, found
from fairwitness.accountability.pages import Item, State
from fairwitness.core.digest import digest
from fairwitness.core.errors import ConfigError
from fairwitness.core.findings import Document
from fairwitness.core.roles import ROLES
from fairwitness.draw import format as fmt

MOST = 8  # measured lines beside one question
DONE: frozenset[State] = frozenset({"answered", "confirmed"})


def _roles(document: Document) -> str:
    held = [f"{role.words} {', '.join(document.roles[role.key])}" for role in ROLES if document.roles.get(role.key)]
    return f"Roles: {'; '.join(held)}." if held else ""


FACTS: dict[str, Callable[[Document], str]] = {
    "decides": lambda d: f"The audit judged {common.rows_of(d)}.",
    "model": lambda d: f"Model: {d.subject.model}." if d.subject.model else "",
    "people": lambda d: f"Each row is about {d.subject.people}.",
    "groups": lambda d: f"Sensitive attributes in the audit: {common.listed(d.subject.groups, none='none declared')}.",
    "features": lambda d: f"It reads {common.listed(d.subject.features)}." if d.subject.features else "",
    "withheld": lambda d: f"Kept from it: {common.listed(d.subject.withheld)}." if d.subject.withheld else "",
    "rows": lambda d: f"{fmt.number(d.subject.rows, 'rows')} of {fmt.count(d.subject.columns)} columns.",
    "roles": _roles,
    "gate": lambda d: f"The audit's gate is {'open' if d.gate.passes else 'closed'}.",
}
"""What the audit knows of its subject, by the name forms use; an empty sentence is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One question with its state; `answer` and `by` as a reader sees them."""

    question: Question
    state: State
    answer: str
    by: str
    measured: tuple[Item, ...]
    asked: bool = True  # False: other answers make it fall away


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Canada's score, and how far it can still move."""

    now: aia.Score
    low: aia.Score
    high: aia.Score
    proposed: int  # answers that count and that nobody has confirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """A form filled in as far as it is.

    Attributes:
        stale: It was answered for another subject than the audit's.
        complete: A person stands behind every question that is asked, for this subject.
        digest: Of the answers and of what was measured beside them.
    """

    form: Form
    document: Document
    items: tuple[Answered, ...]
    stale: bool
    scored: Scored | None = None

    @property
    def asked(self) -> tuple[Answered, ...]:
        return tuple(item for item in self.items if item.asked)

    @property
    def open(self) -> tuple[Answered, ...]:
        return tuple(item for item in self.asked if item.state not in DONE)

    @property
    def complete(self) -> bool:
        return not self.open and not self.stale

    @property
    def digest(self) -> str:
        return digest(self.form.id, self.document.subject.fingerprint, self.items, self.scored)


def measured(form: Form, given: Source) -> dict[str, tuple[Item, ...]]:
    """What stands beside each question of a form; every line names its finding."""
    proposed = proposals(given) if form.id == "aia" else {}
    return {question.key: _beside(question, given, proposed) for question in form.question}


def _beside(question: Question, given: Source, proposed: Mapping[str, Proposal]) -> tuple[Item, ...]:
    if question.key in proposed:
        return (Item(text=proposed[question.key].words), *proposed[question.key].because)
    facts = (FACTS[name](given.document) for name in question.facts)
    lines = (
        *(Item(text=words) for words in facts if words),
        *found(given, checks=question.checks, record=question.record),
    )
    rest = len(lines) - MOST
    return (*lines[:MOST], Item(text=f"and {fmt.count(rest)} more in findings.json")) if rest > 0 else lines


def assess(form: Form, given: Source, answers: Answers, *, source: str) -> Assessment:
    """Put a form, its answers and an audit together.

    Args:
        form: What is asked.
        given: The audit and its record.
        answers: The answers file.
        source: Its name, for messages.

    Raises:
        ConfigError: The file answers another form, a question that is not asked, or what was not measured.
    """
    if answers.form != form.id:
        raise ConfigError(
            f"{source}: it answers {answers.form!r}, not {form.id!r}; give --form {answers.form}, or another --answers"
        )
    aside = {each.id for phase in aia.PHASES for each in aia.questions(phase)} if form.id == "aia" else set()
    against(answers, form, aside=aside, source=source)
    beside = measured(form, given)
    proposed = proposals(given) if form.id == "aia" else {}
    options = {
        question.key: _options(question, answers.of.get(question.key), proposed.get(question.key))
        for question in form.question
    }
    fallen = {key for key, asked in _asked(form, answers, options).items() if asked is False}
    items = tuple(
        _answered(
            question,
            answers,
            beside[question.key],
            context=given.document.context,
            fallen=question.key in fallen,
            source=source,
        )
        for question in form.question
    )
    return Assessment(
        form=form,
        document=given.document,
        items=items,
        stale=answers.subject != given.document.subject.fingerprint,
        scored=_scored(answers, options, items) if form.id == "aia" else None,
    )


def _options(question: Question, answer: Answer | None, proposal: Proposal | None) -> tuple[str, ...]:
    """Options that count: a person's, else those proposed by what was measured."""
    picked = chosen(question, answer) if answer else ()
    return picked or (proposal.options if proposal else ())


def _asked(form: Form, answers: Answers, options: Mapping[str, tuple[str, ...]]) -> dict[str, bool | None]:
    if form.id != "aia":
        return {}
    return {each.id: aia.asked(each, options) for each in aia.questions(answers.phase)}


def _answered(
    question: Question,
    answers: Answers,
    beside: tuple[Item, ...],
    *,
    context: Mapping[str, str],
    fallen: bool,
    source: str,
) -> Answered:
    own = answers.of.get(question.key, Answer())
    by = " ".join((own.by or answers.by).split())
    words = {choice.id: choice.words for choice in question.choices}
    text = "; ".join(words.get(part, part) for part in own.given)
    told = " ".join(context.get(question.context, "").split())
    drafted = question.drafts and bool(beside)
    state: State
    if own.given == (AS_MEASURED,):
        if not drafted:
            raise ConfigError(
                f"{source}: answers.{question.key} is {AS_MEASURED!r}, and nothing was measured; write an answer"
            )
        state, text = ("confirmed" if by else "unnamed"), "As measured."
    elif text:
        state = "answered" if by else "unnamed"
    elif told:
        state, text, by = "answered", told, "in the audit's settings"
    else:
        state, by = ("proposed" if drafted else "open"), ""
    day = f", {own.on}" if own.on and by else ""
    return Answered(question=question, state=state, answer=text, by=f"{by}{day}", measured=beside, asked=not fallen)


def _scored(answers: Answers, options: Mapping[str, tuple[str, ...]], items: tuple[Answered, ...]) -> Scored:
    phase = answers.phase
    given = {key: picked for key, picked in options.items() if picked}
    low, high = aia.bounds(phase, given)
    return Scored(
        now=aia.score(phase, given),
        low=low,
        high=high,
        proposed=sum(item.asked and item.state == "proposed" and item.question.key in given for item in items),
    )
