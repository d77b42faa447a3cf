"""Whether sites that send counts only would be audited as all their rows together are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from fairwitness.core.asks import Ask, TallyAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import label, listed, plural

if TYPE_CHECKING:
    from fairwitness.federated.sites import Outcome as Counted
    from fairwitness.federated.tallies import Cell, Range, Sent

SHOWN = 24
"""Sites, and groups, that a table lists."""


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
            "Counts by group and outcome that differ between the audit of all rows and the sum of what sites send, each "
            "having counted its own rows; a count kept back must lie between what is known of it. Beside it, how much "
            "wider the intervals of rates become by what is kept back."
        ),
        does_not_show=(
            "That counts give nobody away: a small count is kept back together with others, so that no total gives it "
            "away, but who knows most people of a site, or compares two audits of it, may still learn of one. Noise "
            "(epsilon) is the answer to that. Where rows are dealt out by chance, nothing about real sites."
        ),
        advice=(
            "Find the site whose categories are named or read otherwise than elsewhere. Where intervals become too wide, "
            "let sites count coarser groups, or several small sites count together."
        ),
        needs=frozenset({"rows", "groups", "decisions"}),
        limit=Limit(at_most=0.0),
        severity=Severity.MEDIUM,
        sources=(
            "Hundepool et al. 2012, Statistical Disclosure Control, Wiley, chapter 4: cells kept back, and others for them",
            "Canonne, Kamath and Steinke 2020, arXiv 2004.00010: exact discrete Laplace noise",
            "Newcombe 1998, Statistics in Medicine 17(8):873-890, and Wilson 1927, JASA 22(158):209-212, intervals",
            "The least count of 5 is a convention of statistical offices",
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
    every = [(name, cell) for name in true for cell in {**true[name], **known.get(name, {})}]
    differ = [(name, cell) for name, cell in every if not _agrees(known, name, cell, true[name].get(cell, 0))]
    exact = sum(cell in known.get(name, {}) and known[name][cell].exact for name, cell in every)
    withheld, cells = sum(each.withheld for each in sent), sum(each.cells + each.withheld for each in sent)
    silent = [each.site for each in sent if not each.tables]
    who = plural(len(sent), "site") if options.site else f"{len(sent)} clients, dealt out by chance,"
    rates = {name: _rates(given.level, name, counted, known.get(name, {}), true[name]) for name in true}
    widest = max((row[-1] for table in rates.values() for row in table), default=0.0)
    kept = (
        f"every count had noise of scale {float(sent[0].scale):g}"
        if options.epsilon
        else f"{fmt.count(withheld)} of {plural(cells, 'count')} were kept back (under {options.least}, or beside one)"
        if withheld
        else f"none of {plural(cells, 'count')} had to be kept back"
    )
    lead = f"{fmt.count(exact)} of {plural(len(every), 'count')} of all together are known to the last; {kept}."
    lead += f" Intervals of the {counted.words} become wider by at most {fmt.number(widest, 'points')}."
    return Measured(
        headline=(
            f"The counts of {who} add up to those of all rows"
            if not differ
            else f"{fmt.count(len(differ))} of {plural(len(every), 'count')} of {who} differ from those of all rows"
        ),
        lead=lead,
        judged={
            Key(metric="counts that differ from the audit of all rows"): Estimate.count(
                len(differ), n=len(every), unit="number"
            )
        },
        explored=(_left(sent), *(_table(name, counted, table) for name, table in rates.items())),
        notes=_notes(options, silent),
    )


def _agrees(known: Mapping[str, Mapping[Cell, Range]], name: str, cell: Cell, number: int) -> bool:
    found = known.get(name, {}).get(cell)
    return number == 0 if found is None else found.low <= number <= found.high


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


def _rates(
    level: float, name: str, counted: Counted, known: Mapping[Cell, Range], true: Mapping[Cell, int]
) -> list[tuple[str, float, float, float, float, float, float]]:
    """By group: the rate with its interval from all rows, and the interval that holds whatever was kept back."""
    from fairwitness.stats.intervals import wilson

    place, category = counted.axes.index(counted.axis) + 1, counted.category
    found = []
    for group in sorted({cell[0] for cell in true}):
        hits = sum(number for cell, number in true.items() if cell[0] == group and cell[place] == category)
        n = sum(number for cell, number in true.items() if cell[0] == group)
        yes = [each for cell, each in known.items() if cell[0] == group and cell[place] == category]
        no = [each for cell, each in known.items() if cell[0] == group and cell[place] != category]
        fewest, most = sum(each.low for each in yes), sum(each.high for each in yes)
        others = sum(each.low for each in no), sum(each.high for each in no)
        low, high = (float(end) for end in wilson(hits, n, level=level))
        lowest = float(wilson(fewest, fewest + others[1], level=level)[0]) if fewest + others[1] else 0.0
        highest = float(wilson(most, most + others[0], level=level)[1]) if most + others[0] else 1.0
        wider = max(0.0, (highest - lowest) - (high - low))
        found.append((label(group, (name,)), hits / n, low, high, lowest, highest, wider))
    return found[:SHOWN]


def _table(name: str, counted: Counted, rows: Sequence[tuple[str, float, float, float, float, float, float]]) -> Series:
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
