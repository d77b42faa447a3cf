"""Whether a model could be reading the site a row comes from, in place of what it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import CLASS, LABEL, SCORE, YES, Ask, RowsAsk, group_column
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.columns import Column
from fairwitness.core.errors import TooFewError
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline, Rows
from fairwitness.data import sites
from fairwitness.data.words import area, count, target_of, within
from fairwitness.draw import format as show
from fairwitness.draw.words import capital, listed, plural
from fairwitness.stats.associations import FEW_TO_FIT, MOST_GROUPS, judgeable, within_groups
from fairwitness.stats.auc_within import Within
from fairwitness.stats.auc_within import within as areas_within

MOST_ROWS = 20_000
FEWEST = 10
"""Rows of either outcome a site must hold to be judged alone."""
SHOWN = 20


class SiteConfounding:
    info = CheckInfo(
        id="data.site-confounding",
        title="Within every site the model tells about as much as over all of them",
        failure_title="Within a site the model tells less than over all of them: it could be reading the site",
        measures=(
            "AUC of the model's scores over all rows, less its AUC within the site where it is worst, paired; of a model fitted "
            "here on other rows, where the subject has no scores. Beside it, how far outcome and attributes depend on the site, "
            "and how well the site can be read from the features."
        ),
        does_not_show=(
            "That the model does read the site: a site may be harder in itself. Nor how it does at a site it has not met, which "
            "may be worse than at any of these."
        ),
        advice=(
            "Look at what tells the site, such as a scanner's mark, and take it out. Train on sites with the same share of either "
            "outcome, or weight them to it, and report what holds within each site, not over all."
        ),
        needs=frozenset({"rows", "features"}),
        limit=Limit(at_most=0.10),
        severity=Severity.HIGH,
        sources=(
            "Zech et al. 2018, PLoS Medicine 15(11):e1002683, a network that read the hospital",
            "DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44(3):837-845, with Bonferroni's correction over sites",
            "Bergsma 2013, Journal of the Korean Statistical Society 42(3):323-328, Cramér's V",
            "The limit of 0.10 is a convention of this tool",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        if not outline.grounds.site:
            return NotApplicable('no column says which site a row is from: [subject] site = "COLUMN" names it')
        if not _columns(outline):
            return NotApplicable("no feature but the site itself is looked into")
        return [_ask(outline)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        outline = given.outline
        rows: Rows = given[_ask(outline)]
        drawn = len(rows)
        named = sites.names_of(rows.columns[outline.grounds.site])
        kept = judgeable(named)
        if not kept:
            return NotApplicable(f"{outline.grounds.site!r} has fewer than two sites of at least {FEW_TO_FIT} rows")
        inside = within_groups(named, kept)
        rows, named = rows.where(inside), named[inside]
        names, codes = np.unique(named.astype(str), return_inverse=True)
        read = sites.readable(rows, named, _columns(outline), level=given.level, rng=given.rng)
        tied = sites.ties(codes, _others(rows, outline))
        told = _told(rows, codes, given)
        notes = _notes(drawn, len(rows), given)
        if told is None:
            return Measured(
                headline=f"The features tell {names_site(read[0], outline)} from the rest with AUC {area(read[1].value)}",
                lead=f"{_tied(tied, outline)} The interval is {within(read[1])}; 0.500 is guessing.",
                explored=(_ties(tied),),
                notes=notes,
            )
        found, labels, source = told
        worst = max(found.gaps, key=lambda code: found.gaps[code].value or 0.0)
        single = sites.alone(codes, labels, level=given.level, rng=given.rng)
        return Measured(
            headline=(
                f"{capital(source)} tells {target_of(outline)} with AUC {area(found.overall.value)} over all sites, and with "
                f"{area(found.areas[worst].value)} within {names_site(str(names[worst]), outline)}"
            ),
            lead=(
                f"Between rows of one site it is {area(found.inside.value)} {within(found.inside)}; the site alone tells it with "
                f"{area(single.value)} {within(single)}. {_tied(tied, outline)} The features tell "
                f"{names_site(read[0], outline)} from the rest with AUC {area(read[1].value)} {within(read[1])}."
            ),
            judged={
                Key(metric="AUC over all sites less that within the worst"): _worst(found, level=given.level),
            },
            explored=(_table(found, codes, labels, names), _ties(tied)),
            notes=notes,
            to_settle="More rows of the smaller sites, of both outcomes, would narrow the interval.",
        )


def names_site(site: str, outline: Outline) -> str:
    """`hospital 3`, `hospital North`."""
    return f"{outline.grounds.site} {site}"


def _columns(outline: Outline) -> list[Column]:
    """What the model reads, less the site and what names a person's group."""
    return [
        column
        for column in outline.columns
        if column.name in outline.features
        and column.name != outline.grounds.site
        and column.role != "group"
        and column.kind != "date"
    ]


