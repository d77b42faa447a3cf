"""How a change is named and written: one wording for the headline, the terminal and the page."""

from __future__ import annotations

from collections.abc import Iterable

from fairwitness.core.comparison import Applied, Cost, Criterion, Moved, Tried
from fairwitness.core.estimate import Unit, Verdict
from fairwitness.core.frontier import Level
from fairwitness.draw import format as fmt

WORDS: dict[Moved, str] = {"better": "better", "worse": "worse", "unclear": "cannot be told", "same": "unchanged"}
MARKS: dict[Moved, Verdict] = {
    "better": Verdict.PASS,
    "worse": Verdict.FAIL,
    "unclear": Verdict.UNCERTAIN,
    "same": Verdict.EXPLORED,
}


def name(criterion: Criterion) -> str:
    """`selection-rate gap by race`, `true-positive rate of Black by race`."""
    of = f" of {criterion.group}" if criterion.group else ""
    return criterion.metric + of + (f" by {criterion.about}" if criterion.about else "")


def difference(criterion: Criterion) -> str:
    """The change with its interval, a difference of shares in points: `+19.1 points [8.0, 30.2]`."""
    return against(criterion)


def against(moved: Criterion | Level) -> str:
    """The same of any number that moved."""
    unit: Unit = "points" if moved.unit == "share" else moved.unit
    sign = "+" if (moved.change or 0) > 0 else ""
    return sign + fmt.measured(moved.change, moved.low, moved.high, unit)


def cost(of: Cost | None) -> str:
    """What training took: `0.35 to 20.7 mWh`; a dash where nothing was trained, or nobody read it."""
    return fmt.DASH if of is None else fmt.span(of.low, of.high, "Wh")


def tried(each: Tried) -> str:
    """The remedies of one try; see `applied`."""
    return applied(each.remedies)


def applied(remedies: Iterable[Applied]) -> str:
    """Remedies with their groups and options: `fairness.reweigh by race + fairness.group-thresholds by race, within 0.05`."""
    return " + ".join(
        one.remedy
        + (f" by {one.by}" if one.by else "")
        + "".join(f", {key.replace('_', ' ')} {value}" for key, value in one.options.items())
        for one in remedies
    )
