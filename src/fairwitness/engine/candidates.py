"""Which sets of remedies are worth a try: those named, with their strengths, or those that failing findings name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from fairwitness.core import registry
from fairwitness.core.blueprint import POST, ConflictError, check_conflicts
from fairwitness.core.comparison import Applied
from fairwitness.core.digest import digest
from fairwitness.core.errors import ConfigError
from fairwitness.core.findings import Document
from fairwitness.core.remedy import RemedyInfo
from fairwitness.draw.sections import sections
from fairwitness.engine.config import Config
from fairwitness.engine.settings.model import RemedySettings

MOST_PAIRS = 4
"""Pairs of remedies that are tried by themselves; more are named by hand."""

Scalar = bool | int | float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Remedies that go together, put upon those that the config has already."""

    remedies: tuple[RemedySettings, ...]

    @property
    def applied(self) -> tuple[Applied, ...]:
        return tuple(Applied(remedy=each.remedy, by=each.by, options=dict(each.options)) for each in self.remedies)

    @property
    def training(self) -> str | None:
        """Digest of what a model must be trained for; None where the parent's own model serves."""
        trained = [each.model_dump(mode="json") for each in self.remedies if info(each.remedy).acts not in POST]
        return digest(trained) if trained else None

    @property
    def choice(self) -> tuple[str, ...]:
        """Each remedy as `parse` reads it."""
        return tuple(
            ":".join(
                [each.remedy, *([f"by={each.by}"] if each.by else []), *(f"{k}={v}" for k, v in each.options.items())]
            )
            for each in self.remedies
        )

    @property
    def words(self) -> str:
        return " + ".join(each.remedy for each in self.remedies)

    def put_on(self, config: Config) -> Config:
        """The config of the child."""
        both = (*config.model.remedies, *self.remedies)
        return config.model_copy(update={"model": config.model.model_copy(update={"remedies": both})})


def info(name: str) -> RemedyInfo:
    return registry.remedy(name, source="--remedy").info


def parse(text: str, config: Config) -> RemedySettings:
    """A remedy as it is named on the command line: `ID`, `ID:by=race`, `ID:by=race:strength=0.5`.

    Where it looks at a group and none is named, it is the only one there is.

    Raises:
        ConfigError: There is no such remedy, or a part of it is no `name=value`.
    """
    name, *rest = re.split(r":(?=[\w-]+=)", text)
    if ":" in name:
        raise ConfigError(f"--remedy {text}: {name.partition(':')[2]!r} is no name=value; a group is named by=GROUP")
    info(name)
    options: dict[str, Scalar] = {}
    for part in rest:
        key, _, value = part.partition("=")
        options[key] = _scalar(value)
    groups = config.subject.groups
    by = options.pop("by", groups[0] if info(name).by_group and len(groups) == 1 else None)
    return RemedySettings(remedy=name, by=None if by is None else str(by), options=options)


def named(remedies: Sequence[RemedySettings]) -> list[Candidate]:
    """All of them together, at each strength of those whose strength was not given."""
    return [Candidate(remedies=tuple(each)) for each in product(*(list(_strengths(one)) for one in remedies))]


def answering(
    document: Document, config: Config, *, group_at_decision: bool
) -> tuple[list[Candidate], list[tuple[Candidate, str]]]:
    """What the failing findings name: each remedy alone, then in pairs, then at other strengths; and what is left out, and why.

    Args:
        document: The parent's findings.
        config: The parent's.
        group_at_decision: Whether remedies that read the group when they decide may be tried.
    """
    wanted: dict[str, RemedySettings] = {}
    refused: dict[str, tuple[Candidate, str]] = {}
    for finding in sections(document).fails:
        for name in finding.remedies:
            about = info(name)
            by = (finding.about or next(iter(config.subject.groups), None)) if about.by_group else None
            settings = RemedySettings(remedy=name, by=by)
            key = digest(settings.model_dump(mode="json"))
            why = _left_out(about, document, by, group_at_decision=group_at_decision)
            if why:
                refused.setdefault(key, (Candidate(remedies=(settings,)), why))
            else:
                wanted.setdefault(key, settings)
    singles = [Candidate(remedies=(each,)) for each in wanted.values()]
    pairs = [Candidate(remedies=pair) for pair in combinations(wanted.values(), 2) if _together(pair)]
    stronger = [other for each in wanted.values() for other in named([each])]
    return [*singles, *pairs[:MOST_PAIRS], *stronger], list(refused.values())


def within(candidates: Iterable[Candidate], budget: int) -> tuple[list[Candidate], int]:
    """Those that need no more trained models than the budget allows, each once; and how many are left."""
    kept: dict[str, Candidate] = {}
    trained: set[str] = set()
    left = 0
    for each in candidates:
        key = each.training
        if key is not None and key not in trained and len(trained) >= budget:
            left += 1
            continue
        trained |= {key} if key is not None else set()
        kept.setdefault(digest([one.model_dump(mode="json") for one in each.remedies]), each)
    return list(kept.values()), left


def _strengths(settings: RemedySettings) -> Iterable[RemedySettings]:
    about = info(settings.remedy)
    if about.strength is None or about.strength[0] in settings.options:
        yield settings
        return
    option, values = about.strength
    for value in values:
        yield settings.model_copy(update={"options": {**settings.options, option: value}})


def _left_out(about: RemedyInfo, document: Document, by: str | None, *, group_at_decision: bool) -> str:
    if about.tasks is not None and document.subject.task not in about.tasks:
        return f"for {' and '.join(sorted(about.tasks))} tasks"
    if about.by_group and by is None:
        return "needs a group"
    if about.reads_group and not group_at_decision:
        return "reads the group when it decides, which the law may forbid; --group-at-decision tries it"
    return ""


def _together(pair: Sequence[RemedySettings]) -> bool:
    """Whether two act at different times and may be combined; each half of such a pair helps where the other cannot."""
    kinds = [info(each.remedy).acts for each in pair]
    try:
        check_conflicts(zip([each.remedy for each in pair], kinds, strict=True))
    except ConflictError:
        return False
    return kinds[0] != kinds[1] and pair[0].by in {pair[1].by, None}


def _scalar(text: str) -> Scalar:
    if text in {"true", "false"}:
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def needed(candidates: Sequence[Candidate], offers: frozenset[str]) -> None:
    """Refuse a remedy that asks for what the subject does not have.

    Raises:
        ConfigError: The first such remedy, with what it needs.
    """
    from fairwitness.engine.plan import LACKING  # the words of needs

    for each in candidates:
        for one in each.remedies:
            missing = sorted(info(one.remedy).needs - offers)
            if missing:
                raise ConfigError(f"--remedy {one.remedy}: needs {LACKING[missing[0]]}")
