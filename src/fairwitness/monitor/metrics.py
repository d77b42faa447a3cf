"""A watch as numbers for Prometheus: nothing of a person, and no cell of few people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fairwitness.core.watch import Watch
from fairwitness.monitor.prometheus import Metric

_CHANGES = "Columns at look "


def metrics(watch: Watch) -> list[Metric]:
    """Every family, in base units: shares as ratios, times in seconds."""
    subject = {"subject": watch.name}
    alarms = _once([({**subject, "kind": a.kind, "about": a.about}, float(a.stands)) for a in watch.alarms])
    bounds = [(_named(watch, i), each.bound) for i, each in enumerate(watch.evidence)]
    times = [(_named(watch, i), each.times) for i, each in enumerate(watch.evidence)]
    alarm_at = [(_named(watch, i), each.alarm_at) for i, each in enumerate(watch.evidence)]
    rates = [
        ({**subject, "what": table.title, "who": str(who)}, float(value))
        for table in watch.tables
        if "who" in table.columns
        for who, value in zip(table.columns["who"], table.columns["new"], strict=True)
        if value is not None
    ]
    changes = [
        ({**subject, "column": str(name)}, float(value))
        for table in watch.tables
        if table.title.startswith(_CHANGES)
        for name, value in zip(table.columns["column"], table.columns["change"], strict=True)
        if value is not None
    ]
    told = datetime.fromisoformat(str(watch.provenance["told"])).timestamp()
    return [
        Metric(name="rows_total", kind="counter", words="New rows counted.", samples=[(subject, watch.rows)]),
        Metric(
            name="labelled_rows_total",
            kind="counter",
            words="New rows whose outcome is known.",
            samples=[(subject, watch.labelled)],
        ),
        Metric(
            name="looks_total",
            kind="counter",
            words="Calls that brought something new.",
            samples=[(subject, watch.looks)],
        ),
        Metric(
            name="quiet",
            kind="gauge",
            words="1 where no alarm stands.",
            samples=[(subject, float(watch.quiet))],
        ),
        Metric(
            name="alarm",
            kind="gauge",
            words="1 where the alarm stands, 0 where it was raised and has passed.",
            samples=alarms,
        ),
        Metric(
            name="evidence_ratio",
            kind="gauge",
            words="How many times a bet against no worse than audited has grown.",
            samples=times,
        ),
        Metric(name="alarm_at_ratio", kind="gauge", words="Growth at which it is an alarm.", samples=alarm_at),
        Metric(name="bound_ratio", kind="gauge", words="What the audit left open.", samples=bounds),
        Metric(name="rate_ratio", kind="gauge", words="Share of new rows, by group.", samples=_once(rates)),
        Metric(
            name="column_change_ratio",
            kind="gauge",
            words="Widest change in share of a column since the audit.",
            samples=_once(changes),
        ),
        Metric(
            name="audit_age_seconds",
            kind="gauge",
            words="Whole days since the audit.",
            samples=[(subject, watch.age * 86400.0)],
        ),
        Metric(
            name="last_run_timestamp_seconds", kind="gauge", words="When watch last ran.", samples=[(subject, told)]
        ),
    ]


def _once(samples: Sequence[tuple[dict[str, str], float]]) -> list[tuple[dict[str, str], float]]:
    """One sample a set of labels, the largest: an attribute may bear a column's name, and twins spoil the whole file."""
    found: dict[tuple[tuple[str, str], ...], float] = {}
    for labels, value in samples:
        key = tuple(labels.items())
        found[key] = max(value, found.get(key, value))
    return [(dict(key), value) for key, value in found.items()]


def _named(watch: Watch, place: int) -> dict[str, str]:
    return {"subject": watch.name, "what": watch.evidence[place].name}
