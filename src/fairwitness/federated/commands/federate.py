"""`fairwitness federate`: the audited model trained over clients that keep their rows, and audited by their counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fairwitness.federated.commands.given import Given
    from fairwitness.federated.rounds import Plan

PATIENCE = 600.0
"""Seconds after which a client that says nothing counts as lost."""


def register(app: typer.Typer) -> None:
    """Add `federate`."""
    app.command()(federate)


def federate(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="audit.toml, or a folder that holds one.")] = Path(
        "audit.toml"
    ),
    *,
    out: Annotated[Path, typer.Option(help="Folder for federated.json, federated.html and the model.")] = Path(
        "federated-report"
    ),
    by: Annotated[str | None, typer.Option(help="Column that says which client holds a row.")] = None,
    clients: Annotated[int | None, typer.Option(help="Deal rows out to so many clients by chance instead.")] = None,
    rounds: Annotated[int, typer.Option(help="Rounds of training and averaging.")] = 10,
    epochs: Annotated[int, typer.Option(help="Passes of each client over its rows in a round.")] = 2,
    least: Annotated[int, typer.Option(help="Clients without which a round does not count.")] = 2,
    smallest: Annotated[int, typer.Option(help="The smallest count that leaves a client; 0 keeps none back.")] = 5,
    epsilon: Annotated[
        float, typer.Option(help="Budget of a client for noise on all its counts, instead of keeping small ones back.")
    ] = 0.0,
    patience: Annotated[
        float, typer.Option(help="Seconds after which a client that does not answer counts as lost.")
    ] = PATIENCE,
    simulate: Annotated[
        bool, typer.Option("--simulate", help="In Flower's simulation (Ray) instead of a process a client.")
    ] = False,
) -> None:
    """Train the audited model over clients that keep their rows (Flower), and audit it by their counts."""
    from fairwitness.cli.progress import showing
    from fairwitness.federated import running
    from fairwitness.federated.commands import given, results
    from fairwitness.io import atomic

    running.need_flower(simulate=simulate)
    _sensible(by, clients, rounds=rounds, epochs=epochs, least=least, smallest=smallest)
    _bounded(epsilon, patience)
    atomic.probe_writable(out)
    with showing() as progress:
        ready = given.prepare(config, by=by, clients=clients, out=out, progress=progress, least=least)
        plan = replace(
            _plan(ready, rounds=rounds, least=least, smallest=smallest, epochs=epochs),
            patience=patience,
            epsilon=epsilon,
            categories=given.categories(ready) if epsilon else {},
        )
        ran = running.run(
            ready.parcels,
            plan,
            folder=atomic.directory(out / "private" / "federation", mode=0o700),
            key=_key(ready, plan),
            simulate=simulate,
            progress=lambda done, of: progress("rounds of the federation", done, of),
        )
        typer.echo(results.write(ready, plan, ran, out))
    raise typer.Exit(1 if ran.ended else 0)


def _sensible(by: str | None, clients: int | None, *, rounds: int, epochs: int, least: int, smallest: int) -> None:
    """Refuse what makes no federation.

    Raises:
        ConfigError: On one line.
    """
    from fairwitness.core.errors import ConfigError

    if (by is None) == (clients is None):
        raise ConfigError("federate: say who holds the rows: --by COLUMN, or --clients N to deal them out by chance")
    if clients is not None and not 2 <= clients <= given_most():
        raise ConfigError.bad_value(
            "--clients", clients, source="federate", want=f"a federation here has 2 to {given_most()} clients"
        )
    for name, value, lowest in (
        ("rounds", rounds, 1),
        ("epochs", epochs, 1),
        ("least", least, 1),
        ("smallest", smallest, 0),
    ):
        if value < lowest:
            raise ConfigError.bad_value(f"--{name}", value, source="federate", want=f"give at least {lowest}")


def _bounded(epsilon: float, patience: float) -> None:
    """Refuse numbers that no noise, or no waiting, can be made of.

    Raises:
        ConfigError: On one line.
    """
    from fairwitness.core.errors import ConfigError

    if epsilon != 0 and not 0.001 <= epsilon <= 50:
        raise ConfigError.bad_value(
            "--epsilon", epsilon, source="federate", want="give 0 for no noise, or a number from 0.001 to 50"
        )
    if not 1 <= patience <= 86_400:
        raise ConfigError.bad_value(
            "--patience", patience, source="federate", want="give a number of seconds from 1 to 86,400"
        )


def given_most() -> int:
    """Clients there can be on one machine: each is a process."""
    from fairwitness.federated.commands.given import MOST

    return MOST


def _plan(ready: Given, *, rounds: int, least: int, smallest: int, epochs: int) -> Plan:
    from fairwitness.federated.link import quiet

    quiet()
    from fairwitness.federated.local import Local
    from fairwitness.federated.rounds import Plan

    options = ready.options
    local = Local(
        epochs=epochs, batch=options.batch, learning_rate=options.learning_rate, weight_decay=options.weight_decay
    )
    names = tuple(parcel.name for parcel in ready.parcels)
    return Plan(names=names, rounds=rounds, local=local, least=least, smallest=smallest, patience=PATIENCE)


def _key(ready: Given, plan: Plan) -> str:
    """What a kept round depends on; not how many rounds there shall be, so that more can be added."""
    from dataclasses import asdict

    from fairwitness.core.digest import digest

    own = [(parcel.name, len(parcel.rows), int(parcel.rows.ids.sum())) for parcel in ready.parcels]
    task = ready.parcels[0].task
    noise = (plan.epsilon, plan.categories)
    return digest(ready.subject.table.fingerprint, own, asdict(plan.local), plan.smallest, noise, asdict(task))
