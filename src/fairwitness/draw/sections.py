"""A document's findings by verdict, in the order every surface shows them."""

from __future__ import annotations

from dataclasses import dataclass

from fairwitness.core.estimate import Verdict
from fairwitness.core.findings import Document, Finding
from fairwitness.core.registry import PILLARS


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """A document's findings by verdict, each most severe first, then by pillar and id."""

    fails: tuple[Finding, ...]
    uncertain: tuple[Finding, ...]
    explored: tuple[Finding, ...]
    person: tuple[Finding, ...]
    errors: tuple[Finding, ...]
    not_applicable: tuple[Finding, ...]
    passes: tuple[Finding, ...]

    @property
    def judged(self) -> int:
        return len(self.fails) + len(self.uncertain) + len(self.passes)

    @property
    def not_looked(self) -> int:
        """Checks that say nothing about the subject: they did not apply, or they broke."""
        return len(self.errors) + len(self.not_applicable)


def sections(document: Document) -> Sections:
    pillars = list(PILLARS)

    def place(finding: Finding) -> tuple[int, int, str]:
        pillar = pillars.index(finding.pillar) if finding.pillar in pillars else len(pillars)
        return (-finding.severity.rank, pillar, finding.id)

    def of(verdict: Verdict) -> tuple[Finding, ...]:
        return tuple(sorted((each for each in document.findings if each.verdict is verdict), key=place))

    return Sections(
        fails=of(Verdict.FAIL),
        uncertain=of(Verdict.UNCERTAIN),
        explored=of(Verdict.EXPLORED),
        person=of(Verdict.NEEDS_PERSON),
        errors=of(Verdict.ERROR),
        not_applicable=of(Verdict.NOT_APPLICABLE),
        passes=of(Verdict.PASS),
    )
