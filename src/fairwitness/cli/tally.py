"""`tally` counts what an audit needs, where the rows lie; the file holds counts and no row."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(tally)


def tally(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="audit.toml, or a folder that holds one.")] = Path(
        "audit.toml"
    ),
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The file of counts to write.")] = Path("shard.tally"),
    data: Annotated[str | None, typer.Option(metavar="DATA", help="The rows here, in place of [data] path.")] = None,
) -> None:
    """Count the rows of one place; `audit --from-tallies` adds the counts of all and audits them."""
    from fairwitness.cli.progress import showing
    from fairwitness.core.errors import UserError
    from fairwitness.draw.words import plural
    from fairwitness.engine import config as settings
    from fairwitness.engine import scale
    from fairwitness.io import atomic

    file = config / "audit.toml" if config.is_dir() else config
    parsed = settings.parse(settings.read(file), source=file.name)
    if out.is_dir():
        raise UserError(f"{out}: is a folder; name a file with --out, such as {out / 'shard.tally'}")
    atomic.probe_writable(out.parent)
    with showing() as progress:
        made = scale.count(data, parsed, base=file.parent, progress=progress, source=file.name)
    try:
        made.save(out)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise UserError(f"{out}: cannot be written ({why}); name another file with --out") from None
    cells = plural(len(made.counts), "combination")
    typer.echo(
        f"Written: {out} ({made.total:,} rows, {cells}). Next: fairwitness audit {file} --from-tallies {out} ..."
    )
