"""New rows, and labels that come later, held against an audit: each counted once, whatever stops the command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from math import log
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness.core.asks import CLASS, CORRECT, DECISION, FAVORED, YES, group_column
from fairwitness.core.columns import Grouping
from fairwitness.core.digest import digest, generator
from fairwitness.core.errors import ConfigError, DataError
from fairwitness.core.findings import Document
from fairwitness.core.remedy import joined
from fairwitness.engine import audit as auditing
from fairwitness.engine import tallies
from fairwitness.engine.batch import Batch, batch, decided, labels
from fairwitness.engine.cache import Cache
from fairwitness.engine.config import Config
from fairwitness.engine.progress import Progress
from fairwitness.engine.subject import Subject, assemble
from fairwitness.io import atomic
from fairwitness.io import findings as documents
from fairwitness.io.read import read
from fairwitness.io.table import Table
from fairwitness.monitor.drift import Drift, drifts
from fairwitness.monitor.profile import Profile, Scale
from fairwitness.monitor.store import PLACE, Look, Store, set_aside
from fairwitness.monitor.streams import Answers, Stream
from fairwitness.stats.tally import Tally

SELECTED, RIGHT, ERRORS = "selected", "right", "errors"
USUAL_LIMIT = 0.10
"""Gap that is acceptable where the audit had no limit for it."""
LIMITED_BY = {SELECTED: "fairness.selection-rate-gap", RIGHT: "fairness.accuracy-gap"}
MOST_DRIFTS = 40
"""Columns of one look whose drift is written down, the surest first, and all that raised the alarm."""

Rates = dict[str, dict[str, list[int]]]
"""Grouping to group to yes and all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """An audit, ready to be held against.

    Attributes:
        audited: What it counted.
        about: Digest of all that the false-alarm rate rests on.
        path: Where the watch remembers.
    """

    config: Config
    document: Document
    subject: Subject
    audited: tallies.Audited
    about: str
    path: Path

    @property
    def groupings(self) -> tuple[Grouping, ...]:
        return tuple(grouping for grouping in self.subject.outline.groupings if grouping.named)

    @property
    def selected(self) -> str | None:
        """The column that says who was selected: in favour of the person, or else positive."""
        counted = () if self.audited.outcomes is None else tuple(self.audited.outcomes.axes)
        return next((column for column in (FAVORED, DECISION) if column in counted), None)

    @property
    def judges(self) -> bool:
        """Whether decisions can turn out right or wrong."""
        return self.audited.outcomes is not None and CORRECT in self.audited.outcomes.axes

    def audited_rates(self, by: Grouping, what: str) -> dict[str, tuple[int, int]]:
        """Group to yes and all, as audited; rows that cannot be told are left out."""
        column = self.selected if what == SELECTED else CORRECT
        if self.audited.outcomes is None or column is None:
            return {}
        names = tuple(group_column(name) for name in by.columns)
        known = self.audited.outcomes.onto(*names, column)
        yes, no = (known.where({column: answer}).by(names) for answer in (YES, "no"))
        return {group: (yes[group], yes[group] + no[group]) for group in yes if yes[group] + no[group]}

    def alarm_at(self, streams: int) -> float:
        """The wealth at which a stream is an alarm: half of alpha is shared by all streams."""
        return round(2 * max(streams, 1) / self.config.monitor.alpha, 9)

    def threshold(self, streams: int) -> float:
        """Its logarithm."""
        return log(self.alarm_at(streams))


@dataclass(slots=True)
class Fresh:
    """What one call brings, before it is written down."""

    batch: Batch | None = None
    keep: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    right: list[tuple[dict[str, str], bool]] = field(default_factory=list)  # groups by grouping, and whether right
    again: int = 0
    joined: int = 0


def begin(config: Config, *, base: Path, out: Path, source: str, progress: Progress) -> Begun:
    """The audit that lies in `out`, and its model as it is deployed.

    Raises:
        UserError: There is no audit there, or it is of other data or another model than the settings now name.
    """
    document = documents.load(out / "findings.json")
    atomic.probe_writable(out)
    progress("reading the audited data", 0, 1)
    table = auditing.load(None, config, base=base, source=source)
    cache = Cache(out / "private" / "cache")
    subject = assemble(table, config, model=None, base=base, cache=cache, progress=progress, source=source)
    where = document.provenance
    for what, then, now in (
        ("the data are not those", where.data_digest, subject.table.fingerprint),
        ("the model is not the one", where.model_digest, subject.model_digest),
    ):
        if then != now:
            raise ConfigError(f"{source}: {what} audited in {out}; run `fairwitness audit` again, then watch")
    audited = tallies.load(out, subject)
    if not _as_counted(audited.outcomes, subject):
        raise ConfigError(
            f"{source}: decides or groups otherwise than the audit in {out} did, or its tallies have changed; run "
            "`fairwitness audit` again, then watch"
        )
    groups = [grouping.name for grouping in subject.outline.groupings if grouping.named]
    monitor = config.monitor.model_dump(mode="json", exclude={"id"})
    limits = {key: _limit(document, check) for key, check in LIMITED_BY.items()}
    about = digest(where.data_digest, where.model_digest, groups, monitor, limits, config.seed, config.level)
    return Begun(config=config, document=document, subject=subject, audited=audited, about=about, path=out / PLACE)


