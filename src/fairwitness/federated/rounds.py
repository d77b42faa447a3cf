"""The server's side: rounds of training and averaging, then counts; and a list of what left each client."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from torch import Tensor

from fairwitness.federated.apps import ARRAYS, CONFIG, METRICS, WEIGHT
from fairwitness.federated.local import Local
from fairwitness.federated.tallies import Sent

Arrays = Mapping[str, Tensor]

STARTING = 120.0
"""Seconds that clients have for starting up, at least: each reads in torch and Flower, on a busy machine slowly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """One message that left a client.

    Attributes:
        client: Its name.
        round: Of training; 0 before, −1 after the last.
        kind: What it was for.
        bytes: Of its content.
        content: What was in it, by name and shape.
    """

    client: str
    round: int
    kind: str
    bytes: int
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """How a round went: who answered, and the loss of the averaged model on rows that clients held back."""

    round: int
    clients: tuple[str, ...]
    rows: int
    loss: float | None
    seconds: float


@dataclass(slots=True, kw_only=True)
class State:
    """How far a federation is: everything that, put back, makes it go on.

    Attributes:
        arrays: The averaged weights.
        best: Those of the round with the lowest loss.
        done: Rounds that are finished.
        left: Every message that left a client, in rounds that were not finished too.
        lost: Client to the round in which it was lost: as `Left.round`.
        noised: Client's noised counts by the round they are of: one that is kept is not drawn again, so costs once.
    """

    description: bytes = b""
    weights: bytes = b""
    arrays: dict[str, Tensor] = field(default_factory=dict)
    best: dict[str, Tensor] = field(default_factory=dict)
    best_round: int = 0
    done: int = 0
    rounds: list[Round] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    lost: dict[str, int] = field(default_factory=dict)
    noised: dict[str, dict[str, str]] = field(default_factory=dict)


class Ended(Exception):  # noqa: N818 - how a federation may end, not a fault
    """Why it cannot go on: so few clients are left that their average would be one of them, or the loss is no number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done.

    Attributes:
        names: Of the clients, by number.
        rounds: To train.
        least: Clients without which a round does not count.
        smallest: The smallest count that leaves a client; 0: every.
        patience: Seconds after which a message that was not answered is lost, and its client with it.
        epsilon: Budget of a client for noise on all its counts, in place of keeping small ones back; 0: no noise.
        categories: Axis to the categories that are counted with noise, agreed on beforehand.
    """

    names: tuple[str, ...]
    rounds: int
    local: Local
    least: int
    smallest: int
    patience: float
    epsilon: float = 0.0
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Members:
    """Flower's grid as its strategy reads it: who takes part now. Asked twice, it says the same; else it waits for ever."""

    nodes: tuple[int, ...]

    def get_node_ids(self) -> tuple[int, ...]:
        return self.nodes


