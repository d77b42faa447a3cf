"""An audit from config to document: every surface calls this one function."""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fairwitness import __version__
from fairwitness.carbon.clock import Clock
from fairwitness.core.errors import ConfigError
from fairwitness.core.estimate import Verdict
from fairwitness.core.findings import SCHEMA_VERSION, Document, Provenance, SubjectCard
from fairwitness.engine import gate as gating
from fairwitness.engine import recorded, row_values, scale, tallies
from fairwitness.engine.cache import Cache
from fairwitness.engine.config import Config
from fairwitness.engine.headline import headline
from fairwitness.engine.judge import judge
from fairwitness.engine.judged import Judged
from fairwitness.engine.meter import StepMeter
from fairwitness.engine.metered import Metered, begin, ticking
from fairwitness.engine.plan import Step, check_names
from fairwitness.engine.progress import Progress, silent
from fairwitness.engine.providers import Provider
from fairwitness.engine.run import run
from fairwitness.engine.subject import Subject, assemble
from fairwitness.io import atomic
from fairwitness.io import findings as documents
from fairwitness.io.read import read
from fairwitness.io.table import Table
from fairwitness.torchkit.threads import one_thread_for_matrices

_PACKAGES = ("numpy", "scipy", "scikit-learn", "polars", "narwhals", "torch")


