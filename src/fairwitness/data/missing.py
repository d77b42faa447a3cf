"""What is not recorded, and about whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fairwitness.core.estimate import Estimate
from fairwitness.stats.gaps import widest_gap


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """How unequally one column is missing.

    Attributes:
        column: Its name.
        groups: Where it is missing least, and most.
        estimate: Widest gap between two groups in the share missing, held together with the other columns'.
        missing: Rows that miss it, by group.
    """

    column: str
    groups: tuple[str, str]
    estimate: Estimate
    missing: Mapping[str, int]


def gaps(missing: Mapping[str, Mapping[str, int]], totals: Mapping[str, int], *, level: float = 0.95) -> list[Gap]:
    """How unequally each column is missing, the most unequal first.

    Args:
        missing: Column to rows that miss it, by group. Columns nobody misses are left out.
        totals: People by group.
        level: Confidence of all columns' intervals together (Bonferroni).

    Raises:
        TooFewError: Fewer than two groups have people in them.
    """
    some = {column: hits for column, hits in missing.items() if any(hits.values())}
    found = []
    for column, hits in some.items():
        widest = widest_gap(hits, totals, level=1 - (1 - level) / len(some))
        found.append(
            Gap(
                column=column,
                groups=widest.groups,
                estimate=widest.estimate,
                missing=hits,
            )
        )
    return sorted(found, key=lambda gap: -(gap.estimate.value or 0.0))


def widest(found: list[Gap], *, level: float) -> Estimate:
    """The widest gap of any column. Its interval holds whichever column that truly is: the highest of both ends.

    Args:
        found: From `gaps`, at least one.
        level: As given to `gaps`.
    """
    first = found[0].estimate
    highs = [gap.estimate.high for gap in found]
    return Estimate(
        value=first.value,
        low=max(gap.estimate.low or 0.0 for gap in found),
        high=max(high for high in highs if high is not None) if None not in highs else None,
        level=level,
        n=first.n,
        unit="points",
        method=f"{first.method}, for {len(found)} columns at once (Bonferroni)",
    )
