"""A model asked again about the same rows, with an attribute or words that name one exchanged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.check import Given
from fairwitness.core.subject import Model, Rows
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, listed
from fairwitness.fairness.drawn import attributes, texts
from fairwitness.fairness.flipping import Change, Said, change, exchanges
from fairwitness.fairness.wording import Swap, swapped

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
        places: (m,) the rows asked about.
        changed: (m,) whether the decision is another.
        rows: Lines of the table.
    """

    of: str
    what: str
    places: NDArray[np.intp]
    changed: NDArray[np.bool_]
    rows: tuple[Row, ...]


class Asked:
    """The model, asked again.

    Attributes:
        notes: What was not asked, and why.
    """

    def __init__(self, given: Given, model: Model, rows: Rows, before: Said) -> None:
        self._given, self._model, self._rows, self._before = given, model, rows, before
        self.notes: list[str] = []

    def _said(self, rows: Rows) -> Said:
        self._given.meter.spend(len(rows), of=len(rows), what="queries")
        return Said.of(self._model.outputs(rows), self._given.outline)

    def attributes(self) -> list[Flipped]:
        """Each attribute that the model reads, or that a rule after it does."""
        made, unread = [], []
        for grouping in attributes(self._given.outline):
            found = self._attribute(grouping.name)
            made += [found] if found else []
            unread += [] if found else [grouping.name]
        if unread and made:
            self.notes.append(f"The model does not read {listed(unread)}: nothing changes when that alone does.")
        return made

    def _attribute(self, name: str) -> Flipped | None:
        columns = self._given.outline.made_from.get(name, ())
        reads = bool(set(columns) & set(self._given.outline.features))
        lines, changed, asked = [], np.zeros(len(self._rows), dtype=bool), np.zeros(len(self._rows), dtype=bool)
        for category, mask, rows in exchanges(self._rows, name, columns, rng=self._given.rng):
            before, after = self._before.where(mask), self._said(rows)
            reads |= not before.like(after)
            one = change(before, after)
            lines.append(Row(of=name, put=category, change=one))
            changed[mask] |= one.changed
            asked |= mask
        if not reads or not asked.any():
            return None
        places = np.flatnonzero(asked)
        return Flipped(
            of=name, what=f"{name} alone is another", places=places, changed=changed[asked], rows=tuple(lines)
        )

    def words(self, swaps: Mapping[str, Swap]) -> list[Flipped]:
        """Each swap whose words stand in enough texts."""
        made, few = [], []
        for column in texts(self._given.outline):
            for name, swap in swaps.items():
                line, places = self._exchanged(column, name, swap)
                if len(places) >= FEW and line is not None:
                    alone = [self._exchanged(column, name, Swap((pair,)))[0] for pair in self._common(column, swap)]
                    rows = (line, *(each for each in alone if each is not None))
                    what = f"words of {name} in {column} are exchanged"
                    made.append(Flipped(of=name, what=what, places=places, changed=line.change.changed, rows=rows))
                elif len(places):
                    few.append(f"{name} ({fmt.count(len(places))})")
        if few:
            self.notes.append(f"Words of {listed(few)} stand in fewer than {FEW} texts, too few to judge.")
        return made

    def _exchanged(self, column: str, name: str, swap: Swap) -> tuple[Row | None, NDArray[np.intp]]:
        found = swapped(self._rows.columns[column], swap)
        if len(found.places) < FEW:
            return None, found.places
        mask = np.zeros(len(self._rows), dtype=bool)
        mask[found.places] = True
        taken = self._rows.where(mask)
        after = self._said(replace(taken, columns={**taken.columns, column: found.texts}))
        (first, second), more = swap.pairs[0], " …" if len(swap.pairs) > 1 else ""
        one = change(self._before.where(mask), after, found.sign)
        return Row(of=name, put=f"{second} for {first}{more}", change=one), found.places

    def _common(self, column: str, swap: Swap) -> list[tuple[str, str]]:
        """The pairs that stand in most texts; none where there is only one."""
        if len(swap.pairs) == 1:
            return []
        texts = [text for text in self._rows.columns[column] if text is not None]
        often = {pair: sum(map(Swap((pair,)).holds, texts)) for pair in swap.pairs}
        return [pair for pair in sorted(often, key=lambda pair: -often[pair])[:MOST_PAIRS] if often[pair] >= FEW]

    def why_nothing(self, swaps: Mapping[str, Swap]) -> str:
        outline = self._given.outline
        read = [] if texts(outline) else [grouping.name for grouping in attributes(outline)]
        if read:
            return f"the model does not read {listed(read)}, so nothing changes when that alone does; see data.proxies"
        return f"fewer than {FEW} texts hold words of {listed(swaps)}; name others in swaps"
