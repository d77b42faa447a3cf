"""Gaps of every attribute and every rate, looked at together: which are confirmed, which are only suspected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from fairwitness.core.asks import CORRECT, DECISION, FAVORED, LABEL, TallyAsk
from fairwitness.core.columns import Grouping
from fairwitness.core.subject import Outline
from fairwitness.fairness import rates
from fairwitness.fairness.attributes import aside
from fairwitness.fairness.rates import Rate
from fairwitness.stats.equivalence import certified_within
from fairwitness.stats.multiple import benjamini_hochberg, holm
from fairwitness.stats.permutation import equal_rates_p
from fairwitness.stats.tally import Tally

DRAWS = 1000
"""Shuffles of a line, at least; of many named ones as many more as let the rarest outcome pass Holm's first step twice over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One rate: what is counted for it, and how it is read off the counts."""

    name: str
    of: tuple[str, ...]
    read: Callable[[Tally, Sequence[str]], Rate]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One rate by one grouping.

    Attributes:
        gap: Widest gap observed between two groups.
        p: Of "all groups have the same rate".
        adjusted: The same, all named groupings held together (Holm), or all explored ones (Benjamini-Hochberg).
        within: The smallest margin all pairs are certified to keep, all named groupings at once; None where explored, and
            where the rate of a group is unknown.
    """

    grouping: Grouping
    rate: str
    gap: float
    p: float
    adjusted: float = 1.0
    within: float | None = None


def asked(outline: Outline) -> list[Asked]:
    """The rates this subject has."""
    good = FAVORED if outline.favorable is not None else DECISION
    found = [Asked(name="selection rate", of=(good,), read=lambda tally, by: rates.selection_rate(tally, by, good))]
    if "positive" not in outline.offers and good == DECISION:
        found = []
    if "truth" in outline.offers and "positive" in outline.offers:
        both = (LABEL, DECISION)
        found += [
            Asked(name="true-positive rate", of=both, read=rates.true_positive_rate),
            Asked(name="false-positive rate", of=both, read=rates.false_positive_rate),
        ]
    if "truth" in outline.offers:
        found.append(Asked(name="accuracy", of=(CORRECT,), read=rates.accuracy))
    return found


def together(
    outline: Outline, tallies: Mapping[TallyAsk, Tally], *, level: float, rng: np.random.Generator
) -> list[Line]:
    """Every rate by every grouping with two groups or more, p values adjusted.

    Args:
        outline: Of the subject.
        tallies: Counts of judged rows by ask; see `ask`.
        level: One minus the chance that any named gap is confirmed where there is none, and the share of false ones
            among explored gaps that are suspected; and of all certificates together.
        rng: Shuffles where cells are small.
    """
    found: list[tuple[Line, Rate]] = []
    rivals = sum(len(asked(outline)) for grouping in outline.groupings if grouping.named)
    enough = max(DRAWS, ceil(2 * rivals / (1 - level)))
    for grouping in outline.groupings:
        for each in asked(outline):
            rate = each.read(tallies[ask(grouping, each)], grouping.columns)
            told = {name: n for name, n in rate.totals.items() if not aside(name)}
            kept = [name for name, n in told.items() if n]
            if len(kept) < 2:
                continue
            hits, n = (np.array([table[name] for name in kept]) for table in (rate.hits, told))
            p = equal_rates_p(hits, n, draws=enough if grouping.named else DRAWS, rng=rng)
            line = Line(grouping=grouping, rate=each.name, gap=float(np.ptp(hits / n)), p=p)
            found.append((line, Rate({name: rate.hits[name] for name in told}, told)))
    named = [pair for pair in found if pair[0].grouping.named]
    explored = [line for line, _ in found if not line.grouping.named]
    alpha = (1 - level) / max(len(named), 1)
    lines = [
        replace(line, adjusted=float(p), within=certified_within(rate.hits, rate.totals, alpha=alpha))
        for (line, rate), p in zip(named, holm([line.p for line, _ in named]), strict=True)
    ]
    adjusted = benjamini_hochberg([line.p for line in explored])
    return lines + [replace(line, adjusted=float(p)) for line, p in zip(explored, adjusted, strict=True)]


def ask(grouping: Grouping, rate: Asked) -> TallyAsk:
    """What is counted, over the rows that are judged."""
    return TallyAsk(by=grouping.columns, of=rate.of, judged=True)
