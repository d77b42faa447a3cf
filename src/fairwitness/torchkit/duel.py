"""Training of two networks against each other: one draws, the other judges. It goes on after a kill to the same weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - as everywhere

from fairwitness.core.digest import digest
from fairwitness.torchkit.checkpoint import Checkpoint, under
from fairwitness.torchkit.digests import digest_module, digest_tensors
from fairwitness.torchkit.modules.gan import ImageGAN, Judge
from fairwitness.torchkit.optimizer_state import load_optimizer, optimizer_tensors
from fairwitness.torchkit.training import Progress, require_finite

BETAS = (0.5, 0.99)
"""Adam's: a long memory of gradients lets the two circle each other (Radford, Metz and Chintala 2016, ICLR)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """How long, and how fast.

    Attributes:
        epochs: Passes over the rows, all of which are made: neither network's loss tells when to stop.
        batch: Rows a step.
        learning_rate: Adam's, for the network that draws; the judge's is twice as high.
        average: How much of the averaged weights stays at each step, in [0, 1).
    """

    epochs: int
    batch: int
    learning_rate: float
    average: float


def play(
    net: ImageGAN,  # draws; in place
    judge: Judge,  # in place
    pixels: Tensor,  # (n, C, H, W) raw, at least two
    *,
    rounds: Rounds,
    dice: torch.Generator,
    progress: Progress | None = None,
    device: str | torch.device = "cpu",
    checkpoint: Checkpoint | None = None,  # start from what it holds, and keep it up to date
) -> None:
    """Train by the non-saturating losses, and leave `net` with its weights averaged over the last steps.

    Raises:
        TrainingError: A weight became NaN or infinite.

    Source:
        Goodfellow et al. 2014, NeurIPS, section 3; averaged weights: Yazıcı et al. 2019, ICLR.
    """
    for module in (net, judge):  # convolutions on channels that lie last: twice as fast on the CPU
        module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
    game = _Game(net, judge, rounds, dice)
    if checkpoint is not None:
        start = [digest_tensors([("pixels", pixels), *game.tensors()]), digest_module(net), digest_module(judge)]
        checkpoint = replace(checkpoint, key=digest(checkpoint.key, astuple(rounds), start))
        game.resume(checkpoint)
    shares = net.range(pixels.to(device, memory_format=torch.channels_last))
    while game.passes < rounds.epochs:
        for places in torch.split(torch.randperm(len(shares), generator=dice), rounds.batch):
            if len(places) > 1:  # the statistics of a lone image are of no use
                game.step(shares[places.to(device)])
        game.passes += 1
        require_finite(game.averaged.values(), game.passes)
        if checkpoint is not None and (checkpoint.due() or game.passes == rounds.epochs):
            checkpoint.save(dict(game.tensors()), {"passes": game.passes})
        if progress is not None:
            progress(game.passes, rounds.epochs)
    net.load_state_dict(game.averaged)
    net.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]  # torch's stub lacks it
    net.eval()


@dataclass(slots=True)
class _Game:
    """Both networks, how they learn, and how far they are."""

    net: ImageGAN
    judge: Judge
    rounds: Rounds
    dice: torch.Generator
    passes: int = 0
    averaged: dict[str, Tensor] = field(init=False)
    draws: torch.optim.Optimizer = field(init=False)
    judges: torch.optim.Optimizer = field(init=False)

    def __post_init__(self) -> None:
        rate = self.rounds.learning_rate
        self.draws = torch.optim.Adam(self.net.parameters(), lr=rate, betas=BETAS)
        self.judges = torch.optim.Adam(self.judge.parameters(), lr=2 * rate, betas=BETAS)
        self.averaged = {name: tensor.detach().clone() for name, tensor in self.net.state_dict().items()}
        self.net.train()
        self.judge.train()

    def step(self, real: Tensor) -> None:
        """One step of the judge, then one of the network that draws."""
        drawn = self.net(self._noise(len(real), real.device))
        loss = F.softplus(-self.judge(real)).mean() + F.softplus(self.judge(drawn.detach())).mean()
        _descend(self.judges, loss)
        with _frozen(self.judge):
            _descend(self.draws, F.softplus(-self.judge(drawn)).mean())
        self._average()

    def _noise(self, n: int, device: torch.device) -> Tensor:
        return torch.randn(n, self.net.shape.latent, generator=self.dice).to(device)

    @torch.no_grad()
    def _average(self) -> None:
        for name, tensor in self.net.state_dict().items():
            if tensor.is_floating_point():
                self.averaged[name].lerp_(tensor, 1 - self.rounds.average)
            else:
                self.averaged[name].copy_(tensor)

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Everything that, put back, makes it go on as if it had never stopped."""
        for prefix, held in self._states():
            yield from ((f"{prefix}{name}", tensor) for name, tensor in held.items())
        yield from optimizer_tensors(self.draws, prefix="draws.")
        yield from optimizer_tensors(self.judges, prefix="judges.")
        yield "dice", self.dice.get_state()

    def resume(self, checkpoint: Checkpoint) -> None:
        """Go on from what was written down, if anything was."""
        found = checkpoint.load()
        if found is None:
            return
        tensors, facts = found
        self.passes = facts["passes"]
        for prefix, held in self._states():
            for name, tensor in under(prefix, tensors).items():
                held[name].copy_(tensor)
        load_optimizer(self.draws, tensors, prefix="draws.")
        load_optimizer(self.judges, tensors, prefix="judges.")
        self.dice.set_state(tensors["dice"])

    def _states(self) -> tuple[tuple[str, dict[str, Tensor]], ...]:
        return (
            ("net.", {name: tensor.detach() for name, tensor in self.net.state_dict().items()}),
            ("judge.", {name: tensor.detach() for name, tensor in self.judge.state_dict().items()}),
            ("averaged.", self.averaged),
        )


def _descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    optimizer.step()


@contextmanager
def _frozen(module: nn.Module) -> Iterator[None]:
    """No gradients for its parameters, though through it."""
    parameters = list(module.parameters())
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)
