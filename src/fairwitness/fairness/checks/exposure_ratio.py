"""How much attention each group gets in lists, over its share of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fairwitness.core.asks import LIST, RANKED, Ask, RowsAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate, Key, Limit, Severity, Unit, Verdict
from fairwitness.core.figures import Interval, Intervals
from fairwitness.core.subject import Outline, Rows
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, TOO_FEW, label, members, plural
from fairwitness.fairness import attributes
from fairwitness.fairness.attributes import Cell, Divided
from fairwitness.fairness.drawn import whole
from fairwitness.fairness.exposure import Divergence, Placed, divergence, over_pool, placed
from fairwitness.fairness.tables import MOST_ROWS
from fairwitness.stats.tally import code_categories


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureOptions:
    """What counts as the top of a list.

    Attributes:
        top: So many first places.
    """

    top: int = 10

    def __post_init__(self) -> None:
        whole("top", self.top, 1)


class ExposureRatio:
    info = CheckInfo(
        id="fairness.exposure-ratio",
        title="Every group gets attention in lists for its share of them",
        failure_title="One group gets less attention in lists than its share of them",
        measures=(
            "The lowest ratio, over groups, of the group's share of attention (1 / log2(1 + place)) to its share of the "
            "list, each list counting alike. The same of the top places, and NDKL beside what random order gives, are shown "
            "and not judged."
        ),
        does_not_show=(
            "Whether the order is deserved: nothing here knows who fits best. Attention is a model of readers, not a count "
            "of clicks. Who never came into the lists."
        ),
        advice=(
            "Look at what the score is made of for the group that is placed low, and whether those lists were read to the "
            "end; re-ranking within groups can give each the share that is wanted."
        ),
        needs=frozenset({"rows", "groups", "ranking"}),
        limit=Limit(at_least=0.80),
        severity=Severity.MEDIUM,
        sources=(
            "Singh and Joachims 2018, KDD, 2219-2228, exposure and its disparity",
            "Geyik, Ambler and Kenthapadi 2019, KDD, 2221-2231, NDKL",
            "Cochran 1977, Sampling Techniques, sections 2.6 and 6.4, for the intervals",
            "The limit of four fifths is that of 29 CFR 1607.4(D) for selection, used here for attention by convention",
        ),
    )
    Options = ExposureOptions

    def asks(self, outline: Outline, about: About, options: ExposureOptions) -> Sequence[Ask]:
        return [_ask(outline)]

    def run(self, given: Given, options: ExposureOptions) -> Outcome:
        rows: Rows = given[_ask(given.outline)]
        rows = rows.where(~np.isnan(rows.columns[RANKED]))
        _, lists = code_categories(rows.columns[LIST])
        named = attributes.named(given.outline)
        level = attributes.each_level(given.level, len(named))
        found = []
        for grouping in named:
            by = attributes.divided(rows, grouping)
            if len(by.names) > 1:
                at = placed(
                    rows.columns[RANKED], lists.astype(np.intp), by.codes, by.names, top=options.top, rng=given.rng
                )
                attention = over_pool(at, at.attention, level=level)
                found.append(
                    _Seen(
                        by=by,
                        at=at,
                        attention=attention,
                        top=over_pool(at, at.top, level=level),
                        divergence=divergence(at, rng=given.rng),
                        lowest=_lowest(attention),
                    )
                )
        if not found:
            return NotApplicable("no attribute has two groups in the lists; a ratio needs two")
        worst = min(found, key=lambda each: (each.lowest[1].high, each.lowest[1].value))
        lines = _lines(found, options)
        return Measured(
            headline=_headline(given, worst),
            lead=_lead(given, found),
            judged={
                Key(metric="exposure ratio", groups=(each.lowest[0],), column=each.by.grouping.name): each.lowest[1]
                for each in found
            },
            explored=(attributes.table("Places by group", lines, _UNITS),),
            figures=(_figure(given, worst),),
            notes=(*_notes(worst), *attributes.left_out(lines, "groups")),
            to_settle="Collect more lists, and audit again.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """One attribute's attention and top places over its share, the lowest ratio there truly is, and NDKL."""

    by: Divided
    at: Placed
    attention: Mapping[str, Estimate]
    top: Mapping[str, Estimate]
    divergence: Divergence
    lowest: tuple[str, Estimate]


def _ask(outline: Outline) -> RowsAsk:
    return RowsAsk(columns=(RANKED, LIST), groups=attributes.asked(outline))


