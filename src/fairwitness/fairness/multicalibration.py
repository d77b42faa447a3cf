"""Whether scores mean what they say for every group at every height: the furthest off of many cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fairwitness.core.columns import CROSS, MISSING
from fairwitness.core.errors import TooFewError
from fairwitness.core.estimate import Estimate
from fairwitness.draw.words import FEW
from fairwitness.fairness.calibration import Scored, differences, largest


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """People of one group whose scores lie in one bin.

    Attributes:
        by: The attribute, or several crossed.
        group: Their category.
        height: The bin, as its name.
        held: Their scores and outcomes.
        error: Mean score less recorded rate; its interval holds for all cells at once.
    """

    by: str
    group: str
    height: str
    held: Scored
    error: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Multicalibration:
    """Every cell of at least `FEW` people, and the largest error of any.

    Attributes:
        cells: The largest error first.
        worst: The cell of the largest error.
        size: That error, without its sign, with the interval of the largest there truly is among these cells.
        few: Cells of fewer people, which tell nothing by themselves.
    """

    cells: tuple[Cell, ...]
    worst: Cell
    size: Estimate
    few: int


def multicalibration(
    counted: Mapping[str, Mapping[str, Mapping[str, Scored]]], *, level: float = 0.95, least: int = FEW
) -> Multicalibration:
    """How far mean scores are from recorded rates in each cell of group and bin, and in the worst.

    Args:
        counted: Attribute to group to bin to the people in it, as `calibration.cells` counts them. People are in a cell
            of each attribute, so cells overlap; the intervals hold together all the same.
        level: At which the intervals of all cells hold together.
        least: People a cell must have.

    Returns:
        The cells. A cell of people whose attribute is not recorded is the worst only if it is firmly so.

    Raises:
        TooFewError: No cell has `least` people.

    Source:
        Hébert-Johnson, Kim, Reingold and Rothblum 2018, ICML, definition 2.2 (on bins of the score); Šidák 1967, JASA
        62(318):626-633, for all cells at once.
    """
    every = {
        (by, group, height): held
        for by, groups in counted.items()
        for group, heights in groups.items()
        for height, held in heights.items()
    }
    kept = {_name(key): key for key, held in every.items() if held.whole.n >= least}
    if not kept:
        raise TooFewError(f"no group has {least} people whose scores lie in one tenth")
    errors = differences({name: every[key] for name, key in kept.items()}, level=level)
    made = {
        name: Cell(by=key[0], group=key[1], height=key[2], held=every[key], error=errors[name])
        for name, key in kept.items()
    }
    found = largest(errors)
    ordered = sorted(made.values(), key=lambda cell: -abs(cell.error.value or 0.0))
    return Multicalibration(
        cells=tuple(ordered), worst=made[found.group], size=found.estimate, few=len(every) - len(kept)
    )


def _name(key: tuple[str, str, str]) -> str:
    """One name for a cell, in which a category that is not recorded is still a part of its own."""
    by, group, height = key
    parts = [MISSING if part == MISSING else f"{by}: {part}" for part in group.split(CROSS)]
    return CROSS.join([by, *parts, height])