def _as_counted(then: Tally | None, subject: Subject) -> bool:
    """Whether the settings still give the audited counts: else new rows would be held against other groups or decisions."""
    if then is None or subject.outline.decisions_from is None:
        return then is None and subject.outline.decisions_from is None
    now = tallies.outcomes_of(subject)
    names = tuple(then.axes)
    return set(names) == set(now.axes) and _occurring(then, names) == _occurring(now, names)


def _occurring(tally: Tally, names: tuple[str, ...]) -> dict[str, int]:
    return {cell: n for cell, n in tally.by(names).items() if n}


def tables(rows: object | None, late: object | None) -> tuple[Table | None, Table | None]:
    """The files of new rows and of labels, read before any work.

    Raises:
        DataError: They cannot be read, or neither is given.
    """
    if rows is None and late is None:
        raise DataError("watch: nothing new is given; name a file of new rows, or labels with --labels FILE")
    found = tuple(None if each is None else read(each) for each in (rows, late))
    return found[0], found[1]


def watch(
    begun: Begun, rows: Table | None, late: Table | None, *, now: datetime, restart: bool, source: str
) -> tuple[list[Look], dict[str, Stream], str]:
    """Count what is new, and write it down in one step.

    Args:
        begun: The audit.
        rows: New rows.
        late: Labels of rows that came before, or come with these.
        now: When.
        restart: Forget what was seen: a new false-alarm rate begins.
        source: The config's name, for messages.

    Returns:
        Every look so far, the state of each stream, and what this call did in a sentence.

    Raises:
        UserError: Rows or labels do not fit the audit, or what is remembered cannot be used. Nothing is counted then.
    """
    made = None if rows is None else batch(begun.subject, begun.config, rows, source=source)
    known = None if late is None else labels(begun.subject, begun.config, late, source=source)
    atomic.directory(begun.path.parent, mode=0o700)
    if restart:
        set_aside(begun.path, when=now.strftime("%Y-%m-%dT%H%M%S"))
    with Store(begun.path, about=begun.about) as store, store.writing():
        fresh, told = _fresh(begun, store, made, known)
        streams = _streams(begun, store)
        if fresh.batch is not None or fresh.right:
            streams = _write(begun, store, fresh, streams, now)
        return store.looks(), streams, told


def seen(begun: Begun) -> tuple[list[Look], dict[str, Stream]]:
    """What is remembered now: another watch may have counted in between."""
    with Store(begun.path, about=begun.about) as store, store.writing():
        return store.looks(), _streams(begun, store)


def _fresh(
    begun: Begun, store: Store, made: Batch | None, known: tuple[NDArray[np.object_], NDArray[np.object_]] | None
) -> tuple[Fresh, str]:
    """What was not counted before, and a sentence about the rest."""
    fresh, told = Fresh(), []
    if made is not None:
        before = store.look_at(made.fingerprint)
        if before is not None:
            told.append(
                f"These rows were counted as look {before.number}, on {before.held['when'][:10]}; nothing is counted twice."
            )
        else:
            _take_rows(begun, store, made, fresh)
            kept = int(fresh.keep.sum())
            told.append(
                f"{kept:,} new rows counted"
                + (f", {fresh.again:,} left out as seen before" if fresh.again else "")
                + (f"; {fresh.joined:,} of these bring an outcome that was waited for." if fresh.joined else ".")
            )
    if known is not None:
        given = sum(label is not None for label in known[1].tolist())
        joined = _join(store, known, fresh)
        told.append(
            f"Labels: {joined:,} joined to rows"
            + (
                f", {given - joined:,} of no row that waits for one (never seen, or labelled before)."
                if given > joined
                else "."
            )
        )
    return fresh, " ".join(told)


