"""The few marks every chart is made of. Looks come from classes in `chart.css`, so one drawing serves both schemes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from fairwitness.core.estimate import Verdict
from fairwitness.draw.text import esc

Shape = Literal["circle", "square", "diamond", "triangle"]
SHAPES: tuple[Shape, ...] = ("circle", "square", "diamond", "triangle")

LOOK: dict[Verdict, str] = {Verdict.FAIL: "bad", Verdict.UNCERTAIN: "un", Verdict.PASS: "ok"}
"""Class of a mark by verdict: filled where decided, hollow where uncertain or explored."""


def look(verdict: Verdict) -> str:
    return LOOK.get(verdict, "ex")


def place(value: float) -> str:
    """A coordinate to a tenth of a unit, without a needless `.0`."""
    return (
        f"{value:.1f}".removesuffix(".0").replace("-0", "0") if abs(value) < 0.05 else f"{value:.1f}".removesuffix(".0")
    )


@dataclass(slots=True)
class Canvas:
    """A drawing in the making; `close` gives it its height and its sentence."""

    width: int
    parts: list[str] = field(default_factory=list)

    def text(
        self, x: float, y: float, *spans: tuple[str, str], anchor: Literal["start", "middle", "end"] = "start"
    ) -> None:
        """Words at a baseline; each span is (text, classes) and is escaped here."""
        end = "" if anchor == "start" else f' text-anchor="{anchor}"'
        if len(spans) == 1:
            ((words, cls),) = spans
            self.parts.append(f'<text x="{place(x)}" y="{place(y)}"{_class(cls)}{end}>{esc(words)}</text>')
            return
        inner = "".join(f"<tspan{_class(cls)}>{esc(words)}</tspan>" if cls else esc(words) for words, cls in spans)
        self.parts.append(f'<text x="{place(x)}" y="{place(y)}"{end}>{inner}</text>')

    def line(self, cls: str, x1: float, y1: float, x2: float, y2: float) -> None:
        self.lines(cls, [(x1, y1, x2, y2)])

    def lines(self, cls: str, ends: Sequence[tuple[float, float, float, float]]) -> None:
        """Straight lines (x1, y1, x2, y2) of one look, as one element."""
        if ends:
            self.parts.append(f'<path class="{cls}" d="{"".join(_stroke(*each) for each in ends)}"/>')

    def path(self, cls: str, points: list[tuple[float, float]]) -> None:
        steps = "L".join(f"{place(x)} {place(y)}" for x, y in points)
        self.parts.append(f'<path class="{cls}" d="M{steps}"/>')

    def ticks(self, y: float, labels: Sequence[tuple[float, str]]) -> None:
        """Axis labels centred below their places."""
        words = "".join(f'<text x="{place(x)}" y="{place(y)}">{esc(label)}</text>' for x, label in labels)
        self.parts.append(f'<g class="ax" text-anchor="middle">{words}</g>')

    def rect(self, cls: str, x: float, y: float, width: float, height: float) -> None:
        self.parts.append(
            f'<rect class="{cls}" x="{place(x)}" y="{place(y)}" width="{place(width)}" height="{place(height)}"/>'
        )

    def point(self, cls: str, x: float, y: float, shape: Shape = "circle") -> None:
        """A mark centred on (x, y), of about the same area whatever its shape."""
        at = f"{place(x)} {place(y)}"
        match shape:
            case "circle":
                self.parts.append(f'<circle class="pt {cls}" cx="{place(x)}" cy="{place(y)}" r="5"/>')
            case "square":
                self.rect(f"pt {cls}", x - 4.5, y - 4.5, 9, 9)
            case "diamond":
                self.parts.append(f'<path class="pt {cls}" d="M{at}m0 -6l6 6l-6 6l-6 -6z"/>')
            case "triangle":
                self.parts.append(f'<path class="pt {cls}" d="M{at}m0 -6l6 10.5h-12z"/>')

    def close(self, height: float, label: str, cls: str) -> str:
        return (
            f'<svg class="{cls}" role="img" aria-label="{esc(label)}" width="{self.width}" height="{place(height)}" '
            f'viewBox="0 0 {self.width} {place(height)}">{"".join(self.parts)}</svg>'
        )


def _stroke(x1: float, y1: float, x2: float, y2: float) -> str:
    start = f"M{place(x1)} {place(y1)}"
    if y1 == y2:
        return f"{start}H{place(x2)}"
    return f"{start}V{place(y2)}" if x1 == x2 else f"{start}L{place(x2)} {place(y2)}"


def _class(cls: str) -> str:
    return f' class="{cls}"' if cls else ""
