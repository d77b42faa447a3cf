"""Counts over named categories: made in one pass, added across files or clients, and all that most metrics need."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import YES
from fairwitness.core.columns import CROSS, MISSING
from fairwitness.stats import tally_file

Ints = NDArray[np.integer[Any]]
Floats = NDArray[np.float64]

_FEW_CELLS = 2**12
"""Up to so many combinations are numbered by a narrow integer."""

_BLOCK = 2**16
"""Rows that are numbered at a time: they stay in the processor's cache."""

_NUMBER = r"[+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|inf)"
_PLACE = re.compile(rf"(?P<above>> )?(?P<below>< )?\[?(?P<number>{_NUMBER})(?:, {_NUMBER}[\])])?")


@dataclass(frozen=True, eq=False)
class Tally:
    """Sparse counts over crossed, named axes. Two tallies add, and categories merge by name.

    A cell whose count is zero is a combination known to exist of which nobody was counted (see `where`); combinations
    that never occurred have no cell.

    Attributes:
        axes: Axis to its categories, in canonical order: numbers and bins by size, then text, then `(missing)`.
        codes: (cells, axes) int32, places in `axes`; rows are sorted and unique.
        counts: (cells,) int64, at least 0.
        sums: Name to (cells,) float64: what each cell's rows add up to. NaN where a row's value was missing; to sum
            only what is there, count present and missing apart.
    """

    axes: Mapping[str, tuple[str, ...]]
    codes: NDArray[np.int32]
    counts: NDArray[np.int64]
    sums: Mapping[str, Floats] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        columns: Mapping[str, NDArray[Any]],
        *,
        sums: Mapping[str, NDArray[Any]] | None = None,
        edges: Mapping[str, tuple[float, ...]] | None = None,
    ) -> Self:
        """Count rows.

        Args:
            columns: Axis name to (n,): object of str or None, or numbers with NaN for missing. Missing is a category of
                its own, `(missing)`; whole numbers are named "1", not "1.0".
            sums: Name to (n,) numbers whose sum, and sum of squares as `NAME^2`, ride along.
            edges: Numeric column to increasing bin edges. Bins are named "[a, b)", the last "[a, b]"; what lies outside
                is counted as "< a" and "> b".

        Raises:
            ValueError: Columns differ in length, or edges do not increase.
        """
        edges = edges or {}
        coded = {
            name: code_bins(column, edges[name]) if name in edges else code_categories(column)
            for name, column in columns.items()
        }
        moments: dict[str, Floats] = {}
        for name, column in (sums or {}).items():
            values = np.asarray(column, dtype=np.float64)
            moments |= {name: values, f"{name}^2": values**2}
        axes = {name: categories for name, (categories, _) in coded.items()}
        return cls.of_codes(axes, [codes for _, codes in coded.values()], moments)

    @classmethod
    def of_codes(
        cls,
        axes: Mapping[str, tuple[str, ...]],
        codes: Sequence[Ints],
        sums: Mapping[str, Floats] | None = None,
        *,
        counts: NDArray[np.int64] | None = None,
    ) -> Self:
        """Count rows that are already coded.

        Args:
            axes: Axis to its categories, unique, in any order.
            codes: One (n,) array an axis, of any integer type: places in the axis' categories.
            sums: Name to (n,) float64, summed as given (no squares are added).
            counts: (n,) how many each of them stands for, at least 0; None: one.

        Raises:
            ValueError: A code has no category, categories repeat, or lengths differ.
        """
        columns = [np.asarray(column) for column in codes]
        if len(columns) != len(axes):
            raise ValueError(f"{len(columns)} columns of codes for {len(axes)} axes")
        numbers = [] if counts is None else [counts]
        if len({len(column) for column in [*columns, *(sums or {}).values(), *numbers]}) > 1:
            raise ValueError("columns differ in length")
        ordered: dict[str, tuple[str, ...]] = {}
        for index, ((name, categories), column) in enumerate(zip(axes.items(), columns, strict=True)):
            if len(set(categories)) < len(categories):
                raise ValueError(f"categories of {name!r} repeat")
            if len(column) and (column.min() < 0 or column.max() >= len(categories)):
                raise ValueError(f"codes of {name!r} must lie in [0, {len(categories)})")
            ordered[name] = tuple(sorted(categories, key=_place))
            if ordered[name] != tuple(categories):
                columns[index] = _moves(categories, ordered[name])[column]
        return cls(ordered, *_collapse(columns, [len(c) for c in ordered.values()], counts, sums or {}))

    @property
    def total(self) -> int:
        """Rows counted."""
        return int(self.counts.sum())

    def __add__(self, other: Tally) -> Tally:
        """Both tallies' rows counted together.

        Raises:
            ValueError: The two count different axes or sums; adding them would lose some.
        """
        if set(self.axes) != set(other.axes) or set(self.sums) != set(other.sums):
            raise ValueError(
                f"tallies over {', '.join(self.axes)} ({', '.join(self.sums)}) and "
                f"{', '.join(other.axes)} ({', '.join(other.sums)}) do not add"
            )
        if tuple(self.axes) != tuple(other.axes):
            other = other.onto(*self.axes)
        axes = {name: tuple(sorted({*have, *other.axes[name]}, key=_place)) for name, have in self.axes.items()}
        parts = (self, other)
        columns = [
            np.concatenate([_moves(part.axes[name], axes[name])[part.codes[:, index]] for part in parts])
            for index, name in enumerate(axes)
        ]
        counts = np.concatenate([part.counts for part in parts])
        sums = {name: np.concatenate([part.sums[name] for part in parts]) for name in self.sums}
        return Tally(axes, *_collapse(columns, [len(c) for c in axes.values()], counts, sums))

    def onto(self, *names: str) -> Tally:
        """The marginal over some axes, in the order given."""
        columns = [self.codes[:, self._axis(name)] for name in names]
        axes = {name: self.axes[name] for name in names}
        return Tally(axes, *_collapse(columns, [len(c) for c in axes.values()], self.counts, self.sums))

    def where(self, fixed: Mapping[str, str]) -> Tally:
        """Rows of the given categories only; the fixed axes are removed.

        Combinations of the other axes stay, with count zero, when none of their rows is of these categories: a group
        without a single positive label is then still there, and its true-positive rate shows as unknown.
        """
        inside = np.ones(len(self.counts), dtype=bool)
        for name, category in fixed.items():
            place = self.axes[name].index(category) if category in self.axes[name] else -1
            inside &= self.codes[:, self._axis(name)] == place
        sums = {name: np.where(inside, values, 0.0) for name, values in self.sums.items()}
        kept = Tally(self.axes, self.codes, np.where(inside, self.counts, 0), sums)
        return kept.onto(*(name for name in self.axes if name not in fixed))

    def labels(self) -> list[str]:
        """The crossed category of each cell, as `Black × women`.

        Raises:
            ValueError: Two combinations would bear the same name.
        """
        columns = [
            np.array(categories, dtype=object)[self.codes[:, index]]
            for index, categories in enumerate(self.axes.values())
        ]
        labels = [CROSS.join(parts) for parts in zip(*columns, strict=True)] if columns else [""] * len(self.counts)
        if len(set(labels)) < len(labels):
            raise ValueError(f"two combinations of {', '.join(self.axes)} bear the same name; rename categories")
        return labels

    def by(self, names: Sequence[str]) -> dict[str, int]:
        """Rows in each crossed category that occurs, as `Black × women`.

        Raises:
            ValueError: Two combinations would bear the same name.
        """
        marginal = self.onto(*names)
        return dict(zip(marginal.labels(), marginal.counts.tolist(), strict=True))

    def hits(self, by: Sequence[str], column: str, category: str = YES) -> dict[str, int]:
        """Rows of each crossed category whose `column` is `category`: the keys of `by`, zero where there is none."""
        return self.where({column: category}).by(by)

    def sum_by(self, by: Sequence[str], name: str) -> dict[str, float]:
        """The sum `name` over each crossed category's rows."""
        marginal = self.onto(*by)
        return dict(zip(marginal.labels(), marginal.sums[name].tolist(), strict=True))

    def dense(self, names: Sequence[str]) -> NDArray[np.int64]:
        """Counts as an array with one axis a name, each as long as the axis has categories."""
        marginal = self.onto(*names)
        table = np.zeros([len(categories) for categories in marginal.axes.values()], dtype=np.int64)
        table[tuple(marginal.codes.T)] = marginal.counts
        return table

    def save(self, path: str | Path) -> None:
        """Write an `.npz` file (no pickle), replacing what is there in one step."""
        tally_file.write(Path(path), self.axes, self.codes, self.counts, self.sums)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote; the file may come from a stranger.

        Raises:
            DataError: It is not a tally, or not a sound one.
        """
        axes, codes, counts, sums = tally_file.read(Path(path))
        if any(tuple(sorted(categories, key=_place)) != categories for categories in axes.values()):
            raise tally_file.unsound(Path(path), "its categories are out of order")
        return cls(axes, codes, counts, sums)

    def _axis(self, name: str) -> int:
        return list(self.axes).index(name)


def number_name(value: float) -> str:
    """A number as a category: the shortest text that reads back as the same number, "1" for 1.0."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def bin_names(edges: Sequence[float]) -> tuple[str, ...]:
    """Names of the bins between edges: "[a, b)", the last "[a, b]"."""
    names = [number_name(float(edge)) for edge in edges]
    last = len(names) - 2
    return tuple(f"[{a}, {b}{']' if index == last else ')'}" for index, (a, b) in enumerate(pairwise(names)))


