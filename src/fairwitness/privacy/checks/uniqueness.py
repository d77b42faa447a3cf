"""People who can be singled out by what others may know of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import Ask, RowsAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome, RowValues
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.figures import Bars
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline, Rows
from fairwitness.draw import format as fmt
from fairwitness.draw.words import listed, plural

if TYPE_CHECKING:
    from fairwitness.privacy.anonymity import Classes

SIZES = ((1, 1, "1, unique"), (2, 4, "2 to 4"), (5, 9, "5 to 9"), (10, 19, "10 to 19"), (20, None, "20 or more"))
SMALL = 5
"""Classes of fewer are small by the usual rule of thumb of statistical offices."""


class Uniqueness:
    info = CheckInfo(
        id="privacy.uniqueness",
        title="Few people are unique in what others may know of them",
        failure_title="Many people are unique in what others may know of them",
        measures=(
            "The share of rows that no other person's row equals in all quasi-identifiers together: the columns declared "
            "as known to others. Beside it the smallest class (k-anonymity), and what classes give away of the outcome."
        ),
        does_not_show=(
            "Whether somebody who is unique here is unique in the population: no population is estimated, so this is the "
            "risk from somebody who knows that the person is in the data. Nor what columns that are not declared tell."
        ),
        advice=(
            "Drop or coarsen the quasi-identifiers that make most people unique (bands for numbers, regions for places), "
            "keep small classes back, or give out statistics in place of rows: fairwitness release."
        ),
        needs=frozenset({"rows"}),
        limit=Limit(at_most=0.05),
        severity=Severity.MEDIUM,
        every_row=True,
        takes=frozenset({"cluster"}),
        sources=(
            "Sweeney 2002, Int. J. Uncertainty, Fuzziness and Knowledge-Based Systems 10(5):557-570, k-anonymity",
            "Machanavajjhala et al. 2007, ACM TKDD 1(1):3, l-diversity",
            "The limit of 5 % is a convention of this tool",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        if not _known(outline):
            return NotApplicable(
                "no column is declared as known to others about a person: set [columns.NAME] quasi_identifier = true"
            )
        return [_ask(outline)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        from fairwitness.privacy.anonymity import classes, distinct

        outline, rows = given.outline, given[_ask(given.outline)]
        if not len(rows):
            return NotApplicable("there are no rows")
        known, columns = _known(outline), _values(rows, given.outline)
        units = _units(rows, outline)
        found = classes(list(columns.values()), units)
        share = float(found.unique.mean())
        small = int((found.people < SMALL).sum())
        outcome = None if outline.target is None or outline.target in known else rows.columns[outline.target]
        told = None if outcome is None else distinct(found, outcome) == 1
        return Measured(
            headline=(
                f"{fmt.number(share, 'share')} of {plural(len(rows), 'row')} can be singled out by {listed(known)}: nobody "
                "else has the same values"
            ),
            lead=(
                f"The smallest class has {plural(found.k, 'person', 'people')} (k = {found.k}); "
                f"{plural(small, 'row')} lie in classes of fewer than {SMALL}. "
                + _given_away(told, found, outline.target)
            ),
            judged={
                Key(metric="share of rows unique in their quasi-identifiers"): Estimate(
                    value=share,
                    low=share,
                    high=share,
                    level=None,
                    n=len(rows),
                    unit="share",
                    method="counted",
                    claim="count",
                )
            },
            explored=(_without(columns, units, found),) if len(known) > 1 else (),
            figures=(_bars(found),),
            notes=("Values are compared as they stand; a missing value equals another missing value.",),
            row_values={
                "unique": RowValues(
                    name="unique in their quasi-identifiers", ids=rows.ids, values=found.unique.astype(np.float64)
                )
            },
        )


def _known(outline: Outline) -> tuple[str, ...]:
    return tuple(column.name for column in outline.columns if column.quasi_identifier and not column.media)


def _ask(outline: Outline) -> RowsAsk:
    unit = [column.name for column in outline.columns if column.role == "unit"]
    target = [] if outline.target is None else [outline.target]
    return RowsAsk(columns=tuple(dict.fromkeys([*_known(outline), *target, *unit])))


def _values(rows: Rows, outline: Outline) -> dict[str, NDArray[Any]]:
    return {name: rows.columns[name] for name in _known(outline)}


def _units(rows: Rows, outline: Outline) -> NDArray[Any] | None:
    unit = next((column.name for column in outline.columns if column.role == "unit"), None)
    return None if unit is None else rows.columns[unit]


def _given_away(told: NDArray[np.bool_] | None, found: Classes, target: str | None) -> str:
    """Classes of several people that all have one outcome: who knows the class knows the outcome (l = 1)."""
    if told is None:
        return ""
    shared = told & ~found.unique
    return (
        f"{plural(int(shared.sum()), 'further row')} lie in larger classes whose people all have the same {target!r}, so "
        "that it is known without telling them apart (l = 1)."
    )


def _without(columns: Mapping[str, NDArray[Any]], units: NDArray[Any] | None, found: Classes) -> Series:
    """What dropping each column alone would bring."""
    from fairwitness.privacy.anonymity import classes

    left = {
        name: float(classes([values for other, values in columns.items() if other != name], units).unique.mean())
        for name in columns
    }
    order = sorted(left, key=lambda name: left[name])
    return Series(
        title="Unique rows if one quasi-identifier were dropped",
        columns={"dropped": ("none", *order), "unique": (float(found.unique.mean()), *(left[name] for name in order))},
        units={"unique": "share"},
    )


def _bars(found: Classes) -> Bars:
    counts = tuple(int(((found.people >= low) & (found.people <= (high or np.inf))).sum()) for low, high, _ in SIZES)
    nothing: tuple[None, ...] = (None,) * len(SIZES)
    return Bars(
        title="Rows by how many people share their quasi-identifiers",
        caption="Rows, and their share of all. People in the class, the row's own among them.",
        labels=tuple(label for _, _, label in SIZES),
        counts=counts,
        shares=tuple(count / len(found.people) for count in counts),
        lows=nothing,
        highs=nothing,
    )
