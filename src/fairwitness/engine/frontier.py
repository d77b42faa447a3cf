"""The points between accuracy and fairness that remedies and their strengths can reach; a person chooses among them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import sqrt
from pathlib import Path

import numpy as np

from fairwitness import __version__
from fairwitness.core.digest import generator
from fairwitness.core.errors import ConfigError
from fairwitness.core.figures import Curve, Curves
from fairwitness.core.frontier import FRONTIER_VERSION, Frontier, Level, Point
from fairwitness.draw import format as fmt
from fairwitness.draw.words import capital, plural
from fairwitness.engine import candidates
from fairwitness.engine.audit import load
from fairwitness.engine.bench import Bench
from fairwitness.engine.cache import Cache
from fairwitness.engine.candidates import Candidate
from fairwitness.engine.config import Config
from fairwitness.engine.fix import mendable
from fairwitness.engine.judged import Judged, pair
from fairwitness.engine.metered import cost_of
from fairwitness.engine.progress import Progress
from fairwitness.engine.subject import Subject
from fairwitness.fairness.paired import GAPS, Moved, compared
from fairwitness.io import atomic
from fairwitness.stats.change import alone

DRAWS = 1000
USUAL = ("fairness.selection-rate-gap", "fairness.equalized-odds-gap")
"""Criteria where none are named: the two that pull apart most often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is asked for.

    Attributes:
        remedies: Each by itself, as on the command line; `A+B` for two together.
        criteria: Check ids, each of one grouping: `fairness.selection-rate-gap/race`; without one, of the first group.
        seeds: Trainings of each point.
        budget: Models that may be trained, beside the one there is with its seeds.
    """

    remedies: tuple[str, ...]
    criteria: tuple[str, ...] = ()
    seeds: int = 3
    budget: int = 24


def frontier(
    config: Config, sought: Sought, *, base: Path, out: Path, source: str, command: str, progress: Progress
) -> Frontier:
    """Measure every point on the tune rows held for choosing.

    Args:
        config: Of the subject.
        sought: What to try, and by which criteria.
        base: Folder that relative paths are looked up in.
        out: Where finished trainings are kept, so that stopped work goes on.
        source: The config's name, for messages.
        command: The command line.
        progress: Told what is being done.

    Raises:
        UserError: A remedy or criterion that is not there, no tune rows, or a budget for nothing.
    """
    started = datetime.now(UTC)
    mendable(config, source=source)
    if not sought.remedies or sought.seeds < 1 or sought.budget < 1:
        raise ConfigError(f"{source}: name what to try, --remedy ID, with --seeds and --budget of 1 at least")
    wanted = _criteria(config, sought.criteria, source=source)
    tries = [
        each
        for text in sought.remedies
        for each in candidates.named([candidates.parse(part, config) for part in text.split("+")])
    ]
    tries, left = candidates.within(tries, max(1, sought.budget // sought.seeds))
    atomic.probe_writable(out)
    bench = Bench(
        table=load(None, config, base=base, source=source),
        config=config,
        base=base,
        cache=Cache(out / "private" / "cache"),
        source=source,
        progress=progress,
    )
    for each in tries:
        bench.check(each)
    plain = [_trained(bench, config, repeat) for repeat in range(sought.seeds)]
    points = [_point(bench, None, plain, wanted)]
    for number, each in enumerate(tries):
        progress(f"measuring {each.words}", number, len(tries))
        points.append(_point(bench, each, plain, wanted))
    points = [replace(each, on_front=not any(_beats(other, each) for other in points)) for each in points]
    notes = [f"{left} more were not tried: the budget of {sought.budget} trained models was used up."] if left else []
    notes += ["With one seed, intervals hold what other rows would change, not other trainings."] * (sought.seeds == 1)
    return Frontier(
        schema_version=FRONTIER_VERSION,
        headline=_headline(points),
        name=config.name,
        rows=len(plain[0][1].ids),
        seeds=sought.seeds,
        level=config.level,
        points=tuple(points),
        figures=tuple(
            _figure(points, place, rows=len(plain[0][1].ids), level=config.level) for place in range(1, len(wanted) + 1)
        ),
        notes=tuple(notes),
        spent={
            "models trained": bench.trained,
            "seconds": round((datetime.now(UTC) - started).total_seconds(), 2),
        },
        provenance={
            "tool": "fairwitness",
            "version": __version__,
            "seed": config.seed,
            "config_digest": config.digest,
            "data_digest": bench.table.fingerprint,
            "started": started.isoformat(timespec="seconds"),
            "command": command,
        },
    )


def _criteria(config: Config, named: Sequence[str], *, source: str) -> list[tuple[str, str]]:
    """Check and grouping of each."""
    groups = [*config.subject.groups, *(" × ".join(cross) for cross in config.subject.intersections)]
    known = [check for check, _, _ in GAPS] + ["fairness.calibration-gap"]
    if not groups:
        raise ConfigError(f"{source}: fairness is between groups; declare [subject] groups")
    found = []
    for text in named or USUAL:
        check, _, about = text.partition("/")
        about = about or groups[0]
        if check not in known or about not in groups:
            raise ConfigError(
                f"{source}: no criterion {text!r}; it is CHECK/GROUP, a check of {', '.join(known)} and a group of "
                f"{', '.join(groups)}"
            )
        found.append((check, about))
    return found


def _trained(bench: Bench, config: Config, repeat: int) -> tuple[Subject, Judged]:
    subject = bench.subject(config, choosing=True, repeat=repeat)
    judged = Judged.of(subject)
    if judged is None:
        raise ConfigError(f"{bench.source}: the model decides nothing, so there is nothing to choose by")
    return subject, judged


def _point(
    bench: Bench, candidate: Candidate | None, plain: Sequence[tuple[Subject, Judged]], wanted: list[tuple[str, str]]
) -> Point:
    clock = time.perf_counter()
    config = bench.config if candidate is None else candidate.put_on(bench.config)
    runs, subjects = [], []
    for repeat, parent in enumerate(plain):
        subject, child = parent if candidate is None else _trained(bench, config, repeat)
        subjects.append(subject)
        rng = generator(config.seed, "frontier", str(repeat))
        runs.append(compared(pair(parent[1], child), rng=rng, draws=DRAWS))
    levels = [_level([_find(run, "", None, "accuracy") for run in runs], config.level)]
    levels += [_level([_find(run, check, about) for run in runs], config.level) for check, about in wanted]
    return Point(
        remedies=() if candidate is None else candidate.applied,
        levels=tuple(levels),
        trained=0 if candidate is None or candidate.training is None else 1,
        reads_group=candidate is not None
        and any(candidates.info(each.remedy).reads_group for each in candidate.remedies),
        on_front=False,
        seconds=round(time.perf_counter() - clock, 2),
        choice=() if candidate is None else candidate.choice,
        cost=None if candidate is not None and candidate.training is None else cost_of(subjects, config),
    )


def _find(run: Sequence[Moved], check: str, about: str | None, metric: str = "") -> Moved:
    """A criterion of one run; one without a value where the rows do not have it."""
    for each in run:
        if (each.check, each.about) == (check, about) and metric in {"", each.metric} and each.group is None:
            return each
    return Moved(metric=metric or check, check=check, about=about, before=None, after=None, change=None, n=0)


def _level(runs: Sequence[Moved], level: float) -> Level:
    """The mean over seeds; its interval adds what other seeds would change to what other rows would."""
    first = runs[0]
    known = [each for each in runs if each.change is not None and each.after is not None]
    if len(known) < len(runs):
        return Level(
            metric=first.metric, about=first.about, unit=first.unit, value=None, change=None, low=None, high=None
        )
    changes = np.array([each.change.value for each in known if each.change is not None])
    ends = [each.change.interval(alone(level)) for each in known if each.change is not None]
    low = high = None
    if not any(end is None for each in ends for end in each):
        below = float(np.mean([value - float(each[0] or 0) for value, each in zip(changes, ends, strict=True)]))
        above = float(np.mean([float(each[1] or 0) - value for value, each in zip(changes, ends, strict=True)]))
        spread = _of_seeds(changes, level)
        low = float(changes.mean()) - sqrt(below**2 + spread**2)
        high = float(changes.mean()) + sqrt(above**2 + spread**2)
    return Level(
        metric=first.metric,
        about=first.about,
        unit=first.unit,
        value=float(np.mean([each.after for each in known if each.after is not None])),
        change=float(changes.mean()),
        low=low,
        high=high,
    )


def _of_seeds(changes: np.ndarray[tuple[int], np.dtype[np.float64]], level: float) -> float:
    """Half the width of Student's interval of the mean over seeds; 0 for one."""
    if len(changes) < 2:
        return 0.0
    from scipy.stats import t

    return float(t.ppf(1 - alone(level), len(changes) - 1) * np.std(changes, ddof=1) / sqrt(len(changes)))


