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
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
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


def addresses(pids: list[int], *, listening: bool = False) -> list[str]:
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
            if fields[9] in inodes and (fields[3] == "0A" or not listening):
                raw = fields[1].split(":")[0].removeprefix("0000000000000000FFFF0000")  # version 4 within 6
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


def test_a_client_that_hangs_is_waited_for_once(tmp_path: Path) -> None:
    """Stopped, not dead: its connections stay open and nothing comes. One wait, not one a round."""
    stopped: list[int] = []
    hasty = plan(rounds=4)

    def stop(done: int, of: int) -> None:
        if done == 1:
            (victim,) = [pid for pid in children(tmp_path / "f") if f"{tmp_path / 'f' / '0'}" in _words(pid)]
            os.kill(victim, signal.SIGSTOP)
            stopped.append(victim)
            object.__setattr__(hasty, "patience", 10.0)  # the first round alone also waits for imports

    (tmp_path / "f").mkdir()
    ran = running.run(federations.parcels(*SIZES), hasty, folder=tmp_path / "f", key="k", progress=stop)
    assert ran.state.lost == {"site 0": 2}
    assert [each.clients for each in ran.state.rounds[1:]] == [("site 1", "site 2")] * 3
    assert sum(each.seconds > 10 for each in ran.state.rounds[1:]) == 1
    assert children(tmp_path / "f") == []


def test_a_client_that_dies_before_it_is_met_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save = Parcel.save

    def damaged(parcel: Parcel, folder: Path) -> None:
        save(parcel, folder)
        if parcel.number == 1:
            (folder / "facts.json").write_text("{")

    monkeypatch.setattr(Parcel, "save", damaged)
    ran = run(tmp_path / "f", rounds=1)
    assert ran.state.lost == {"site 1": 0}
    assert [each.site for each in ran.sent] == ["site 0", "site 2"]


def test_updates_that_are_no_numbers_are_left_out_and_it_ends_by_saying_so(tmp_path: Path) -> None:
    ran = run(tmp_path / "f", rounds=2, local=Local(epochs=5, learning_rate=1e38))
    assert ran.ended == "0 of 3 clients are left, and 2 are wanted"
    assert ran.state.lost == dict.fromkeys(("site 0", "site 1", "site 2"), 1)


def test_a_client_of_one_class_and_one_with_one_row_to_learn_from_take_part(tmp_path: Path) -> None:
    parcels = list(federations.parcels(120, 100, 2))
    parcels[1] = replace(parcels[1], target=np.full(100, "1", dtype=object))
    parcels[2] = replace(parcels[2], judged=np.array([False, True]))
    (tmp_path / "f").mkdir()
    ran = running.run(parcels, plan(rounds=1), folder=tmp_path / "f", key="k")
    assert ran.ended == ""
    assert ran.state.lost == {}
    assert [each.people for each in ran.sent] == [36, 30, 1]


def test_every_byte_that_leaves_is_in_the_list_and_none_is_of_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What clients send is read off the server's socket, not asked of the code that lists it."""
    main = importlib.import_module("flwr.superlink.main")
    create, bodies = main.create_app, []

    def listening() -> Any:
        app = create()

        async def tapped(scope: Any, receive: Any, send: Any) -> None:
            whole = bytearray()

            async def hear() -> Any:
                message = await receive()
                whole.extend(message.get("body", b""))
                return message

            await app(scope, hear, send)
            bodies.append((scope.get("path", ""), bytes(whole)))

        tapped.state = app.state  # type: ignore[attr-defined]  # as the app's own
        return tapped

    monkeypatch.setattr(main, "create_app", listening)
    ran = run(tmp_path / "f", rounds=2)
    content = sum(len(raw) for path, raw in bodies if path.endswith("/push-object"))
    listed = sum(each.bytes for each in ran.state.left)
    messages = sum(path.endswith("/push-messages") for path, _ in bodies)
    assert messages == len(ran.state.left) > 20
    assert listed <= content < listed + 6000 * messages  # names and shapes of parts beside the content
    small = sum(len(raw) for path, raw in bodies if not path.endswith(("/push-object", "/push-messages")))
    assert small < 500 * len(bodies)
    sent = b"".join(raw for _, raw in bodies)
    for parcel in federations.parcels(*SIZES):
        for values in parcel.rows.columns.values():
            assert not any(value.tobytes() in sent for value in values[:, None])
            narrow = values.astype(np.float32)
            assert not any(narrow[place : place + 2].tobytes() in sent for place in range(len(narrow) - 1))


def test_messages_of_a_round_that_was_cut_off_are_listed(tmp_path: Path) -> None:
    def stop(done: int, of: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "f", rounds=3, watch=stop)
    journal = (tmp_path / "f" / running.JOURNAL).read_text().splitlines()
    again = run(tmp_path / "f", rounds=3)
    assert (
        len(journal) - 1
        == sum(each.kind in {"hello", "first network", "network taken"} for each in again.state.left[:7]) + 12
    )
    assert len(again.state.left) > len(journal) - 1
    other = running.run(federations.parcels(*SIZES), plan(rounds=1), folder=tmp_path / "f", key="another")
    assert len(other.state.left) < len(again.state.left)  # another federation has a list of its own


def test_noised_counts_of_a_model_leave_once(tmp_path: Path) -> None:
    groups = {"g": ("p", "q"), "@label": ("no", "yes"), "@decision": ("no", "yes")}
    first = run(tmp_path / "f", rounds=1, epsilon=0.5, categories=groups)
    again = run(tmp_path / "f", rounds=1, epsilon=0.5, categories=groups)
    assert {each.scale for each in first.sent} == {Fraction(2)}
    assert all(each.people is None and each.cells == 8 for each in first.sent)
    assert first.sent == again.sent
    assert sum(each.kind == "counts" for each in again.state.left) == 3
    assert not any("judged" in each.content for each in again.state.left)


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
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_simulation_listens_on_loopback_only_and_leaves_nothing_behind(tmp_path: Path) -> None:
    script = SCRIPT.format(support=str(Path(__file__).parents[1]), folder=str(tmp_path))
    script = script.replace("progress=", "simulate=True, progress=")
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    assert process.stdout is not None
    process.stdout.readline()  # a round is done
    family = [pid for pid in map(int, _numbers()) if _session(pid) == process.pid]
    assert len(family) > 5
    assert set(addresses(family, listening=True)) == {"127.0.0.1"}
    process.kill()
    process.wait(timeout=60)
    process.stdout.close()
    end = time.monotonic() + 20
    while (left := [pid for pid in map(int, _numbers()) if _session(pid) == process.pid]) and time.monotonic() < end:
        time.sleep(0.2)
    assert left == []


def _numbers() -> list[str]:
    return [entry.name for entry in Path("/proc").glob("[0-9]*")]


def _session(pid: int) -> int | None:
    """The session a process belongs to; None where it has ended."""
    try:
        state, _, _, session = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:4]
    except OSError:
        return None
    return None if state == "Z" else int(session)


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
