"""Networks of a run that was stopped, or asked for again: those that are there are found, and no other training's are."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from fairwitness.torchkit import many
from fairwitness.torchkit.many import fit_many
from fairwitness.torchkit.parts.weights import ClassWeights
from fairwitness.torchkit.training import Schedule
from support.networks import MEMBERS, ROWS, Scaled, alike, held, masks, plan, together


@pytest.mark.parametrize("family", ["dense", "alone"])
def test_finished_networks_are_found_again(tmp_path: Path, family: str) -> None:
    told: list[tuple[int, int]] = []

    def note(done: int, planned: int) -> None:
        told.append((done, planned))

    first = together(family, folder=tmp_path, progress=note)
    assert told[-1] == (MEMBERS, MEMBERS)
    assert len(list(tmp_path.iterdir())) == MEMBERS
    told.clear()
    alike(first, together(family, folder=tmp_path, progress=note), tolerance=0)
    assert told == []

    sorted(tmp_path.iterdir())[2].write_bytes(b"damaged")
    alike(first, together(family, folder=tmp_path, progress=note))
    assert told == [(MEMBERS, MEMBERS)]


@pytest.mark.parametrize(
    "other",
    [
        {"seeds": range(10, 10 + MEMBERS)},
        {"schedule": plan(learning_rate=0.03)},
        {"learn": masks(1)},
        {"held": held()},
        {"weights": torch.ones(ROWS)},
        {"parts": [ClassWeights(torch.tensor([2.0, 1.0, 0.5]))]},
        {"key": "of another recipe"},
    ],
)
def test_another_training_is_not_mistaken_for_one_that_is_kept(tmp_path: Path, other: dict[str, Any]) -> None:
    together("dense", folder=tmp_path)
    together("dense", folder=tmp_path, **other)
    assert len(list(tmp_path.iterdir())) == 2 * MEMBERS


def test_stopped_between_pieces_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "FEWEST", 2)
    monkeypatch.setattr(many, "MOST", 2)
    told: list[int] = []

    def stop(done: int, _: int) -> None:
        told.append(done)
        if len(told) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        together("dense", folder=tmp_path, progress=stop, threads=1)
    assert len(list(tmp_path.iterdir())) == 2
    alike(together("dense", folder=tmp_path, progress=stop), together("dense"))
    assert (told[0], told[-1], len(told)) == (2, MEMBERS, 3)  # the last two pieces in either order


class Gated(nn.Module):
    """A recurrent layer, so networks are trained side by side and not in a stack."""

    def __init__(self) -> None:
        super().__init__()
        self.cells, self.head = nn.GRU(4, 2, batch_first=True), nn.Linear(2, 3)

    def forward(self, numbers: Tensor, codes: Tensor) -> Tensor:
        logits: Tensor = self.head(self.cells(numbers[:, None])[0][:, 0] + codes[:, :1])
        return logits


@pytest.mark.parametrize("family", [Scaled, Gated])
def test_when_one_is_stopped_the_others_stop_after_their_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: type[nn.Module]
) -> None:
    """Ctrl-C comes as the first is done, which does not get better and stops early; the other has no rows to stop by."""
    monkeypatch.setattr(many, "FEWEST", 1)
    monkeypatch.setattr(many, "MOST", 1)
    learn = np.arange(40) < np.array([[20], [40]])
    held = np.arange(40) >= np.array([[20], [40]])
    passes: list[int] = []
    asked = many._Job.go_on

    def count(job: Any, *given: object) -> None:
        passes.append(1)
        asked(job, *given)

    def stop(*_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(many._Job, "go_on", count)
    with pytest.raises(KeyboardInterrupt):
        fit_many(
            lambda _: family(),
            {"numbers": torch.ones(40, 4), "codes": torch.zeros(40, 1, dtype=torch.int64)},
            torch.arange(40) % 3,
            learn=learn,
            held=held,
            seeds=[0, 1],
            schedule=Schedule(epochs=50_000, batch=20, learning_rate=1e-12, weight_decay=0.0, patience=1),
            folder=tmp_path,
            threads=2,
            progress=stop,
        )
    assert len(list(tmp_path.iterdir())) == 1
    assert len(passes) < 50_000


def test_more_seeds_keep_those_that_are_there(tmp_path: Path) -> None:
    together("dense", learn=masks()[:3], seeds=range(3), folder=tmp_path)
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    together("dense", folder=tmp_path)
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())
    assert len(list(tmp_path.iterdir())) == MEMBERS
