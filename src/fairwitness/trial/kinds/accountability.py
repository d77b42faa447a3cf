"""Nobody to answer for it."""

from __future__ import annotations

from numpy.random import Generator

from fairwitness.trial.planted import Kind, Made
from fairwitness.trial.rows import people, recorded

APPROVERS = {
    0: ["Dag Moreno"],
    1: ["Dag Moreno", "Eli Roth", "Bo Lind"],
    2: ["Bo  Lind"],  # written with two spaces
    3: ["Bo Lind"],
}


def own_approver(dice: Generator, how: float) -> Made:
    """Who built it also lets it into use: as one of three, under another spelling, or alone."""
    return recorded(people(dice), roles={"approver": APPROVERS[int(how)]})


KINDS = (
    Kind(
        pillar="accountability",
        name="own-approver",
        words="who built it approves it",
        expects=frozenset({"accountability.named-roles"}),
        strengths=(1, 2, 3),
        clean=(0, 0, 0),
        make=own_approver,
    ),
)
