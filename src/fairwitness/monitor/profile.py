"""Columns as counts over categories or bins that do not move: two samples are then compared without a single row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import MISSING
from fairwitness.stats.tally import Tally, bin_names, code_bins, code_categories

COLUMN, VALUE = "column", "value"
"""Axes of a profile's tally."""

OTHER = "(other)"
"""Categories beyond the `MOST_CATEGORIES` most frequent, together."""

MOST_CATEGORIES = 50
FEW_NUMBERS = 12
"""Up to this many distinct numbers are counted one by one; of more, the share in each tenth."""

Values = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How one column is counted.

    Attributes:
        ordered: Whether categories are numbers, in order.
        names: Categories of the first sample, `(missing)` left out; bins of numbers where `edges` has any.
        edges: Inner and outer edges of bins; what lies outside is counted apart.
    """

    ordered: bool
    names: tuple[str, ...]
    edges: tuple[float, ...] = ()

    @classmethod
    def of(cls, values: Values) -> Self | None:
        """The scale of a column: (n,) numbers with NaN, or text with None. None where nothing is recorded."""
        if values.dtype.kind != "f":
            return cls._of_categories(values)
        held = values[~np.isnan(values)]
        distinct = np.unique(held)
        if not len(distinct):
            return None
        if len(distinct) <= FEW_NUMBERS:
            return cls(ordered=True, names=code_categories(distinct)[0])
        edges = np.unique(np.quantile(held, np.linspace(0, 1, 11), method="higher"))
        cuts = tuple(float(edge) for edge in edges)
        return cls(ordered=True, names=bin_names(cuts), edges=cuts)

    @classmethod
    def _of_categories(cls, values: Values) -> Self | None:
        names, codes = code_categories(values)
        counts = np.bincount(codes, minlength=len(names))
        known = [(int(n), name) for n, name in zip(counts, names, strict=True) if name != MISSING and n]
        if not known:
            return None
        most = sorted(known, key=lambda each: (-each[0], each[1]))[:MOST_CATEGORIES]
        kept = [name for name in names if name in {name for _, name in most}]
        return cls(ordered=False, names=tuple(kept) + (() if len(kept) == len(known) else (OTHER,)))

    @classmethod
    def from_names(cls, names: tuple[str, ...], *, numeric: bool) -> Self:
        """The scale whose categories have been counted under these names."""
        known = tuple(name for name in names if name != MISSING)
        bins = [name for name in known if name.startswith("[")] if numeric else []
        if not bins:
            return cls(ordered=numeric, names=known)
        ends = [[float(end) for end in name[1:-1].split(", ")] for name in bins]
        edges = tuple(sorted({end for pair in ends for end in pair}))
        return cls(ordered=True, names=bin_names(edges), edges=edges)

    def count(self, values: Values) -> dict[str, int]:
        """Rows by category: those of `names`, and others that have come."""
        names, codes = code_bins(values, self.edges) if self.edges else code_categories(values)
        found = dict.fromkeys(self.names, 0)
        for name, n in zip(names, np.bincount(codes, minlength=len(names)).tolist(), strict=True):
            place = name if name in found or OTHER not in found or name == MISSING else OTHER
            found[place] = found.get(place, 0) + n
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Columns of one sample, counted.

    Attributes:
        scales: Column to how it is counted.
        counts: Column to rows by category.
    """

    scales: Mapping[str, Scale]
    counts: Mapping[str, Mapping[str, int]]

    @classmethod
    def of(cls, columns: Mapping[str, Values]) -> Self:
        """Count columns on scales of their own: (n,) float64 with NaN, or object of str or None."""
        scales = {name: scale for name, values in columns.items() if (scale := Scale.of(values)) is not None}
        return cls(scales=scales, counts={name: scale.count(columns[name]) for name, scale in scales.items()})

    def again(self, columns: Mapping[str, Values]) -> dict[str, dict[str, int]]:
        """Another sample's columns on these scales; those it lacks are left out."""
        return {name: scale.count(columns[name]) for name, scale in self.scales.items() if name in columns}

    def tally(self) -> Tally:
        """Axes `column` and `value`: what `read` reads back."""
        cells = [(name, value, n) for name, counts in self.counts.items() for value, n in counts.items()]
        names = tuple(dict.fromkeys(name for name, _, _ in cells))
        values = tuple(dict.fromkeys(value for _, value, _ in cells))
        places = ({name: i for i, name in enumerate(names)}, {value: i for i, value in enumerate(values)})
        each = [n for _, _, n in cells]
        columns = np.repeat([places[0][name] for name, _, _ in cells], each)
        codes = np.repeat([places[1][value] for _, value, _ in cells], each)
        return Tally.of_codes({COLUMN: names, VALUE: values}, [columns, codes])

    @classmethod
    def read(cls, tally: Tally, numeric: frozenset[str]) -> Self:
        """The profile of a tally; `numeric` are the columns that hold numbers."""
        scales, counts = {}, {}
        for name in tally.axes[COLUMN]:
            counts[name] = {value: n for value, n in tally.where({COLUMN: name}).by((VALUE,)).items() if n}
            scales[name] = Scale.from_names(tuple(counts[name]), numeric=name in numeric)
        return cls(scales=scales, counts=counts)
