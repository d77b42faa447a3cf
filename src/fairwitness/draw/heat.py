"""A table shaded by value. It is a table and not a drawing, so it can be read, copied and heard cell by cell."""

from __future__ import annotations

from fairwitness.core.figures import Heat, HeatCell
from fairwitness.draw import format as fmt
from fairwitness.draw.text import esc

SHADES = 4
MOST_COLUMNS = 12
MOST_ROWS = 40


def heat(figure: Heat, *, label: str = "") -> str:
    """The table as HTML; a cell without a value says that too few people stand behind it."""
    shade = _shades(figure)
    columns, rows = figure.columns[:MOST_COLUMNS], figure.rows[:MOST_ROWS]
    head = "".join(f'<th scope="col">{esc(name)}</th>' for name in (figure.row_name, *columns))
    body = "".join(
        f'<tr><th scope="row">{esc(name)}</th>'
        + "".join(_cell(cell, figure, shade) for cell in cells[:MOST_COLUMNS])
        + "</tr>"
        for name, cells in zip(rows, figure.cells, strict=False)
    )
    left_out = [
        f"{len(have) - len(shown)} more {what}"
        for have, shown, what in ((figure.rows, rows, "rows"), (figure.columns, columns, "columns"))
        if len(have) > len(shown)
    ]
    note = f'<p class="note">and {" and ".join(left_out)} in findings.json</p>' if left_out else ""
    name = esc(f"{figure.title}, {label}" if label else figure.title)
    return (
        f'<div class="tw" tabindex="0" role="region" aria-label="{name}"><table class="heat">'
        f'<caption class="sr">{name}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{note}'
    )


def _shades(figure: Heat) -> tuple[float, float]:
    """The values of the lightest and the darkest shade."""
    known = [cell.value for row in figure.cells for cell in row if cell.value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    return (high, low) if figure.worse == "low" else (low, high)


def _cell(cell: HeatCell, figure: Heat, shade: tuple[float, float]) -> str:
    n = f'<span class="nb">n{fmt.THIN}{fmt.count(cell.n)}</span>'
    if cell.value is None:
        words = "too few to judge" if cell.n else "nobody"
        return f'<td class="few"><span class="big">{words}</span><span class="sm">{n}</span></td>'
    light, dark = shade
    part = (cell.value - light) / (dark - light) if dark != light else 0.0
    span = fmt.interval(cell.value, cell.low, cell.high, figure.unit)
    return (
        f'<td class="h{min(int(part * SHADES), SHADES - 1)}"><span class="big">{esc(fmt.number(cell.value, figure.unit))}'
        f'</span><span class="sm"><span class="nb">{esc(span)}</span> {n}</span></td>'
    )
