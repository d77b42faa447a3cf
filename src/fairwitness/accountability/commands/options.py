"""Options and ways out that several families share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fairwitness.accountability.ledger.keys import Signer

DEFAULT = Path(".fairwitness/ledger.sqlite")
"""As `fairwitness.accountability.ledger.DEFAULT`, without importing the ledger before a command runs."""

LedgerOption = Annotated[Path, typer.Option("--ledger", help="The ledger file.")]
AsOption = Annotated[
    str, typer.Option("--as", metavar="NAME", help="Whose key signs; `fairwitness key new` makes one.")
]
OutOption = Annotated[Path | None, typer.Option("--out", help="File to write; without it, print.")]


def hand_out(text: str, out: Path | None) -> None:
    """Print text, or write it to a file."""
    from fairwitness.io import atomic  # pulls in NumPy

    if out is None:
        typer.echo(text, nl=False)
    else:
        atomic.write_text(out, text)
        typer.echo(f"Written: {out}", err=True)


def signer(key: str | None, person: str) -> Signer | None:
    """The key asked for, else the one in the person's name, if they have it here."""
    from fairwitness.accountability.ledger import keys

    if key is not None:
        return keys.load(key)
    dotted = ".".join(person.split())
    own = [name for name in (dotted, dotted.lower()) if (keys.folder() / f"{name.replace('/', '_')}.key").exists()]
    return keys.load(own[0]) if own else None
