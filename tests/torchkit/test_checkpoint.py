import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from fairwitness.core.errors import UserError
from fairwitness.torchkit.checkpoint import Checkpoint
from fairwitness.torchkit.parts.adversary import Adversary
from fairwitness.torchkit.parts.base import Part
from fairwitness.torchkit.parts.penalties import LossPenalty
from fairwitness.torchkit.parts.samplers import Weighted
from fairwitness.torchkit.training import Schedule, Trained, seeded, train

ROWS = 90


class Stop(Exception):  # noqa: N818 - no error: a stand-in for a kill
    pass


class Net(nn.Module):
    """Dropout draws from torch's own dice, batch normalisation keeps buffers, convolutions lie otherwise in memory: all
    must come back.
    """

    def __init__(self) -> None:
        super().__init__()
        first = (nn.Conv2d(1, 4, (1, 2)), nn.ReLU(), nn.Conv2d(4, 4, (1, 2)), nn.Flatten())
        self.body = nn.Sequential(*first, nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.3), nn.Linear(4, 2))

    def forward(self, numbers: Tensor) -> Tensor:
        logits: Tensor = self.body(numbers.view(-1, 1, 1, 3))
        return logits


class Count:
    """Counts steps by way of the loss, and stops; an object, as what a function holds tells trainings apart."""

    def __init__(self, stop_at: int | None) -> None:
        self.stop_at, self.steps = stop_at, 0

    def __call__(self, logits: Tensor, *_: object) -> Tensor:
        self.steps += torch.is_grad_enabled()
        if self.stop_at is not None and self.steps > self.stop_at:
            raise Stop
        return logits.sum() * 0


def run(
    path: Path | None, *, stop_at: int | None = None, seed: int = 0, every: float = 0.0, **settings: Any
) -> tuple[nn.Module, Trained, int]:
    """Train with everything that has a state; stop after some steps as if killed."""
    dice = torch.Generator().manual_seed(0)
    x = torch.randn(ROWS, 3, generator=dice)
    y = (x[:, 0] + torch.randn(ROWS, generator=dice) > 0).long()
    g = (x[:, 1] > 0).long()
    count = Count(stop_at)

    plan = {"epochs": 6, "batch": 16, "learning_rate": 0.02, "weight_decay": 0.01, "patience": 3, **settings}
    with seeded(seed) as own:
        net = Net()
        parts: list[Part] = [
            Weighted(torch.rand(ROWS) + 0.1),
            Adversary(nn.Linear(2, 2), strength=0.3),
            LossPenalty(count),
        ]
        how = train(
            net,
            {"numbers": x},
            y,
            groups=g,
            held=np.arange(ROWS) < 20,
            schedule=Schedule(**plan, descent="cosine", warm_up=0.1),
            dice=own,
            parts=parts,
            checkpoint=None if path is None else Checkpoint(path=path, every=every),
        )
    return net, how, count.steps


def same(one: tuple[nn.Module, Trained, int], other: tuple[nn.Module, Trained, int]) -> None:
    assert one[1] == other[1]
    torch.testing.assert_close(one[0].state_dict(), other[0].state_dict(), rtol=0, atol=0)


@pytest.mark.parametrize("stop_at", [0, 1, 4, 5, 6, 17, 29])
def test_stopped_anywhere_it_ends_the_same(tmp_path: Path, stop_at: int) -> None:
    """Five steps a pass: before the first, within a pass, at its end, in the last."""
    path = tmp_path / "new" / "state.safetensors"
    whole = run(None)
    with pytest.raises(Stop):
        run(path, stop_at=stop_at)
    resumed = run(path)
    same(whole, resumed)
    assert whole[2] - resumed[2] == stop_at


def test_stopped_twice_and_finished_it_trains_no_further(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    for stop_at in (7, 8):
        with pytest.raises(Stop):
            run(path, stop_at=stop_at)
    first = run(path)
    again = run(path)
    same(run(None), first)
    same(first, again)
    assert again[2] == 0


@pytest.mark.parametrize("other", [{"seed": 1}, {"learning_rate": 0.03}, {"epochs": 7}])
def test_the_state_of_another_training_is_no_start(tmp_path: Path, other: dict[str, Any]) -> None:
    path = tmp_path / "state.safetensors"
    with pytest.raises(Stop):
        run(path, stop_at=7)
    same(run(None, **other), run(path, **other))


def test_a_damaged_file_is_no_start(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    with pytest.raises(Stop):
        run(path, stop_at=7)
    path.write_bytes(path.read_bytes()[:-100])
    same(run(None), run(path))
    path.write_bytes(b"")
    same(run(None), run(path))


def test_a_file_with_one_number_changed_is_no_start(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    with pytest.raises(Stop):
        run(path, stop_at=7)
    written = bytearray(path.read_bytes())
    written[-1] ^= 1
    path.write_bytes(written)
    same(run(None), run(path))


def test_with_another_loss_it_starts_anew(tmp_path: Path) -> None:
    """Nothing of the module, the data or the schedule tells the two apart."""

    def trained(power: int, path: Path | None) -> nn.Module:
        with seeded(0) as own:
            net = Net()
            train(
                net,
                {"numbers": torch.randn(40, 3)},
                torch.rand(40),
                held=np.zeros(40, dtype=bool),
                schedule=Schedule(epochs=2, batch=16, learning_rate=0.02, weight_decay=0.0, patience=2),
                dice=own,
                losses=lambda output, target: (output[:, 0] - target).abs() ** power,
                checkpoint=None if path is None else Checkpoint(path=path),
            )
        return net

    path = tmp_path / "state.safetensors"
    trained(1, path)
    torch.testing.assert_close(trained(2, path).state_dict(), trained(2, None).state_dict(), rtol=0, atol=0)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="file"):
        run(tmp_path / "file" / "state.safetensors")


def test_it_is_safetensors_with_a_json_head_and_no_pickle(tmp_path: Path) -> None:
    from safetensors import safe_open

    path = tmp_path / "state.safetensors"
    run(path, every=1e9)  # written once, at the end
    with safe_open(path, framework="np") as file:
        facts = json.loads(file.metadata()["facts"])
        names = {name.split(".")[0] for name in file.keys()}  # noqa: SIM118 - not a mapping
    assert facts["over"] is True
    assert names == {"module", "best", "optimizer", "part1", "dice"}
    assert list(tmp_path.iterdir()) == [path]


def test_seconds_between_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    kept = Checkpoint(path=tmp_path / "s", every=30)
    now = 129.9
    assert not kept.due()
    now = 130.0
    assert kept.due()
    kept.save({}, {})
    assert not kept.due()


KILLED = """
import sys, time
sys.path.insert(0, sys.argv[2])
import test_checkpoint as t
from pathlib import Path
before = t.Checkpoint.save
def slowly(self, *given):
    before(self, *given)
    time.sleep(0.02)
t.Checkpoint.save = slowly
print("ready", flush=True)
t.run(Path(sys.argv[1]), epochs=60, patience=60)
"""


@pytest.mark.slow
def test_killed_in_another_process_it_ends_the_same(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    command = [sys.executable, "-c", KILLED, str(path), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        while not path.exists() and child.poll() is None:
            time.sleep(0.005)
        time.sleep(0.3)
        child.kill()
        assert child.wait() == -signal.SIGKILL
    whole, resumed = run(None, epochs=60, patience=60), run(path, epochs=60, patience=60, every=60.0)
    same(whole, resumed)
    assert 0 < whole[2] - resumed[2] < whole[2]
