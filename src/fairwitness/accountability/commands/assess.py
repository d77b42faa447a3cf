"""`fairwitness assess` and `fairwitness evidence`: what an audit says to a review, and to the clauses of a law."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairwitness.accountability.commands.options import DEFAULT, hand_out

if TYPE_CHECKING:
    from fairwitness.accountability.ledger import Entry

FindingsArgument = Annotated[Path, typer.Argument(metavar="FINDINGS", help="The findings.json of an audit.")]
RecordOption = Annotated[
    Path | None, typer.Option("--ledger", help=f"The ledger file; {DEFAULT} if that is there.", show_default=False)
]


class FormName(StrEnum):
    """What `--form` takes."""

    REVIEW = "review"
    AIA = "aia"
    DPIA = "dpia"
    FRIA = "fria"


class PhaseName(StrEnum):
    """What `--phase` takes."""

    DESIGN = "design"
    IMPLEMENTATION = "implementation"


class Format(StrEnum):
    """What `--format` of `evidence` takes."""

    HTML = "html"
    MARKDOWN = "markdown"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add `assess` and `evidence`."""
    app.command()(assess)
    app.command()(evidence)


def assess(
    findings: FindingsArgument,
    *,
    out: Annotated[Path, typer.Option(help="Folder for the answers file and the pages.")] = Path("assessment"),
    form: Annotated[
        FormName | None,
        typer.Option(
            help="review: ethical review; aia: Canada's score; dpia: GDPR 35; fria: AI Act 27.", show_default="review"
        ),
    ] = None,
    answers: Annotated[
        Path | None, typer.Option(help="The answers file; OUT/assessment.toml if not given.", show_default=False)
    ] = None,
    phase: Annotated[
        PhaseName | None, typer.Option(help="Of the project, for --form aia.", show_default="implementation")
    ] = None,
    ledger: RecordOption = None,
) -> None:
    """Assess the impact on people: write the questions for persons to answer, or read their answers."""
    from fairwitness.accountability.assess import filed
    from fairwitness.accountability.evidence import source
    from fairwitness.io import findings as documents

    document = documents.load(findings)
    record = _record(ledger)
    done = filed.run(
        source(document, record if record and record.exists() else None),  # assess makes it
        out=out,
        answers=answers,
        name=form.value if form else None,
        phase=phase.value if phase else None,
    )
    if record:
        _recorded(record, filed.entry(done.assessment, document))
    if done.new:
        typer.echo(f"Written: {done.answers}. Answer it, then run the same command again.")
    typer.echo(_told(len(done.assessment.open), len(done.assessment.asked), stale=done.assessment.stale))
    typer.echo(f"Written: {out / 'assessment.html'} and {out / 'assessment.md'}", err=True)


def _record(ledger: Path | None) -> Path | None:
    """The ledger that was named, or the default if it is there."""
    return ledger or (DEFAULT if DEFAULT.exists() else None)


def _recorded(ledger: Path, made: Entry) -> None:
    """Append the entry, unless the last assessment of that system says the same."""
    from fairwitness.accountability.ledger import Ledger

    with Ledger(ledger) as log:
        before = [stored.entry.body for stored in log.find("assessment", str(made.body["id"]))]
        if before and before[-1] == made.body:
            return
        place = log.append([made])[0]
    typer.echo(f"Recorded as entry {place} of {ledger}", err=True)


def _told(n_open: int, asked: int, *, stale: bool) -> str:
    if stale:
        return "Answered for another model or other data: read the answers again, then change `subject` in the file."
    if n_open:
        return f"Open: {n_open} of {asked} questions wait for a person."
    return f"Complete: all {asked} questions are answered."


def evidence(
    findings: FindingsArgument,
    *,
    regulation: Annotated[
        list[str] | None, typer.Option(help="Which table, e.g. eu-ai-act; may be repeated. Without it: list them.")
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="What to make.")] = Format.MARKDOWN,
    out: Annotated[Path | None, typer.Option("--out", help="File to write; without it, print.")] = None,
    ledger: RecordOption = None,
) -> None:
    """Show, clause by clause of a law or standard, which finding is evidence, and where there is none."""
    from fairwitness.accountability import regulation as tables
    from fairwitness.accountability.evidence import source
    from fairwitness.io import findings as documents

    chosen = tables.chosen(regulation or ())
    document = documents.load(findings)
    if not chosen:
        typer.echo(tables.listing())
        return
    hand_out(tables.show(chosen, source(document, _record(ledger)), output.value), out)
