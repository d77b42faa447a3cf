"""Numbers as a reader sees them: one decimal for shares, unit once, true minus sign, an unknown end as an en dash."""

from __future__ import annotations

import math

from fairwitness.core.estimate import Limit, Unit, Verdict

THIN = "\u202f"  # narrow no-break space, before %
DASH = "–"  # unknown or undefined; never 0 in its place
MINUS = "−"
SCALED: frozenset[Unit] = frozenset({"share", "points"})  # fractions in findings, times 100 on the page

WORDS: dict[Verdict, str] = {
    Verdict.FAIL: "Fail",
    Verdict.UNCERTAIN: "Uncertain",
    Verdict.PASS: "Pass",
    Verdict.EXPLORED: "Explored",
    Verdict.NOT_APPLICABLE: "Not looked",
    Verdict.NEEDS_PERSON: "Needs a person",
    Verdict.ERROR: "Error",
}


_AFTER: dict[Unit, str] = {
    "share": f"{THIN}%",
    "points": " points",
    "rows": " rows",
    "people": " people",
    "Wh": " Wh",
    "g CO2e": " g CO₂e",
}
_OF_ONE: dict[Unit, str] = {"rows": " row", "people": " person"}


def count(value: float) -> str:
    """A whole number with thousands set apart: `1,989`.

    >>> count(1989)
    '1,989'
    """
    return _signed(f"{round(value):,}")


def bare(value: float | None, unit: Unit) -> str:
    """A value without its unit, as inside an interval or a table column.

    >>> bare(0.2, "share"), bare(-0.041, "points"), bare(0.9134, "auc"), bare(None, "share")
    ('20.0', '−4.1', '0.913', '–')
    """
    if value is None or not math.isfinite(value):
        return DASH
    match unit:
        case "share" | "points":
            return _signed(f"{value * 100:,.1f}")
        case "auc":
            return _signed(f"{value:.3f}")
        case "ratio":
            return _signed(f"{value:,.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.3f}")
        case "rows" | "people":
            return count(value)
        case "number" | "Wh" | "g CO2e":
            return _signed(_general(value))


def number(value: float | None, unit: Unit) -> str:
    """A value with its unit, or a dash where it is undefined.

    >>> number(0.2, "share"), number(0.26, "points"), number(1, "rows"), number(None, "ratio")
    ('20.0\u202f%', '26.0 points', '1 row', '–')
    """
    text = bare(value, unit)
    if text == DASH:
        return text
    return text + (_OF_ONE if text == "1" and unit in _OF_ONE else _AFTER).get(unit, "")


def interval(value: float | None, low: float | None, high: float | None, unit: Unit) -> str:
    """`[15.1, 24.9]`, an unknown end as a dash; empty where there is none (exact, or both ends unknown)."""
    if (low is None and high is None) or (value is not None and low == high == value):
        return ""
    return f"[{bare(low, unit)}, {bare(high, unit)}]"


def measured(value: float | None, low: float | None, high: float | None, unit: Unit) -> str:
    """Value, unit and interval in one: `20.0 % [15.1, 24.9]`."""
    return f"{number(value, unit)} {interval(value, low, high, unit)}".rstrip()


def limit(value: Limit | None, unit: Unit) -> str:
    """`≤ 10.0 points`, `≥ 0.80`, or `−5.0 to 5.0 points`; a dash where nothing is judged."""
    if value is None:
        return DASH
    if value.at_most is not None and value.at_least is not None:
        return f"{bare(value.at_least, unit)} to {number(value.at_most, unit)}"
    if value.at_most is not None:
        return f"≤{THIN}{number(value.at_most, unit)}"
    return f"≥{THIN}{number(value.at_least, unit)}"


def span(low: float, high: float | None, unit: Unit) -> str:
    """Both ends of what may be many times apart, with one unit: `20.7 to 300 mWh`.

    >>> span(0.0207, 0.3, "Wh"), span(0.02, None, "Wh"), span(2, 2, "Wh"), span(900, 21_000, "g CO2e")
    ('20.7 to 300 mWh', 'at least 20 mWh', '2 Wh', '0.9 to 21 kg CO₂e')
    """
    most = low if high is None else high
    prefix, scale = ("k", 1e3) if most >= 1e3 else ("m", 1e-3) if 0 < most < 1 else ("", 1.0)
    words = f" {prefix}{_AFTER.get(unit, '').strip()}".rstrip()
    if high is None:
        return f"at least {_trimmed(low / scale)}{words}"
    if high == low:
        return f"{_trimmed(low / scale)}{words}"
    return f"{_trimmed(low / scale)} to {_trimmed(high / scale)}{words}"


def probability(p: float) -> str:
    """A p value to four places: `0.0002`, `< 0.0001`."""
    return f"{p:.4f}" if p >= 0.0001 else f"<{THIN}0.0001"


def level(value: float) -> str:
    """A confidence level: `95 %`, `98.33 %`."""
    return f"{value * 100:.2f}".rstrip("0").rstrip(".") + f"{THIN}%"


def tick(value: float, step: float, unit: Unit) -> str:
    """An axis label with as many decimals as the step between labels needs."""
    scale = 100 if unit in SCALED else 1
    places = max(0, -math.floor(math.log10(step * scale) + 1e-9))
    return _signed(f"{value * scale:,.{places}f}")


def _general(value: float) -> str:
    """Three significant digits, whole numbers whole; what differs by rounding alone is written alike."""
    value = float(f"{value:.9g}")
    if value == int(value) and abs(value) < 1e12:
        return f"{int(value):,}"
    power = int(f"{value:.2e}".partition("e")[2])  # of what is shown: that of 0.00999999 is 0.01's
    return f"{value:,.{max(0, 2 - power)}f}" if -4 <= power < 6 else f"{value:.2e}"


def _trimmed(value: float) -> str:
    """Three digits, without noughts that say nothing."""
    text = bare(value, "number")
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def _signed(text: str) -> str:
    """A true minus sign; a zero has none."""
    if text.startswith("-"):
        return text[1:] if not any(digit in text for digit in "123456789") else MINUS + text[1:]
    return text
