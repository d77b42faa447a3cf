"""The parts of a step in a Lightning trainer, as a callback.

    trainer = Trainer(callbacks=[PartsCallback([ClassWeights.balanced(y), LossPenalty(rate_gap, 0.5)])])

Lightning is not required elsewhere: only who imports this needs `pip install lightning`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from fairwitness.core.blueprint import ConflictError
from fairwitness.torchkit.checkpoint import under
from fairwitness.torchkit.parts.base import Batch, ExampleGradients, Losses, Opponent, Part, Sampler, Stateful
from fairwitness.torchkit.step import Step

Read = Callable[[Any], Batch]


def read_tuple(batch: Any) -> Batch:  # noqa: ANN401 - a loader may give anything
    """Inputs and target, and if there is a third, groups."""
    inputs, target, *groups = batch
    return Batch(inputs=inputs, target=target, groups=groups[0] if groups else None)


class PartsCallback(Callback):
    """Lets parts into the training of any module with automatic optimisation.

    While fitting, the module's own `training_step` is not called: the loss is that of the step, from what the module
    gives for the batch's inputs.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        losses: Losses | None = None,  # one loss an example; None: cross-entropy
        read: Read = read_tuple,  # what the loader gives, to a batch
        dice: torch.Generator | None = None,
    ) -> None:
        """Keep the parts for `fit`.

        Raises:
            ConflictError: A part draws rows, which the trainer's loader does.
        """
        drawing = next((part for part in parts if isinstance(part, Sampler)), None)
        if drawing is not None:
            why = "the trainer's loader draws the rows; give it a torch.utils.data.WeightedRandomSampler instead"
            raise ConflictError.between(type(drawing).__name__, "PartsCallback", why)
        self._parts = tuple(parts)
        self._losses = losses
        self._read = read
        self._dice = dice
        self._step: Step | None = None
        self._batch: Batch | None = None

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the place of `training_step`.

        Raises:
            ConflictError: Parts do not go together, or with how the trainer steps.
        """
        if not pl_module.automatic_optimization:
            why = "it steps by itself; use fairwitness.torchkit.step.Step in its training_step"
            raise ConflictError.between(type(pl_module).__name__, "PartsCallback", why)
        each = next((part for part in self._parts if isinstance(part, ExampleGradients | Opponent)), None)
        if each is not None and trainer.accumulate_grad_batches != 1:
            why = "gradients of several batches are added up before it could work on each"
            raise ConflictError.between(type(each).__name__, "accumulate_grad_batches", why)
        self._step = step = Step(pl_module, parts=self._parts, losses=self._losses, dice=self._dice)

        def training_step(batch: Any, *_: Any) -> Tensor:  # noqa: ANN401 - a loader may give anything
            self._batch = step.prepare(self._read(batch))
            return step.loss(self._batch)

        vars(pl_module)["training_step"] = training_step

    def on_before_optimizer_step(self, *_: object) -> None:
        if self._step is not None and self._batch is not None:
            self._step.finish(self._batch)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002 - Lightning's signature
        self._leave(pl_module)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, _: BaseException) -> None:  # noqa: ARG002 - as above
        self._leave(pl_module)

    def _leave(self, pl_module: LightningModule) -> None:
        vars(pl_module).pop("training_step", None)
        self._step = self._batch = None

    def state_dict(self) -> dict[str, Any]:
        """What parts have learned, for Lightning's checkpoints."""
        numbered = enumerate(self._parts)
        return {
            f"part{number}.{name}": tensor
            for number, part in numbered
            if isinstance(part, Stateful)
            for name, tensor in part.state()
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        for number, part in enumerate(self._parts):
            if isinstance(part, Stateful):
                part.restore(under(f"part{number}.", state_dict))
