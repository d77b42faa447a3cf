"""Numbers and lists as a reader meets them in headlines: one decimal, true minus, narrow space before %."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fairwitness.core.asks import CLASS
from fairwitness.core.columns import MISSING, Grouping
from fairwitness.core.estimate import Estimate
from fairwitness.core.subject import Outline

NARROW = "\u202f"  # narrow no-break space
FEW = 30
"""Below this many people a rate is not shown: counts only, "too few to judge"."""
TOO_FEW = "too few to judge"


def count(value: float) -> str:
    """7214 as `7,214`."""
    return f"{round(value):,}".replace("-", "\u2212")


def percent(share: float) -> str:
    """0.2 as `20.0 %`."""
    return f"{_tenth(100 * share)}{NARROW}%"


def points(gap: float) -> str:
    """A difference of shares, 0.2 as `20.0 points`."""
    return f"{_tenth(100 * gap)} points"


def third(value: float) -> str:
    """An AUC or a ratio to three decimals; what rounds to 1.000 without being 1 is not shown as 1."""
    return f"{value:.3f}" if value == 1.0 or value < 0.9995 else "over 0.999"


def within(estimate: Estimate, *, scale: float = 100.0, decimals: int = 1) -> str:
    """The interval alone, unit left out: `[15.1, 24.9]`; an unknown end is an en dash."""
    ends = ("–" if end is None else _fixed(scale * end, decimals) for end in (estimate.low, estimate.high))
    return f"[{', '.join(ends)}]"


def listed(names: Iterable[str], *, shown: int = 6) -> str:
    """`a, b and c`; beyond `shown`, `a, b and 7 more`."""
    items = list(names)
    if len(items) > shown:
        items = [*items[: shown - 1], f"{count(len(items) - shown + 1)} more"]
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def plural(number: int, one: str, many: str = "") -> str:
    """`1 row`, `2,000 rows`."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def recorded(counts: dict[str, int]) -> tuple[dict[str, int], int]:
    """Groups whose attribute is recorded, and how many people have none. A crossed group misses where any part does."""
    have = {group: number for group, number in counts.items() if MISSING not in group}
    return have, sum(counts.values()) - sum(have.values())


def missing_note(missing: int, grouping: Grouping, outline: Outline) -> tuple[str, ...]:
    """What to say about people whose attribute is not recorded, if any."""
    if not missing:
        return ()
    rows = f"{plural(missing, 'row')} of {count(outline.rows)}"
    return (f"{rows} have no {grouping.name} recorded; they are shown as {MISSING} and not compared as a group",)


def class_word(outline: Outline) -> str:
    """How to name the target in a sentence."""
    return outline.target or CLASS.strip("@")


def first_of(pairs: Sequence[tuple[str, float]]) -> str:
    """Names with three-decimal values: `action (1.000) and reject (1.000)`."""
    return listed(f"{name} ({third(value)})" for name, value in pairs)


def _tenth(value: float) -> str:
    return _fixed(value, 1)


def _fixed(value: float, decimals: int) -> str:
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text.replace("-", "\u2212")
