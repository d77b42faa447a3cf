"""A federated audit: each site counts its own rows and sends the counts, or as much of them as it may; they add up.

What is sent is bytes, so what left a site can be listed to the byte, and a receiver has nothing but them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import product
from typing import Any

import numpy as np

from fairwitness.federated.withholding import withhold
from fairwitness.stats.exact_noise import Coins, discrete_laplace, sum_beyond
from fairwitness.stats.tally import Tally

Cell = tuple[str, ...]  # the attribute's category, then those of the outcome

DOUBT = 0.001
"""The chance, over all counts together, that noise reaches beyond what is told of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What one site sends of its rows.

    Attributes:
        site: Its name.
        people: Rows counted; None where that is not told either (counts are noised).
        tables: Attribute to its counts by cell; None for a count that is withheld. Empty: too small to tell any.
        scale: Of the noise on every count; 0 for none.
    """

    site: str
    people: int | None
    tables: Mapping[str, Mapping[Cell, int | None]]
    scale: Fraction = Fraction(0)

    @property
    def cells(self) -> int:
        """Counts that were sent."""
        return sum(count is not None for table in self.tables.values() for count in table.values())

    @property
    def withheld(self) -> int:
        """Counts that were kept back."""
        return sum(count is None for table in self.tables.values() for count in table.values())

    def to_bytes(self) -> bytes:
        """The message: what leaves the site, and all of it."""
        tables = {
            name: [[*cell, count] for cell, count in sorted(cells.items())] for name, cells in self.tables.items()
        }
        told = {"site": self.site, "people": self.people, "scale": str(self.scale), "tables": tables}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, raw: bytes) -> Sent:
        """Read a message.

        Raises:
            ValueError: It is none.
        """
        try:
            told: dict[str, Any] = json.loads(raw)
            tables = {
                str(name): {tuple(map(str, row[:-1])): None if row[-1] is None else int(row[-1]) for row in rows}
                for name, rows in told["tables"].items()
            }
            people = None if told["people"] is None else int(told["people"])
            return cls(site=str(told["site"]), people=people, tables=tables, scale=Fraction(told["scale"]))
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"not a message of counts: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A count of all sites together: between the two, and the two are one where nobody withheld anything of it."""

    low: int
    high: int

    @property
    def exact(self) -> bool:
        return self.low == self.high


def count(site: str, tally: Tally, attributes: Sequence[str], *, least: int = 0) -> Sent:
    """What a site sends, small counts withheld.

    Args:
        site: Its name.
        tally: Its rows over the attributes and the outcome's axes (all others).
        attributes: One table each; crossings of attributes are not sent, as they would give small counts away.
        least: The smallest count that may be told; 0 withholds nothing.
    """
    outcome = [axis for axis in tally.axes if axis not in attributes]
    parts = {name: tally.onto(name, *outcome) for name in attributes}
    dense = {name: part.dense([name, *outcome]) for name, part in parts.items()}
    masks = withhold([table.reshape(len(table), -1) for table in dense.values()], least) if dense else ()
    if masks is None:
        return Sent(site=site, people=tally.total, tables={})
    tables = {}
    for (name, table), mask in zip(dense.items(), masks, strict=True):
        axes = parts[name].axes.values()
        flat = zip(product(*axes), table.ravel().tolist(), mask.ravel().tolist(), strict=True)
        tables[name] = {cell: None if hidden else number for cell, number, hidden in flat if number}
    return Sent(site=site, people=tally.total, tables=tables)


def count_noised(
    site: str,
    tally: Tally,
    attributes: Sequence[str],
    *,
    epsilon: Fraction,
    categories: Mapping[str, Sequence[str]],
    coins: Coins | None = None,
) -> Sent:
    """What a site sends, every count with exact discrete Laplace noise: epsilon-private for each row of the site.

    A row is in one cell of each table, so it moves as many counts by 1 as there are tables, and the scale is that number
    over epsilon.

    Args:
        site: Its name.
        tally: Its rows over the attributes and the outcome's axes.
        attributes: One table each.
        epsilon: The budget of all tables together.
        categories: Axis to the categories everybody counts, agreed on beforehand: which of them occur here is not told.
        coins: Where chance comes from; the operating system.
    """
    coins = coins or Coins()
    scale = Fraction(len(attributes)) / epsilon
    outcome = [axis for axis in tally.axes if axis not in attributes]
    tables = {}
    for name in attributes:
        own = cells(tally, [name, *outcome])
        every = product(*(categories[axis] for axis in (name, *outcome)))
        tables[name] = {cell: own.get(cell, 0) + discrete_laplace(scale, coins) for cell in every}
    return Sent(site=site, people=None, tables=tables, scale=scale)


