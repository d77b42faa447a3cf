"""What models say, for those who ask: the deployed one about rows of a part, and shadows of it about all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import CLASS, PART
from fairwitness.core.columns import Part
from fairwitness.core.digest import generator
from fairwitness.core.subject import Rows, Scored, Shadows, Variants
from fairwitness.engine import models
from fairwitness.engine.cache import Cache
from fairwitness.engine.progress import Progress
from fairwitness.engine.subject import Subject, part_mask
from fairwitness.torchkit.masks import halves


class Answers:
    """Outputs of models on the rows of one subject, kept from one run to the next."""

    def __init__(self, subject: Subject, *, seed: int, cache: Cache, progress: Progress) -> None:
        self._subject = subject
        self._seed = seed
        self._cache = cache
        self._progress = progress

    def scored(self, part: Part | None) -> Scored:
        """What the deployed model says about rows of a part."""
        subject = self._subject
        if subject.model is None:
            raise TypeError("there is no model to ask")  # never: the plan has seen that there is one
        place = np.flatnonzero(part_mask(subject, part))
        rows = subject.rows().where(part_mask(subject, part))
        made = models.outputs(subject.model, rows, subject.table, subject.columns, cache=self._cache)
        if made.scores is None:
            raise TypeError("the model gives decisions and no scores")
        parts = subject.derived.get(PART)
        return Scored(
            ids=rows.ids,
            scores=made.scores,
            recorded=self._recorded()[place],
            parts=None if parts is None else parts[place],
        )

    def shadows(self, count: int) -> Shadows:
        """What models trained as the deployed one was, each on a random half of all rows, say about all rows."""
        subject = self._subject
        if subject.trainer is None:
            raise TypeError("the model cannot be trained again")
        rows = subject.rows()
        inside = halves(self._units(rows), count, generator(self._seed, "shadows"))
        seeds = [self._seed + 1 + number for number in range(count)]
        folder = self._cache.place(("shadows", 1, subject.trainer.key, self._seed, count))
        made = subject.trainer.shadows(inside, seeds=seeds, folder=folder, progress=self._progress)
        scores = []
        for number, model in enumerate(made):
            said = model.outputs(rows).scores
            if said is None:
                raise TypeError("a shadow model gives no scores")
            scores.append(said.astype(np.float32))
            self._progress("asking shadow models", number + 1, count)
        return Shadows(ids=rows.ids, inside=inside, scores=np.stack(scores))

    def variants(self, each: int) -> Variants:
        """What models from the same train rows decide about the judged rows, by kind and seed."""
        subject = self._subject
        if subject.trainer is None or PART not in subject.derived:
            raise TypeError("the model cannot be trained again")
        kinds = subject.trainer.kinds()
        learn = np.repeat([subject.derived[PART] == "train"], each, axis=0)
        seeds = [self._seed + 1 + number for number in range(each)]
        rows = subject.rows().where(subject.judged)
        narrow = np.min_scalar_type(
            -max(len(subject.outline.classes), 1)
        )  # 200 models of a million rows are held at once
        decided = []
        for trainer in kinds.values():
            folder = self._cache.place(("variants", 1, trainer.key, self._seed, each))
            made = trainer.shadows(learn, seeds=seeds, folder=folder, progress=self._progress)
            decided.append([self._places(model.outputs(rows).decisions).astype(narrow) for model in made])
        return Variants(kinds=tuple(kinds), ids=rows.ids, decided=np.array(decided))

    def _recorded(self) -> NDArray[np.int64]:
        return self._places(self._subject.derived[CLASS])

    def _places(self, names: NDArray[np.object_] | None) -> NDArray[np.int64]:
        """(n,) places among the classes; −1 for none of them."""
        if names is None:
            raise TypeError("the model decides nothing")
        classes = {name: place for place, name in enumerate(self._subject.outline.classes)}
        return np.array([classes.get(name, -1) for name in names], dtype=np.int64)

    def _units(self, rows: Rows) -> NDArray[np.int64]:
        """What belongs together: rows of one cluster or unit, or each row by itself."""
        unit = self._subject.outline.cluster or next(
            (column.name for column in self._subject.columns if column.role == "unit"), None
        )
        if unit is None:
            return np.arange(len(rows))
        return np.unique([str(value) for value in rows.columns[unit]], return_inverse=True)[1].astype(np.int64)
