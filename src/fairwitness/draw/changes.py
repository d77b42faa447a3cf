"""How a change is named and written: one wording for the headline, the terminal and the page."""

from __future__ import annotations

from fairwitness.core.comparison import Criterion, Moved, Tried
from fairwitness.core.estimate import Unit, Verdict
from fairwitness.draw import format as fmt

WORDS: dict[Moved, str] = {"better": "better", "worse": "worse", "unclear": "cannot be told"}
MARKS: dict[Moved, Verdict] = {"better": Verdict.PASS, "worse": Verdict.FAIL, "unclear": Verdict.UNCERTAIN}


def name(criterion: Criterion) -> str:
    """`selection-rate gap by race`, `true-positive rate of Black by race`."""
    of = f" of {criterion.group}" if criterion.group else ""
    return criterion.metric + of + (f" by {criterion.about}" if criterion.about else "")


def difference(criterion: Criterion) -> str:
    """The change with its interval, a difference of shares in points: `+19.1 points [8.0, 30.2]`."""
    unit: Unit = "points" if criterion.unit == "share" else criterion.unit
    sign = "+" if (criterion.change or 0) > 0 else ""
    return sign + fmt.measured(criterion.change, criterion.low, criterion.high, unit)


def tried(each: Tried) -> str:
    """The remedies of one try with their groups and options: `fairness.reweigh by race, strength 0.5`."""
    return " + ".join(
        one.remedy
        + (f" by {one.by}" if one.by else "")
        + "".join(f", {key.replace('_', ' ')} {value}" for key, value in one.options.items())
        for one in each.remedies
    )
