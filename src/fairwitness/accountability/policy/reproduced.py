"""Two audits of the same thing: the same numbers, or what differs, nearest the cause first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fairwitness.core.findings import Document, Evidence, Finding

What = Literal["data", "settings", "seed", "model", "version", "appeals", "finding", "verdict", "number"]

COUNTED = tuple(f"accountability.{name}" for name in ("appeal-rate-gap", "overturn-rate-gap", "appeal-delay"))
"""Checks that count what the ledger's appeals are on the day of the audit."""

TOLERANCE = 1e-6
"""How far two numbers may lie apart, as a share of the larger one or of 1: findings.json keeps ten digits."""
ROUNDED = 5e-6
"""What rounding adds in tables, of which findings.json keeps six digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as it was; `where` is a setting, a package, or a finding and its metric."""

    what: What
    where: str
    then: str
    now: str

    def told(self) -> str:
        """In one line: `version numpy: 2.3.1 then, 2.4.0 now`."""
        return f"{self.what}{f' {self.where}' if self.where else ''}: {self.then} then, {self.now} now"


def of_settings(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[Difference]:
    """Settings that differ, by their dotted names; the seed goes by its own."""
    before, after = dict(_leaves(then)), dict(_leaves(now))
    return [
        Difference(
            what="seed" if name == "seed" else "settings",
            where="" if name == "seed" else name,
            then=_shown(before.get(name)),
            now=_shown(after.get(name)),
        )
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]


def of_versions(then: Document, now: Document) -> list[Difference]:
    """Packages whose versions differ, ours first."""
    before, after = _versions(then), _versions(now)
    return [
        Difference(what="version", where=name, then=before.get(name, "not there"), now=after.get(name, "not there"))
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]


def of_appeals(then: Document, now: Document, numbers: Iterable[Difference]) -> list[Difference]:
    """The days on which appeals were counted, where numbers that rest on them differ: no digest covers those counts."""
    if not any(each.where.startswith(COUNTED) for each in numbers):
        return []
    days = [made.provenance.started[:10] for made in (then, now)]
    return [Difference(what="appeals", where="as counted on", then=days[0], now=days[1])]


def of_numbers(then: Document, now: Document, *, tolerance: float = TOLERANCE) -> list[Difference]:
    """Findings, verdicts and numbers that differ.

    Args:
        then: The audit that is repeated.
        now: The audit that repeats it, on the same data.
        tolerance: |a - b| may be so large a part of max(1, |a|, |b|), in tables `ROUNDED` more; people and rows behind a
            number never differ.
    """
    before, after = ({finding.id: finding for finding in document.findings} for document in (then, now))
    found: list[Difference] = []
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            was, is_ = ("absent" if each is None else each.verdict.value for each in (old, new))
            found.append(Difference(what="finding", where=name, then=was, now=is_))
            continue
        if old.verdict is not new.verdict:
            found.append(Difference(what="verdict", where=name, then=old.verdict.value, now=new.verdict.value))
        if old.metered and new.metered:
            continue  # read off clocks and meters: no two runs have the same numbers
        found += [
            Difference(what="number", where=f"{name}, {where}", then=_shown(a), now=_shown(b))
            for where, a, b in (
                *_unlike(dict(_judged(old)), dict(_judged(new)), tolerance),
                *_unlike(dict(_tabled(old)), dict(_tabled(new)), tolerance + ROUNDED),
            )
        ]
    return found


def compared(document: Document) -> int:
    """How many numbers of a document are compared."""
    return sum(
        value is not None and not isinstance(value, str)
        for finding in document.findings
        if not finding.metered
        for _, value in (*_judged(finding), *_tabled(finding))
    )


def _judged(finding: Finding) -> Iterator[tuple[str, float | int | str | None]]:
    """Every judged number, by name."""
    told = {field: f" {field}" for field in ("low", "high", "p", "n")} | {"value": ""}
    seen: dict[str, int] = {}
    for each in finding.evidence:
        name = _once(each, seen)
        yield from ((f"{name}{words}", getattr(each, field)) for field, words in told.items())


def _tabled(finding: Finding) -> Iterator[tuple[str, float | int | str | None]]:
    """Every cell of its tables, by name."""
    for table in finding.series:
        for column, values in table.columns.items():
            yield from ((f"{table.title}, {column}, row {row + 1}", value) for row, value in enumerate(values))


def _once(each: Evidence, seen: dict[str, int]) -> str:
    """A name of its own, should two numbers share one."""
    seen[each.name] = seen.get(each.name, 0) + 1
    return each.name if seen[each.name] == 1 else f"{each.name} ({seen[each.name]})"


def _unlike(before: Mapping[str, Any], after: Mapping[str, Any], tolerance: float) -> Iterable[tuple[str, Any, Any]]:
    for where in dict.fromkeys([*before, *after]):
        old, new = before.get(where), after.get(where)
        if not _alike(old, new, tolerance):
            yield where, old, new


def _alike(old: Any, new: Any, tolerance: float) -> bool:  # noqa: ANN401 - a cell of any kind
    if isinstance(old, float) or isinstance(new, float):
        numeric = all(isinstance(each, float | int) for each in (old, new))
        return numeric and (old == new or math.isclose(old, new, rel_tol=tolerance, abs_tol=tolerance))
    return bool(old == new)


def _leaves(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{above}{key}.")
        elif value not in (None, [], ()):  # not set is not there
            yield f"{above}{key}", list(value) if isinstance(value, tuple) else value


def _versions(document: Document) -> dict[str, str]:
    return {document.provenance.tool: document.provenance.version, **document.provenance.environment}


def _shown(value: Any) -> str:  # noqa: ANN401 - a setting or a cell
    return "not set" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)
