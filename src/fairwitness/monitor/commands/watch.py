"""`fairwitness watch`: new rows, and outcomes that come later, held against an audit."""

from __future__ import annotations

import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fairwitness.core.watch import Watch

LEDGER = Path(".fairwitness/ledger.sqlite")


def register(app: typer.Typer) -> None:
    """Add `watch`."""
    app.command()(watch)


def watch(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="audit.toml, or a folder that holds one.")],
    rows: Annotated[
        str | None, typer.Argument(metavar="[BATCH]", help="A data file of new rows, or package:NAME/path.")
    ] = None,
    *,
    labels: Annotated[
        str | None, typer.Option(metavar="FILE", help="Outcomes that came later: the id and the target column.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of the audit; watch.html and watch.json go there.")] = Path(
        "audit-report"
    ),
    prometheus: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write this text file for node_exporter (*.prom).")
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew, as after a new audit; the old record is set aside.")
    ] = False,
    ledger: Annotated[
        Path, typer.Option(help="Where alarms are recorded; the usual one only if it has been begun.")
    ] = LEDGER,
    no_ledger: Annotated[bool, typer.Option("--no-ledger", help="Record no alarms.")] = False,
) -> None:
    """Hold new rows against an audit: drift, gaps, errors; exit 1 on an alarm. The same rows count once."""
    from fairwitness.cli.progress import showing
    from fairwitness.engine import config as settings
    from fairwitness.engine import record, watched, watching
    from fairwitness.io import atomic

    file = config / "audit.toml" if config.is_dir() else config
    parsed = settings.parse(settings.read(file), source=file.name)
    now = datetime.now(UTC)
    with showing() as progress:
        new, late = watching.tables(rows, labels)
        if prometheus is not None:
            atomic.probe_writable(prometheus.parent)
        begun = watching.begin(parsed, base=file.parent, out=out, source=file.name, progress=progress)
        progress("counting what is new", 0, 1)
        looks, streams, latest = watching.watch(begun, new, late, now=now, restart=restart, source=file.name)
        # From here on all is made from what is written down: a command that was stopped makes it when it is run again.
        command, written = shlex.join(["fairwitness", *sys.argv[1:]]), -1
        while len(looks) != written:  # until no other watch has counted in between, whose look would be missing
            made = watched.told(begun, looks, streams, latest=latest, now=now, command=command)
            if not no_ledger and (ledger != LEDGER or ledger.exists()):
                record.alert(ledger, made)
            _write(out, made, prometheus)
            written = len(looks)
            looks, streams = watching.seen(begun)
    from fairwitness.report import watches

    sys.stdout.write(watches.text(made))
    typer.echo(f"Written: {out / 'watch.html'} and {out / 'watch.json'}", err=True)
    raise typer.Exit(0 if made.quiet else 1)


def _write(out: Path, made: Watch, prometheus: Path | None) -> None:
    """The page first: where watch.json lies, all is there."""
    from fairwitness.io import atomic
    from fairwitness.io import findings as documents
    from fairwitness.monitor import prometheus as format_
    from fairwitness.monitor.metrics import metrics
    from fairwitness.report import watches

    atomic.write_text(out / "watch.html", watches.html(made))
    atomic.write_text(out / "watch.json", documents.text(made))
    if prometheus is not None:
        atomic.write_text(prometheus, format_.exposition(metrics(made)))
