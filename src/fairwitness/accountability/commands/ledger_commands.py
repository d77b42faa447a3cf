"""`fairwitness ledger ...`: look into the log and hand out proofs of it."""

from __future__ import annotations

import typer

from fairwitness.accountability.commands.options import DEFAULT, LedgerOption

ledger = typer.Typer(no_args_is_help=True, help="The append-only record of audits, decisions and sign-offs.")


def register(app: typer.Typer) -> None:
    """Add `ledger`."""
    app.add_typer(ledger, name="ledger")


@ledger.command()
def show(path: LedgerOption = DEFAULT) -> None:
    """List what is recorded."""
    from fairwitness.accountability.ledger import Ledger  # SQLite waits until a command runs

    with Ledger(path, make=False) as log:
        for stored in log.read():
            typer.echo(f"{stored.index}  {stored.entry.time}  {stored.entry.kind}")
