"""What can be wrong with a sign-off, in one line each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from fairwitness.core.errors import UserError, hint


class SignOffError(UserError, ValueError):
    """Somebody may not sign, or not so."""

    @classmethod
    def no_reason(cls) -> Self:
        return cls("--reason is empty; say in a sentence why, it is what a stranger will read")

    @classmethod
    def nobody(cls, role: str) -> Self:
        return cls(f"[roles] {role} names nobody; name them in the audit's config and audit again")

    @classmethod
    def not_in_role(cls, name: str, role: str, have: Iterable[str]) -> Self:
        return cls(f"{name!r} is not in [roles] {role}; {hint(name, have)}")

    @classmethod
    def not_in_policy(cls, name: str, role: str, have: Iterable[str]) -> Self:
        return cls(f"the policy does not name {name!r} as {role}; {hint(name, have)}")

    @classmethod
    def own_work(cls, name: str, role: str) -> Self:
        return cls(f"{name!r} is in [roles] {role} too and may not approve; another approver has to sign")

    @classmethod
    def assessment_open(cls) -> Self:
        return cls(
            "the policy asks for a complete impact assessment before an approval, and none is recorded; "
            "`fairwitness assess FINDINGS` makes one"
        )

    @classmethod
    def too_long(cls, days: int, most: int) -> Self:
        return cls(f"--valid-days is {days}; the policy lets an approval hold for at most {most} days")

    @classmethod
    def bad_days(cls, days: int) -> Self:
        return cls(f"--valid-days is {days}; give 1 or more")

    @classmethod
    def foreign_key(cls, key: str, person: str) -> Self:
        return cls(f"the key belongs to {key!r} and --as says {person!r}; each person signs with their own key")
