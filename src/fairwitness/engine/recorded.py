"""What the record of decisions adds to an audit: counts of appeals, and outcomes that appeals have put right."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from fairwitness.accountability.decisions import counts as counting
from fairwitness.accountability.decisions.counts import Counts
from fairwitness.accountability.decisions.intake import ROW
from fairwitness.accountability.decisions.vault import beside
from fairwitness.core.digest import digest
from fairwitness.core.errors import ColumnError, ConfigError
from fairwitness.draw.words import plural
from fairwitness.engine.config import Config
from fairwitness.io.kinds import as_text
from fairwitness.io.table import Table


def counts(config: Config, *, base: Path) -> Counts | None:
    """Decisions and appeals counted by group, as of today; None where none are on record."""
    if config.decisions.ledger is None or not beside(base / config.decisions.ledger).exists():
        return None
    found = counting.read(beside(base / config.decisions.ledger), today=datetime.now(UTC).date())
    return found if found.cells else None


def corrected(table: Table, config: Config, *, base: Path, source: str) -> Table:
    """The data with each recorded outcome that an appeal has put right, and a note of how many.

    What the model decides stays: it is judged against the corrected outcome. Nothing is changed unless `[decisions]`
    names both ledger and id.

    Raises:
        ConfigError: No target is declared, or an appeal was corrected to an outcome the target never has.
        ColumnError: The id column or the target is not there.
        VaultError: The vault cannot be read.
    """
    settings, target = config.decisions, config.subject.target
    if settings.id is None or settings.ledger is None or not beside(base / settings.ledger).exists():
        return table
    if target is None:
        raise ConfigError(f"{source}: [decisions] id corrects the target, and there is none; declare [subject] target")
    for name, key in ((settings.id, "[decisions] id"), (target, "[subject] target")):
        if name != ROW and name not in table.frame.columns:
            raise ColumnError.missing(name, key=key, have=table.frame.columns, source=source)
    from fairwitness.accountability.decisions.book import Book
    from fairwitness.accountability.decisions.rulings import corrected_labels

    with Book(base / settings.ledger, make=False) as book:
        labels = corrected_labels(book)
        commitments = [str(stored.entry.body["commitment"]) for stored in book.ledger.read(["correction"])]
    recorded = table.frame[target]
    known = dict(zip(as_text(recorded).tolist(), range(len(recorded)), strict=True))  # label to a row that has it
    if any(label not in known for label in labels.values()):
        raise ConfigError(
            f"{source}: an appeal was corrected to an outcome that {target!r} never has; `appeal decide --label` says "
            "what the target should hold"
        )
    rows = _rows(table.frame, settings.id)
    places = {rows[id_]: known[label] for id_, label in labels.items() if id_ in rows}
    if not places:
        return table
    values = recorded.gather([places.get(place, place) for place in range(len(recorded))])
    note = f"{plural(len(places), 'recorded outcome')} of {target!r} read as appeals have put right"
    return replace(
        table,
        frame=table.frame.with_columns(values.alias(target)),
        fingerprint=digest(table.fingerprint, commitments),  # never of labels themselves: they could be guessed
        notes=(*table.notes, note),
    )


def _rows(frame: pl.DataFrame, name: str) -> dict[str, int]:
    """Place of each row by its id."""
    if name == ROW:
        return {str(place + 1): place for place in range(frame.height)}
    ids = ["" if id_ is None else " ".join(id_.split()) for id_ in as_text(frame[name]).tolist()]
    return {id_: place for place, id_ in enumerate(ids)}
