"""The tables and figures that rates by group have in common. Of fewer than 30 people counts are shown and no rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from fairwitness.core.columns import CROSS, Grouping
from fairwitness.core.estimate import Limit, Unit, Verdict
from fairwitness.core.figures import Figure, Heat, HeatCell, Interval, Intervals
from fairwitness.core.findings import Series
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, TOO_FEW, label
from fairwitness.fairness.rates import Rate
from fairwitness.stats.gaps import Pair, Widest

MOST_PAIRS = 12
MOST_GROUPS = 40
"""Groups a table lists, the largest first to stay; more would be a wall, and the verdict does not depend on it."""
MOST_ROWS = 24
"""Groups a chart draws."""
MOST_HEAT = (40, 12)
"""Rows and columns a heat table can hold on a page."""


def largest(rate: Rate, most: int) -> Rate:
    """The groups with most people, in the order they had."""
    if len(rate.totals) <= most:
        return rate
    kept = set(sorted(rate.totals, key=lambda group: -rate.totals[group])[:most])
    return Rate(
        {group: number for group, number in rate.hits.items() if group in kept},
        {group: number for group, number in rate.totals.items() if group in kept},
        rate.drawn,
    )


def by_group(
    rate: Rate,
    columns: Sequence[str],
    *,
    level: float,
    title: str = "By group",
    misses: str = "",
) -> Series:
    """Counts, rate and Wilson's interval of each group, the largest 40.

    Args:
        rate: Counts by group.
        columns: Group columns.
        level: Confidence of each interval.
        title: Of the table.
        misses: Name of the opposite rate, given its own columns where it has a name that people look for.
    """
    shown = largest(rate, MOST_GROUPS)
    found = shown.estimates(level=level)
    ends = [(each.value, each.low, each.high) if each.n >= FEW else (None, None, None) for each in found.values()]
    table: dict[str, tuple[float | int | str | None, ...]] = {
        "group": tuple(label(group, columns) for group in shown.totals),
        "n": tuple(shown.totals.values()),
        "hits": tuple(shown.hits.values()),
        "rate": tuple(value for value, _, _ in ends),
        "low": tuple(low for _, low, _ in ends),
        "high": tuple(high for _, _, high in ends),
    }
    units: dict[str, Unit] = {"n": "people", "hits": "people", "rate": "share", "low": "share", "high": "share"}
    if misses:
        table["misses"] = tuple(n - shown.hits[group] for group, n in shown.totals.items())
        turned = {misses: 0, f"{misses}, low": 2, f"{misses}, high": 1}
        for name, place in turned.items():
            table[name] = tuple(None if (end := row[place]) is None else 1 - end for row in ends)
        units |= {"misses": "people", **dict.fromkeys(turned, "share")}
    return Series(title=title, columns=table, units=units)


def pairs_to_show(widest: Widest, named: Pair) -> tuple[Pair, ...]:
    """The 12 widest, the one of the headline among them."""
    pairs = widest.pairs[:MOST_PAIRS]
    return pairs if named in pairs else (*pairs[:-1], named)


def rate_figure(rate: Rate, grouping: Grouping, title: str, *, level: float, worse: Literal["low", "high"]) -> Figure:
    """Rates with whiskers; of two crossed attributes a heat table, where it fits a page."""
    title = f"{title}, by {grouping.name}"
    if len(grouping.columns) == 2:
        heat = _heat(rate, grouping, title, level=level, worse=worse)
        if len(heat.rows) <= MOST_HEAT[0] and len(heat.columns) <= MOST_HEAT[1]:
            return heat
    shown = largest(rate, MOST_ROWS)
    rows = []
    for group, each in shown.estimates(level=level).items():
        few = each.n < FEW
        rows.append(
            Interval(
                label=label(group, grouping.columns),
                value=None if few else each.value,
                low=None if few else each.low,
                high=None if few else each.high,
                n=each.n,
                note=TOO_FEW if few else "",
            )
        )
    left = len(rate.totals) - len(rows)
    caption = f"Share, %. Line: {fmt.level(level)} Wilson interval of each group."
    caption += f" The {MOST_ROWS} largest groups; {fmt.count(left)} more are not drawn." if left else ""
    return Intervals(title=title, caption=caption, unit="share", rows=tuple(rows))


def pair_figure(
    pairs: Sequence[Pair], columns: Sequence[str], title: str, *, unit: Unit, limit: Limit | None, compared: int
) -> Intervals:
    """Differences between the groups of some of the pairs that were compared, against the limit."""
    rows = tuple(
        Interval(
            label=f"{label(pair.groups[1], columns)} over {label(pair.groups[0], columns)}"
            if unit == "points"
            else f"{label(pair.groups[0], columns)} to {label(pair.groups[1], columns)}",
            value=pair.estimate.value,
            low=pair.estimate.low,
            high=pair.estimate.high,
            n=pair.estimate.n,
            verdict=Verdict.EXPLORED if limit is None else pair.estimate.against(limit),
            note="undefined" if pair.estimate.value is None else "",
        )
        for pair in pairs
    )
    found = pairs[0].estimate
    method = f"{fmt.level(found.level)}, {found.method}" if found.level else found.method
    caption = f"{'Points' if unit == 'points' else 'Lower rate over higher'}. Line: {method}."
    caption += " Shaded: within the limit." if limit else ""
    caption += f" {len(pairs)} of {fmt.count(compared)} pairs, the widest." if compared > len(pairs) else ""
    return Intervals(title=title, caption=caption, unit=unit, rows=rows, limit=limit)


def _heat(rate: Rate, grouping: Grouping, title: str, *, level: float, worse: Literal["low", "high"]) -> Heat:
    found = rate.estimates(level=level)
    split = {group: tuple(group.split(CROSS, 1)) for group in found}
    rows = list(dict.fromkeys(first for first, _ in split.values()))
    columns = list(dict.fromkeys(second for _, second in split.values()))
    cells = {split[group]: each for group, each in found.items()}

    def cell(row: str, column: str) -> HeatCell:
        each = cells.get((row, column))
        if each is None or each.n < FEW:
            return HeatCell(value=None, low=None, high=None, n=each.n if each else 0)
        return HeatCell(value=each.value, low=each.low, high=each.high, n=each.n)

    return Heat(
        title=title,
        caption=f"Share, % [{fmt.level(level)} Wilson interval], and people. Under {FEW} people no rate is shown.",
        unit="share",
        row_name=grouping.columns[0],
        rows=tuple(label(row, grouping.columns[:1]) for row in rows),
        columns=tuple(label(column, grouping.columns[1:]) for column in columns),
        cells=tuple(tuple(cell(row, column) for column in columns) for row in rows),
        worse=worse,
    )
