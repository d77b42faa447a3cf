"""Who took a step: their signature on its entry, and whether it is theirs. A name without one is only a name."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

from fairwitness.accountability.decisions.vault import canonical
from fairwitness.accountability.ledger import JSON, Stored, keys
from fairwitness.accountability.ledger.keys import Registered, Signer
from fairwitness.accountability.ledger.standalone import Key, MalformedError, unbase64
from fairwitness.accountability.policy.people import key_of

DOMAIN = b"fairwitness step v1\n"
"""Stands before what is signed, so that a signature made for something else is none for this."""


def signed(signer: Signer, kind: str, time: str, body: Mapping[str, JSON]) -> dict[str, JSON]:
    """The body with the signature of who took the step; without one where the key is another's."""
    if not key_of(signer.name, str(body.get("by", ""))):
        return dict(body)
    value = base64.b64encode(keys.sign(signer, _message(kind, time, body))).decode()
    return {**body, "signature": {"key": signer.vkey, "value": value}}


def authenticated(stored: Stored, registered: Mapping[str, Sequence[Registered]]) -> bool:
    """Whether the key first registered in the name of who took the step, before it, made its signature.

    Args:
        stored: The step's entry.
        registered: Of `keys.registered`.
    """
    entry = stored.entry
    by = str(entry.body.get("by", ""))
    own = [each for name, held in registered.items() if key_of(name, by) for each in held if each.index < stored.index]
    match entry.body.get("signature"):
        case {"key": str(line), "value": str(value)} if own:
            trusted = min(own, key=lambda each: each.index).key
            body = {name: item for name, item in entry.body.items() if name != "signature"}
            try:
                message = _message(entry.kind, entry.time, body)
                return Key.parse(line) == trusted and keys.verify(trusted, message, unbase64(value))
            except MalformedError:
                return False
    return False


def may_act(signer: Signer | None, by: str, registered: Mapping[str, Sequence[Registered]]) -> bool:
    """Whether a step in somebody's name may be taken with this key; without one only where none is registered.

    Args:
        signer: The key at hand.
        by: Who takes the step.
        registered: Of `keys.registered`.
    """
    own = [each for name, held in registered.items() if key_of(name, by) for each in held]
    if not own:
        return True
    return signer is not None and signer.key == min(own, key=lambda each: each.index).key


def _message(kind: str, time: str, body: Mapping[str, JSON]) -> bytes:
    return DOMAIN + canonical({"kind": kind, "time": time, "body": body})
