"""`fairwitness verify`: is the record what it was?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fairwitness.accountability.commands.options import DEFAULT


def register(app: typer.Typer) -> None:
    """Add `verify`."""
    app.command()(verify)


def verify(
    what: Annotated[Path, typer.Argument(metavar="LEDGER|BUNDLE", help="A ledger, or a bundle from one.")] = DEFAULT,
    *,
    since: Annotated[
        list[Path] | None, typer.Option("--since", help="A checkpoint you kept elsewhere; may be repeated.")
    ] = None,
    key: Annotated[
        list[str] | None, typer.Option("--key", help="Who must have signed: NAME+ID+KEY or a file; may be repeated.")
    ] = None,
) -> None:
    """Check entries, order, proofs and signatures; exit 1 and name what was tampered with."""
    from fairwitness.accountability.ledger import files, keys
    from fairwitness.accountability.ledger.standalone import check
    from fairwitness.accountability.ledger.verify import verify as look_through
    from fairwitness.draw.text import plain

    trusted = [keys.given(item) for item in key or ()]
    kept = [files.checkpoint(file) for file in since or ()]
    notes = [str(point.note) for point in kept]
    if files.is_ledger(what):
        result = look_through(what, keys=trusted, since=notes)
    else:
        if trusted:
            keys.available()
        result = check(files.text(what), keys=trusted, since=notes)
    for said in (*result.facts, *result.problems):
        typer.echo(plain(str(said)))
    typer.echo("Does not hold" if result.problems else "Holds")
    raise typer.Exit(1 if result.problems else 0)
