"""The answers file: written once, with every question as a comment; from then on it belongs to those who answer.

A later run reads it and writes nothing into it but questions that are new, at its end. So no answer, and no comment
somebody added, is ever changed.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from fairwitness.accountability.assess.aia import Phase
from fairwitness.accountability.assess.forms import Form, FormId, Question
from fairwitness.accountability.pages import Item
from fairwitness.core.errors import ConfigError
from fairwitness.draw import format as fmt
from fairwitness.draw import quote
from fairwitness.io.settings import SettingsTable, read_toml, validate

AS_MEASURED = "as measured"
"""The answer by which a person takes over what was measured, where a question allows it."""


class Answer(SettingsTable):
    """What a person wrote under one question."""

    answer: str | tuple[str, ...] = ""
    by: str = ""
    on: date | str = ""

    @property
    def given(self) -> tuple[str, ...]:
        """The answer's parts, without blanks; empty where it is open."""
        parts = (self.answer,) if isinstance(self.answer, str) else self.answer
        return tuple(" ".join(part.split()) for part in parts if part.strip())


class _File(SettingsTable):
    form: FormId
    subject: str
    phase: Phase = "implementation"
    by: str = ""
    answers: Mapping[str, Answer] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """An answers file as it stands.

    Attributes:
        subject: Fingerprint of what it was answered for.
        phase: Of the project, for Canada's assessment.
        by: Who answered where a question names nobody.
        of: Answers by question key.
    """

    form: FormId
    subject: str
    phase: Phase = "implementation"
    by: str = ""
    of: Mapping[str, Answer] = field(default_factory=dict)


def read(path: Path) -> Answers:
    """An answers file.

    Raises:
        ConfigError: It is not there, not TOML, or a setting is misspelt or of the wrong kind.
    """
    file = validate(_File, read_toml(path, missing="run fairwitness assess to write it"), source=path.name)
    return Answers(form=file.form, subject=file.subject, phase=file.phase, by=file.by, of=file.answers)


def against(answers: Answers, form: Form, *, aside: Collection[str] = (), source: str) -> None:
    """Refuse answers to questions that are not asked, and choices that are not offered.

    Args:
        answers: The file.
        form: What is asked.
        aside: Questions of the project's other phase; their answers may stay in the file.
        source: The file's name.

    Raises:
        ConfigError: The first of them.
    """
    known = {question.key: question for question in form.question}
    for key, answer in answers.of.items():
        if key in known:
            _offered(known[key], answer, source=source)
        elif key not in aside:
            raise ConfigError.unknown_key(key, where="[answers]", source=source, have=known)


def chosen(question: Question, answer: Answer) -> tuple[str, ...]:
    """Ids of the options an answer names, by id or by their words."""
    by_words = {choice.words: choice.id for choice in question.choices}
    return tuple(by_words.get(part, part) for part in answer.given if part != AS_MEASURED)


def _offered(question: Question, answer: Answer, *, source: str) -> None:
    if not question.choices:
        if not isinstance(answer.answer, str):
            raise ConfigError(f"{source}: answers.{question.key}.answer is a list; write one text")
        return
    offered = [choice.id for choice in question.choices]
    for picked in chosen(question, answer):
        if picked not in offered:
            raise ConfigError.bad_value(
                f"answers.{question.key}.answer", picked, source=source, want=f"choose of {', '.join(offered)}"
            )
    if len(answer.given) > 1 and not question.many:
        raise ConfigError(f"{source}: answers.{question.key}.answer names {len(answer.given)}; choose one")


def template(
    form: Form, measured: Mapping[str, tuple[Item, ...]], *, subject: str, name: str, day: str, phase: Phase
) -> str:
    """The file as it is first written.

    Args:
        form: What is asked.
        measured: By question key, what stands beside it.
        subject: Fingerprint of the audited subject.
        name: The subject's name, for the reader.
        day: When it was audited.
        phase: Of the project, for Canada's assessment.
    """
    head = [
        *_comment(f"{form.title}: {name}."),
        "#",
        *_comment(
            "For persons to answer. Write each answer between the quotation marks, and who gave it under `by` (or once "
            "for all, below). An empty answer stays open and is shown as open. Run fairwitness assess again to see the "
            "page; this file is read then, and what stands in it is never changed."
        ),
        *_comment(
            f'Where a question has "proposed" lines (as of {day}), the answer "{AS_MEASURED}" takes over what is '
            "measured at the time; lines marked measured only stand beside it. If model or data change, read the answers again, then set `subject` to the new fingerprint, "
            "which the page names."
        ),
        "",
        f"form = {_string(form.id)}",
        f"subject = {_string(subject)}",
        *([f"phase = {_string(phase)}  # design or implementation"] if form.id == "aia" else []),
        'by = ""',
    ]
    return "\n".join(head) + "\n" + added(form.question, measured)


def added(questions: Iterable[Question], measured: Mapping[str, tuple[Item, ...]]) -> str:
    """Questions as they stand in the file, each with an empty answer."""
    lines: list[str] = []
    section = ""
    for question in questions:
        if question.section != section:
            section = question.section
            lines += ["", "", f"# {'-' * 10} {section}"]
        lines += ["", f"[answers.{question.key}]", *_comment(question.asks)]
        lines += _comment(f"Ask {question.whom}.{f' ({question.clause})' if question.clause else ''}")
        for item in measured.get(question.key, ()):
            verdict = f"{fmt.WORDS[item.verdict]}: " if item.verdict else ""
            lines += _comment(
                f"{'proposed' if question.drafts else 'measured'}: {verdict}{item.text} {item.detail} {item.ref}".rstrip()
            )
        lines += [f"#   {_string(choice.id)}: {choice.words}" for choice in question.choices]
        lines += ["answer = []" if question.many else 'answer = ""', 'by = ""']
    return "\n".join(lines) + "\n"


def _comment(text: str) -> list[str]:
    """Words from data stay inside the comment: no line break survives, and long lines are wrapped."""
    return [f"# {line}" for line in textwrap.wrap(quote.clean(text), width=108)]


def _string(text: str) -> str:
    """A TOML basic string; JSON's escapes are TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
