"""How unequally decisions serve people, within groups and between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fairwitness.core.asks import DECISION, FAVORED, FAVORED_LABEL, LABEL, Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate, Key, Severity
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.fairness import spread
from fairwitness.fairness.attributes import Cell, left_out, named, table
from fairwitness.fairness.cells import Cells
from fairwitness.fairness.compare import judged_tally
from fairwitness.fairness.inequality import Inequality, inequality

THEIL = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class InequalityOptions:
    """Which index.

    Attributes:
        alpha: How much those who gain most weigh; 2 is half the squared coefficient of variation. Theil's index, 1, is
            shown beside it.
    """

    alpha: float = 2.0

    def __post_init__(self) -> None:
        if not 0 < self.alpha <= 10:
            raise ValueError(f"alpha is {self.alpha:g}; it lies above 0 (some people have no benefit) and up to 10")


class InequalityOfBenefits:
    info = CheckInfo(
        id="fairness.inequality",
        title="Decisions serve people about equally well",
        failure_title="Decisions serve some people better than others",
        measures=(
            "Generalised entropy of benefits, a benefit being 1 where the decision is what is recorded, 2 where it is better for "
            "the person and 0 where it is worse; beside it Theil's index. The part between the groups of each attribute is what "
            "would stay if everybody had the mean benefit of their group."
        ),
        does_not_show=(
            "Who is served worse, nor whether the record is right. It is 0 where every decision is as recorded, however "
            "unequal that is; and the part within groups is mostly the model's errors. It has no scale of its own, so no "
            "limit stands by default: compare two models by it."
        ),
        advice="See which groups' decisions fall short of the record (fairness.equalized-odds-gap), and where errors are most.",
        needs=frozenset({"groups", "decisions", "truth", "positive"}),
        severity=Severity.MEDIUM,
        sources=(
            "Speicher et al. 2018, KDD, generalised entropy of benefits and its parts; Theil 1967",
            "Efron and Tibshirani 1993, chapter 13, percentiles; the bootstrap over cells is that over rows",
            "Smithson 2003, Confidence Intervals, chapter 4, for the part between groups, which cannot be negative",
        ),
    )
    Options = InequalityOptions

    def asks(self, outline: Outline, about: About, options: InequalityOptions) -> Sequence[Ask] | NotApplicable:
        label, decision = _polarity(outline)
        return spread.asks(outline, label=label, decision=decision)

    def run(self, given: Given, options: InequalityOptions) -> Outcome:
        label, decision = _polarity(given.outline)
        indices = {options.alpha: f"generalised entropy ({options.alpha:g})", THEIL: "Theil's index"}
        found: dict[tuple[str, float], Inequality] = {}
        for grouping in named(given.outline):
            tally = given[judged_tally(grouping, label, decision)]
            cells = Cells.of(tally, grouping.columns, label=label, decision=decision)
            if cells.n.sum():
                for alpha in indices:
                    found[grouping.name, alpha] = inequality(cells, alpha=alpha, level=given.level, rng=given.rng)
        if not found:
            return NotApplicable("nobody has both a decision and a recorded outcome")
        first = next(iter(found.values())).whole
        rows = [
            _line(indices[alpha], "everybody", next(each for (_, a), each in found.items() if a == alpha).whole)
            for alpha in indices
        ]
        for (name, alpha), each in found.items():
            rows.append(_line(indices[alpha], f"between groups of {name}", each.between))
            rows.append(_line(indices[alpha], f"within groups of {name}", each.within))
        most = max(
            (name for name, alpha in found if alpha == options.alpha),
            key=lambda name: _firmness(found[name, options.alpha].between),
        )
        return Measured(
            headline=_headline(most, found[most, options.alpha]),
            lead=(
                f"The index is {fmt.measured(first.value, first.low, first.high, 'number')} over {fmt.count(first.n)} "
                f"{given.outline.people}; 0 would be the same benefit for everybody. Intervals hold one by one."
            ),
            judged={Key(metric=f"generalised entropy ({options.alpha:g})"): first},
            explored=(table("Inequality and its parts", rows, {}),),
            notes=left_out(rows, "lines"),
        )


def _polarity(outline: Outline) -> tuple[str, str]:
    """What is good for the person, or positive where that is not declared."""
    return (FAVORED_LABEL, FAVORED) if outline.favorable is not None else (LABEL, DECISION)


def _firmness(between: Estimate) -> tuple[float, float]:
    """By the lower end: of many groups the part between is large by chance."""
    return between.low or 0.0, between.value or 0.0


def _headline(name: str, found: Inequality) -> str:
    whole, between = found.whole.value, found.between.value
    if not whole or between is None:
        return "Everybody has the same benefit, or nobody any, so there is no inequality to divide"
    return (
        f"Of the inequality of what decisions give people, {fmt.number(between / whole, 'share')} lies between groups of "
        f"{name}, the rest within them"
    )


def _line(index: str, part: str, each: Estimate) -> dict[str, Cell]:
    return {"index": index, "part": part, "value": each.value, "low": each.low, "high": each.high, "n": each.n}
