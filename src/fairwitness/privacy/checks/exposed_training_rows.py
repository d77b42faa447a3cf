"""Whether training rows can be told from others by how well a generative model fits them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import NATS, PART, UNITS, Ask, RowsAsk, group_column
from fairwitness.core.check import About, CheckInfo, Given, Measured, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline, Rows
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, a, label, plural


class ExposedTrainingRows:
    info = CheckInfo(
        id="privacy.exposed-training-rows",
        title="Training rows cannot be told from others by how well the model fits them",
        failure_title="Training rows can be told from others by how well the model fits them",
        measures=(
            "How often a random training row is fitted better (fewer nats a token, or a lower bound on an image) than a random "
            "audit row, as an AUC; one half where they are fitted alike. It is the simplest attack on membership."
        ),
        does_not_show=(
            "What a stronger attack would find: this is a lower bound, so it can fail a model and never pass it. Nor "
            "whether a few rows are exposed far more than the rest, which an average over pairs hides."
        ),
        advice=(
            "Train for fewer passes, on more rows or with a smaller network, take duplicates out, or train with "
            "differential privacy; then audit again."
        ),
        needs=frozenset({"likelihood", "split"}),
        tasks=frozenset({"generation"}),
        limit=Limit(at_most=0.55),
        severity=Severity.MEDIUM,
        takes=frozenset({"cluster"}),
        sources=(
            "Yeom et al. 2018, IEEE CSF, 268-282, the loss as an attack on membership",
            "Newcombe 2006, Statistics in Medicine 25(4):559-573, method 5, for the interval",
            "The limit of 0.55 is a convention of this tool",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask]:
        return [_ask(outline)]

    def run(self, given: Given, options: NoOptions) -> Outcome:
        from fairwitness.stats.auc import auc  # pulls in SciPy

        rows: Rows = given[_ask(given.outline)]
        part, nats, units = (rows.columns[name] for name in (PART, NATS, UNITS))
        seen, unseen = part == "train", part == "audit"
        if not seen.any() or not unseen.any():
            return NotApplicable("train rows and audit rows are both needed", missing="split")
        per_unit = nats / units
        both = seen | unseen

        def area(which: NDArray[np.bool_]) -> Estimate:
            found = auc(-per_unit[which], seen[which], level=given.level)
            return replace(found, high=None, claim="lower bound", method=f"{found.method}; of what an attack can tell")

        told, unit = area(both), given.outline.unit
        fits = {
            name: float(nats[which].sum() / units[which].sum()) for name, which in (("train", seen), ("audit", unseen))
        }
        return Measured(
            headline=(
                f"A training row is fitted better than an audit row in {fmt.number(told.value, 'share')} of pairs; "
                "50 % would be if the model had learned no row in particular"
            ),
            lead=(
                f"The model needs {fmt.number(fits['train'], 'number')} nats {a(unit)} on "
                f"{plural(int(seen.sum()), 'training row')} and {fmt.number(fits['audit'], 'number')} on "
                f"{plural(int(unseen.sum()), 'audit row')}. As an attack the loss tells the two apart with an AUC of "
                f"{fmt.bare(told.value, 'auc')}, at least {fmt.bare(told.low, 'auc')}; better attacks may tell more."
            ),
            judged={Key(metric="AUC of training rows against audit rows"): told},
            explored=tuple(_by_group(rows, name, seen, both, area) for name in _attributes(given.outline)),
            notes=("Training rows held back for early stopping count as training rows: they chose the model.",),
            to_settle="No attack can show that nothing leaks: raise the number of rows, or use a stronger attack.",
        )


def _attributes(outline: Outline) -> tuple[str, ...]:
    return tuple(grouping.columns[0] for grouping in outline.groupings if grouping.named and len(grouping.columns) == 1)


def _ask(outline: Outline) -> RowsAsk:
    return RowsAsk(columns=(PART, NATS, UNITS), groups=_attributes(outline))


def _by_group(
    rows: Rows,
    name: str,
    seen: NDArray[np.bool_],
    both: NDArray[np.bool_],
    area: Callable[[NDArray[np.bool_]], Estimate],
) -> Series:
    """Where each group's training rows stand among its own audit rows; of few rows none is shown."""
    labels = rows.columns[group_column(name)]
    table: list[tuple[str, int, int, float | None, float | None]] = []
    for group in sorted({str(each) for each in labels if each is not None}):
        own = both & (labels == group)
        trained, other = int((own & seen).sum()), int((own & ~seen).sum())
        found = area(own) if min(trained, other) >= FEW else None
        ends = (None, None) if found is None else (found.value, found.low)
        table.append((label(group, [name]), trained, other, *ends))
    names = (name, "train rows", "audit rows", "AUC", "at least")
    columns = dict(zip(names, zip(*table, strict=True), strict=True))
    return Series(
        title=f"How well training rows are told apart, by {name}",
        columns=columns,
        units={"train rows": "rows", "audit rows": "rows", "AUC": "auc", "at least": "auc"},
    )
