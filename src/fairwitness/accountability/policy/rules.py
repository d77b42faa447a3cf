"""Policy as code: what an audit must show, and who must have signed it, before a system may go into use.

A policy is a small TOML file kept where the builders of a system do not keep theirs. It is parsed, never evaluated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from fairwitness.accountability.assess.forms import FormId
from fairwitness.accountability.ledger.standalone import Key, MalformedError
from fairwitness.core.digest import digest
from fairwitness.core.errors import ConfigError
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.core.registry import PILLARS, registered
from fairwitness.io.settings import SettingsTable, read_toml, validate

RoleKey = Literal["owner", "builder", "reviewer", "approver", "monitor", "appeal_handler"]


class Require(SettingsTable):
    """A check, or every judged check of a pillar, that must have been made and may only have come out so."""

    check: str
    about: str = ""
    verdicts: tuple[Verdict, ...] = (Verdict.PASS,)

    @model_validator(mode="after")
    def some_verdict(self) -> Require:
        if not self.verdicts:
            raise ValueError('verdicts is empty, so nothing could hold; list those allowed, such as ["pass"]')
        return self


class Bound(SettingsTable):
    """A limit on evidence, judged by the whole interval, or the least number behind it, or both."""

    check: str
    about: str = ""
    metric: str = ""
    at_most: float | None = None
    at_least: float | None = None
    min_n: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def says_something(self) -> Bound:
        self.limit()
        if self.at_most is None and self.at_least is None and not self.min_n:
            raise ValueError("it limits nothing; give at_most, at_least or min_n")
        return self

    def limit(self) -> Limit | None:
        """The limit, if there is one beside the least number."""
        if self.at_most is None and self.at_least is None:
            return None
        return Limit(at_most=self.at_most, at_least=self.at_least)


class SignOffRule(SettingsTable):
    """How many people in a role must have approved, for how long it holds, and whether by their own key.

    `people` names who may: roles stand in the audit's settings, which those who build a system can write.
    """

    role: RoleKey = "approver"
    people: tuple[str, ...] = ()  # empty: whoever the audit's roles name
    count: int = Field(default=1, ge=1)
    valid_days: int | None = Field(default=None, ge=1)
    authenticated: bool = True
    not_owner: bool = False


class WaiverRule(SettingsTable):
    """Whether a waiver in the audit's config counts, and in which role whoever gave it must be (empty: anybody)."""

    accept: bool = True
    by: tuple[RoleKey, ...] = ()


class Policy(SettingsTable):
    """What must hold. Tables that are left out ask for nothing, but the audit's own gate is always asked."""

    name: str = ""
    max_age_days: int | None = Field(default=None, ge=1)
    recorded: bool = False  # the audit itself stands in the ledger, as it is
    assessment: bool | tuple[FormId, ...] = False  # true: every one that was begun, and one at least
    require: tuple[Require, ...] = ()
    limits: tuple[Bound, ...] = ()
    sign_off: tuple[SignOffRule, ...] = ()
    waivers: WaiverRule = WaiverRule()
    keys: Mapping[str, str] = Field(default_factory=dict)  # person to public key line; before any the ledger names

    @model_validator(mode="after")
    def each_role_once(self) -> Policy:
        roles = [rule.role for rule in self.sign_off]
        twice = [role for role in roles if roles.count(role) > 1]
        if twice:
            raise ValueError(f"sign_off asks twice for the role {twice[0]!r}; give it once, with count")
        return self

    @field_validator("keys")
    @classmethod
    def whole_lines(cls, keys: Mapping[str, str]) -> Mapping[str, str]:
        for person, line in keys.items():
            try:
                Key.parse(line)
            except MalformedError as error:
                raise ValueError(
                    f"the key of {person!r}: {error}; copy the line `fairwitness key new` printed"
                ) from None
        return keys

    @property
    def digest(self) -> str:
        """SHA-256 over what it asks for, as 64 hex digits: comments and order of keys do not count."""
        return digest(self.model_dump(mode="json"))

    def signed_by(self, role: str) -> SignOffRule | None:
        """What is asked of that role, if anything."""
        return next((rule for rule in self.sign_off if rule.role == role), None)


def parse(settings: Mapping[str, Any], *, source: str, known: Iterable[str] | None = None) -> Policy:
    """Settings as a frozen `Policy`.

    Args:
        settings: The tables of a policy.toml.
        source: Its name, for messages.
        known: Checks there are besides those registered, such as those in a findings document.

    Raises:
        ConfigError: The first setting that is wrong, with its key, value and the way out.
    """
    policy = validate(Policy, settings, source=source)
    checks = {*PILLARS, *(entry.id for entry in registered()), *(known or ())}
    for place, (key, name) in enumerate(
        [*(("require", rule.check) for rule in policy.require), *(("limits", rule.check) for rule in policy.limits)]
    ):
        if name not in checks or (key == "limits" and name in PILLARS):
            number = place if key == "require" else place - len(policy.require)
            have = sorted(checks - (set(PILLARS) if key == "limits" else set()))
            raise ConfigError.unknown_check(name, key=f"{key}.{number}.check", source=source, have=have)
    return policy


def read(path: Path, *, known: Iterable[str] | None = None) -> Policy:
    """The policy in a file.

    Raises:
        ConfigError: It is missing, not TOML, or wrong.
    """
    settings = read_toml(path, missing="--policy FILE names the policy")
    return parse(settings, source=path.name, known=known)
