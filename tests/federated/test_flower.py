"""Federations on Flower: what comes out, what dies with what, and who is talked to. Needs the extra `federated`."""

import importlib
import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

from support import federations

if importlib.util.find_spec("flwr") is None:  # not importorskip: Flower reads on import whether it may tell of its runs
    pytest.skip("needs the extra federated", allow_module_level=True)

from fairwitness.federated import link

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Flower's typer is older than click
    link.quiet()

from fairwitness.federated import running
from fairwitness.federated.local import Client, Local
from fairwitness.federated.parcels import Parcel
from fairwitness.federated.rounds import Plan

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # Flower and Ray warn of their own parts

SIZES = (120, 200, 60)


def plan(**changes: Any) -> Plan:
    names = tuple(f"site {number}" for number in range(len(SIZES)))
    return Plan(
        **{"names": names, "rounds": 3, "local": Local(), "least": 2, "smallest": 0, "patience": 120.0, **changes}
    )


def run(folder: Path, **changes: Any) -> running.Ran:
    folder.mkdir(exist_ok=True)
    watch = changes.pop("watch", lambda _done, _of: None)
    simulate = changes.pop("simulate", False)
    parcels = federations.parcels(*SIZES)
    return running.run(parcels, plan(**changes), folder=folder, key="k", simulate=simulate, progress=watch)


def children(folder: Path) -> list[int]:
    """Client processes whose rows lie there."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if "fairwitness.federated.client" in words and any(word.startswith(str(folder)) for word in words):
            found.append(int(entry.name))
    return found


def by_hand(tmp_path: Path, rounds: int) -> dict[str, torch.Tensor]:
    """Federated averaging without Flower, written out."""
    clients = []
    for parcel in federations.parcels(*SIZES):
        parcel.save(tmp_path / parcel.name)
        clients.append(Client(Parcel.load(tmp_path / parcel.name), tmp_path / parcel.name))
    description, weights = clients[1].first()  # it has the most rows
    for client in clients:
        client.take(description, weights)
    state = {name: tensor.clone() for name, tensor in clients[0].model.module.state_dict().items()}
    total = sum(len(client.learn) for client in clients)
    for turn in range(1, rounds + 1):
        sent = [client.train(state, Local(), turn=turn) for client in clients]
        state = {
            name: sum(made[name].double() * len(client.learn) for made, client in zip(sent, clients, strict=True))
            / total
            for name in state
        }
        state = {name: tensor.float() for name, tensor in state.items()}
    return state


def test_rounds_over_processes_are_federated_averaging_and_resume_to_the_same(tmp_path: Path) -> None:
    listening: list[str] = []

    def watch(done: int, of: int) -> None:
        listening.extend(addresses([os.getpid(), *children(tmp_path / "two")]))

    first = run(tmp_path / "two", rounds=1)
    again = run(tmp_path / "two", rounds=3, watch=watch)
    assert [each.round for each in again.state.rounds] == [1, 2, 3]
    assert first.ended == again.ended == ""
    wanted = by_hand(tmp_path, 3)
    for name, tensor in again.state.arrays.items():
        torch.testing.assert_close(tensor.float(), wanted[name], atol=1e-6, rtol=0)
    assert [each.people for each in again.sent] == [36, 60, 18]
    assert listening
    assert set(listening) == {"127.0.0.1"}
    assert children(tmp_path / "two") == []
    assert not (tmp_path / "two" / "0").exists()  # rows are not left lying
    kinds = {each.kind for each in again.state.left}
    assert kinds == {"hello", "first network", "network taken", "update", "loss", "counts"}
    updates = [each for each in again.state.left if each.kind == "update"]
    assert [(each.client, each.round) for each in updates] == [(f"site {n}", r) for r in (1, 2, 3) for n in range(3)]
    assert all("num-examples" in each.content and "×" in each.content for each in updates)
    weights = sum(tensor.numel() * tensor.element_size() for tensor in again.state.arrays.values())
    assert all(weights <= each.bytes < weights + 5000 for each in updates)


def addresses(pids: list[int]) -> list[str]:
    """Addresses that these processes listen on or talk from, TCP of either version."""
    inodes = set()
    for pid in pids:
        for entry in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                target = entry.readlink().as_posix()
            except OSError:
                continue
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    found = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes:
                raw = fields[1].split(":")[0]
                found.append(".".join(str(int(raw[i : i + 2], 16)) for i in (6, 4, 2, 0)) if len(raw) == 8 else raw)
    return found


def test_a_client_killed_amid_a_round_is_survived_and_told(tmp_path: Path) -> None:
    def kill(done: int, of: int) -> None:
        if done == 1:
            (victim,) = [pid for pid in children(tmp_path / "f") if f"{tmp_path / 'f' / '2'}" in _words(pid)]
            threading.Timer(0.1, os.kill, (victim, signal.SIGKILL)).start()  # the next round is under way by then

    ran = run(tmp_path / "f", rounds=6, local=Local(epochs=20), watch=kill)
    assert ran.ended == ""
    assert ran.state.lost.keys() == {"site 2"}
    assert ran.state.rounds[-1].clients == ("site 0", "site 1")
    assert [each.site for each in ran.sent] == ["site 0", "site 1"]


def test_with_too_few_clients_left_it_ends_and_says_so(tmp_path: Path) -> None:
    def kill(done: int, of: int) -> None:
        if done == 1:
            for pid in children(tmp_path / "f")[:2]:
                os.kill(pid, signal.SIGKILL)

    ran = run(tmp_path / "f", rounds=4, watch=kill)
    assert ran.ended == "1 of 3 clients are left, and 2 are wanted"
    assert ran.state.done == 1
    assert ran.sent == ()
    assert children(tmp_path / "f") == []


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, {support!r})
from support import federations
from fairwitness.federated import link, running
link.quiet()
from fairwitness.federated.local import Local
from fairwitness.federated.rounds import Plan
plan = Plan(names=("site 0", "site 1"), rounds=10_000, local=Local(), least=2, smallest=5, patience=60.0)
running.run(federations.parcels(80, 80), plan, folder=Path({folder!r}), key="k", progress=lambda d, n: print(d, flush=True))
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_no_process_outlives_the_command_however_it_ends(tmp_path: Path, sent: signal.Signals) -> None:
    script = SCRIPT.format(support=str(Path(__file__).parents[1]), folder=str(tmp_path))
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    assert process.stdout is not None
    process.stdout.readline()  # a round is done
    assert len(children(tmp_path)) == 2
    process.send_signal(sent)
    process.wait(timeout=60)
    process.stdout.close()
    end = time.monotonic() + 10
    while children(tmp_path) and time.monotonic() < end:
        time.sleep(0.1)
    assert children(tmp_path) == []


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs Ray")
def test_flowers_simulation_gives_the_same_weights(tmp_path: Path) -> None:
    ran = run(tmp_path / "simulated", rounds=2, simulate=True)
    wanted = by_hand(tmp_path, 2)
    for name, tensor in ran.state.arrays.items():
        torch.testing.assert_close(tensor.float(), wanted[name], atol=1e-6, rtol=0)


def test_nothing_is_told_to_anybody_outside() -> None:
    assert os.environ["FLWR_TELEMETRY_ENABLED"] == "0"
    assert os.environ["FLWR_DISABLE_UPDATE_CHECK"] == "1"
    telemetry = importlib.import_module("flwr.supercore.telemetry")
    assert telemetry.FLWR_TELEMETRY_ENABLED == "0"


def _words(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