def pool(messages: Sequence[Sent]) -> dict[str, dict[Cell, Range]]:
    """The counts of all sites together, attribute by attribute, as far as they are known.

    Of a withheld count it is known that it is at least 1, and at most what its site's people leave over. Noise widens a
    count to what it stays within with a chance of 99.9 %, for all counts at once.
    """
    found: dict[str, dict[Cell, Range]] = {}
    for name in dict.fromkeys(name for message in messages for name in message.tables):
        cells = sorted({cell for message in messages for cell in message.tables.get(name, {})})
        total = {cell: Range(low=0, high=0) for cell in cells}
        for message in messages:
            mine = _known(message, name, cells)
            total = {cell: _plus(total[cell], mine[cell]) for cell in cells}
        found[name] = total
    noise = _reach(messages, sum(map(len, found.values())))
    if noise:
        found = {
            name: {
                cell: Range(low=max(0, each.low - noise), high=max(0, each.high + noise))
                for cell, each in table.items()
            }
            for name, table in found.items()
        }
    return found


def unlisted(messages: Sequence[Sent]) -> Range:
    """What is known of a cell that no site names: only those too small to send a table can have anybody in it."""
    return Range(low=0, high=sum(message.people or 0 for message in messages if not message.tables))


def contradicted(
    messages: Sequence[Sent], known: Mapping[str, Mapping[Cell, Range]], true: Mapping[str, Mapping[Cell, int]]
) -> list[tuple[str, Cell]]:
    """Attribute and cell of the counts of all rows that what sites sent rules out.

    Args:
        messages: As they were sent.
        known: What `pool` makes of them.
        true: Attribute to the counts of all rows; a cell that is not named has nobody.
    """
    other, found = unlisted(messages), []
    for name, counts in true.items():
        for cell in {**counts, **known.get(name, {})}:
            told = known.get(name, {}).get(cell, other)
            if not told.low <= counts.get(cell, 0) <= told.high:
                found.append((name, cell))
    return found


def merged(tallies: Sequence[Tally]) -> Tally:
    """The rows of all sites counted together."""
    return reduce(lambda one, other: one + other, tallies)


def _known(message: Sent, name: str, cells: Sequence[Cell]) -> dict[Cell, Range]:
    """What one site's message says about each cell."""
    if message.people is not None and name not in message.tables:
        return {cell: Range(low=0, high=message.people) for cell in cells}
    table = message.tables[name]
    told = {cell: number for cell, number in table.items() if number is not None}
    hidden = len(table) - len(told)
    left = (message.people or 0) - sum(told.values())
    most = left - hidden + 1  # the others are at least 1 each

    def one(cell: Cell) -> Range:
        number = table.get(cell, 0)
        return Range(low=1, high=max(1, most)) if number is None else Range(low=number, high=number)

    return {cell: one(cell) for cell in cells}


def _reach(messages: Sequence[Sent], cells: int) -> int:
    """How far the noise of all sites on one count may reach."""
    scales = [message.scale for message in messages if message.scale]
    return int(np.ceil(sum_beyond(max(scales), len(scales), DOUBT / max(1, cells)))) if scales else 0


def _plus(one: Range, other: Range) -> Range:
    return Range(low=one.low + other.low, high=one.high + other.high)


def cells(tally: Tally, axes: Sequence[str]) -> dict[Cell, int]:
    """Counts by cell, those that are not zero."""
    part = tally.onto(*axes)
    names = list(part.axes.values())
    return {
        tuple(names[axis][code] for axis, code in enumerate(row)): number
        for row, number in zip(part.codes.tolist(), part.counts.tolist(), strict=True)
        if number
    }
