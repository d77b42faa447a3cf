"""The command line: it parses, calls the engine, writes files, and chooses the exit code. It measures nothing.

Exit codes: 0 the gate passes, 1 it does not, 2 the input is wrong (one line), 3 our fault, 130 stopped by the user.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line and exit."""
    from fairwitness.cli.app import app  # keeps `import fairwitness.cli` free
    from fairwitness.core.errors import UserError

    try:
        app(prog_name="fairwitness")
    except UserError as error:
        from fairwitness.draw.text import plain

        print(f"fairwitness: {plain(str(error))}", file=sys.stderr)  # noqa: T201 - the one line a user sees
        sys.exit(2)
    except Exception as error:
        if os.environ.get("FAIRWITNESS_DEBUG"):
            raise
        print(  # noqa: T201 - the one line a user sees
            f"fairwitness: our fault: {type(error).__name__}; FAIRWITNESS_DEBUG=1 shows where, please report it",
            file=sys.stderr,
        )
        sys.exit(3)
