"""What only a person can answer. The audit asks; it never guesses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of the `[context]` table."""

    key: str
    asks: str
    whom: str  # who usually knows


QUESTIONS: tuple[Question, ...] = (
    Question(key="owner", asks="Who answers for this system by name?", whom="the head of the team that runs it"),
    Question(
        key="purpose",
        asks="What decision does it make or support, and what must it not be used for?",
        whom="the product owner",
    ),
    Question(
        key="people_affected",
        asks="Whose lives do the decisions touch, and how many people a year?",
        whom="the product owner",
    ),
    Question(
        key="appeal_contact",
        asks="Where does a person turn who disagrees with a decision?",
        whom="customer care or the data protection officer",
    ),
    Question(
        key="legal_basis",
        asks="On what legal basis are personal and sensitive data used?",
        whom="counsel or the data protection officer",
    ),
)
