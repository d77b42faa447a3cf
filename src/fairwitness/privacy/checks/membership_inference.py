"""Whether training rows can be told from others with the help of models trained as the audited one was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import Ask, OutputsAsk, RowsAsk, ShadowsAsk, group_column
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome, RowValues
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.figures import Curve, Curves
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline, Scored, Shadows
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, plural

if TYPE_CHECKING:
    from fairwitness.privacy.exposure import Exposed
    from fairwitness.privacy.lira import Calibration, Floats
    from fairwitness.privacy.membership import OverModels

OUTPUTS = OutputsAsk()
SHADOWS_OF_TABLES, SHADOWS_OF_LARGE_TABLES, SHADOWS_OF_MEDIA = 16, 8, 4
LARGE = 20_000
"""Rows beyond which a table has fewer shadows: each costs a training on half of them."""
RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75)
"""False alarms at which the figure shows the attacks."""
OURS, ALIKE = "this model", "models trained like it"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowOptions:
    """What the attack may spend.

    Attributes:
        shadows: Models to train, an even number; 0: 16, beyond 20,000 rows 8, and 4 where the model reads pictures, series or
            text.
    """

    shadows: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.shadows, int) or self.shadows % 2 or not (self.shadows == 0 or 4 <= self.shadows <= 512):
            raise ValueError(
                f"shadows is {self.shadows}; it must be an even number from 4 to 512, or 0 for the default"
            )


class MembershipInference:
    info = CheckInfo(
        id="privacy.membership-inference",
        title="Training rows cannot be told from others, even with models trained alike",
        failure_title="Training rows can be told from others with models trained alike",
        measures=(
            "The share of training rows an attacker names at 1 % false alarms, who knows how the model was trained and "
            "trains models of the same kind with and without each row (the likelihood-ratio attack); 1 % would be "
            "guessing. Of the audited model, and of models trained like it on random halves of the rows, each attacked "
            "with the help of the others."
        ),
        does_not_show=(
            "What a stronger attack would find: this is a lower bound, so it can fail a model and never pass it. More "
            "shadow models make it stronger. Nor what an attacker knows who does not have the data or the recipe."
        ),
        advice=(
            "Train for fewer passes, on more rows or with a smaller network, give out decisions instead of scores, or "
            "train with differential privacy; then audit again. Look first at the groups whose rows move the model most."
        ),
        needs=frozenset({"model", "recipe", "truth", "split"}),
        tasks=frozenset({"binary", "multi-class"}),
        limit=Limit(at_most=0.03),
        severity=Severity.MEDIUM,
        takes=frozenset({"cluster"}),
        sources=(
            "Carlini et al. 2022, IEEE S&P, 1897-1914, arXiv 2112.03570, algorithm 1, online",
            "Efron 1982, The jackknife, chapters 3 and 6, over pairs of models and over rows",
            "Clopper and Pearson 1934, Biometrika 26(4):404-413, for the audited model",
            "The limit of 3 %, three times what guessing names, is a convention of this tool",
        ),
    )
    Options = ShadowOptions

    def asks(self, outline: Outline, about: About, options: ShadowOptions) -> Sequence[Ask]:
        return [OUTPUTS, _rows(outline), _shadows(outline, options)]

    def run(self, given: Given, options: ShadowOptions) -> Outcome:
        from fairwitness.privacy import lira, membership
        from fairwitness.privacy.exposure import exposed, notes, positive, representatives, unit_column
        from fairwitness.stats.multiple import sidak

        outline, rows, unit = given.outline, given[_rows(given.outline)], unit_column(given.outline)
        scored: Scored = given[OUTPUTS]
        shadows: Shadows = given[_shadows(outline, options)]
        given.meter.spend(len(shadows.inside), of=len(shadows.inside), what="shadow models")
        one_each = representatives(None if unit is None else rows.columns[unit], len(rows), given.rng)
        found = exposed(scored, outline, one_each)
        if not found.both:
            return NotApplicable(f"telling training rows from others needs at least {FEW} of each")
        used = np.flatnonzero(one_each & (scored.recorded >= 0))
        sure = lira.confidence(shadows.scores[:, used], scored.recorded[used], positive=positive(outline))
        inside = shadows.inside[:, used]
        learned = lira.calibrate(sure, inside)
        scores = np.full(len(rows), np.nan)
        scores[used] = learned.log_ratio(
            lira.confidence(scored.scores[used], scored.recorded[used], positive=positive(outline))
        )
        folds = given.rng.permutation(len(used)) % membership.BLOCKS
        alike = membership.OverModels(sure=sure, inside=inside, folds=folds)
        level = sidak(given.level, 2)
        named = {
            OURS: membership.rate_bound(*found.split(scores[found.place]), level=level),
            ALIKE: alike.mean(membership.rate_at, unit="share", level=level),
        }
        judged = {who: each for who, each in named.items() if each.low is not None} or {OURS: named[OURS]}
        return Measured(
            headline=_headline(named),
            lead=_lead(named, len(shadows.inside), found),
            judged={
                Key(metric="training rows named at 1 % false alarms", groups=(who,)): judged[who] for who in judged
            },
            explored=(
                _attacks(found, scores[found.place], alike, named, level),
                *_groups(given, found, scores=scores[found.place], alike=alike, used=used),
            ),
            figures=(_curves(found, scores[found.place]),),
            notes=(*notes(unit), *_said(learned, len(shadows.inside), named)),
            to_settle=(
                "No attack can show that nothing leaks. More shadow models make this one stronger: "
                f'[options."{self.info.id}"] shadows = {4 * len(shadows.inside)}.'
            ),
            row_values={
                "moved": RowValues(
                    name="how far training on the row moves the model's confidence in it, in standard deviations",
                    ids=rows.ids[used],
                    values=learned.moved,
                )
            },
        )


def _rows(outline: Outline) -> RowsAsk:
    from fairwitness.privacy.exposure import attributes, unit_column

    unit = unit_column(outline)
    return RowsAsk(columns=() if unit is None else (unit,), groups=attributes(outline))


def _shadows(outline: Outline, options: ShadowOptions) -> ShadowsAsk:
    kinds = {column.kind for column in outline.columns if column.name in outline.features}
    if options.shadows:
        return ShadowsAsk(count=options.shadows)
    if kinds & {"image", "series", "text"}:
        return ShadowsAsk(count=SHADOWS_OF_MEDIA)
    return ShadowsAsk(count=SHADOWS_OF_TABLES if outline.rows <= LARGE else SHADOWS_OF_LARGE_TABLES)


def _headline(named: dict[str, Estimate]) -> str:
    ours, alike = named[OURS], named[ALIKE]
    return (
        f"An attack names {fmt.number(ours.value, 'share')} of this model's training rows at 1{fmt.THIN}% false alarms, and "
        f"{fmt.number(alike.value, 'share')} of those of models trained like it; guessing would name 1{fmt.THIN}%"
    )


def _lead(named: dict[str, Estimate], shadows: int, found: Exposed) -> str:
    ours, alike = named[OURS], named[ALIKE]
    members, others = int(found.member.sum()), int((~found.member).sum())
    bounds = [f"at least {fmt.number(ours.low, 'share')} for this model" if ours.low is not None else ""]
    bounds += [f"at least {fmt.number(alike.low, 'share')} for models trained like it" if alike.low is not None else ""]
    sure = " and ".join(filter(None, bounds))
    return (
        f"The attacker trains {plural(shadows, 'model')}, each on a random half of the rows, and asks whether the audited "
        f"one is as sure of a row as those that have seen it or as those that have not. It was tried on "
        f"{plural(members, 'training row')} and {plural(others, 'audit row')}"
        f"{f'; the share named is {sure}' if sure else ''}. That is a bound from below: better attacks may name more."
    )


def _attacks(found: Exposed, scores: Floats, alike: OverModels, named: dict[str, Estimate], level: float) -> Series:
    """Both attacks, side by side."""
    from fairwitness.privacy import membership

    area = membership.area_bound(*found.split(scores), level=level)
    over = alike.mean(membership.area, unit="auc", level=level)
    loss = found.split(found.sure)
    few, loss_area = membership.rate_bound(*loss, level=level), membership.area_bound(*loss, level=level)
    rows = (
        ("likelihood ratio", OURS, named[OURS], area),
        ("likelihood ratio", ALIKE, named[ALIKE], over),
        ("loss alone", OURS, few, loss_area),
    )
    return Series(
        title="What the attacks tell",
        columns={
            "attack": tuple(row[0] for row in rows),
            "on": tuple(row[1] for row in rows),
            "TPR at 1 % FPR": tuple(row[2].value for row in rows),
            "TPR at least": tuple(row[2].low for row in rows),
            "AUC": tuple(row[3].value for row in rows),
            "AUC at least": tuple(row[3].low for row in rows),
        },
        units={"TPR at 1 % FPR": "share", "TPR at least": "share", "AUC": "auc", "AUC at least": "auc"},
    )


def _groups(given: Given, found: Exposed, *, scores: Floats, alike: OverModels, used: NDArray[np.intp]) -> list[Series]:
    """By attribute: this model's rows, and the area over models trained like it."""
    from fairwitness.privacy import membership
    from fairwitness.privacy.exposure import attributes, by_group, ends, group_table, groups_of

    rows, made = given[_rows(given.outline)], []
    for name in attributes(given.outline):
        labels = rows.columns[group_column(name)]
        table = by_group(found, scores, labels, name, level=given.level)
        areas = []
        for group in groups_of(labels):
            own = labels[used] == group
            enough = min((alike.inside & own).sum(1).min(), (~alike.inside & own).sum(1).min()) >= FEW
            areas.append(ends(alike.mean(membership.area, rows=own, unit="auc", level=given.level) if enough else None))
        table["AUC, models alike"] = [value for value, _ in areas]
        table["AUC at least, models alike"] = [low for _, low in areas]
        made.append(group_table(table, f"How well training rows are told apart, by {name}"))
    return made


