"""How far apart groups are in how often each of several classes is recognised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fairwitness.core.asks import CLASS, DECIDED, Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate, Key, Limit, Severity, Unit
from fairwitness.core.figures import Heat, HeatCell
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, label, members
from fairwitness.fairness import attributes, contrasts
from fairwitness.fairness.attributes import Cell
from fairwitness.fairness.compare import judged_tally
from fairwitness.fairness.confusion import ClassGap, Matrices, class_gaps, macro_gap, matrices, odd_cells
from fairwitness.fairness.contrasts import Apart
from fairwitness.fairness.words import whose
from fairwitness.stats.intervals import critical

MOST_CLASSES = 12
"""Classes a matrix on the page has; of more the cells that stand out are listed alone."""


class ClassRecallGap:
    info = CheckInfo(
        id="fairness.class-recall-gap",
        title="Each class is recognised equally often in every group",
        failure_title="A class is recognised less often in one group",
        measures=(
            "Of several classes: the widest gap between two groups in the share of a class's people who are decided so "
            "(one class against the rest), over all classes at once, and in its mean over classes (macro-averaged "
            "true-positive rate). Gaps in false alarms, and the errors one group makes more often, are shown and not judged."
        ),
        does_not_show=(
            "Which confusion does harm: the cells of the matrices say which class is taken for which. Whether the recorded "
            "classes are right in every group. Rare classes weigh in the mean as much as frequent ones."
        ),
        advice=(
            "Look at the people of the class that is missed in that group, and what they are taken for; collect more of "
            "them or weigh them, and train again."
        ),
        needs=frozenset({"groups", "decisions", "truth"}),
        tasks=frozenset({"multi-class"}),
        limit=Limit(at_most=0.10),
        severity=Severity.MEDIUM,
        sources=(
            "Hardt, Price and Srebro 2016, NeurIPS, equality of opportunity, here of each class against the rest",
            "Zou and Donner 2008, Statistics in Medicine 27(10):1693-1702, with Tukey's critical value, for all pairs",
            "Šidák 1967, JASA 62(318):626-633, for all classes: their people differ, so the rule is exact",
            "The limit of 10 points is a convention of this tool, not of a standard",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask]:
        return [judged_tally(grouping, CLASS, DECIDED) for grouping in attributes.named(outline)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        named = attributes.named(given.outline)
        level = attributes.each_level(given.level, 2 * len(named))  # each class, and their mean
        found = []
        for grouping in named:
            tally = given[judged_tally(grouping, CLASS, DECIDED)]
            counted = matrices(tally, grouping, given.outline.classes)
            one = Recalled(
                matrices=counted,
                classes=class_gaps(counted, level=level),
                macro=macro_gap(counted, level=level),
                level=level,
            )
            found += [one] if one.worst is not None else []
        if not found:
            return NotApplicable("no attribute has two groups with people of one class; a gap needs two")
        worst = max(found, key=lambda each: max(attributes.gravity(gap, given.limit) for gap in each.judged.values()))
        lines, odd = _gaps(found), _odd(found)
        return Measured(
            headline=_headline(given, worst),
            lead=_lead(found),
            judged={key: gap for each in found for key, gap in each.judged.items()},
            explored=(
                attributes.table("Gaps by class", lines, _GAP_UNITS),
                attributes.table("Errors of one group more or less often than of everybody else", odd, _ODD_UNITS),
                *_matrix(worst),
            ),
            figures=(_figure(worst),),
            notes=(*attributes.left_out(lines, "gaps"), *attributes.left_out(odd, "kinds of error")),
            to_settle="Collect more people of the classes and groups whose interval is widest.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """One attribute's matrices and gaps."""

    matrices: Matrices
    classes: tuple[ClassGap, ...]
    macro: Apart | None
    level: float

    @property
    def worst(self) -> tuple[str, Apart] | None:
        """The class with the widest gap in recall; None where no class has people in two groups."""
        known = [(each.name, each.recalled) for each in self.classes if each.recalled is not None]
        return max(known, key=lambda each: (each[1].estimate.low or 0.0, each[1].estimate.value or 0.0), default=None)

    @property
    def judged(self) -> Mapping[Key, Estimate]:
        """The class that stands worst, over all of them, and the mean."""
        by = self.matrices.grouping.name
        found = {}
        if self.worst is not None:
            name, gap = self.worst
            highs = [each.recalled.estimate.high if each.recalled else None for each in self.classes]
            known = [high for high in highs if high is not None]
            value = gap.estimate.value or 0.0
            found[Key(metric=f"true-positive-rate gap of class {name}", groups=gap.groups, column=by)] = Estimate(
                value=value,
                low=gap.estimate.low,
                high=max(known) if len(known) == len(highs) else None,
                level=self.level,
                n=gap.estimate.n,
                unit="points",
                method=gap.estimate.method,
            )
        if self.macro is not None:
            found[Key(metric="macro-averaged gap", groups=self.macro.groups, column=by)] = self.macro.estimate
        return found

    def label(self, group: str) -> str:
        return label(group, self.matrices.grouping.columns)


def _headline(given: Given, worst: Recalled) -> str:
    """The widest gap between groups that have many people of the class."""
    counted = worst.matrices
    many = [
        (name, gap)
        for each in worst.classes
        for name, gap in [(each.name, each.recalled)]
        if gap is not None and min(_of(counted, group, name)[1] for group in gap.groups) >= FEW
    ]
    if not many:
        return (
            f"Every class has too few people in some group of {counted.grouping.name} to compare how it is recognised"
        )
    name, gap = max(many, key=lambda each: attributes.gravity(each[1].estimate, given.limit))
    told = []
    for group in gap.groups:
        hits, n = _of(counted, group, name)
        told.append(
            f"{fmt.number(hits / n, 'share')} of {members(group, counted.grouping.columns, given.outline.people)}"
        )
    who = whose(given.outline, f"“{name}”")
    return f"{given.outline.actor} {_verb(given)} “{name}” in {told[0]} and {told[1]}{who}"