def _ask(outline: Outline) -> RowsAsk:
    made = [name for name, need in ((CLASS, "labels"), (LABEL, "positive")) if need in outline.offers]
    made += [SCORE] if {"scores", "truth"} <= outline.offers else []
    plain = [column.name for column in _columns(outline) if not column.media]
    groups = tuple(each.columns[0] for each in outline.groupings if each.named and len(each.columns) == 1)
    return RowsAsk(
        columns=tuple(dict.fromkeys([*plain, outline.grounds.site, *made])),
        groups=groups,
        at_most=MOST_ROWS,
        media=any(column.media for column in _columns(outline)),
    )


def _others(rows: Rows, outline: Outline) -> dict[str, NDArray[np.object_]]:
    groups = {
        each.columns[0]: rows.columns[group_column(each.columns[0])]
        for each in outline.groupings
        if each.named and len(each.columns) == 1 and each.columns[0] != outline.grounds.site
    }
    return ({target_of(outline): rows.columns[CLASS]} if CLASS in rows.columns else {}) | groups


def _told(rows: Rows, codes: NDArray[np.int64], given: Given) -> tuple[Within, NDArray[np.bool_], str] | None:
    """Areas over all and within sites, labels of all rows, and whose scores they are; None without two outcomes to tell."""
    recorded = rows.columns.get(LABEL)
    if recorded is None:
        return None
    labels = np.asarray(recorded == YES)
    model = rows.columns.get(SCORE)
    try:
        if model is not None and np.isfinite(model).any():
            known = np.isfinite(model)
            found = areas_within(model[known], labels[known], codes[known], fewest=FEWEST, level=given.level)
            return found, labels, "the model"
        if labels.all() or not labels.any():
            return None
        fitted = sites.scores(rows, labels, _columns(given.outline), rng=given.rng)
        return areas_within(fitted, labels, codes, fewest=FEWEST, level=given.level), labels, "a model fitted here"
    except TooFewError:
        return None


def _worst(found: Within, *, level: float) -> Estimate:
    """The largest gap; its interval holds whichever site's that truly is."""
    gaps = found.gaps.values()
    first = max(gaps, key=lambda each: each.value or 0.0)
    return Estimate(
        value=first.value,
        low=max(each.low for each in gaps if each.low is not None),
        high=max(each.high for each in gaps if each.high is not None),
        level=level,
        n=found.overall.n,
        unit="number",
        method=f"{first.method}, over {plural(len(found.gaps), 'site')} at once",
    )


def _tied(tied: Sequence[sites.Tie], outline: Outline) -> str:
    site = outline.grounds.site
    firm = [f"{tie.what} (V {show.bare(tie.v, 'number')})" for tie in tied if tie.p < 0.05]
    if not firm:
        return f"Nothing asked for depends on {site} beyond chance."
    return f"{capital(listed(firm))} {'depends' if len(firm) == 1 else 'depend'} on {site}."


def _ties(tied: Sequence[sites.Tie]) -> Series:
    return Series(
        title="What depends on the site",
        columns={
            "what": tuple(tie.what for tie in tied),
            "Cramér's V": tuple(tie.v for tie in tied),
            "p, adjusted": tuple(tie.p for tie in tied),
        },
    )


def _table(found: Within, codes: NDArray[np.int64], labels: NDArray[np.bool_], names: NDArray[np.str_]) -> Series:
    order = sorted(found.gaps, key=lambda code: -(found.gaps[code].value or 0.0))[:SHOWN]
    areas: Mapping[int, Estimate] = found.areas
    return Series(
        title="The sites, where it tells least first",
        columns={
            "site": tuple(str(names[code]) for code in order),
            "rows": tuple(int((codes == code).sum()) for code in order),
            "share positive": tuple(float(labels[codes == code].mean()) for code in order),
            "AUC": tuple(areas[code].value for code in order),
            "low": tuple(areas[code].low for code in order),
            "high": tuple(areas[code].high for code in order),
            "less than over all": tuple(found.gaps[code].value for code in order),
        },
        units={
            "rows": "rows",
            "share positive": "share",
            "AUC": "auc",
            "low": "auc",
            "high": "auc",
            "less than over all": "number",
        },
    )


def _notes(drawn: int, kept: int, given: Given) -> tuple[str, ...]:
    site, notes = given.outline.grounds.site, []
    if given.outline.rows > drawn:
        notes.append(f"measured on {count(drawn)} rows drawn at random from {count(given.outline.rows)}")
    if drawn > kept:
        notes.append(
            f"{plural(drawn - kept, 'row')} left out: no {site} recorded, one with fewer than {FEW_TO_FIT} rows, or beyond "
            f"the {MOST_GROUPS} largest"
        )
    if site in given.outline.features:
        notes.append(f"the model may read {site} itself, which is among the features")
    return tuple(notes)
