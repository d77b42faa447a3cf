"""Whether what a model makes lies closer to the rows it was trained on than to other rows of the same kind.

A model that has learned the kind, and no row in particular, is as often closer to a row it has not seen as to one it has,
when there are as many of each. What goes beyond one half was carried over from training rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.errors import TooFewError
from fairwitness.core.estimate import Estimate
from fairwitness.stats.intervals import wilson

SIDE_MOST = 32
"""Pixels a side at which images are compared; finer ones are averaged down to it."""
RUN_MOST = 32
"""Words of the longest run that is looked for."""

_AT_ONCE = 256
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearness:
    """Where each of n samples lies between two sets of rows.

    Attributes:
        side: (n,) 1: closer to the rows trained on, −1: to the others, 0: level.
        nearest: (n,) number of the row that decided, those trained on first; −1 where it is level.
    """

    side: NDArray[np.int8]
    nearest: NDArray[np.int64]


def nearer_images(samples: NDArray[Any], trained: NDArray[Any], others: NDArray[Any]) -> Nearness:
    """By the correlation of their pixels with those of the nearest row.

    Not by their distance: blurred images all lie near the same few faint rows, and 1,000 digits of a VAE were then worth
    20 in place of 350 (see `share_closer`).

    Args:
        samples: (n, ...) images of at most four channels, their axes as those of the rows.
        trained: (m, ...) rows trained on, at least one.
        others: (m, ...) as many other rows.
    """
    points, seen, unseen = (_flat(each) for each in (samples, trained, others))
    to_seen, which_seen = _nearest(points, seen)
    to_unseen, which_unseen = _nearest(points, unseen)
    side = np.sign(to_unseen - to_seen).astype(np.int8)
    return _between(side, which_seen, which_unseen + len(seen))


def nearer_texts(samples: Iterable[str], trained: Iterable[str], others: Iterable[str]) -> Nearness:
    """By the longest run of words that a sample has in common with a row, in small letters, signs left out.

    Args:
        samples: n texts.
        trained: m rows trained on.
        others: As many other rows.
    """
    seen, unseen = list(trained), list(others)
    runs, other_runs = _runs(seen), _runs(unseen)
    texts = [_words(sample) for sample in samples]
    found = np.array([(*_longest(words, runs), *_longest(words, other_runs)) for words in texts]).reshape(-1, 4)
    side = np.sign(found[:, 0] - found[:, 2]).astype(np.int8)
    return _between(side, found[:, 1], found[:, 3] + len(seen))


def share_closer(nearness: Nearness, *, level: float = 0.95) -> Estimate:
    """Share of samples closer to the rows trained on, among those closer to one side.

    Samples near the same row tell the same, so the interval is Wilson's at as many samples as they are worth: the square
    of their number over the sum of squares of how many share a row (Kish 1965, Survey Sampling, section 8.2).

    Raises:
        TooFewError: No sample is closer to one side.
    """
    decided = nearness.side != 0
    n = int(decided.sum())
    if not n:
        raise TooFewError("no sample is closer to one side")
    shared = np.unique(nearness.nearest[decided], return_counts=True)[1].astype(np.float64)
    worth = n**2 / float((shared**2).sum())
    share = float((nearness.side[decided] > 0).mean())
    low, high = wilson(share * worth, worth, level=level)
    method = f"Wilson's interval; the {n:,} samples are worth {worth:,.0f}, as some lie near the same row"
    return Estimate(value=share, low=low, high=high, level=level, n=n, unit="share", method=method)


def copies(samples: NDArray[Any], rows: NDArray[Any]) -> int:
    """How many samples equal a row exactly; texts but for space around them, and texts of nothing are no copies."""
    if samples.dtype == object:
        held = {str(row).strip() for row in rows if row is not None} - {""}
        return sum(str(sample).strip() in held for sample in samples)
    known = {row.tobytes() for row in np.ascontiguousarray(rows)}
    return sum(sample.tobytes() in known for sample in np.ascontiguousarray(samples))


def _between(side: NDArray[np.int8], seen: NDArray[np.int64], unseen: NDArray[np.int64]) -> Nearness:
    return Nearness(side=side, nearest=np.select([side > 0, side < 0], [seen, unseen], -1))


def _flat(images: NDArray[Any]) -> NDArray[np.float32]:
    """(n, ...) images as (n, d) numbers of mean 0 and length 1, long sides averaged down; an even image is all zeros."""
    small = images.astype(np.float32)
    for axis in range(1, small.ndim):
        times = -(-small.shape[axis] // SIDE_MOST)
        if times > 1:
            kept = small.shape[axis] // times
            cut = np.take(small, np.arange(kept * times), axis=axis)
            small = cut.reshape(*cut.shape[:axis], kept, times, *cut.shape[axis + 1 :]).mean(axis=axis + 1)
    flat = small.reshape(len(small), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    even: NDArray[np.float32] = flat / np.where(length > 0, length, 1)
    return even


def _nearest(points: NDArray[np.float32], rows: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(n,) squared distances to the nearest row, exact for that row, and (n,) which it is."""
    which = np.empty(len(points), dtype=np.int64)
    for start in range(0, len(points), _AT_ONCE):
        piece = points[start : start + _AT_ONCE]
        which[start : start + _AT_ONCE] = (piece @ rows.T).argmax(axis=1)
    return ((points - rows[which]).astype(np.float64) ** 2).sum(axis=1), which


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(_WORD.findall((text or "").lower()))


def _runs(texts: Iterable[str]) -> Mapping[tuple[str, ...], int]:
    """Every run of up to `RUN_MOST` words, to the first row that has it."""
    found: dict[tuple[str, ...], int] = {}
    for row, text in enumerate(texts):
        words = _words(text)
        for start in range(len(words)):
            for stop in range(start + 1, min(start + RUN_MOST, len(words)) + 1):
                found.setdefault(words[start:stop], row)
    return found


def _longest(words: tuple[str, ...], runs: Mapping[tuple[str, ...], int]) -> tuple[int, int]:
    """Length of the longest run, and the row that has it; 0 and −1 where there is none."""
    best, row = 0, -1
    for start in range(len(words)):
        while best < RUN_MOST and start + best < len(words):
            found = runs.get(words[start : start + best + 1])
            if found is None:
                break
            best, row = best + 1, found
    return best, row
