"""What can be wrong with a decision, an appeal or the vault. No message holds an id, a name or a value of a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from fairwitness.core.errors import UserError
from fairwitness.draw.words import listed


class VaultError(UserError):
    """The store of personal data cannot be opened, or may not do what is asked."""

    @classmethod
    def no_extra(cls) -> Self:
        return cls("decisions are kept encrypted, which needs an extra; pip install 'fairwitness[ledger]'")

    @classmethod
    def no_key(cls, path: object) -> Self:
        return cls(
            f"{path}: the key of the vault is missing; bring it back from its backup, without it nothing is read"
        )

    @classmethod
    def wrong_key(cls, path: object) -> Self:
        return cls(f"{path}: not the key of this vault; bring back the one that was made with it")

    @classmethod
    def bad_key(cls, path: object) -> Self:
        return cls(f"{path}: not a vault key (64 hex digits); bring it back from its backup")

    @classmethod
    def open_to_others(cls, path: object) -> Self:
        return cls(f"{path}: others may read this key, and with it everything in the vault; chmod 600 {path}")

    @classmethod
    def unreadable(cls, path: object, why: str) -> Self:
        return cls(f"{path}: cannot be used as a vault ({why}); name another --ledger, or bring it back from a backup")

    @classmethod
    def full(cls, path: object) -> Self:
        return cls(f"{path}: the disk is full; free space and repeat the command, what is whole is kept")

    @classmethod
    def busy(cls, path: object, seconds: float) -> Self:
        return cls(f"{path}: another program kept it locked for {seconds:g} s; wait until it has finished and repeat")

    @classmethod
    def none_yet(cls, path: object) -> Self:
        return cls(
            f"{path}: no decisions were imported here; `fairwitness decisions import` does, --ledger names another"
        )

    @classmethod
    def tampered(cls, path: object) -> Self:
        return cls(f"{path}: a record was changed from outside and cannot be decrypted; bring it back from a backup")

    @classmethod
    def held(cls, holds: Iterable[str]) -> Self:
        names = listed(repr(hold) for hold in holds)
        return cls(f"this person is under legal hold {names}; nothing is erased until `decisions release` lifts it")

    @classmethod
    def open_appeal(cls, appeals: Iterable[str]) -> Self:
        return cls(f"appeal {listed(appeals)} of this person is open; finish it first, then erase")

    @classmethod
    def no_person(cls) -> Self:
        return cls("nothing is recorded about this person; check the reference, or the person was erased before")

    @classmethod
    def no_hold(cls, name: str, have: Iterable[str]) -> Self:
        there = listed(repr(hold) for hold in have)
        return cls(f"no legal hold {name!r} on this person; there is {there or 'none'}")

    @classmethod
    def same_hold(cls, name: str) -> Self:
        return cls(f"legal hold {name!r} is on this person already; choose another name for a second one")


class DecisionError(UserError):
    """A decision cannot be recorded or found."""

    @classmethod
    def unknown(cls) -> Self:
        return cls("no decision with this id is recorded; check the id, or the person was erased")

    @classmethod
    def changed(cls, where: str, fields: Iterable[str]) -> Self:
        return cls(
            f"{where} changes {listed(fields)} of a decision recorded before; what was decided is never rewritten: "
            "give a new decision a new id, or put an old one right by an appeal"
        )

    @classmethod
    def empty(cls, where: str, column: str) -> Self:
        return cls(f"{where}: {column!r} is empty; every decision needs one")

    @classmethod
    def bad_value(cls, where: str, column: str, want: str) -> Self:
        return cls(f"{where}: {column!r} {want}; mend it and import again, rows recorded before are kept")

    @classmethod
    def nothing_to_explain(cls) -> Self:
        return cls("this decision is the one that is good for the person; a letter explains those that are not")

    @classmethod
    def no_contact(cls) -> Self:
        return cls("no contact for appeals; write [appeals] contact into audit.toml, or give --contact")


class AppealError(UserError):
    """An appeal cannot take this step."""

    @classmethod
    def unknown(cls) -> Self:
        return cls("no such appeal, and no decision of that id; `fairwitness appeal list` shows the appeals there are")

    @classmethod
    def none_of_decision(cls) -> Self:
        return cls("this decision was not appealed; `fairwitness appeal file` does that")

    @classmethod
    def wrong_step(cls, appeal: str, step: str, state: str, ways: Iterable[str]) -> Self:
        ways = list(ways)
        then = f"next: {' or '.join(ways)}" if ways else "nothing follows"
        return cls(f"appeal {appeal} is {state} and cannot be {step}; {then}")

    @classmethod
    def open_already(cls, appeal: str) -> Self:
        return cls(f"this decision is under appeal already: {appeal}; go on with that one")

    @classmethod
    def too_late(cls, last: str) -> Self:
        return cls(f"the time to appeal this decision ended on {last}; --late REASON files it all the same")

    @classmethod
    def barred(cls, name: str, role: str) -> Self:
        return cls(f"{name} is {role} and cannot review it; assign somebody else")

    @classmethod
    def roles_unknown(cls, missing: str) -> Self:
        return cls(f"who is {missing} is not known, so nobody can be shown to be independent; name them in [roles]")

    @classmethod
    def not_reviewer(cls, appeal: str, name: str) -> Self:
        return cls(f"appeal {appeal} is not assigned to {name}; `fairwitness appeal assign` hands it over")

    @classmethod
    def key_missing(cls, name: str) -> Self:
        return cls(f"{name} has a registered key, and steps in that name are signed with it; it is not on this machine")

    @classmethod
    def not_filed_by_person(cls, appeal: str) -> Self:
        return cls(f"appeal {appeal} was opened because a similar decision was overturned; only its review ends it")

    @classmethod
    def saw_the_score(cls, name: str) -> Self:
        return cls(f"{name} reviewed this decision before and has seen its score; assign somebody else")

    @classmethod
    def no_reason(cls, what: str) -> Self:
        return cls(f"{what} needs a reason; give --reason in a sentence or two")

    @classmethod
    def no_name(cls, what: str) -> Self:
        return cls(f"{what} is empty; give a name")

    @classmethod
    def same_outcome(cls, appeal: str) -> Self:
        return cls(f"appeal {appeal}: the new decision is the old one; uphold it, or give another --decision")

    @classmethod
    def nobody_to_tell(cls, name: str, have: Iterable[str]) -> Self:
        return cls(f"{name!r} is not among those still to be told; they are {listed(map(repr, have)) or 'none'}")

    @classmethod
    def erased(cls, appeal: str) -> Self:
        return cls(f"appeal {appeal}: the person was erased; only the steps in the ledger remain")
