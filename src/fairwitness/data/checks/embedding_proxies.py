"""What inner numbers say of a sensitive attribute: of a network's last layer, of embeddings, of pictures and texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import CLASS, Ask, ModelAsk, RowsAsk, group_column
from fairwitness.core.check import About, CheckInfo, Given, Measured, NotApplicable, Outcome
from fairwitness.core.columns import Column
from fairwitness.core.errors import ColumnError
from fairwitness.core.estimate import Key, Limit, Severity
from fairwitness.core.findings import Series
from fairwitness.core.subject import Outline, Rows
from fairwitness.data import embedded, probes
from fairwitness.data.embedded import Told
from fairwitness.data.words import area, count, within
from fairwitness.draw import format as show
from fairwitness.draw.words import listed, members, plural
from fairwitness.stats.associations import FEW_TO_FIT, judgeable, within_groups
from fairwitness.stats.multiple import holm

MOST_ROWS = 4_000
SHOWN = 24
ITSELF = " itself"
"""Pictures and words that no network has read are looked at, and not judged: who is shown is often to be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingOptions:
    """Where embeddings lie.

    Attributes:
        prefix: How the names of number columns begin that hold an embedding; empty: none does.
    """

    prefix: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.prefix, str):
            raise ValueError(f'prefix is {self.prefix!r}; it is how names of columns begin, such as "emb_"')  # noqa: TRY004 - told as the user's


class EmbeddingProxies:
    info = CheckInfo(
        id="data.embedding-proxies",
        title="Inner numbers say little about the sensitive attributes",
        failure_title="Inner numbers tell a sensitive attribute",
        measures=(
            "How well a linear probe tells a group from the rest (AUC) by the numbers that the network's last layer reads, or by "
            "the columns of an embedding (or, not judged, by pictures and words themselves where there is neither); on rows it "
            "was not fitted on, audit rows where there are such; and the same between rows of one recorded class."
        ),
        does_not_show=(
            "Whether decisions make use of it. What a linear probe cannot read may be there all the same, for the layer to come "
            "as for anybody who is given the numbers. Who goes with the recorded class is told by a model that does its work: the "
            "AUC within classes is beyond that."
        ),
        advice=(
            "Where the numbers are passed on or kept, treat them as the attribute itself. To make a network forget it, train with "
            "fairness.adversary or fairness.min-diff, and probe again."
        ),
        needs=frozenset({"rows", "groups"}),
        limit=Limit(at_most=0.70),
        severity=Severity.LOW,
        sources=(
            "Alain and Bengio 2017, ICLR workshop, arXiv 1610.01644, linear probes",
            "Newcombe 2006, Statistics in Medicine 25(4):559-573, method 5; DeLong et al. 1988, Biometrics 44(3):837-845",
            "Phipson and Smyth 2010, Statistical Applications in Genetics 9(1):39, permutation p values; Holm over attributes",
            "The limit of 0.70 is that of data.proxies, a convention of this tool",
        ),
    )
    Options = EmbeddingOptions

    def asks(self, outline: Outline, about: About, options: EmbeddingOptions) -> Sequence[Ask] | NotApplicable:
        named = _embedding(outline, options)
        if options.prefix and not named:
            have = [column.name for column in outline.columns if column.numeric]
            raise ColumnError.missing(options.prefix, key="prefix", have=have, source="data.embedding-proxies options")
        if not named and "gradients" not in outline.offers and not _raw(outline):
            return NotApplicable(
                'there is no network to look into, no picture or text, and no embedding: [options."data.embedding-proxies"] '
                "prefix says how the names of its columns begin"
            )
        return [_ask(outline, options), *([ModelAsk()] if "gradients" in outline.offers else [])]

    def run(self, given: Given, options: EmbeddingOptions) -> Outcome:
        outline = given.outline
        rows: Rows = given[_ask(outline, options)]
        sources = _sources(rows, given, options)
        found = [
            one
            for source, table in sources.items()
            for attribute in _attributes(outline)
            if (one := _probed(source, attribute, embedded.narrow(table, rng=given.rng), rows, given)) is not None
        ]
        if not found:
            why = (
                f"no attribute has two groups of at least {FEW_TO_FIT} people" if sources else "no layer gives numbers"
            )
            return NotApplicable(f"{why} in these rows")
        first = max(found, key=lambda one: one.auc.value or 0.0)
        p = [float(each) for each in holm([one.auc.p or 0.0 for one in found])]
        whom = members(first.group, (first.attribute,), outline.people)
        alike = (
            f" Between rows of one recorded class it is {area(first.alike.value)} {within(first.alike)}."
            if first.alike is not None
            else ""
        )
        return Measured(
            headline=f"A linear probe of {first.source} tells {whom} from the rest with AUC {area(first.auc.value)}",
            lead=(
                f"The interval is {within(first.auc)}, 0.500 is guessing, and that nothing is told has p "
                f"{show.probability(p[found.index(first)])} (permutation, Holm).{alike}"
            ),
            judged={
                Key(
                    metric=f"AUC of the attribute from {one.source}", groups=(one.group,), column=one.attribute
                ): one.auc
                for one in found
                if not one.source.endswith(ITSELF)
            },
            explored=(_table(found[:SHOWN], p),),
            notes=_notes(rows, sources, given),
            to_settle="More rows, of the smallest groups above all, would narrow the interval.",
        )


