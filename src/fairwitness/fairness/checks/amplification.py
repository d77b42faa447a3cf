"""What decisions add to the gap there is in the record: bias of the algorithm apart from that of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import (
    DECISION,
    FAVORED,
    FAVORED_LABEL,
    LABEL,
    NO,
    SCORE,
    YES,
    Ask,
    RowsAsk,
    TallyAsk,
    VariantsAsk,
)
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome
from fairwitness.core.columns import Grouping
from fairwitness.core.estimate import Estimate, Key, Limit, Severity, Unit
from fairwitness.core.figures import Curve, Curves
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline, Variants
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, label, members, plural
from fairwitness.fairness import spread
from fairwitness.fairness.amplification import EDGES, Amplified, amplification, at_thresholds, of_pair
from fairwitness.fairness.attributes import (
    MOST_LINES,
    Cell,
    Divided,
    asked,
    divided,
    each_level,
    left_out,
    named,
    table,
)
from fairwitness.fairness.cells import Cells
from fairwitness.fairness.compare import judged_tally
from fairwitness.fairness.contrasts import recorded

MOST_CURVES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class AmplificationOptions:
    """What may be spent on it.

    Attributes:
        again: Models trained again of each kind, by other seeds: as the audited one, half and twice as wide, and with classes
            weighing alike, where its recipe has such options; 0: none.
    """

    again: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.again, int) or isinstance(self.again, bool) or not 0 <= self.again <= 50:
            raise ValueError(f"again is {self.again}; it is a number of models from 0 to 50")


class Amplification:
    info = CheckInfo(
        id="fairness.amplification",
        title="Decisions do not widen the gap there is in the record",
        failure_title="Decisions widen the gap there is in the record",
        measures=(
            "By how much the gap between two groups in decisions is wider than the gap in recorded outcomes of the same people, "
            "each as a size; the widest of each named attribute. Where there are scores, the same at other thresholds."
        ),
        does_not_show=(
            "Whether the gap in the record is right: decisions that repeat it add nothing. A model that is unsure decides for the "
            "more frequent outcome, so it widens a gap without looking at the group; that is amplification too."
        ),
        advice=(
            "Look at the threshold: where the added gap falls along the curve, another threshold, or one that spreads decisions as "
            "the record has them, takes it away. Otherwise train again with the gap held down."
        ),
        needs=frozenset({"groups", "decisions", "truth", "positive"}),
        limit=Limit(at_most=0.05),
        severity=Severity.MEDIUM,
        sources=(
            "Zhao, Wang, Yatskar, Ordonez and Chang 2017, EMNLP; Wang and Russakovsky 2021, ICML, on directions",
            "Agresti and Min 2005, Statistics in Medicine 24(5):729-740, pairs; Tukey's critical value over groups",
            "The limit of 5 points is a convention of this tool",
        ),
    )
    Options = AmplificationOptions

    def asks(self, outline: Outline, about: About, options: AmplificationOptions) -> Sequence[Ask] | NotApplicable:
        recorded, decided = _polarity(outline)
        counts = spread.asks(outline, label=recorded, decision=decided)
        if isinstance(counts, NotApplicable):
            return counts
        swept = [_scores(grouping) for grouping in named(outline) if len(grouping.columns) == 1]
        again = [VariantsAsk(each=options.again), _people(outline)]
        return [*counts, *(swept if _swept(outline) else ()), *(again if _trained(outline, options) else ())]

    def run(self, given: Given, options: AmplificationOptions) -> Outcome:
        label_of, decided = _polarity(given.outline)
        groupings = named(given.outline)
        level = each_level(given.level, len(groupings))
        cells = {
            grouping: Cells.of(
                given[judged_tally(grouping, label_of, decided)], grouping.columns, label=label_of, decision=decided
            )
            for grouping in groupings
        }
        made = {grouping: amplification(each, level=level) for grouping, each in cells.items()}
        found = {grouping: each for grouping, each in made.items() if each is not None}
        if not found:
            return NotApplicable("no attribute has two groups of people with a decision and a recorded outcome")
        worst = max(found, key=lambda grouping: found[grouping].most.estimate.low or -1.0)
        places = {grouping: _of_enough(each, cells[grouping]) for grouping, each in found.items()}
        rows = _lines(found, places)
        again = _again(given, found, options) if _trained(given.outline, options) else ()
        return Measured(
            headline=_headline(given, worst, found[worst], places[worst]),
            lead=_lead(found),
            judged={
                Key(
                    metric=f"gap added to that of the record by {grouping.name}", groups=each.most.groups
                ): each.most.estimate
                for grouping, each in found.items()
            }
            | {
                Key(metric=f"gap added to that of the record by {grouping.name}"): spread.unknown(
                    int(one.n.sum()), level
                )
                for grouping, one in cells.items()
                if grouping not in found and recorded(one.groups).sum() > 1
            },
            explored=(
                table(
                    "Gaps in the record and in decisions",
                    rows,
                    dict.fromkeys(("in the record", "in decisions", "added", "low", "high"), "points"),
                ),
                *again,
            ),
            figures=_thresholds(given, found) if _swept(given.outline) else (),
            notes=_unable(given.outline, options) + left_out(range(sum(map(len, places.values()))), "pairs of groups"),
        )


def _polarity(outline: Outline) -> tuple[str, str]:
    """What is good for the person, or positive where that is not declared."""
    return (FAVORED_LABEL, FAVORED) if outline.favorable is not None else (LABEL, DECISION)


def _swept(outline: Outline) -> bool:
    """Whether a threshold on the score is what decides; of two classes a gap is as wide in one as in the other."""
    return "scores" in outline.offers and outline.task == "binary"


def _trained(outline: Outline, options: AmplificationOptions) -> bool:
    return options.again > 0 and {"recipe", "rows"} <= outline.offers


def _unable(outline: Outline, options: AmplificationOptions) -> tuple[str, ...]:
    if not options.again:
        return ()
    if not _trained(outline, options):
        return ("no model was trained again: how this one was trained is not known",)
    models = plural(options.again, "model")
    return (f"{models} of each kind trained again on the same rows, without what is done to outputs afterwards",)


def _people(outline: Outline) -> RowsAsk:
    """The record and groups of everybody, to set beside what other models decide."""
    return RowsAsk(columns=(_polarity(outline)[0],), groups=asked(outline))


def _scores(grouping: Grouping) -> TallyAsk:
    return TallyAsk(by=grouping.columns, of=(LABEL, SCORE), judged=True, edges=((SCORE, EDGES),))


def _headline(given: Given, grouping: Grouping, found: Amplified, places: NDArray[np.intp]) -> str:
    """The pair of enough people to which most is added."""
    if not len(places):
        return f"Too few people to say what decisions add to the gap in the record by {grouping.name}"
    pair, each, people = int(places[0]), found.each, given.outline.people
    first, second = (members(found.groups[side[pair]], grouping.columns, people) for side in each.pairs)
    verb = "wider" if each.value[pair] >= 0 else "narrower"
    by = fmt.number(abs(float(each.value[pair])), "points")
    return (
        f"Between {first} and {second} the gap is {fmt.number(abs(float(each.recorded[pair])), 'points')} in the record and "
        f"{fmt.number(abs(float(each.decided[pair])), 'points')} in decisions, {by} {verb}"
    )


def _of_enough(found: Amplified, cells: Cells) -> NDArray[np.intp]:
    """Places of the pairs of groups of enough people, most added first."""
    n = dict(zip(cells.groups, cells.n.tolist(), strict=True))
    many = np.array([n[group] >= FEW for group in found.groups], dtype=bool)
    first, second = found.each.pairs
    places = np.flatnonzero(many[first] & many[second])
    return places[np.argsort(-found.each.value[places], kind="stable")]


def _lead(found: Mapping[Grouping, Amplified]) -> str:
    sentences = []
    for grouping, each in found.items():
        first, second = (label(group, grouping.columns) for group in each.most.groups)
        most = each.most.estimate
        sentences.append(
            f"By {grouping.name} most is added between {first} and {second}: "
            f"{fmt.measured(most.value, most.low, most.high, 'points')}."
        )
    return " ".join(
        [*sentences, "Intervals hold for all pairs and attributes at once, over the same people in both gaps."]
    )


def _lines(found: Mapping[Grouping, Amplified], places: Mapping[Grouping, NDArray[np.intp]]) -> list[dict[str, Cell]]:
    """A line a pair of groups of enough people, most added first: as many as a table has."""
    made: list[dict[str, Cell]] = []
    for grouping, every in found.items():
        each = every.each
        for place in places[grouping][:MOST_LINES].tolist():
            first, second = (label(every.groups[pair[place]], grouping.columns) for pair in each.pairs)
            made.append(
                {
                    "attribute": grouping.name,
                    "first": first,
                    "second": second,
                    "in the record": float(each.recorded[place]),
                    "in decisions": float(each.decided[place]),
                    "added": float(each.value[place]),
                    "low": float(each.low[place]),
                    "high": float(each.high[place]),
                }
            )
    return sorted(made, key=lambda line: -float(line["added"] or 0.0))


def _again(given: Given, found: Mapping[Grouping, Amplified], options: AmplificationOptions) -> tuple[Series, ...]:
    """How what is added moves with dice, width and what an error costs, between the same two groups."""
    outline, rows = given.outline, given[_people(given.outline)]
    variants: Variants = given[VariantsAsk(each=options.again)]
    given.meter.spend(
        variants.decided.shape[0] * options.again, of=variants.decided.shape[0] * options.again, what="models"
    )
    here = rows.where(np.isin(rows.ids, variants.ids))
    good = outline.favorable if outline.favorable is not None else outline.positive
    label_of = here.columns[_polarity(outline)[0]]
    selected = variants.decided == outline.classes.index(str(good))
    made: list[dict[str, Cell]] = []
    for grouping, each in found.items():
        by, pair = divided(here, grouping), each.most.groups
        for kind, decided in zip(variants.kinds, selected, strict=True):
            values = [_added_between(by, label_of, one, pair) for one in decided]
            made.append(
                {
                    "attribute": grouping.name,
                    "trained": kind,
                    "added, mean": float(np.mean(values)),
                    "least": float(np.min(values)),
                    "most": float(np.max(values)),
                    "models": len(values),
                }
            )
    units: dict[str, Unit] = dict.fromkeys(("added, mean", "least", "most"), "points")
    return (table("Added to the gap by models trained again, of the same people", made, units),)


def _added_between(
    by: Divided, recorded: NDArray[np.object_], selected: NDArray[np.bool_], groups: tuple[str, str]
) -> float:
    """What one model adds to the gap between two groups."""
    rates = []
    for name in groups:
        inside = (by.codes == by.names.index(name)) & np.isin(recorded, (YES, NO))
        rates.append((float((recorded[inside] == YES).mean()), float(selected[inside].mean())))
    (label0, chosen0), (label1, chosen1) = rates
    return abs(chosen1 - chosen0) - abs(label1 - label0)


def _thresholds(given: Given, found: Mapping[Grouping, Amplified]) -> tuple[Curves, ...]:
    """What is added at other thresholds, between the two groups of an attribute that it is most between now."""
    at, curves, nearest = EDGES[1:-1], [], []
    single = [(grouping, each) for grouping, each in found.items() if len(grouping.columns) == 1]
    for grouping, each in single[:MOST_CURVES]:
        counts = at_thresholds(given[_scores(grouping)], grouping.columns, each.most.groups)
        added = [of_pair(cells, level=given.level) for cells in counts]
        names = [label(group, grouping.columns) for group in each.most.groups]
        curves.append(_curve(f"{names[0]} and {names[1]}", at, added))
        known = [(abs(one.value), place) for place, one in enumerate(added) if one.value is not None]
        if known:
            place = min(known)[1]
            nearest.append(f"{names[0]} and {names[1]}: nearest to nothing at a threshold of {at[place]:g}")
    caption = (
        f"Points wider than in the record, by the threshold above which the decision is positive. Line: {fmt.level(given.level)}, "
        "each by itself. Near 0 and 1 everybody is decided alike, so the gap of the record is gone."
    )
    if not curves:
        return ()
    return (
        Curves(
            title="What another threshold would add",
            caption=caption,
            x_label="Threshold",
            y_label="Added to the gap",
            x_unit="share",
            y_unit="points",
            curves=tuple(curves),
            reading=f"{'; '.join(nearest)}." if nearest else "",
        ),
    )


def _curve(name: str, at: Sequence[float], added: Sequence[Estimate]) -> Curve:
    return Curve(
        label=name,
        x=tuple(at),
        y=tuple(each.value for each in added),
        low=tuple(each.low for each in added),
        high=tuple(each.high for each in added),
        n=tuple(each.n for each in added),
    )
