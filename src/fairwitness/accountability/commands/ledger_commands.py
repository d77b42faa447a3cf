"""`fairwitness ledger ...`: sign what the log is now, look into it, and hand out proofs of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from fairwitness.accountability.commands.options import DEFAULT, LedgerOption, OutOption, hand_out

ledger = typer.Typer(no_args_is_help=True, help="The append-only record: sign, show, prove, export.")


def register(app: typer.Typer) -> None:
    """Add `ledger`."""
    app.add_typer(ledger, name="ledger")


@ledger.command()
def checkpoint(
    *,
    names: Annotated[
        list[str] | None, typer.Option("--as", metavar="NAME", help="Whose key signs; may be repeated.")
    ] = None,
    add: Annotated[Path | None, typer.Option(help="Keep this checkpoint, cosigned by a witness.")] = None,
    path: LedgerOption = DEFAULT,
    out: OutOption = None,
) -> None:
    """Sign what the ledger is now. Give the result to somebody else to keep: it is what proves anything later."""
    from fairwitness.accountability.ledger import Ledger, LedgerError, files
    from fairwitness.accountability.ledger.keys import load

    if bool(names) == bool(add):
        raise LedgerError("ledger checkpoint: give --as NAME to sign, or --add FILE to keep a cosigned one")
    signers = [load(name) for name in names or ()]
    with Ledger(path, make=False) as log:
        if add is None:
            hand_out(str(log.checkpoint(*signers).note), out)
        else:
            found = log.keep(files.checkpoint(add).note)
            typer.echo(f"Kept: the checkpoint of {found.size} entries with {len(found.note.lines)} signatures")


@ledger.command()
def show(
    index: Annotated[int | None, typer.Argument(metavar="[INDEX]", help="An entry to print whole.")] = None,
    *,
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind; may be repeated.")] = None,
    last: Annotated[int, typer.Option(min=1, help="How many, counted from the newest.")] = 20,
    path: LedgerOption = DEFAULT,
) -> None:
    """List what is recorded, or print one entry."""
    from collections import deque
    from typing import cast

    from fairwitness.accountability.ledger import Kind, Ledger, LedgerError
    from fairwitness.accountability.ledger.entries import KINDS
    from fairwitness.draw.text import plain

    for name in kind or ():
        if name not in KINDS:
            raise LedgerError.kind(name, KINDS)
    with Ledger(path, make=False) as log:
        if index is not None:
            said = log.data(index).decode()
            typer.echo(plain(said) if sys.stdout.isatty() else said)  # a pipe gets the very bytes
            return
        since = 0 if kind else max(log.size - last, 0)
        for stored in deque(log.read(cast("list[Kind]", kind or []), since=since), maxlen=last):
            body = stored.entry.body
            about = "  ".join(plain(str(body[key]))[:16] for key in ("outcome", "id") if body.get(key))
            typer.echo(f"{stored.index:>6}  {plain(stored.entry.time):<24}  {stored.entry.kind:<10}  {about}")
        typer.echo(f"{log.size} entries, {len(log.notes())} checkpoints, {log.origin}")


@ledger.command()
def prove(
    index: Annotated[int | None, typer.Argument(metavar="[INDEX]", help="The entry to prove.")] = None,
    *,
    since: Annotated[
        str | None, typer.Option(metavar="FILE|SIZE", help="Prove that the log only grew from this checkpoint.")
    ] = None,
    path: LedgerOption = DEFAULT,
    out: OutOption = None,
) -> None:
    """Prove that an entry is in the ledger, or, for a witness, that the ledger only grew since a checkpoint."""
    from fairwitness.accountability.ledger import Ledger, LedgerError, files, notes
    from fairwitness.accountability.ledger.bundle import newest, proof_of

    if (index is None) == (since is None):
        raise LedgerError("ledger prove: give the INDEX of an entry, or --since a checkpoint")
    with Ledger(path, make=False) as log:
        now = newest(log)
        if since is None:
            place = index or 0
            hand_out(notes.inclusion_proof(place, proof_of(log, place, now), now), out)
        else:
            old = int(since) if since.isascii() and since.isdigit() else files.checkpoint(Path(since)).size
            hand_out(str(notes.Request(old, tuple(log.consistency(old, now.size)), now)), out)


@ledger.command()
def export(
    indexes: Annotated[
        list[int] | None, typer.Argument(metavar="[INDEX]...", help="Entries; all of them if left out.")
    ] = None,
    *,
    out: Annotated[Path, typer.Option(help="Folder for bundle.json and the verifier.")],
    since: Annotated[
        list[Path] | None, typer.Option("--since", help="A checkpoint the reader keeps; may be repeated.")
    ] = None,
    path: LedgerOption = DEFAULT,
) -> None:
    """Write entries with all that a stranger needs to check them, and a verifier that needs no fairwitness."""
    from importlib.resources import files as packaged

    from fairwitness.accountability.ledger import Ledger, bundle, files
    from fairwitness.io import atomic

    kept = [files.checkpoint(file) for file in since or ()]
    with Ledger(path, make=False) as log:
        text = bundle.make(log, places=indexes or None, since=kept)
    atomic.directory(out)
    verifier = packaged("fairwitness.accountability.ledger") / "standalone.py"
    atomic.write_text(out / "bundle.json", text)
    atomic.write_text(out / "verify.py", verifier.read_text(encoding="utf-8"))
    typer.echo(
        f"Written: {out / 'bundle.json'} and {out / 'verify.py'}. The reader needs your public key from you, not"
    )
    typer.echo(f"with it; then: python {out / 'verify.py'} {out / 'bundle.json'} --key KEY")
