"""Canada's Algorithmic Impact Assessment: the published questions that carry weight, and the published score.

The weights and the rules are those of the questionnaire the government publishes; the wording is ours. Questions that
carry no weight (free text, and choices of weight zero that decide nothing) are left to the published tool.

Source:
    canada-ca/aia-eia-js: src/survey-enfr.json and src/store.ts, `calculateFinalScore`, version 1.0.1 (MIT licence);
    Directive on Automated Decision-Making, Treasury Board of Canada.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import Literal

from fairwitness.io.settings import SettingsTable, read_toml, validate

Phase = Literal["design", "implementation"]
Given = Mapping[str, tuple[str, ...]]
"""Chosen options by question id; a question that is not there, or has none, is open."""

PHASES: tuple[Phase, ...] = ("design", "implementation")
LEVELS = ("I", "II", "III", "IV")


class Choice(SettingsTable):
    """One answer: the published id, whose last number is its weight, and our words for it."""

    id: str
    words: str

    @property
    def weight(self) -> int:
        _, dash, number = self.id.rpartition("-")
        return int(number) if dash and number.isdigit() else 0


class AiaQuestion(SettingsTable):
    """One published question.

    Attributes:
        id: Its published name; `{phase}` stands for Design or Implementation.
        choices: What may be answered.
        many: Several may be chosen, and their weights add.
        mitigates: It counts to the mitigation score, not to the raw score.
        when: It is asked only if one of these options is chosen at another question.
    """

    id: str
    section: str
    asks: str
    whom: str
    choices: tuple[Choice, ...]
    many: bool = False
    mitigates: bool = False
    when: Mapping[str, tuple[str, ...]] = {}

    @property
    def most(self) -> int:
        weights = [choice.weight for choice in self.choices]
        return sum(weights) if self.many else max(weights)

    @property
    def least(self) -> int:
        return 0 if self.many else min(choice.weight for choice in self.choices)


class Row(SettingsTable):
    """A question as the data file holds it: `yes = 3` and `no = 2` are short for the two options and their weights."""

    id: str
    asks: str
    whom: str
    yes: int | None = None
    no: int | None = None
    choices: Mapping[str, str] = {}
    many: bool = False
    when: Mapping[str, tuple[str, ...]] = {}

    def options(self) -> tuple[Choice, ...]:
        said = dict(self.choices)
        if self.yes is not None or self.no is not None:
            said = {f"item1-{self.yes or 0}": "yes", f"item2-{self.no or 0}": "no", **said}
        return tuple(Choice(id=key, words=words) for key, words in said.items())


class Block(SettingsTable):
    """Questions under one published heading."""

    section: str
    mitigates: bool = False
    question: tuple[Row, ...]


class Questionnaire(SettingsTable):
    """The published questionnaire, as far as it carries weight."""

    title: str
    version: str
    source: str
    checked_on: str
    foot: str
    block: tuple[Block, ...]


@cache
def questionnaire() -> Questionnaire:
    """The data file."""
    with as_file(files("fairwitness.accountability.assess") / "texts" / "aia.toml") as path:
        return validate(Questionnaire, read_toml(path, missing="install fairwitness again"), source=path.name)


@cache
def questions(phase: Phase) -> tuple[AiaQuestion, ...]:
    """The questions of a phase; those on mitigation are asked of plans in design and of facts in implementation."""

    def named(text: str) -> str:
        return text.replace("{phase}", phase.capitalize())

    return tuple(
        AiaQuestion(
            id=named(row.id),
            section=block.section,
            asks=row.asks,
            whom=row.whom,
            choices=row.options(),
            many=row.many,
            mitigates=block.mitigates,
            when={named(key): chosen for key, chosen in row.when.items()},
        )
        for block in questionnaire().block
        for row in block.question
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The published figures: sums, their greatest possible values, the final score and the impact level (1 to 4)."""

    raw: int
    most_raw: int
    mitigation: int
    most_mitigation: int
    total: int
    level: int

    @property
    def reduced(self) -> bool:
        """Whether mitigation was enough for the reduction."""
        return _enough(self.mitigation, self.most_mitigation)


def rated(raw: int, mitigation: int, *, most_raw: int, most_mitigation: int) -> Score:
    """The published rule: 15 % off from 80 % of the mitigation on, levels at quarters of the greatest raw score.

    Args:
        raw: Sum of weights of the chosen answers that raise the score, `0 <= raw <= most_raw`.
        mitigation: Sum of weights of those that lower it, `0 <= mitigation <= most_mitigation`.
        most_raw: Greatest possible raw score.
        most_mitigation: Greatest possible mitigation score of one phase. The published tool adds up both phases and
            halves, because a project answers one of them; the phases carry the same weights.

    Returns:
        The score; `total` is `raw`, or 0.85 times it to the nearest whole number, halves up. The level is I up to and
        with 25 % of `most_raw`, II to 50 %, III to 75 %, IV above.

    Source:
        canada-ca/aia-eia-js 1.0.1, src/store.ts, `calculateFinalScore`.
    """
    total = (85 * raw + 50) // 100 if _enough(mitigation, most_mitigation) else raw
    level = next((i for i in (1, 2, 3) if 4 * total <= i * most_raw), 4)
    return Score(
        raw=raw,
        most_raw=most_raw,
        mitigation=mitigation,
        most_mitigation=most_mitigation,
        total=total,
        level=level,
    )


def _enough(mitigation: int, most_mitigation: int) -> bool:
    return 10 * mitigation >= 8 * most_mitigation


def asked(question: AiaQuestion, given: Given) -> bool | None:
    """Whether a question is asked, after the answers so far; None: that hangs on a question that is open."""
    for key, wanted in question.when.items():
        chosen = given.get(key, ())
        if not chosen:
            return None
        if not set(chosen) & set(wanted):
            return False
    return True


def score(phase: Phase, given: Given) -> Score:
    """The score as the published tool would show it now: an open question counts nothing."""
    return _scored(phase, given, lambda question, sure: 0)  # noqa: ARG005 - the shape of the other two


def bounds(phase: Phase, given: Given) -> tuple[Score, Score]:
    """The lowest and the highest final score that the open questions still allow.

    Fewer points, or more mitigation, never give a higher final score, so the two ends are found at the best and at the
    worst answer to everything open.
    """

    def best(question: AiaQuestion, sure: bool) -> int:  # noqa: FBT001 - called by one function, in place
        return question.most if question.mitigates else question.least if sure else 0

    def worst(question: AiaQuestion, sure: bool) -> int:  # noqa: ARG001, FBT001 - as above
        return 0 if question.mitigates else question.most

    return _scored(phase, given, best), _scored(phase, given, worst)


def _scored(phase: Phase, given: Given, unanswered: Callable[[AiaQuestion, bool], int]) -> Score:
    """Sums over a phase; `unanswered` gives the points of an open question, told whether it is surely asked."""
    sums = {False: 0, True: 0}
    most = {False: 0, True: 0}
    for question in questions(phase):
        counts = asked(question, given)
        chosen = given.get(question.id, ())
        if counts is False:
            points = 0
        elif counts and chosen:
            points = sum(choice.weight for choice in question.choices if choice.id in chosen)
        else:
            points = unanswered(question, counts is True)
        sums[question.mitigates] += points
        most[question.mitigates] += question.most
    return rated(sums[False], sums[True], most_raw=most[False], most_mitigation=most[True])
