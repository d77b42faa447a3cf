"""`fairwitness card`: a model card, a data sheet or a one-page summary from findings.json."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Kind(StrEnum):
    """What `--kind` takes."""

    MODEL = "model"
    DATA = "data"
    SUMMARY = "summary"


class Format(StrEnum):
    """What `--format` takes."""

    HTML = "html"
    MARKDOWN = "markdown"
    JSON_LD = "json-ld"


def register(app: typer.Typer) -> None:
    """Add `card`."""
    app.command()(card)


def card(
    findings: Annotated[Path, typer.Argument(metavar="FINDINGS", help="The findings.json of an audit.")],
    *,
    kind: Annotated[
        Kind, typer.Option(help="model: model card; data: data sheet; summary: one page for everybody.")
    ] = Kind.MODEL,
    output: Annotated[
        Format, typer.Option("--format", help="json-ld is Croissant with its RAI terms, for a data sheet.")
    ] = Format.MARKDOWN,
    out: Annotated[Path | None, typer.Option(help="File to write; without it, print.")] = None,
) -> None:
    """Make a card for people who will not read the report."""
    from fairwitness.accountability import cards, pages
    from fairwitness.core.errors import UserError
    from fairwitness.io import atomic
    from fairwitness.io import findings as documents

    if output is Format.JSON_LD and kind is not Kind.DATA:
        raise UserError(f"--format json-ld: it is a form of the data sheet, not of a {kind} card; add --kind data")
    document = documents.load(findings)
    if output is Format.JSON_LD:
        text = cards.croissant(document)
    else:
        page = cards.CARDS[kind.value](document)
        text = pages.html(page) if output is Format.HTML else pages.markdown(page)
    if out is None:
        typer.echo(text, nl=False)
    else:
        atomic.write_text(out, text)
        typer.echo(f"Written: {out}", err=True)
