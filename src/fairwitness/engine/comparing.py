"""Two finished audits beside each other, from their folders or their findings."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from fairwitness import __version__
from fairwitness.core.comparison import Comparison
from fairwitness.core.errors import DataError
from fairwitness.core.findings import Document
from fairwitness.engine import measured
from fairwitness.engine.comparison import Work, compare
from fairwitness.engine.judged import Judged
from fairwitness.io import findings as documents


def compare_folders(before: Path, after: Path, *, command: str) -> Comparison:
    """What changed from one audit to the other.

    Args:
        before: An audit's folder, or its findings.json.
        after: The other.
        command: The command line, for the provenance.

    Raises:
        DataError: One of them cannot be read, or they are of different targets.
    """
    first, second = (documents.load(_findings(path)) for path in (before, after))
    _alike(first, second)
    rows, why = _rows(before, after, first, second)
    same = first.provenance.data_digest == second.provenance.data_digest
    return compare(
        first,
        second,
        rows=rows,
        measures=measured.shared(before, after) if same and before.is_dir() and after.is_dir() else (),
        work=Work(notes=why),
        provenance={
            "tool": "fairwitness",
            "version": __version__,
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": command,
        },
    )


def _findings(path: Path) -> Path:
    return path / "findings.json" if path.is_dir() else path


def _alike(first: Document, second: Document) -> None:
    """Refuse to compare what was not asked alike."""
    for key in ("target", "positive", "favorable"):
        one, other = getattr(first.subject, key), getattr(second.subject, key)
        if one != other:
            raise DataError(f"the two audits have {key} {one!r} and {other!r}; compare audits of the same question")


def _rows(
    before: Path, after: Path, first: Document, second: Document
) -> tuple[tuple[Judged, Judged] | None, tuple[str, ...]]:
    """Decisions by row of both, where they are of the same data and lie beside the findings."""
    if first.provenance.data_digest != second.provenance.data_digest or not (before.is_dir() and after.is_dir()):
        return None, ()
    one, other = Judged.load(before), Judged.load(after)
    if one is None or other is None:
        return None, ()
    only = len(set(one.ids.tolist()) ^ set(other.ids.tolist()))
    why = (f"{only} rows were judged in one of the two only, and are left out.",) if only else ()
    return (one, other), why
