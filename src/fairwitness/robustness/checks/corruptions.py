"""How much accuracy is lost when conditions grow worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import Ask
from fairwitness.core.check import About, Arrays, CheckInfo, Given, Measured, NotApplicable, Outcome, RowValues
from fairwitness.core.errors import UserError
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.figures import Curve, Curves
from fairwitness.core.subject import Outline
from fairwitness.draw import format as fmt
from fairwitness.draw.words import listed, plural
from fairwitness.robustness.attacks.space import ends
from fairwitness.robustness.corruptions import SEVERITIES, Corruption, of_pictures, of_series, of_tables
from fairwitness.robustness.sampled import Sampled, asks, features, sampled
from fairwitness.torchkit.threads import one_thread

Right = Mapping[str, NDArray[np.bool_]]
"""Kind of corruption to (5, n) rows that are decided rightly at each severity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorruptionOptions:
    """What is judged.

    Attributes:
        severity: The one that is judged, 1 to 5; the others are shown.
        rows: Rows looked at, at most; None: 1,000 of a table, 500 images or series.
    """

    severity: int = 2
    rows: int | None = None

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise ValueError(f"severity is {self.severity}; it is a whole number from 1 to 5")
        if self.rows is not None and self.rows < 1:
            raise ValueError(f"rows is {self.rows}; it is at least 1")


class Corruptions:
    info = CheckInfo(
        id="robustness.corruptions",
        title="Mildly worse conditions cost little accuracy",
        failure_title="Mildly worse conditions cost much accuracy",
        measures=(
            "By how much accuracy falls on the same rows when they are corrupted at severity 2 of 5: images by noise, blur, "
            "contrast, brightness, pixelation and compression; series by noise, drift and gain; tables by noise, missing "
            "entries and wrong entries. The worst kind counts."
        ),
        does_not_show=(
            "What happens under conditions that are not among these: other hospitals, cameras or years shift data in ways of "
            "their own. Severities are a convention; look at the curve for those that are yours."
        ),
        advice=(
            "Train on rows corrupted alike (augmentation), or watch the inputs for the corruption that costs most and refuse "
            "what is worse than the model was tested on."
        ),
        needs=frozenset({"rows", "model", "truth"}),
        tasks=frozenset({"binary", "multi-class"}),
        limit=Limit(at_most=0.10),
        severity=Severity.MEDIUM,
        takes=frozenset({"cluster"}),
        sources=(
            "Hendrycks and Dietterich 2019, ICLR, arXiv 1903.12261: kinds and severities for images",
            "ITU-T T.81 (JPEG), table K.1",
            "Agresti and Min 2005, Statistics in Medicine 24(5):729-740, for the interval of pairs",
            "The limit of 0.10, and severities of tables and series, are conventions of this tool",
        ),
    )
    Options = CorruptionOptions

    def asks(self, outline: Outline, about: About, options: CorruptionOptions) -> Sequence[Ask] | NotApplicable:
        return asks(outline, rows=options.rows)

    def run(self, given: Given, options: CorruptionOptions) -> Outcome:
        with one_thread():
            return _measured(given, options)


def _measured(given: Given, options: CorruptionOptions) -> Outcome:
    held = sampled(given, rows=options.rows)
    if isinstance(held, NotApplicable):
        return held
    right, refused = _right(held, _kinds(held), given)
    if not right:
        return NotApplicable("nothing that the model reads can be corrupted here")
    drops = _drops(held.right, right, options.severity, given.level)
    worst = max(drops, key=lambda kind: drops[kind].value or 0.0)
    lost = np.mean([held.right & ~masks[options.severity - 1] for masks in right.values()], axis=0)
    return Measured(
        headline=_headline(worst, drops[worst]),
        lead=(
            f"Of {plural(len(held.rows), 'row')} {fmt.number(float(held.right.mean()), 'share')} are decided rightly as they "
            f"are. At severity {options.severity} of 5 the loss in points is "
            + listed(f"{fmt.bare(each.value, 'points')} by {kind}" for kind, each in drops.items())
            + "."
        ),
        judged={Key(metric=f"accuracy lost to {kind}"): each for kind, each in drops.items()},
        figures=(_curves(held.right, right, given.level),),
        notes=(
            *held.notes,
            *(f"The model does not take {kind}: it refused such rows, so nothing was measured." for kind in refused),
        ),
        row_values={
            "lost": RowValues(
                name="share of mild corruptions that turn a right decision",
                ids=held.rows.ids[held.right],
                values=lost[held.right],
            )
        },
    )