def _place(category: str) -> tuple[int, float, int, str]:
    """Sort key of a category. It depends on the name alone, so merged tallies agree on the order."""
    if category == MISSING:
        return (2, 0.0, 0, category)
    found = _PLACE.fullmatch(category)
    if found is None:
        return (1, 0.0, 0, category)
    return (0, float(found["number"]), bool(found["above"]) - bool(found["below"]), category)


def _moves(have: Sequence[str], want: Sequence[str]) -> NDArray[np.int32]:
    """(len(have),): where each category stands in `want`."""
    places = {category: index for index, category in enumerate(want)}
    return np.array([places[category] for category in have], dtype=np.int32)


def code_categories(column: NDArray[Any]) -> tuple[tuple[str, ...], Ints]:
    """Categories of a column by name, in canonical order, and the (n,) code of each row; see `Tally.of`."""
    if column.dtype.kind in "fiub":
        values, codes = np.unique(column.astype(np.float64), return_inverse=True)  # NaN sorts last, once
        names = [MISSING if np.isnan(value) else number_name(value) for value in values.tolist()]
    else:
        items = column.tolist()  # hashing beats sorting: strings remember their hash, and groups are few
        table = {item: index for index, item in enumerate(dict.fromkeys(items))}
        codes = np.fromiter(map(table.__getitem__, items), dtype=np.int32, count=len(items))
        names = [MISSING if item is None or item != item else str(item) for item in table]  # noqa: PLR0124 - NaN
    categories = tuple(sorted(set(names), key=_place))
    return categories, _moves(names, categories)[codes]