def _beats(one: Point, other: Point) -> bool:
    """As good in everything, by the points' values, and better in something."""
    mine, theirs = _goods(one), _goods(other)
    return all(a >= b for a, b in zip(mine, theirs, strict=True)) and mine != theirs


def _goods(point: Point) -> tuple[float, ...]:
    """Accuracy, each criterion turned so that more is better, and models not trained."""
    accuracy, *gaps = point.levels
    lost = -float("inf")
    turned = [lost if each.value is None else each.value if each.unit == "ratio" else -each.value for each in gaps]
    return (lost if accuracy.value is None else accuracy.value, *turned, -point.trained)


def _headline(points: Sequence[Point]) -> str:
    front = [each for each in points if each.on_front]
    plain = points[0]
    opening = f"{capital(plural(len(front), 'point'))} of {len(points)} {'is' if len(front) == 1 else 'are'} beaten by no other"
    as_it_is = "the model as it is among them" if plain.on_front else "the model as it is not among them"
    spans = []
    for place, level in enumerate(plain.levels):
        values = [each.levels[place].value for each in front]
        known = [value for value in values if value is not None]
        if known:
            by = f" by {level.about}" if level.about else ""
            spans.append(
                f"{level.metric}{by} from {fmt.bare(min(known), level.unit)} to {fmt.number(max(known), level.unit)}"
            )
    return f"{opening}, {as_it_is}: {', '.join(spans)}. Which to take is for a person to choose."