def _curves(found: Exposed, scores: Floats) -> Curves:
    """Both attacks on this model at many rates of false alarms."""
    from fairwitness.privacy import membership

    def curve(label: str, attack: Floats) -> Curve:
        members, others = found.split(attack)
        rates = tuple(membership.rate_at(members, others, false_alarms=rate) for rate in RATES)
        nothing: tuple[None, ...] = (None,) * len(RATES)
        return Curve(label=label, x=RATES, y=rates, low=nothing, high=nothing, n=(len(members),) * len(RATES))

    return Curves(
        title="Training rows named, by false alarms",
        caption=(
            "Share of this model's training rows that an attack names, against the share of audit rows it wrongly names, %. "
            "On the diagonal it knows nothing."
        ),
        x_label="audit rows wrongly named",
        y_label="training rows named",
        x_unit="share",
        y_unit="share",
        curves=(curve("likelihood ratio", scores), curve("loss alone", found.sure)),
        diagonal=True,
    )


def _said(learned: Calibration, shadows: int, named: dict[str, Estimate]) -> list[str]:
    """Fallbacks, which change what the number means."""
    from fairwitness.privacy.lira import OWN_VARIANCE
    from fairwitness.privacy.membership import FEWEST_PAIRS

    said = []
    if learned.spread_seen.ndim == 0:
        said.append(
            f"{plural(shadows, 'shadow model')} are too few for a variance of each row, so one variance holds for all "
            f"rows; {2 * OWN_VARIANCE} are needed."
        )
    if shadows < 2 * FEWEST_PAIRS:
        said.append(f"Models trained like it are not judged: a bound over them needs {2 * FEWEST_PAIRS} shadow models.")
    if named[OURS].low is None:
        said.append(
            "Audit rows are too few to bound this model's own share: no threshold surely keeps 1 % false alarms."
        )
    return said
