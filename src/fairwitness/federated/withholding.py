"""Which small counts a site keeps to itself, and which larger ones beside them, so that no total gives them away.

A site's tables (one an attribute, attribute by outcome) count the same people, so they share how many people had each
outcome, and who receives them also knows how many people there are. A lone withheld count is then what is left of a
sum. Here counts are withheld until the receiver, whatever else was sent, cannot tell a small count from one that is not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]  # (groups of an attribute, outcomes)
Mask = NDArray[np.bool_]  # of the same shape: which counts are withheld


def withhold(tables: Sequence[Counts], least: int) -> tuple[Mask, ...] | None:
    """Which counts to withhold, so that for each from 1 to `least` − 1 a receiver must hold `least` for possible.

    Zeros are sent: nobody is behind them. The receiver is taken to know every count that is sent, the number of people,
    and how many had each outcome wherever not all tables keep an outcome back. One that works backwards from the rule
    learns no more where an outcome is kept back in part; of one kept back whole, that it is rare in some table.

    Args:
        tables: (groups, outcomes) counts of the same people, at least 0, with the same sums over groups.
        least: The smallest count that may be told; with 1 or less nothing is withheld.

    Returns:
        One mask a table; None where the site is so small that even withholding every count would not do.

    Raises:
        ValueError: The tables differ in how many people had each outcome, so they do not count the same people.

    Source:
        Hundepool et al. 2012, Statistical Disclosure Control, chapter 4: primary and secondary cell suppression. The
        rule is exact here because no sums over outcomes are sent, so outcomes are bound to each other by totals alone.
    """
    sums = {tuple(table.sum(axis=0).tolist()) for table in tables}
    if len(sums) > 1:
        raise ValueError("tables of the same people agree on how many had each outcome")
    masks = tuple((table > 0) & (table < least) for table in tables)
    if not any(mask.any() for mask in masks):
        return masks
    whole: list[int] = []  # outcomes of which every count of every table is withheld
    for outcome in range(tables[0].shape[1]):
        hidden = [_hidden(table[:, outcome], least) for table in tables]
        if any(mask is None for mask in hidden):
            whole.append(outcome)
            continue
        for mask, column in zip(masks, hidden, strict=True):
            mask[:, outcome] = column
    others = [place for place in np.argsort(tables[0].sum(axis=0), kind="stable").tolist() if place not in whole]
    while whole and not _safe(tables, whole, least):
        if not others:
            return None
        whole.append(others.pop(0))
    for mask, table in zip(masks, tables, strict=True):
        mask[:, whole] = table[:, whole] > 0
    return masks


def _hidden(column: Counts, least: int) -> Mask | None:
    """The counts of one outcome to withhold where its sum is known; None where no choice is safe.

    The small ones and, of those that are not, the smallest with all that equal it. Which counts these are depends on no
    place, so whatever order the withheld ones stand in, the same would be sent: each may be the one that is not small,
    even to a receiver that knows this rule. The smallest alone, the first of equals, would tell such a one which it is.
    """
    small = (column > 0) & (column < least)
    if not small.any():
        return small
    large = column[column >= least]
    return small | (column == large.min()) if large.size else None


def _safe(tables: Sequence[Counts], whole: Sequence[int], least: int) -> bool:
    """Whether a small count among outcomes withheld whole could be `least`, as far as anybody can tell.

    Their people together are known. Every other outcome takes at least as many as it has withheld counts in any table.
    """
    together = sum(int(tables[0][:, outcome].sum()) for outcome in whole)
    filled = {outcome: [int((table[:, outcome] > 0).sum()) for table in tables] for outcome in whole}
    taken = sum(max(counts) for counts in filled.values())
    for outcome in whole:
        for table, own in zip(tables, filled[outcome], strict=True):
            column = table[:, outcome]
            small = ((column > 0) & (column < least)).any()
            if small and together - (taken - max(filled[outcome])) - (own - 1) < least:
                return False
    return True
