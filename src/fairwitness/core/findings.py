"""The contract between measuring and showing: findings.json as types.

Everything on every surface is made from a `Document`. It can be published: counts, rates and digests, never rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fairwitness.core.estimate import Claim, Limit, Severity, Unit, Verdict
from fairwitness.core.figures import Figure

SCHEMA_VERSION: Literal["1"] = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A compact table, by columns; shown, never judged. Cells are None where undefined."""

    title: str
    columns: Mapping[str, tuple[float | int | str | None, ...]]
    units: Mapping[str, Unit] = field(default_factory=dict)  # by column name, where it is a measured number


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One judged number, flat: an `Estimate` under its `Key`, with the verdict it got."""

    name: str
    metric: str
    groups: tuple[str, ...]
    value: float | None
    low: float | None
    high: float | None
    level: float | None
    n: int
    unit: Unit
    claim: Claim
    method: str
    p: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A failure somebody named has accepted, for a reason, until a day."""

    check: str
    owner: str
    reason: str
    expires: str  # ISO date; the last day it holds
    about: str = ""  # empty: every grouping
    expired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check's answer about one grouping (or the whole subject)."""

    id: str  # check, and grouping where there is one: "fairness.selection-rate-gap/race"
    check: str
    pillar: str
    about: str | None
    title: str  # the measured fact
    lead: str
    verdict: Verdict
    why: str  # why this verdict follows from the interval and the limit
    severity: Severity
    limit: Limit | None
    evidence: tuple[Evidence, ...]
    series: tuple[Series, ...]
    figures: tuple[Figure, ...]
    notes: tuple[str, ...]
    measures: str
    does_not_show: str
    reason: str  # why nothing was measured, for the verdicts that did not look
    what_to_do: str
    remedies: tuple[str, ...]
    sources: tuple[str, ...]
    waiver: Waiver | None = None
    in_baseline: bool = False  # no worse than the baseline beyond its interval, so it does not block
    seconds: float = 0.0
    spent: Mapping[str, int] = field(default_factory=dict)  # work done, by what it is: queries, passes, models
    watt_hours: tuple[float, float | None] | None = None  # energy it took, from the least to the most; None: not read
    metered: bool = False  # its numbers are read off clocks and meters: no two runs have the same


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectCard:
    """What was audited."""

    name: str
    fingerprint: str
    parent: str | None
    task: str | None
    rows: int
    judged_rows: int
    parts: Mapping[str, int]
    columns: int
    target: str | None
    positive: str | None
    favorable: str | None
    decisions_from: str | None
    groups: tuple[str, ...]
    model: str
    people: str
    features: tuple[str, ...]
    withheld: Mapping[str, str]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Whether the audit lets the subject through, and what blocks it."""

    passes: bool
    fail_on: Severity
    strict: bool
    blocking: tuple[str, ...]  # finding ids
    waivers: tuple[Waiver, ...]  # in force or expired, all named
    baseline: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Enough to repeat the audit."""

    tool: str
    version: str
    schema_version: Literal["1"]
    seed: int
    level: float
    config_digest: str
    data_digest: str
    model_digest: str | None
    environment: Mapping[str, str]  # package to version
    only: tuple[str, ...]
    skip: tuple[str, ...]
    started: str  # ISO 8601, UTC
    seconds: float
    command: str = ""
    valid_days: int | None = None  # days after `started` for which the audit holds; None: nobody has said
    data: str = ""  # where the data lay, as seen from the folder the audit ran in; empty: a frame in memory
    base: str = ""  # the folder of the settings, likewise
    config: Mapping[str, Any] | None = field(default=None, metadata={"exact": True})  # every setting given


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An audit's findings, whole: what findings.json holds."""

    schema_version: Literal["1"]
    headline: str
    subject: SubjectCard
    gate: Gate
    findings: tuple[Finding, ...]
    summary: Mapping[str, int]  # verdict to count
    context: Mapping[str, str]
    provenance: Provenance
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # role to the people who hold it
