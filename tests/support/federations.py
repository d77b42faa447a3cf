"""Small federations: parcels of clients whose rows are easy to learn from."""

from typing import Any

import numpy as np

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.federated.parcels import Parcel, Task
from fairwitness.federated.sites import Outcome


def task(**options: Any) -> Task:
    return Task(
        recipe="mlp",
        options=options,
        columns=(Column(name="a", kind="number"), Column(name="b", kind="number")),
        classes=("0", "1"),
        positive="1",
        outcome=Outcome(axes=("@label", "@decision"), axis="@decision", category="yes", words="selection rate"),
        seed=0,
    )


def parcels(*sizes: int, **options: Any) -> tuple[Parcel, ...]:
    """One client a size; three in ten of its rows are judged."""
    made = []
    for number, size in enumerate(sizes):
        rng = np.random.default_rng(number)
        x = rng.normal(size=(size, 2))
        target = np.where(x.sum(axis=1) + 0.5 * rng.normal(size=size) > 0, "1", "0").astype(object)
        made.append(
            Parcel(
                name=f"site {number}",
                number=number,
                task=task(**options),
                rows=Rows(ids=np.arange(size) + 1000 * number, columns={"a": x[:, 0], "b": x[:, 1]}),
                target=target,
                judged=np.arange(size) >= 0.7 * size,
                groups={"g": np.where(rng.random(size) < 0.5, "p", "q").astype(object)},
            )
        )
    return tuple(made)
