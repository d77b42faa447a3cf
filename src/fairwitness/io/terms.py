"""Words that name who somebody is, found in texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"\w+")

TERMS = (
    *("lesbian", "gay", "bisexual", "transgender", "trans", "queer", "lgbt", "lgbtq", "homosexual", "straight"),
    *("heterosexual", "male", "female", "nonbinary", "african", "african american", "black", "white", "european"),
    *("hispanic", "latino", "latina", "latinx", "mexican", "canadian", "american", "asian", "indian", "middle eastern"),
    *("chinese", "japanese", "christian", "muslim", "jewish", "buddhist", "catholic", "protestant", "sikh", "taoist"),
    *(
        "old",
        "older",
        "young",
        "younger",
        "teenage",
        "millenial",
        "middle aged",
        "elderly",
        "blind",
        "deaf",
        "paralyzed",
    ),
)
"""Identity terms of Dixon, Li, Sorensen, Thain and Vasserman 2018, AIES, 67-73, as their templates spell them."""


def holding(texts: NDArray[np.object_], terms: Sequence[str]) -> Mapping[str, NDArray[np.bool_]]:
    """Term to (n,) the texts that hold it; of terms within one another the longer counts."""
    pattern = words_pattern(terms)
    found = {term: np.zeros(len(texts), dtype=bool) for term in terms}
    for place in np.flatnonzero(mentioning(texts, terms)).tolist():
        for match in pattern.findall(texts[place]):
            if (term := match.lower()) in found:  # `ı` and `ſ` match i and s in any case, and are other letters
                found[term][place] = True
    return found


def mentioning(texts: NDArray[np.object_], terms: Iterable[str]) -> NDArray[np.bool_]:
    """(n,) texts in which the first word of some term stands: quickly told, so that few are left for the pattern."""
    firsts = [_WORD.search(term.lower()) for term in terms]
    if not all(firsts):  # a term of signs alone, such as a flag
        return np.fromiter((text is not None for text in texts), dtype=bool, count=len(texts))
    words = {found[0] for found in firsts if found}
    held = (text is not None and not words.isdisjoint(_WORD.findall(text.lower())) for text in texts)
    return np.fromiter(held, dtype=bool, count=len(texts))


def words_pattern(terms: Iterable[str]) -> re.Pattern[str]:
    """Whole words, in any case, the longest first; `women` is found in `women's` too."""
    ordered = sorted(set(terms), key=lambda term: (-len(term), term))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ordered))})(?!\w)", re.IGNORECASE)
