"""An assessment on disk: the answers file made or read, the pages written, the entry for the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fairwitness.accountability import pages
from fairwitness.accountability.assess import answers as file
from fairwitness.accountability.assess.aia import Phase
from fairwitness.accountability.assess.assessment import Assessment, assess, measured
from fairwitness.accountability.assess.forms import Form, FormId, form
from fairwitness.accountability.assess.shown import page
from fairwitness.accountability.evidence import Source
from fairwitness.accountability.ledger.entries import Entry
from fairwitness.core.errors import ConfigError
from fairwitness.core.findings import Document
from fairwitness.draw import quote
from fairwitness.io import atomic


@dataclass(frozen=True, slots=True)
class Filed:
    """An assessment, and whether its answers file was made just now."""

    assessment: Assessment
    answers: Path
    new: bool


def run(
    given: Source, *, out: Path, answers: Path | None = None, name: FormId | None = None, phase: Phase | None = None
) -> Filed:
    """Make or read the answers file, and write assessment.md and assessment.html.

    Args:
        given: The audit and its record.
        out: Folder for the pages.
        answers: The answers file; `out`/assessment.toml if not given.
        name: The form; that of the answers file, or the review, if not given.
        phase: Of the project, for Canada's assessment; as for `name`.

    Raises:
        ConfigError: The answers file is not as it must be, or answers another form or phase.
        UserError: Something cannot be written.
    """
    path = answers or out / "assessment.toml"
    atomic.directory(out)
    new = not path.exists()
    if new:
        atomic.write_text(path, _template(given, form(name or "review", phase or "implementation"), phase))
    held = file.read(path)
    if phase is not None and held.phase != phase:
        raise ConfigError(f"{path.name}: it is of phase {held.phase!r}, not {phase!r}; change `phase` in the file")
    asked = form(name or held.form, held.phase)
    made = assess(asked, given, held, source=path.name)
    if not new:
        _append_missing(path, asked, held, given)
    shown = page(made)
    atomic.write_text(out / "assessment.md", pages.markdown(shown))
    atomic.write_text(out / "assessment.html", pages.html(shown))
    return Filed(made, path, new)


def entry(made: Assessment, document: Document) -> Entry:
    """What the ledger is told: of which system, which form, whether it is complete, and its digest. No answers."""
    return Entry(
        kind="assessment",
        body={
            "id": document.subject.name,
            "form": made.form.id,
            "subject": document.subject.fingerprint,
            "complete": made.complete,
            "open": len(made.open),
            "digest": made.digest,
        },
    )


def _template(given: Source, asked: Form, phase: Phase | None) -> str:
    document = given.document
    return file.template(
        asked,
        measured(asked, given),
        subject=document.subject.fingerprint,
        name=document.subject.name,
        day=quote.day(document.provenance.started),
        phase=phase or "implementation",
    )


def _append_missing(path: Path, asked: Form, held: file.Answers, given: Source) -> None:
    """Questions the file does not have yet go to its end; what is there stays, byte for byte."""
    missing = [question for question in asked.question if question.key not in held.of]
    if missing:
        text = path.read_text(encoding="utf-8")
        atomic.write_text(path, text.rstrip("\n") + "\n" + file.added(missing, measured(asked, given)))
