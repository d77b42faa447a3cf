"""Cards: what an audit found, for readers who will not open the report. Made from findings.json alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from fairwitness.accountability.cards.croissant import croissant
from fairwitness.accountability.cards.data_sheet import data_sheet
from fairwitness.accountability.cards.model_card import model_card
from fairwitness.accountability.cards.one_page import one_page
from fairwitness.accountability.pages import Page
from fairwitness.core.findings import Document

Kind = Literal["model", "data", "summary"]

CARDS: dict[Kind, Callable[[Document], Page]] = {"model": model_card, "data": data_sheet, "summary": one_page}
"""Each kind's card as a page, to be shown as HTML or Markdown."""

__all__ = ["CARDS", "Kind", "croissant", "data_sheet", "model_card", "one_page"]
