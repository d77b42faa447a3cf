"""What can be wrong with a ledger, a key, a note or a bundle, in one line each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from fairwitness.core.errors import UserError, hint


class LedgerError(UserError, ValueError):
    """The ledger cannot be read or written, or what is to be recorded cannot be."""

    @classmethod
    def missing(cls, path: object) -> Self:
        return cls(f"{path}: no ledger there; an audit makes one, --ledger PATH names another")

    @classmethod
    def unusable(cls, path: object, why: str, way_out: str) -> Self:
        return cls(f"{path}: {why}; {way_out}")

    @classmethod
    def full(cls, path: object) -> Self:
        return cls(f"{path}: the disk is full, nothing of this was recorded; free space and repeat the command")

    @classmethod
    def busy(cls, path: object, seconds: float) -> Self:
        return cls(f"{path}: another program kept it locked for {seconds:g} s; wait until it has finished and repeat")

    @classmethod
    def version(cls, path: object, found: int, known: int) -> Self:
        return cls(
            f"{path}: its format is version {found}, this fairwitness reads {known}; install a newer fairwitness"
        )

    @classmethod
    def not_json(cls, where: str, why: str) -> Self:
        return cls(f"{where} cannot be recorded: {why}; entries hold JSON values only")

    @classmethod
    def kind(cls, kind: str, have: Iterable[str]) -> Self:
        return cls(f"no kind of entry {kind!r}; {hint(kind, have)}")

    @classmethod
    def beyond(cls, asked: int, size: int) -> Self:
        return cls(f"entry or size {asked} is asked for and the ledger has {size}; ask for less")
