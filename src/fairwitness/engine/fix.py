"""Mends a subject: tries remedies, chooses on rows nobody judges on, and audits parent and child by the same plan."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairwitness import __version__
from fairwitness.core.asks import LABEL
from fairwitness.core.columns import CROSS, MISSING
from fairwitness.core.comparison import Applied, Comparison, Tried
from fairwitness.core.errors import ConfigError, ModelError, UserError
from fairwitness.core.estimate import Limit
from fairwitness.core.findings import Document
from fairwitness.core.remedy import joined
from fairwitness.draw import format as fmt
from fairwitness.draw.words import plural
from fairwitness.engine import candidates, keeping, measured
from fairwitness.engine.audit import Whereabouts, examine, load, whereabouts
from fairwitness.engine.bench import Bench
from fairwitness.engine.cache import Cache
from fairwitness.engine.candidates import Candidate
from fairwitness.engine.collecting import to_collect
from fairwitness.engine.comparison import Work, compare
from fairwitness.engine.config import Config
from fairwitness.engine.generators import wanted as makes_rows
from fairwitness.engine.judged import Judged, pair
from fairwitness.engine.metered import cost_of
from fairwitness.engine.plan import check_names
from fairwitness.engine.progress import Progress
from fairwitness.engine.subject import Subject
from fairwitness.fairness.paired import compared
from fairwitness.io import atomic
from fairwitness.io import findings as documents
from fairwitness.io.settings import dump_toml

COUNTED = frozenset(
    {
        "selection-rate gap",
        "equalised-odds gap",
        "predictive-parity gap",
        "accuracy gap",
        "calibration gap",
    }
)
"""Gaps that the choice weighs; what says the same in other words (impact ratio, either error rate) is not weighed twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for.

    Attributes:
        remedies: As on the command line; all of them together.
        auto: In their place: what the failing findings name.
        budget: Models that may be trained, beside the parent's.
        group_at_decision: Whether `auto` may try what reads the group when it decides.
        who: Who chose them, for the record; empty where nobody said.
        why: And why.
    """

    remedies: tuple[str, ...] = ()
    auto: bool = False
    budget: int = 8
    group_at_decision: bool = False
    who: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """What came of it."""

    comparison: Comparison
    before: Document
    after: Document
    config: Config  # of the child


def fix(
    config: Config,
    settings: Mapping[str, Any],
    wanted: Wanted,
    *,
    base: Path,
    out: Path,
    source: str,
    command: str,
    progress: Progress,
) -> Fixed:
    """Mend a subject, and write the winner's model and its audit.toml below `out`.

    Args:
        config: The parent's.
        settings: The same as they were read, for the child's audit.toml.
        wanted: Which remedies.
        base: Folder that relative paths are looked up in.
        out: Where model, settings and all that makes stopped work resume are kept.
        source: The config's name, for messages.
        command: The command line.
        progress: Told what is being done.

    Raises:
        UserError: The subject cannot be mended so, or not at all; before any long work where that can be known.
    """
    started = datetime.now(UTC)
    given = _asked(config, wanted, source=source)
    atomic.probe_writable(out)
    check_names(config, source=source)
    before = None if config.baseline is None else documents.load(base / config.baseline)
    progress("reading the data", 0, 1)
    table = load(None, config, base=base, source=source)
    bench = Bench(
        table=table,
        config=config,
        base=base,
        cache=Cache(out / "private" / "cache"),
        source=source,
        progress=progress,
    )
    for each in given:
        bench.check(each)
    where = Whereabouts(base=base, data=whereabouts(None, config, base), source=source, command=command)

    def audited(subject: Subject, settled: Config, name: str) -> Document:
        return examine(
            subject,
            settled,
            before=before,
            cache=bench.cache,
            out=atomic.directory(out / name),
            where=where,
            started=datetime.now(UTC),
            progress=progress,
        )

    bench.subject(config, choosing=True)  # no tune rows: said before the parent is audited
    parent = bench.subject(config)
    candidates.needed(given, parent.outline.offers)
    first = audited(parent, config, "parent")
    tries = given
    refused: list[tuple[Candidate, str]] = []
    if wanted.auto:
        tries, refused = candidates.answering(first, config, group_at_decision=wanted.group_at_decision)
    tries, left = candidates.within(tries, wanted.budget)
    limits = {each.check: each.limit for each in first.findings}
    plain, tried, rows = _tried(bench, tries, limits, lenient=wanted.auto)
    winner = _winner(tries, tried, first, refused, source=source)
    mended = winner.put_on(config)
    child = replace(bench.subject(mended), parent=parent.fingerprint)
    second = audited(child, mended, "child")
    notes = (
        [] if not left else [f"{left} more were not tried: the budget of {wanted.budget} trained models was used up."]
    )
    notes += _kept(child, mended, settings, parent=parent.fingerprint, base=base, out=out)
    notes.append(_stood(plain, rows, best=min(each.penalty for each in tried if each.penalty is not None)))
    if doubts := to_collect(second):
        atomic.write_text(out / "collect.json", documents.text(doubts))
        notes.append(
            f"Of the mended model {plural(len(doubts), 'verdict')} cannot be told; collect.json says what would tell."
        )
    remedies = [candidates.info(each.remedy) for each in winner.remedies]
    notes += [
        f"{each.id} reads the group when it decides, which the law may forbid"
        + (f"; {each.instead} does not." if each.instead else ".")
        for each in remedies
        if each.reads_group
    ]
    work = Work(
        remedies=winner.applied,
        tried=(*_marked(tries, tried, winner), *(_refused(each, why) for each, why in refused)),
        choosing_rows=rows,
        notes=tuple(notes),
        answers=frozenset(check for each in remedies for check in each.answers),
        spent={
            "models trained": bench.trained,
            "seconds": round((datetime.now(UTC) - started).total_seconds(), 2),
        },
        training=(cost_of([parent], config), cost_of([child], config)),
    )
    sides = [Judged.load(out / name) for name in ("parent", "child")]
    comparison = compare(
        first,
        second,
        rows=None if sides[0] is None or sides[1] is None else (sides[0], sides[1]),
        measures=measured.shared(out / "parent", out / "child", _cells(parent, winner.applied)),
        work=work,
        provenance={
            "tool": "fairwitness",
            "version": __version__,
            "seed": config.seed,
            "config_digest": config.digest,
            "data_digest": table.fingerprint,
            "started": started.isoformat(timespec="seconds"),
            "command": command,
            "chosen_by": wanted.who,
            "because": wanted.why,
        },
    )
    return Fixed(comparison=comparison, before=first, after=second, config=mended)


def _asked(config: Config, wanted: Wanted, *, source: str) -> list[Candidate]:
    """The remedies named, or nothing yet where findings will name them; refuses what cannot be mended."""
    if wanted.auto == bool(wanted.remedies):
        raise ConfigError(
            f"{source}: name what to try, --remedy ID, or let the failing findings name it, --auto; one of them"
        )
    if wanted.budget < 1:
        raise ConfigError(f"{source}: the budget is {wanted.budget} trained models; give one at least, --budget 1")
    mendable(config, source=source)
    return candidates.named([candidates.parse(text, config) for text in wanted.remedies]) if wanted.remedies else []


def mendable(config: Config, *, source: str) -> None:
    """Refuse a subject whose model cannot be trained again, or decides nothing.

    Raises:
        ConfigError: Which it is, and the way out.
    """
    if makes_rows(config) or config.model.train == "autoencoder":
        raise ConfigError(f"{source}: {config.model.train!r} decides about nobody, and remedies mend decisions")
    if config.model.train is None:
        raise ConfigError(
            f"{source}: fix trains the model again, and [model] does not say how; name a recipe, [model] train = 'mlp', or "
            "your own, 'module:factory'"
        )


def _tried(
    bench: Bench, tries: Sequence[Candidate], limits: Mapping[str, Limit | None], *, lenient: bool
) -> tuple[float, list[Tried], int]:
    """The parent's penalty on the rows held for choosing, each candidate there, in order, and how many rows those are."""
    parent = Judged.of(bench.subject(bench.config, choosing=True))
    if parent is None:
        raise ConfigError(f"{bench.source}: the model decides nothing, so there is nothing to choose by")
    seen: set[str | None] = {None}
    found = []
    for number, each in enumerate(tries):
        bench.progress(f"trying {each.words}", number, len(tries))
        clock, key = time.perf_counter(), each.training
        needs = int(key not in seen)
        seen.add(key)
        try:
            subject = bench.subject(each.put_on(bench.config), choosing=True)
        except UserError as error:
            if not lenient:
                raise
            found.append(_refused(each, str(error)))
            continue
        child = Judged.of(subject)
        penalty, accuracy = (None, None) if child is None else _penalty(parent, child, limits)
        found.append(
            Tried(
                remedies=each.applied,
                trained=needs,
                seconds=round(time.perf_counter() - clock, 2),
                penalty=penalty,
                accuracy=accuracy,
                chosen=False,
                cost=None if key is None else cost_of([subject], bench.config),
            )
        )
    return _penalty(parent, parent, limits)[0], found, len(parent.ids)


