"""Whether the impact assessments a policy asks for are complete, and the one digest an approval is bound to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fairwitness.accountability.policy.requirement import Requirement
from fairwitness.accountability.policy.rules import Policy
from fairwitness.core.digest import digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """An impact assessment as it was last recorded."""

    complete: bool
    digest: str


def requirements(policy: Policy, recorded: Mapping[str, Assessment]) -> Iterator[Requirement]:
    """One requirement for each form asked for; for `true`, one for each form begun.

    Args:
        policy: What it asks.
        recorded: The last of each form, by form.
    """
    for form in _wanted(policy, recorded):
        last = recorded.get(form)
        what = "a complete impact assessment" + (f" ({form})" if form else "")
        if last is None:
            says = f"none is recorded; `fairwitness assess FINDINGS{f' --form {form}' if form else ''}` makes one"
        else:
            says = "complete" if last.complete else "open questions are left in it; answer them and assess again"
        yield Requirement(kind="assessment", what=what, holds=last is not None and last.complete, says=says)


def completed(policy: Policy, recorded: Mapping[str, Assessment]) -> str | None:
    """The digest of what is complete (of one assessment its own); None if anything asked for is not."""
    if not policy.assessment or not all(each.holds for each in requirements(policy, recorded)):
        return None
    held = {form: recorded[form].digest for form in _wanted(policy, recorded)}
    return next(iter(held.values())) if len(held) == 1 else digest(held)


def _wanted(policy: Policy, recorded: Mapping[str, Assessment]) -> list[str]:
    """The forms asked for; an empty name stands for any, where none was begun."""
    if isinstance(policy.assessment, bool):
        return (sorted(recorded) or [""]) if policy.assessment else []
    return list(policy.assessment)
