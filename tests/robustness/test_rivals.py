"""What other libraries found on the same network, whose weights are drawn and not trained, so they are the same everywhere."""

from itertools import pairwise

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn

from fairwitness.robustness.attacks.box import Box, Broken
from fairwitness.robustness.attacks.gradient import apgd, apgd_targeted

ROWS = 400
STANDING = {
    0.03: {"pyautoattack 0.2.0, standard, seed 0": 241, "torchattacks 3.5.1, APGDT of 100 steps, 9 targets": 240},
    0.08: {"pyautoattack 0.2.0, standard, seed 0": 82, "torchattacks 3.5.1, APGDT of 100 steps, 9 targets": 84},
}
"""Radius to rows of 400 that still stand; run once with torch 2.13.0 on one thread."""


def drawn() -> tuple[nn.Module, Tensor]:
    rng = np.random.default_rng(7)
    layers: list[nn.Module] = [nn.Flatten()]
    for wide, next_wide in pairwise([12, 24, 24, 10]):
        linear = nn.Linear(wide, next_wide)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(rng.normal(size=(next_wide, wide)) * np.sqrt(2 / wide)))
            linear.bias.copy_(torch.from_numpy(rng.normal(size=next_wide) * 0.1))
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1]).eval(), torch.from_numpy(rng.random((ROWS, 1, 3, 4))).float()


@pytest.mark.parametrize("eps", STANDING)
def test_breaks_what_the_standard_ensemble_breaks(eps: float) -> None:
    """Within half a point of the best of them, with half the steps and no questions asked."""
    net, x = drawn()
    low, high = (x - eps).clamp(0, 1), (x + eps).clamp(0, 1)
    recorded = net(x).argmax(dim=1)
    box = Box(logits=lambda p, _: net(p), x=x, low=low, high=high, step=torch.zeros(()), recorded=recorded)
    broken = Broken.none(box)
    apgd(box, broken, steps=10)
    apgd_targeted(box, broken, steps=50, targets=9, dice=torch.Generator().manual_seed(0))
    standing = int((~broken.mask).sum())
    assert standing <= min(STANDING[eps].values()) + 0.005 * ROWS
    assert (net(broken.points).argmax(dim=1) != recorded).sum() == ROWS - standing
