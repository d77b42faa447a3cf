"""`fairwitness explain`: one decision's reasons and the nearest allowed change, or what the model goes by."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fairwitness.explain.commands.work import Made

STOPPED = 130
"""Exit code of a command its user stopped, as shells have it."""


class Format(StrEnum):
    """What `--format` takes."""

    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add `explain`."""
    app.command()(explain)


def explain(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="audit.toml, or a folder that holds one.")] = Path(
        "audit.toml"
    ),
    *,
    row: Annotated[
        str | None, typer.Option(help="Whose decision: the row's number, from 1; without it, what the model goes by.")
    ] = None,
    id_: Annotated[
        str | None, typer.Option("--id", metavar="COL", help="Column that holds what --row says, in place of numbers.")
    ] = None,
    reasons: Annotated[
        int | None, typer.Option(min=1, help="Main reasons that are stated, at most; 4 unless set.")
    ] = None,
    changes: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Things changed together, at most, to change the decision; 3 unless set, 10 of a text or series.",
        ),
    ] = None,
    budget: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Rows put to the model for the nearest change, at most; 200,000 unless set, fewer of a costly network.",
        ),
    ] = None,
    out: Annotated[
        Path,
        typer.Option(help="Folder of the audit, whose model is used again; what tells of a person is in DIR/private."),
    ] = Path("audit-report"),
    output: Annotated[Format, typer.Option("--format", help="What to print.")] = Format.TEXT,
) -> None:
    """Explain one decision, and the nearest allowed change that would have made it another; or the model as a whole."""
    from fairwitness.cli.progress import showing
    from fairwitness.engine import config as settings
    from fairwitness.explain.commands.chosen import Wanted
    from fairwitness.explain.commands.work import Work
    from fairwitness.explain.errors import ExplainError

    file = config / "audit.toml" if config.is_dir() else config
    parsed = settings.parse(settings.read(file), source=file.name)
    limits = {"reasons": reasons, "changes": changes, "budget": budget}
    given = {name: value for name, value in limits.items() if value is not None}
    if row is None:
        for option in [*(["id"] if id_ is not None else []), *given]:
            raise ExplainError.needs_row(f"--{option}")
    with showing() as progress:
        work = Work(config=parsed, file=file, out=out, progress=progress)
        made = work.of_model() if row is None else work.of_row(Wanted(row=row, id=id_), **given)
    where = _write(made, out)
    sys.stdout.write(_json(made) if output is Format.JSON else made.text)
    whose = "Written, for you alone" if made.private else "Written"
    typer.echo(f"{whose}: {where}.html and .json" + (f"; {made.next}" if made.next else ""), err=True)
    if made.stopped:
        typer.echo("fairwitness: stopped; what was found until then is shown", err=True)
        raise typer.Exit(STOPPED)


def _write(made: Made, out: Path) -> Path:
    """The page, its numbers and its pictures, for the owner alone where they tell of a person; their path, no ending."""
    from fairwitness.accountability import pages
    from fairwitness.explain.commands.work import private
    from fairwitness.io import atomic

    folder, mode = out, 0o644
    if made.private:
        folder, mode = private(out), 0o600
    for name, picture in made.pictures.items():
        atomic.write_bytes(folder / f"{made.stem}-{name.replace(' ', '-')}.png", picture, mode=mode)
    atomic.write_text(folder / f"{made.stem}.json", _json(made), mode=mode)
    atomic.write_text(folder / f"{made.stem}.html", pages.html(made.page), mode=mode)
    return folder / made.stem


def _json(made: Made) -> str:
    import json

    return json.dumps(made.numbers, indent=2, ensure_ascii=False) + "\n"