def audit(
    config: Config,
    *,
    data: object | None = None,
    model: object | None = None,
    tallies_of: Sequence[Path] = (),
    base: Path | None = None,
    out: Path | None = None,
    source: str = "settings",
    command: str = "",
    progress: Progress = silent,
) -> Document:
    """Audit one subject.

    Args:
        config: What to audit and against which limits.
        data: A path or a frame, in place of the config's `[data] path`.
        model: A torch module or a callable, in place of the config's `[model]`.
        tallies_of: Files that `fairwitness tally` wrote, in place of data: what they count is added up.
        base: Folder relative paths are looked up in; the current one if None.
        out: Folder for what makes a stopped audit resume (`OUT/private/cache`); None keeps nothing.
        source: The config's name, for messages.
        command: The command line, for the report's provenance.
        progress: Told what is being done.

    Returns:
        The document that findings.json holds and every surface is made from.

    Raises:
        UserError: Anything wrong with data, config, model or output folder; before any long work.
    """
    started, clock = datetime.now(UTC), begin(config, source=source)
    progress = ticking(clock, progress)
    base = base or Path()
    if out is not None:
        atomic.probe_writable(out)
    check_names(config, source=source)
    before = None if config.baseline is None else documents.load(base / config.baseline)
    progress("reading the data", 0, 1)
    cache = Cache(None if out is None else out / "private" / "cache")
    if tallies_of:
        subject = scale.of_files(tallies_of, config, base=base, cache=cache, progress=progress, source=source)
    elif model is None and scale.wanted(data, config):
        found = scale.scan(data, config, base=base, source=source)
        subject = scale.lay_out(found, config, base=base, cache=cache, progress=progress, source=source)
    else:
        table = load(data, config, base=base, source=source)
        subject = assemble(table, config, model=model, base=base, cache=cache, progress=progress, source=source)
    where = Whereabouts(base=base, data=whereabouts(data, config, base), source=source, command=command)
    return examine(
        subject,
        config,
        before=before,
        cache=cache,
        out=out,
        where=where,
        started=started,
        progress=progress,
        clock=clock,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where an audit's input came from, for its provenance and its messages.

    Attributes:
        base: Folder of the settings.
        data: Where the data lie, as seen from here; empty for a frame in memory.
        source: The config's name.
        command: The command line.
    """

    base: Path
    data: str
    source: str
    command: str


def examine(
    subject: Subject,
    config: Config,
    *,
    before: Document | None,
    cache: Cache,
    out: Path | None,
    where: Whereabouts,
    started: datetime,
    progress: Progress,
    clock: Clock | None = None,
) -> Document:
    """Plan, run and judge every check of a subject that is assembled.

    Args:
        subject: What is audited.
        config: Against which limits.
        before: The baseline.
        cache: Where finished pieces are kept.
        out: Folder below which private numbers by row are written; None for none.
        where: Where the input came from.
        started: When the audit began.
        progress: Told what is being done.
        clock: Running since the audit began; from here if None.

    Raises:
        UserError: Nothing is left to run, or limits, options or waivers do not fit.
    """
    source, table = where.source, subject.table
    steps = scale.steps(subject, config, source=source)
    if not steps:
        raise ConfigError(f"{source}: only and skip leave no check to run; take one of them back")
    gating.check_waivers(config, {step.name for step in steps}, source=source)
    metered = Metered(subject, config, clock, source=source)
    progress = ticking(metered.clock, progress)
    provider = Provider(subject, seed=config.seed, cache=cache, progress=progress, costs=metered.costs)
    drawn = subject.sample
    sampled = (
        None if drawn is None else (drawn.outline, Provider(drawn, seed=config.seed, cache=cache, progress=progress))
    )

    def meter(step: Step) -> StepMeter:
        key = (step.id, step.options, subject.model_digest, table.fingerprint, subject.columns, config.seed)
        return StepMeter(step.id, key, cache if subject.model_digest is not None else Cache(None), progress)

    ran = run(
        steps,
        subject.outline,
        provider,
        context=config.answers,
        level=config.level,
        seed=config.seed,
        progress=progress,
        meters=meter,
        clock=metered.clock,
        sampled=sampled,
    )
    if out is not None:
        judged_rows = None if table.counted is not None else Judged.of(subject)
        if judged_rows is not None:
            judged_rows.save(out)
        tallies.save(subject, out)
    with one_thread_for_matrices():
        judged = [
            row_values.add(
                judge(each.step, each.outcome, each.seconds, each.spent),
                each.outcome,
                drawn or subject,
                level=config.level,
                out=out,
            )
            for each in metered.watched(ran)
        ]
    found = gating.compare(metered.told(judged, order=[step.id for step in steps]), before)
    findings, waivers = gating.waive(found, config, today=started.date())
    gate = gating.gate(findings, config, waivers)
    only, skip = config.checks.only, config.checks.skip
    counts = Counter(finding.verdict for finding in findings)
    return Document(
        schema_version=SCHEMA_VERSION,
        headline=headline(findings, gate, subject.outline, only=only, skip=skip),
        subject=_card(subject),
        gate=gate,
        findings=findings,
        summary={verdict.value: counts.get(verdict, 0) for verdict in Verdict},
        context=config.answers,
        provenance=Provenance(
            tool="fairwitness",
            version=__version__,
            schema_version=SCHEMA_VERSION,
            seed=config.seed,
            level=config.level,
            config_digest=config.digest,
            data_digest=table.fingerprint,
            model_digest=subject.model_digest,
            environment=_environment(),
            only=only,
            skip=skip,
            started=started.isoformat(timespec="seconds"),
            seconds=round((datetime.now(UTC) - started).total_seconds(), 2),
            command=where.command,
            valid_days=config.policy.valid_days,
            data=where.data,
            base="" if where.base == Path() else where.base.as_posix(),
            config=json.loads(config.model_dump_json(exclude_unset=True)),
        ),
        roles=config.roles.named(),
    )


def load(data: object | None, config: Config, *, base: Path, source: str) -> Table:
    """The data that are audited: those given or those the config names, as appeals have put them right.

    Raises:
        UserError: They cannot be read, or no data are named.
    """
    if config.data.engine in {"lazy", "spark"}:
        raise ConfigError(
            f"{source}: [data] engine counts rows where they lie, and this needs them here; leave engine out"
        )
    table = scale.published(_table(data, config, base=base, source=source), config, source=source)
    return recorded.corrected(table, config, base=base, source=source)


def _table(data: object | None, config: Config, *, base: Path, source: str) -> Table:
    if data is not None:  # a path given on the spot is the caller's, not the config's
        return data if isinstance(data, Table) else read(data)
    if config.data.path is None:
        raise ConfigError(f"{source}: [data] path is missing; name the file to audit")
    return read(config.data.path, path_base=base)


def whereabouts(data: object | None, config: Config, base: Path) -> str:
    """Where the data lie, as the user named them; empty for what was given in memory."""
    if data is not None:
        return str(data) if isinstance(data, str | Path) else ""
    path = config.data.path or ""
    return path if not path or path.startswith("package:") else (base / path).as_posix()


def _card(subject: Subject) -> SubjectCard:
    outline = subject.outline
    return SubjectCard(
        name=outline.name,
        fingerprint=subject.fingerprint,
        parent=subject.parent,
        task=outline.task,
        rows=outline.rows,
        judged_rows=outline.judged_rows,
        parts=outline.parts,
        columns=len(outline.columns),
        target=outline.target,
        positive=outline.positive,
        favorable=outline.favorable,
        decisions_from=outline.decisions_from,
        groups=tuple(grouping.name for grouping in outline.groupings if grouping.named),
        model=outline.model_words,
        people=outline.people,
        features=outline.features,
        withheld=outline.withheld,
        notes=outline.notes,
    )


def _environment() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
