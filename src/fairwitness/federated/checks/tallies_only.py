"""Whether sites that send counts only would be audited as all their rows together are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from fairwitness.core.asks import Ask, TallyAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome
from fairwitness.core.columns import MISSING
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, label, listed, plural

if TYPE_CHECKING:
    from fairwitness.federated.sites import Outcome as Counted
    from fairwitness.federated.tallies import Cell, Range, Sent

SHOWN = 24
"""Sites, and groups, that a table lists."""

TOLD = 0.05
"""How far a group's rate may lie from that of all rows, as far as counts tell, to count as told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TallyOptions:
    """Who the sites are, and what they keep back.

    Attributes:
        site: Column that says who holds a row; empty: rows are dealt out to `clients`.
        clients: How many, where no column says it.
        least: The smallest count that leaves a site; 0 keeps nothing back.
        epsilon: Budget of a site for noise on every count, in place of keeping small ones back; 0 for none.
    """

    site: str = ""
    clients: int = 4
    least: int = 5
    epsilon: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.clients, int) or not 2 <= self.clients <= 100:
            raise ValueError(f"clients is {self.clients}; it must be a whole number from 2 to 100")
        if not isinstance(self.least, int) or not 0 <= self.least <= 1000:
            raise ValueError(f"least is {self.least}; it must be a whole number from 0 to 1,000")
        if not 0 <= self.epsilon <= 50:
            raise ValueError(f"epsilon is {self.epsilon}; it must be a number from 0 to 50")


class TalliesOnly:
    info = CheckInfo(
        id="federated.tallies-only",
        title="Sites that send counts only are audited as their rows together are",
        failure_title="Counts that sites send do not add up to the audit of all rows",
        measures=(
            "Groups of at least 30 people whose rate, as far as what sites send tells, may lie more than 5 points from the "
            "audit of all rows. Each site counts its own rows and keeps small counts back. A group whose counts contradict "
            "those of all rows fails the check; one of which too much was kept back leaves it uncertain. Beside it, how "
            "much wider the intervals of rates become by what is kept back."
        ),
        does_not_show=(
            "That sites which really keep their rows apart name categories alike: here all rows come from one table, so a "
            "contradiction is a fault of counting. Nor that counts give nobody away: a small count is kept back together "
            "with others, so that no total gives it away, but who knows most people of a site, or compares two audits of "
            "it, may still learn of one. Noise (epsilon) is the answer to that. Where rows are dealt out by chance nothing "
            "is judged but contradictions."
        ),
        advice=(
            "Let sites count coarser groups, or several small sites count together, or settle with them on a smaller least "
            "count. Where counts contradict, find the site whose categories are named or read otherwise than elsewhere."
        ),
        needs=frozenset({"rows", "groups", "decisions"}),
        limit=Limit(at_most=0.0),
        severity=Severity.MEDIUM,
        sources=(
            "Hundepool et al. 2012, Statistical Disclosure Control, Wiley, chapter 4: cells kept back, and others for them",
            "Canonne, Kamath and Steinke 2020, arXiv 2004.00010: exact discrete Laplace noise",
            "Newcombe 1998, Statistics in Medicine 17(8):873-890, and Wilson 1927, JASA 22(158):209-212, intervals",
            "The least count of 5 is a convention of statistical offices; that of 5 points one of this tool",
        ),
    )
    Options = TallyOptions

    def asks(self, outline: Outline, about: About, options: TallyOptions) -> Sequence[Ask] | NotApplicable:
        from fairwitness.federated import sites

        counted = sites.outcome(outline)
        if counted is None:
            return NotApplicable("nobody is decided on, so there is nothing to count")
        return [_pooled_ask(outline, counted), sites.rows_ask(outline, counted, options.site)]

    def run(self, given: Given, options: TallyOptions) -> Outcome:
        from fairwitness.federated import sites, tallies

        counted = sites.outcome(given.outline)
        if counted is None:
            raise TypeError("nobody is decided on")  # never: `asks` has seen to it
        names = sites.attributes(given.outline)
        pooled = given[_pooled_ask(given.outline, counted)]
        rows = given[sites.rows_ask(given.outline, counted, options.site)]
        if not options.site and len(rows) < options.clients:
            return NotApplicable(f"{plural(len(rows), 'row')} cannot be dealt out to {options.clients} clients")
        held = sites.by_site(rows, options.site) if options.site else sites.dealt(len(rows), options.clients, given.rng)
        if len(held) < 2:
            return NotApplicable(f"{options.site!r} has one value, so there is one site; a federation needs two")
        budget = Fraction(str(options.epsilon))
        sent = []
        for site, mask in held.items():
            own = sites.own_tally(rows, mask, names, counted.axes)
            message = (
                tallies.count_noised(site, own, names, epsilon=budget, categories=pooled.axes)
                if budget
                else tallies.count(site, own, names, least=options.least)
            )
            sent.append(tallies.Sent.from_bytes(message.to_bytes()))  # all that a receiver has
        known = tallies.pool(sent)
        true = {name: tallies.cells(pooled, (name, *counted.axes)) for name in names}
        return _measured(given, options, counted, sent=sent, known=known, true=true)


