"""Trying a witness on the catalogue, subject by subject; what is finished is kept, so the same command goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import Any

import fairwitness
from fairwitness.io import atomic
from fairwitness.trial.planted import Planted
from fairwitness.trial.witness import Said, Witness

SUBJECTS, SAID = "subjects", "said"
OURS = "fairwitness"

Progress = Callable[[str, int, int], None]
"""Told which subject is finished, how many are, and of how many."""


def write(subjects: Iterable[Planted], out: Path) -> None:
    """Write every subject's folder below `OUT/subjects`, and `index.json`, which says what is planted in which.

    Raises:
        UserError: The folder cannot be written.
    """
    index: dict[str, dict[str, Any]] = {}
    for planted in subjects:
        planted.make().write(out / SUBJECTS / planted.name)
        index[planted.name] = {
            "pillar": planted.kind.pillar,
            "kind": planted.kind.name,
            "fault": None if planted.clean else planted.kind.words,
            "strength": planted.strength,
            "expects": sorted(planted.expects),
        }
    atomic.write_text(out / SUBJECTS / "index.json", json.dumps(index, indent=1, ensure_ascii=False) + "\n")


def examine(
    witness: Witness,
    subjects: Mapping[str, Planted],
    *,
    out: Path,
    who: str = OURS,
    jobs: int = 1,
    progress: Progress,
) -> dict[str, Said]:
    """What a witness says of each subject.

    Args:
        witness: Who is tried.
        subjects: Of the catalogue, by name.
        out: Subjects are written below `OUT/subjects`, what was said of each below `OUT/said/WHO`: a subject that
            was finished is not looked at again as long as the package has not changed.
        who: The witness's name.
        jobs: Subjects at a time.
        progress: Told of each that is finished.

    Returns:
        By name, in the order of the catalogue.

    Raises:
        UserError: `out` cannot be written.
    """
    atomic.probe_writable(out)
    held = atomic.directory(out / SAID / who)
    before = {name: _kept(held / f"{name}.json", planted.seed) for name, planted in subjects.items()}
    made = {name: said for name, said in before.items() if said is not None}
    if made:
        progress("finished before", len(made), len(subjects))
    waiting = [planted for name, planted in subjects.items() if name not in made]
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        runs = {pool.submit(partial(_look, witness, planted, out, held)): planted.name for planted in waiting}
        try:
            for run in as_completed(runs):
                made[runs[run]] = run.result()
                progress(runs[run], len(made), len(subjects))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return {name: made[name] for name in subjects}


def _look(witness: Witness, planted: Planted, out: Path, held: Path) -> Said:
    folder = out / SUBJECTS / planted.name
    planted.make().write(folder)
    said = witness(folder)
    atomic.write_text(
        held / f"{planted.name}.json", json.dumps({"package": package(), "seed": planted.seed, **asdict(said)}) + "\n"
    )
    return said


def _kept(path: Path, seed: int) -> Said | None:
    """What was said before of these dice, by the package as it is; what came to no end is tried again."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        if (held["package"], held["seed"]) == (package(), seed) and not held["trouble"]:
            return Said(faults=tuple(held["faults"]), trouble=held["trouble"])
    except (OSError, ValueError, KeyError):
        pass
    return None


@cache
def package() -> str:
    """A digest of this package's files: another version may say something else."""
    made = hashlib.sha256()
    for root in fairwitness.__path__:
        for path in sorted(Path(root).rglob("*.py")):
            made.update(path.read_bytes())
    return made.hexdigest()[:16]