class Server:
    """Asks clients, averages what they send by Flower's FedAvg, and writes down what came."""

    def __init__(
        self,
        grid: Any,  # noqa: ANN401 - Flower's grid
        plan: Plan,
        state: State,
        note: Callable[[Left], None] = lambda _: None,
    ) -> None:
        """Go on from `state`, which is kept up to date; `note` is told of each message that left a client."""
        import flwr.app  # here, as the module is read where Flower is not installed too
        from flwr.serverapp.strategy import FedAvg

        self._flower = flwr.app
        self.grid, self.plan, self.state, self._told = grid, plan, state, note
        self.clients: dict[int, int] = {}  # Flower's node to client number
        self.sizes: dict[int, int] = {}  # client number to its rows
        self._turn = 0
        self._average = FedAvg(
            fraction_train=1.0,
            min_train_nodes=1,
            min_evaluate_nodes=1,
            min_available_nodes=1,
            weighted_by_key=WEIGHT,
            arrayrecord_key=ARRAYS,
            configrecord_key=CONFIG,
        )

    def run(self, keep: Callable[[State], None]) -> list[Sent]:
        """Train the rounds that are still to do, then collect counts.

        Args:
            keep: Called after each round, and when counts have come.

        Raises:
            Ended: Fewer are left than the plan wants.
        """
        self.meet()
        self._settle()
        while self.state.done < self.plan.rounds:
            self._round()
            keep(self.state)
        sent = self.counts()
        if self.plan.epsilon:
            keep(self.state)
        return sent

    def meet(self) -> None:
        """Wait for the clients, and learn who they are."""
        end = time.monotonic() + max(self.plan.patience, STARTING)
        alive = self._nodes()
        while len(alive) < len(self.plan.names) - self._dead() and time.monotonic() < end:
            time.sleep(0.05)
            alive = self._nodes()
        for reply in self._ask(alive, {"ask": "hello"}, kind="hello", met=False):
            told = reply.content[CONFIG]
            self.clients[reply.metadata.src_node_id] = int(told["client"])
            self.sizes[int(told["client"])] = int(told["rows"])
            self._note(reply, "hello")
        for number, name in enumerate(self.plan.names):
            if number not in self.sizes:
                self.state.lost[name] = 0
        self._enough(len(self.clients))

    def _dead(self) -> int:
        """Clients that died before they were met."""
        return getattr(self.grid, "dead", lambda: 0)()

    def _nodes(self) -> list[int]:
        return sorted(self.grid.get_node_ids())

    def _settle(self) -> None:
        """All clients take one network; a first one is made by the client with the most rows."""
        state = self.state
        if not state.description:
            largest = max(self.sizes, key=lambda number: (self.sizes[number], -number))
            node = next(node for node, number in self.clients.items() if number == largest)
            replies = self._ask([node], {"ask": "first"}, kind="first network")
            if not replies:
                raise Ended("the client with the most rows was lost before it made a first network")
            told = replies[0].content[CONFIG]
            state.description, state.weights = told["description"], told["weights"]
            state.arrays = _unpacked(state.weights)
        told = {"ask": "take", "description": state.description, "weights": state.weights}
        self._ask(self._met(), told, kind="network taken")

    def _round(self) -> None:
        started, self._turn = time.monotonic(), self.state.done + 1
        arrays = self._flower.ArrayRecord(self.state.arrays)
        config = self._flower.ConfigRecord(asdict(self.plan.local))
        sent = self._average.configure_train(self._turn, arrays, config, _Members(tuple(self._met())))
        replies = self._finite(self._send(sent, "update"))
        names = tuple(self.plan.names[self.clients[reply.metadata.src_node_id]] for reply in replies)
        trained = sum(int(reply.content[METRICS][WEIGHT]) for reply in replies)
        averaged, _ = self._average.aggregate_train(self._turn, replies)
        self.state.arrays = averaged.to_torch_state_dict()
        told, present = self._flower.ConfigRecord({}), _Members(tuple(self._met()))
        asked = self._average.configure_evaluate(self._turn, averaged, told, present)
        losses = [reply.content[METRICS] for reply in self._send(asked, "loss")]
        rows = sum(int(each[WEIGHT]) for each in losses)
        loss = sum(float(each["loss"]) * int(each[WEIGHT]) for each in losses) / rows if rows else None
        if loss is not None and not math.isfinite(loss):
            raise Ended("the loss of the averaged model is no number; [model.options] learning_rate may be too high")
        best = min((each.loss for each in self.state.rounds if each.loss is not None), default=math.inf)
        if loss is None or loss < best:
            self.state.best, self.state.best_round = dict(self.state.arrays), self._turn
        seconds = time.monotonic() - started
        self.state.rounds.append(Round(round=self._turn, clients=names, rows=trained, loss=loss, seconds=seconds))
        self.state.done = self._turn

    def counts(self) -> list[Sent]:
        """What clients count of the best model's decisions, in the order of their numbers."""
        self._turn = -1
        kept = self.state.noised.setdefault(str(self.state.best_round), {}) if self.plan.epsilon else {}
        told: dict[str, Any] = {"ask": "counts", "least": self.plan.smallest}
        if self.plan.epsilon:
            told |= {"epsilon": str(self.plan.epsilon), "categories": json.dumps(self.plan.categories)}
        asked = [node for node in self._met() if self.plan.names[self.clients[node]] not in kept]
        found = {name: raw.encode() for name, raw in kept.items()}
        if asked:
            arrays = self._flower.ArrayRecord(self.state.best)
            for reply in self._ask(asked, told, kind="counts", arrays=arrays):
                name = self.plan.names[self.clients[reply.metadata.src_node_id]]
                found[name] = reply.content[CONFIG]["counts"]
        if self.plan.epsilon:
            kept.update({name: raw.decode() for name, raw in found.items()})
        return [Sent.from_bytes(found[name]) for name in self.plan.names if name in found]

    def _finite(self, replies: Sequence[Any]) -> list[Any]:
        """Updates that are numbers; who sends another would make the average none, and is lost."""
        good = [
            reply
            for reply in replies
            if all(bool(t.isfinite().all()) for t in reply.content[ARRAYS].to_torch_state_dict().values())
        ]
        for reply in replies:
            if reply not in good:
                self._lose(reply.metadata.src_node_id)
        self._enough(len(good))
        return good

    def _lose(self, node: int) -> None:
        """Go on without a client."""
        self.state.lost.setdefault(self.plan.names[self.clients.pop(node)], self._turn)

    def _met(self) -> list[int]:
        return [node for node in self._nodes() if node in self.clients]

    def _ask(
        self,
        nodes: Sequence[int],
        told: Mapping[str, Any],
        *,
        kind: str,
        arrays: Any = None,  # noqa: ANN401 - Flower's record
        met: bool = True,
    ) -> list[Any]:
        content = self._flower.RecordDict(
            {CONFIG: self._flower.ConfigRecord(dict(told))} | ({} if arrays is None else {ARRAYS: arrays})
        )
        sent = [self._flower.Message(content=content, message_type="query", dst_node_id=node) for node in nodes]
        return self._send(sent, kind) if met else self._received(sent)

    def _received(self, messages: Sequence[Any]) -> list[Any]:
        replies = list(self.grid.send_and_receive(messages, timeout=self.plan.patience))
        return [reply for reply in replies if not reply.has_error()]

    def _send(self, messages: Any, kind: str) -> list[Any]:  # noqa: ANN401 - Flower's messages
        """Replies by client number, so that a sum over them has one order; the lost are written down."""
        sent = list(messages)
        wanted = {message.metadata.dst_node_id for message in sent}
        replies = [reply for reply in self._received(sent) if reply.metadata.src_node_id in self.clients]
        replies.sort(key=lambda reply: self.clients[reply.metadata.src_node_id])
        for reply in replies:
            self._note(reply, kind)
        for node in wanted - {reply.metadata.src_node_id for reply in replies}:
            if node in self.clients:
                self._lose(node)
        self._enough(len(replies), wanted=1 if len(wanted) == 1 else None)
        return replies

    def _enough(self, have: int, *, wanted: int | None = None) -> None:
        least = self.plan.least if wanted is None else min(wanted, self.plan.least)
        if have < least:
            raise Ended(f"{have} of {len(self.plan.names)} clients are left, and {least} are wanted")

    def _note(self, reply: Any, kind: str) -> None:  # noqa: ANN401 - Flower's message
        size, parts = 0, []
        for name, record in reply.content.items():
            size += record.count_bytes()
            if isinstance(record, self._flower.ArrayRecord):
                parts += [f"{key} {'×'.join(map(str, array.shape)) or '1'}" for key, array in record.items()]
            elif isinstance(record, (self._flower.MetricRecord, self._flower.ConfigRecord)):
                parts += [
                    f"{key} ({len(value)} bytes)" if isinstance(value, bytes) else f"{key} {value}"
                    for key, value in record.items()
                ]
            else:
                parts.append(name)
        client = self.plan.names[self.clients[reply.metadata.src_node_id]]
        left = Left(client=client, round=self._turn, kind=kind, bytes=size, content=", ".join(parts))
        self.state.left.append(left)
        self._told(left)


def _unpacked(weights: bytes) -> dict[str, Tensor]:
    import safetensors.torch

    return dict(safetensors.torch.load(weights))