def _pooled_ask(outline: Outline, counted: Counted) -> TallyAsk:
    from fairwitness.federated import sites

    return TallyAsk(by=sites.attributes(outline), of=counted.axes, judged=True)


def _measured(
    given: Given,
    options: TallyOptions,
    counted: Counted,
    *,
    sent: Sequence[Sent],
    known: Mapping[str, Mapping[Cell, Range]],
    true: Mapping[str, Mapping[Cell, int]],
) -> Measured:
    from fairwitness.federated import tallies

    every = [(name, cell) for name in true for cell in {**true[name], **known.get(name, {})}]
    differ = tallies.contradicted(sent, known, true)
    exact = sum(cell in known.get(name, {}) and known[name][cell].exact for name, cell in every)
    withheld, cells = sum(each.withheld for each in sent), sum(each.cells + each.withheld for each in sent)
    silent = [each.site for each in sent if not each.tables]
    who = plural(len(sent), "site") if options.site else f"{len(sent)} clients, dealt out by chance,"
    other = tallies.unlisted(sent)
    rates = {name: _rates(given.level, counted, known.get(name, {}), true[name], other) for name in true}
    large = [(name, each) for name, found in rates.items() for each in found if each.n >= FEW and each.group != MISSING]
    wrong = {(name, cell[0]) for name, cell in differ}
    vague = sum(each.apart > TOLD and (name, each.group) not in wrong for name, each in large)
    widest = max((each.wider for found in rates.values() for each in found), default=0.0)
    kept = (
        f"every count had noise of scale {float(sent[0].scale):g}"
        if options.epsilon
        else f"{fmt.count(withheld)} of {plural(cells, 'count')} were kept back (under {options.least}, or beside one)"
        if withheld
        else f"none of {plural(cells, 'count')} had to be kept back"
    )
    lead = f"{fmt.count(exact)} of {plural(len(every), 'count')} of all together are known to the last; {kept}."
    lead += f" Intervals of the {counted.words} become wider by at most {fmt.number(widest, 'points')}."
    if differ:
        headline = f"{fmt.count(len(differ))} of {plural(len(every), 'count')} of {who} differ from those of all rows"
    elif vague:
        headline = (
            f"The counts of {who} tell the {counted.words} of {len(large) - vague} of {plural(len(large), 'group')} to "
            f"within {fmt.number(TOLD, 'points')} of the audit of all rows"
        )
    else:
        headline = f"The counts of {who} add up to those of all rows"
    found = Estimate(
        value=float(len(wrong)),
        low=float(len(wrong)),
        high=float(len(wrong) + vague),
        level=None,
        n=len(large),
        unit="number",
        method="what the counts rule out, and what they leave open",
        claim="bracket",
    )
    metric = f"groups whose {counted.words} the counts may tell otherwise by more than {fmt.number(TOLD, 'points')}"
    return Measured(
        headline=headline,
        lead=lead,
        judged={Key(metric=metric): found} if options.site or wrong else {},
        explored=(_left(sent), *(_table(name, counted, found) for name, found in rates.items())),
        notes=_notes(options, silent),
    )


