"""What is watched row by row: gaps between groups, and the share of errors; each a bet against "no worse than audited".

A stream is a few numbers: the monitor writes it down after each batch and goes on from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fairwitness.stats import intervals
from fairwitness.stats.betting import Wager, average, differences
from fairwitness.stats.multiple import sidak

Answers = Mapping[str, NDArray[np.int8]]
"""Group to (n,) 0 or 1, in an order that does not depend on them."""

LEAST_AUDITED = 30
"""People of a group in the audit, below which its gaps are not watched: nothing sure is known to hold them against."""

MOST_GROUPS = 12
"""Groups of one attribute that are watched, the largest first; their pairs are 66."""

MOST_WAITING = 500
"""Rows of a group that wait for rows of the other; older ones are given up, whatever they hold."""

MOST_IN_A_BLOCK = 20
WIDEST_BOUND = 0.98
"""A gap beyond this cannot be watched: there is nothing left to find."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two groups: neither may lie further above the other than the audit could not rule out.

    Attributes:
        groups: The two.
        sizes: Rows in a block of each.
        above: Against "the first lies at most so far above the second".
        below: Against "the second lies at most so far above the first".
        waiting: Rows of each that have no partner yet, the newest first.
    """

    groups: tuple[str, str]
    sizes: tuple[int, int]
    above: Wager
    below: Wager
    waiting: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())

    def add(self, answers: Answers) -> Self:
        """With one more batch, whose rows are paired with each other first, and with waiting ones from the newest on.

        Rows of different times differ by more than their group: where everybody's rate rises, early rows of one group
        beside late rows of another would show a gap that there never was.
        """
        nobody = np.zeros(0, dtype=np.int8)
        first, second = (
            np.concatenate([answers.get(group, nobody), np.array(held, dtype=np.int8)])
            for held, group in zip(self.waiting, self.groups, strict=True)
        )
        values, counts, used = differences(first, second, self.sizes)
        rest = tuple(
            tuple(each[used * size :].tolist()[:MOST_WAITING])
            for each, size in zip((first, second), self.sizes, strict=True)
        )
        above, below = (
            (self.above, self.below)
            if not used
            else (
                self.above.add(values, counts),
                self.below.add(-values, counts),
            )
        )
        return replace(self, above=above, below=below, waiting=(rest[0], rest[1]))

    @property
    def wagers(self) -> tuple[Wager, Wager]:
        return self.above, self.below


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Evidence that groups have moved further apart than the audit left open, or that errors have become more frequent.

    Attributes:
        pairs: Pairs of groups; empty for a share of everybody.
        alone: The wager on the share of everybody; None for pairs.
        peak: The largest `log_wealth` there was at the end of a batch: an alarm is not taken back.
        aside: Groups that are not watched: too few in the audit, or too small beside others.
    """

    pairs: tuple[Pair, ...] = ()
    alone: Wager | None = None
    peak: float = 0.0
    aside: tuple[str, ...] = ()

    @classmethod
    def of_gap(
        cls,
        hits: Mapping[str, int],
        totals: Mapping[str, int],
        *,
        limit: float,
        level: float = 0.95,
        bound: float | None = None,
    ) -> Self | None:
        """A gap in rates, held against what was audited.

        Args:
            hits: Audited people with a yes, by group.
            totals: Audited people by group.
            limit: A gap that is acceptable anyway.
            level: Of the audited intervals, for all pairs at once: a pair's bound is the upper end of its interval, or
                the limit if that is higher.
            bound: In place of all that: the same for all pairs.

        Returns:
            None where fewer than two groups have people enough.
        """
        large = sorted((name for name, n in totals.items() if n >= LEAST_AUDITED), key=lambda name: -totals[name])
        kept = large[:MOST_GROUPS]
        couples = list(combinations(kept, 2))
        pairs = []
        for a, b in couples:
            low, high = intervals.newcombe(
                (hits.get(b, 0), hits.get(a, 0)), (totals[b], totals[a]), level=sidak(level, len(couples))
            )
            above, below = (max(limit, high), max(limit, -low)) if bound is None else (bound, bound)
            ratio = min(MOST_IN_A_BLOCK, max(1, round(max(totals[a], totals[b]) / min(totals[a], totals[b]))))
            pairs.append(
                Pair(
                    groups=(a, b),
                    sizes=(ratio, 1) if totals[a] > totals[b] else (1, ratio),
                    above=Wager(bound=min(above, WIDEST_BOUND), least=-1.0),
                    below=Wager(bound=min(below, WIDEST_BOUND), least=-1.0),
                )
            )
        if not pairs:
            return None
        return cls(pairs=tuple(pairs), aside=tuple(name for name in totals if name not in kept))

    @classmethod
    def of_share(cls, hits: int, n: int, *, level: float = 0.95) -> Self | None:
        """A share of everybody that should not grow, such as errors; None where nobody was audited."""
        if not n:
            return None
        high = float(intervals.wilson(hits, n, level=level)[1])
        return cls(alone=Wager(bound=min(max(high, 1e-3), WIDEST_BOUND), least=0.0))

    def add(self, answers: Answers) -> Self:
        """With one more batch of (n,) 0 or 1 by group."""
        if self.alone is not None:
            every = np.concatenate([*answers.values(), np.zeros(0, dtype=np.int8)])
            yes = int(every.sum())
            alone = self.alone.add(np.array([0.0, 1.0]), np.array([len(every) - yes, yes]))
            after = replace(self, alone=alone)
        else:
            after = replace(self, pairs=tuple(pair.add(answers) for pair in self.pairs))
        return replace(after, peak=max(after.peak, after.log_wealth))

    @property
    def wagers(self) -> tuple[Wager, ...]:
        """Every wager; the stream's evidence is the average of their wealths."""
        return (self.alone,) if self.alone is not None else tuple(w for pair in self.pairs for w in pair.wagers)

    @property
    def log_wealth(self) -> float:
        """Evidence against all the nulls at once; it exceeds log(1/alpha) ever with chance alpha at most."""
        return average([wager.log_wealth for wager in self.wagers])

    @property
    def widest(self) -> tuple[str, str, float] | None:
        """The pair with most evidence, the higher group first, and its bound; None for a share of everybody."""
        sides = [
            (wager.log_wealth, groups, wager.bound)
            for pair in self.pairs
            for groups, wager in ((pair.groups, pair.above), (pair.groups[::-1], pair.below))
        ]
        if not sides:
            return None
        _, groups, bound = max(sides)
        return groups[0], groups[1], bound

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` reads back exactly."""
        return {
            "alone": None if self.alone is None else self.alone.to_json(),
            "peak": self.peak,
            "aside": list(self.aside),
            "pairs": [
                {
                    "groups": list(pair.groups),
                    "sizes": list(pair.sizes),
                    "above": pair.above.to_json(),
                    "below": pair.below.to_json(),
                    "waiting": [list(each) for each in pair.waiting],
                }
                for pair in self.pairs
            ],
        }

    @classmethod
    def from_json(cls, held: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        return cls(
            alone=None if held["alone"] is None else Wager.from_json(held["alone"]),
            peak=held["peak"],
            aside=tuple(held["aside"]),
            pairs=tuple(
                Pair(
                    groups=(each["groups"][0], each["groups"][1]),
                    sizes=(each["sizes"][0], each["sizes"][1]),
                    above=Wager.from_json(each["above"]),
                    below=Wager.from_json(each["below"]),
                    waiting=(tuple(each["waiting"][0]), tuple(each["waiting"][1])),
                )
                for each in held["pairs"]
            ),
        )
