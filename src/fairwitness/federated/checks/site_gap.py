"""Gaps between groups within each site, which all sites together may hide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairwitness.core.asks import Ask, TallyAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome
from fairwitness.core.columns import CROSS, MISSING, Grouping
from fairwitness.core.errors import ColumnError
from fairwitness.core.estimate import Estimate, Key, Limit, Severity, Verdict
from fairwitness.core.figures import Interval, Intervals
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, TOO_FEW, capital, label, listed, plural

if TYPE_CHECKING:
    from fairwitness.federated.heterogeneity import Heterogeneity
    from fairwitness.federated.sites import Outcome as Counted
    from fairwitness.stats.gaps import Widest
    from fairwitness.stats.tally import Tally

SHOWN = 24
"""Sites that a table lists and a chart draws, the largest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteOptions:
    """Who the sites are.

    Attributes:
        site: Column that says who holds a row; empty: nothing is known of sites, and nothing is measured.
    """

    site: str = ""


@dataclass(frozen=True, slots=True)
class _Site:
    name: str
    hits: Mapping[str, int]
    totals: Mapping[str, int]

    @property
    def people(self) -> int:
        return sum(self.totals.values())

    @property
    def comparable(self) -> bool:
        named = sum(n >= FEW and MISSING not in group.split(CROSS) for group, n in self.totals.items())
        return named > 1


class SiteGap:
    info = CheckInfo(
        id="federated.site-gap",
        title="No site that is large enough to judge treats groups apart",
        failure_title="Some site treats groups apart",
        measures=(
            "The widest gap between two groups' rates of selection (of correct decisions where none is favourable) within "
            "one site, over all sites with at least 30 people of two groups; and whether the gap of all sites together is "
            "the same at each. The site that is named is the one whose gap is firmest, not the one where few people make "
            "it look widest."
        ),
        does_not_show=(
            "Why sites differ: who comes to a site differs too. A site with fewer than 30 people of all groups but one has "
            "no gap here, which is not to say that it has none; such sites are listed, and a pass says nothing of them. "
            "Where one site is large enough, nothing is said of sites but that its own gap is not hidden by the others."
        ),
        advice=(
            "Look at the site that is named: its data, its practice, and whether the model ever learned from it. A model "
            "trained over all sites may be tuned, or its threshold set, on the site's own rows."
        ),
        needs=frozenset({"groups", "decisions"}),
        per="grouping",
        limit=Limit(at_most=0.10),
        severity=Severity.MEDIUM,
        sources=(
            "Simpson 1951, Journal of the Royal Statistical Society B 13(2):238-241, on what a total hides",
            "Newcombe 1998, Statistics in Medicine 17(8):873-890, method 10; Šidák 1967, JASA 62:626-633, over sites",
            "Cochran 1954, Biometrics 10(1):101-129, whether a difference is the same at every site",
            "The limit of 10 points is a convention of this tool, not of a standard",
        ),
    )
    Options = SiteOptions

    def asks(self, outline: Outline, about: About, options: SiteOptions) -> Sequence[Ask] | NotApplicable:
        from fairwitness.federated import sites

        counted = sites.outcome(outline)
        if counted is None or not isinstance(about, Grouping):
            return NotApplicable("nobody is decided on, so there is nothing to compare")
        if not options.site:
            return NotApplicable(
                'no column says which site holds a row; [options."federated.site-gap"] site = "COLUMN" names it'
            )
        have = [column.name for column in outline.columns]
        if options.site not in have:
            raise ColumnError.missing(options.site, key="site", have=have, source="federated options")
        return [_ask(about, counted.axis, options.site)]

    def run(self, given: Given, options: SiteOptions) -> Outcome:
        from fairwitness.federated import sites
        from fairwitness.federated.heterogeneity import cochran
        from fairwitness.stats.gaps import widest_gap
        from fairwitness.stats.multiple import sidak

        counted = sites.outcome(given.outline)
        if counted is None:
            raise TypeError("nobody is decided on")  # never: `asks` has seen to it
        tally: Tally = given[_ask(given.grouping, counted.axis, options.site)]
        every = [_site(tally, counted, given.grouping, {options.site: name}) for name in tally.axes[options.site]]
        if len(every) < 2:
            return NotApplicable(f"{options.site!r} has one value, so there is one site")
        if len(every) > sites.MOST:
            return NotApplicable(f"{options.site!r} has {len(every):,} values; a site is who holds many rows")
        able = [site for site in every if site.comparable]
        if not able:
            return NotApplicable(f"no site has {FEW} {given.outline.people} in each of two groups")
        level = sidak(given.level, len(able))
        found = {site.name: widest_gap(*_large(site), level=level) for site in able}
        all_of_them = _site(tally, counted, given.grouping, {})
        pooled = widest_gap(*_large(all_of_them), level=given.level)
        one, two = pooled.groups
        same = cochran(
            [(s.hits.get(one, 0), s.totals.get(one, 0), s.hits.get(two, 0), s.totals.get(two, 0)) for s in every]
        )
        return _measured(given, counted.words, every, found=found, pooled=pooled, same=same)


def _ask(grouping: Grouping, axis: str, site: str) -> TallyAsk:
    return TallyAsk(by=grouping.columns, of=(axis, site), judged=True)