def _take_rows(begun: Begun, store: Store, made: Batch, fresh: Fresh) -> None:
    """Rows no earlier batch had, those with an outcome set apart from those that wait for one."""
    fresh.batch, fresh.keep = made, np.ones(made.rows, dtype=bool)
    if made.ids is not None:
        fresh.keep = np.array(store.unknown(made.ids.tolist()), dtype=bool)
        fresh.again = int((~fresh.keep).sum())
    if not begun.judges:
        if made.ids is not None:
            store.put_rows((made.ids[i], None) for i in np.flatnonzero(fresh.keep))
        return
    names = {grouping.name: joined([made.groups[name] for name in grouping.columns]) for grouping in begun.groupings}
    right, classes = made.derived[CORRECT], decided(made)
    waiting = []
    same: dict[tuple[str, ...], dict[str, str]] = {}  # one table for all rows of the same groups
    for i in np.flatnonzero(fresh.keep).tolist():
        cell = tuple(str(of[i]) for of in names.values())
        groups = same.setdefault(cell, dict(zip(names, cell, strict=True)))
        if right[i] is not None:
            fresh.right.append((groups, right[i] == YES))
        if made.ids is not None:
            waiting.append((made.ids[i], {"groups": groups, "decided": classes[i]} if right[i] is None else None))
    store.put_rows(waiting)
    if made.ids is not None and fresh.again:  # the same rows exported again, with outcomes that came since
        before = ~fresh.keep
        fresh.joined = _join(store, (made.ids[before], made.derived[CLASS][before]), fresh)


def _join(store: Store, known: tuple[NDArray[np.object_], NDArray[np.object_]], fresh: Fresh) -> int:
    """Outcomes of rows that wait for one; how many there were. Of others nothing is counted."""
    ids, classes = known
    given = [i for i, label in enumerate(classes.tolist()) if label is not None]
    before = len(fresh.right)
    for i, held in zip(given, store.take([ids[i] for i in given]), strict=True):
        if held is not None:
            fresh.right.append((held["groups"], held["decided"] == classes[i]))
    return len(fresh.right) - before


def _limit(document: Document, check: str) -> float:
    """The limit that check had in the audit."""
    found = [each.limit.at_most for each in document.findings if each.check == check and each.limit is not None]
    return next((each for each in found if each is not None), USUAL_LIMIT)


def _streams(begun: Begun, store: Store) -> dict[str, Stream]:
    """Every stream as it was left, or at its beginning."""
    held = store.streams()
    if held:
        return {name: Stream.from_json(held[name]) for name in sorted(held, key=lambda name: _order(begun, name))}
    made: dict[str, Stream | None] = {}
    wanted = [what for what, there in ((SELECTED, begun.selected is not None), (RIGHT, begun.judges)) if there]
    for grouping in begun.groupings:
        for what in wanted:
            rates = begun.audited_rates(grouping, what)
            made[f"{what}/{grouping.name}"] = Stream.of_gap(
                {group: yes for group, (yes, _) in rates.items()},
                {group: n for group, (_, n) in rates.items()},
                limit=_limit(begun.document, LIMITED_BY[what]),
                level=begun.config.level,
                bound=begun.config.monitor.gap,
            )
    if begun.judges and begun.audited.outcomes is not None:
        counts = begun.audited.outcomes.by((CORRECT,))
        right, wrong = counts.get(YES, 0), counts.get("no", 0)
        made[ERRORS] = Stream.of_share(wrong, right + wrong, level=begun.config.level)
    return {name: stream for name, stream in made.items() if stream is not None}


def _order(begun: Begun, name: str) -> tuple[int, bool]:
    """Streams stand as the groupings do, selection before being right; errors of everybody last."""
    what, _, by = name.partition("/")
    places = [grouping.name for grouping in begun.groupings]
    return (places.index(by) if by in places else len(places), what != SELECTED)


