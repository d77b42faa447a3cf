"""What the catalogue is made of: kinds of fault, and subjects with a fault of that kind or its clean twin."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import polars as pl
from numpy.random import Generator

from fairwitness.core.digest import generator
from fairwitness.io import atomic
from fairwitness.io.settings import dump_toml

Strength = Literal["mild", "plain", "gross"]
STRENGTHS: tuple[Strength, ...] = ("mild", "plain", "gross")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A subject as files: a table, its settings, and whatever else they name.

    Attributes:
        frame: The rows, written as `data.csv`.
        settings: The tables of `audit.toml`.
        files: Other files, name to text.
        header: Names for the columns of the file where they are not those of the frame: two may be alike.
    """

    frame: pl.DataFrame
    settings: Mapping[str, Any]
    files: Mapping[str, str] = field(default_factory=dict)
    header: tuple[str, ...] | None = None

    def write(self, folder: Path) -> None:
        """Write the files into a folder, `audit.toml` last.

        Raises:
            UserError: The folder cannot be written.
        """
        atomic.directory(folder)
        lines = self.frame.write_csv()
        if self.header is not None:
            lines = ",".join(self.header) + "\n" + lines.partition("\n")[2]
        atomic.write_text(folder / "data.csv", lines)
        for name, text in self.files.items():
            atomic.write_text(folder / name, text)
        atomic.write_text(folder / "audit.toml", dump_toml(self.settings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of fault, at three strengths, with twins that are free of it.

    Attributes:
        pillar: Where it belongs.
        name: What it is called.
        words: What is wrong with the subject, as one would tell a colleague.
        expects: Checks of which any finds it.
        strengths: How much of the fault, mild, plain and gross, in units of `make`.
        clean: How much of it the twins have: none, or so little that no limit is touched.
        make: From dice and an amount to a subject.
        costly: Whether a network is trained, so that an audit takes longer.
    """

    pillar: str
    name: str
    words: str
    expects: frozenset[str]
    strengths: tuple[float, float, float]
    clean: tuple[float, ...]
    make: Callable[[Generator, float], Made]
    costly: bool = False

    @property
    def id(self) -> str:
        return f"{self.pillar}.{self.name}"

    def subjects(self, seed: int = 0) -> Iterator[Planted]:
        """The faulty ones from mild to gross, then the twins."""
        for strength, amount in zip(STRENGTHS, self.strengths, strict=True):
            yield Planted(kind=self, name=f"{self.id}.{strength}", strength=strength, amount=amount, seed=seed)
        for number, amount in enumerate(self.clean, 1):
            yield Planted(kind=self, name=f"{self.id}.clean-{number}", strength=None, amount=amount, seed=seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One subject of the catalogue, made when it is asked for and always the same.

    Attributes:
        kind: Of what it has or is free of.
        name: Its own.
        strength: None for a clean twin.
        amount: How much of the fault.
        seed: Of its dice: with another, other people and other chances.
    """

    kind: Kind
    name: str
    strength: Strength | None
    amount: float
    seed: int = 0

    @property
    def clean(self) -> bool:
        return self.strength is None

    @property
    def expects(self) -> frozenset[str]:
        """Checks of which any finds the fault; none for a clean twin."""
        return frozenset() if self.clean else self.kind.expects

    def make(self) -> Made:
        """The subject. Its dice come from seed and name, so it is the same in whatever company."""
        made = self.kind.make(generator(self.seed, "trial", self.name), self.amount)
        return Made(
            frame=made.frame,
            settings={"name": self.name.replace(".", "-"), **made.settings},
            files=made.files,
            header=made.header,
        )
