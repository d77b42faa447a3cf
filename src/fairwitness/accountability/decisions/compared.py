"""From counts of appeals to the outcome of a check: rates by group, the widest gap, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fairwitness.accountability.decisions.counts import Counts
from fairwitness.core.asks import AppealsAsk
from fairwitness.core.check import About, Given, Measured, NotApplicable
from fairwitness.core.columns import Grouping
from fairwitness.core.estimate import Key
from fairwitness.core.figures import Figure, Interval, Intervals
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, TOO_FEW, label, listed, members, share_of
from fairwitness.stats import gaps

ASK = AppealsAsk()
SOURCES = (
    "Newcombe 1998, Statistics in Medicine 17(8):873-890, method 10, for the gap between two groups",
    "Zou and Donner 2008, Statistics in Medicine 27(10):1693-1702, with Tukey's critical value, for more than two",
    "Lyons, Miller and Velloso 2025, Proc. ACM Hum.-Comput. Interact. (CSCW), doi:10.1145/3757468, on appeals",
    "The limit is a convention of this tool, not of a standard",
)

WAIT = (
    "Appeals are not collected like rows: make sure everybody knows how to appeal, and audit again when more came in."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The words of one rate.

    Attributes:
        metric: What is judged: `appeal-rate gap`.
        rate: Title of its chart.
        opening: Start of the headline.
        among: Whom the rate is of, after their name: ` decided against`.
    """

    metric: str
    rate: str
    opening: str
    among: str


def asked(outline: Outline, about: About) -> NotApplicable | tuple[AppealsAsk]:
    """The ask, where decisions are on record."""
    if "appeals" not in outline.offers or not isinstance(about, Grouping):
        return NotApplicable("no decisions are on record: import them, and declare [decisions] ledger", "appeals")
    return (ASK,)


def counted(given: Given) -> Counts | NotApplicable:
    """The counts, if decisions were imported with the attributes of this grouping."""
    found: Counts = given[ASK]
    missing = [column for column in given.grouping.columns if column not in found.attributes]
    if missing:
        return NotApplicable(f"decisions were imported without {listed(missing)}; import with --group {missing[0]}")
    return found


def compare(given: Given, hits: Mapping[str, int], totals: Mapping[str, int], told: Told) -> Measured | NotApplicable:
    """The widest gap between groups in a share, with its table and figure.

    Args:
        given: What the step was given.
        hits: People by group of whom it is so.
        totals: People by group of whom it is known.
        told: The words.
    """
    grouping, people = given.grouping, given.outline.people
    filled = [group for group, n in totals.items() if n]
    if len(filled) < 2:
        return NotApplicable(f"fewer than two groups of {grouping.name!r} have {people}{told.among}; a gap needs two")
    widest = gaps.widest_gap(hits, totals, level=given.level, rng=given.rng)

    found = widest.estimate
    low, high = widest.groups
    shares = [share_of_group(hits, totals, group, given) for group in (low, high)]
    gap = fmt.measured(found.value, found.low, found.high, "points")
    return Measured(
        headline=f"{told.opening} {shares[0]} and {shares[1]}{told.among}",
        lead=f"The gap is {gap}, over {fmt.count(sum(totals.values()))} {people}{told.among}.",
        judged={Key(metric=told.metric, groups=widest.groups): found},
        explored=(table(hits, totals, given),),
        figures=(figure(hits, totals, given, told.rate),),
        to_settle=WAIT,
    )


def share_of_group(hits: Mapping[str, int], totals: Mapping[str, int], group: str, given: Given) -> str:
    """`4.1 % of Black applicants`; of few people `2 of 9 Black applicants`."""
    of = "" if totals[group] < FEW else " of"
    return f"{share_of(hits[group], totals[group])}{of} {members(group, given.grouping.columns, given.outline.people)}"


def table(hits: Mapping[str, int], totals: Mapping[str, int], given: Given, *, title: str = "By group") -> Series:
    """Counts, rate and Wilson's interval of each group; of few people counts alone."""
    rates = gaps.rates(hits, totals, level=given.level)
    ends = [(each.value, each.low, each.high) if each.n >= FEW else (None, None, None) for each in rates.values()]
    return Series(
        title=title,
        columns={
            "group": tuple(label(group, given.grouping.columns) for group in totals),
            "n": tuple(totals.values()),
            "hits": tuple(hits[group] for group in totals),
            "rate": tuple(value for value, _, _ in ends),
            "low": tuple(low for _, low, _ in ends),
            "high": tuple(high for _, _, high in ends),
        },
        units={"n": "people", "hits": "people", "rate": "share", "low": "share", "high": "share"},
    )


def figure(hits: Mapping[str, int], totals: Mapping[str, int], given: Given, title: str) -> Figure:
    """Rates with whiskers."""
    rows = []
    for group, each in gaps.rates(hits, totals, level=given.level).items():
        few = each.n < FEW
        rows.append(
            Interval(
                label=label(group, given.grouping.columns),
                value=None if few else each.value,
                low=None if few else each.low,
                high=None if few else each.high,
                n=each.n,
                note=TOO_FEW if few else "",
            )
        )
    return Intervals(
        title=f"{title}, by {given.grouping.name}",
        caption=f"Share, %. Line: {fmt.level(given.level)} Wilson interval of each group.",
        unit="share",
        rows=tuple(rows),
    )
