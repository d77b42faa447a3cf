"""How far scores are from what was recorded in the group and at the height where they are furthest off."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fairwitness.core.asks import LABEL, SCORE, Ask, TallyAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.columns import Grouping
from fairwitness.core.errors import TooFewError
from fairwitness.core.estimate import Key, Limit, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, label, members, plural
from fairwitness.fairness.calibration import EDGES
from fairwitness.fairness.compare import judged_tally
from fairwitness.fairness.words import event, outcome

if TYPE_CHECKING:
    from fairwitness.fairness.multicalibration import Cell, Multicalibration

SHOWN = 15


class MulticalibrationGap:
    info = CheckInfo(
        id="fairness.multicalibration-gap",
        title="Scores mean what they say for every group at every height",
        failure_title="Scores promise too much or too little for a group at some height",
        measures=(
            "Largest distance between the mean score and the share recorded positive, too high or too low, over all named "
            f"groups and tenths of the score that hold at least {FEW} people together."
        ),
        does_not_show=(
            "Groups nobody has named, and cells of fewer people. Nor whether the group has anything to do with it: scores that "
            "are off for everybody are off for groups too; the table shows in which cells."
        ),
        advice=(
            "Scale the scores on rows kept for tuning; where only some groups are off, mend group by group and height by height: "
            "fairwitness fix --remedy fairness.multicalibrate."
        ),
        needs=frozenset({"groups", "truth", "scores", "positive"}),
        limit=Limit(at_most=0.10),
        severity=Severity.MEDIUM,
        sources=(
            "Hébert-Johnson, Kim, Reingold and Rothblum 2018, ICML, definition 2.2, on tenths of the score",
            "Agresti and Coull 1998, The American Statistician 52(2):119-126, carried over to scores that differ",
            "Šidák 1967, JASA 62(318):626-633, for all cells at once",
            "The limit of 10 points is a convention of this tool: twice that on the mean of a whole group",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        named = _named(outline)
        return [_ask(each) for each in named] or NotApplicable("no grouping is named", missing="groups")

    def run(self, given: Given, options: NoOptions) -> Outcome:
        from fairwitness.fairness.calibration import cells  # these pull in SciPy
        from fairwitness.fairness.multicalibration import multicalibration

        counted = {each.name: cells(given[_ask(each)], each.columns) for each in _named(given.outline)}
        try:
            found = multicalibration(counted, level=given.level)
        except TooFewError as error:
            return NotApplicable(str(error))
        few = f"{plural(found.few, 'cell')} of fewer than {FEW} people are not looked at" if found.few else ""
        left = len(found.cells) - SHOWN
        more = f"the table lists the {SHOWN} furthest off of {fmt.count(len(found.cells))} cells" if left > 0 else ""
        return Measured(
            headline=_headline(given.outline, found.worst),
            lead=_lead(found),
            judged={
                Key(metric="multicalibration error", groups=(_named_cell(given.outline, found.worst),)): found.size
            },
            explored=(_table(given.outline, found),),
            notes=tuple(filter(None, (few, more))),
            to_settle="Collect more people with a recorded outcome, above all of the cells whose interval is widest.",
        )


def _named(outline: Outline) -> tuple[Grouping, ...]:
    return tuple(grouping for grouping in outline.groupings if grouping.named)


def _ask(grouping: Grouping) -> TallyAsk:
    """The same counts as for calibration, so that they are made once."""
    return replace(judged_tally(grouping, LABEL, SCORE), edges=((SCORE, EDGES),), sums=(SCORE,))


def _columns(outline: Outline, cell: Cell) -> tuple[str, ...]:
    return next(grouping.columns for grouping in _named(outline) if grouping.name == cell.by)


def _height(cell: Cell) -> str:
    """`0.3 to 0.4`."""
    low, high = re.findall(r"[\d.]+", cell.height)
    return f"{low} to {high}"


def _named_cell(outline: Outline, cell: Cell) -> str:
    return f"{label(cell.group, _columns(outline, cell))}, scores {_height(cell)}"


def _headline(outline: Outline, worst: Cell) -> str:
    whole, what = worst.held.whole, event(outline)
    return (
        f"Where {members(worst.group, _columns(outline, worst), outline.people)} have scores of {_height(worst)}, they are "
        f"promised {what} in {fmt.number(whole.score / whole.n, 'share')} of cases; {outcome(outline)} is {what} in "
        f"{fmt.number(whole.hits / whole.n, 'share')}"
    )


def _lead(found: Multicalibration) -> str:
    size = fmt.measured(found.size.value, found.size.low, found.size.high, "points")
    firm = sum(
        each.error.low is not None and (each.error.low > 0 or (each.error.high or 0) < 0) for each in found.cells
    )
    return (
        f"The furthest off of {plural(len(found.cells), 'cell')} of group and tenth of the score: {size}, all cells at once. "
        f"{fmt.count(firm)} of them {'is' if firm == 1 else 'are'} firmly off zero."
    )


def _table(outline: Outline, found: Multicalibration) -> Series:
    shown = found.cells[:SHOWN]
    wholes = [each.held.whole for each in shown]
    return Series(
        title="Cells furthest off",
        columns={
            "group": tuple(label(each.group, _columns(outline, each)) for each in shown),
            "scores": tuple(map(_height, shown)),
            "n": tuple(whole.n for whole in wholes),
            "mean score": tuple(whole.score / whole.n for whole in wholes),
            "rate": tuple(whole.hits / whole.n for whole in wholes),
            "error": tuple(each.error.value for each in shown),
            "low": tuple(each.error.low for each in shown),
            "high": tuple(each.error.high for each in shown),
        },
        units={
            "n": "people",
            **dict.fromkeys(("mean score", "rate"), "share"),
            **dict.fromkeys(("error", "low", "high"), "points"),
        },
    )
