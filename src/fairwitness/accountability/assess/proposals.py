"""Answers to Canada's questions that an audit and its record propose, each naming what it rests on.

A proposal counts in the score until a person answers, and is shown as unconfirmed. Where measuring cannot settle a
question (whether a difference is justified), nothing is proposed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fairwitness.accountability.assess import aia
from fairwitness.accountability.evidence import Source, found, matching
from fairwitness.accountability.pages import Item, items
from fairwitness.core.columns import CROSS
from fairwitness.core.estimate import Verdict
from fairwitness.core.findings import Finding

MOST = 3  # findings named under one proposal
BIAS_CHECKS = (
    *("data.under-representation", "data.label-rate-gap", "data.missingness-gap", "data.group-imbalance"),
    *("data.proxies", "data.small-intersections"),
)
BY_GROUP = ("fairness.*",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Options that what was measured speaks for, in words, and the findings it rests on."""

    options: tuple[str, ...]
    words: str
    because: tuple[Item, ...]


def proposals(given: Source) -> dict[str, Proposal]:
    """Every proposal an audit and its record allow, by question id, for both phases."""
    made: dict[str, Proposal] = {}
    for key, (option, words, because) in _RULES.items():
        lines = because(given)
        if lines:
            for phase in aia.PHASES:
                made[key.replace("{phase}", phase.capitalize())] = Proposal(
                    options=(option,), words=f"{words[:1].upper()}{words[1:]}", because=lines
                )
    return made | _judged(given)


def _lines(findings: Iterable[Finding]) -> tuple[Item, ...]:
    return items(tuple(findings), most=MOST)


def _checks(*checks: str) -> Callable[[Source], tuple[Item, ...]]:
    return lambda given: _lines(matching(given.document, checks))


def _record(*kinds: str) -> Callable[[Source], tuple[Item, ...]]:
    return lambda given: found(given, record=kinds)


def _context(key: str) -> Callable[[Source], tuple[Item, ...]]:
    return lambda given: found(given, context=(key,))


def _crossed(given: Source) -> tuple[Item, ...]:
    """Findings about people by several attributes at once."""
    looked = matching(given.document, ("*",))
    return _lines(each for each in looked if CROSS in (each.about or "") or each.check == "data.small-intersections")


def _remedied(given: Source) -> tuple[Item, ...]:
    parent = given.document.subject.parent
    told = (Item(text="The audited model is one that a remedy changed", ref=f"parent {parent[:16]}"),) if parent else ()
    return (*told, *found(given, record=("remedy",)))


def _decided_or_appealed(given: Source) -> tuple[Item, ...]:
    return (*found(given, context=("appeal_contact",)), *found(given, record=("appeal",)))


def _learned(given: Source) -> tuple[Item, ...]:
    card = given.document.subject
    return (
        (Item(text=f"The decisions judged are those of a trained model: {card.model}"),)
        if (card.decisions_from == "model" and card.model)
        else ()
    )


_RULES: dict[str, tuple[str, str, Callable[[Source], tuple[Item, ...]]]] = {
    "aboutSystem6": ("item1-0", "yes; somebody is named", _context("owner")),
    "aboutAlgorithm3": ("item2-1", "patterns a model found in data", _learned),
    "aboutAlgorithm11": ("item1-0", "yes; the audit looked for proxies", _checks("data.proxies")),
    "dataQuality{phase}1": ("item1-3", "yes; the audit tested the data for bias", _checks(*BIAS_CHECKS)),
    "dataQuality{phase}5": ("item1-2", "yes; the audit looked at crossed attributes", _crossed),
    "fairness{phase}2": ("item1-2", "yes; decisions are in the ledger", _record("decision")),
    "fairness{phase}8": ("item1-2", "yes; each decision in the ledger binds its model", _record("decision")),
    "fairness{phase}4": ("item1-2", "yes; corrections are in the ledger", _record("correction")),
    "fairness{phase}5": (
        "item1-2",
        "yes; releases and training runs are in the ledger",
        _record("release", "training"),
    ),
    "fairness{phase}16": ("item1-2", "yes; releases and alerts are in the ledger", _record("release", "alert")),
    "fairness{phase}13": ("item1-2", "yes; there is a place to turn", _decided_or_appealed),
    "fairness{phase}18": ("item1-2", "yes; a remedy was applied and audited", _remedied),
    "fairness{phase}24": ("item1-2", "yes; monitoring is recorded", _record("alert")),
}
"""Question to option, words, and what it rests on; with nothing to rest on there is no proposal."""


def _judged(given: Source) -> dict[str, Proposal]:
    """Proposals whose answer follows from a verdict."""
    made: dict[str, Proposal] = {}

    def add(key: str, option: str, words: str, findings: Iterable[Finding]) -> None:
        made[key] = Proposal(options=(option,), words=f"{words[:1].upper()}{words[1:]}", because=_lines(findings))

    fair = [each for each in matching(given.document, BY_GROUP) if each.verdict is not Verdict.EXPLORED]
    if fair and all(each.verdict is Verdict.PASS for each in fair):
        add("impact18", "item2-0", "examined, no differences beyond the audit's limits", fair)
    worse = [each for each in fair if each.verdict is Verdict.FAIL]
    if worse:
        add("impact23", "item1-1", "yes; some groups fare worse", worse)
    represented = matching(given.document, ("data.under-representation",))
    if represented:
        worst = represented[0].verdict  # the failing come first
        option, words = {
            Verdict.FAIL: ("item2-2", "no"),
            Verdict.PASS: ("item1-0", "yes, for the groups the audit names"),
        }.get(worst, ("item3-1", "not sure"))
        add("aboutDataSource15", option, words, represented)
    biased = [each for each in matching(given.document, BIAS_CHECKS) if each.verdict is Verdict.FAIL]
    if biased:
        add("aboutDataSource16", "item1-2", "yes; the audit found some", biased)
    used = sorted(set(given.document.subject.groups) & set(given.document.subject.features))
    if given.document.subject.features:
        option, words = ("item1-2", f"yes; it reads {', '.join(used)}") if used else ("item2-0", "no; none is read")
        made["aboutAlgorithm9"] = Proposal(
            options=(option,),
            words=f"{words[:1].upper()}{words[1:]}",
            because=(Item(text="By the audit's list of sensitive attributes and of features", ref="subject"),),
        )
    return made