def _kinds(held: Sampled) -> Mapping[str, Corruption]:
    columns = features(held.outline)
    media = [column for column in columns if column.media]
    if not media:
        return of_tables(columns, spread=held.spread, fixed=held.fixed)
    values = held.rows.media[media[0].name]
    if media[0].kind == "series":
        return of_series(media[0], spread=float(np.nanstd(values)))
    least, most = ends(media[0], values)
    return of_pictures(media[0], least=least, most=most)


def _right(held: Sampled, kinds: Mapping[str, Corruption], given: Given) -> tuple[Right, tuple[str, ...]]:
    """Rows decided rightly under each kind, and the kinds whose rows the model refuses."""
    wanted = np.array(held.outline.classes, dtype=object)[held.deployed.recorded]
    seeds = given.rng.integers(2**62, size=len(kinds))
    right, refused = {}, []
    for (kind, corrupt), seed in zip(kinds.items(), seeds, strict=True):

        def make(corrupt: Corruption = corrupt, seed: int = int(seed)) -> Arrays:
            dice = np.random.default_rng(seed)
            decided = [held.model.outputs(corrupt(held.rows, severity, dice)).decisions for severity in SEVERITIES]
            return {"right": np.stack([np.asarray(each == wanted, dtype=bool) for each in decided])}

        try:
            right[kind] = given.meter.piece(kind, make)["right"]
        except UserError:  # such as a model that takes no missing values
            refused.append(kind)
        given.meter.spend(
            len(SEVERITIES) * len(held.rows), of=len(kinds) * len(SEVERITIES) * len(held.rows), what="rows"
        )
    return right, tuple(refused)


def _drops(before: NDArray[np.bool_], right: Right, severity: int, level: float) -> Mapping[str, Estimate]:
    """The loss by each kind, with intervals that hold for all kinds at once."""
    from fairwitness.stats.multiple import sidak  # pull in SciPy
    from fairwitness.stats.paired import drop

    each = sidak(level, len(right))
    return {
        kind: drop(
            int((before & ~masks[severity - 1]).sum()),
            int((~before & masks[severity - 1]).sum()),
            len(before),
            level=each,
        )
        for kind, masks in right.items()
    }


def _headline(worst: str, drop: Estimate) -> str:
    if not drop.value or drop.value < 0:
        return "No kind of mildly worse conditions costs accuracy on these rows"
    return f"Mildly worse conditions cost up to {fmt.number(drop.value, 'points')} of accuracy, most by {worst}"


def _curves(before: NDArray[np.bool_], right: Right, level: float) -> Curves:
    from fairwitness.stats.intervals import wilson

    n = len(before)

    def curve(kind: str, masks: NDArray[np.bool_]) -> Curve:
        hits = [int(before.sum()), *(int(mask.sum()) for mask in masks)]
        ends = [wilson(float(each), n, level=level) for each in hits]
        return Curve(
            label=kind,
            x=(0.0, *(float(severity) for severity in SEVERITIES)),
            y=tuple(each / n for each in hits),
            low=tuple(low for low, _ in ends),
            high=tuple(high for _, high in ends),
            n=(n,) * len(hits),
        )

    return Curves(
        title="Accuracy as conditions grow worse",
        caption=f"Accuracy over {plural(n, 'row')}; whiskers are Wilson intervals; severity 0 is the rows as they are",
        x_label="severity",
        y_label="accuracy",
        x_unit="number",
        y_unit="share",
        curves=tuple(curve(kind, masks) for kind, masks in right.items()),
    )
