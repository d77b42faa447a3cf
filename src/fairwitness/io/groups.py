"""Sensitive attributes from what the data holds: indicators, codes, or a number cut at declared edges."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fairwitness.core.errors import ColumnError, ConfigError, hint
from fairwitness.io.kinds import as_text, is_whole

Labels = NDArray[np.object_]
"""(n,) str, or None where the attribute is not recorded."""

NONE_SET = "(none of these)"
BOTH = " + "
MANY_GROUPS = 20
"""A number with more distinct values than this is a quantity: it is never binned without being told where."""

_TWINS = {"1": "true", "0": "false", "true": "1", "false": "0"}


def from_indicators(frame: pl.DataFrame, names: Mapping[str, str]) -> tuple[Labels, str]:
    """One attribute from columns of 0 and 1, such as black, hispan and white.

    Args:
        frame: The data.
        names: Indicator column to the group it stands for.

    Returns:
        Labels: the group that is set; several joined by " + "; "(none of these)" where all are 0; None where none is
        set and one is missing. And a note naming the last three, empty when there are none.

    Raises:
        ColumnError: A column is not there or holds anything but 0 and 1.
    """
    flags = {name: _flag(frame, name) for name in names}
    values = np.stack(list(flags.values())) == 1  # (indicators, n)
    unknown = np.stack([np.isnan(flag) for flag in flags.values()]).any(axis=0)
    count = values.sum(axis=0)
    labels: Labels = np.full(frame.height, NONE_SET, dtype=object)
    for row_of_flags in np.unique(values, axis=1).T:
        if row_of_flags.any():
            here = (values == row_of_flags[:, None]).all(axis=0)
            labels[here] = BOTH.join(
                label for label, is_set in zip(names.values(), row_of_flags, strict=True) if is_set
            )
    labels[(count == 0) & unknown] = None
    told = {
        "several set (joined by +)": int((count > 1).sum()),
        "none set": int(((count == 0) & ~unknown).sum()),
        "none set and one missing (not recorded)": int(((count == 0) & unknown).sum()),
    }
    found = ", ".join(f"{n} rows have {what}" for what, n in told.items() if n)
    return labels, f"of {', '.join(names)}: {found}" if found else ""


def from_values(series: pl.Series, names: Mapping[str, str] | None = None) -> Labels:
    """The column's values as groups, renamed where `names` says so.

    Raises:
        ConfigError: `names` has a value that never occurs.
        ColumnError: A number with more than `MANY_GROUPS` distinct values: edges or quantiles must be declared.
    """
    labels = as_text(series)
    known = set(labels.tolist()) - {None}
    renamed: dict[Any, str] = {}
    for value, label in (names or {}).items():
        key = value if value in known else _TWINS.get(value, value)
        if key not in known:
            raise ConfigError(f"group {series.name!r}: no value {value!r} in the data; {hint(value, sorted(known))}")
        renamed[key] = label
    groups = {renamed.get(label, label) for label in known}
    if series.dtype.is_numeric() and len(groups) > MANY_GROUPS:
        raise ColumnError(
            f"group {series.name!r}: {len(groups)} distinct numbers are too many for groups; say where to cut, such as "
            f"edges = [25, 45], or quantiles = 4, in [groups.{series.name}]"
        )
    if renamed:
        labels[:] = [renamed.get(label, label) for label in labels]
    return labels


def from_edges(series: pl.Series, edges: Sequence[float]) -> Labels:
    """A number cut at `edges`, each the lowest value of the group it opens.

    Args:
        series: Numbers; null is not recorded.
        edges: Rising inner edges: [25, 45] gives "under 25", "25–44" (or "25 to under 45"), "45 and over".

    Raises:
        ColumnError: The column holds no numbers.
        ConfigError: The edges do not rise.
    """
    values = _quantity(series)
    cuts = np.asarray(edges, dtype=np.float64)
    if not len(cuts) or not np.isfinite(cuts).all() or (np.diff(cuts) <= 0).any():
        raise ConfigError(f"group {series.name!r}: edges is {list(edges)!r}; give rising numbers, such as [25, 45]")
    whole = is_whole(series.cast(pl.Float64)) and all(float(cut).is_integer() for cut in cuts)
    inner = [_between(low, high, whole=whole) for low, high in pairwise(cuts)]
    names = np.array([f"under {_shown(cuts[0])}", *inner, f"{_shown(cuts[-1])} and over"], dtype=object)
    labels: Labels = names[np.digitize(values, cuts)]
    labels[np.isnan(values)] = None
    return labels


def from_quantiles(series: pl.Series, k: int) -> Labels:
    """A number cut into `k` groups of about the same size, at values that occur; ties stay together.

    Raises:
        ColumnError: The column holds no numbers, or too few distinct ones for two groups.
        ConfigError: `k` is below 2 or above `MANY_GROUPS`.
    """
    return from_edges(series, quantile_edges(series, k))


def quantile_edges(series: pl.Series, k: int) -> list[float]:
    """Where `from_quantiles` cuts; other rows are cut there too, to be in the same groups.

    Raises:
        As `from_quantiles`.
    """
    if not 2 <= k <= MANY_GROUPS:
        raise ConfigError(f"group {series.name!r}: quantiles is {k!r}; give a number from 2 to {MANY_GROUPS}")
    values = _quantity(series)
    held = values[~np.isnan(values)]
    cuts = np.unique(np.quantile(held, np.arange(1, k) / k, method="higher")) if len(held) else held
    cuts = cuts[cuts > held.min()] if len(held) else cuts
    if not len(cuts):
        raise ColumnError(f"group {series.name!r}: one value fills it, so there are no quantiles; name its edges")
    return [float(cut) for cut in cuts]


def _flag(frame: pl.DataFrame, name: str) -> NDArray[np.float64]:
    if name not in frame.columns:
        raise ColumnError.missing(name, key="a group indicator", have=frame.columns, source="data")
    series = frame[name]
    wrong = series.dtype != pl.Boolean and not series.dtype.is_numeric()
    flag = np.full(len(series), np.nan) if wrong else series.cast(pl.Float64).fill_null(math.nan).to_numpy()
    other = set(np.unique(flag[~np.isnan(flag)])) - {0.0, 1.0}
    if wrong or other:
        held = repr(series.drop_nulls()[0]) if wrong and series.count() else ", ".join(map(_shown, sorted(other)[:3]))
        raise ColumnError(f"group indicator {name!r} holds {held or 'nothing'}; an indicator is 0 or 1")
    return np.array(flag, dtype=np.float64)


def _quantity(series: pl.Series) -> NDArray[np.float64]:
    if not series.dtype.is_numeric():
        raise ColumnError(
            f"group {series.name!r}: edges and quantiles cut numbers, and it holds {series.dtype}; use its values"
        )
    return np.array(series.cast(pl.Float64).fill_null(math.nan).to_numpy(), dtype=np.float64)


def _between(low: float, high: float, *, whole: bool) -> str:
    if not whole:
        return f"{_shown(low)} to under {_shown(high)}"
    return _shown(low) if high - low == 1 else f"{_shown(low)}–{_shown(high - 1)}"


def _shown(number: float) -> str:
    text = f"{number:.0f}" if float(number).is_integer() else f"{number:.6g}"
    return text.replace("-", "−")
