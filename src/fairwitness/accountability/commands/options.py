"""Options and ways out that several families share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
