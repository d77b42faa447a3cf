"""A training with remedies that learn, stopped as if killed, ends with the weights it would have had."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from fairwitness.core import registry
from fairwitness.torchkit.checkpoint import Checkpoint
from fairwitness.torchkit.parts.penalties import LossPenalty
from fairwitness.torchkit.training import Schedule, seeded, train

ROWS = 90
PLAN = Schedule(epochs=5, batch=16, learning_rate=0.02, weight_decay=0.01, patience=3)


class Stop(Exception):  # noqa: N818 - no error: a stand-in for a kill
    pass


def run(name: str, path: Path | None, *, stop_at: int | None = None) -> nn.Module:
    dice = torch.Generator().manual_seed(0)
    x = torch.randn(ROWS, 3, generator=dice)
    y = (x[:, 0] + torch.randn(ROWS, generator=dice) > 0).float()
    g = (x[:, 1] > 0).long()
    steps = 0

    def count(logits: Tensor, *_: object) -> Tensor:
        nonlocal steps
        steps += torch.is_grad_enabled()
        if stop_at is not None and steps > stop_at:
            raise Stop
        return logits.sum() * 0

    with seeded(0) as own:
        net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
        remedy = registry.remedy(name, source="test")
        part = remedy.part(remedy.Options())(y, g)  # type: ignore[attr-defined]  # acts in training
        inputs = {"input": x}
        kept = None if path is None else Checkpoint(path=path, every=0.0)
        held = np.arange(ROWS) < 20
        parts = [part, LossPenalty(count)]
        train(net, inputs, y, groups=g, held=held, schedule=PLAN, dice=own, parts=parts, checkpoint=kept)
    return net


@pytest.mark.parametrize("stop_at", [1, 7])
@pytest.mark.parametrize(
    "name", [f"fairness.{name}" for name in ("odds-penalty", "constrain", "group-robust", "min-diff", "adversary")]
)
def test_stopped_it_ends_the_same(name: str, stop_at: int, tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    with pytest.raises(Stop):
        run(name, path, stop_at=stop_at)
    torch.testing.assert_close(run(name, path).state_dict(), run(name, None).state_dict(), rtol=0, atol=0)
