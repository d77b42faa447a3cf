"""Rows that are nearly there twice: all cells alike but one, the same words, the same picture. Cost grows as rows do."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from fairwitness.data.duplicates import column_words, mixed

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

ALIKE = 0.8
"""Share of three-word pieces two texts have in common from which on they are near copies (Lee et al. 2022)."""
PIECE = 3
FEWEST_WORDS = 8
"""Shorter texts are the same by chance: they are not compared."""
BANDS, DEEP = 20, 4
"""20 × 4 least hashes: texts of which four fifths are common meet with probability 0.99996, two fifths with 0.40."""
AT_ONCE = 128
"""Texts that are hashed at once, so that long ones take little memory."""
FILTER = 22
"""Bits of the table by which rows that can equal none are passed over."""
SIDE = 16
"""Pixels a side of the thumbnails that pictures are held against one another by; smaller pictures are not compared."""
CALM = 0.25
"""Standard deviations a step between areas must rise by to count: noise on an even ground is none."""
BITS_APART = 5
SAME_PICTURE = 0.99
"""Correlation of thumbnails from which on two pictures are one."""
ORDERS, BESIDE = 24, 3
_WORD = re.compile(r"\w+")


def one_cell_apart(
    columns: Mapping[str, NDArray[Any]], *, of: Bools, among: Bools, differ: Collection[str] | None = None
) -> dict[str, Bools]:
    """Rows that equal some other in every column but one, by the column they differ in.

    Told by hashes of 64 bits: among 10^6 rows one false pair comes about in a million tables.

    Args:
        columns: Name to (n,) float64 with NaN, or object of str or None; missing equals missing.
        of: (n,) rows that are looked at.
        among: (n,) rows they are compared with.
        differ: Columns that may be the one; None: any.

    Returns:
        Column to (n,) whether the row is of `of` and differs from some row of `among` in it alone.
    """
    terms = _terms(columns)
    whole = _total(terms)
    return {
        name: _differs_in(whole - own, own, of, among)
        for name, own in terms.items()
        if differ is None or name in differ
    }


def texts(values: NDArray[Any], *, alike: float = ALIKE) -> Ints:
    """(n,) number of the cluster of near copies each text lies in; −1 for texts that are too short to tell, or missing.

    Pairs are looked for among texts that share a band of least hashes (MinHash), each beside the first of the band and the
    one before it, and kept where the pieces of three words they have in common are `alike` of all they have.

    Args:
        values: (n,) object of str or None.
        alike: Least Jaccard similarity of a pair, in (0, 1].

    Source:
        Broder 1997, SEQUENCES, 21-29; Lee et al. 2022, ACL, arXiv 2107.06499, for the similarity of 0.8.
    """
    pieces = [_pieces(value) for value in values]
    place = np.array([i for i, own in enumerate(pieces) if len(own)], dtype=np.int64)
    told = np.full(len(values), -1, dtype=np.int64)
    if not len(place):
        return told
    signs = _least_hashes([pieces[i] for i in place])
    pairs = np.unique(np.concatenate([_neighbours(band) for band in signs]), axis=0)
    near = [(a, b) for a, b in pairs.tolist() if _jaccard(pieces[place[a]], pieces[place[b]]) >= alike]
    told[place] = _clusters(np.array(near, dtype=np.int64).reshape(-1, 2), len(place))
    return told


def pictures(images: NDArray[Any], *, rng: np.random.Generator) -> Ints:
    """(n,) number of the cluster of near copies each picture lies in; −1 for pictures without any contrast, or with
    pixels that are no number.

    Two pictures are one where at most 5 of 64 differences between neighbouring areas have another sign, and thumbnails of
    16 × 16 pixels correlate at 0.99: brighter, softer or packed again, not moved or cut. Pairs are looked for among neighbours
    in 24 random orders of the bits.

    Args:
        images: (n, h, w) or (n, h, w, channels), of 16 pixels or more either way.
        rng: Draws the orders.

    Source:
        Krawetz 2013, "Kind of like that" (difference hash); Charikar 2002, STOC, 380-388, section 3 (sorted orders).
    """
    if min(images.shape[1:3]) < SIDE:
        raise ValueError(f"pictures of {images.shape[1]} × {images.shape[2]} pixels; copies are told from {SIDE} on")
    thumbs = np.concatenate([thumbnails(images[i : i + 1024], SIDE, SIDE) for i in range(0, len(images), 1024)])
    thumbs[~np.isfinite(thumbs).all(axis=(1, 2))] = 0.0
    grid = thumbs.reshape(-1, 8, 2, SIDE).mean(axis=2)
    steps = np.diff(grid[:, :, np.round(np.linspace(0, SIDE - 1, 9)).astype(int)], axis=2).reshape(len(images), -1)
    bits = steps > CALM * steps.std(axis=1, keepdims=True)
    flat = thumbs.reshape(len(images), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    size = np.sqrt((flat**2).sum(axis=1))
    place = np.flatnonzero(size > 1e-9 * max(float(np.abs(thumbs).max(initial=0.0)), 1e-300))
    told = np.full(len(images), -1, dtype=np.int64)
    if len(place) < 2:
        told[place] = np.arange(len(place))
        return told
    bits, flat = bits[place], (flat[place] / size[place, None]).astype(np.float32)
    pairs = np.unique(np.concatenate(list(_beside(bits, flat, rng))), axis=0)
    kept = []
    for part in np.array_split(pairs, len(pairs) // 50_000 + 1):
        a, b = part.T
        close = (bits[a] != bits[b]).sum(axis=1) <= BITS_APART
        a, b = a[close], b[close]
        kept.append(np.column_stack([a, b])[np.einsum("ij,ij->i", flat[a], flat[b]) >= SAME_PICTURE])
    told[place] = _clusters(np.concatenate(kept), len(place))
    return told


def crowded(clusters: Ints) -> Bools:
    """(n,) whether a row shares its cluster with another."""
    sizes = np.bincount(clusters[clusters >= 0], minlength=1)
    return np.asarray((clusters >= 0) & (sizes[np.maximum(clusters, 0)] > 1))


def met(clusters: Ints, *, of: Bools, among: Bools) -> Bools:
    """(n,) whether a row of `of` shares its cluster with some row of `among`."""
    known = np.zeros(int(clusters.max(initial=0)) + 1, dtype=bool)
    known[clusters[among & (clusters >= 0)]] = True
    return np.asarray(of & (clusters >= 0) & known[np.maximum(clusters, 0)])


def thumbnails(images: NDArray[Any], height: int, width: int) -> Floats:
    """(n, height, width) grey means over equal areas of (n, h, w) or (n, h, w, channels) pictures at least as large."""
    grey = images.astype(np.float64)
    grey = grey[..., :3].mean(axis=3) if grey.ndim == 4 else grey  # a fourth channel says how opaque it is
    rows = np.floor(np.arange(height) * grey.shape[1] / height).astype(int)
    columns = np.floor(np.arange(width) * grey.shape[2] / width).astype(int)
    summed = np.add.reduceat(np.add.reduceat(grey, rows, axis=1), columns, axis=2)
    area = np.outer(np.diff(rows, append=grey.shape[1]), np.diff(columns, append=grey.shape[2]))
    return np.asarray(summed / area)


def _differs_in(rest: Words, own: Words, of: Bools, among: Bools) -> Bools:
    """(n,) rows of `of` with the rest of some row of `among`, and another cell."""
    met_by = np.zeros(1 << FILTER, dtype=bool)  # lets through every row with the rest of one of `of`, and few others
    low = np.mod(rest, len(met_by), dtype=np.uint64).astype(np.int64)
    met_by[low[of]] = True
    looked = np.flatnonzero((of | among) & met_by[low])
    found = np.zeros(len(own), dtype=bool)
    if not len(looked):
        return found
    order = looked[np.argsort(rest[looked])]
    start = np.flatnonzero(np.concatenate([[True], rest[order][1:] != rest[order][:-1]]))
    sizes = np.diff(start, append=len(order))
    mine, known = own[order], among[order]
    least = np.repeat(np.minimum.reduceat(np.where(known, mine, np.iinfo(np.uint64).max), start), sizes)
    most = np.repeat(np.maximum.reduceat(np.where(known, mine, 0), start), sizes)
    any_known = np.repeat(np.logical_or.reduceat(known, start), sizes)
    found[order] = of[order] & any_known & ((least != mine) | (most != mine))
    return found


def _terms(columns: Mapping[str, NDArray[Any]]) -> dict[str, Words]:
    """Each cell's hash, another for equal values of other columns; those of a row add up to the row's."""
    salts = mixed(np.arange(1, len(columns) + 1, dtype=np.uint64))
    return {
        name: mixed(column_words(values) ^ salt) for (name, values), salt in zip(columns.items(), salts, strict=True)
    }


def _total(terms: Mapping[str, Words]) -> Words:
    total = np.zeros_like(next(iter(terms.values())))
    for own in terms.values():
        total += own
    return total


def _pieces(value: str | None) -> Words:
    """Hashes of the different runs of three words in a text; none of a short one."""
    words = [crc32(word.encode()) for word in _WORD.findall((value or "").lower())]
    if len(words) < FEWEST_WORDS:
        return np.zeros(0, dtype=np.uint64)
    numbers = np.array(words, dtype=np.uint64)
    return np.unique(mixed(mixed(mixed(numbers[:-2]) + numbers[1:-1]) + numbers[2:]))


def _jaccard(a: Words, b: Words) -> float:
    """Share that two sorted sets have in common; sets of Python's own would take ten times the memory of all texts."""
    common = len(np.intersect1d(a, b, assume_unique=True))
    return common / (len(a) + len(b) - common)