def code_bins(column: NDArray[Any], edges: Sequence[float]) -> tuple[tuple[str, ...], Ints]:
    """Bins of a numeric column, and the (n,) code of each row; see `Tally.of`.

    Every bin is a category, so that batches share a scale; what lies outside or is missing only if there is some.
    """
    cuts = np.asarray(edges, dtype=np.float64)
    if len(cuts) < 2 or not (np.diff(cuts) > 0).all():
        raise ValueError(f"bin edges must increase and be at least two; got {tuple(edges)}")
    values = np.asarray(column, dtype=np.float64)
    codes = np.searchsorted(cuts, values, side="right")  # 0: below; 1..: bins; len(cuts): above
    codes[values == cuts[-1]] = len(cuts) - 1
    codes[np.isnan(values)] = len(cuts) + 1
    names = (
        f"< {number_name(cuts[0].item())}",
        *bin_names(cuts.tolist()),
        f"> {number_name(cuts[-1].item())}",
        MISSING,
    )
    used = np.bincount(codes, minlength=len(names)) > 0
    used[1 : len(cuts)] = True
    return tuple(name for name, keep in zip(names, used, strict=True) if keep), (np.cumsum(used) - 1)[codes]


def _counted(
    columns: Sequence[Ints], sizes: Sequence[int]
) -> tuple[NDArray[np.int32], NDArray[np.int64], dict[str, Floats]]:
    """Rows to cells where all combinations fit a narrow integer: a block of rows at a time, so that nothing but the
    columns themselves passes through main memory.
    """
    narrow = np.dtype(np.uint8 if prod(sizes) < 2**8 else np.uint16)
    totals = np.zeros(prod(sizes), dtype=np.int64)
    cells = np.empty(_BLOCK, dtype=narrow)
    for start in range(0, len(columns[0]), _BLOCK):
        first, *rest = (column[start : start + _BLOCK] for column in columns)
        here = cells[: len(first)]
        here[:] = first
        for column, base in zip(rest, sizes[1:], strict=True):
            here *= narrow.type(base)
            here += column.view(np.uint8) if column.dtype == np.int8 else column.astype(narrow)
        totals += np.bincount(here, minlength=len(totals))
    kept = np.flatnonzero(totals)
    return np.stack(np.unravel_index(kept, sizes), axis=1).astype(np.int32), totals[kept], {}


