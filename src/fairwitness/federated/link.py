"""Flower's transport, on this machine only: its SuperLink within the server's process, and each client's end of it.

Flower 1.41 keeps these parts for itself; they are used here, and nowhere else, because the commands it offers start three
processes a client and a fresh interpreter a message, and leave some of them behind when they are stopped. The extra
`federated` therefore names 1.41 alone.
"""

from __future__ import annotations

import importlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

HOST = "127.0.0.1"
QUIET = {
    "FLWR_TELEMETRY_ENABLED": "0",  # on by default: tells telemetry.flower.ai of every start
    "FLWR_DISABLE_UPDATE_CHECK": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # else Ray listens on every interface, whatever address it is given
}
"""Set before Flower and Ray are imported: they read them then. Nothing is sent to anybody outside."""

PAUSE, ASKS = 0.02, 0.15
"""Seconds between two looks for a reply within this process, and between two of a client's requests for work."""


def quiet() -> None:
    """Keep Flower from telling anybody of its runs, and from telling the user what only its makers need."""
    os.environ.update(QUIET)
    if find_spec("flwr") is not None:
        importlib.import_module("flwr.supercore.logger")  # sets its own level when it is imported
    logging.getLogger("flwr").setLevel(logging.ERROR)


@contextmanager
def superlink(tick: Callable[[Any], None], *, timeout: float) -> Iterator[tuple[Any, int]]:
    """A running SuperLink that listens on 127.0.0.1.

    Args:
        tick: Called with Flower's state while replies are waited for, to take out nodes that have died.
        timeout: Seconds after which a message that nobody answered counts as lost.

    Yields:
        A Flower grid, and the port.
    """
    import uvicorn
    from flwr.supercore.constant import NOOP_FEDERATION_ID, TaskType
    from flwr.supercore.task_identity import TaskIdentity
    from flwr.superlink.main import create_app

    app = create_app()
    server = uvicorn.Server(uvicorn.Config(app, host=HOST, port=0, ws="none", log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("Flower's SuperLink did not start")
        time.sleep(PAUSE)
    port = int(server.servers[0].sockets[0].getsockname()[1])
    state = app.state.linkstate_factory.state()
    number = state.create_run("", "", "", {}, NOOP_FEDERATION_ID, None, None, TaskType.SERVER_APP)
    run = state.get_run_info(run_ids=[number])[0]
    state.claim_task(run.primary_task_id)
    state.activate_task(run.primary_task_id)
    TaskIdentity.task_id, TaskIdentity.run_id, TaskIdentity.node_id = run.primary_task_id, number, 1

    def look() -> None:
        state.acknowledge_task_heartbeat(run.primary_task_id)
        tick(state)

    grid = _grid(app.state.linkstate_factory, look, timeout)
    grid.set_run(run)
    try:
        yield grid, port
    finally:
        server.should_exit = True
        thread.join(timeout=5)


def _grid(states: Any, tick: Callable[[], None], patience: float) -> Any:  # noqa: ANN401, C901 - Flower's; a class within, as its base is imported late
    """Flower's grid for a server that lives in the SuperLink's own process.

    Its `HttpGrid` would ask this very process over HTTP every three seconds; its `InMemoryGrid` does not fit clients that
    come over HTTP. This one does with the state what the handlers of HTTP do.
    """
    from flwr.app.message import remove_content_from_message
    from flwr.supercore.inflatable.inflatable_object import (
        get_all_nested_objects,
        get_object_tree,
        iterate_object_tree,
        no_object_id_recompute,
    )
    from flwr.supercore.inflatable.inflatable_utils import inflate_object_from_contents
    from flwr.superlink.grid import InMemoryGrid

    class Grid(InMemoryGrid):  # type: ignore[misc]  # Flower is not installed where types are checked
        """Sends and receives, and looks meanwhile whether clients live."""

        def push_messages(self, messages: Iterable[Any]) -> Iterable[str]:
            """Put messages where their clients fetch them."""
            run, sent = self.run.run_id, []
            for message in messages:
                session = self.state.start_session(run)
                with no_object_id_recompute():
                    message.metadata.__dict__["_message_id"] = message.object_id
                    tree, parts = get_object_tree(message), get_all_nested_objects(message)
                    head = remove_content_from_message(message)
                    stored, missing = self.state.store_message_and_object_tree(head, tree, session)
                    for name in missing:
                        self.state.store_object(run, session, name, parts[name].deflate())
                if stored:
                    sent.append(message.metadata.message_id)
            return sent

        def send_and_receive(self, messages: Iterable[Any], *, timeout: float | None = None) -> Iterable[Any]:
            """Send, and wait for all replies."""
            waiting: set[str] = set(self.push_messages(messages))
            heads: list[Any] = []
            found: list[Any] = []
            end = time.monotonic() + (timeout or patience)
            while (waiting or heads) and time.monotonic() < end:
                tick()
                if waiting:
                    new = self.state.get_message_res(message_ids=waiting, run_id=self.run.run_id)
                    waiting -= {head.metadata.reply_to_message_id for head in new}
                    found += [head for head in new if head.has_error()]
                    heads += [head for head in new if not head.has_error()]
                whole = [head for head in heads if self._whole(head)]
                heads = [head for head in heads if head not in whole]
                found += [self._inflated(head.metadata.message_id) for head in whole]
                living = set(self.get_node_ids())  # who died amid sending is lost
                heads = [head for head in heads if head.metadata.src_node_id in living]
                time.sleep(PAUSE)
            return found

        def _parts(self, number: str) -> dict[str, bytes | None]:
            tree = self.state.object_store.get_object_tree(number)
            names = [each.object_id for each in iterate_object_tree(tree)]
            return {name: self.state.get_object(self.run.run_id, name) for name in names}

        def _whole(self, head: Any) -> bool:  # noqa: ANN401 - Flower's message
            """Whether all parts of a reply have come: its head comes first."""
            return all(self._parts(head.metadata.message_id).values())

        def _inflated(self, number: str) -> Any:  # noqa: ANN401 - Flower's message
            message = inflate_object_from_contents(number, self._parts(number))
            message.metadata.__dict__["_message_id"] = number
            self.state.delete_messages(message_ins_ids={message.metadata.reply_to_message_id})
            self.state.object_store.delete(number)
            return message

    return Grid(states)


def serve(app: Any, port: int, told: Callable[[int], None], alive: Callable[[], bool]) -> None:  # noqa: ANN401 - Flower's
    """A client's side: answer messages until the server is gone.

    Args:
        app: A Flower ClientApp.
        port: The SuperLink's.
        told: Called with the node's number once it is known.
        alive: Whether to go on.
    """
    from flwr.app import Context, RecordDict
    from flwr.supercore.inflatable.inflatable_object import (
        get_all_nested_objects,
        get_object_tree,
        iterate_object_tree,
        no_object_id_recompute,
    )
    from flwr.supercore.inflatable.inflatable_utils import (
        inflate_object_from_contents,
        pull_objects,
        push_object_contents_from_iterable,
    )
    from flwr.supernode.fleet_http_connection import http_request_response

    with http_request_response(f"{HOST}:{port}", insecure=True, max_retries=3) as connection:
        node, receive, send, _, _, pull, push, confirm = connection
        told(node)
        while alive():
            found = receive()
            if found is None:
                time.sleep(ASKS)
                continue
            head, tree = found
            run, number = head.metadata.run_id, head.metadata.message_id
            names = [each.object_id for each in iterate_object_tree(tree)]
            contents = pull_objects(names, lambda name, run=run: pull(run, name), initial_backoff=PAUSE)
            message = inflate_object_from_contents(number, contents)
            message.metadata.__dict__["_message_id"] = number  # what is sent does not hold its own name
            confirm(run, number)
            context = Context(run_id=run, node_id=node, node_config={}, state=RecordDict(), run_config={})
            reply = app(message, context)
            reply.metadata.__dict__["_message_id"] = reply.object_id
            with no_object_id_recompute():
                parts = get_all_nested_objects(reply)
                wanted, session = send(reply, get_object_tree(reply), 0.0)
                push_object_contents_from_iterable(
                    ((name, part.deflate()) for name, part in parts.items() if name in wanted),
                    push_object_fn=lambda name, raw, run=run, session=session: push(run, session, name, raw),
                )
