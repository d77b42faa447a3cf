"""How far apart groups are in how often they are flagged as unusual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fairwitness.core.asks import DECISION, LABEL, NO, Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.columns import Grouping
from fairwitness.core.estimate import Key, Limit, Severity, Unit
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, label, members
from fairwitness.fairness import attributes
from fairwitness.fairness.attributes import Cell
from fairwitness.fairness.compare import judged_tally
from fairwitness.fairness.rates import Rate
from fairwitness.fairness.tables import rate_figure
from fairwitness.stats import gaps
from fairwitness.stats.gaps import Widest


class FlagRateRatio:
    info = CheckInfo(
        id="fairness.flag-rate-ratio",
        title="Every group is flagged similarly often",
        failure_title="One group is flagged much more often",
        measures=(
            "Lowest ratio of two groups' rates of being flagged as unusual. Where it is recorded who was unusual, the rates "
            "among those who were not are shown: flags of ordinary people."
        ),
        does_not_show=(
            "Whether the flags are right: what is rare in the data is unusual to such a model, so a small group can be "
            "flagged for being small."
        ),
        advice=(
            "Look at what makes the group unusual to the model; train with more of its ordinary rows, or with thresholds "
            "that flag as many in every group."
        ),
        needs=frozenset({"groups", "flags"}),
        limit=Limit(at_least=0.80),
        severity=Severity.MEDIUM,
        sources=(
            "Zhang and Davidson 2021, FAccT, 138-148, unequal rates of flags of deep anomaly detection",
            (
                "Miettinen and Nurminen 1985, Statistics in Medicine 4(2):213-226, for two groups; Donner and Zou 2012, "
                "Statistical Methods in Medical Research 21(4):347-359, with Tukey's critical value, for more"
            ),
            "The limit of four fifths is that of 29 CFR 1607.4(D) for selection, used here for flags by convention",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask]:
        return [_ask(outline, grouping) for grouping in attributes.named(outline)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        named = attributes.named(given.outline)
        level = attributes.each_level(given.level, len(named))
        found = []
        for grouping in named:
            tally, by = given[_ask(given.outline, grouping)], grouping.columns
            rate = Rate.of(tally, by, DECISION)
            if sum(n > 0 for n in rate.totals.values()) > 1:
                ordinary = Rate.of(tally, by, DECISION, among={LABEL: NO}) if LABEL in tally.axes else None
                ratio = gaps.lowest_ratio(rate.hits, rate.totals, level=level)
                found.append(_Flags(grouping=grouping, rate=rate, ordinary=ordinary, ratio=ratio))
        if not found:
            return NotApplicable("no attribute has two groups; a ratio needs two")
        worst = min(found, key=lambda each: (_or_one(each.ratio.estimate.high), _or_one(each.ratio.estimate.value)))
        lines = _lines(found, level=level)
        return Measured(
            headline=_headline(given, worst),
            lead=" ".join(
                f"By {each.grouping.name} the lowest ratio of flag rates is "
                f"{fmt.measured(each.ratio.estimate.value, each.ratio.estimate.low, each.ratio.estimate.high, 'ratio')}."
                for each in found
            ),
            judged={
                Key(
                    metric="ratio of flag rates", groups=each.ratio.groups, column=each.grouping.name
                ): each.ratio.estimate
                for each in found
            },
            explored=(attributes.table("Flags by group", lines, _UNITS),),
            figures=(rate_figure(worst.rate, worst.grouping, "Flagged", level=level, worse="high"),),
            notes=attributes.left_out(lines, "groups"),
            to_settle="Flags are rare: collect more rows, above all of the smallest groups.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flags:
    """One attribute's flags, of everybody and of ordinary people."""

    grouping: Grouping
    rate: Rate
    ordinary: Rate | None
    ratio: Widest


def _ask(outline: Outline, grouping: Grouping) -> Ask:
    return judged_tally(grouping, *([LABEL] if "truth" in outline.offers else []), DECISION)


def _or_one(value: float | None) -> float:
    return 1.0 if value is None else value


def _headline(given: Given, worst: _Flags) -> str:
    low, high = worst.ratio.groups
    if min(worst.rate.totals[name] for name in (low, high)) < FEW:
        return f"Groups of {worst.grouping.name} are too small to say whether one is flagged more often"
    told = [
        f"{fmt.number(worst.rate.hits[name] / worst.rate.totals[name], 'share')} of "
        f"{members(name, worst.grouping.columns, given.outline.people)}"
        for name in (high, low)
    ]
    return f"{given.outline.actor} flag{'s' if given.outline.actor == 'The model' else ''} {told[0]} and {told[1]}"


_UNITS: Mapping[str, Unit] = {
    **dict.fromkeys(("n", "flagged", "ordinary", "ordinary flagged"), "people"),
    **dict.fromkeys(("rate", "low", "high", "ordinary rate", "ordinary low", "ordinary high"), "share"),
}


def _lines(found: Sequence[_Flags], *, level: float) -> list[dict[str, Cell]]:
    """A line for each group, the most often flagged first; of few people counts alone."""
    lines = []
    for each in found:
        for name in each.rate.totals:
            line: dict[str, Cell] = {"attribute": each.grouping.name, "group": label(name, each.grouping.columns)}
            for rate, names in (
                (each.rate, ("n", "flagged", "rate", "low", "high")),
                (each.ordinary, ("ordinary", "ordinary flagged", "ordinary rate", "ordinary low", "ordinary high")),
            ):
                if rate is None:
                    continue
                n, hits = rate.totals[name], rate.hits[name]
                own = gaps.rates({name: hits}, {name: n}, level=level)[name]
                ends = (own.value, own.low, own.high) if n >= FEW else (None, None, None)
                line |= dict(zip(names, (n, hits, *ends), strict=True))
            lines.append(line)
    return sorted(lines, key=lambda line: (line["rate"] is None, -float(line["rate"] or 0)))
