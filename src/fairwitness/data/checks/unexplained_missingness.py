"""Values that are missing more often for one group, people alike in everything else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline
from fairwitness.data.design import design
from fairwitness.data.disparity import noisy_factors
from fairwitness.data.material import People, asks, features, people
from fairwitness.data.words import points, within
from fairwitness.draw import format as show
from fairwitness.draw.words import FEW, members, plural
from fairwitness.stats.multiple import benjamini_hochberg

MOST = 20


class UnexplainedMissingness:
    info = CheckInfo(
        id="data.unexplained-missingness",
        title="Whether a value is missing does not depend on the group, the rest being alike",
        failure_title="Whether a value is missing depends on the group, the rest being alike",
        measures=(
            "For each feature with missing values: difference in the share missing between a group and the largest one, "
            "among people alike in the other features."
        ),
        does_not_show=(
            "What the missing values would have been. A difference says that filling them in from people alike treats groups "
            "differently; none does not say that they are missing at random."
        ),
        advice="Find out how the value comes to be missing for that group, and record it if it can be had.",
        needs=frozenset({"rows", "groups", "features"}),
        per="grouping",
        sources=(
            "Rubin 1976, Biometrika 63(3):581-592, on what missingness may depend on",
            "Fernando et al. 2021, International Journal of Intelligent Systems 36(7):3217-3258",
            "Benjamini and Hochberg 1995, JRSS B 57(1):289-300, over columns and groups",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        lacks = "there are no features to compare people in"
        return asks(outline, about, lacks="" if len(features(outline)) > 1 else lacks)

    def run(self, given: Given, options: NoOptions) -> Outcome:
        some = people(given)
        if isinstance(some, NotApplicable):
            return some
        found = _gaps(some, given)
        if not found:
            return NotApplicable(f"no feature is missing in {FEW} rows or more, and present in as many")
        column, group, gap = max(found, key=lambda each: abs(each[2].value or 0.0))
        base = some.names[some.largest()]
        adjusted = benjamini_hochberg([1.0 if each.p is None else each.p for _, _, each in found])
        firm = int((adjusted < 1 - given.level).sum())
        pair = (group, base) if (gap.value or 0.0) >= 0 else (base, group)
        whom, other = (members(name, given.grouping.columns, given.outline.people) for name in pair)
        return Measured(
            headline=(
                f"Among people alike in the rest, {column} is missing {points(abs(gap.value or 0.0))} "
                f"more often for {whom} than for {other}"
            ),
            lead=(
                f"For {group} against {base} alone the interval is {within(gap)}. Of {plural(len(found), 'comparison')}, {firm} "
                f"{'is' if firm == 1 else 'are'} firm with false discoveries kept below {show.level(1 - given.level)}."
            ),
            explored=(
                Series(
                    title="Missing values among people alike in the rest",
                    columns={
                        "column": tuple(name for name, _, _ in found),
                        given.grouping.name: tuple(name for _, name, _ in found),
                        "gap": tuple(each.value for _, _, each in found),
                        "low": tuple(each.low for _, _, each in found),
                        "high": tuple(each.high for _, _, each in found),
                        "p, adjusted": tuple(float(p) for p in adjusted),
                    },
                    units={"gap": "points", "low": "points", "high": "points"},
                ),
            ),
            notes=some.notes,
        )


def _gaps(some: People, given: Given) -> list[tuple[str, str, Estimate]]:
    may, codes, base = features(given.outline), some.codes, some.largest()
    lacks = {each.name: _lacks(some.rows.columns[each.name]) for each in may}
    holed = [name for name, none in lacks.items() if FEW <= none.sum() <= len(none) - FEW]
    holed = sorted(holed, key=lambda name: -int(lacks[name].sum()))[:MOST]
    found = []
    for name in holed:
        rest = [each for each in may if each.name != name]
        table = design(some.rows.columns, rest, lacks[name])
        for code, group in enumerate(some.names):
            inside = (codes == code) | (codes == base)
            if code != base:
                gap = noisy_factors(lacks[name][inside], codes[inside] == code, table[inside], 1.0, level=given.level)
                found.append((name, group, gap))
    return found


def _lacks(values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.dtype.kind == "f":
        return np.asarray(np.isnan(values))
    return np.array([value is None for value in values], dtype=bool)
