"""`fix` mends a subject and proves what changed; `frontier` shows what can be had for what; `compare` sets two audits beside
each other.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fairwitness.core.comparison import Comparison
    from fairwitness.core.findings import Document

WIDEST = 110
"""Columns a comparison takes on a terminal."""


def register(app: typer.Typer) -> None:
    """Add the three commands."""
    app.command()(fix)
    app.command()(frontier)
    app.command()(compare)


def fix(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="audit.toml, or a folder that holds one.")] = Path(
        "audit.toml"
    ),
    *,
    remedy: Annotated[
        list[str] | None,
        typer.Option(help="ID[:by=GROUP][:option=value]; several go together, or are refused by name."),
    ] = None,
    auto: Annotated[bool, typer.Option("--auto", help="Try what the failing findings name.")] = False,
    budget: Annotated[int, typer.Option(help="Models that may be trained, beside the one there is.")] = 8,
    group_at_decision: Annotated[
        bool, typer.Option("--group-at-decision", help="With --auto: also what reads the group when it decides.")
    ] = False,
    who: Annotated[str, typer.Option(help="Who chose these remedies, for the record.")] = "",
    why: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    out: Annotated[Path, typer.Option(help="Folder for the comparison, both audits, and the mended model.")] = Path(
        "fixed"
    ),
    ledger: Annotated[Path, typer.Option(help="Where the run is recorded.")] = Path(".fairwitness/ledger.sqlite"),
    no_ledger: Annotated[bool, typer.Option("--no-ledger", help="Do not record the run.")] = False,
) -> None:
    """Mend a model, audit it again on the same rows, and show what got better and what got worse.

    Exit 1 if the mended model does not pass either.
    """
    from fairwitness.cli.progress import showing
    from fairwitness.engine import config as settings
    from fairwitness.engine.fix import Wanted
    from fairwitness.engine.fix import fix as run
    from fairwitness.engine.record import mended, mending

    file = config / "audit.toml" if config.is_dir() else config
    read = settings.read(file)
    parsed = settings.parse(read, source=file.name)
    with showing() as progress, mending(None if no_ledger else ledger, parsed) as recorded:
        fixed = run(
            parsed,
            read,
            Wanted(
                remedies=tuple(remedy or ()),
                auto=auto,
                budget=budget,
                group_at_decision=group_at_decision,
                who=who,
                why=why,
            ),
            base=file.parent,
            out=out,
            source=file.name,
            command=shlex.join(["fairwitness", *sys.argv[1:]]),
            progress=recorded.watch(progress),
        )
        for name, document in (("parent", fixed.before), ("child", fixed.after)):
            _write_audit(out / name, document)
        _write(out, fixed.comparison)
        recorded.finish(mended(fixed))
    _show(fixed.comparison)
    typer.echo(f"Written: {out / 'comparison.html'}, comparison.json, and both audits beside it", err=True)
    raise typer.Exit(0 if fixed.after.gate.passes else 1)


def frontier(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="audit.toml, or a folder that holds one.")] = Path(
        "audit.toml"
    ),
    *,
    remedy: Annotated[
        list[str] | None,
        typer.Option(help="ID[:by=GROUP][:option=value], each by itself with its strengths; A+B for two together."),
    ] = None,
    criterion: Annotated[
        list[str] | None, typer.Option(help="CHECK/GROUP; without any, selection rates and equalised odds.")
    ] = None,
    seeds: Annotated[int, typer.Option(help="Trainings of each point.")] = 3,
    budget: Annotated[int, typer.Option(help="Models that may be trained, beside the one there is.")] = 24,
    out: Annotated[Path, typer.Option(help="Folder for frontier.json and frontier.html.")] = Path("frontier"),
) -> None:
    """Show which accuracy goes with which gap, over remedies and strengths; a person chooses, with `fix --who --why`."""
    from fairwitness.cli.progress import showing
    from fairwitness.engine import config as settings
    from fairwitness.engine.frontier import Sought
    from fairwitness.engine.frontier import frontier as run
    from fairwitness.io import atomic, comparisons
    from fairwitness.report import frontiers

    file = config / "audit.toml" if config.is_dir() else config
    parsed = settings.parse(settings.read(file), source=file.name)
    with showing() as progress:
        made = run(
            parsed,
            Sought(remedies=tuple(remedy or ()), criteria=tuple(criterion or ()), seeds=seeds, budget=budget),
            base=file.parent,
            out=out,
            source=file.name,
            command=shlex.join(["fairwitness", *sys.argv[1:]]),
            progress=progress,
        )
        atomic.write_text(out / "frontier.html", frontiers.html(made))
        atomic.write_text(out / "frontier.json", comparisons.dump(made))
    sys.stdout.write(frontiers.text(made))
    typer.echo(f"Written: {out / 'frontier.html'} and frontier.json", err=True)


def compare(
    before: Annotated[Path, typer.Argument(metavar="A", help="An audit's folder, or its findings.json.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="The other; what changed is B less A.")],
    *,
    out: Annotated[Path | None, typer.Option(help="Folder for comparison.json and comparison.html.")] = None,
) -> None:
    """Set two audits beside each other: row by row where both folders have their rows, else by their summaries."""
    from fairwitness.engine.comparing import compare_folders

    comparison = compare_folders(before, after, command=shlex.join(["fairwitness", *sys.argv[1:]]))
    if out is not None:
        _write(out, comparison)
    _show(comparison)


def _write(out: Path, comparison: Comparison) -> None:
    """The page first: where comparison.json lies, all is there."""
    from fairwitness.io import atomic, comparisons
    from fairwitness.report import compared

    atomic.probe_writable(out)
    atomic.write_text(out / "comparison.html", compared.html(comparison))
    atomic.write_text(out / "comparison.json", comparisons.dump(comparison))


def _write_audit(folder: Path, document: Document) -> None:
    from fairwitness import report
    from fairwitness.io import atomic
    from fairwitness.io import findings as documents

    atomic.directory(folder)
    atomic.write_text(folder / "report.html", report.render(document, "html"))
    atomic.write_text(folder / "findings.json", documents.dump(document))


def _show(comparison: Comparison) -> None:
    from fairwitness.report import compared

    terminal = sys.stdout.isatty()
    width = min(shutil.get_terminal_size().columns, WIDEST) if terminal else 100
    sys.stdout.write(compared.text(comparison, width=width, colour=terminal and "NO_COLOR" not in os.environ))
