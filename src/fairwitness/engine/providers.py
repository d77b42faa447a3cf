"""Answers to asks. All tallies share one coding of each column; rows and layers are made once for all who ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.carbon.costs import Costs
from fairwitness.core.asks import (
    CLUSTER,
    NO,
    SCORE,
    WEIGHT,
    YES,
    AppealsAsk,
    Ask,
    CostAsk,
    LayersAsk,
    ModelAsk,
    OutputsAsk,
    RowsAsk,
    SamplesAsk,
    ShadowsAsk,
    TallyAsk,
    VariantsAsk,
    group_column,
)
from fairwitness.core.digest import generator
from fairwitness.core.subject import Rows
from fairwitness.engine.answers import Answers
from fairwitness.engine.cache import Cache
from fairwitness.engine.progress import Progress, silent
from fairwitness.engine.subject import Subject, part_mask
from fairwitness.io.kinds import as_text
from fairwitness.stats.tally import Tally, code_bins, code_categories

Coded = tuple[tuple[str, ...], NDArray[np.integer[Any]]]  # category names, and each row's place among them


def _unread() -> Costs:
    raise ValueError("nobody reads a clock here")


class Provider:
    """Makes what is asked of one subject, each thing once."""

    def __init__(
        self,
        subject: Subject,
        *,
        seed: int,
        cache: Cache | None = None,
        progress: Progress = silent,
        costs: Callable[[], Costs] = _unread,
    ) -> None:
        self._subject = subject
        self._seed = seed
        self._made: dict[Ask, Any] = {}
        self._coded: dict[tuple[str, str, tuple[float, ...] | None], Coded] = {}
        self._all_rows: Rows | None = None
        answers = Answers(subject, seed=seed, cache=cache or Cache(None), progress=progress)
        self._makers: dict[type[Any], Callable[[Any], Any]] = {
            TallyAsk: self._tally,
            RowsAsk: self._rows,
            LayersAsk: lambda _: self._layers(),
            SamplesAsk: self._samples,
            OutputsAsk: lambda ask: answers.scored(ask.part),
            ModelAsk: lambda _: subject.model,
            ShadowsAsk: lambda ask: answers.shadows(ask.count),
            VariantsAsk: lambda ask: answers.variants(ask.each),
            AppealsAsk: lambda _: subject.appeals,
            CostAsk: lambda _: costs(),
        }

    def give(self, asks: Iterable[Ask]) -> dict[Ask, Any]:
        """What each ask stands for: a `Tally`, `Rows`, a tuple of layers (None for a black box), `Scored`, the model,
        `Shadows`, `Variants`, `Counts`, or `Costs`.
        """
        return {ask: self._give(ask) for ask in asks}

    def _give(self, ask: Ask) -> Any:  # noqa: ANN401 - the type follows the ask
        if isinstance(ask, RowsAsk):
            return self._rows(ask)  # large, and rarely asked twice alike: the raw rows beneath are kept
        if ask not in self._made:
            self._made[ask] = self._makers[type(ask)](ask)
        return self._made[ask]

    def _mask(self, ask: TallyAsk | RowsAsk) -> NDArray[np.bool_]:
        if isinstance(ask, TallyAsk) and ask.judged:
            return self._subject.judged
        return part_mask(self._subject, ask.part)

    def _tally(self, ask: TallyAsk) -> Tally:
        mask = self._mask(ask)
        everybody = bool(mask.all())
        edges = dict(ask.edges)
        kinds = [*((name, "group") for name in ask.by), *((name, "column") for name in ask.of)]
        kinds += [(name, "presence") for name in ask.missing]
        axes, codes = {}, []
        for name, kind in kinds:
            categories, code = self._codes(name, kind, edges.get(name))
            axes[name] = categories
            codes.append(code if everybody else code[mask])
        if self._subject.table.counted is not None:
            return self._of_counts(ask, mask, axes, codes)
        sums = {}
        if CLUSTER in self._subject.derived:
            axes[CLUSTER], code = self._codes(CLUSTER, "column", None)
            codes.append(code[mask])
        for name in (*ask.sums, *([WEIGHT] if WEIGHT in self._subject.derived else [])):
            values = self._numbers(name)[mask]
            sums[name], sums[f"{name}^2"] = values, values**2
        return Tally.of_codes(axes, codes, sums=sums)

    def _of_counts(
        self,
        ask: TallyAsk,
        mask: NDArray[np.bool_],
        axes: dict[str, tuple[str, ...]],
        codes: list[NDArray[np.integer[Any]]],
    ) -> Tally:
        """As `_tally`, where each row stands for many; those without a value and those with one are told apart."""
        held = self._subject.table.counted
        if held is None:
            raise TypeError("each row stands for itself")
        counted = held.where(mask)
        rows = counted.rows
        lacking = next((name for name in ask.missing if name in counted.missing), None)
        if lacking is not None:
            place = list(axes).index(lacking)
            codes = [np.concatenate([code, code]) for code in codes]
            codes[place] = np.repeat(np.array([0, 1], dtype=np.int8), len(rows))  # no, then yes
            rows = np.concatenate([rows - counted.missing[lacking], counted.missing[lacking]])
        sums = {}
        for name in ask.sums:
            raw = next((each.name for each in self._subject.columns if each.role == "score"), name)
            raw = raw if name == SCORE else name
            if raw in counted.sums:
                sums[name], sums[f"{name}^2"] = counted.sums[raw], counted.sums[f"{raw}^2"]
            else:  # a table of counts holds the values themselves
                values = self._numbers(name)[mask]
                sums[name], sums[f"{name}^2"] = counted.rows * values, counted.rows * values**2
        there = rows > 0
        return Tally.of_codes(
            axes, [code[there] for code in codes], {k: v[there] for k, v in sums.items()}, counts=rows[there]
        )

    def _numbers(self, name: str) -> NDArray[np.float64]:
        made = self._subject.derived
        values: NDArray[np.float64] = made[name] if name in made else self.raw().columns[name]
        return values

    def _codes(self, name: str, kind: str, edges: tuple[float, ...] | None) -> Coded:
        key = (name, kind, edges)
        if key not in self._coded:
            if kind == "group":
                self._coded[key] = code_categories(self._subject.groups[name])
            elif kind == "presence":
                values = self.raw().columns[name]
                text = values.dtype.kind == "O"
                lacking = np.equal(values, np.array(None, dtype=object)) if text else np.isnan(values)
                self._coded[key] = ((NO, YES), lacking.astype(np.int8))
            elif edges is not None:
                self._coded[key] = code_bins(self._numbers(name), edges)
            else:
                self._coded[key] = code_categories(self._text(name))
            categories, code = self._coded[key]
            if len(categories) <= np.iinfo(np.int8).max:
                self._coded[key] = categories, code.astype(np.int8)  # narrow codes are counted faster
        return self._coded[key]

    def _text(self, name: str) -> NDArray[np.object_]:
        if name in self._subject.derived:
            text: NDArray[np.object_] = self._subject.derived[name]
            return text
        return as_text(self._subject.table.frame[name])

    def raw(self) -> Rows:
        """All raw rows, made once."""
        if self._all_rows is None:
            self._all_rows = self._subject.rows()
        return self._all_rows

    def _rows(self, ask: RowsAsk) -> Rows:
        rows, mask = self.raw(), self._mask(ask)
        have = {**rows.columns, **self._subject.derived}
        columns = {name: have[name] for name in ask.columns}
        columns |= {group_column(name): self._subject.groups[name] for name in ask.groups}
        place = np.flatnonzero(mask)
        if ask.at_most is not None and len(place) > ask.at_most:
            rng = generator(self._seed, "rows", str(ask.part))
            place = np.sort(rng.choice(place, ask.at_most, replace=False))
        media = rows.media if ask.media else {}
        if len(place) == len(rows):  # copying a million labels takes a tenth of a second a column
            return Rows(ids=rows.ids, columns=columns, media=media)
        return Rows(
            ids=rows.ids[place],
            columns={name: values[place] for name, values in columns.items()},
            media={name: values[place] for name, values in media.items()},
        )

    def _layers(self) -> Any:  # noqa: ANN401 - tuple of Layer, or None
        model = self._subject.model
        return None if model is None else model.layers(self.raw().where(np.arange(len(self.raw())) < 2))

    def _samples(self, ask: SamplesAsk) -> Rows:
        if self._subject.generator is None:
            raise ValueError("the model makes no rows")
        seed = int(generator(self._seed, "samples").integers(2**63))
        return self._subject.generator.sample(ask.n, seed=seed)