def _figure(points: Sequence[Point], place: int, *, rows: int, level: float) -> Curves:
    """Accuracy against one criterion: a line for each remedy, through its strengths."""
    lines: dict[str, list[Point]] = {}
    for each in points:
        name = " + ".join(one.remedy for one in each.remedies) or "the model as it is"
        lines.setdefault(name, []).append(each)
    of = points[0].levels[place]
    curves = []
    for name, held in lines.items():
        known = sorted(
            (each for each in held if each.levels[place].value is not None), key=lambda p: p.levels[place].value or 0
        )
        accuracy = [each.levels[0] for each in known]
        curves.append(
            Curve(
                label=name,
                x=tuple(float(each.levels[place].value or 0) for each in known),
                y=tuple(each.value for each in accuracy),
                low=tuple(_end(each, each.low) for each in accuracy),
                high=tuple(_end(each, each.high) for each in accuracy),
                n=tuple(rows for _ in known),
            )
        )
    return Curves(
        title=f"Accuracy against {of.metric} by {of.about}",
        caption=f"Mean over seeds. Whiskers: {fmt.level(level)} interval of the accuracy's difference to the model as it is, "
        "over rows and seeds. Up and to the left is better.",
        x_label=f"{capital(of.metric)} by {of.about}",
        y_label="Accuracy",
        x_unit=of.unit,
        y_unit="share",
        curves=tuple(curves),
    )


def _end(level: Level, end: float | None) -> float | None:
    if level.value is None or level.change is None or end is None:
        return None
    return level.value + end - level.change
