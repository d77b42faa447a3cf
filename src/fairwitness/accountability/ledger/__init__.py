"""The record: an append-only log in which nothing can be changed, left out or moved without a stranger finding it."""

from fairwitness.accountability.ledger.entries import JSON, Entry, Kind, Stored
from fairwitness.accountability.ledger.errors import LedgerError
from fairwitness.accountability.ledger.store import DEFAULT, Ledger

__all__ = ["DEFAULT", "JSON", "Entry", "Kind", "Ledger", "LedgerError", "Stored"]
