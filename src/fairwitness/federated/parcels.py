"""What a client holds on its own disk: its rows, and how it was told to train. No other client's rows are in it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.federated.sites import Outcome
from fairwitness.io.atomic import directory, write_npz, write_text

ARRAYS, TEXTS, FACTS = "arrays.npz", "texts.json", "facts.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What every client is told: how the audited model is trained, and what is counted.

    Attributes:
        recipe: Name of the recipe.
        options: What is set of it.
        columns: That the model reads.
        classes: In the order of the outputs.
        positive: The event that is scored, where there are two classes.
        outcome: What is counted of each person.
        seed: Of everything random.
    """

    recipe: str
    options: Mapping[str, Any]
    columns: tuple[Column, ...]
    classes: tuple[str, ...]
    positive: str | None
    outcome: Outcome
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One client's own.

    Attributes:
        name: The site.
        number: Its place among the clients.
        rows: (n) rows it learns from and rows it is judged on.
        target: (n,) class of each, as text.
        judged: (n,) those decisions are judged on; it learns from the others.
        groups: Attribute to (n,) labels.
    """

    name: str
    number: int
    task: Task
    rows: Rows
    target: NDArray[np.object_]
    judged: NDArray[np.bool_]
    groups: Mapping[str, NDArray[np.object_]]

    def save(self, folder: Path) -> None:
        """Write it; nothing is pickled."""
        directory(folder, mode=0o700)
        numbers = {name: values for name, values in self.rows.columns.items() if values.dtype.kind != "O"}
        arrays = {f"column.{name}": values for name, values in numbers.items()}
        arrays |= {f"media.{name}": values for name, values in self.rows.media.items()}
        write_npz(folder / ARRAYS, ids=self.rows.ids, judged=self.judged, **arrays)
        texts = {name: values.tolist() for name, values in self.rows.columns.items() if name not in numbers}
        told = {
            "columns": texts,
            "target": self.target.tolist(),
            "groups": {n: v.tolist() for n, v in self.groups.items()},
        }
        write_text(folder / TEXTS, json.dumps(told))
        write_text(folder / FACTS, json.dumps({"name": self.name, "number": self.number, "task": asdict(self.task)}))

    @classmethod
    def load(cls, folder: Path) -> Parcel:
        """Read what `save` wrote."""
        facts, told = (json.loads((folder / name).read_text(encoding="utf-8")) for name in (FACTS, TEXTS))
        task = facts["task"]
        with np.load(folder / ARRAYS, allow_pickle=False) as held:
            arrays = {name: held[name] for name in held.files}
        columns = {**_under("column.", arrays), **{name: _texts(values) for name, values in told["columns"].items()}}
        return cls(
            name=facts["name"],
            number=facts["number"],
            task=Task(
                **{
                    **task,
                    "options": {key: tuple(v) if isinstance(v, list) else v for key, v in task["options"].items()},
                    "columns": tuple(
                        Column(**{**each, "sentinels": tuple(each["sentinels"])}) for each in task["columns"]
                    ),
                    "classes": tuple(task["classes"]),
                    "outcome": Outcome(**{**task["outcome"], "axes": tuple(task["outcome"]["axes"])}),
                }
            ),
            rows=Rows(ids=arrays["ids"], columns=columns, media=_under("media.", arrays)),
            target=_texts(told["target"]),
            judged=arrays["judged"],
            groups={name: _texts(values) for name, values in told["groups"].items()},
        )


def _under(prefix: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}


def _texts(values: Sequence[str | None]) -> NDArray[np.object_]:
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made
