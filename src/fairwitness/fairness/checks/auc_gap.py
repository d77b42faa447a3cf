"""How far apart groups are in how well scores rank their people: AUC, ROC curves and what lies between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fairwitness.core.asks import LABEL, SCORE, YES, Ask, RowsAsk, TallyAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.columns import Grouping
from fairwitness.core.estimate import Key, Limit, Severity
from fairwitness.core.figures import Curve, Curves
from fairwitness.core.subject import Outline, Rows
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, listed, members, plural
from fairwitness.fairness import attributes, roc
from fairwitness.fairness.calibration import EDGES
from fairwitness.fairness.compare import judged_tally
from fairwitness.fairness.ranked import UNITS, Ranked, lines, ranked
from fairwitness.fairness.roc import Histogram
from fairwitness.fairness.words import outcome

MOST_CURVES = 4
POINTS = tuple(step / 20 for step in range(21))


class AucGap:
    info = CheckInfo(
        id="fairness.auc-gap",
        title="Scores rank people equally well in every group",
        failure_title="Scores rank people of one group worse",
        measures=(
            "Widest gap between two groups in the area under the ROC curve: how often a person with the outcome scores "
            "above one without it, both of the group. The area between each group's curve and that of everybody else "
            "(ABROCA), and areas across groups (xAUC), are shown and not judged."
        ),
        does_not_show=(
            "Where the threshold stands, and so who is decided what. People of a group who differ less from one another "
            "are harder to rank by any model. A group can be ranked well within itself and low as a whole: see xAUC."
        ),
        advice=(
            "Look for columns that tell people of the group apart that is ranked worst, or collect more of its people; "
            "a model that ranks at random there should not decide about them."
        ),
        needs=frozenset({"groups", "truth", "scores", "positive"}),
        limit=Limit(at_most=0.10),
        severity=Severity.MEDIUM,
        sources=(
            "Newcombe 2006, Statistics in Medicine 25(4):559-573, method 5, widened to DeLong's variance, for each area",
            "Zou and Donner 2008, Statistics in Medicine 27(10):1693-1702, with Tukey's critical value, for the gap",
            "Gardner, Brooks and Baker 2019, Learning Analytics & Knowledge, 225-234, ABROCA",
            "After Venkatraman 2000, Biometrics 56(4):1134-1138, shuffles of ROC curves",
            "Kallus and Zhou 2019, NeurIPS, xAUC",
            "The limit of 0.10 is a convention of this tool, not of a standard",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask]:
        if "rows" in outline.offers:
            return [_ask(outline)]
        return [_counts(grouping) for grouping in attributes.named(outline)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        named = attributes.named(given.outline)
        level = attributes.each_level(given.level, len(named))
        coarse = "rows" not in given.outline.offers
        counted, shared = _tallied(given) if coarse else _binned(given)
        found = [
            one
            for grouping, groups in zip(named, counted, strict=True)
            if (one := ranked(grouping, groups, level=level, rng=given.rng, coarse=coarse))
        ]
        if not found:
            return NotApplicable("no attribute has two groups with scores and both outcomes; a gap needs two")
        worst = max(found, key=lambda each: attributes.gravity(each.gap.estimate, given.limit))
        table = lines(found)
        notes = [*attributes.left_out(table, "groups")]
        if shared:
            bins = len(next(iter(worst.groups.values())).negatives)
            most = max(roc.tied(own) for own in worst.groups.values() if own.both)
            so = ", and intervals are as much wider" if coarse else ""
            notes.append(
                f"scores are counted in {fmt.count(bins)} bins, which moves an area by at most {fmt.number(most, 'number')}{so}"
            )
        return Measured(
            headline=_headline(given, worst),
            lead=_lead(given, found, worst),
            judged={
                Key(metric="AUC gap", groups=each.gap.groups, column=each.grouping.name): each.gap.estimate
                for each in found
            },
            explored=(attributes.table("Ranking by group", table, UNITS),),
            figures=(_figure(worst),),
            notes=tuple(notes),
            to_settle=f"Collect more {given.outline.people} with a recorded outcome, above all of the groups whose interval is widest.",
        )


def _ask(outline: Outline) -> RowsAsk:
    return RowsAsk(columns=(SCORE, LABEL), groups=attributes.asked(outline))


def _counts(grouping: Grouping) -> TallyAsk:
    """What calibration asks for too, so nothing more is counted."""
    return replace(judged_tally(grouping, LABEL, SCORE), edges=((SCORE, EDGES),), sums=(SCORE,))


def _tallied(given: Given) -> tuple[list[dict[str, Histogram]], bool]:
    """Scores of each attribute's groups in tenths, and that scores that differ share them."""
    named = attributes.named(given.outline)
    return [roc.of_tally(given[_counts(grouping)], grouping.columns) for grouping in named], True


