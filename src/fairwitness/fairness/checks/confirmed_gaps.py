"""Gaps of every attribute and rate at once: confirmed, suspected, and how small the others are certified to be."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.core.asks import Ask, TallyAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import listed, plural
from fairwitness.fairness.at_once import Line, ask, asked, together
from fairwitness.fairness.attributes import MOST_LINES


class ConfirmedGaps:
    info = CheckInfo(
        id="fairness.confirmed-gaps",
        title="No gap between groups is confirmed when all are looked at together",
        failure_title="Gaps between groups are confirmed when all are looked at together",
        measures=(
            "For every attribute and rate (selection, true- and false-positive, accuracy) whether groups differ at all: over "
            "what the settings name with the chance of a single false alarm held down (Holm), over every other crossing with "
            "the share of false ones held down (Benjamini-Hochberg). Of what is named, also the margin that all pairs are "
            "certified to keep."
        ),
        does_not_show=(
            "Whether a gap is too wide: with many people a gap of no account is confirmed too, and the limits of the other "
            "findings judge. That no gap is confirmed does not show that there is none; the margin certified does."
        ),
        advice="Begin with what is confirmed and wide. Name a crossing that is suspected, and judge it on new rows.",
        needs=frozenset({"groups", "decisions"}),
        sources=(
            "Holm 1979, Scandinavian Journal of Statistics 6(2):65-70",
            "Benjamini and Hochberg 1995, JRSS B 57(1):289-300; rates of one attribute depend on one another positively",
            "Berger 1982, Technometrics 24(4):295-300, and Schuirmann 1987, on showing that differences are small",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        found = [ask(grouping, rate) for grouping in outline.groupings for rate in asked(outline)]
        return list(dict.fromkeys(found)) or NotApplicable(
            "it needs to know which outcome is good for the person, or positive", "favorable"
        )

    def run(self, given: Given, options: NoOptions) -> Outcome:
        wanted = self.asks(given.outline, None, options)
        if isinstance(wanted, NotApplicable):
            return wanted
        tallies = {each: given[each] for each in wanted if isinstance(each, TallyAsk)}
        found = together(given.outline, tallies, level=given.level, rng=given.rng)
        named = [line for line in found if line.grouping.named]
        if not named:
            return NotApplicable("no attribute has two groups with people in them; a gap needs two")
        explored = [line for line in found if not line.grouping.named]
        return Measured(
            headline=_headline(named, explored, given),
            lead=_lead(named, given),
            explored=(_table(found, given),),
            notes=(f"the table has the first {MOST_LINES} of {len(found)} lines",) if len(found) > MOST_LINES else (),
        )


def _firm(lines: Sequence[Line], given: Given) -> list[Line]:
    return [line for line in lines if line.adjusted < 1 - given.level]


def _headline(named: Sequence[Line], explored: Sequence[Line], given: Given) -> str:
    firm, crossed = _firm(named, given), _firm(explored, given)
    verb = "is" if len(firm) < 2 else "are"
    told = f"{len(firm) or 'None'} of {plural(len(named), 'gap')} by what the settings name {verb} confirmed"
    return told + (f", {len(crossed) or 'none'} of {len(explored)} by other crossings suspected" if explored else "")


def _lead(named: Sequence[Line], given: Given) -> str:
    firm = sorted(_firm(named, given), key=lambda line: -line.gap)
    sentences = []
    if firm:
        shown = [f"{line.rate} by {line.grouping.name} ({fmt.number(line.gap, 'points')})" for line in firm]
        sentences.append(f"Confirmed, the widest observed first: {listed(shown)}.")
    margins = {line.rate: [each.within for each in named if each.rate == line.rate] for line in named}
    told = {rate: max(w for w in known if w is not None) for rate, known in margins.items() if None not in known}
    if told:
        kept = [f"{rate} {fmt.number(margin, 'points')}" for rate, margin in told.items()]
        sentences.append(
            f"Certified at {fmt.level(given.level)}, all at once: whichever two named groups are compared, the true gap is at "
            f"most, of {listed(kept)}."
        )
    return " ".join(sentences)


def _table(found: Sequence[Line], given: Given) -> Series:
    """What is named first, then by what is firmest."""
    shown = sorted(found, key=lambda line: (not line.grouping.named, line.adjusted, -line.gap))[:MOST_LINES]

    def reading(line: Line) -> str:
        if line.adjusted >= 1 - given.level:
            return "not told from chance"
        return "confirmed" if line.grouping.named else "suspected"

    return Series(
        title="All gaps together",
        columns={
            "rate": tuple(line.rate for line in shown),
            "by": tuple(line.grouping.name for line in shown),
            "widest gap": tuple(line.gap for line in shown),
            "p": tuple(line.p for line in shown),
            "p, adjusted": tuple(line.adjusted for line in shown),
            "held together by": tuple("Holm" if line.grouping.named else "Benjamini-Hochberg" for line in shown),
            "reading": tuple(reading(line) for line in shown),
            "certified within": tuple(line.within for line in shown),
        },
        units={"widest gap": "points", "certified within": "points"},
    )
