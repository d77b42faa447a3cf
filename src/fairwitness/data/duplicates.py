"""Rows that are there twice: found by a hash of every row, then compared value by value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Words = NDArray[np.uint64]


def repeats(columns: Mapping[str, NDArray[Any]]) -> Bools:
    """(n,) whether the row equals an earlier row in all columns; missing equals missing.

    Args:
        columns: Name to (n,) float64 with NaN, (n,) object of str or None, or (n, ...) images. At least one.
    """
    hashes = row_hashes(columns)
    order = np.argsort(hashes, kind="stable")  # stable: the first of equals is the earliest row
    sorted_ = hashes[order]
    starts = np.flatnonzero(np.append(True, sorted_[1:] != sorted_[:-1])[: len(order)])
    first = np.empty(len(hashes), dtype=np.int64)
    first[order] = np.repeat(order[starts], np.diff(np.append(starts, len(order))))
    suspects = np.flatnonzero(first != np.arange(len(hashes)))
    found = np.zeros(len(hashes), dtype=bool)
    found[suspects] = equal(columns, suspects, first[suspects])
    return found


def shared(columns: Mapping[str, NDArray[Any]], *, of: Bools, among: Bools) -> Bools:
    """(n,) whether a row of `of` equals some row of `among` in all columns.

    Args:
        columns: As for `repeats`.
        of: (n,) rows that are looked at.
        among: (n,) rows they are compared with.
    """
    hashes = row_hashes(columns)
    found = np.zeros(len(hashes), dtype=bool)
    known, first = np.unique(hashes[among], return_index=True)
    if not len(known):
        return found
    mine, theirs = np.flatnonzero(of), np.flatnonzero(among)
    place = np.minimum(np.searchsorted(known, hashes[mine]), len(known) - 1)
    hit = known[place] == hashes[mine]
    mine, other = mine[hit], theirs[first[place[hit]]]
    found[mine] = equal(columns, mine, other)
    return found


def equal(columns: Mapping[str, NDArray[Any]], left: NDArray[np.int64], right: NDArray[np.int64]) -> Bools:
    """(len(left),) whether rows `left` and `right` agree in every column, so that no hash accuses by accident."""
    same = np.ones(len(left), dtype=bool)
    for values in columns.values():
        a, b = values[left], values[right]
        agree = a == b
        if values.dtype.kind == "f":
            agree |= np.isnan(a) & np.isnan(b)
        same &= np.asarray(agree, dtype=bool).all(axis=tuple(range(1, values.ndim)))
    return same


def row_hashes(columns: Mapping[str, NDArray[Any]]) -> Words:
    """(n,) 64-bit hash of each row; equal rows have equal hashes within one process."""
    length = len(next(iter(columns.values())))
    total = np.zeros(length, dtype=np.uint64)
    with np.errstate(over="ignore"):  # arithmetic is modulo 2^64 by design
        for values in columns.values():
            total = mixed(total ^ column_words(values))
    return total


def column_words(values: NDArray[Any]) -> Words:
    """(n,) a 64-bit word for each value of a column; equal values have equal words within one process."""
    if values.dtype.kind == "O":
        return np.fromiter(map(hash, values.tolist()), np.int64, len(values)).view(np.uint64)
    if values.ndim == 1 and values.dtype.kind == "f":
        plain = values.astype(np.float64) + 0.0  # -0.0 becomes 0.0
        plain[np.isnan(plain)] = np.nan  # one NaN of the many
        return plain.view(np.uint64)
    if values.ndim == 1:
        return values.astype(np.int64).view(np.uint64)
    return _block(values)


def _block(values: NDArray[Any]) -> Words:
    """Hash of (n, ...) images: each row's bytes as words, times odd constants of their own, added up."""
    flat = np.ascontiguousarray(values.reshape(len(values), -1))
    if flat.dtype.kind == "f":
        flat = np.where(np.isnan(flat), np.nan, flat + 0.0)
    raw = flat.view(np.uint8).reshape(len(values), -1)
    raw = np.pad(raw, ((0, 0), (0, -raw.shape[1] % 8)))
    words = np.ascontiguousarray(raw).view(np.uint64)
    odd = mixed(np.arange(1, words.shape[1] + 1, dtype=np.uint64)) | np.uint64(1)
    total: Words = (mixed(words) * odd).sum(axis=1, dtype=np.uint64)
    return total


def mixed(x: Words) -> Words:
    """Spread every bit over all (splitmix64, Steele, Lea and Flood 2014, OOPSLA, figure 16)."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
