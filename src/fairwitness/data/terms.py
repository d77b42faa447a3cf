"""Identity terms in texts, and how the recorded class goes with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.estimate import Estimate
from fairwitness.draw.words import FEW
from fairwitness.stats import intervals
from fairwitness.stats.multiple import benjamini_hochberg, sidak
from fairwitness.stats.two_sample import homogeneity_p


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A term and the class that goes with it furthest.

    Attributes:
        term: The term.
        share: Of all texts, the share that holds it.
        category: The class; empty where none is recorded.
        rate: Share of the class among texts with the term; None where no class is recorded.
        others: That among texts without it.
        gap: The former less the latter, held for all terms and classes at once; None likewise.
        bits: Pointwise mutual information of term and class, log₂ of `rate` over the share among all texts; None where the
            class never goes with the term.
        p: P value of "unrelated", over all terms and classes (Benjamini-Hochberg).
    """

    term: str
    share: Estimate
    category: str = ""
    rate: float | None = None
    others: float | None = None
    gap: Estimate | None = None
    bits: float | None = None
    p: float | None = None


def told(
    holds: Mapping[str, NDArray[np.bool_]],
    classes: NDArray[Any] | None,
    asked: Sequence[str],
    *,
    level: float = 0.95,
) -> list[Told]:
    """How often each term occurs, and with what class, the furthest from the other texts first.

    Args:
        holds: Term to (n,) the texts that hold it; those with fewer than 30 such texts, or fewer without, are left out.
        classes: (n,) object of str or None, the recorded class; None where none is recorded.
        asked: Classes to look at: the positive one, or all.
        level: Two-sided confidence; of each share alone, of all gaps together (Šidák).

    Source:
        Church and Hanks 1990, Computational Linguistics 16(1):22-29, for mutual information of words; Newcombe 1998,
        Statistics in Medicine 17(8):873-890, method 10.
    """
    many = {term: mask for term, mask in holds.items() if mask.sum() >= FEW and (~mask).sum() >= FEW}
    if classes is None or not asked:
        found = [Told(term=term, share=_share(mask, level)) for term, mask in many.items()]
        return sorted(found, key=lambda each: -(each.share.value or 0.0))
    known = np.array([each is not None for each in classes], dtype=bool)
    pairs = []
    for term, mask in many.items():
        for category in asked:
            hit = np.asarray(classes == category, dtype=bool)
            n = (int((known & ~mask).sum()), int((known & mask).sum()))
            hits = (int((hit & ~mask).sum()), int((hit & mask).sum()))
            if min(n):
                pairs.append((term, category, hits, n))
    if not pairs:
        return []
    adjusted = benjamini_hochberg(
        [homogeneity_p([hits[0], n[0] - hits[0]], [hits[1], n[1] - hits[1]]) for _, _, hits, n in pairs]
    )
    each = sidak(level, len(pairs))
    best: dict[str, Told] = {}
    for (term, category, hits, n), p in zip(pairs, adjusted, strict=True):
        low, high = intervals.newcombe(hits, n, level=each)
        rate, others = hits[1] / n[1], hits[0] / n[0]
        gap = Estimate(
            value=rate - others,
            low=float(low),
            high=float(high),
            level=level,
            n=sum(n),
            unit="points",
            method="Newcombe's interval, for all terms and classes at once",
        )
        one = Told(
            term=term,
            share=_share(many[term], level),
            category=category,
            rate=rate,
            others=others,
            gap=gap,
            bits=log2(rate / (sum(hits) / sum(n))) if hits[1] else None,
            p=float(p),
        )
        if term not in best or abs(rate - others) > abs((best[term].rate or 0.0) - (best[term].others or 0.0)):
            best[term] = one
    return sorted(best.values(), key=lambda each: -abs((each.rate or 0.0) - (each.others or 0.0)))


def _share(mask: NDArray[np.bool_], level: float) -> Estimate:
    hits, n = int(mask.sum()), len(mask)
    low, high = intervals.wilson(float(hits), float(n), level=level)
    return Estimate(value=hits / n, low=low, high=high, level=level, n=n, unit="share", method="Wilson")
