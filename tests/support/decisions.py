"""A small bank: two women and two men, decided by one model."""

from dataclasses import replace
from datetime import UTC, datetime

from fairwitness.accountability.decisions.record import Decision
from fairwitness.accountability.decisions.steps import Rules

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
RULES = Rules(owners=("Olga Owner",), builders=("Ben Builder",), recipients=("Credit Bureau",))
FIRST = Decision(
    id="application-17",
    person="Maria Muster",
    decision="0",
    good=False,
    favorable="1",
    time="2026-01-20",
    score=0.4321,
    threshold=0.5,
    reasons=("debt", "history"),
    change="a lower rate of debt to income",
    groups={"sex": "women"},
    model="m" * 64,
)
DECISIONS = (
    FIRST,
    replace(FIRST, id="application-18", person="Nora Nemo", reasons=("history", "debt")),
    replace(FIRST, id="application-19", person="Karl Kurz", groups={"sex": "men"}, reasons=("income",)),
    replace(FIRST, id="application-20", person="Lars Lang", groups={"sex": "men"}, decision="1", good=True, reasons=()),
)
