"""A model asked again about the same rows, with an attribute or words that name one exchanged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import group_column
from fairwitness.core.check import Given
from fairwitness.core.columns import MISSING
from fairwitness.core.estimate import Estimate
from fairwitness.core.subject import Model, Rows
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, listed
from fairwitness.fairness.drawn import attributes, texts
from fairwitness.fairness.flipping import Change, Said, change, exchanges
from fairwitness.fairness.wording import Pair, Swap, swapped
from fairwitness.io.terms import holding

MOST_PAIRS = 6
"""Pairs of words of one swap that are also exchanged by themselves, those in most texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What changes with one thing put in.

    Attributes:
        of: The attribute, or the name of the swap.
        put: What is put in.
    """

    of: str
    put: str
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Flipped:
    """What is judged of one attribute or swap: which decisions change, with any other value.

    Attributes:
        of: Its name.
        what: What is done, to follow "when".
        ids: (m,) the places in the data of the rows asked about.
        changed: (m,) whether the decision is another.
        rows: Lines of the table.
        whole: Of these, the ones that together are the whole exchange: each value, or all words at once.
    """

    of: str
    what: str
    ids: NDArray[np.int64]
    changed: NDArray[np.bool_]
    rows: tuple[Row, ...]
    whole: int

    def furthest(self, *, level: float) -> Estimate | None:
        """The largest mean change of the score, either way, over the whole exchange; None without scores.

        Args:
            level: Of each change; the interval is that of the largest there truly is, if all hold together.
        """
        found = [each for row in self.rows[: self.whole] if (each := row.change.score(level=level)) is not None]
        if not found:
            return None
        sizes = [_size(each) for each in found]
        most = max(sizes, key=lambda each: each.value or 0.0)
        low, high = (max(getattr(each, end) for each in sizes) for end in ("low", "high"))
        return replace(most, low=low, high=high)


def _size(each: Estimate) -> Estimate:
    """A change without its sign."""
    low, high = each.low or 0.0, each.high or 0.0
    return replace(each, value=abs(each.value or 0.0), low=max(0.0, low, -high), high=max(abs(low), abs(high)))


class Asked:
    """The model, asked again about at most so many rows at a time.

    Attributes:
        notes: What was asked of few, or not, and why.
    """

    def __init__(self, given: Given, model: Model, *, most: int) -> None:
        self._given, self._model, self._most = given, model, most
        self.notes: list[str] = []

    def _said(self, rows: Rows) -> Said:
        self._given.meter.spend(len(rows), of=len(rows), what="queries")
        return Said.of(self._model.outputs(rows), self._given.outline)

    def _some(self, rows: Rows, what: str) -> Rows:
        """All rows, or so many of them at random."""
        if len(rows) <= self._most:
            return rows
        self.notes.append(f"A random {fmt.count(self._most)} of {fmt.count(len(rows))} {what}.")
        chosen = np.zeros(len(rows), dtype=bool)
        chosen[self._given.rng.choice(len(rows), self._most, replace=False)] = True
        return rows.where(chosen)

    def attributes(self, rows: Rows) -> list[Flipped]:
        """Each attribute that the model reads, or that a rule after it does."""
        named = [grouping.name for grouping in attributes(self._given.outline)]
        if not named:
            return []
        some = self._some(rows, "rows for attributes")
        before = self._said(some)
        found = {name: self._attribute(name, some, before) for name in named}
        made = [one for one in found.values() if one is not None]
        unread = [name for name, one in found.items() if one is None]
        if unread and made:
            self.notes.append(f"The model does not read {' or '.join(unread)}: nothing changes when that alone does.")
        return made

    def _attribute(self, name: str, rows: Rows, before: Said) -> Flipped | None:
        columns = self._given.outline.made_from.get(name, ())
        reads = bool(set(columns) & set(self._given.outline.features))
        lines, changed, asked = [], np.zeros(len(rows), dtype=bool), np.zeros(len(rows), dtype=bool)
        for category, mask, put in exchanges(rows, name, columns, rng=self._given.rng):
            said, after = before.where(mask), self._said(put)
            reads |= not said.like(after)
            one = change(said, after)
            lines.append(Row(of=name, put=category, change=one))
            changed[mask] |= one.changed
            asked |= mask
        if not reads or not asked.any():
            return None
        every = {str(label) for label in rows.columns[group_column(name)] if label is not None} - {MISSING}
        if len(lines) < len(every):
            self.notes.append(f"Of {len(every)} categories of {name} the {len(lines)} most frequent are put in.")
        what = f"{name} alone is another"
        return Flipped(
            of=name, what=what, ids=rows.ids[asked], changed=changed[asked], rows=tuple(lines), whole=len(lines)
        )

    def words(self, rows: Rows, swaps: Mapping[str, Swap]) -> list[Flipped]:
        """Each swap whose words stand in enough texts."""
        made, few = [], []
        for column in texts(self._given.outline):
            for name, swap in swaps.items():
                held = np.zeros(len(rows), dtype=bool)
                held[swapped(rows.columns[column], swap).places] = True
                if held.sum() >= FEW:
                    made.append(self._swap(rows.where(held), column, name, swap))
                elif held.any():
                    few.append(f"{name} ({fmt.count(held.sum())})")
        if few:
            self.notes.append(f"Words of {listed(few)} stand in fewer than {FEW} texts, too few to judge.")
        return made

    def _swap(self, rows: Rows, column: str, name: str, swap: Swap) -> Flipped:
        """All pairs at once, and those in most texts by themselves."""
        some = self._some(rows, f"texts with words of {name}")
        before = self._said(some)
        every = self._exchanged(some, before, column, swap)
        often = _often(some.columns[column], swap)
        first, more = next(iter(often)), len(often) > 1
        lines = [Row(of=name, put=_put(first) + (" …" if more else ""), change=every)]
        alone = [pair for pair in often if more and often[pair] >= FEW][:MOST_PAIRS]
        lines += [
            Row(of=name, put=_put(pair), change=self._exchanged(some, before, column, Swap((pair,)))) for pair in alone
        ]
        what = f"words of {name} in {column} are exchanged"
        return Flipped(of=name, what=what, ids=some.ids, changed=every.changed, rows=tuple(lines), whole=1)

    def _exchanged(self, rows: Rows, before: Said, column: str, swap: Swap) -> Change:
        found = swapped(rows.columns[column], swap)
        mask = np.zeros(len(rows), dtype=bool)
        mask[found.places] = True
        taken = rows.where(mask)
        after = self._said(replace(taken, columns={**taken.columns, column: found.texts}))
        return change(before.where(mask), after, found.sign)

    def why_nothing(self, swaps: Mapping[str, Swap]) -> str:
        outline = self._given.outline
        read = [] if texts(outline) else [grouping.name for grouping in attributes(outline)]
        if read:
            return f"the model does not read {' or '.join(read)}, so nothing changes when that alone does; see data.proxies"
        return f"fewer than {FEW} texts hold words of {listed(swaps)}; name others in swaps"


def _put(pair: Pair) -> str:
    return f"{pair[1]} for {pair[0]}"


def _often(held: NDArray[np.object_], swap: Swap) -> dict[Pair, int]:
    """In how many texts a word of each pair stands, the most first; pairs of none left out."""
    found = holding(held, swap.words)
    often = {pair: int((found[pair[0]] | found[pair[1]]).sum()) for pair in swap.pairs}
    return {pair: often[pair] for pair in sorted(often, key=lambda pair: -often[pair]) if often[pair]}
