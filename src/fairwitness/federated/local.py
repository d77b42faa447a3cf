"""What a client does with its own rows: makes a first network, learns a little, tells its loss, counts decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from fairwitness.core.asks import CORRECT, DECISION, LABEL, NO, YES
from fairwitness.core.digest import digest, generator
from fairwitness.federated import tallies
from fairwitness.federated.parcels import Parcel
from fairwitness.federated.tallies import Sent
from fairwitness.stats.tally import Tally
from fairwitness.torchkit import recipes
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.recipes.classifier import answers
from fairwitness.torchkit.step import Step
from fairwitness.torchkit.training import hold_back, seeded

MODEL = "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """How a client descends within a round.

    Attributes:
        epochs: Passes over its rows a round.
        batch: Rows a step; 0 for all at once.
        learning_rate: Of every round alike.
        weight_decay: Of AdamW.
        optimizer: `adamw`, as recipes train, or plain `sgd`, as federated averaging was first described.
    """

    epochs: int = 1
    batch: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    optimizer: Literal["adamw", "sgd"] = "adamw"


class Client:
    """One client's rows, encoded for the common network."""

    def __init__(self, parcel: Parcel, folder: Path) -> None:
        """Keep what it is given in `folder`, its own."""
        self.parcel = parcel
        self.folder = folder
        self._model: TorchModel | None = None
        self._inputs: Mapping[str, Tensor] = {}
        place = {name: number for number, name in enumerate(parcel.task.classes)}
        self._labels = np.array([place[name] for name in parcel.target], dtype=np.int64)
        dice = generator(parcel.task.seed, "federated", str(parcel.number))
        share = float(recipes.named(parcel.task.recipe).options(**parcel.task.options).held)
        learn = np.flatnonzero(~parcel.judged)
        held = learn[hold_back(self._labels[learn], share, dice)]
        self.held: NDArray[np.int64] = held
        self.learn: NDArray[np.int64] = np.setdiff1d(learn, held)

    def first(self) -> tuple[bytes, bytes]:
        """A network made ready for these rows and not yet trained: its description and its weights."""
        task = self.parcel.task
        recipe = recipes.named(task.recipe)
        own = self.parcel.rows.where(~self.parcel.judged)
        ready = recipe.prepare(
            own,
            self.parcel.target[~self.parcel.judged],
            columns=task.columns,
            classes=task.classes,
            positive=task.positive,
            options=recipe.options(**task.options),
        )
        with seeded(task.seed):
            model = ready.finish(ready.build(ready.inputs), np.zeros(len(own), dtype=bool))
        model.save(self.folder / MODEL)
        return tuple((self.folder / MODEL / name).read_bytes() for name in ("model.json", "model.safetensors"))  # type: ignore[return-value]  # two names, two files

    def take(self, description: bytes, weights: bytes) -> None:
        """Keep the network that all clients train."""
        (self.folder / MODEL).mkdir(exist_ok=True)
        (self.folder / MODEL / "model.safetensors").write_bytes(weights)
        (self.folder / MODEL / "model.json").write_bytes(description)
        self._model = None

    @property
    def model(self) -> TorchModel:
        """The common network, as it was last set."""
        if self._model is None:
            self._model = TorchModel.load(self.folder / MODEL)
            inputs = self._model.encoding.encode(self.parcel.rows)
            if not isinstance(inputs, Mapping):
                raise TypeError("recipes read named inputs")
            self._inputs = inputs
        return self._model

    def train(self, state: Mapping[str, Tensor], local: Local, *, turn: int) -> dict[str, Tensor]:
        """Learn from the client's own rows, beginning at the weights given."""
        model = self.model
        module = model.module
        module.load_state_dict(dict(state))
        module.train()
        places = torch.from_numpy(self.learn)
        target = answers(self._labels, model.rule)
        seed = int(digest(self.parcel.task.seed, "federated", self.parcel.number, turn)[:8], 16)
        with seeded(seed) as dice:
            step = Step(module, _optimizer(module, local), dice=dice)
            for _ in range(local.epochs):
                for some in step.draw(places, local.batch or len(places)):
                    step({name: tensor[some] for name, tensor in self._inputs.items()}, target[some])
        return {name: tensor.detach().clone() for name, tensor in module.eval().state_dict().items()}

    def loss(self, state: Mapping[str, Tensor]) -> tuple[float, int]:
        """Mean loss of these weights on the rows held back, and how many; on those learned from where none are held."""
        model = self.model
        model.module.load_state_dict(dict(state))
        places = torch.from_numpy(self.held if len(self.held) else self.learn)
        target = answers(self._labels, model.rule)[places]
        with torch.no_grad():
            raw = model.module.eval()(**{name: tensor[places] for name, tensor in self._inputs.items()})
            two = model.rule.binary
            made = binary_cross_entropy_with_logits(raw.reshape(-1), target) if two else cross_entropy(raw, target)
        return float(made), len(places)

    def count(self, state: Mapping[str, Tensor], least: int) -> Sent:
        """What the weights decide about the client's judged rows, as counts it may send."""
        return tallies.count(self.parcel.name, self._counted(state), tuple(self.parcel.groups), least=least)

    def count_noised(self, state: Mapping[str, Tensor], epsilon: str, categories: Mapping[str, Sequence[str]]) -> Sent:
        """The same with noise on every count, of the categories that are agreed on; see `tallies.count_noised`."""
        parcel = self.parcel
        return tallies.count_noised(
            parcel.name,
            self._counted(state),
            tuple(parcel.groups),
            epsilon=Fraction(epsilon),
            categories=categories,
        )

    def _counted(self, state: Mapping[str, Tensor]) -> Tally:
        parcel, model = self.parcel, self.model
        model.module.load_state_dict(dict(state))
        decided = model.outputs(parcel.rows.where(parcel.judged)).decisions
        if decided is None:
            raise TypeError("a classifier decides")
        return tally(parcel, decided)


def tally(parcel: Parcel, decided: NDArray[np.object_]) -> Tally:
    """Counts of decisions about a parcel's judged rows."""
    truth, positive = parcel.target[parcel.judged], parcel.task.positive
    columns = {
        LABEL: _yes(truth == positive),
        DECISION: _yes(decided == positive),
        CORRECT: _yes(truth == decided),
    }
    groups = {name: labels[parcel.judged] for name, labels in parcel.groups.items()}
    return Tally.of({**groups, **{axis: columns[axis] for axis in parcel.task.outcome.axes}})


def _yes(mask: NDArray[np.bool_]) -> NDArray[np.object_]:
    return np.where(mask, YES, NO).astype(object)


def _optimizer(module: torch.nn.Module, local: Local) -> torch.optim.Optimizer:
    if local.optimizer == "sgd":
        return torch.optim.SGD(module.parameters(), lr=local.learning_rate)
    return torch.optim.AdamW(module.parameters(), lr=local.learning_rate, weight_decay=local.weight_decay, fused=True)
