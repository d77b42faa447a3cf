"""A federation from start to end: clients as processes of their own, rounds that are kept, and none left behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairwitness.core.errors import ConfigError
from fairwitness.federated import link
from fairwitness.federated.client import NODE
from fairwitness.io.atomic import write_text

if TYPE_CHECKING:
    from fairwitness.federated.parcels import Parcel
    from fairwitness.federated.rounds import Left, Plan, State
    from fairwitness.federated.tallies import Sent

CHECKPOINT, JOURNAL = "rounds.safetensors", "left.jsonl"
INSTALL = "pip install 'fairwitness[federated]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How it went.

    Attributes:
        sent: The counts of each client that was left at the end.
        ended: Why it stopped before its last round; empty where it did not.
    """

    state: State
    sent: tuple[Sent, ...]
    ended: str


def need_flower(*, simulate: bool) -> None:
    """Refuse before any work where what is needed is not installed.

    Raises:
        ConfigError: Flower is not, or for a simulation Ray.
    """
    if find_spec("flwr") is None:
        raise ConfigError(f"federate: needs Flower; {INSTALL}")
    if simulate and find_spec("ray") is None:
        raise ConfigError("federate: --simulate needs Ray; pip install 'flwr[simulation]', or leave --simulate out")


def run(
    parcels: Sequence[Parcel],
    plan: Plan,
    *,
    folder: Path,
    key: str,
    simulate: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Ran:
    """Train over the parcels and count.

    Args:
        parcels: One a client, by number.
        plan: What is to be done.
        folder: Where clients have their folders meanwhile, and finished rounds are kept.
        key: Of data and settings: rounds of another key are no start.
        simulate: Within Flower's simulation instead of processes of our own.
        progress: Told how many rounds are done, of how many.
    """
    link.quiet()
    os.environ["FLWR_HOME"] = str(folder / "flower")
    kept = _Kept(folder / CHECKPOINT, key)
    state = kept.load()
    for stale in folder.glob("[0-9]*"):  # rows that a killed run of more clients left
        shutil.rmtree(stale, ignore_errors=True)
    for number, parcel in enumerate(parcels):
        parcel.save(folder / str(number))

    def keep(state: State) -> None:
        kept.save(state)
        progress(state.done, plan.rounds)

    try:
        return (_simulated if simulate else _separate)(plan, state, folder, _Watch(keep, kept.note))
    finally:
        for number in range(len(parcels)):  # rows are not left lying
            shutil.rmtree(folder / str(number), ignore_errors=True)
        shutil.rmtree(folder / "flower", ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Watch:
    """Who is told of a finished round, and of a message that left a client."""

    keep: Callable[[State], None]
    note: Callable[[Left], None]


def _conducted(grid: Any, plan: Plan, state: State, watch: _Watch) -> Ran:  # noqa: ANN401 - Flower's grid
    from fairwitness.federated.rounds import Ended, Server

    try:
        sent = Server(grid, plan, state, watch.note).run(watch.keep)
    except Ended as error:
        return Ran(state=state, sent=(), ended=str(error))
    return Ran(state=state, sent=tuple(sent), ended="")


def _separate(plan: Plan, state: State, folder: Path, watch: _Watch) -> Ran:
    """Each client a process of its own, over loopback."""
    processes: list[subprocess.Popen[bytes]] = []
    gone: set[int] = set()

    def tick(nodes: Any) -> None:  # noqa: ANN401 - Flower's state
        """Take out the nodes of processes that have ended: nobody need wait for their heartbeat to fail."""
        for number, process in enumerate(processes):
            if number not in gone and process.poll() is not None and (folder / str(number) / NODE).exists():
                gone.add(number)
                nodes.deactivate_node(int((folder / str(number) / NODE).read_text()))

    with link.superlink(tick, timeout=plan.patience) as (grid, port), _ended(processes):
        command = (sys.executable, "-m", "fairwitness.federated.client", str(port))
        for number in range(len(plan.names)):
            own = folder / str(number)
            with (folder / f"client-{number}.log").open("wb") as log:
                processes.append(
                    subprocess.Popen(  # noqa: S603 - our own module, and no word of a user's in it
                        [*command, str(own), str(os.getpid())], stdin=subprocess.DEVNULL, stdout=log, stderr=log
                    )
                )
        grid.dead = lambda: sum(process.poll() is not None for process in processes)
        return _conducted(grid, plan, state, watch)


@contextmanager
def _ended(processes: Sequence[subprocess.Popen[bytes]]) -> Iterator[None]:
    """End every process on the way out, whatever the way."""
    try:
        yield
    finally:
        for process in processes:
            process.kill()  # they keep nothing that is not here already
        for process in processes:
            process.wait()


def _simulated(plan: Plan, state: State, folder: Path, watch: _Watch) -> Ran:
    """Flower's simulation: clients are turns of Ray's workers."""
    from flwr.common.constant import PARTITION_ID_KEY
    from flwr.serverapp import ServerApp
    from flwr.simulation import run_simulation

    from fairwitness.federated.apps import client_app

    found: list[Ran] = []
    server = ServerApp()

    @server.main()  # type: ignore[untyped-decorator]  # Flower is not installed where types are checked
    def main(grid: Any, context: Any) -> None:  # noqa: ANN401, ARG001 - Flower's
        found.append(_conducted(grid, plan, state, watch))

    def own(context: Any) -> Path:  # noqa: ANN401 - Flower's context
        return folder / str(context.node_config[PARTITION_ID_KEY])

    ray = {"_node_ip_address": link.HOST, "include_dashboard": False, "num_cpus": min(2, os.cpu_count() or 1)}
    with _reaped():
        run_simulation(
            server_app=server,
            client_app=client_app(own),
            num_supernodes=len(plan.names),
            backend_config={"client_resources": {"num_cpus": 1, "num_gpus": 0.0}, "init_args": ray},
        )
        import ray as workers

        workers.shutdown()
    return found[0]


@contextmanager
def _reaped() -> Iterator[None]:
    """Have every process that is started within ended on the way out, and when this one is killed."""
    watch = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "fairwitness.federated.reaper", str(os.getpid())],
        stdin=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is not for it
    )
    try:
        yield
    finally:
        watch.communicate()


