"""What decisions add to the gap there is in the record: bias of the algorithm apart from that of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fairwitness.core.asks import DECISION, FAVORED, FAVORED_LABEL, LABEL, SCORE, Ask, TallyAsk
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.columns import Grouping
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.figures import Curve, Curves
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, label, members
from fairwitness.fairness import spread
from fairwitness.fairness.amplification import EDGES, Amplified, amplification, at_thresholds, of_pair
from fairwitness.fairness.attributes import Cell, each_level, left_out, named, table
from fairwitness.fairness.cells import Cells
from fairwitness.fairness.compare import judged_tally

MOST_CURVES = 6


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
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        recorded, decided = _polarity(outline)
        asked = spread.asks(outline, label=recorded, decision=decided)
        if isinstance(asked, NotApplicable) or not _swept(outline):
            return asked
        return [*asked, *map(_scores, named(outline))]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        recorded, decided = _polarity(given.outline)
        groupings = named(given.outline)
        level = each_level(given.level, len(groupings))
        cells = {
            grouping: Cells.of(
                given[judged_tally(grouping, recorded, decided)], grouping.columns, label=recorded, decision=decided
            )
            for grouping in groupings
        }
        made = {grouping: amplification(each, level=level) for grouping, each in cells.items()}
        found = {grouping: each for grouping, each in made.items() if each is not None}
        if not found:
            return NotApplicable("no attribute has two groups of people with a decision and a recorded outcome")
        worst = max(found, key=lambda grouping: found[grouping].most.estimate.low or -1.0)
        rows = _lines(found, cells)
        return Measured(
            headline=_headline(given, worst, found[worst], cells[worst]),
            lead=_lead(found),
            judged={
                Key(
                    metric=f"gap added to that of the record by {grouping.name}", groups=each.most.groups
                ): each.most.estimate
                for grouping, each in found.items()
            },
            explored=(
                table(
                    "Gaps in the record and in decisions",
                    rows,
                    dict.fromkeys(("in the record", "in decisions", "added", "low", "high"), "points"),
                ),
            ),
            figures=_thresholds(given, found) if _swept(given.outline) else (),
            notes=left_out(rows, "pairs of groups"),
        )


def _polarity(outline: Outline) -> tuple[str, str]:
    """What is good for the person, or positive where that is not declared."""
    return (FAVORED_LABEL, FAVORED) if outline.favorable is not None else (LABEL, DECISION)


def _swept(outline: Outline) -> bool:
    """Whether a threshold on the score is what decides; of two classes a gap is as wide in one as in the other."""
    return "scores" in outline.offers and outline.task == "binary"


def _scores(grouping: Grouping) -> TallyAsk:
    return TallyAsk(by=grouping.columns, of=(LABEL, SCORE), judged=True, edges=((SCORE, EDGES),))


def _headline(given: Given, grouping: Grouping, found: Amplified, cells: Cells) -> str:
    """The widest of groups of enough people."""
    pair = _spoken(found, cells)
    if pair is None:
        return f"Too few people to say what decisions add to the gap in the record by {grouping.name}"
    each, people = found.each, given.outline.people
    first, second = (members(found.groups[places[pair]], grouping.columns, people) for places in each.pairs)
    verb = "wider" if each.value[pair] >= 0 else "narrower"
    by = fmt.number(abs(float(each.value[pair])), "points")
    return (
        f"Between {first} and {second} the gap is {fmt.number(abs(float(each.recorded[pair])), 'points')} in the record and "
        f"{fmt.number(abs(float(each.decided[pair])), 'points')} in decisions, {by} {verb}"
    )


def _spoken(found: Amplified, cells: Cells) -> int | None:
    """Place of the pair of groups of enough people that has most added to it."""
    n = dict(zip(cells.groups, cells.n.tolist(), strict=True))
    many = [n[group] >= FEW for group in found.groups]
    first, second = found.each.pairs
    places = [place for place in range(len(first)) if many[first[place]] and many[second[place]]]
    return max(places, key=lambda place: float(found.each.value[place])) if places else None


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


def _lines(found: Mapping[Grouping, Amplified], cells: Mapping[Grouping, Cells]) -> list[dict[str, Cell]]:
    """A line a pair of groups, most added first; none of few people."""
    made: list[dict[str, Cell]] = []
    for grouping, every in found.items():
        n = dict(zip(cells[grouping].groups, cells[grouping].n.tolist(), strict=True))
        each = every.each
        for place, (first, second) in enumerate(zip(*each.pairs, strict=True)):
            groups = every.groups[first], every.groups[second]
            if min(n[group] for group in groups) < FEW:
                continue
            made.append(
                {
                    "attribute": grouping.name,
                    "first": label(groups[0], grouping.columns),
                    "second": label(groups[1], grouping.columns),
                    "in the record": float(each.recorded[place]),
                    "in decisions": float(each.decided[place]),
                    "added": float(each.value[place]),
                    "low": float(each.low[place]),
                    "high": float(each.high[place]),
                }
            )
    return sorted(made, key=lambda line: -float(line["added"] or 0.0))


def _thresholds(given: Given, found: Mapping[Grouping, Amplified]) -> tuple[Curves, ...]:
    """What is added at other thresholds, between the two groups it is most between now."""
    at, curves, lowest = EDGES[1:-1], [], []
    for grouping, each in list(found.items())[:MOST_CURVES]:
        counts = at_thresholds(given[_scores(grouping)], grouping.columns, each.most.groups)
        added = [of_pair(cells, level=given.level) for cells in counts]
        names = [label(group, grouping.columns) for group in each.most.groups]
        curves.append(_curve(f"{names[0]} and {names[1]}", at, added))
        known = [(abs(one.value), place) for place, one in enumerate(added) if one.value is not None]
        if known:
            place = min(known)[1]
            lowest.append(f"{names[0]} and {names[1]}: nearest to nothing at a threshold of {at[place]:g}")
    caption = (
        f"Points wider than in the record, by the threshold above which the decision is positive. Line: {fmt.level(given.level)}, "
        "each by itself. Near 0 and 1 everybody is decided alike, so the gap of the record is gone."
    )
    return (
        Curves(
            title="What another threshold would add",
            caption=caption,
            x_label="Threshold",
            y_label="Added to the gap",
            x_unit="share",
            y_unit="points",
            curves=tuple(curves),
            reading=f"{'; '.join(lowest)}." if lowest else "",
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
