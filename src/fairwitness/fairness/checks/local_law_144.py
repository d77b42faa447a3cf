"""The tables that New York City's Local Law 144 asks of a tool for employment decisions: rates and impact ratios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fairwitness.core.asks import FAVORED, SCORE, Ask, RowsAsk, group_column
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome
from fairwitness.core.columns import Grouping
from fairwitness.core.estimate import Key, Severity, Verdict
from fairwitness.core.figures import Interval, Intervals
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline, Rows
from fairwitness.draw import format as fmt
from fairwitness.draw.words import label, listed, members, plural, share_of
from fairwitness.fairness.compare import judged_tally
from fairwitness.fairness.impact_ratios import SMALLEST, ImpactRatios, impact_ratios, scoring_rate
from fairwitness.fairness.rates import selection_rate
from fairwitness.fairness.tables import MOST_GROUPS, MOST_ROWS, largest

SELECTION, SCORING = "selection rates", "scoring rates"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalLawOptions:
    """What the law leaves to the auditor.

    Attributes:
        smallest: Categories with a smaller share of the data get no impact ratio; 0 keeps all of them.
    """

    smallest: float = SMALLEST

    def __post_init__(self) -> None:
        if not 0 <= self.smallest <= SMALLEST:
            raise ValueError(f"smallest is {self.smallest}; the law lets categories under 0.02 of the data be left out")


class LocalLaw144:
    info = CheckInfo(
        id="fairness.local-law-144",
        title="Every category's rate is near the highest, as Local Law 144 counts it",
        failure_title="A category's rate is far below the highest, as Local Law 144 counts it",
        measures=(
            "The tables of New York City's Local Law 144: each category's selection rate over the highest and, where "
            "there are scores, its share of scores above the sample's median over the highest such share. Categories "
            "under 2 % of the data get no ratio; they are named, with their number and rate. People of unknown category "
            "are counted."
        ),
        does_not_show=(
            "That the law is kept: it asks for a bias audit by an independent auditor, by sex, by race or ethnicity (in "
            "the categories of EEO-1) and by both crossed, and sets no limit to a ratio, so none stands by default. "
            "Every declared grouping is shown; which of them the law means is for a person to say."
        ),
        advice=(
            "Look at what the decision is based on for the category with the lowest ratio, and whether each part of it "
            "is needed. What follows from the law is for counsel."
        ),
        needs=frozenset({"groups", "decisions", "favorable"}),
        per="grouping",
        severity=Severity.HIGH,
        sources=(
            "New York City Administrative Code 20-870 and 20-871; 6 RCNY 5-300 and 5-301, in force from 6 May 2023",
            "Miettinen and Nurminen 1985, Statistics in Medicine 4(2):213-226, for the ratio of two groups",
            "Donner and Zou 2012, Statistical Methods in Medical Research 21(4):347-359, with Tukey's critical value, for more",
        ),
    )
    Options = LocalLawOptions

    def asks(self, outline: Outline, about: About, options: LocalLawOptions) -> Sequence[Ask]:
        scores = [_scores(about)] if _has_scores(outline) else []
        return [judged_tally(about, FAVORED), *scores]

    def run(self, given: Given, options: LocalLawOptions) -> Outcome:
        scored = _has_scores(given.outline)
        level = given.level**0.5 if scored else given.level  # both tables hold together
        rates = {SELECTION: selection_rate(given[judged_tally(given.about, FAVORED)], given.grouping.columns)}
        median = None
        if scored:
            rows: Rows = given[_scores(given.about)]
            groups = {name: rows.columns[group_column(name)] for name in given.grouping.columns}
            scores = rows.columns[SCORE] if _higher_is_better(given.outline) else 1 - rows.columns[SCORE]
            rates[SCORING], median = scoring_rate(groups, scores)
        found = {
            name: table
            for name, rate in rates.items()
            if (table := impact_ratios(rate, smallest=options.smallest, level=level)) is not None
        }
        if not found:
            return NotApplicable(
                f"{given.grouping.name!r} has fewer than two categories of known {given.outline.people} that are large "
                "enough; a ratio needs two"
            )
        return Measured(
            headline=_headline(given, found),
            lead=_lead(given, found, median),
            judged={
                Key(metric=f"impact ratio of {name}", groups=(table.lowest, table.highest)): table.ratios[table.lowest]
                for name, table in found.items()
            },
            explored=tuple(_table(given.grouping, name, table) for name, table in found.items()),
            figures=tuple(_figure(given, name, table) for name, table in found.items()),
            notes=_notes(given, found, options),
        )


def _scores(about: About) -> RowsAsk:
    return RowsAsk(columns=(SCORE,), groups=about.columns if isinstance(about, Grouping) else ())


def _has_scores(outline: Outline) -> bool:
    """Whether there are scores, row by row (tallies have no median), that say how good the outcome is for a person."""
    return {"scores", "rows"} <= outline.offers and (_higher_is_better(outline) or len(outline.classes) == 2)


def _higher_is_better(outline: Outline) -> bool:
    return outline.favorable == outline.positive


def _headline(given: Given, found: Mapping[str, ImpactRatios]) -> str:
    """The lowest ratio of the first table in which one is defined."""
    name, table = next(((name, table) for name, table in found.items() if _value(table) is not None), (SELECTION, None))
    if table is None:
        return f"Nobody is selected in any category of {given.grouping.name}, so there is no impact ratio"
    worst, best = (
        members(each, given.grouping.columns, given.outline.people) for each in (table.lowest, table.highest)
    )
    return (
        f"As Local Law 144 counts it, {worst} have an impact ratio of {fmt.number(_value(table), 'ratio')} to {best}, "
        f"by {name}"
    )


def _value(table: ImpactRatios) -> float | None:
    return table.ratios[table.lowest].value


def _lead(given: Given, found: Mapping[str, ImpactRatios], median: float | None) -> str:
    """For each table the lowest ratio, and how many have no category; then what was scored."""
    grouping, people = given.grouping, given.outline.people
    sentences = []
    for name, table in found.items():
        rates = [
            f"{share_of(table.rate.hits[each], table.rate.totals[each])} for {label(each, grouping.columns)}"
            for each in (table.lowest, table.highest)
        ]
        ratio = table.ratios[table.lowest]
        sentences.append(
            f"Of {name} the lowest is {rates[0]}, the highest {rates[1]}: "
            f"{fmt.measured(ratio.value, ratio.low, ratio.high, 'ratio')}, all categories at once."
        )
    unknown = max(table.unknown for table in found.values())
    sentences.append(f"{fmt.count(unknown)} {people} are in no known category of {grouping.name} and in no ratio.")
    if median is not None:
        sentences.append(f"A scoring rate is the share above the sample's median, {fmt.number(median, 'number')}.")
    return " ".join(sentences)


def _notes(given: Given, found: Mapping[str, ImpactRatios], options: LocalLawOptions) -> tuple[str, ...]:
    """Which grouping the law means, and each category left out with the number and rate the law asks for."""
    columns = given.grouping.columns
    which = "the law names sex, race or ethnicity, and both crossed"
    notes = [f"{which}; whether {given.grouping.name} is one of these is for a person to say"]
    if "scores" in given.outline.offers and SCORING not in found:
        notes.append("no scoring rates: they need the scores of single people, of the outcome that is good for them")
    for name, table in found.items():
        out = [
            f"{label(each, columns)} ({plural(n := table.rate.totals[each], 'person', 'people')}, "
            f"{fmt.number(table.rate.hits[each] / n, 'share')})"
            for each in table.left_out
        ]
        if out:
            under = f"under {fmt.number(options.smallest, 'share')} of the data and so in no ratio"
            notes.append(f"{name}: {under}, with their rates: {listed(out, shown=12)}")
    return tuple(notes)


def _table(grouping: Grouping, name: str, table: ImpactRatios) -> Series:
    """Category, number, rate and ratio, as the law asks; rates of few people too, since the law asks for all."""
    shown = largest(table.rate, MOST_GROUPS)
    ratios = [table.ratios.get(each) for each in shown.totals]
    return Series(
        title=f"{name[0].upper()}{name[1:]} by {grouping.name}",
        columns={
            "category": tuple(label(each, grouping.columns) for each in shown.totals),
            "n": tuple(shown.totals.values()),
            "selected" if name == SELECTION else "above the median": tuple(shown.hits.values()),
            "rate": tuple(shown.hits[each] / n for each, n in shown.totals.items()),
            "impact ratio": tuple(None if each is None else each.value for each in ratios),
            "low": tuple(None if each is None else each.low for each in ratios),
            "high": tuple(None if each is None else each.high for each in ratios),
            "in the ratios": tuple("no" if each is None else "yes" for each in ratios),
        },
        units={
            "n": "people",
            "selected" if name == SELECTION else "above the median": "people",
            "rate": "share",
            **dict.fromkeys(("impact ratio", "low", "high"), "ratio"),
        },
    )


def _figure(given: Given, name: str, table: ImpactRatios) -> Intervals:
    ordered = sorted(table.ratios, key=lambda each: table.ratios[each].value or 0.0)
    rows = tuple(
        Interval(
            label=label(each, given.grouping.columns),
            value=ratio.value,
            low=ratio.low,
            high=ratio.high,
            n=table.rate.totals[each],
            verdict=Verdict.EXPLORED if given.limit is None else ratio.against(given.limit),
            note="undefined" if ratio.value is None else "",
        )
        for each in ordered[:MOST_ROWS]
        for ratio in (table.ratios[each],)
    )
    first = table.ratios[table.lowest]
    caption = f"Rate over the highest. Line: {fmt.level(first.level or given.level)}, {first.method}."
    caption += f" The {MOST_ROWS} lowest of {len(ordered)}." if len(ordered) > MOST_ROWS else ""
    caption += " Shaded: within the limit." if given.limit else ""
    return Intervals(
        title=f"Impact ratios of {name}, by {given.grouping.name}",
        caption=caption,
        unit="ratio",
        rows=rows,
        limit=given.limit,
    )
