"""The forms: what is asked, of whom, under which clause. Their words are our own; the data files hold them."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files
from typing import Literal

from pydantic import Field

from fairwitness.accountability.assess import aia
from fairwitness.io.settings import SettingsTable, read_toml, validate

FormId = Literal["review", "aia", "dpia", "fria"]
FORMS: tuple[FormId, ...] = ("review", "aia", "dpia", "fria")


class Question(SettingsTable):
    """One question of a form.

    Attributes:
        key: Its name in the answers file.
        section: The heading it stands under.
        asks: The question.
        whom: Who usually knows.
        clause: The text that asks for it; empty in the review.
        context: The audit's own question that answers it, if it asks the same.
        checks: Checks whose findings are put beside it, exact ids or `fairness.*`.
        record: Kinds of ledger entries that are put beside it.
        facts: What the audit knows of its subject that is put beside it; see `assessment.FACTS`.
        drafts: What was measured can stand as the answer, once a person takes it over; else it only stands beside it.
        choices: Of an AIA question: what may be answered.
    """

    key: str
    section: str
    asks: str
    whom: str
    clause: str = ""
    context: str = ""
    checks: tuple[str, ...] = ()
    record: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    drafts: bool = False
    choices: tuple[aia.Choice, ...] = ()
    many: bool = False


class Form(SettingsTable):
    """A form: its name, what it follows, what it may not be taken for."""

    id: FormId
    title: str
    follows: str
    text_version: str
    checked_on: str
    foot: str
    question: tuple[Question, ...] = Field(alias="question")


@cache
def form(name: FormId, phase: aia.Phase = "implementation") -> Form:
    """A form by its name; the AIA's questions follow the project's phase."""
    if name == "aia":
        return _aia(phase)
    with as_file(files("fairwitness.accountability.assess") / "texts" / f"{name}.toml") as path:
        return validate(Form, read_toml(path, missing="install fairwitness again"), source=path.name)


def _aia(phase: aia.Phase) -> Form:
    published = aia.questionnaire()
    return Form(
        id="aia",
        title="Algorithmic Impact Assessment (Canada)",
        follows=f"{published.title}, {published.version}",
        text_version=published.version,
        checked_on=published.checked_on,
        foot=published.foot,
        question=tuple(
            Question(
                key=each.id,
                section=each.section,
                asks=each.asks,
                whom=each.whom,
                clause="lowers the score" if each.mitigates else "raises the score",
                choices=each.choices,
                many=each.many,
                drafts=True,
            )
            for each in aia.questions(phase)
        ),
    )
