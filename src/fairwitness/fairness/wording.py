"""Words that name who somebody is, and texts in which they are exchanged."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fairwitness.io.terms import mentioning, words_pattern

Pair = tuple[str, str]

SWAPS: dict[str, tuple[Pair, ...]] = {
    "gender": (
        *(("he", "she"), ("him", "her"), ("his", "hers"), ("his", "her"), ("himself", "herself")),
        *(("man", "woman"), ("men", "women"), ("male", "female"), ("males", "females")),
        *(("boy", "girl"), ("boys", "girls"), ("guy", "gal"), ("guys", "gals")),
        *(("gentleman", "lady"), ("gentlemen", "ladies"), ("mr", "ms"), ("mr", "mrs"), ("sir", "madam")),
        *(("father", "mother"), ("fathers", "mothers"), ("dad", "mum"), ("dad", "mom")),
        *(("son", "daughter"), ("sons", "daughters"), ("brother", "sister"), ("brothers", "sisters")),
        *(("husband", "wife"), ("husbands", "wives"), ("uncle", "aunt"), ("nephew", "niece")),
        *(("grandfather", "grandmother"), ("grandson", "granddaughter"), ("king", "queen"), ("prince", "princess")),
        *(("fraternity", "sorority"), ("fraternities", "sororities"), ("chairman", "chairwoman")),
        *(("spokesman", "spokeswoman"), ("businessman", "businesswoman"), ("actor", "actress")),
        *(("waiter", "waitress"), ("masculine", "feminine")),
    ),
    "religion": (
        *(("christian", "muslim"), ("christians", "muslims"), ("christianity", "islam"), ("bible", "quran")),
        *(("church", "mosque"), ("churches", "mosques")),
    ),
    "sexual orientation": (
        *(("heterosexual", "homosexual"), ("heterosexuals", "homosexuals"), ("heterosexuality", "homosexuality")),
    ),
    "colour": tuple(
        (f"white {noun}", f"black {noun}")
        for noun in ("man", "men", "woman", "women", "person", "people", "boy", "boys", "girl", "girls")
    ),
}
"""What is exchanged, by what it names: pairs of words. Words of several meanings (`straight`, `black` alone) are left out."""

_BEFORE_A_WORD = {"her": "his", "his": "her"}
"""Of several partners, the one before another word: `her own` is `his own`, `saw her.` is `saw him.`, mostly."""
_A_WORD = re.compile(r"\s+\w")


@dataclass(frozen=True)
class Swap:
    """Pairs of words that are exchanged at once, both ways.

    Attributes:
        pairs: (first, second), lower case; a word may have several partners, of which the first given stands in for it.
    """

    pairs: tuple[Pair, ...]

    @cached_property
    def _partners(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for first, second in self.pairs:
            for word, other in ((first, second), (second, first)):
                found.setdefault(word, []).append(other)
        return found

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return words_pattern(self._partners)

    @cached_property
    def _seconds(self) -> frozenset[str]:
        return frozenset(second for _, second in self.pairs)

    def __call__(self, text: str) -> tuple[str, int]:
        """The text with every word exchanged, and a sign: 1 where it held first words only, −1 second words only, else 0.

        >>> Swap((("he", "she"), ("man", "woman"), ("men", "women")))("He ran a women's club.")
        ("She ran a men's club.", 0)
        """
        seen: set[bool] = set()

        def exchange(found: re.Match[str]) -> str:
            word = found[0].lower()
            if word not in self._partners:  # `ı` and `ſ` match i and s in any case, and are other letters
                return found[0]
            seen.add(word in self._seconds)
            others = self._partners[word]
            before = _BEFORE_A_WORD.get(word)
            follows = _A_WORD.match(text, found.end()) is not None
            other = before if before in others and follows else others[0]
            return _as(found[0], other)

        made = self._pattern.sub(exchange, text)
        return made, 0 if len(seen) != 1 else -1 if seen.pop() else 1

    @property
    def words(self) -> tuple[str, ...]:
        """Every word that is exchanged."""
        return tuple(self._partners)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swapped:
    """Texts that hold words of a swap.

    Attributes:
        places: (m,) where they stand among all.
        texts: (m,) with the words exchanged.
        sign: (m,) see `Swap`.
    """

    places: NDArray[np.intp]
    texts: NDArray[np.object_]
    sign: NDArray[np.int8]


def swapped(texts: NDArray[np.object_], swap: Swap) -> Swapped:
    """Those of the texts in which a word is exchanged; missing texts hold none."""
    places, made, signs = [], [], []
    for place in np.flatnonzero(mentioning(texts, swap.words)).tolist():
        other, sign = swap(texts[place])
        if other != texts[place]:
            places.append(place)
            made.append(other)
            signs.append(sign)
    held = np.empty(len(made), dtype=object)
    held[:] = made
    return Swapped(places=np.array(places, dtype=np.intp), texts=held, sign=np.array(signs, dtype=np.int8))


def _as(word: str, other: str) -> str:
    """`other`, in the letters' case of `word`."""
    if len(word) > 1 and word.isupper():
        return other.upper()
    return other[:1].upper() + other[1:] if word[:1].isupper() else other
