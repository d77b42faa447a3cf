"""Rates by group, from tallies. A rate is kept as two counts, so one of nobody stays unknown and never becomes 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from fairwitness.core.asks import CORRECT, DECISION, FAVORED, LABEL, NO, YES
from fairwitness.core.estimate import Estimate
from fairwitness.stats import gaps
from fairwitness.stats.clusters import Drawn
from fairwitness.stats.tally import Tally


@dataclass(frozen=True, slots=True)
class Rate:
    """How many, out of how many, in each group.

    Attributes:
        hits: People by group for whom it is so, `0 <= hits[g] <= totals[g]`.
        totals: People by group of whom it is known; 0 where there is nobody.
        drawn: The shares where rows are weighted or clustered; then hits and totals count rows. None: rows are people.
    """

    hits: Mapping[str, int]
    totals: Mapping[str, int]
    drawn: Drawn | None = None

    @classmethod
    def of(
        cls,
        tally: Tally,
        by: Sequence[str],
        column: str,
        *,
        category: str = YES,
        among: Mapping[str, str] | None = None,
    ) -> Self:
        """The share whose `column`, a yes-or-no axis of the tally, is `category`.

        Args:
            tally: Counts over the group columns and yes-or-no axes.
            by: Group columns.
            column: What is asked.
            category: The answer that counts as a hit.
            among: Axis to category: only these people are asked.

        Returns:
            Counts of those for whom an answer is recorded. A group none of whom is asked stays, with a total of 0.
        """
        asked = tally.where(among) if among else tally
        other = NO if category == YES else YES
        hits, misses = asked.hits(by, column, category), asked.hits(by, column, other)
        totals = {group: number + misses[group] for group, number in hits.items()}
        return cls(hits, totals, Drawn.of(tally, by, column, category=category, among=among))

    def estimates(self, *, level: float) -> dict[str, Estimate]:
        """Share of each group with its own interval."""
        return gaps.rates(self.hits, self.totals, level=level, drawn=self.drawn)

    @property
    def people(self) -> int:
        """Everybody asked."""
        return sum(self.totals.values())


def selection_rate(tally: Tally, by: Sequence[str], column: str = FAVORED) -> Rate:
    """Share of decisions that are good for the person (or, of `DECISION`, positive)."""
    return Rate.of(tally, by, column)


def true_positive_rate(tally: Tally, by: Sequence[str]) -> Rate:
    """Share decided positive, among those recorded positive; its misses are the false negatives."""
    return Rate.of(tally, by, DECISION, among={LABEL: YES})


def false_positive_rate(tally: Tally, by: Sequence[str]) -> Rate:
    """Share decided positive, among those recorded otherwise."""
    return Rate.of(tally, by, DECISION, among={LABEL: NO})


def positive_predictive_value(tally: Tally, by: Sequence[str]) -> Rate:
    """Share recorded positive, among those decided positive."""
    return Rate.of(tally, by, LABEL, among={DECISION: YES})


def negative_predictive_value(tally: Tally, by: Sequence[str]) -> Rate:
    """Share recorded otherwise, among those decided otherwise."""
    return Rate.of(tally, by, LABEL, category=NO, among={DECISION: NO})


def accuracy(tally: Tally, by: Sequence[str]) -> Rate:
    """Share whose decided class is the recorded one, of two classes or of many."""
    return Rate.of(tally, by, CORRECT)
