"""How many times as many nats a generative model needs for one group's rows as for another's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import NATS, PART, UNITS, Ask, RowsAsk, group_column
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.columns import CROSS, MISSING
from fairwitness.core.estimate import Key, Severity
from fairwitness.core.figures import Interval, Intervals
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline, Rows
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, a, label, listed

if TYPE_CHECKING:
    from fairwitness.fairness.fit import Fit


class FitRatio:
    info = CheckInfo(
        id="fairness.fit-ratio",
        title="The model fits every group's rows alike",
        failure_title="The model fits one group's rows worse than another's",
        measures=(
            "How many times as many nats a unit (minus log-likelihood a token, or its bound an image) a generative model "
            "needs for the audit rows of the worst fitted group as for those of the best fitted."
        ),
        does_not_show=(
            "Why: rows of one group may be harder to foretell in themselves, for any model. So no limit stands by "
            "default; set one where groups should be alike, or compare two models."
        ),
        advice=(
            "Collect more training rows of the worst fitted group, and look at what it writes or draws most: a gap that "
            "closes with more rows was the model's."
        ),
        needs=frozenset({"groups", "likelihood"}),
        tasks=frozenset({"generation"}),
        per="grouping",
        severity=Severity.MEDIUM,
        sources=(
            "Blodgett, Green and O'Connor 2016, EMNLP, 1119-1130, language models fit some dialects worse",
            "Cochran 1977, Sampling Techniques, section 6.4, the variance of a ratio; Tukey 1953, all pairs at once",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask]:
        return [_ask(about)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        from fairwitness.fairness.fit import fit, widest_ratio  # pulls in SciPy

        rows: Rows = given[_ask(given.about)]
        nats, units, part = (rows.columns[name] for name in (NATS, UNITS, PART))
        audited, trained = part == "audit", part == "train"
        groups = _groups(rows, given.grouping.columns)
        names = [name for name in sorted(set(groups)) if MISSING not in name.split(CROSS)]
        masks = {name: groups == name for name in names}
        enough = [name for name in names if (masks[name] & audited).sum() >= FEW]
        if len(enough) < 2:
            return NotApplicable(f"fewer than two groups of {given.grouping.name} have {FEW} audit rows")
        fits = {name: fit(nats[own], units[own]) for name in enough for own in [masks[name] & audited]}
        if min(each.value for each in fits.values()) <= 0:
            return NotApplicable("a group's likelihood is above 1 a unit, so a ratio of nats means nothing")
        (better, worse), ratio = widest_ratio(fits, level=given.level)
        before = {name: _plain(nats, units, masks[name] & trained) for name in enough}
        left = [name for name in names if name not in enough]
        title, unit = [label(name, given.grouping.columns) for name in (better, worse)], given.outline.unit
        return Measured(
            headline=(
                f"The model needs {fmt.number(ratio.value, 'ratio')} times as many nats {a(unit)} for rows with {title[1]} "
                f"as for those with {title[0]}"
            ),
            lead=(
                f"It is {fmt.number(fits[worse].value, 'number')} for {title[1]} and "
                f"{fmt.number(fits[better].value, 'number')} for {title[0]}, on rows it has not seen; the ratio is "
                f"{fmt.measured(ratio.value, ratio.low, ratio.high, 'ratio')}, all pairs at once."
            ),
            judged={Key(metric="ratio of nats", groups=(better, worse)): ratio},
            explored=(_table(given, fits, before),),
            figures=(_figure(given, fits),),
            notes=(f"{listed(left)}: fewer than {FEW} audit rows, too few to compare",) if left else (),
            to_settle=f"Collect more rows of {listed(title)}, and audit again.",
        )


def _ask(about: About) -> RowsAsk:
    return RowsAsk(columns=(NATS, UNITS, PART), groups=getattr(about, "columns", ()))


def _groups(rows: Rows, columns: tuple[str, ...]) -> NDArray[np.object_]:
    """(n,) names of the crossed groups."""
    crossed = np.empty(len(rows), dtype=object)
    crossed[:] = [
        CROSS.join(MISSING if each is None else str(each) for each in labels)
        for labels in zip(*(rows.columns[group_column(name)] for name in columns), strict=True)
    ]
    return crossed


def _plain(nats: NDArray[np.float64], units: NDArray[np.float64], rows: NDArray[np.bool_]) -> float | None:
    return float(nats[rows].sum() / units[rows].sum()) if rows.sum() >= FEW else None


def _table(given: Given, fits: Mapping[str, Fit], before: Mapping[str, float | None]) -> Series:
    ends = [each.interval(level=given.level) for each in fits.values()]
    per = f"nats {a(given.outline.unit)}"
    return Series(
        title=f"Fit by {given.grouping.name}",
        columns={
            given.grouping.name: tuple(label(name, given.grouping.columns) for name in fits),
            "audit rows": tuple(each.rows for each in fits.values()),
            per: tuple(each.value for each in fits.values()),
            "low": tuple(low for low, _ in ends),
            "high": tuple(high for _, high in ends),
            "on train rows": tuple(before.values()),
        },
        units={"audit rows": "rows", **dict.fromkeys((per, "low", "high", "on train rows"), "number")},
    )


def _figure(given: Given, fits: Mapping[str, Fit]) -> Intervals:
    rows = []
    for name, each in sorted(fits.items(), key=lambda item: -item[1].value):
        low, high = each.interval(level=given.level)
        called = label(name, given.grouping.columns)
        rows.append(Interval(label=called, value=each.value, low=low, high=high, n=each.rows))
    return Intervals(
        title=f"Nats {a(given.outline.unit)} by {given.grouping.name}",
        caption=f"On audit rows, with {fmt.level(given.level)} intervals over rows; fewer is a better fit.",
        unit="number",
        rows=tuple(rows),
    )
