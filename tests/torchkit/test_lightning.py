"""Each part in a Lightning trainer, held against the same part in a loop of ten lines (see test_step.py)."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

pytest.importorskip("lightning")

from lightning.pytorch import LightningModule, Trainer

from fairwitness.core.blueprint import Acts, ConflictError
from fairwitness.torchkit.lightning import PartsCallback
from fairwitness.torchkit.parts.adversary import Adversary
from fairwitness.torchkit.parts.base import Batch, Gradients, Part
from fairwitness.torchkit.parts.gradients import ClipNorm, Process
from fairwitness.torchkit.parts.penalties import LossPenalty, WeightPenalty
from fairwitness.torchkit.parts.samplers import Weighted
from fairwitness.torchkit.parts.transforms import RowTransform
from fairwitness.torchkit.parts.weights import ClassWeights
from fairwitness.torchkit.step import Step

pytestmark = pytest.mark.filterwarnings("ignore")  # Lightning's advice on loaders and logging


class Light(LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.body(x)
        return logits

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        return nn.functional.cross_entropy(self(batch[0]), batch[1])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.3)


class ByHand(Light):
    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False


def rows() -> tuple[Tensor, Tensor, Tensor]:
    dice = torch.Generator().manual_seed(0)
    x = torch.randn(40, 3, generator=dice)
    return x, (x[:, 0] > 0).long(), (x[:, 1] > 0).long()


def trainer(*callbacks: Any, **settings: Any) -> Trainer:
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu"}
    return Trainer(callbacks=list(callbacks), max_epochs=2, enable_checkpointing=False, **{**quiet, **settings})


def fitted(parts: list[Part], module: LightningModule | None = None, **settings: Any) -> LightningModule:
    module = copy.deepcopy(START) if module is None else module
    callback = PartsCallback(parts, dice=torch.Generator().manual_seed(5))
    trainer(callback, **settings).fit(module, DataLoader(TensorDataset(*rows()), batch_size=10))
    return module


START = Light()


@dataclass
class Clip:
    acts: ClassVar[Acts] = "example-gradient"

    def combine(self, gradients: Gradients, batch: Batch) -> Gradients:
        length = torch.stack([g.flatten(1).norm(dim=1) for g in gradients.values()]).norm(dim=0)
        return {n: torch.einsum("b,b...->...", (0.1 / length).clamp(max=1), g) for n, g in gradients.items()}


def gap(logits: Tensor, target: Tensor, groups: Tensor | None, weights: Tensor | None) -> Tensor:
    assert groups is not None
    return (logits[groups == 0].mean(0) - logits[groups == 1].mean(0)).square().sum()


def noise(batch: Batch, module: nn.Module, dice: torch.Generator) -> Batch:
    assert isinstance(batch.inputs, Tensor)
    return replace(batch, inputs=batch.inputs + torch.randn(batch.inputs.shape, generator=dice))


def halve(gradients: Mapping[str, Tensor]) -> None:
    for gradient in gradients.values():
        gradient.mul_(0.5)


def adversary() -> Adversary:
    rival = nn.Linear(2, 2)
    with torch.no_grad():
        rival.weight.fill_(0.1)
        rival.bias.zero_()
    return Adversary(rival, strength=0.5)


@pytest.mark.parametrize(
    "make",
    [
        list,
        lambda: [ClassWeights(torch.tensor([1.0, 3.0]))],
        lambda: [LossPenalty(gap, 0.5), WeightPenalty(0.1)],
        lambda: [RowTransform(noise)],
        lambda: [Process(halve), ClipNorm(0.05)],
        lambda: [adversary()],
        lambda: [Clip(), Process(halve)],
    ],
    ids=["none", "weights", "penalties", "transform", "gradients", "adversary", "each"],
)
def test_each_part_does_what_it_does_in_a_loop(make: Callable[[], list[Part]]) -> None:
    plain = copy.deepcopy(START)
    step = Step(plain, plain.configure_optimizers(), parts=make(), dice=torch.Generator().manual_seed(5))
    x, y, g = rows()
    for _ in range(2):
        for places in torch.split(torch.arange(40), 10):
            step(x[places], y[places], groups=g[places])
    torch.testing.assert_close(fitted(make()).state_dict(), plain.state_dict())
    assert not torch.equal(plain.body.weight, START.body.weight)


def test_the_module_has_its_own_step_back_afterwards_even_after_an_error() -> None:
    assert "training_step" not in vars(fitted([]))

    def fail(*_: object) -> Tensor:
        raise RuntimeError("a user's rule")

    module = copy.deepcopy(START)
    with pytest.raises(RuntimeError, match="a user's rule"):
        fitted([LossPenalty(fail)], module)
    assert "training_step" not in vars(module)


def test_what_an_adversary_learned_goes_into_lightnings_checkpoints() -> None:
    part, fresh = adversary(), adversary()
    fitted([part])
    PartsCallback([fresh]).load_state_dict(copy.deepcopy(PartsCallback([part]).state_dict()))
    torch.testing.assert_close(dict(fresh.state()), dict(part.state()))


def test_what_does_not_go_together_is_refused_by_name() -> None:
    with pytest.raises(ConflictError, match="'Weighted' and 'PartsCallback' do not go together: the trainer's loader"):
        PartsCallback([Weighted(torch.ones(40))])
    with pytest.raises(ConflictError, match="'Clip' and 'accumulate_grad_batches' do not go together"):
        fitted([Clip()], accumulate_grad_batches=2)
    with pytest.raises(ConflictError, match="'ByHand' and 'PartsCallback' do not go together: it steps by itself"):
        fitted([], ByHand())
