"""`fairwitness explain`: one decision's reasons and the nearest allowed change, or what the model goes by."""

from __future__ import annotations

import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fairwitness.core.subject import Model, Rows
    from fairwitness.engine.config import Config
    from fairwitness.engine.progress import Progress
    from fairwitness.engine.subject import Subject
    from fairwitness.explain.commands.chosen import Wanted
    from fairwitness.explain.shown import Told
    from fairwitness.io.table import Table

FOLDER = "explained"
STOPPED = 130


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
    reasons: Annotated[int, typer.Option(min=1, help="Main reasons that are stated, at most.")] = 4,
    changes: Annotated[int, typer.Option(min=1, help="Things changed together, at most, to change the decision.")] = 3,
    budget: Annotated[
        int, typer.Option(min=1, help="Rows put to the model for the nearest change, at most.")
    ] = 200_000,
    out: Annotated[
        Path, typer.Option(help="Folder of the audit, whose model is used again; pages go to DIR/private.")
    ] = Path("audit-report"),
    output: Annotated[Format, typer.Option("--format", help="What to print.")] = Format.TEXT,
) -> None:
    """Explain one decision, with the nearest allowed change that would have made it another; or the model as a whole."""
    from fairwitness.cli.progress import showing
    from fairwitness.engine import config as settings
    from fairwitness.explain.commands.chosen import Wanted
    from fairwitness.explain.errors import ExplainError

    file = config / "audit.toml" if config.is_dir() else config
    parsed = settings.parse(settings.read(file), source=file.name)
    if row is None and id_ is not None:
        raise ExplainError.needs_row("--id")
    with showing() as progress:
        if row is None:
            _summarised(parsed, file=file, out=out, progress=progress, output=output)
            return
        told = _explained(
            parsed,
            Wanted(row=row, id=id_),
            file=file,
            out=out,
            progress=progress,
            limits={"most": reasons, "changes": changes, "budget": budget},
        )
    where = _write(told, out)
    sys.stdout.write(_printed(told, output))
    typer.echo(f"Written, for you alone: {where}.html and .json", err=True)
    if told.explained.search is not None and told.explained.search.stopped:
        typer.echo("fairwitness: stopped; what was found until then is shown", err=True)
        raise typer.Exit(STOPPED)


def _explained(
    config: Config, wanted: Wanted, *, file: Path, out: Path, progress: Progress, limits: dict[str, int]
) -> Told:
    """Refuse what cannot be explained, then train or find the model, then explain.

    Raises:
        UserError: The row, the settings, the data or the model do not fit.
    """
    from fairwitness.core.digest import generator
    from fairwitness.explain.commands import chosen
    from fairwitness.explain.decision import explain as run
    from fairwitness.explain.shown import Told
    from fairwitness.torchkit.threads import one_thread

    table = _read(config, file=file, out=out)
    at = chosen.place(table, config, wanted, source=file.name)
    subject, model = _assembled(table, config, file=file, out=out, progress=progress)
    one, others = _rows(subject, at)
    with one_thread():
        explained = run(
            model,
            subject.outline,
            one,
            others,
            rng=generator(config.seed, "explain", str(at)),
            told=lambda done, of: progress("looking for the nearest change", done, of),
            **limits,
        )
    return Told(
        explained=explained,
        row=wanted.row,
        target=str(subject.outline.target),
        threshold=_threshold(subject),
    )


def _summarised(config: Config, *, file: Path, out: Path, progress: Progress, output: Format) -> None:
    """What the model goes by, over rows that decisions are judged on: printed, and a page that can be published."""
    import json
    from datetime import date

    from fairwitness.accountability import pages
    from fairwitness.core.digest import generator
    from fairwitness.engine.subject import part_mask
    from fairwitness.explain.commands.page import summary_page
    from fairwitness.explain.shown import summary_json, summary_text
    from fairwitness.explain.summary import BACKGROUND, ROWS, summarise
    from fairwitness.io import atomic
    from fairwitness.torchkit.threads import one_thread

    table = _read(config, file=file, out=out)
    subject, model = _assembled(table, config, file=file, out=out, progress=progress)
    rng = generator(config.seed, "explain", "model")
    with one_thread():
        made = summarise(
            model,
            subject.outline,
            subject.rows(_drawn(subject.judged, ROWS, rng)),
            subject.rows(_drawn(part_mask(subject, "train"), BACKGROUND, rng)),
            rng=rng,
            level=config.level,
            told=lambda done, of: progress("explaining rows", done, of),
        )
    name = subject.outline.name
    page = summary_page(made, name=name, today=date.today())  # noqa: DTZ011 - the reader's own day
    atomic.write_text(out / "explained.html", pages.html(page))
    numbers = json.dumps(summary_json(made), indent=2, ensure_ascii=False) + "\n"
    atomic.write_text(out / "explained.json", numbers)
    sys.stdout.write(numbers if output is Format.JSON else summary_text(made, name=name))
    typer.echo(f"Written: {out / 'explained.html'} and .json. One decision: --row NUMBER", err=True)


