"""Number columns changed so that they are spread alike in every group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self, get_args
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.remedy import labels_of
from fairwitness.core.subject import Rows
from fairwitness.fairness.rules import lots

LEAST = 20
"""A group with fewer values of a column is read by how all values are spread."""
GRID = 1001
"""Shares at which a spread is held."""
SHARES = (np.arange(GRID) + 0.5) / GRID

Ties = Literal["together", "lot"]
TIES: tuple[Ties, ...] = get_args(Ties)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How the values of a group are spread.

    Attributes:
        values: Distinct ones, rising.
        shares: The share of the group below each, half of those that have it included.
        masses: The share that has it.
    """

    values: tuple[float, ...]
    shares: tuple[float, ...]
    masses: tuple[float, ...]

    @classmethod
    def of(cls, values: Floats) -> Self:
        """The spread of (n,) finite values, n at least 1; beyond `GRID` distinct ones, of their quantiles."""
        if len(np.unique(values)) > GRID:
            values = np.quantile(values, SHARES)
        distinct, counts = np.unique(values, return_counts=True)
        shares, masses = (np.cumsum(counts) - counts / 2) / counts.sum(), counts / counts.sum()
        return cls(values=tuple(distinct.tolist()), shares=tuple(shares.tolist()), masses=tuple(masses.tolist()))

    def below(self, values: Floats, lots: Floats) -> Floats:
        """(n,) share of the group below each value; of those that have it, as many as the row's lot says, in [0, 1)."""
        middle: Floats = np.interp(values, self.values, self.shares)
        return middle + (lots - 0.5) * np.interp(values, self.values, self.masses)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairedColumn:
    """A column's spreads, and the one it is taken to.

    Attributes:
        groups: By group.
        others: That of all values, for any other group.
        target: Values at `SHARES`, rising: the median over groups of their quantiles.
    """

    groups: Mapping[str, Spread]
    others: Spread
    target: tuple[float, ...]

    @classmethod
    def of(cls, values: Floats, groups: NDArray[np.object_]) -> Self | None:
        """Of (n,) values, NaN where missing; None where no two groups have `LEAST` of them."""
        known = np.isfinite(values)
        names, sizes = np.unique(groups[known].astype(np.str_), return_counts=True)
        large = [str(name) for name, size in zip(names, sizes, strict=True) if size >= LEAST]
        if len(large) < 2:
            return None
        own = {name: values[known & (groups == name)] for name in large}
        target = np.median([np.quantile(each, SHARES) for each in own.values()], axis=0)
        return cls(
            groups={name: Spread.of(each) for name, each in own.items()},
            others=Spread.of(values[known]),
            target=tuple(target.tolist()),
        )

    def repaired(self, values: Floats, groups: NDArray[np.object_], lots: Floats) -> Floats:
        """(n,) values as all groups share them; what is missing stays so. Lots of 0.5 keep equal values equal."""
        shares = self.others.below(values, lots)
        for name, spread in self.groups.items():
            of = groups == name
            shares[of] = spread.below(values[of], lots[of])
        return np.where(np.isfinite(values), np.interp(shares, SHARES, self.target), values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """Columns repaired, in training rows and before each decision.

    Attributes:
        by: The attribute that is read.
        amount: How much of the way is gone, in [0, 1].
        ties: Whether equal values of a group stay equal, or are put apart by a lot that follows from the row's id.
        columns: What is changed.
    """

    by: str
    amount: float
    ties: Ties
    columns: Mapping[str, RepairedColumn]

    @classmethod
    def of(
        cls,
        rows: Rows,
        names: Sequence[str],
        groups: NDArray[np.object_],
        *,
        by: str,
        amount: float,
        ties: Ties = "together",
    ) -> Self:
        """The repair of number columns; those without two groups large enough are left alone.

        Source:
            Feldman, Friedler, Moeller, Scheidegger and Venkatasubramanian 2015, KDD, https://arxiv.org/abs/1412.3756,
            section 5, geometric repair for a part of the way.
        """
        made = {name: RepairedColumn.of(rows.columns[name], groups) for name in names}
        return cls(
            by=by, amount=amount, ties=ties, columns={name: each for name, each in made.items() if each is not None}
        )

    def apply(self, rows: Rows) -> Rows:
        groups = labels_of(rows, self.by)
        columns = dict(rows.columns)
        for name, each in self.columns.items():
            apart = lots(rows.ids, crc32(name.encode())) if self.ties == "lot" else np.full(len(rows), 0.5)
            whole = each.repaired(columns[name], groups, apart)
            columns[name] = (1 - self.amount) * columns[name] + self.amount * whole
        return replace(rows, columns=columns)

    def to_json(self) -> dict[str, Any]:
        columns = {
            name: {
                "groups": {group: _plain(spread) for group, spread in each.groups.items()},
                "others": _plain(each.others),
                "target": list(each.target),
            }
            for name, each in self.columns.items()
        }
        return {"by": self.by, "amount": self.amount, "ties": self.ties, "columns": columns}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        columns = {
            str(name): RepairedColumn(
                groups={str(group): _spread(spread) for group, spread in each["groups"].items()},
                others=_spread(each["others"]),
                target=tuple(map(float, each["target"])),
            )
            for name, each in saved["columns"].items()
        }
        ties: Ties = "lot" if saved["ties"] == "lot" else "together"
        return cls(by=str(saved["by"]), amount=float(saved["amount"]), ties=ties, columns=columns)


def furthest_apart(values: Floats, groups: NDArray[np.object_]) -> float:
    """The greatest Kolmogorov distance between a group's values and all, over groups with `LEAST`; NaN are left out."""
    known = np.isfinite(values)
    points, every = np.unique(values[known]), np.sort(values[known])
    whole = np.searchsorted(every, points, "right") / max(len(every), 1)
    found = [0.0]
    for name in np.unique(groups[known].astype(np.str_)):
        own = np.sort(values[known & (groups == name)])
        if len(own) >= LEAST:
            found.append(float(np.abs(np.searchsorted(own, points, "right") / len(own) - whole).max()))
    return max(found)


def _plain(spread: Spread) -> list[list[float]]:
    return [list(spread.values), list(spread.shares), list(spread.masses)]


def _spread(saved: Sequence[Sequence[float]]) -> Spread:
    values, shares, masses = (tuple(map(float, each)) for each in saved)
    return Spread(values=values, shares=shares, masses=masses)