def _least_hashes(pieces: Sequence[Words]) -> Words:
    """(bands, n) one number for each band of least hashes of each set."""
    bands = np.zeros((BANDS, len(pieces)), dtype=np.uint64)
    salts = mixed(np.arange(BANDS * DEEP, dtype=np.uint64)).reshape(BANDS, DEEP)
    for first in range(0, len(pieces), AT_ONCE):
        some = pieces[first : first + AT_ONCE]
        every = np.concatenate(some)
        start = np.concatenate([[0], np.cumsum([len(own) for own in some])[:-1]])
        for band, row in zip(bands[:, first : first + AT_ONCE], salts, strict=True):
            for salt in row:
                band[:] = mixed(band ^ np.minimum.reduceat(mixed(every ^ salt), start))
    return bands


def _neighbours(keys: Words) -> Ints:
    """(p, 2) pairs of equal keys: each with the first of its key, and with the one before it."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    head = np.repeat(order[first], np.diff(first, append=len(order)))
    behind = np.flatnonzero(np.concatenate([[False], ordered[1:] == ordered[:-1]]))
    pairs = np.concatenate(
        [np.column_stack([head[behind], order[behind]]), np.column_stack([order[behind - 1], order[behind]])]
    )
    return np.sort(pairs, axis=1)


def _beside(bits: Bools, flat: NDArray[np.float32], rng: np.random.Generator) -> list[Ints]:
    """Pairs of neighbours when rows are sorted by their bits, in several random orders of them, and then by a projection."""
    made = []
    weights = np.uint64(1) << np.arange(bits.shape[1], dtype=np.uint64)
    for _ in range(ORDERS):
        key = bits[:, rng.permutation(bits.shape[1])] @ weights
        order = np.lexsort([flat @ rng.standard_normal(flat.shape[1], dtype=np.float32), key])
        made += [np.column_stack([order[:-step], order[step:]]) for step in range(1, min(BESIDE, len(order) - 1) + 1)]
    return [np.sort(pairs, axis=1) for pairs in made]


def _clusters(pairs: Ints, n: int) -> Ints:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(pairs), dtype=bool), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)