def _read(config: Config, *, file: Path, out: Path) -> Table:
    """The data, once it is sure that rows like these can be explained."""
    from fairwitness.engine.audit import load
    from fairwitness.explain.commands import chosen
    from fairwitness.explain.errors import ExplainError
    from fairwitness.io import atomic

    atomic.probe_writable(out)
    table = load(None, config, base=file.parent, source=file.name)
    chosen.columns_read(table, config, source=file.name)
    if config.subject.favorable is None:
        raise ExplainError.no_favorable(file.name)
    return table


def _assembled(table: Table, config: Config, *, file: Path, out: Path, progress: Progress) -> tuple[Subject, Model]:
    """The subject, its model trained here or found where the audit kept it."""
    from fairwitness.engine.cache import Cache
    from fairwitness.engine.subject import assemble
    from fairwitness.explain.errors import ExplainError

    subject = assemble(
        table,
        config,
        model=None,
        base=file.parent,
        cache=Cache(out / "private" / "cache"),
        progress=progress,
        source=file.name,
    )
    if subject.model is None or "model" not in subject.outline.offers:
        raise ExplainError.no_scores(file.name)
    return subject, subject.model


def _drawn(mask: NDArray[np.bool_], most: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """So many rows of a mask, at random."""
    import numpy as np

    held = np.flatnonzero(mask)
    kept = rng.choice(held, most, replace=False) if len(held) > most else held
    return np.isin(np.arange(len(mask)), kept)


def _rows(subject: Subject, at: int) -> tuple[Rows, Rows]:
    """The row, and those it is compared with: training rows, or, where rows are not divided, all others."""
    import numpy as np

    from fairwitness.engine.subject import part_mask

    alone = np.arange(subject.table.frame.height) == at
    training = part_mask(subject, "train")
    return subject.rows(alone), subject.rows(training & ~alone)


def _threshold(subject: Subject) -> float | None:
    """From which score the favourable class is decided, where one score decides."""
    rule = getattr(subject.model, "rule", None)
    if rule is None or not rule.binary:
        return None
    made = float(rule.threshold)
    return made if subject.outline.favorable == subject.outline.positive else 1.0 - made


def _write(told: Told, out: Path) -> Path:
    """The page and its numbers, for the owner alone; returns their path without an ending."""
    import json
    from datetime import date

    from fairwitness.accountability import pages
    from fairwitness.explain.commands.page import page
    from fairwitness.explain.shown import as_json
    from fairwitness.io import atomic

    atomic.directory(out / "private", mode=0o700)
    folder = atomic.directory(out / "private" / FOLDER, mode=0o700)
    path = folder / f"row-{_safe(told.row)}"
    text = pages.html(page(told, today=date.today()))  # noqa: DTZ011 - the reader's own day
    atomic.write_text(path.with_name(f"{path.name}.html"), text, mode=0o600)
    numbers = json.dumps(as_json(told), indent=2, ensure_ascii=False) + "\n"
    atomic.write_text(path.with_name(f"{path.name}.json"), numbers, mode=0o600)
    return path


def _safe(row: str) -> str:
    """A row's name as part of a file's."""
    from fairwitness.core.digest import digest

    return row if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", row) else digest(row)[:16]


def _printed(told: Told, output: Format) -> str:
    import json

    from fairwitness.explain.shown import as_json, text

    if output is Format.JSON:
        return json.dumps(as_json(told), indent=2, ensure_ascii=False) + "\n"
    return text(told)
