"""Who answers for the system, and what goes on beside the audit: decisions, appeals, monitoring, carbon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, field_validator, model_validator

from fairwitness.carbon.energy import Told
from fairwitness.carbon.grid import Grid, grid
from fairwitness.core.roles import ROLES
from fairwitness.io.settings import SettingsTable as Table


class RolesSettings(Table):
    """Who answers for the system, stage by stage: a name, or a list of names."""

    owner: tuple[str, ...] = ()
    builder: tuple[str, ...] = ()
    reviewer: tuple[str, ...] = ()
    approver: tuple[str, ...] = ()
    monitor: tuple[str, ...] = ()
    appeal_handler: tuple[str, ...] = ()

    @field_validator("*", mode="before")
    @classmethod
    def names(cls, given: object) -> object:
        listed = [given] if isinstance(given, str) else given
        if not isinstance(listed, list | tuple) or not all(isinstance(name, str) for name in listed):
            raise ValueError(f"{given!r} is not a name or a list of names")
        tidied = [" ".join(name.split()) for name in listed]
        return tuple(dict.fromkeys(name for name in tidied if name))

    def named(self) -> dict[str, tuple[str, ...]]:
        """The roles somebody holds, with the names."""
        return {role.key: names for role in ROLES if (names := getattr(self, role.key))}


class PolicySettings(Table):
    """Where the policy lies that `fairwitness gate` and `sign` hold the audit against, and how long the audit holds."""

    path: str | None = None
    valid_days: int | None = Field(default=None, ge=1)


class DecisionsSettings(Table):
    """Where decisions are on record, which column of the data names them, and how a letter words them."""

    ledger: str | None = None
    id: str | None = None  # a column, or @row; with it, recorded outcomes that appeals put right are read corrected
    recipients: tuple[str, ...] = ()  # who is told of a corrected decision, beside the person
    reasons: Mapping[str, str] = Field(default_factory=dict)  # code to words
    words: Mapping[str, str] = Field(default_factory=dict)  # decision to words

    @model_validator(mode="after")
    def corrects_from_a_ledger(self) -> DecisionsSettings:
        if self.id is not None and self.ledger is None:
            raise ValueError("id says which row a decision is about, and needs ledger, which holds the decisions")
        return self


class MonitorSettings(Table):
    """How `fairwitness watch` holds new rows against the audit; [policy] valid_days says how long the audit holds."""

    id: str | None = None  # a column that names a row, here and in files of labels that come later
    alpha: float = Field(default=0.05, gt=0, lt=0.5)  # chance that it ever raises a false alarm
    gap: float | None = Field(default=None, gt=0, lt=1)  # alarm beyond it; None: beyond what the audit left open
    drift: float = Field(default=0.10, ge=0, lt=1)  # least change in share of a column that is an alarm


class AppealsSettings(Table):
    """How a person can appeal, and how long an answer may take."""

    contact: str = ""
    sender: str = ""  # the organisation, for letters
    about: str = "your application"
    days: int | None = Field(default=None, ge=1)  # None: one calendar month
    file_within: int | None = Field(default=None, ge=1)
    rights: tuple[str, ...] = ()  # in a letter, in place of the usual ones


class CarbonSettings(Table):
    """Where the work runs, and on what electricity; nothing of it is guessed."""

    country: str | None = None  # ISO 3166-1, three letters
    grid_g_per_kwh: float | None = Field(default=None, ge=0, le=3000)
    year: int | None = Field(default=None, ge=1990, le=2100)
    pue: float | None = Field(default=None, ge=1, le=5)  # what the building draws, to what its machines do
    processor_watts: float | None = Field(default=None, gt=0, le=2000)
    training_kwh: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    meter: Literal["own", "codecarbon"] = "own"  # codecarbon reads accelerators too

    @model_validator(mode="after")
    def on_the_map(self) -> CarbonSettings:
        self.grid()
        return self

    def grid(self) -> Grid | None:
        """The electricity; None where nobody said where."""
        return grid(self.country, grams=self.grid_g_per_kwh, year=self.year)

    def told(self) -> Told:
        """What is said of the machine."""
        return Told(watts=self.processor_watts, pue=self.pue)