def _verb(given: Given) -> str:
    return "recognises" if given.outline.actor == "The model" else "recognise"


def _of(counted: Matrices, group: str, name: str) -> tuple[int, int]:
    place, of = counted.groups.index(group), counted.classes.index(name)
    return int(counted.right[place, of]), int(counted.recorded[place, of])


def _lead(found: Sequence[Recalled]) -> str:
    sentences = []
    for each in found:
        by = each.matrices.grouping.name
        for key, gap in each.judged.items():
            low, high = map(each.label, key.groups)
            sentences.append(
                f"By {by}, {key.metric}: {fmt.measured(gap.value, gap.low, gap.high, 'points')}, {high} over {low}."
            )
    return " ".join(sentences)


_GAP_UNITS: Mapping[str, Unit] = dict.fromkeys(("TPR gap", "low", "high", "FPR gap", "FPR low", "FPR high"), "points")
_ODD_UNITS: Mapping[str, Unit] = {
    "n": "people",
    "of": "people",
    "others": "share",
    **dict.fromkeys(("more often by", "low", "high"), "points"),
}


def _gaps(found: Sequence[Recalled]) -> list[dict[str, Cell]]:
    lines: list[dict[str, Cell]] = []
    for each in found:
        for gap in each.classes:
            line: dict[str, Cell] = {"attribute": each.matrices.grouping.name, "class": gap.name}
            for names, apart in (
                (("TPR gap", "low", "high", "lower", "higher"), gap.recalled),
                (("FPR gap", "FPR low", "FPR high", "FPR lower", "FPR higher"), gap.alarmed),
            ):
                ends = apart.estimate if apart else None
                values = (ends.value, ends.low, ends.high) if ends else (None, None, None)
                groups = tuple(map(each.label, apart.groups)) if apart else (None, None)
                line |= dict(zip(names, (*values, *groups), strict=True))
            lines.append(line)
    return sorted(lines, key=lambda line: (-float(line["low"] or 0), -float(line["TPR gap"] or 0)))


def _odd(found: Sequence[Recalled]) -> list[dict[str, Cell]]:
    level = attributes.each_level
    cells = [
        (each, cell)
        for each in found
        for cell in odd_cells(each.matrices, level=level(each.level, len(found)))
        if cell.n >= FEW
    ]
    cells.sort(key=lambda one: -max(one[1].gap[1], -one[1].gap[2], 0.0))
    return [
        {
            "attribute": each.matrices.grouping.name,
            "group": each.label(cell.group),
            "recorded": cell.recorded,
            "decided": cell.decided,
            "n": cell.hits,
            "of": cell.n,
            "others": cell.others,
            "more often by": cell.gap[0],
            "low": cell.gap[1],
            "high": cell.gap[2],
        }
        for each, cell in cells
    ]


def _matrix(worst: Recalled) -> tuple[Series, ...]:
    """The confusion matrices of the two groups of the widest mean gap, where a page holds them."""
    counted = worst.matrices
    if len(counted.classes) > MOST_CLASSES or worst.worst is None:
        return ()
    groups = (worst.macro or worst.worst[1]).groups
    rows = [(group, counted.groups.index(group), of) for group in groups for of in range(len(counted.classes))]
    columns: dict[str, tuple[Cell, ...]] = {
        "group": tuple(worst.label(group) for group, _, _ in rows),
        "recorded": tuple(counted.classes[of] for _, _, of in rows),
    }
    for index, name in enumerate(counted.classes):
        columns[f"decided {name}"] = tuple(int(counted.counts[place, of, index]) for _, place, of in rows)
    units: dict[str, Unit] = {f"decided {name}": "people" for name in counted.classes}
    return (Series(title=f"Confusion matrices by {counted.grouping.name}", columns=columns, units=units),)


def _figure(worst: Recalled) -> Heat:
    """Recall by class and group."""
    counted = worst.matrices
    order = sorted(range(len(counted.groups)), key=lambda place: -int(counted.recorded[place].sum()))[:MOST_CLASSES]
    z = critical(worst.level)
    shares = [
        contrasts.shares(counted.right[:, of], counted.recorded[:, of], z=z) for of in range(len(counted.classes))
    ]

    def cell(of: int, place: int) -> HeatCell:
        n = int(counted.recorded[place, of])
        value, low, high = shares[of].place(place) if n >= FEW else (None, None, None)
        return HeatCell(value=value, low=low, high=high, n=n)

    gaps = {gap.name: gap.recalled for gap in worst.classes}
    rows = sorted(
        range(len(counted.classes)),
        key=lambda of: -((apart.estimate.low or 0.0) if (apart := gaps[counted.classes[of]]) else -1.0),
    )[: attributes.MOST_LINES]
    return Heat(
        title=f"Recognised, by class and {counted.grouping.name}",
        caption=(
            f"Share of the class's people decided so, % [{fmt.level(worst.level)} interval], and people. Under {FEW} people "
            "no share is shown."
        ),
        unit="share",
        row_name="class",
        rows=tuple(counted.classes[of] for of in rows),
        columns=tuple(worst.label(counted.groups[place]) for place in order),
        cells=tuple(tuple(cell(of, place) for place in order) for of in rows),
    )
