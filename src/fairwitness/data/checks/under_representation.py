"""Shares of groups against those of a reference population."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fairwitness.core.asks import Ask, TallyAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.columns import Grouping
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.data.shares import against_reference, bars, goodness_of_fit, lowest, raked, to_collect
from fairwitness.data.words import count, missing_note, percent, recorded, within
from fairwitness.draw import format as show
from fairwitness.draw.words import capital, listed, members, plural
from fairwitness.stats.tally import Tally

RAKED = (
    "only the shares of each attribute alone are declared; those of crossed groups are worked out as if attributes went "
    "together in the reference population as they do here (raking)"
)


class UnderRepresentation:
    info = CheckInfo(
        id="data.under-representation",
        title="Groups are in the data as in the reference population",
        failure_title="A group is rarer in the data than in the reference population",
        measures="Lowest ratio of a group's share of the rows to its share of the declared reference population.",
        does_not_show=(
            "Whether the reference is the right one: the population a decision is about is a choice, and applicants "
            "differ from residents. A group with its full share may still be too small to judge, or unlike its members "
            "in the population in everything else."
        ),
        advice="Collect more people of the groups that lack, or weight the rows to the reference shares when training.",
        needs=frozenset({"groups", "reference"}),
        per="grouping",
        limit=Limit(at_least=0.80),
        severity=Severity.MEDIUM,
        sources=(
            "Pearson 1900, Philosophical Magazine 50(302):157-175, chi-squared",
            "Wilson 1927, JASA 22(158):209-212, with Bonferroni's correction",
            "Asudeh, Jin and Jagadish 2019, ICDE, arXiv 1810.06742, on coverage",
            "Deming and Stephan 1940, Annals of Mathematical Statistics 11(4):427-444, for crossings of known margins",
            "The limit of 0.80 is a convention of this tool, not of a standard",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        name = about.name if isinstance(about, Grouping) else ""
        if len(outline.reference.get(name, {})) < 2 and not _margins(outline, about):
            return NotApplicable(f"no reference shares of {name!r} are declared", missing="reference")
        return [_ask(about)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        grouping, outline = given.grouping, given.outline
        tally: Tally = given[_ask(grouping)]
        groups, missing = recorded(tally.by(grouping.columns))
        declared = outline.reference.get(grouping.name) or raked(tally, _margins(outline, grouping))
        reference = {name: part for name, part in declared.items() if part > 0}
        counts = {name: groups.get(name, 0) for name in reference}
        total, whole = sum(counts.values()), sum(reference.values())
        if not total or len(reference) < 2:
            return NotApplicable(f"no row is of a group the reference for {grouping.name!r} names")
        ratios = against_reference(counts, reference, level=given.level)
        worst = lowest(ratios, level=given.level)
        p = goodness_of_fit(counts, reference, rng=given.rng)
        (name,) = worst.groups
        judged = ratios[name]
        return Measured(
            headline=(
                f"{capital(members(name, grouping.columns, outline.people))} are {percent(counts[name] / total)} of the rows "
                f"and {percent(reference[name] / whole)} of the reference population"
            ),
            lead=(
                f"That is {show.number(judged.value, 'ratio')} {within(worst.estimate)} of their share, the "
                f"lowest of {len(reference)} groups. A random sample of the reference would stray this far from it "
                f"with a chance of {show.probability(p)}.{_advice(counts, reference, ratios, given)}"
            ),
            judged={Key(metric="lowest ratio of share to reference share", groups=worst.groups): worst.estimate},
            explored=(_table(counts, reference, ratios, grouping.name),),
            figures=(
                bars(
                    counts,
                    title=f"{outline.people.capitalize()} by {grouping.name} against the reference",
                    caption="Rows of each group; marks show the reference shares.",
                    level=given.level,
                    expected={each: part / whole for each, part in reference.items()},
                ),
            ),
            notes=(
                *_notes(groups, reference, whole),
                *missing_note(missing, grouping, outline),
                *(() if grouping.name in outline.reference else (RAKED,)),
            ),
            to_settle="More rows, drawn as these were, would narrow the interval.",
        )


def _margins(outline: Outline, about: About) -> dict[str, Mapping[str, float]]:
    """Reference shares of each attribute of a crossing, where all are declared; else none."""
    columns = about.columns if isinstance(about, Grouping) else ()
    known = {name: outline.reference[name] for name in columns if len(outline.reference.get(name, {})) > 1}
    return known if len(known) == len(columns) > 1 else {}


def _ask(about: About) -> TallyAsk:
    return TallyAsk(by=about.columns if isinstance(about, Grouping) else ())


def _advice(
    counts: Mapping[str, int], reference: Mapping[str, float], ratios: Mapping[str, Estimate], given: Given
) -> str:
    """Whom to collect, and how many, where a group lies below the limit."""
    least = (given.limit.at_least if given.limit else None) or 1.0
    lacking = tuple(name for name, each in ratios.items() if (each.value or 0.0) < min(least, 1.0))
    if not lacking:
        return ""
    wanted = to_collect(counts, reference, lacking).items()
    people, columns = given.outline.people, given.grouping.columns
    return f" To reach the reference shares, collect {listed(f'{count(n)} more {members(name, columns, people)}' for name, n in wanted)}."


def _table(
    counts: Mapping[str, int], reference: Mapping[str, float], ratios: Mapping[str, Estimate], name: str
) -> Series:
    total, whole = sum(counts.values()), sum(reference.values())
    return Series(
        title="Shares against the reference population",
        columns={
            name: tuple(counts),
            "rows": tuple(counts.values()),
            "share": tuple(each / total for each in counts.values()),
            "reference": tuple(part / whole for part in reference.values()),
            "ratio": tuple(each.value for each in ratios.values()),
            "ratio, low": tuple(each.low for each in ratios.values()),
            "ratio, high": tuple(each.high for each in ratios.values()),
        },
        units={
            "rows": "rows",
            "share": "share",
            "reference": "share",
            "ratio": "ratio",
            "ratio, low": "ratio",
            "ratio, high": "ratio",
        },
    )


def _notes(groups: Mapping[str, int], reference: Mapping[str, float], whole: float) -> list[str]:
    notes = []
    outside = {name: number for name, number in groups.items() if name not in reference}
    if outside:
        rows = plural(sum(outside.values()), "row")
        notes.append(f"{rows} of groups the reference does not name left out: {listed(outside)}")
    if abs(whole - 1) > 0.005:
        notes.append(f"the reference shares add up to {percent(whole)}; they were scaled to 100\u202f%")
    return notes