def _attributes(outline: Outline) -> tuple[str, ...]:
    return tuple(each.columns[0] for each in outline.groupings if each.named and len(each.columns) == 1)


def _embedding(outline: Outline, options: EmbeddingOptions) -> list[str]:
    """Columns of the embedding that is named."""
    if not options.prefix:
        return []
    return [
        column.name
        for column in outline.columns
        if column.numeric and column.name.startswith(options.prefix) and column.role in {"feature", "ignore"}
    ]


def _raw(outline: Outline) -> list[Column]:
    """Pictures, series and texts."""
    return [
        column for column in outline.columns if column.media or (column.kind == "text" and column.role == "feature")
    ]


def _ask(outline: Outline, options: EmbeddingOptions) -> RowsAsk:
    media = {column.name for column in outline.columns if column.media}
    columns = [*outline.features, *_embedding(outline, options), *(column.name for column in _raw(outline))]
    labels = [CLASS] if "labels" in outline.offers and outline.classes else []
    groups = dict.fromkeys(name for grouping in outline.groupings for name in grouping.columns)
    return RowsAsk(
        columns=tuple(dict.fromkeys([*(name for name in columns if name not in media), *labels])),
        groups=tuple(groups),
        part="audit" if outline.parts.get("audit") else None,
        at_most=MOST_ROWS,
        media=bool(media),
    )


def _sources(rows: Rows, given: Given, options: EmbeddingOptions) -> dict[str, NDArray[np.float64]]:
    """Sets of numbers by what they are; pictures and words themselves only where there is nothing else."""
    found: dict[str, NDArray[np.float64]] = {}
    named = _embedding(given.outline, options)
    if named:
        table = np.column_stack([rows.columns[name] for name in named])
        found[f"the {plural(len(named), 'column')} {options.prefix}…"] = np.where(np.isfinite(table), table, 0.0)
    if ModelAsk() in given.made:
        from fairwitness.torchkit.inner import inner  # pulls in torch

        held = inner(given[ModelAsk()], rows)
        if held is not None and np.isfinite(held.numbers).all():
            found[f"what layer {held.layer} reads"] = held.numbers
    if not found and _raw(given.outline):
        named = [column.name for column in _raw(given.outline)]
        found[listed(named) + ITSELF] = probes.readable(rows, _raw(given.outline))
    return found


def _probed(source: str, attribute: str, table: NDArray[np.float64], rows: Rows, given: Given) -> Told | None:
    groups = rows.columns[group_column(attribute)]
    names = judgeable(groups)
    if not names:
        return None
    kept = within_groups(groups, names)
    classes = rows.columns.get(CLASS)
    return embedded.told(
        table[kept],
        groups[kept],
        None if classes is None else classes[kept],
        source=source,
        attribute=attribute,
        rng=given.rng,
        level=given.level,
    )


def _table(found: Sequence[Told], p: Sequence[float]) -> Series:
    columns: dict[str, tuple[float | int | str | None, ...]] = {
        "read": tuple(one.source for one in found),
        "attribute": tuple(one.attribute for one in found),
        "group told best": tuple(one.group for one in found),
        "AUC": tuple(one.auc.value for one in found),
        "low": tuple(one.auc.low for one in found),
        "high": tuple(one.auc.high for one in found),
        "p, adjusted": tuple(p[: len(found)]),
    }
    if any(one.alike is not None for one in found):
        columns |= {
            "within a class": tuple(one.alike.value if one.alike else None for one in found),
            "its low": tuple(one.alike.low if one.alike else None for one in found),
            "its high": tuple(one.alike.high if one.alike else None for one in found),
            "p within": tuple(one.alike_p for one in found),
        }
    return Series(
        title="What a linear probe tells",
        columns=columns,
        units=dict.fromkeys(("AUC", "low", "high", "within a class", "its low", "its high"), "auc"),
    )


def _notes(rows: Rows, sources: Mapping[str, NDArray[np.float64]], given: Given) -> tuple[str, ...]:
    notes = []
    of = given.outline.parts.get("audit") or given.outline.rows
    if len(rows) < of:
        notes.append(f"measured on {count(len(rows))} rows drawn at random from {count(of)}")
    notes += [
        f"{source}: {count(table.shape[1])} numbers mixed at random into {embedded.WIDEST}"
        for source, table in sources.items()
        if table.shape[1] > embedded.WIDEST
    ]
    return tuple(notes)
