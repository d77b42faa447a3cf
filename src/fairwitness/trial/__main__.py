"""`python -m fairwitness.trial`: try the audit on the catalogue, write the catalogue, or score what another tool said."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from fairwitness.core.errors import DataError, UserError
from fairwitness.io import atomic
from fairwitness.trial import scoring, sheet, witness
from fairwitness.trial.catalogue import catalogue, quick
from fairwitness.trial.planted import Planted
from fairwitness.trial.rivals import RIVALS
from fairwitness.trial.witness import Said

STOPPED = 130


def main(words: Sequence[str] | None = None) -> int:
    """Parse, try, print; the exit code. Without words, those of the command line."""
    parser = argparse.ArgumentParser(prog="python -m fairwitness.trial", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/trial"), help="folder for subjects and scores")
    parser.add_argument("--quick", action="store_true", help="a few subjects only")
    parser.add_argument(
        "--only", action="append", default=[], metavar="KIND", help="a pillar or a kind; may be repeated"
    )
    parser.add_argument("--seed", type=int, default=0, help="with another, other people and other chances are drawn")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="subjects at a time")
    parser.add_argument("--write", action="store_true", help="write the subjects and try nobody")
    parser.add_argument("--said", type=Path, help="JSON of another tool: subject name to the faults it names")
    given = parser.parse_args(words)
    try:
        return _run(given, _chosen((quick if given.quick else catalogue)(given.seed), given.only))
    except UserError as error:
        sys.stderr.write(f"fairwitness.trial: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("fairwitness.trial: stopped; the same command goes on from what is finished\n")
        return STOPPED


def _run(given: argparse.Namespace, subjects: Mapping[str, Planted]) -> int:
    if given.jobs < 1 or given.seed < 0:
        name, value, least = ("jobs", given.jobs, 1) if given.jobs < 1 else ("seed", given.seed, 0)
        raise DataError(f"--{name} {value}: give at least {least}")
    if given.write:
        scoring.write(subjects.values(), given.out)
        sys.stdout.write(f"Written: {len(subjects)} subjects below {given.out / scoring.SUBJECTS}\n")
        return 0
    if given.said is not None:
        said = _heard(given.said)
    else:
        said = scoring.examine(witness.audit, subjects, out=given.out, jobs=given.jobs, progress=_tell)
    made = sheet.sheet(subjects, said)
    beside = [] if given.said is not None else _rivals(subjects, said, given.out)
    page = sheet.plain(made) | {"rivals": [sheet.rival_numbers(each) for each in beside]}
    atomic.write_text(given.out / "score.json", json.dumps(page, indent=1, ensure_ascii=False) + "\n")
    sys.stdout.write(sheet.text(made) + sheet.rivals_text(beside))
    return 0 if made.holds else 1


def _rivals(subjects: Mapping[str, Planted], said: Mapping[str, Said], out: Path) -> list[sheet.Beside]:
    """What other libraries say of the subjects they have a check for, beside what was said of the same ones here."""
    made = []
    for rival in RIVALS:
        theirs = rival.among(subjects)
        heard = {}
        if theirs and rival.installed:
            heard = scoring.examine(rival.look, theirs, out=out, who=rival.name, progress=_tell)
        if theirs:
            made.append(sheet.beside(rival.name, rival.rule, theirs, ours=said, theirs=heard))
    return made


def _chosen(subjects: Mapping[str, Planted], only: list[str]) -> Mapping[str, Planted]:
    wanted = {
        name: each for name, each in subjects.items() if not only or {each.kind.pillar, each.kind.id, name} & set(only)
    }
    if not wanted:
        have = ", ".join(dict.fromkeys(each.kind.id for each in subjects.values()))
        raise DataError(f"--only {' '.join(only)}: no such kind; there is {have}")
    return wanted


def _heard(path: Path) -> dict[str, Said]:
    """What another tool said, from its file."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): Said(faults=tuple(map(str, faults))) for name, faults in held.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        raise DataError(f"{path}: holds no JSON of the form {{subject: [fault, ...]}}") from None


def _tell(name: str, done: int, total: int) -> None:
    sys.stderr.write(f"{done:>4} of {total}  {name}\n")


if __name__ == "__main__":
    sys.exit(main())
