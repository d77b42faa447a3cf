"""What tells trainings apart: everything that changes what is learned, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from fairwitness.torchkit.digests import described, digest_module, digest_tensors, told
from fairwitness.torchkit.modules.images import ConvNet, ImageShape
from fairwitness.torchkit.parts.adversary import Adversary, rival
from fairwitness.torchkit.parts.penalties import LossPenalty


def test_digests_tell_names_types_shapes_and_bytes_apart() -> None:
    zeros = torch.zeros(4)
    digests = [
        digest_tensors([("a", zeros)]),
        digest_tensors([("b", zeros)]),
        digest_tensors([("a", zeros.int())]),
        digest_tensors([("a", zeros.view(2, 2))]),
        digest_tensors([("a", torch.tensor([0.0, 0, 0, 1]))]),
    ]
    assert len(set(digests)) == 5
    assert digest_tensors([("a", torch.zeros(2, 8)[:, ::4].flatten())]) == digests[0]


def test_modules_of_the_same_weights_are_told_apart_by_what_they_do() -> None:
    def net(*, dropped: float = 0.1, frozen: bool = False) -> nn.Module:
        made = nn.Sequential(nn.Linear(2, 2), nn.Dropout(dropped))
        nn.init.ones_(made[0].weight)  # type: ignore[arg-type]  # a Linear
        nn.init.zeros_(made[0].bias)  # type: ignore[arg-type]  # as above
        return made.requires_grad_(not frozen)

    assert digest_module(net()) == digest_module(net())
    assert len({digest_module(made) for made in (net(), net(dropped=0.2), net(frozen=True))}) == 3

    def pictures(shift: int) -> nn.Module:
        torch.manual_seed(0)
        return ConvNet(ImageShape(channels=1, widths=(2,), outputs=1, shift=shift))

    with torch.random.fork_rng():
        assert digest_module(pictures(1)) == digest_module(pictures(1)) != digest_module(pictures(2))


def scaled(by: float) -> Callable[[Tensor], Tensor]:
    def rule(x: Tensor) -> Tensor:
        return by * x

    return rule


def test_functions_are_told_by_what_they_hold() -> None:
    assert told(scaled(2)) == told(scaled(2)) != told(scaled(3))
    assert told(partial(scaled, by=2)) != told(partial(scaled, by=3))
    assert told([np.arange(3)]) == told((np.arange(3),)) != told([np.arange(4)])
    assert told({"a": torch.ones(1)}) != told({"a": torch.zeros(1)})
    assert json.dumps(told({"every": [1, 2.0, None, True, "kind", object, object()]}))

    def calls(times: int) -> int:
        return calls(times - 1) if times else 0

    assert told(calls) == told(calls)  # it holds itself


def test_parts_are_told_by_their_settings() -> None:
    assert described(LossPenalty(json.dumps, 0.5)) == {"rule": ["json.dumps"], "strength": 0.5}  # type: ignore[arg-type]  # any function
    assert described(Adversary(rival(2, 8), strength=1.0)) != described(Adversary(rival(2, 16), strength=1.0))
    assert described(object()) == {}