def _collapse(
    columns: Sequence[Ints], sizes: Sequence[int], counts: NDArray[np.int64] | None, sums: Mapping[str, Floats]
) -> tuple[NDArray[np.int32], NDArray[np.int64], dict[str, Floats]]:
    """Rows (or cells, with their counts) to unique, sorted cells; a cell of count zero stays."""
    length = len(columns[0] if columns else next(iter(sums.values()), ()) if counts is None else counts)
    size = prod(sizes)
    if columns and counts is None and not sums and 0 < size <= _FEW_CELLS:
        return _counted(columns, sizes)
    rows: NDArray[Any] | None = None
    values: NDArray[Any] | None = None  # what each cell stands for; None: its own number
    if size >= 2**62:  # too many combinations to number: compare rows instead
        rows, cells = np.unique(np.stack(columns, axis=1).astype(np.int32), axis=0, return_inverse=True)
        size = len(rows)
    else:
        cells = np.zeros(length, dtype=np.int32 if size < 2**31 else np.int64)  # narrow codes would overflow
        for column, base in zip(columns, sizes, strict=True):
            cells *= base
            cells += column
        if size > 4 * length + 1024:  # sparse: sorting beats a table of mostly zeros
            values, cells = np.unique(cells, return_inverse=True)
            size = len(values)
    filled = np.bincount(cells, minlength=size)
    totals = filled.astype(np.int64)
    if counts is not None:
        totals[:] = 0
        np.add.at(totals, cells, counts)  # exact, unlike weights of bincount
    kept = np.flatnonzero(filled)
    if rows is None:
        numbers = kept if values is None else values[kept]
        shape = (len(kept), len(sizes))
        rows = np.stack(np.unravel_index(numbers, sizes), axis=1) if all(shape) else np.zeros(shape)
    added = {
        name: np.bincount(cells, weights=each, minlength=size)[kept].astype(np.float64) for name, each in sums.items()
    }
    return rows.astype(np.int32), totals[kept], added
