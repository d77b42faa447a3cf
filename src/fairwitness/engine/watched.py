"""What a watch has seen, told: alarms, time lines, and the audited numbers beside the new ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from math import exp, log10
from typing import Any

from fairwitness import __version__
from fairwitness.core.asks import DECISION, FAVORED
from fairwitness.core.columns import Grouping
from fairwitness.core.digest import digest
from fairwitness.core.estimate import Limit
from fairwitness.core.figures import Figure, Moment, Timeline
from fairwitness.core.findings import Series
from fairwitness.core.watch import WATCH_VERSION, Alarm, Evidence, Kind, Watch
from fairwitness.draw import format as fmt
from fairwitness.draw.words import FEW, label, listed, members, plural
from fairwitness.engine.batch import id_column
from fairwitness.engine.watching import ERRORS, RIGHT, SELECTED, Begun
from fairwitness.io import findings as documents
from fairwitness.monitor.store import Look
from fairwitness.monitor.streams import Stream
from fairwitness.stats import intervals

MOST_ROWS = 30
"""Rows of a table of columns; the rest stands in what the watch remembers."""

_WHAT = {SELECTED: "gap in favourable decisions", RIGHT: "gap in right decisions", ERRORS: "share of wrong decisions"}


def told(
    begun: Begun,
    looks: Sequence[Look],
    streams: Mapping[str, Stream],
    *,
    latest: str,
    now: datetime,
    command: str = "",
) -> Watch:
    """The record of a watch.

    Args:
        begun: The audit.
        looks: Every look, in order.
        streams: State of each stream.
        latest: What the last call did.
        now: When it is told; the age of the audit follows.
        command: The command line, for the provenance.
    """
    document = begun.document
    age = max(0, (now - datetime.fromisoformat(document.provenance.started)).days)
    alarms = (*_old(begun, age, now), *_worse(begun, looks, streams), *_moved(begun, looks))
    rows = sum(look.held["rows"] for look in looks)
    labelled = sum(look.held["labelled"] for look in looks)
    return Watch(
        schema_version=WATCH_VERSION,
        headline=_headline(alarms, len(looks), rows, begun),
        name=begun.subject.outline.name,
        people=begun.subject.outline.people,
        findings=documents.digest(document),
        age=age,
        valid_days=begun.config.policy.valid_days,
        alpha=begun.config.monitor.alpha,
        looks=len(looks),
        rows=rows,
        labelled=labelled,
        latest=latest,
        alarms=alarms,
        evidence=tuple(_evidence(begun, name, stream, len(streams)) for name, stream in streams.items()),
        figures=_figures(begun, looks, streams),
        tables=(*_rates(begun, looks), *_columns(looks)),
        notes=_notes(begun, looks, streams, (rows, labelled), now.isoformat(timespec="seconds")),
        provenance={
            "tool": f"fairwitness {__version__}",
            "audited": document.provenance.started,
            "data": document.provenance.data_digest,
            "model": document.provenance.model_digest,
            "told": now.isoformat(timespec="seconds"),
            "command": command,
        },
    )


def _headline(alarms: Sequence[Alarm], looks: int, rows: int, begun: Begun) -> str:
    people = begun.subject.outline.people
    seen = f"{fmt.count(rows)} new {people} in {plural(looks, 'look')}"
    stands = [alarm for alarm in alarms if alarm.stands]
    if not stands:
        return f"Quiet: over {seen}, nothing is surely worse than audited"
    more = f" (and {len(stands) - 1} more)" if len(stands) > 1 else ""
    return f"Alarm: {stands[0].words}{more}"


def _old(begun: Begun, age: int, now: datetime) -> list[Alarm]:
    """The audit has outlived the days it holds."""
    days = begun.config.policy.valid_days
    if days is None or age <= days:
        return []
    words = f"the audit is {plural(age, 'day')} old and holds for {days}: audit again"
    key = digest(begun.about, "age", begun.document.provenance.started)
    return [Alarm(id=key, kind="audit-age", about="", words=words, look=0, when=now.isoformat(timespec="seconds"))]


def _worse(begun: Begun, looks: Sequence[Look], streams: Mapping[str, Stream]) -> list[Alarm]:
    """Streams whose evidence has reached its threshold, each at the look where it first did."""
    found = []
    threshold = begun.threshold(len(streams))
    for name, stream in streams.items():
        if stream.peak < threshold:
            continue
        first = next(look for look in looks if look.held["peak"].get(name, 0.0) >= threshold)
        what, _, by = name.partition("/")
        words = _said(begun, stream, what, by, looks)
        kind: Kind = "errors" if what == ERRORS else "gap"
        key = digest(begun.about, name)
        found.append(Alarm(id=key, kind=kind, about=by, words=words, look=first.number, when=first.held["when"]))
    return found


def _said(begun: Begun, stream: Stream, what: str, by: str, looks: Sequence[Look]) -> str:
    people = begun.subject.outline.people
    if stream.alone is not None:
        yes, n = _sum(looks, RIGHT, "").get("", (0, 0))
        share = fmt.number((n - yes) / n, "share") if n else fmt.DASH
        return f"{share} of {fmt.count(n)} decisions whose outcome is known are wrong; the audit left open up to {fmt.number(stream.alone.bound, 'share')}"
    widest = stream.widest
    if widest is None:
        return _WHAT[what]
    higher, lower, bound = widest
    columns = by.split(" × ")
    rates = _sum(looks, what, by)
    gap = _difference(rates, higher, lower)
    verb = "decided in favour" if what == SELECTED else "decided rightly"
    now = "" if gap is None else f"{fmt.number(gap[0], 'points')} "
    return (
        f"{members(higher, columns, people)} are {verb} {now}more often than {members(lower, columns, people)}; the audit "
        f"left open a gap of up to {fmt.number(bound, 'points')}"
    )


def _moved(begun: Begun, looks: Sequence[Look]) -> list[Alarm]:
    """Columns that drifted or are missing, each as long as it lasts: one alarm, which stands until later rows are otherwise."""
    found: list[Alarm] = []
    lasting: dict[tuple[Kind, str], tuple[Look, Alarm]] = {}  # and the last look that showed it
    for look in looks:
        if look.batch is None or not look.held["rows"]:
            continue  # labels alone, or rows seen before, say nothing of columns
        shown: dict[tuple[Kind, str], str] = {
            ("drift", each["column"]): _drifted(look, each) for each in look.held["drift"] if each["alarm"]
        }
        shown |= {
            ("missing-column", name): f"column {name!r}, which was audited, is missing" for name in look.held["missing"]
        }
        over = [key for key, (last, _) in lasting.items() if key not in shown and _passed(begun, look, last, key)]
        found += [replace(lasting.pop(key)[1], stands=False) for key in over]
        for key, words in shown.items():
            lasting[key] = (look, _lasting(begun, look, key, words, lasting.get(key)))
    return sorted([*found, *(alarm for _, alarm in lasting.values())], key=lambda alarm: (alarm.look, alarm.kind))


def _lasting(begun: Begun, look: Look, key: tuple[Kind, str], words: str, before: tuple[Look, Alarm] | None) -> Alarm:
    """The alarm as it was first raised, in the words of the latest rows that show it."""
    if before is not None:
        return replace(before[1], words=words)
    kind, name = key
    return Alarm(
        id=digest(begun.about, "drift" if kind == "drift" else "missing", look.batch, name),
        kind=kind,
        about=_column(name) if kind == "drift" else name,
        words=words,
        look=look.number,
        when=look.held["when"],
    )


def _passed(begun: Begun, look: Look, last: Look, key: tuple[Kind, str]) -> bool:
    """Whether later rows are like the audited again: of few rows nobody can tell, nor where change is still likely."""
    kind, name = key
    if kind == "missing-column":
        return True
    if 2 * look.held["rows"] < last.held["rows"]:
        return False
    each = next((each for each in look.held["drift"] if each["column"] == name), None)
    least, level = begun.config.monitor.drift, begun.config.level
    return each is None or each["value"] < least or each["p"] > 1 - level


def _drifted(look: Look, each: Mapping[str, Any]) -> str:
    name, n = _column(each["column"]), look.held["rows"]
    if n < FEW:
        return f"{name} has moved far since the audit, in {fmt.count(n)} new rows, too few to show how"
    words = f"{name}: {each['where']} was {fmt.number(each['before'], 'share')} in the audit and is {fmt.number(each['after'], 'share')} of {fmt.count(n)} new rows"
    if each["times"] is not None:
        words += f"; values are about {fmt.bare(each['times'], 'number')} times as large, as if the unit had changed"
    if each["new"]:
        words += f"; new: {listed(each['new'])}"
    return words


def _column(name: str) -> str:
    """A watched column in words: an attribute by its name, decisions as such."""
    return {FAVORED: "decisions in favour", DECISION: "positive decisions"}.get(name, name.removeprefix("@group "))


def _evidence(begun: Begun, name: str, stream: Stream, streams: int) -> Evidence:
    what, _, by = name.partition("/")
    widest = stream.widest
    return Evidence(
        name=_WHAT[what] + (f" by {by}" if by else ""),
        kind="errors" if what == ERRORS else "gap",
        about=by,
        times=exp(min(stream.log_wealth, 600.0)),
        alarm_at=begun.alarm_at(streams),
        between=() if widest is None else widest[:2],
        bound=stream.alone.bound if stream.alone is not None else widest[2] if widest is not None else 0.0,
    )


def _sum(looks: Sequence[Look], what: str, by: str) -> dict[str, tuple[int, int]]:
    """Group to yes and all, over looks."""
    found: dict[str, tuple[int, int]] = {}
    for look in looks:
        for group, (yes, n) in look.held["rates"][what].get(by, {}).items():
            before = found.get(group, (0, 0))
            found[group] = (before[0] + yes, before[1] + n)
    return found


def _difference(
    rates: Mapping[str, tuple[int, int]], higher: str, lower: str, level: float = 0.95
) -> tuple[float, float, float, int] | None:
    """Higher less lower with its interval, and the people behind it; None where a group is too small to say."""
    (a, n), (b, m) = rates.get(higher, (0, 0)), rates.get(lower, (0, 0))
    if min(n, m) < FEW:
        return None
    low, high = intervals.newcombe((b, a), (m, n), level=level)
    return a / n - b / m, float(low), float(high), n + m


def _figures(begun: Begun, looks: Sequence[Look], streams: Mapping[str, Stream]) -> tuple[Figure, ...]:
    found: list[Figure] = []
    for name, stream in streams.items():
        what, _, by = name.partition("/")
        line = _line_of_errors(begun, stream, looks) if what == ERRORS else _line_of_gap(begun, stream, what, by, looks)
        if any(moment.value is not None for moment in line.moments):
            found.append(line)
    if streams and looks:
        strongest = max(streams, key=lambda name: streams[name].peak)
        found.append(_line_of_evidence(begun, strongest, looks, len(streams)))
    return tuple(found)


def _line_of_gap(begun: Begun, stream: Stream, what: str, by: str, looks: Sequence[Look]) -> Timeline:
    level = begun.config.level
    higher, lower, bound = stream.widest or ("", "", 0.0)
    columns, people = by.split(" × "), begun.subject.outline.people
    grouping: Grouping = next(each for each in begun.groupings if each.name == by)
    audited = _difference(begun.audited_rates(grouping, what), higher, lower, level)
    threshold = begun.threshold(len(looks[-1].held["wealth"]) if looks else 1)
    each_look = [_sum([look], what, by) for look in looks]
    gaps = [_difference(rates, higher, lower, level) for rates in each_look]
    together = 2 * sum(gap is not None for gap in gaps) < len(looks)  # groups too small for most looks: all rows so far
    if together:
        gaps = [_difference(_sum(looks[: i + 1], what, by), higher, lower, level) for i in range(len(looks))]
    moments = []
    for look, gap in zip(looks, gaps, strict=True):
        alarm = look.held["peak"].get(f"{what}/{by}", 0.0) >= threshold
        value, low, high, n = gap or (None, None, None, 0)
        moments.append(Moment(when=_day(look), value=value, low=low, high=high, n=n, alarm=alarm))
    of = "all rows up to that look" if together else "that look alone"
    verb = "Decided in favour" if what == SELECTED else "Decided rightly"
    return Timeline(
        title=f"{verb}: {members(higher, columns, people)} less {members(lower, columns, people)}",
        caption=(
            f"Points. Line: {fmt.level(level)} interval of {of}. Shaded: what the audit left open, up to "
            f"{fmt.number(bound, 'points')}. Of fewer than {FEW} people of a group no rate is drawn."
        ),
        unit="points",
        moments=tuple(moments),
        audited=None if audited is None else audited[0],
        limit=Limit(at_most=bound),
    )


def _line_of_errors(begun: Begun, stream: Stream, looks: Sequence[Look]) -> Timeline:
    level = begun.config.level
    threshold = begun.threshold(len(looks[-1].held["wealth"]) if looks else 1)
    moments = []
    for look in looks:
        right, n = look.held["rates"][RIGHT].get("", {}).get("", (0, 0))
        alarm = look.held["peak"].get(ERRORS, 0.0) >= threshold
        if n < FEW:
            moments.append(Moment(when=_day(look), value=None, low=None, high=None, n=n, alarm=alarm))
            continue
        low, high = intervals.wilson(n - right, n, level=level)
        moments.append(
            Moment(when=_day(look), value=(n - right) / n, low=float(low), high=float(high), n=n, alarm=alarm)
        )
    counts = {} if begun.audited.outcomes is None else begun.audited.outcomes.by(("@correct",))
    wrong, every = counts.get("no", 0), counts.get("no", 0) + counts.get("yes", 0)
    return Timeline(
        title="Decided wrongly, where the outcome is known",
        caption=f"Share. Line: {fmt.level(level)} Wilson interval of that look alone. Shaded: what the audit left open.",
        unit="share",
        moments=tuple(moments),
        audited=wrong / every if every else None,
        limit=Limit(at_most=stream.alone.bound) if stream.alone is not None else None,
    )


def _line_of_evidence(begun: Begun, name: str, looks: Sequence[Look], streams: int) -> Timeline:
    threshold = begun.threshold(streams)
    what, _, by = name.partition("/")
    return Timeline(
        title=f"Evidence that the {_WHAT[what]}{f' by {by}' if by else ''} is worse than audited",
        caption=(
            "Powers of ten by which a bet against “no worse than audited” has grown. Beyond the shading it is an alarm; if "
            f"nothing is worse, the chance that any of {plural(streams, 'such line')} ever gets there is at most "
            f"{fmt.number(begun.config.monitor.alpha / 2, 'share')}."
        ),
        unit="number",
        moments=tuple(
            Moment(
                when=_day(look),
                value=look.held["wealth"].get(name, 0.0) * log10(exp(1)),
                low=None,
                high=None,
                n=look.held["rows"],
                alarm=look.held["peak"].get(name, 0.0) >= threshold,
            )
            for look in looks
        ),
        limit=Limit(at_most=threshold * log10(exp(1))),
    )


def _day(look: Look) -> str:
    return str(look.held["when"])[:16].replace("T", " ")


def _rates(begun: Begun, looks: Sequence[Look]) -> list[Series]:
    """Audited rates beside the new ones, by group; of few people counts alone."""
    found = []
    for grouping in begun.groupings:
        for what, words in ((SELECTED, "Decided in favour"), (RIGHT, "Decided rightly")):
            audited, now = begun.audited_rates(grouping, what), _sum(looks, what, grouping.name)
            if not audited or not now:
                continue
            names = [*audited, *(group for group in now if group not in audited)]
            lines = [_compared(audited.get(name, (0, 0)), now.get(name, (0, 0)), begun.config.level) for name in names]
            heads = ("audited", "n audited", "new", "from", "to", "n new")
            columns: dict[str, tuple[float | int | str | None, ...]] = {
                "who": tuple(label(name, grouping.columns) for name in names)
            }
            columns |= {head: tuple(line[i] for line in lines) for i, head in enumerate(heads)}
            shares = dict.fromkeys(("audited", "new", "from", "to"), "share")
            found.append(Series(title=f"{words} by {grouping.name}", columns=columns, units=shares))  # type: ignore[arg-type]  # "share" is a Unit
    return found


def _compared(
    audited: tuple[int, int], now: tuple[int, int], level: float
) -> tuple[float | None, int, float | None, float | None, float | None, int]:
    yes, n = now
    before = audited[0] / audited[1] if audited[1] >= FEW else None
    if n < FEW:
        return before, audited[1], None, None, None, n
    low, high = intervals.wilson(yes, n, level=level)
    return before, audited[1], yes / n, float(low), float(high), n


def _columns(looks: Sequence[Look]) -> list[Series]:
    """Columns of the latest rows, the surest drift first."""
    latest = next((look for look in reversed(looks) if look.batch is not None and look.held["rows"] >= FEW), None)
    if latest is None or not latest.held["drift"]:
        return []
    rows = latest.held["drift"][:MOST_ROWS]
    columns: dict[str, tuple[float | int | str | None, ...]] = {
        "column": tuple(_column(each["column"]) for each in rows),
        "share that is": tuple(each["where"] for each in rows),
        "audited": tuple(each["before"] for each in rows),
        "now": tuple(each["after"] for each in rows),
        "change": tuple(each["value"] for each in rows),
        "from": tuple(each["low"] for each in rows),
        "to": tuple(each["high"] for each in rows),
        "p (Holm)": tuple(fmt.probability(each["p"]) for each in rows),
        "new values": tuple(each["new_rows"] for each in rows),
        "alarm": tuple("alarm" if each["alarm"] else "" for each in rows),
    }
    units: dict[str, Any] = {"audited": "share", "now": "share", "change": "points", "from": "points", "to": "points"}
    return [Series(title=f"Columns at look {latest.number}, against the audit", columns=columns, units=units)]


def _notes(
    begun: Begun, looks: Sequence[Look], streams: Mapping[str, Stream], known: tuple[int, int], now: str
) -> tuple[str, ...]:
    rows, labelled = known
    found = []
    if begun.judges and rows > labelled:
        left = max(rows - labelled, 0)
        found.append(
            f"The outcome is known of {fmt.count(labelled)} of {fmt.count(rows)} new rows; {fmt.number(left / rows, 'share')} are "
            "still unlabelled. Numbers that need outcomes come from labelled rows alone, and hold for all only if labels "
            "do not come sooner for some outcomes than for others."
        )
    for name, stream in streams.items():
        if stream.aside:
            by = name.partition("/")[2]
            found.append(
                f"{_WHAT[name.partition('/')[0]].capitalize()} by {by}: not watched, being too few in the audit: "
                f"{listed(label(group, by.split(' × ')) for group in stream.aside)}."
            )
    if begun.config.split.unit is not None:
        found.append(
            "Rows of one unit are counted as if they were independent, so the false-alarm rate may be higher than stated."
        )
    if begun.config.subject.weight is not None:
        found.append("Rows have weights, which watching leaves out of account: each counts as one.")
    if looks and id_column(begun.config) is None:
        found.append(
            "Rows have no id ([monitor] id): a row that comes in two files is counted twice, and only the same file once."
        )
    if any(look.held["when"] > now for look in looks) or begun.document.provenance.started > now:
        found.append("The clock is behind what was written before: days and ages here may be wrong.")
    if begun.config.policy.valid_days is None:
        found.append("Nobody has said how long the audit holds: [policy] valid_days.")
    extra = max((look.held["extra"] for look in looks), default=0)
    if extra:
        found.append(f"{plural(extra, 'column')} of the new rows were not in the audit and are not looked at.")
    return tuple(found)
