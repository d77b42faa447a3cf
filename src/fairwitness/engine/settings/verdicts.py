"""Which checks run, what they are held against, and what closes the gate."""

from __future__ import annotations

from datetime import date

from pydantic import Field, model_validator

from fairwitness.core.estimate import Limit, Severity
from fairwitness.io.settings import SettingsTable as Table


class LimitSettings(Table):
    at_most: float | None = None
    at_least: float | None = None

    @model_validator(mode="after")
    def sane(self) -> LimitSettings:
        self.limit()
        return self

    def limit(self) -> Limit:
        return Limit(at_most=self.at_most, at_least=self.at_least)


class GateSettings(Table):
    fail_on: Severity = Severity.MEDIUM
    strict: bool = False


class ChecksSettings(Table):
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()


class WaiverSettings(Table):
    check: str
    owner: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    expires: date
    about: str = ""
