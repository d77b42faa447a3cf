"""What `fairwitness explain` does between its options and what it prints: refuse, find the model, explain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.accountability.pages import Page
from fairwitness.core.asks import FAVORED, NO
from fairwitness.core.columns import MEDIA, Kind
from fairwitness.core.digest import digest, generator
from fairwitness.core.subject import Model, Rows
from fairwitness.draw.words import listed
from fairwitness.engine.audit import load
from fairwitness.engine.cache import Cache
from fairwitness.engine.config import Config
from fairwitness.engine.progress import Progress
from fairwitness.engine.subject import Subject, assemble, part_mask, recorded_rows
from fairwitness.explain import decision, parted, pictured, shown, shown_parts, shown_words, summary, vocabulary
from fairwitness.explain.commands import chosen, page, page_parts
from fairwitness.explain.commands.chosen import Wanted
from fairwitness.explain.errors import ExplainError
from fairwitness.io import atomic
from fairwitness.io.table import Table
from fairwitness.stats.units import one_of_each
from fairwitness.torchkit.threads import one_thread

FOLDER = "explained"
SUGGESTED = 3
"""Rows that are named to go on with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An explanation, ready for every surface.

    Attributes:
        stem: Of its files' names.
        private: It tells of one person.
        pictures: Name to PNG.
        stopped: The search was interrupted.
        next: What the user may do then, for the terminal alone.
    """

    stem: str
    page: Page
    text: str
    numbers: Mapping[str, Any]
    private: bool
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    stopped: bool = False
    next: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One run of the command."""

    config: Config
    file: Path
    out: Path
    progress: Progress

    def of_row(self, wanted: Wanted, **limits: int) -> Made:
        """One decision: reasons and the nearest change, or of an image where the model looks.

        Args:
            wanted: Which row.
            limits: `reasons`, `changes` and `budget`, as of `decision.explain`.

        Raises:
            UserError: The row, the settings, the data or the model do not fit; before any long work.
        """
        table, kind = self._read()
        at = chosen.place(table, self.config, wanted, source=self.file.name)
        atomic.probe_writable(private(self.out))
        subject, model = self._assembled(table)
        alone = np.arange(subject.table.frame.height) == at
        row, target = subject.rows(alone), str(subject.outline.target)
        others = subject.rows(part_mask(subject, "train") & ~alone)
        rng = generator(self.config.seed, "explain", str(at))
        if kind == "image":
            return self._pictured(subject, model, row, others, rng=rng, wanted=wanted)
        if kind:
            return self._parted(subject, model, row, others, rng=rng, wanted=wanted, **limits)
        with one_thread():
            made = decision.explain(
                model,
                subject.outline,
                row,
                others,
                rng=rng,
                told=lambda done, of: self.progress("looking for the nearest change", done, of),
                **limits,
            )
        told = shown.Told(explained=made, row=wanted.row, target=target, threshold=_threshold(subject))
        return Made(
            stem=_stem(wanted),
            page=page.page(told, today=_today()),
            text=shown.text(told),
            numbers=shown.as_json(told),
            private=True,
            stopped=made.search is not None and made.search.stopped,
        )

    def _parted(
        self,
        subject: Subject,
        model: Model,
        row: Rows,
        others: Rows,
        *,
        rng: np.random.Generator,
        wanted: Wanted,
        **limits: int,
    ) -> Made:
        with one_thread():
            made = parted.explain_parts(
                model,
                subject.outline,
                row,
                others,
                rng=rng,
                source=self.file.name,
                told=lambda done, of: self.progress("looking for the fewest to take out", done, of),
                **limits,
            )
        told = shown_parts.PartsTold(
            explained=made, row=wanted.row, target=str(subject.outline.target), threshold=_threshold(subject)
        )
        return Made(
            stem=_stem(wanted),
            page=page_parts.page(told, today=_today()),
            text=shown_parts.text(told),
            numbers=shown_parts.as_json(told),
            private=True,
            stopped=made.removal is not None and made.removal.stopped,
        )

    def _pictured(
        self, subject: Subject, model: Model, row: Rows, others: Rows, *, rng: np.random.Generator, wanted: Wanted
    ) -> Made:
        drawn = others.where(_drawn(np.ones(len(others), dtype=bool), pictured.BACKGROUND, rng))
        with one_thread():
            made = pictured.picture(model, subject.outline, row, drawn, source=self.file.name)
        target = str(subject.outline.target)
        return Made(
            stem=_stem(wanted),
            page=page.picture_page(made, row=wanted.row, target=target, today=_today()),
            text=pictured.text(made, row=wanted.row, target=target),
            numbers=pictured.as_json(made, row=wanted.row, target=target),
            private=True,
            pictures=made.pictures,
        )

    def of_model(self) -> Made:
        """What the model goes by, over rows that decisions are judged on.

        Raises:
            UserError: The settings, the data or the model do not fit; before any long work.
        """
        table, kind = self._read()
        if kind in MEDIA:
            raise ExplainError.no_summary(self.file.name, kind)
        subject, model = self._assembled(table)
        rng = generator(self.config.seed, "explain", "model")
        if kind == "text":
            return self._words(table, subject, model, rng=rng)
        with one_thread():
            made = summary.summarise(
                model,
                subject.outline,
                subject.rows(_drawn(self._once_each(subject, rng), summary.ROWS, rng)),
                subject.rows(_drawn(part_mask(subject, "train"), summary.BACKGROUND, rng)),
                rng=rng,
                level=self.config.level,
                told=lambda done, of: self.progress("explaining rows", done, of),
            )
        name = subject.outline.name
        return Made(
            stem="explained",
            page=page.summary_page(made, name=name, today=_today()),
            text=shown.summary_text(made, name=name),
            numbers=shown.summary_json(made),
            private=False,
            next=self._next(table, subject),
        )

    def _words(self, table: Table, subject: Subject, model: Model, *, rng: np.random.Generator) -> Made:
        drawn = subject.rows(_drawn(self._once_each(subject, rng), vocabulary.TEXTS, rng))
        with one_thread():
            made = vocabulary.vocabulary(
                model,
                subject.outline,
                drawn,
                level=self.config.level,
                told=lambda done, of: self.progress("taking words out", done, of),
            )
        name = subject.outline.name
        return Made(
            stem="explained",
            page=page_parts.words_page(made, name=name, today=_today()),
            text=shown_words.text(made, name=name),
            numbers=shown_words.as_json(made),
            private=False,
            next=self._next(table, subject),
        )

    def _once_each(self, subject: Subject, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Rows that decisions are judged on, one of each person: more of one are no evidence of each other, nor are many."""
        kept = np.array(subject.judged)
        for column in subject.columns:
            if column.role == "unit":
                kept[kept] = one_of_each(subject.table.frame[column.name].to_numpy()[kept], rng)
        return kept

    def _next(self, table: Table, subject: Subject) -> str:
        """Rows whose decision somebody may ask about."""
        refused = np.flatnonzero(subject.judged & (subject.derived[FAVORED] == NO))[:SUGGESTED]
        numbers = np.flatnonzero(recorded_rows(table, self.config))[refused] + 1
        such = f", such as {listed(map(str, numbers))}, where it was not the favourable one" if len(numbers) else ""
        return f"--row NUMBER explains one decision{such}"

    def _read(self) -> tuple[Table, Kind | None]:
        """The data, once it is sure that rows like these can be explained; and which kind it is where a row is one thing."""
        source = self.file.name
        atomic.probe_writable(self.out)
        table = load(None, self.config, base=self.file.parent, source=source)
        read = chosen.columns_read(table, self.config, source=source)
        kind = next((column.kind for column in read if column.media or column.kind == "text"), None)
        if self.config.subject.favorable is None and kind != "image":
            raise ExplainError.no_favorable(source)
        return table, kind

    def _assembled(self, table: Table) -> tuple[Subject, Model]:
        """The subject, its model trained here or found where the audit kept it."""
        subject = assemble(
            table,
            self.config,
            model=None,
            base=self.file.parent,
            cache=Cache(self.out / "private" / "cache"),
            progress=self.progress,
            source=self.file.name,
        )
        if subject.model is None or "model" not in subject.outline.offers:
            raise ExplainError.no_scores(self.file.name)
        return subject, subject.model


def _threshold(subject: Subject) -> float | None:
    """From which score the favourable class is decided, where one score decides."""
    rule = getattr(subject.model, "rule", None)
    if rule is None or not rule.binary:
        return None
    made = float(rule.threshold)
    return made if subject.outline.favorable == subject.outline.positive else 1.0 - made


def _drawn(mask: NDArray[np.bool_], most: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """So many rows of a mask, at random."""
    held = np.flatnonzero(mask)
    kept = rng.choice(held, most, replace=False) if len(held) > most else held
    return np.isin(np.arange(len(mask)), kept)


def private(out: Path) -> Path:
    """The folder for what tells of one person, its owner's alone."""
    atomic.directory(out / "private", mode=0o700)
    return atomic.directory(out / "private" / FOLDER, mode=0o700)


def _stem(wanted: Wanted) -> str:
    """A row's name as part of a file's: `row-5` is the fifth row, `row-account-5` the one with 5 in `account`."""
    name = wanted.row if wanted.id is None else f"{wanted.id}-{wanted.row}"
    return f"row-{name if re.fullmatch(r'[A-Za-z0-9_-]{1,64}', name) else digest(name)[:16]}"


def _today() -> date:
    return date.today()  # noqa: DTZ011 - the reader's own day
