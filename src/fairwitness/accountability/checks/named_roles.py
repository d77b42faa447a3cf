"""Is there a person for every stage, and does nobody approve their own work?"""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.accountability.policy.people import alike_among
from fairwitness.core.asks import Ask
from fairwitness.core.check import About, CheckInfo, Given, Measured, NeedsPerson, NoOptions, NotApplicable, Outcome
from fairwitness.core.estimate import Estimate, Key, Limit, Severity
from fairwitness.core.findings import Series
from fairwitness.core.roles import ROLES
from fairwitness.core.subject import Outline


class NamedRoles:
    info = CheckInfo(
        id="accountability.named-roles",
        title="Every stage has a person who answers for it",
        failure_title="Somebody would approve what they built",
        measures="Whether the config names a person for each role, and whether an approver is also a builder.",
        does_not_show="Whether those named know of it, have the time and the power it takes, or do what the role says.",
        advice="Name an approver who did not build the system, in the [roles] table of the config.",
        limit=Limit(at_most=0),
        severity=Severity.MEDIUM,
        sources=(
            "Raji et al. 2020, FAT*, 33-44, on accountability by internal audit",
            "ISO/IEC 42001:2023, annex A, control A.3.2, on roles and responsibilities",
        ),
    )
    Options = NoOptions

    def asks(self, outline: Outline, about: About, options: NoOptions) -> Sequence[Ask] | NotApplicable:
        return [] if outline.columns else NotApplicable("there is no system to answer for")

    def run(self, given: Given, options: NoOptions) -> Outcome:
        held = given.outline.roles
        open_roles = [role for role in ROLES if not held.get(role.key)]
        if open_roles:
            asked = "; ".join(f"the {role.words}, who {role.does}" for role in open_roles)
            return NeedsPerson(f"Who is {asked}? Write the names into the [roles] table of the config.")
        approvers, builders = held["approver"], held["builder"]
        both = [name for name in approvers if alike_among(name, builders)]
        people = len({name for names in held.values() for name in names})
        return Measured(
            headline=(
                f"{' and '.join(both)} would approve what they built"
                if both
                else f"Every one of the {len(ROLES)} roles has a person"
            ),
            lead="; ".join(f"{role.words}: {', '.join(held[role.key])}" for role in ROLES) + ".",
            judged={Key(metric="approvers who are builders"): Estimate.count(len(both), n=people, unit="number")},
            explored=(
                Series(
                    title="Who answers for what",
                    columns={
                        "role": tuple(role.words for role in ROLES),
                        "answers for": tuple(role.does for role in ROLES),
                        "held by": tuple(", ".join(held[role.key]) for role in ROLES),
                    },
                ),
            ),
        )