def _binned(given: Given) -> tuple[list[dict[str, Histogram]], bool]:
    """Scores of each attribute's groups, of the rows that have one, and whether scores that differ share a bin."""
    rows: Rows = given[_ask(given.outline)]
    rows = rows.where(~np.isnan(rows.columns[SCORE]))
    bins, shared = roc.places(rows.columns[SCORE])
    by = [attributes.divided(rows, grouping) for grouping in attributes.named(given.outline)]
    return [roc.histograms(bins, rows.columns[LABEL] == YES, each) for each in by], shared


def _headline(given: Given, worst: Ranked) -> str:
    many = [name for name in worst.gap.groups if worst.groups[name].n >= FEW]
    if len(many) < 2:
        return f"Groups of {worst.grouping.name} are too small to say whether scores rank them equally well"
    low, high = (members(name, worst.grouping.columns, given.outline.people) for name in worst.gap.groups)
    values = [fmt.number(worst.areas[name].value, "auc") for name in worst.gap.groups]
    return f"Scores rank {low} with an AUC of {values[0]} and {high} with {values[1]}"


def _lead(given: Given, found: Sequence[Ranked], worst: Ranked) -> str:
    total = plural(sum(own.n for own in worst.groups.values()), "person", given.outline.people)
    sentences = [f"Over {total} with a score and a recorded {outcome(given.outline)}."]
    for each in found:
        gap = each.gap.estimate
        low, high = map(each.label, each.gap.groups)
        sentences.append(
            f"By {each.grouping.name} the widest gap is {fmt.measured(gap.value, gap.low, gap.high, 'auc')}, {high} over {low}."
        )
        shifted = [
            name for name, own in each.between.items() if (own.estimate.low or 0.0) > 0 and each.groups[name].n >= FEW
        ]
        if shifted:
            told = listed(
                f"{each.label(name)} {fmt.number(each.between[name].estimate.value, 'auc')}" for name in shifted
            )
            sentences.append(f"Curves that differ from everybody else's by more than chance (ABROCA): {told}.")
        lacking = [each.label(name) for name, own in each.groups.items() if not own.both]
        if lacking:
            sentences.append(f"No curve for {listed(lacking)}: only one outcome is recorded there.")
    return " ".join(sentences)


def _figure(worst: Ranked) -> Curves:
    """The curves of the widest gap's two groups and of the largest others."""
    drawn = [name for name, own in worst.groups.items() if own.both and own.n >= FEW]
    drawn.sort(key=lambda name: (name not in worst.gap.groups, -worst.groups[name].n))
    grid = np.array(POINTS)
    return Curves(
        title=f"ROC curves by {worst.grouping.name}",
        caption=(
            "Both in %. Dashed: ranking at random. Intervals of the areas are in the table."
            + (
                f" The {MOST_CURVES} of {len(drawn)} groups that differ most or are largest."
                if len(drawn) > MOST_CURVES
                else ""
            )
        ),
        x_label="False-positive rate",
        y_label="True-positive rate",
        x_unit="share",
        y_unit="share",
        curves=tuple(
            Curve(
                label=f"{worst.label(name)}, AUC {fmt.number(worst.areas[name].value, 'auc')}",
                x=POINTS,
                y=tuple(roc.at(worst.groups[name], grid).tolist()),
                low=(None,) * len(POINTS),
                high=(None,) * len(POINTS),
                n=(worst.groups[name].n,) * len(POINTS),
            )
            for name in drawn[:MOST_CURVES]
        ),
        diagonal=True,
    )