def _penalty(parent: Judged, child: Judged, limits: Mapping[str, Limit | None]) -> tuple[float, float | None]:
    """What the child's gaps exceed their limits by, summed, and the accuracy it lost; and its accuracy."""
    moved = compared(pair(parent, child), rng=np.random.default_rng(0), draws=2)
    total = 0.0
    for each in moved:
        limit = limits.get(each.check)
        if each.metric in COUNTED and limit is not None and limit.at_most is not None:
            total += 1.0 if each.after is None else max(0.0, each.after - limit.at_most)
    accuracy = next((each for each in moved if each.metric == "accuracy" and each.about is None), None)
    if accuracy is None or accuracy.before is None or accuracy.after is None:
        return total, None
    return total + accuracy.before - accuracy.after, accuracy.after


def _winner(
    tries: Sequence[Candidate],
    tried: Sequence[Tried],
    parent: Document,
    refused: Sequence[tuple[Candidate, str]],
    *,
    source: str,
) -> Candidate:
    """The candidate with the lowest penalty; of equal ones the first, which is the simplest."""
    known = [(each.penalty, place) for place, each in enumerate(tried) if each.penalty is not None]
    if known:
        return tries[min(known)[1]]
    if not any(each.verdict == "fail" for each in parent.findings):
        raise ConfigError(f"{source}: nothing fails, so there is nothing to mend; --remedy ID tries one all the same")
    why = next((each.reason for each in tried if each.reason), "") or (refused[0][1] if refused else "")
    raise ConfigError(f"{source}: no remedy could be tried{f': {why}' if why else ', as no failing finding names one'}")