class _Kept:
    """Finished rounds on disk."""

    def __init__(self, path: Path, key: str) -> None:
        from fairwitness.torchkit.checkpoint import Checkpoint

        self._file = Checkpoint(path=path, key=key)
        self._journal = path.with_name(JOURNAL)
        self._key = json.dumps({"key": key})

    def note(self, left: Left) -> None:
        """Write down a message that left a client, at once: it left even if its round is never finished."""
        with self._journal.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(left), ensure_ascii=False) + "\n")

    def _left(self) -> list[Left]:
        """All that was written down under this key; of another key nothing is kept."""
        from fairwitness.federated.rounds import Left

        lines = self._journal.read_text(encoding="utf-8").splitlines() if self._journal.exists() else []
        whole = [line for line in lines[1:] if line.endswith('"}')] if lines[:1] == [self._key] else []
        write_text(
            self._journal, "".join(f"{line}\n" for line in (self._key, *whole))
        )  # a write that was killed is out
        return [Left(**json.loads(line)) for line in whole]

    def save(self, state: State) -> None:
        import torch

        tensors = {f"arrays.{name}": tensor for name, tensor in state.arrays.items()}
        tensors |= {f"best.{name}": tensor for name, tensor in state.best.items()}
        for name, raw in (("description", state.description), ("weights", state.weights)):
            tensors[f"first.{name}"] = torch.frombuffer(bytearray(raw), dtype=torch.uint8)
        facts = {
            "best_round": state.best_round,
            "done": state.done,
            "rounds": [asdict(each) for each in state.rounds],
            "noised": state.noised,
        }
        self._file.save(tensors, facts)

    def load(self) -> State:
        from fairwitness.federated.rounds import Round, State
        from fairwitness.torchkit.checkpoint import under

        found = self._file.load()
        if found is None:
            return State(left=self._left())
        tensors, facts = found
        first = {name: bytes(tensor.numpy()) for name, tensor in under("first.", tensors).items()}
        return State(
            description=first["description"],
            weights=first["weights"],
            arrays=under("arrays.", tensors),
            best=under("best.", tensors),
            best_round=facts["best_round"],
            done=facts["done"],
            rounds=[Round(**{**each, "clients": tuple(each["clients"])}) for each in facts["rounds"]],
            left=self._left(),
            lost={},  # whoever was lost is asked again
            noised=facts.get("noised", {}),
        )
