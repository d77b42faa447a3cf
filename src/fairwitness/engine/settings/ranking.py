"""Rows that are placed in lists, such as candidates shown to a recruiter."""

from __future__ import annotations

from fairwitness.io.settings import SettingsTable as Table


class RankingSettings(Table):
    """The table being there turns the checks of lists on."""

    score: str | None = None  # a column of numbers, the highest first; without it the model's score
    list: str | None = None  # a column that tells lists apart; without it all rows are one list
