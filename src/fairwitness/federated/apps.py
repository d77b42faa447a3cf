"""The client as Flower calls it, and what it answers. It needs the extra `federated`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fairwitness.federated.local import Client, Local
from fairwitness.federated.parcels import Parcel

ARRAYS, CONFIG, METRICS = "arrays", "config", "metrics"
WEIGHT = "num-examples"
"""By which replies are weighted: Flower's own name."""


def client_app(folder_of: Callable[[Any], Path]) -> Any:  # noqa: ANN401 - Flower's ClientApp, whose module may be missing
    """A Flower app of one client.

    Args:
        folder_of: Flower's context to the client's own folder.
    """
    from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
    from flwr.clientapp import ClientApp

    app = ClientApp()
    clients: dict[Path, Client] = {}

    def own(context: Context) -> Client:
        folder = folder_of(context)
        if folder not in clients:
            clients[folder] = Client(Parcel.load(folder), folder)
        return clients[folder]

    @app.train()  # type: ignore[untyped-decorator]  # Flower is not installed where types are checked
    def train(message: Message, context: Context) -> Message:
        client, told = own(context), message.content[CONFIG]
        local = Local(**{name: told[name] for name in Local.__slots__})
        state = message.content[ARRAYS].to_torch_state_dict()
        made = client.train(state, local, turn=int(told["server-round"]))
        content = {ARRAYS: ArrayRecord(made), METRICS: MetricRecord({WEIGHT: len(client.learn)})}
        return Message(RecordDict(content), reply_to=message)

    @app.evaluate()  # type: ignore[untyped-decorator]  # as above
    def evaluate(message: Message, context: Context) -> Message:
        loss, rows = own(context).loss(message.content[ARRAYS].to_torch_state_dict())
        return Message(RecordDict({METRICS: MetricRecord({"loss": loss, WEIGHT: rows})}), reply_to=message)

    @app.query()  # type: ignore[untyped-decorator]  # as above
    def query(message: Message, context: Context) -> Message:
        client, told = own(context), message.content[CONFIG]
        return Message(RecordDict({CONFIG: ConfigRecord(_answer(client, told, message))}), reply_to=message)

    return app


def _answer(client: Client, told: Any, message: Any) -> dict[str, Any]:  # noqa: ANN401 - Flower's
    """What a client says when it is asked by name."""
    if told["ask"] == "hello":
        return {"client": client.parcel.number, "rows": len(client.learn) + len(client.held)}
    if told["ask"] == "first":
        description, weights = client.first()
        return {"description": description, "weights": weights}
    if told["ask"] == "take":
        client.take(told["description"], told["weights"])
        return {"taken": True}
    state = message.content[ARRAYS].to_torch_state_dict()
    if "epsilon" in told:
        return {"counts": client.count_noised(state, told["epsilon"], json.loads(told["categories"])).to_bytes()}
    return {"counts": client.count(state, int(told["least"])).to_bytes()}
