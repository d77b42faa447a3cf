"""Who is hardly in the data: the widest descriptions of people of whom there are too few, and whom to add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Shares = NDArray[np.float64]

MOST_CELLS = 1_000_000
_ROUNDS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A description of people, such as `Black × (any sex) × under 25`.

    Attributes:
        fixed: Attribute to category; attributes that are not named may be anything.
        people: How many there are.
    """

    fixed: Mapping[str, str]
    people: int


def uncovered(counts: NDArray[np.int64], axes: Mapping[str, Sequence[str]], *, least: int) -> list[Pattern]:
    """The widest patterns with fewer than `least` people: whatever is wider has enough.

    Args:
        counts: People by category of each attribute, one axis an attribute, of at most `MOST_CELLS` cells.
        axes: Attribute to its categories, in the order of `counts`.
        least: People a pattern needs.

    Returns:
        The maximal uncovered patterns, widest first and then by people. What is narrower than one of them is uncovered
        too and not listed.

    Source:
        Asudeh, Jin and Jagadish 2019, ICDE, arXiv 1810.06742.
    """
    if counts.size > MOST_CELLS:
        raise ValueError(f"{counts.size:,} cells; at most {MOST_CELLS:,} are searched")
    names = list(axes)
    places = range(len(names))
    marginals = {
        kept: counts.sum(axis=tuple(place for place in places if place not in kept))
        for size in range(len(names) + 1)
        for kept in combinations(places, size)
    }
    found = []
    for kept, table in marginals.items():
        thin = np.asarray(table < least)
        for place in kept:
            wider = tuple(each for each in kept if each != place)
            thin = thin & np.expand_dims(marginals[wider] >= least, kept.index(place))
        for cell in np.argwhere(thin).tolist():
            fixed = {names[place]: str(axes[names[place]][code]) for place, code in zip(kept, cell, strict=True)}
            found.append(Pattern(fixed=fixed, people=int(table[tuple(cell)])))
    return sorted(found, key=lambda pattern: (len(pattern.fixed), pattern.people))


def to_add(
    patterns: Sequence[Pattern], axes: Mapping[str, Sequence[str]], *, least: int
) -> list[tuple[Mapping[str, str], int]]:
    """People to add so that each pattern has `least`, few in all: one person may count for several patterns.

    Args:
        patterns: From `uncovered`.
        axes: Attribute to its categories; those a pattern leaves open are open here too.
        least: As given to `uncovered`.

    Returns:
        Descriptions and how many people of each; greedy, so at times more than the fewest possible.
    """
    lacking = [(dict(pattern.fixed), least - pattern.people) for pattern in patterns if pattern.people < least]
    wanted: list[tuple[Mapping[str, str], int]] = []
    while lacking:
        lacking.sort(key=lambda each: -each[1])
        person: dict[str, str] = {}
        for fixed, _ in lacking:
            if all(person.get(name, value) == value for name, value in fixed.items()):
                person |= fixed
        met = [index for index, (fixed, _) in enumerate(lacking) if fixed.items() <= person.items()]
        number = min(lacking[index][1] for index in met)
        wanted.append(({name: person[name] for name in axes if name in person}, number))
        lacking = [
            (fixed, short - number * (index in met))
            for index, (fixed, short) in enumerate(lacking)
            if short > number * (index in met)
        ]
    return wanted


def rake(counts: NDArray[np.int64], margins: Sequence[Shares]) -> Shares | None:
    """Shares of crossed groups in a population of which only the margins are known, if attributes go together as here.

    Args:
        counts: People by category of each attribute, one axis an attribute.
        margins: Shares of each attribute's categories in the population, each summing to 1.

    Returns:
        Shares of the shape of `counts`, summing to 1, with these margins; None where a category the population has is
        not in the data at all, so that nothing says how it goes with the others.

    Source:
        Deming and Stephan 1940, Annals of Mathematical Statistics 11(4):427-444.
    """
    shares = counts / max(counts.sum(), 1)
    for _ in range(_ROUNDS):
        moved = 0.0
        for place, margin in enumerate(margins):
            across = tuple(axis for axis in range(counts.ndim) if axis != place)
            have = shares.sum(axis=across)
            if ((have == 0) & (margin > 0)).any():
                return None
            times = np.where(have > 0, margin / np.where(have > 0, have, 1.0), 0.0)
            moved = max(moved, float(np.abs(have - margin).max()))
            shares = shares * np.expand_dims(times, across)
        if moved < 1e-9:
            return np.asarray(shares)
    return None
