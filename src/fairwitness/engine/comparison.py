"""Two audits beside each other: what got better, what got worse, and what cannot be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

from fairwitness.core.comparison import (
    COMPARISON_VERSION,
    Applied,
    Better,
    Comparison,
    Cost,
    Criterion,
    Shift,
    Side,
    Tried,
)
from fairwitness.core.digest import generator
from fairwitness.core.estimate import Limit
from fairwitness.core.findings import Document, Evidence, Finding
from fairwitness.draw.words import capital
from fairwitness.engine import trades
from fairwitness.engine.judged import Judged, pair
from fairwitness.engine.measured import Measure, measured
from fairwitness.fairness.paired import Moved as Measured
from fairwitness.fairness.paired import compared
from fairwitness.io import findings as documents
from fairwitness.stats.change import alone, together
from fairwitness.stats.multiple import sidak

Limits = Mapping[tuple[str, str | None], Limit | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What was tried on the way from one to the other; nothing where two finished audits are compared."""

    remedies: tuple[Applied, ...] = ()
    tried: tuple[Tried, ...] = ()
    choosing_rows: int = 0
    notes: tuple[str, ...] = ()
    answers: frozenset[str] = frozenset()  # checks that the remedies say they answer
    spent: Mapping[str, float] | None = None
    training: tuple[Cost | None, Cost | None] = (None, None)  # of both


def compare(
    before: Document,
    after: Document,
    *,
    rows: tuple[Judged, Judged] | None,
    measures: Sequence[Measure] = (),
    work: Work | None = None,
    provenance: Mapping[str, object],
) -> Comparison:
    """Every criterion of two audits with its change.

    Args:
        before: The first.
        after: The second.
        rows: What was decided about each row, in both; None where that is not known, and then only summaries are compared.
        measures: Other numbers by row that both audits have; the intervals of those of all rows hold together, and those of cells.
        work: What led from one to the other.
        provenance: Of the comparison itself.
    """
    work, level = work or Work(), before.provenance.level
    notes = list(work.notes)
    limits = {(each.check, each.about): each.limit for each in before.findings}
    n = 0
    criteria: list[Criterion] = []
    spilled: list[Criterion] = []
    if rows is not None:
        held = pair(*rows)
        n = len(held)
        moved = compared(held, rng=generator(before.provenance.seed, "comparison")) if n else []
        criteria = criteria_of(moved, limits, level=level)
        notes += _left_out(moved)
        notes += _standing(before)
        notes += trades.to_tell(criteria, answers=work.answers)
        for family in ([m for m in measures if m.group is None], [m for m in measures if m.group is not None]):
            spilled += [measured(each, level=sidak(level, len(family))) for each in family]
    else:
        criteria, why = _of_summaries(before, after, level=level)
        notes.append(why)
    return Comparison(
        schema_version=COMPARISON_VERSION,
        headline=trades.headline(criteria, answers=work.answers, spilled=spilled),
        trades=trades.trades(criteria, spilled=spilled),
        paired=rows is not None,
        rows=n,
        level=level,
        before=replace(_side(before), training=work.training[0]),
        after=replace(_side(after), training=work.training[1]),
        remedies=work.remedies,
        criteria=(*criteria, *spilled),
        shifts=_shifts(before, after),
        tried=work.tried,
        choosing_rows=work.choosing_rows,
        notes=tuple(dict.fromkeys(notes)),
        spent=work.spent or {},
        provenance=provenance,
    )


def _standing(audited: Document) -> list[str]:
    """What paired intervals leave out of account."""
    subject = (audited.provenance.config or {}).get("subject", {})
    found = []
    if subject.get("weight"):
        found.append(
            f"Rows have weights ({subject['weight']!r}), which what was compared row by row leaves out of account."
        )
    if subject.get("cluster"):
        found.append(
            f"Several rows are of one {subject['cluster']!r}; intervals of what was compared row by row take each as one "
            "person, and are narrower than they should be."
        )
    return found