def _left(sent: Sequence[Sent]) -> Series:
    """What left each site."""
    shown = sorted(sent, key=lambda each: -(each.people or 0))[:SHOWN]
    return Series(
        title="What left each site",
        columns={
            "site": tuple(each.site for each in shown),
            "rows counted": tuple(each.people for each in shown),
            "counts sent": tuple(each.cells for each in shown),
            "kept back": tuple(each.withheld for each in shown),
            "bytes": tuple(len(each.to_bytes()) for each in shown),
        },
        units={"rows counted": "rows", "counts sent": "number", "kept back": "number", "bytes": "number"},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rate:
    """A group's rate of all rows with its interval, and what is left of both where only counts were sent.

    Attributes:
        apart: How far the rate may lie from that of all rows, as far as the counts tell.
        least: Low end of the interval that holds whatever was kept back.
        most: Its high end.
    """

    group: str
    n: int
    value: float
    low: float
    high: float
    apart: float
    least: float
    most: float

    @property
    def wider(self) -> float:
        return max(0.0, (self.most - self.least) - (self.high - self.low))


def _rates(
    level: float, counted: Counted, known: Mapping[Cell, Range], true: Mapping[Cell, int], other: Range
) -> list[_Rate]:
    """By group, those that occur in all rows; `other` is what is known of a cell that nobody named."""
    from fairwitness.stats.intervals import wilson

    place, category = counted.axes.index(counted.axis), counted.category
    outcomes = sorted({cell[1:] for cell in (*true, *known)})
    found = []
    for group in sorted({cell[0] for cell in true}):
        yes, no = ([o for o in outcomes if (o[place] == category) is wanted] for wanted in (True, False))
        hits, misses = (sum(true.get((group, *each), 0) for each in some) for some in (yes, no))
        told = [[known.get((group, *each), other) for each in some] for some in (yes, no)]
        (fewest, least_others), (most, most_others) = (
            [sum(each.low for each in some) for some in told],
            [sum(each.high for each in some) for some in told],
        )
        value = hits / (hits + misses)
        below = fewest / (fewest + most_others) if fewest + most_others else 0.0
        above = most / (most + least_others) if most + least_others else 1.0
        low, high = (float(end) for end in wilson(hits, hits + misses, level=level))
        lowest = float(wilson(fewest, fewest + most_others, level=level)[0]) if fewest + most_others else 0.0
        highest = float(wilson(most, most + least_others, level=level)[1]) if most + least_others else 1.0
        found.append(
            _Rate(
                group=group,
                n=hits + misses,
                value=value,
                low=low,
                high=high,
                apart=max(value - below, above - value),
                least=lowest,
                most=highest,
            )
        )
    return found


def _table(name: str, counted: Counted, rates: Sequence[_Rate]) -> Series:
    rows = [
        (label(each.group, (name,)), each.value, each.low, each.high, each.least, each.most, each.wider)
        for each in rates[:SHOWN]
    ]
    heads = (name, counted.words, "low", "high", "low, from what was sent", "high, from what was sent", "wider by")
    columns = dict(zip(heads, zip(*rows, strict=True), strict=True))
    units = dict.fromkeys(heads[1:6], "share") | {"wider by": "points"}
    return Series(title=f"What keeping counts back costs, by {name}", columns=columns, units=units)  # type: ignore[arg-type]  # the literals are of Unit


def _notes(options: TallyOptions, silent: Sequence[str]) -> tuple[str, ...]:
    notes = []
    if not options.site:
        notes.append(
            "No column says who holds a row, so rows were dealt out by chance; name one: "
            '[options."federated.tallies-only"] site = "COLUMN".'
        )
    if silent:
        notes.append(f"Too small to send any count but that of its rows: {listed(silent)}.")
    if options.epsilon:
        notes.append("A site's noise comes from the operating system, so these numbers differ from run to run.")
    return tuple(notes)
