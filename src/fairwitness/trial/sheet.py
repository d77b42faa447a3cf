"""The score sheet: which share of faults was found, which share of clean subjects accused, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fairwitness.core.estimate import Estimate, Limit, Verdict
from fairwitness.draw import format as show
from fairwitness.stats.intervals import clopper_pearson
from fairwitness.trial.planted import STRENGTHS, Planted
from fairwitness.trial.witness import Said, found

FOUND, ACCUSED = Limit(at_least=0.95), Limit(at_most=0.05)
LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the sheet.

    Attributes:
        about: All, a pillar, a strength, or a kind.
        found: Share of faulty subjects whose fault was found; None where there are none.
        accused: Share of clean subjects accused of anything; None where there are none.
    """

    about: str
    found: Estimate | None
    accused: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """How a witness did.

    Attributes:
        lines: All first, then by pillar, then by strength.
        missed: Faulty subjects whose fault was not found, with what was said instead.
        accused: Clean subjects, with what they were accused of.
        troubled: Subjects that were not audited to the end, with the reason. They count as missed, and as not accused.
    """

    lines: tuple[Line, ...]
    missed: Mapping[str, tuple[str, ...]]
    accused: Mapping[str, tuple[str, ...]]
    troubled: Mapping[str, str]

    @property
    def verdicts(self) -> tuple[Verdict, Verdict]:
        """Of all faults found and of all clean subjects accused, each by its whole interval."""
        whole = self.lines[0]
        return (
            Verdict.UNCERTAIN if whole.found is None else whole.found.against(FOUND),
            Verdict.UNCERTAIN if whole.accused is None else whole.accused.against(ACCUSED),
        )

    @property
    def holds(self) -> bool:
        """Whether the shares themselves keep their limits and every subject was audited to the end."""
        whole = self.lines[0]
        enough = whole.found is None or (whole.found.value or 0.0) >= (FOUND.at_least or 0.0)
        few = whole.accused is None or (whole.accused.value or 0.0) <= (ACCUSED.at_most or 0.0)
        return enough and few and not self.troubled


def sheet(subjects: Mapping[str, Planted], said: Mapping[str, Said]) -> Sheet:
    """The score sheet of what was said of subjects; those of which nothing was said are left out."""
    heard = {name: planted for name, planted in subjects.items() if name in said}
    every = list(heard.values())
    pillars = dict.fromkeys(planted.kind.pillar for planted in every)
    lines = [_line("all", every, said)]
    lines += [_line(pillar, [each for each in every if each.kind.pillar == pillar], said) for pillar in pillars]
    lines += [_line(strength, [each for each in every if each.strength == strength], said) for strength in STRENGTHS]
    return Sheet(
        lines=tuple(lines),
        missed={each.name: said[each.name].faults for each in every if not each.clean and not _hit(each, said)},
        accused={each.name: said[each.name].faults for each in every if each.clean and _hit(each, said)},
        troubled={each.name: said[each.name].trouble for each in every if said[each.name].trouble},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Another library and this one, on the subjects the other has a check for.

    Attributes:
        name: The other's.
        rule: What turned its numbers into a verdict.
        ours: How this one did.
        theirs: How the other did; None where it is not installed.
    """

    name: str
    rule: str
    ours: Line
    theirs: Line | None


def beside(
    name: str, rule: str, subjects: Mapping[str, Planted], *, ours: Mapping[str, Said], theirs: Mapping[str, Said]
) -> Beside:
    """Both on the same subjects."""
    every = list(subjects.values())
    return Beside(
        name=name,
        rule=rule,
        ours=_line("fairwitness", every, ours),
        theirs=_line(name, every, theirs) if theirs else None,
    )


def rivals_text(every: Iterable[Beside]) -> str:
    """For a terminal; empty where there is no rival."""
    lines = []
    for each in every:
        lines += ["", f"BESIDE {each.name.upper()}: {each.rule}"]
        if each.theirs is None:
            lines.append("  not installed")
            continue
        lines += _table([each.ours, each.theirs], indent="  ")
    return "".join(f"{line}\n" for line in lines)


def rival_numbers(each: Beside) -> dict[str, Any]:
    """For JSON."""
    return {
        "name": each.name,
        "rule": each.rule,
        "ours": _line_numbers(each.ours),
        "theirs": None if each.theirs is None else _line_numbers(each.theirs),
    }


def share(hits: int, n: int) -> Estimate | None:
    """A share with its exact interval; None of nothing."""
    if not n:
        return None
    low, high = clopper_pearson(float(hits), float(n), level=LEVEL)
    return Estimate(value=hits / n, low=low, high=high, level=LEVEL, n=n, unit="share", method="Clopper-Pearson")


def text(made: Sheet) -> str:
    """For a terminal."""
    lines = _table(made.lines)
    for title, listed in (("MISSED", made.missed), ("ACCUSED THOUGH CLEAN", made.accused)):
        if listed:
            lines += [
                "",
                title,
                *(f"  {name}: said {', '.join(faults) or 'nothing'}" for name, faults in listed.items()),
            ]
    if made.troubled:
        lines += ["", "NOT AUDITED TO THE END", *(f"  {name}: {why}" for name, why in made.troubled.items())]
    return "\n".join(lines) + "\n"


def plain(made: Sheet) -> dict[str, Any]:
    """For JSON."""
    return {
        "lines": [_line_numbers(line) for line in made.lines],
        "missed": {name: list(faults) for name, faults in made.missed.items()},
        "accused": {name: list(faults) for name, faults in made.accused.items()},
        "troubled": dict(made.troubled),
        "verdicts": {"found": made.verdicts[0].value, "accused": made.verdicts[1].value},
    }


def _table(lines: Iterable[Line], indent: str = "") -> list[str]:
    rows = [("", "faults found", "clean subjects accused")]
    rows += [(line.about, _shown(line.found), _shown(line.accused)) for line in lines]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    joined = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return [f"{indent}{row.rstrip()}" for row in joined]


def _line_numbers(line: Line) -> dict[str, Any]:
    return {"about": line.about, "found": _numbers(line.found), "accused": _numbers(line.accused)}


def _line(about: str, subjects: Iterable[Planted], said: Mapping[str, Said]) -> Line:
    faulty: list[bool] = []
    clean: list[bool] = []
    for planted in subjects:
        (clean if planted.clean else faulty).append(_hit(planted, said))
    return Line(about=about, found=share(sum(faulty), len(faulty)), accused=share(sum(clean), len(clean)))


def _hit(planted: Planted, said: Mapping[str, Said]) -> bool:
    """A fault that was found, or a clean subject that was accused of anything."""
    heard = said[planted.name]
    return bool(heard.faults) if planted.clean else found(planted, heard)


def _shown(each: Estimate | None) -> str:
    if each is None or each.value is None:
        return "–"
    hits = round(each.value * each.n)
    return f"{hits} of {each.n}: {show.measured(each.value, each.low, each.high, each.unit)}"


def _numbers(each: Estimate | None) -> dict[str, float | int | None] | None:
    return None if each is None else {"value": each.value, "low": each.low, "high": each.high, "n": each.n}