def _site(tally: Tally, counted: Counted, grouping: Grouping, at: Mapping[str, str]) -> _Site:
    """Counts of the site that `at` names by its column; of all for none."""
    from fairwitness.core.asks import NO, YES

    part = tally.where(at).onto(*grouping.columns, counted.axis)
    hits = part.hits(grouping.columns, counted.axis, counted.category)
    misses = part.hits(grouping.columns, counted.axis, NO if counted.category == YES else YES)
    totals = {group: number + misses[group] for group, number in hits.items()}
    return _Site(next(iter(at.values()), "all sites"), hits, totals)


def _large(site: _Site) -> tuple[dict[str, int], dict[str, int]]:
    """Counts of the groups with enough people there."""
    kept = {group: n for group, n in site.totals.items() if n >= FEW}
    return {group: site.hits[group] for group in kept}, kept


def _measured(
    given: Given,
    words: str,
    every: Sequence[_Site],
    *,
    found: Mapping[str, Widest],
    pooled: Widest,
    same: Heterogeneity,
) -> Measured:
    columns = given.grouping.columns
    worst = max(found, key=lambda name: (found[name].estimate.low or 0.0, found[name].estimate.value or 0.0))
    gap = found[worst].estimate
    widest = Estimate(
        value=gap.value,
        low=gap.low,
        high=max(1.0 if each.estimate.high is None else each.estimate.high for each in found.values()),
        level=given.level,
        n=sum(each.estimate.n for each in found.values()),
        unit="points",
        method=f"{gap.method}, over {plural(len(found), 'site')} at once" if len(found) > 1 else gap.method,
    )
    low, high = (label(group, columns) for group in found[worst].groups)
    lead = f"Of all sites together it is {fmt.number(pooled.estimate.value, 'points')}."
    if same.p is not None:
        told = (
            "differs between sites by more than chance" if same.p < 1 - given.level else "may be the same at every site"
        )
        lead += f" The gap between {' and '.join(label(g, columns) for g in pooled.groups)} {told} (p {fmt.probability(same.p)})."
    return Measured(
        headline=(
            f"{capital(words)} differs by {fmt.measured(gap.value, gap.low, gap.high, 'points')} between {low} and "
            f"{high} at {_named(worst)}, {_among(worst, found, len(every))}"
        ),
        lead=lead,
        judged={Key(metric=f"widest gap in {words} at a site", groups=found[worst].groups): widest},
        explored=(_table(words, every, found, columns),),
        figures=(_figure(given, words, every, found, pooled),),
        notes=_unjudged(every, found, given.outline.people),
    )


def _among(worst: str, found: Mapping[str, Widest], sites: int) -> str:
    """Of how many sites the one that is named is the one."""
    if len(found) == 1:
        return f"the only one of {plural(sites, 'site')} with enough people to judge"
    of = f"{len(found)} sites" if len(found) == sites else f"{len(found)} sites with enough people to judge, of {sites}"
    widest = max(found, key=lambda name: found[name].estimate.value or 0.0)
    return f"the {'widest' if widest == worst else 'firmest'} gap of {of}"


def _unjudged(every: Sequence[_Site], found: Mapping[str, Widest], people: str) -> tuple[str, ...]:
    """The sites that nothing is said of."""
    without = [f"{_named(site.name)} ({fmt.count(site.people)})" for site in every if site.name not in found]
    if not without:
        return ()
    return (f"Not judged, as fewer than {FEW} {people} are in all groups but one: {listed(without)}.",)


def _named(site: str) -> str:
    return f"site {site}"


def _shown(every: Sequence[_Site]) -> list[_Site]:
    return sorted(every, key=lambda site: -site.people)[:SHOWN]


def _table(words: str, every: Sequence[_Site], found: Mapping[str, Widest], columns: Sequence[str]) -> Series:
    """Each site's gap, and between whom."""
    rows = []
    for site in _shown(every):
        each = found.get(site.name)
        between = " and ".join(label(group, columns) for group in each.groups) if each else TOO_FEW
        gap = each.estimate if each else None
        rows.append((site.name, site.people, between, *((gap.value, gap.low, gap.high) if gap else (None, None, None))))
    heads = ("site", "people", "between", "gap", "low", "high")
    return Series(
        title=f"Gap in {words} within each site",
        columns=dict(zip(heads, zip(*rows, strict=True), strict=True)),
        units={"people": "people", "gap": "points", "low": "points", "high": "points"},
    )


def _figure(given: Given, words: str, every: Sequence[_Site], found: Mapping[str, Widest], pooled: Widest) -> Intervals:
    limit = given.limit
    drawn = [(_named(site.name), site.people, found.get(site.name)) for site in _shown(every)]
    rows = [
        Interval(
            label=name,
            value=each.estimate.value if each else None,
            low=each.estimate.low if each else None,
            high=each.estimate.high if each else None,
            n=people,
            verdict=Verdict.EXPLORED if each is None or limit is None else each.estimate.against(limit),
            note="" if each else TOO_FEW,
        )
        for name, people, each in (*drawn, ("all sites", sum(site.people for site in every), pooled))
    ]
    return Intervals(
        title=f"Gap in {words} within each site, by {given.grouping.name}",
        caption=f"Points. Line: {fmt.level(given.level)}, over all sites at once; all sites together: by itself.",
        unit="points",
        rows=tuple(rows),
        limit=limit,
    )