def criteria_of(moved: Sequence[Measured], limits: Limits, *, level: float) -> list[Criterion]:
    """Criteria with their intervals: those that are judged hold together, the others each by itself."""
    family = [each.change for each in moved if each.judged and each.change is not None]
    joint = together(family, level=level)
    found = []
    for each in moved:
        low, high = (
            (None, None) if each.change is None else each.change.interval(joint if each.judged else alone(level))
        )
        found.append(
            Criterion(
                metric=each.metric,
                check=each.check,
                about=each.about,
                group=each.group,
                unit=each.unit,
                before=each.before,
                after=each.after,
                change=None if each.change is None else each.change.value,
                low=low,
                high=high,
                level=level,
                n=each.n,
                method=f"{each.method}{f', for {len(family)} criteria at once' if each.judged else ''}",
                better=each.better,
                moved=trades.which_way(low, high, each.better),
                judged=each.judged,
                limit=limits.get((each.check, each.about)),
            )
        )
    return found


def _left_out(moved: Sequence[Measured]) -> list[str]:
    return [
        f"{capital(each.metric)} by {each.about}: nothing is said of {', '.join(each.left_out)}, whose rate is of nobody."
        for each in moved
        if each.left_out
    ]


def _of_summaries(before: Document, after: Document, *, level: float) -> tuple[list[Criterion], str]:
    """Judged numbers of findings that both have, and what their intervals rest on."""
    second = {each.id: each for each in after.findings}
    shared = [(each, second[each.id]) for each in before.findings if each.evidence and each.id in second]
    same = before.provenance.data_digest == after.provenance.data_digest
    found = []
    for one, other in shared:
        first, then = _widest(one), _widest(other)
        if first is None or then is None or first.unit != then.unit or first.metric != then.metric:
            continue
        low, high = _whatever_they_share(first, then) if same else _independent(first, then)
        better: Better = "higher" if one.limit is not None and one.limit.at_least is not None else "lower"
        judged = one.limit is not None
        found.append(
            Criterion(
                metric=first.metric,
                check=one.check,
                about=one.about,
                group=None,
                unit=first.unit,
                before=first.value,
                after=then.value,
                change=None if first.value is None or then.value is None else then.value - first.value,
                low=low,
                high=high,
                level=level,
                n=min(first.n, then.n),
                method="limits of both intervals" if same else "limits of both intervals, of different rows",
                better=better,
                moved=trades.which_way(low, high, better),
                judged=judged,
                limit=one.limit,
            )
        )
    why = (
        "Only summaries are here, so rows could not be paired: each interval is as wide as it must be, whatever the two "
        "audits share. Give the folders of both audits, with private/judged.npz in them, to pair."
        if same
        else "The two audits are of different data, so nothing can be paired; intervals take the rows as independent."
    )
    return found, why + " Intervals hold each by itself."


def _widest(finding: Finding) -> Evidence | None:
    """The judged number of a finding; of several, the widest gap."""
    return max(finding.evidence, key=lambda each: -1.0 if each.value is None else each.value, default=None)


def _whatever_they_share(first: Evidence, then: Evidence) -> tuple[float | None, float | None]:
    """If both intervals hold, so does this; both do at twice the error of one, at the most."""
    low = None if then.low is None or first.high is None else then.low - first.high
    high = None if then.high is None or first.low is None else then.high - first.low
    return low, high


def _independent(first: Evidence, then: Evidence) -> tuple[float | None, float | None]:
    """Zou and Donner 2008, Statistics in Medicine 27(10):1693-1702, for independent estimates."""
    ends = (first.value, first.low, first.high, then.value, then.low, then.high)
    if None in ends:
        return None, None
    a, a_low, a_high, b, b_low, b_high = (float(end or 0) for end in ends)
    change = b - a
    return change - sqrt((b - b_low) ** 2 + (a_high - a) ** 2), change + sqrt((b_high - b) ** 2 + (a - a_low) ** 2)


def _side(document: Document) -> Side:
    return Side(
        name=document.subject.name,
        fingerprint=document.subject.fingerprint,
        model=document.subject.model,
        gate=document.gate.passes,
        summary=dict(document.summary),
        findings=documents.digest(document),
    )


def _shifts(before: Document, after: Document) -> tuple[Shift, ...]:
    second = {each.id: each.verdict for each in after.findings}
    return tuple(
        Shift(finding=each.id, before=str(each.verdict), after=str(second[each.id]))
        for each in before.findings
        if each.id in second and second[each.id] is not each.verdict
    )
