"""What any surface says of a finding: harmless text, the one number to quote, a day in words.

Nothing here knows a check or a format.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar, cast

from fairwitness.core.estimate import Verdict
from fairwitness.core.findings import Evidence, Finding
from fairwitness.draw import format as fmt
from fairwitness.draw.text import plain

T = TypeVar("T")
LONGEST = 2_000  # characters of one string
PERCENT = re.compile(r"(?<=\d) %")
INTERVAL = re.compile(r"\[([−–\d.]+), ([−–\d.]+)\]")

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def clean(value: T, *, longest: int | None = LONGEST) -> T:
    """The same tree with every string made harmless (`draw.plain`) and at most `longest` characters long (None: whole).

    The one gate all data pass on the way out.
    """
    return cast("T", _clean(value, longest))


def _clean(value: Any, longest: int | None) -> Any:  # noqa: ANN401 - any tree of dataclasses
    if isinstance(value, Verdict):
        return value
    if type(value) is str:
        return tidy(clip(plain(value).strip(), longest))
    if isinstance(value, tuple):
        return tuple(_clean(item, longest) for item in value)
    if isinstance(value, Mapping):
        return {_clean(key, longest): _clean(item, longest) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        cleaned = {f.name: _clean(getattr(value, f.name), longest) for f in dataclasses.fields(value)}
        return dataclasses.replace(value, **cleaned)
    return value


def clip(text: str, longest: int | None = LONGEST) -> str:
    """A group can be named by a whole page of free text; a surface shows its beginning."""
    return text if longest is None or len(text) <= longest else f"{text[:longest]}…"


def tidy(text: str) -> str:
    """Numbers in prose do not break over lines: `64.6 %` and `[14.2, 39.7]` hold together."""
    return INTERVAL.sub("[\\1,\u00a0\\2]", PERCENT.sub(f"{fmt.THIN}%", text))


def told(evidence: Evidence) -> str:
    """A judged number in full: `26.0 points [14.2, 39.7]`, or `12 of 1,989 rows` for a count of what is there."""
    if evidence.claim == "count" and evidence.value is not None and evidence.unit in {"rows", "people"}:
        whole = fmt.number(evidence.n, evidence.unit)
        return f"{fmt.count(evidence.value)} of {whole}" if evidence.value <= evidence.n else fmt.count(evidence.value)
    return fmt.measured(evidence.value, evidence.low, evidence.high, evidence.unit)


def by_weight(finding: Finding) -> list[Evidence]:
    """Judged numbers, those with the finding's own verdict first, else in the check's order."""
    rank = {Verdict.FAIL: 0, Verdict.UNCERTAIN: 1, Verdict.PASS: 2}
    return sorted(finding.evidence, key=lambda each: rank.get(each.verdict, 3))


def quoted(finding: Finding) -> str:
    """The one number to quote with its limit: `26.0 points [14.2, 39.7], limit ≤ 10.0 points`; empty if none."""
    if not finding.evidence:
        return ""
    first = by_weight(finding)[0]
    return told(first) + (f", limit {fmt.limit(finding.limit, first.unit)}" if finding.limit else "")


def day(iso: str) -> str:
    """`2026-11-22T09:30:00Z` as `22 November 2026`; anything else as it came."""
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"