def _stood(plain: float, rows: int, *, best: float) -> str:
    """How the model as it is did on the rows held for choosing."""
    told = f"On the {fmt.count(rows)} rows held for choosing, the model as it is has a penalty of {fmt.number(plain, 'points')}"
    if plain <= best:
        return f"{told}, and nothing that was tried did better."
    if plain == 0:
        return (
            f"{told}: no gap exceeds its limit there, so the choice rests on accuracy alone and shows no need to mend."
        )
    return f"{told}."


def _cells(subject: Subject, remedies: Iterable[Applied]) -> dict[str, NDArray[np.object_]]:
    """Group and recorded answer of each row, by what the remedies look at: a rare cell may pay for the others."""
    recorded = subject.derived.get(LABEL, np.full(subject.outline.rows, None, dtype=object))
    found = {}
    for by in dict.fromkeys(each.by for each in remedies if each.by):
        groups = joined([subject.groups[name] for name in by.split(CROSS)])
        cells = [f"{group}, recorded {answer or MISSING}" for group, answer in zip(groups, recorded, strict=True)]
        found[by] = np.array(cells, dtype=object)
    return found


def _marked(tries: Sequence[Candidate], tried: Sequence[Tried], winner: Candidate) -> tuple[Tried, ...]:
    return tuple(replace(each, chosen=one is winner) for one, each in zip(tries, tried, strict=True))


def _refused(candidate: Candidate, why: str) -> Tried:
    return Tried(
        remedies=candidate.applied, trained=0, seconds=0.0, penalty=None, accuracy=None, chosen=False, reason=why
    )


def _kept(
    child: Subject, config: Config, settings: Mapping[str, Any], *, parent: str, base: Path, out: Path
) -> list[str]:
    """Write the model and the settings that audit it; a note where the model is not ours to save.

    What an earlier run has written of another model goes first, so nothing lies beside a model that is not its own.
    """
    for stale in ("comparison.json", "comparison.html", "audit.toml", "collect.json"):
        (out / stale).unlink(missing_ok=True)
    try:
        keeping.save(out / "model", child, config, parent=parent)
    except ModelError as error:
        return [f"The mended model was not saved: {error}."]
    moved = {**settings, "model": {"saved": "model"}}
    for table, key in (("data", "path"), ("policy", "path"), ("decisions", "ledger")):
        inner = moved.get(table)
        if isinstance(inner, Mapping) and isinstance(inner.get(key), str):
            moved[table] = {**inner, key: _from(out, base, inner[key])}
    if isinstance(moved.get("baseline"), str):
        moved["baseline"] = _from(out, base, str(moved["baseline"]))
    text = "# Written by fairwitness fix: audits the mended model in the folder beside it.\n" + dump_toml(moved)
    atomic.write_text(out / "audit.toml", text)
    return []


def _from(out: Path, base: Path, path: str) -> str:
    """A path as seen from the folder that is written."""
    if path.startswith("package:") or Path(path).is_absolute():
        return path
    return Path(os.path.relpath(base / path, out)).as_posix()
