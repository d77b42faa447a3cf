"""Whether an audit lets a subject through: severities, waivers, and what a baseline already had."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from fairwitness.core.errors import ConfigError, hint
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.core.findings import Document, Evidence, Finding, Gate, Waiver
from fairwitness.engine.config import Config
from fairwitness.engine.settings.verdicts import WaiverSettings


def waive(
    findings: Sequence[Finding], config: Config, *, today: date
) -> tuple[tuple[Finding, ...], tuple[Waiver, ...]]:
    """Findings with the waiver that covers each, and every waiver of the config; an expired one covers nothing."""
    waivers = tuple(_waiver(settings, today) for settings in config.waivers)

    def covering(finding: Finding) -> Waiver | None:
        if finding.verdict not in {Verdict.FAIL, Verdict.UNCERTAIN}:
            return None
        matches = [w for w in waivers if w.check == finding.check and w.about in {"", finding.about}]
        return min(matches, key=lambda waiver: waiver.expired, default=None)  # one in force before one that lapsed

    return tuple(replace(finding, waiver=covering(finding)) for finding in findings), waivers


def check_waivers(config: Config, about: Collection[str | None], *, source: str) -> None:
    """Refuse a waiver of a grouping nothing is measured for: it would cover nothing and look as if it did.

    Raises:
        ConfigError: Its `about` is the name of no grouping or question.
    """
    for waiver in config.waivers:
        if waiver.about and waiver.about not in about:
            have = sorted(name for name in about if name)
            raise ConfigError(f"{source}: waivers about {waiver.about!r}: no such grouping; {hint(waiver.about, have)}")


def compare(findings: Sequence[Finding], baseline: Document | None) -> tuple[Finding, ...]:
    """Mark failures that are no worse than the baseline's beyond doubt, so that only what got worse blocks."""
    if baseline is None:
        return tuple(findings)
    before = {finding.id: finding for finding in baseline.findings}
    return tuple(replace(finding, in_baseline=_no_worse(finding, before.get(finding.id))) for finding in findings)


def gate(findings: Sequence[Finding], config: Config, waivers: tuple[Waiver, ...]) -> Gate:
    """What blocks: failures at or above the level, any error; with `strict` also what is uncertain or unanswered."""
    settings = config.gate

    def blocks(finding: Finding) -> bool:
        if finding.verdict is Verdict.ERROR:
            return True
        if finding.verdict is Verdict.NEEDS_PERSON:
            return settings.strict
        accepted = (finding.waiver is not None and not finding.waiver.expired) or finding.in_baseline
        serious = finding.severity.rank >= settings.fail_on.rank
        weighs = finding.verdict is Verdict.FAIL or (settings.strict and finding.verdict is Verdict.UNCERTAIN)
        return weighs and serious and not accepted

    blocking = tuple(finding.id for finding in findings if blocks(finding))
    expired = tuple(f"waiver:{waiver.check}" for waiver in waivers if waiver.expired)
    return Gate(
        passes=not blocking and not expired,
        fail_on=settings.fail_on,
        strict=settings.strict,
        blocking=(*blocking, *expired),
        waivers=waivers,
        baseline=config.baseline,
    )


def _waiver(settings: WaiverSettings, today: date) -> Waiver:
    return Waiver(
        check=settings.check,
        owner=settings.owner,
        reason=settings.reason,
        expires=settings.expires.isoformat(),
        about=settings.about,
        expired=today > settings.expires,
    )


def _no_worse(now: Finding, before: Finding | None) -> bool:
    """Whether no judged number lies beyond doubt on the worse side of where the baseline had it."""
    if now.verdict is not Verdict.FAIL or before is None or before.verdict is not Verdict.FAIL or now.limit is None:
        return False
    old = {item.name: item for item in before.evidence}
    failing = [item for item in now.evidence if item.verdict is Verdict.FAIL]
    return bool(failing) and all(item.name in old and not _worse(item, old[item.name], now.limit) for item in failing)


def _worse(now: Evidence, before: Evidence, limit: Limit) -> bool:
    """Worse beyond the baseline's own interval: the new point lies past its bad end."""
    if now.value is None:
        return True
    too_high = limit.at_most is not None and (before.high is None or now.value > before.high)
    too_low = limit.at_least is not None and (before.low is None or now.value < before.low)
    return too_high if limit.at_least is None else too_low if limit.at_most is None else too_high or too_low