def _lowest(found: Mapping[str, Estimate]) -> tuple[str, Estimate]:
    """The lowest ratio, with the lowest of all low ends and of all high ends; one of what is not recorded once firm."""
    named = {name: each for name, each in found.items() if not attributes.aside(name)} or dict(found)
    least = min(each.value or 0.0 for each in named.values())
    among = named | {name: each for name, each in found.items() if (each.high or 0.0) < least}
    name = min(among, key=lambda name: among[name].value or 0.0)
    like = among[name]
    return name, Estimate(
        value=like.value,
        low=min(each.low or 0.0 for each in among.values()),
        high=min(each.high or 0.0 for each in among.values()),
        level=like.level,
        n=like.n,
        unit="ratio",
        method=like.method,
    )


def _headline(given: Given, worst: _Seen) -> str:
    many = [name for name, each in worst.attention.items() if each.n >= FEW]
    if not many:
        return f"Every group of {worst.by.grouping.name} is too small to say whether it gets its share of attention"
    name = min(many, key=lambda name: worst.attention[name].value or 0.0)
    who = members(name, worst.by.grouping.columns, given.outline.people)
    ratio = fmt.number(worst.attention[name].value, "ratio")
    return f"In lists, {who} get {ratio} of the attention that would go with their number"


def _lead(given: Given, found: Sequence[_Seen]) -> str:
    at = found[0].at
    sentences = [f"Over {plural(at.count, 'list')} of {fmt.count(len(at.lists))} {given.outline.people} in all."]
    for each in found:
        name, lowest = each.lowest
        sentences.append(
            f"By {each.by.grouping.name} the lowest ratio is {fmt.measured(lowest.value, lowest.low, lowest.high, 'ratio')}, "
            f"of {label(name, each.by.grouping.columns)}; NDKL is {fmt.number(each.divergence.value, 'number')}, random order "
            f"gives {fmt.number(each.divergence.chance, 'number')} (p {fmt.probability(each.divergence.p)})."
        )
    return " ".join(sentences)


def _notes(worst: _Seen) -> tuple[str, ...]:
    rows, all_rows = worst.divergence.rows, len(worst.at.lists)
    return (
        (f"NDKL on {fmt.count(rows)} of {fmt.count(all_rows)} rows, drawn at random by list",)
        if rows < all_rows
        else ()
    )


_UNITS: Mapping[str, Unit] = {
    "n": "people",
    **dict.fromkeys(("exposure ratio", "low", "high", "top places ratio", "top low", "top high"), "ratio"),
}


def _lines(found: Sequence[_Seen], options: ExposureOptions) -> list[dict[str, Cell]]:
    """A line for each group, the lowest ratio first; of few people the number alone."""
    lines = []
    for each in found:
        for name, own in each.attention.items():
            line: dict[str, Cell] = {
                "attribute": each.by.grouping.name,
                "group": label(name, each.by.grouping.columns),
                "n": own.n,
            }
            for names, ratio in (
                (("exposure ratio", "low", "high"), own),
                (("top places ratio", "top low", "top high"), each.top[name]),
            ):
                ends = (ratio.value, ratio.low, ratio.high) if own.n >= FEW else (None, None, None)
                line |= dict(zip(names, ends, strict=True))
            lines.append(line | {"top places": options.top})
    return sorted(lines, key=lambda line: (line["exposure ratio"] is None, float(line["exposure ratio"] or 0)))


def _figure(given: Given, worst: _Seen) -> Intervals:
    order = sorted(worst.attention, key=lambda name: worst.attention[name].value or 0.0)[:MOST_ROWS]
    rows = []
    for name in order:
        each = worst.attention[name]
        few = each.n < FEW
        rows.append(
            Interval(
                label=label(name, worst.by.grouping.columns),
                value=None if few else each.value,
                low=None if few else each.low,
                high=None if few else each.high,
                n=each.n,
                verdict=Verdict.EXPLORED if few or given.limit is None else each.against(given.limit),
                note=TOO_FEW if few else "",
            )
        )
    first = worst.attention[order[0]]
    methods = dict.fromkeys(worst.attention[name].method for name in order)
    return Intervals(
        title=f"Share of attention over share of the list, by {worst.by.grouping.name}",
        caption=f"Line: {fmt.level(first.level or given.level)}, {' or '.join(methods)}."
        + (" Shaded: within the limit." if given.limit else ""),
        unit="ratio",
        rows=tuple(rows),
        limit=given.limit,
    )
