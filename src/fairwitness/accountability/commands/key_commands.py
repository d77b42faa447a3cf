"""`fairwitness key ...` and `fairwitness witness ...`: who signs, and who vouches."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fairwitness.accountability.commands.options import DEFAULT, AsOption, LedgerOption, OutOption, hand_out

key = typer.Typer(no_args_is_help=True, help="Signing keys, one a person: make, register, list.")
witness = typer.Typer(no_args_is_help=True, help="Vouch for somebody else's ledger.")


def register(app: typer.Typer) -> None:
    """Add `key` and `witness`."""
    app.add_typer(key, name="key")
    app.add_typer(witness, name="witness")


@key.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The person's name, such as jane.doe.")],
    *,
    out: Annotated[Path | None, typer.Option(help="The private file; ~/.config/fairwitness/keys/NAME.key.")] = None,
) -> None:
    """Make a key pair: the private half stays in a file of its owner, the public line is printed."""
    from fairwitness.accountability.ledger import keys

    signer, path = keys.new(name, out=out)
    typer.echo(signer.vkey)
    typer.echo(f"Written: {path}, for {name} alone. The line above is public; register it:", err=True)
    typer.echo(f"fairwitness key register '{signer.vkey}' --role ROLE", err=True)


@key.command("register")
def enter(
    public: Annotated[str, typer.Argument(metavar="KEY", help="The public line NAME+ID+KEY, or a file with it.")],
    *,
    role: Annotated[str, typer.Option(help="What the person does here, such as approver.")] = "",
    path: LedgerOption = DEFAULT,
) -> None:
    """Record in the ledger that a name has this public key."""
    from fairwitness.accountability.ledger import Ledger, keys

    found = keys.given(public)
    with Ledger(path) as log:
        place = keys.register(log, found.line(), role=role)
    typer.echo(f"Entry {place}: {found.name} has the key {found.id().hex()}")


@key.command("list")
def names(path: LedgerOption = DEFAULT) -> None:
    """List the public keys that the ledger names."""
    from fairwitness.accountability.ledger import Ledger, keys
    from fairwitness.draw.text import plain

    with Ledger(path, make=False) as log:
        held = keys.registered(log.read(["key"]))
    for item in (item for items in held.values() for item in items):
        typer.echo(f"{item.key.line()}  {plain(item.role) or '(no role)'}  entry {item.index}")
    if not held:
        typer.echo("No key is registered: whatever is signed counts as unauthenticated.")


@witness.command()
def cosign(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="From `ledger prove --since`, or a first checkpoint.")],
    *,
    name: AsOption,
    public: Annotated[
        str | None, typer.Option("--key", help="The log's public key; needed the first time, then remembered.")
    ] = None,
    memory: Annotated[Path | None, typer.Option(help="Where this witness remembers what it saw.")] = None,
    out: OutOption = None,
) -> None:
    """Vouch for a ledger's checkpoint; refused if it contradicts the last one you vouched for."""
    from fairwitness.accountability.ledger import files, keys, notes
    from fairwitness.accountability.ledger import witness as vouching

    request = files.request(file)
    if not isinstance(request, notes.Request):
        before = vouching.last(keys.load(name).name, request.origin, path=memory or vouching.memory())
        same = before is not None and before.size == request.size
        request = notes.Request(request.size if same else 0, (), request)
    note = vouching.cosign(
        request,
        keys.load(name),
        path=memory or vouching.memory(),
        key=None if public is None else keys.given(public),
    )
    hand_out(str(note), out)
