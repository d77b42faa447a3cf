"""Every stage has a person, and nobody approves their own work."""

from __future__ import annotations

import pytest

from fairwitness.core.check import NeedsPerson
from fairwitness.core.estimate import Verdict
from fairwitness.core.roles import ROLES, Role
from support.given import check, measured, run, verdict

CHECK = check("accountability.named-roles")
HELD = {
    "owner": ("Ada Byron",),
    "builder": ("Bea Carr", "Cy Dale"),
    "reviewer": ("Di Eck",),
    "approver": ("Ed Fox",),
    "monitor": ("Di Eck",),
    "appeal_handler": ("Flo Gray",),
}


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.key)
def test_a_role_nobody_holds_needs_a_person_and_is_named_alone(role: Role) -> None:
    outcome = run(CHECK, {}, roles={key: names for key, names in HELD.items() if key != role.key})
    assert isinstance(outcome, NeedsPerson)
    assert role.words in outcome.reason.partition("?")[0]
    assert [other.words for other in ROLES if f"the {other.words}, who" in outcome.reason] == [role.words]


def test_all_roles_held_passes_and_shows_who() -> None:
    found = measured(CHECK, {}, roles=HELD)
    assert found.headline == "Every one of the 6 roles has a person"
    assert all(name in found.lead for names in HELD.values() for name in names)
    assert verdict(CHECK, {}, roles=HELD) is Verdict.PASS


@pytest.mark.parametrize("spelling", ["Cy Dale", "cy  dale", "ＣＹ Dale"])
def test_who_built_it_may_not_approve_it_however_the_name_is_spelt(spelling: str) -> None:
    roles = {**HELD, "approver": ("Ed Fox", spelling)}
    assert verdict(CHECK, {}, roles=roles) is Verdict.FAIL
    assert measured(CHECK, {}, roles=roles).headline == f"{spelling} would approve what they built"
