"""What is shown and said of calibration by group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fairwitness.core.check import Given
from fairwitness.core.columns import MISSING
from fairwitness.core.estimate import Estimate, Limit, Verdict
from fairwitness.core.figures import Curve, Curves, Interval, Intervals
from fairwitness.core.findings import Series
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, TOO_FEW, label, listed, members
from fairwitness.fairness.calibration import Largest, Scored, expected_error, more_to_settle, pooled
from fairwitness.fairness.collect import FAR, collected
from fairwitness.fairness.tables import MOST_GROUPS, MOST_ROWS
from fairwitness.fairness.words import event, outcome
from fairwitness.stats import intervals

MOST_CURVES = 6


@dataclass(frozen=True, slots=True)
class Reading:
    """One step's scores and errors by group, and the words for them."""

    given: Given
    groups: Mapping[str, Scored]
    errors: Mapping[str, Estimate]
    worst: Largest

    def label(self, group: str) -> str:
        return label(group, self.given.grouping.columns)

    def members(self, group: str) -> str:
        return members(group, self.given.grouping.columns, self.given.outline.people)

    @property
    def by_size(self) -> list[str]:
        """Groups with people in them, the largest first."""
        return sorted((name for name, each in self.errors.items() if each.n), key=lambda name: -self.errors[name].n)

    @property
    def both_ways(self) -> Limit | None:
        """The limit on the size as a limit either way."""
        most = self.given.limit.at_most if self.given.limit else None
        return None if most is None else Limit(at_most=most, at_least=-most)

    @property
    def headline(self) -> str:
        """What scores promise and what is recorded, for the group of many people that is furthest off."""
        many = [name for name in self.by_size if self.errors[name].n >= FEW]
        recorded = [name for name in many if MISSING not in name] or many
        if not recorded:
            return (
                f"Every group of {self.given.grouping.name} is too small to say whether its scores mean what they say"
            )
        name = max(recorded, key=lambda name: abs(self.errors[name].value or 0.0))
        whole, what = self.groups[name].whole, event(self.given.outline)
        promised, seen = whole.score / whole.n, whole.hits / whole.n
        return (
            f"For {self.members(name)} the scores promise {what} in {fmt.number(promised, 'share')} of cases; "
            f"{outcome(self.given.outline)} is {what} in {fmt.number(seen, 'share')}"
        )

    @property
    def lead(self) -> str:
        """Each group's error with its interval, the largest, those too small, those unknown."""
        people = self.given.outline.people
        many = [name for name in self.by_size if self.errors[name].n >= FEW]
        few = [name for name in self.by_size if self.errors[name].n < FEW]
        total = fmt.count(sum(each.n for each in self.errors.values()))
        sentences = [f"Over {total} {people} with a score and a recorded outcome in {len(self.by_size)} groups."]
        if many:
            told = listed((f"{self.label(name)} {_measured(self.errors[name])}" for name in many), shown=5)
            sentences.append(f"Mean score less recorded rate, for all groups at once: {told}.")
        largest = f"{self.label(self.worst.group)}: {_measured(self.worst.estimate)}"
        sentences.append(f"The largest either way is that of {largest}.")
        if few:
            named = listed(f"{self.label(name)} ({self.errors[name].n})" for name in few)
            sentences.append(f"Too few to judge alone, under {FEW} {people}: {named}.")
        unknown = [name for name in self.worst.undefined if MISSING not in name]
        if unknown:
            named = listed(map(self.label, unknown))
            sentences.append(f"Nobody in {named} has both a score and a recorded outcome.")
        return " ".join(sentences)

    @property
    def notes(self) -> tuple[str, ...]:
        """People without a group, and what the curves leave out."""
        aside = sum(each.n for name, each in self.errors.items() if MISSING in name)
        found = []
        if aside and any(MISSING not in name for name in self.by_size):
            found.append(
                f"{fmt.count(aside)} {self.given.outline.people} have no {self.given.grouping.name} recorded; they are "
                "counted and shown, and their error counts once it is firm"
            )
        if len(self.groups) > MOST_GROUPS:
            found.append(f"the table lists the {MOST_GROUPS} largest of {fmt.count(len(self.groups))} groups")
        return tuple(found)

    @property
    def to_settle(self) -> str:
        """Whom to collect, and how many, should the verdict be uncertain; empty where it is not."""
        limit, both = self.given.limit, self.both_ways
        if limit is None or both is None or both.at_most is None:
            return ""
        if self.worst.estimate.against(limit) is not Verdict.UNCERTAIN:
            return ""
        open_ = [name for name in self.by_size if self.errors[name].against(both) is Verdict.UNCERTAIN]
        open_ = [name for name in open_ if MISSING not in name] or open_
        count = len(self.by_size)
        plans = {
            name: more_to_settle(self.groups[name], both.at_most, level=self.given.level, groups=count)
            for name in open_
        }
        beyond = {
            name: more for name, more in plans.items() if more and abs(self.errors[name].value or 0.0) > both.at_most
        }
        if beyond:  # one group that proves to be off is enough
            name = min(beyond, key=lambda name: beyond[name])
            plans = {name: beyond[name]}
        if not plans or None in plans.values():
            return "Collect more people with a recorded outcome, above all of the groups whose interval is widest."
        each = collected({self.members(name): more or 0 for name, more in plans.items()})
        if sum(more or 0 for more in plans.values()) > FAR * sum(each.n for each in self.errors.values()):
            return f"What is observed lies so near the limit that it would take about {each} to settle it."
        return f"About {each} would settle it, if scores and outcomes stay as they are."

    def table(self) -> Series:
        """Counts, mean score, recorded rate, error and expected calibration error of each group."""
        names = self.by_size[:MOST_GROUPS]
        kept = [name for name in self.groups if name in set(names)]
        many = {name: self.groups[name].whole for name in kept if self.errors[name].n >= FEW}

        def shown(values: Mapping[str, float | None]) -> tuple[float | None, ...]:
            return tuple(values.get(name) for name in kept)

        return Series(
            title="By group",
            columns={
                "group": tuple(map(self.label, kept)),
                "n": tuple(self.errors[name].n for name in kept),
                "hits": tuple(self.groups[name].whole.hits for name in kept),
                "rate": shown({name: whole.hits / whole.n for name, whole in many.items()}),
                "mean score": shown({name: whole.score / whole.n for name, whole in many.items()}),
                "error": shown({name: self.errors[name].value for name in many}),
                "low": shown({name: self.errors[name].low for name in many}),
                "high": shown({name: self.errors[name].high for name in many}),
                "expected calibration error": shown({name: expected_error(self.groups[name]) for name in many}),
            },
            units={
                "n": "people",
                "hits": "people",
                "rate": "share",
                "mean score": "share",
                **dict.fromkeys(("error", "low", "high", "expected calibration error"), "points"),
            },
        )

    def error_figure(self) -> Intervals:
        """Errors with whiskers against the limit either way."""
        limit = self.both_ways
        rows = []
        for name in self.by_size[:MOST_ROWS]:
            each, few = self.errors[name], self.errors[name].n < FEW
            rows.append(
                Interval(
                    label=self.label(name),
                    value=None if few else each.value,
                    low=None if few else each.low,
                    high=None if few else each.high,
                    n=each.n,
                    verdict=Verdict.EXPLORED if few or limit is None else each.against(limit),
                    note=TOO_FEW if few else "",
                )
            )
        method = f"{fmt.level(self.given.level)}, {self.worst.estimate.method}"
        caption = f"Points. Right of zero: scores promise too much. Line: {method}."
        return Intervals(
            title=f"Mean score less recorded rate, by {self.given.grouping.name}",
            caption=caption + (" Shaded: within the limit." if limit else ""),
            unit="points",
            rows=tuple(rows),
            limit=limit,
        )

    def curves(self) -> Curves:
        """Recorded rates over mean scores, a line for each of the largest groups."""
        drawn = {name: pooled(self.groups[name].bins, FEW) for name in self.by_size[:MOST_CURVES]}
        caption = (
            f"Both in %. Dashed: perfect agreement. Line: {fmt.level(self.given.level)} Wilson interval. Scores in "
            f"tenths, neighbours put together until at least {FEW} people share a dot."
        )
        left = len(self.by_size) - sum(map(bool, drawn.values()))
        caption += f" {left} {'group is' if left == 1 else 'groups are'} too small to draw." if left else ""
        return Curves(
            title=f"Recorded against promised, by {self.given.grouping.name}",
            caption=caption,
            x_label="Mean score",
            y_label="Recorded rate",
            x_unit="share",
            y_unit="share",
            curves=tuple(self._curve(name) for name, bins in drawn.items() if bins),
            diagonal=True,
        )

    def _curve(self, name: str) -> Curve:
        bins = pooled(self.groups[name].bins, FEW)
        ends = [intervals.wilson(float(each.hits), each.n, level=self.given.level) for each in bins]
        return Curve(
            label=self.label(name),
            x=tuple(each.score / each.n for each in bins),
            y=tuple(each.hits / each.n for each in bins),
            low=tuple(float(low) for low, _ in ends),
            high=tuple(float(high) for _, high in ends),
            n=tuple(each.n for each in bins),
        )


def _measured(each: Estimate) -> str:
    return fmt.measured(each.value, each.low, each.high, "points")
