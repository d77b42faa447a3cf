"""Seconds a round of federated averaging: clients as processes over loopback, and in Flower's simulation, beside a plain
Flower app in its simulation.

Run by the Python that has the extra `federated`: `.venv-federated/bin/python benchmarks/federated.py`. All train a network of
the same size over the same rows of three clients for ten rounds, each in a process of its own; starting up is told apart.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.federated import link, running
from fairwitness.federated.local import Local
from fairwitness.federated.parcels import Parcel, Task
from fairwitness.federated.rounds import Plan
from fairwitness.federated.sites import Outcome

CLIENTS, ROWS, WIDE, ROUNDS = 3, 1000, 20, 10
NAMES = tuple(f"x{number}" for number in range(WIDE))


def data(client: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    rng = np.random.default_rng(client)
    x = rng.normal(size=(ROWS, WIDE))
    return x, (x[:, :5].sum(axis=1) + rng.normal(size=ROWS) > 0).astype(np.int64)


def ours(*, simulate: bool) -> tuple[float, float]:
    """Seconds until the first round is done, and median seconds of the rounds after it."""
    outcome = Outcome(axes=("@label", "@decision"), axis="@decision", category="yes", words="selection rate")
    columns = tuple(Column(name=name, kind="number") for name in NAMES)
    task = Task(recipe="mlp", options={}, columns=columns, classes=("0", "1"), positive="1", outcome=outcome, seed=0)
    parcels = []
    for number in range(CLIENTS):
        x, y = data(number)
        parcels.append(
            Parcel(
                name=f"client {number}",
                number=number,
                task=task,
                rows=Rows(ids=np.arange(ROWS), columns=dict(zip(NAMES, x.T, strict=True))),
                target=y.astype(str).astype(object),
                judged=np.arange(ROWS) >= 0.7 * ROWS,
                groups={"g": np.where(x[:, 0] > 0, "p", "q").astype(object)},
            )
        )
    plan = Plan(
        names=tuple(parcel.name for parcel in parcels),
        rounds=ROUNDS,
        local=Local(),
        least=2,
        smallest=5,
        patience=300.0,
    )
    began, ends = time.perf_counter(), []

    def told(_done: int, _of: int) -> None:
        ends.append(time.perf_counter())

    with tempfile.TemporaryDirectory() as folder:
        running.run(parcels, plan, folder=Path(folder), key="", simulate=simulate, progress=told)
    return ends[0] - began, float(np.median(np.diff(ends)))


def plain() -> tuple[float, float]:
    """The same of Flower's quickstart: a network, its training loop, FedAvg."""
    link.quiet()
    from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
    from flwr.clientapp import ClientApp
    from flwr.serverapp import Grid, ServerApp
    from flwr.serverapp.strategy import FedAvg
    from flwr.simulation import run_simulation

    def net() -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Linear(WIDE, 32), torch.nn.ReLU(), torch.nn.Linear(32, 2))

    client, server, ends = ClientApp(), ServerApp(), []

    @client.train()
    def train(message: Message, context: Context) -> Message:
        x, y = (torch.from_numpy(each) for each in data(int(context.node_config["partition-id"])))
        module = net()
        module.load_state_dict(message.content["arrays"].to_torch_state_dict())
        optimizer = torch.optim.AdamW(module.parameters(), lr=3e-3)
        for places in torch.randperm(int(0.6 * ROWS)).split(128):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(module(x[places].float()), y[places]).backward()
            optimizer.step()
        content = {
            "arrays": ArrayRecord(module.state_dict()),
            "metrics": MetricRecord({"num-examples": int(0.6 * ROWS)}),
        }
        return Message(RecordDict(content), reply_to=message)

    @client.evaluate()
    def evaluate(message: Message, context: Context) -> Message:
        x, y = (torch.from_numpy(each) for each in data(int(context.node_config["partition-id"])))
        module = net()
        module.load_state_dict(message.content["arrays"].to_torch_state_dict())
        with torch.no_grad():
            loss = float(torch.nn.functional.cross_entropy(module(x[600:700].float()), y[600:700]))
        return Message(RecordDict({"metrics": MetricRecord({"loss": loss, "num-examples": 100})}), reply_to=message)

    @server.main()
    def serve(grid: Grid, _context: Context) -> None:
        strategy = FedAvg(min_available_nodes=CLIENTS)

        def done(turn: int, _arrays: ArrayRecord) -> None:
            if turn:
                ends.append(time.perf_counter())

        strategy.start(grid=grid, initial_arrays=ArrayRecord(net().state_dict()), num_rounds=ROUNDS, evaluate_fn=done)

    began = time.perf_counter()
    ray = {"_node_ip_address": link.HOST, "include_dashboard": False}
    config = {"client_resources": {"num_cpus": 1, "num_gpus": 0.0}, "init_args": ray}
    run_simulation(server_app=server, client_app=client, num_supernodes=CLIENTS, backend_config=config)
    return ends[0] - began, float(np.median(np.diff(ends)))


WAYS = {
    "ours": ("fairwitness, a process a client", lambda: ours(simulate=False)),
    "simulated": ("fairwitness, in Flower's simulation", lambda: ours(simulate=True)),
    "plain": ("plain Flower app, in its simulation", plain),
}


def main() -> None:
    """Print a line a way, and ratios to the plain app."""
    if find_spec("flwr") is None or find_spec("ray") is None:
        print("federated: skipped, it needs the extra federated")
        return
    found = {}
    for way in WAYS:
        ran = subprocess.run([sys.executable, __file__, way], capture_output=True, text=True, check=True)  # noqa: S603 - this file
        found[way] = [float(each) for each in ran.stdout.splitlines()[-1].split()]
    print(f"{'':40}{'first round after':>20}{'a round':>12}{'theirs / ours':>16}")
    for way, (start, each) in found.items():
        print(f"{WAYS[way][0]:40}{start:18.1f} s{each:10.3f} s{found['plain'][1] / each:16.2f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(*WAYS[sys.argv[1]][1]())
    else:
        main()
