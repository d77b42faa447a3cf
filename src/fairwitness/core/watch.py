"""What a monitor has seen since the audit: watch.json as types. It can be published: counts, rates and digests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fairwitness.core.figures import Figure
from fairwitness.core.findings import Series

WATCH_VERSION: Literal["1"] = "1"

Kind = Literal["gap", "errors", "drift", "missing-column", "audit-age"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """What has become worse than audited.

    Attributes:
        id: The same for the same alarm, however often the command is run.
        about: Attribute or column; empty for everybody.
        words: The measured fact in one sentence.
        look: The look that raised it, from 1; 0 where none did, as when the audit is too old.
        when: ISO 8601.
        stands: Whether it counts now: evidence is not taken back, drift counts while the latest rows show it.
    """

    id: str
    kind: Kind
    about: str
    words: str
    look: int
    when: str
    stands: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One thing that is watched from row to row.

    Attributes:
        name: In words: `gap in favourable decisions by race`.
        kind: Of the alarm it raises.
        times: How much money a bet against "no worse than audited" has made: 1 at first.
        alarm_at: From how much on it is an alarm.
        between: The groups it is most about, the higher first; empty for everybody.
        bound: What the audit left open: beyond it is worse.
    """

    name: str
    kind: Kind
    about: str
    times: float
    alarm_at: float
    between: tuple[str, ...]
    bound: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A monitor's record, whole.

    Attributes:
        findings: Digest of the audit's findings.
        age: Days since the audit.
        valid_days: Days it holds; None: nobody has said.
        alpha: Chance that any false alarm is ever raised.
        looks: Calls that brought something new.
        rows: New rows counted.
        labelled: Those whose outcome is known.
        latest: What this call did, in a sentence.
    """

    schema_version: Literal["1"]
    headline: str
    name: str
    people: str
    findings: str
    age: int
    valid_days: int | None
    alpha: float
    looks: int
    rows: int
    labelled: int
    latest: str
    alarms: tuple[Alarm, ...]
    evidence: tuple[Evidence, ...]
    figures: tuple[Figure, ...]
    tables: tuple[Series, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any]

    @property
    def quiet(self) -> bool:
        """Whether nothing is worse than audited now, as far as can be told."""
        return not any(alarm.stands for alarm in self.alarms)
