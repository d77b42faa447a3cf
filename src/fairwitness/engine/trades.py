"""A comparison in sentences: what got better first, and in the same sentence what was given for it."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from fairwitness.core.comparison import Better, Criterion, Moved
from fairwitness.draw import format as fmt
from fairwitness.draw.changes import difference, name
from fairwitness.draw.words import capital

GROWN = 1.5
"""A gap so many times as wide is named even where the interval of its change reaches zero,"""

LEAST = 0.05
"""if it grew by five points at least;"""

LOST = 0.02
"""and accuracy, if two points of it are lost."""

TINY = 0.01
"""Of a smaller gap nobody asks how many times as wide it is now."""

PARTS = ("true-positive-rate gap", "false-positive-rate gap")
"""What the equalised-odds gap is the wider of; not named beside it."""


def which_way(low: float | None, high: float | None, better: Better) -> Moved:
    """Which way a number moved, where the interval of its change leaves out zero."""
    if low == high == 0:
        return "same"
    if better == "neither":
        return "unclear"
    up, down = low is not None and low > 0, high is not None and high < 0
    if not (up or down):
        return "unclear"
    return "better" if up == (better == "higher") else "worse"


def headline(criteria: Sequence[Criterion], *, answers: frozenset[str], spilled: Sequence[Criterion] = ()) -> str:
    """The first sentence of every surface.

    Args:
        criteria: All of them.
        answers: Checks that the remedies are for; what got better among them is named first.
        spilled: Numbers by row of other pillars; judged by nobody, but what got worse is named too.
    """
    judged = [each for each in criteria if each.judged and each.change is not None]
    if not judged:
        return "Nothing was judged in both, so nothing can be said of what changed."
    better, worse = [each for each in judged if each.moved == "better"], given(judged)
    if better:
        best = max(better, key=lambda each: (each.check in answers, each.unit == "points", abs(each.change or 0)))
        rest = len(better) - 1
        opening = f"The {name(best)} {_moved(best)} beyond doubt"
        opening += f", and {rest} more {'criteria' if rest > 1 else 'criterion'} got better" if rest else ""
    elif hoped := _hoped(judged, answers):
        opening = f"The {name(hoped)} {_moved(hoped)}, which may be chance, and nothing got better beyond doubt"
    else:
        opening = "Nothing got better beyond doubt"
    worse += _worse(spilled)
    if not worse:
        return f"{opening}; nothing that is judged got clearly worse."
    sure = all(each.moved == "worse" for each in worse[1:])
    also = f"; {len(worse) - 1} more {'got' if sure else 'may have got'} worse" if len(worse) > 1 else ""
    return f"{opening}, but {_named(worst := worse[0])} {_moved(worst)}{_doubt(worst)}{also}."


def trades(criteria: Sequence[Criterion], *, spilled: Sequence[Criterion] = ()) -> tuple[str, ...]:
    """Each judged criterion that got worse, in a sentence, the worst first; then the numbers by row that did."""
    judged = [each for each in criteria if each.judged and each.change is not None]
    worse = [*given(judged), *_worse(spilled)]
    return tuple(f"{capital(_named(each))} {_moved(each)}: {difference(each)}{_doubt(each)}." for each in worse)


def _worse(spilled: Sequence[Criterion]) -> list[Criterion]:
    return [each for each in spilled if each.moved == "worse"]


def _named(criterion: Criterion) -> str:
    """`the selection-rate gap by race`; a number by row is a mean over rows, or a share of them."""
    if criterion.judged:
        return f"the {name(criterion)}"
    rows = f"rows of {criterion.group}" if criterion.group else "all rows"
    return f"over {rows}, the {'share' if criterion.unit == 'share' else 'mean'} of {criterion.metric}"


def to_tell(criteria: Sequence[Criterion], *, answers: frozenset[str]) -> list[str]:
    """How many rows would tell what these cannot, of the criteria that the remedies are for."""
    said = []
    for each in criteria:
        near = each.high if each.better == "lower" else each.low
        if each.check not in answers or each.moved != "unclear" or not each.change or near is None or not _helped(each):
            continue
        rows = each.n * ((near - each.change) / each.change) ** 2
        said.append(
            f"{capital(name(each))}: about {fmt.count(_two_digits(rows))} rows like these would tell whether the change is "
            f"real, if it is as large as it looks; here are {fmt.count(each.n)}."
        )
    return said


def given(judged: Sequence[Criterion]) -> list[Criterion]:
    """What got worse, beyond doubt first, then by how many times."""
    found = [each for each in judged if each.moved == "worse" or _grown(each)]
    odds = {each.about for each in found if each.metric == "equalised-odds gap"}
    found = [each for each in found if each.metric not in PARTS or each.about not in odds]
    return sorted(found, key=lambda each: (each.moved != "worse", each.unit != "points", -_times(each)))


def _helped(criterion: Criterion) -> bool:
    return (criterion.change or 0) < 0 if criterion.better == "lower" else (criterion.change or 0) > 0


def _hoped(judged: Sequence[Criterion], answers: frozenset[str]) -> Criterion | None:
    """What the remedies are for and moved as it should, the most first."""
    found = [each for each in judged if each.check in answers and each.unit == "points" and _helped(each)]
    return max(found, key=lambda each: abs(each.change or 0), default=None)


def _two_digits(rows: float) -> float:
    """Rounded up: more digits would be a pretence."""
    step = float(10 ** max(0, len(str(int(rows))) - 2))
    return ceil(rows / step) * step


def _moved(criterion: Criterion) -> str:
    """`fell from 26.0 to 4.1 points`, `grew to 4.0 times what it was, from 5.0 to 20.1 points`."""
    before, after = criterion.before or 0.0, criterion.after or 0.0
    times = _times(criterion)
    verb = "fell" if after < before else "grew"
    if criterion.better == "lower" and times >= GROWN and before >= TINY:
        verb = f"grew to {times:.1f} times what it was,"
    return f"{verb} from {fmt.bare(before, criterion.unit)} to {fmt.number(after, criterion.unit)}"


def _times(criterion: Criterion) -> float:
    return (criterion.after or 0.0) / criterion.before if criterion.before else float("inf")


def _grown(criterion: Criterion) -> bool:
    """Clearly worse by the numbers, though not beyond doubt."""
    if criterion.moved != "unclear" or criterion.change is None or criterion.unit not in {"points", "share"}:
        return False
    if criterion.better == "higher":
        return criterion.change <= -LOST
    return criterion.change >= LEAST and _times(criterion) >= GROWN


def _doubt(criterion: Criterion) -> str:
    return ", beyond doubt" if criterion.moved == "worse" else ", which may be chance"
