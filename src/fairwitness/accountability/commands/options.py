"""Options that several families share."""

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
