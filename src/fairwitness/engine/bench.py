"""Where children are built from the parent's data; what is built once is found again in the cache."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fairwitness.engine import blueprints, outcomes
from fairwitness.engine.cache import Cache
from fairwitness.engine.candidates import Candidate
from fairwitness.engine.columns import declare
from fairwitness.engine.config import Config
from fairwitness.engine.progress import Progress
from fairwitness.engine.request import Request
from fairwitness.engine.subject import Subject, assemble
from fairwitness.io.table import Table


@dataclass(slots=True, kw_only=True)
class Bench:
    """The parent's data and settings, and how many models were trained on them in this run."""

    table: Table
    config: Config
    base: Path
    cache: Cache
    source: str
    progress: Progress
    trained: int = 0

    def check(self, candidate: Candidate) -> None:
        """Refuse remedies that the subject cannot take, before anything is trained."""
        config = candidate.put_on(self.config)
        request = Request(
            table=self.table,
            declared=declare(self.table, config, source=self.source),
            goal=outcomes.target(self.table, config, source=self.source),
            parts=None,
            config=config,
            base=self.base,
            source=self.source,
        )
        blueprints.blueprint(request)

    def subject(self, config: Config, *, choosing: bool = False, repeat: int = 0) -> Subject:
        """A subject of these data; each `repeat` is trained with a seed of its own, on the same rows."""
        made = assemble(
            self.table,
            config,
            model=None,
            base=self.base,
            cache=self.cache,
            progress=self.progress,
            source=self.source,
            choosing=choosing,
            repeat=repeat,
        )
        self.trained += made.trained
        return made