def _write(begun: Begun, store: Store, fresh: Fresh, streams: dict[str, Stream], now: datetime) -> dict[str, Stream]:
    """The look, and streams after it."""
    looks = store.looks()
    rates = _rates(begun, fresh)
    rng = generator(begun.config.seed, "watch", str(len(looks)), fresh.batch.fingerprint if fresh.batch else "labels")
    after = {name: stream.add(_answers(begun, fresh, name, rng)) for name, stream in streams.items()}
    batches = sum(look.batch is not None and look.held["rows"] > 0 for look in looks) + 1
    found = _drifts(begun, fresh) if fresh.batch is not None else ()
    alpha = (
        begun.config.monitor.alpha / 2 / (batches * (batches + 1))
    )  # sums to half of alpha over all batches there will be
    least = begun.config.monitor.drift
    loud = [each for each in found if each.told(alpha=alpha, least=least)]
    held: dict[str, Any] = {
        "when": now.isoformat(timespec="seconds"),
        "rows": int(fresh.keep.sum()),
        "again": fresh.again,
        "labelled": len(fresh.right),
        "rates": rates,
        "wealth": {name: stream.log_wealth for name, stream in after.items()},
        "peak": {name: stream.peak for name, stream in after.items()},
        "drift": [_plain(each, alarm=each in loud) for each in found if each in loud or each in found[:MOST_DRIFTS]],
        "alpha": alpha,
        "missing": list(fresh.batch.missing) if fresh.batch is not None else [],
        "extra": fresh.batch.extra if fresh.batch is not None else 0,
        "notes": list(fresh.batch.notes) if fresh.batch is not None else [],
    }
    store.add_look(None if fresh.batch is None else fresh.batch.fingerprint, held)
    store.put_streams({name: stream.to_json() for name, stream in after.items()})
    return after


def _rates(begun: Begun, fresh: Fresh) -> dict[str, Rates]:
    """Yes and all by group, of this call's rows and of the outcomes that came to be known."""
    found: dict[str, Rates] = {SELECTED: {}, RIGHT: {}}
    for grouping in begun.groupings:
        chosen: dict[str, list[int]] = {}
        for group, yes in _selected(begun, fresh, grouping):
            cell = chosen.setdefault(group, [0, 0])
            cell[0] += yes
            cell[1] += 1
        right: dict[str, list[int]] = {}
        for groups, was_right in fresh.right:
            cell = right.setdefault(groups[grouping.name], [0, 0])
            cell[0] += was_right
            cell[1] += 1
        found[SELECTED][grouping.name], found[RIGHT][grouping.name] = chosen, right
    found[RIGHT][""] = {"": [sum(was_right for _, was_right in fresh.right), len(fresh.right)]}
    return found


def _selected(begun: Begun, fresh: Fresh, grouping: Grouping) -> list[tuple[str, bool]]:
    """Group and answer of every new row that was decided."""
    if fresh.batch is None or begun.selected is None:
        return []
    names = joined([fresh.batch.groups[name] for name in grouping.columns])[fresh.keep]
    answers = fresh.batch.derived[begun.selected][fresh.keep]
    return [(str(name), answer == YES) for name, answer in zip(names, answers, strict=True) if answer is not None]


def _answers(begun: Begun, fresh: Fresh, name: str, rng: np.random.Generator) -> Answers:
    """What a stream draws from, shuffled: a file may be sorted by outcome, and bets rest on an order that knows nothing."""
    what, _, by = name.partition("/")
    if what == ERRORS:
        pairs = [("", not was_right) for _, was_right in fresh.right]
    elif what == RIGHT:
        pairs = [(groups[by], was_right) for groups, was_right in fresh.right]
    else:
        grouping = next(each for each in begun.groupings if each.name == by)
        pairs = _selected(begun, fresh, grouping)
    held: dict[str, list[int]] = {}
    for place in rng.permutation(len(pairs)).tolist():
        group, yes = pairs[place]
        held.setdefault(group, []).append(int(yes))
    return {group: np.array(values, dtype=np.int8) for group, values in held.items()}


def _drifts(begun: Begun, fresh: Fresh) -> tuple[Drift, ...]:
    """Columns, attributes and decisions of the new rows beside the audited ones."""
    before, made = begun.audited.columns, fresh.batch
    if made is None or not fresh.keep.any():
        return ()
    values = {name: held[fresh.keep] for name, held in made.columns.items()}
    scales = dict(before.scales) if before is not None else {}
    counts: dict[str, Mapping[str, int]] = dict(before.counts) if before is not None else {}
    after = {name: scale.count(values[name]) for name, scale in scales.items() if name in values}
    if begun.selected is not None and begun.audited.outcomes is not None:
        scales[begun.selected] = Scale(ordered=False, names=("no", YES))
        counts[begun.selected] = begun.audited.outcomes.by((begun.selected,))
        after[begun.selected] = scales[begun.selected].count(made.derived[begun.selected][fresh.keep])
    return drifts(Profile(scales=scales, counts=counts), after, values, level=begun.config.level)


def _plain(each: Drift, *, alarm: bool) -> dict[str, Any]:
    told = asdict(each)
    change = told.pop("change")
    return {**told, **{key: change[key] for key in ("value", "low", "high", "p", "n")}, "alarm": alarm}
