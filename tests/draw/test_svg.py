"""Places follow from closed forms: a value lies as far along the axis as it lies between two labelled ticks."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from fairwitness import draw
from fairwitness.core.estimate import Limit, Verdict
from fairwitness.core.figures import Curve, Intervals
from fairwitness.draw.axis import Axis
from support.figures import CALIBRATION, COUNTED, CROSSED, CROWD, GAPS, HOSTILE, RATES, WATCHED, many_groups, row

BOTH = pytest.mark.parametrize("width", [draw.WIDE, draw.SLIM])
DRAWN = [RATES, GAPS, COUNTED, CALIBRATION, WATCHED, CROWD, many_groups()]


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own text


def classed(svg: ET.Element, *names: str) -> list[ET.Element]:
    return [each for each in svg.iter() if set(names) <= set((each.get("class") or "").split())]


def xs(path: ET.Element) -> list[float]:
    return [float(x) for x in re.findall(r"[MLH](-?[\d.]+)", path.get("d") or "")]


@BOTH
@pytest.mark.parametrize("figure", DRAWN, ids=lambda figure: figure.title[:20])
def test_every_drawing_is_well_formed_and_says_what_it_shows(figure: draw.Drawn, width: int) -> None:
    svg = parsed(draw.svg(figure, width=width))
    assert svg.get("role") == "img"
    assert (svg.get("aria-label") or "").startswith(figure.title)
    assert float(svg.get("width") or 0) == width


@BOTH
@pytest.mark.parametrize("figure", DRAWN, ids=lambda figure: figure.title[:20])
def test_nothing_is_drawn_outside_the_picture(figure: draw.Drawn, width: int) -> None:
    svg = parsed(draw.svg(figure, width=width))
    height = float(svg.get("height") or 0)
    for each in svg.iter():
        for name, most in (("x", width), ("cx", width), ("y", height), ("cy", height)):
            assert 0 <= float(each.get(name) or 0) <= most
        if each.tag == "rect":
            assert float(each.get("x") or 0) + float(each.get("width") or 0) <= width + 0.1


@BOTH
def test_a_gap_of_nought_lies_on_the_zero_line_and_a_gap_at_the_limit_on_the_limit(width: int) -> None:
    figure = replace(
        GAPS,
        rows=(
            row("none", 0.0, -0.05, 0.3, 10, verdict=Verdict.UNCERTAIN),
            row("at the limit", 0.10, 0.0, 0.2, 10, verdict=Verdict.UNCERTAIN),
        ),
    )
    svg = parsed(draw.svg(figure, width=width))
    none, limit = (float(dot.get("cx") or 0) for dot in classed(svg, "pt"))
    assert none == pytest.approx(xs(classed(svg, "zero")[0])[0], abs=0.1)
    assert limit == pytest.approx(xs(classed(svg, "lim")[0])[0], abs=0.1)


@BOTH
def test_dot_and_whisker_lie_in_proportion_between_ticks(width: int) -> None:
    figure = Intervals(
        title="t", caption="c", unit="share", rows=(row("a", 0.55, 0.42, 0.78, 10), row("b", 0.4, 0.3, 0.8, 10))
    )
    svg = parsed(draw.svg(figure, width=width))
    grid = xs(classed(svg, "gr")[0])
    ticks = [each.text for each in svg.iter("text") if re.match(r"^\d+\W*%?$", each.text or "")]
    low, high = 0.3, 0.8
    assert (ticks[0], (ticks[-1] or "").split("\u202f")[0]) == ("30", "80")
    expected = [grid[0] + (value - low) / (high - low) * (grid[1] - grid[0]) for value in (0.42, 0.78)]
    assert xs(classed(svg, "wh")[0]) == pytest.approx(expected, abs=0.1)
    middle = grid[0] + (0.55 - low) / (high - low) * (grid[1] - grid[0])
    assert float(classed(svg, "pt")[0].get("cx") or 0) == pytest.approx(middle, abs=0.1)


@BOTH
def test_shading_spans_exactly_the_limit(width: int) -> None:
    figure = Intervals(
        title="t",
        caption="c",
        unit="ratio",
        limit=Limit(at_least=0.8, at_most=1.25),
        rows=(row("a", 2.0, 0.0, 4.0, 9),),
    )
    svg = parsed(draw.svg(figure, width=width))
    (band,) = classed(svg, "band")
    start, end = xs(classed(svg, "gr")[0])
    assert float(band.get("x") or 0) == pytest.approx(start + 0.8 / 4 * (end - start), abs=0.1)
    assert float(band.get("width") or 0) == pytest.approx(0.45 / 4 * (end - start), abs=0.1)


@BOTH
def test_an_unknown_end_is_an_arrow_past_the_value(width: int) -> None:
    known = Intervals(title="t", caption="c", unit="share", rows=(row("a", 0.3, 0.2, 0.5, 9),))
    bound = replace(known, rows=(row("a", 0.3, 0.2, None, 9),))
    assert len(classed(parsed(draw.svg(known, width=width)), "wh")) == 1
    line, head = classed(parsed(draw.svg(bound, width=width)), "wh")
    assert max(xs(head)) == max(xs(line))
    assert max(xs(line)) > float(classed(parsed(draw.svg(bound, width=width)), "pt")[0].get("cx") or 0) + 10


@BOTH
def test_an_undefined_value_is_words_and_no_mark(width: int) -> None:
    figure = Intervals(
        title="t",
        caption="c",
        unit="share",
        rows=(row("few", 0.5, 0.1, 0.9, 6, note="too few to judge"), row("none", None, None, None, 0)),
    )
    svg = parsed(draw.svg(figure, width=width))
    assert not classed(svg, "pt")
    assert not classed(svg, "wh")
    words = "".join(svg.itertext())
    assert "too few to judge" in words
    assert "50.0" not in words
    assert "–" in words


def test_filled_is_decided_and_hollow_is_not() -> None:
    looks = [dot.get("class") for dot in classed(parsed(draw.svg(GAPS)), "pt")]
    assert looks == ["pt bad", "pt un", "pt un", "pt ok"]


@BOTH
def test_bars_are_as_long_as_their_counts_and_marks_stand_at_the_reference(width: int) -> None:
    svg = parsed(draw.svg(COUNTED, width=width))
    lengths = [float(bar.get("width") or 0) for bar in classed(svg, "bar")]
    unit = lengths[0] / COUNTED.counts[0]
    assert lengths == pytest.approx([n * unit for n in COUNTED.counts], abs=0.1)
    start = float(classed(svg, "bar")[0].get("x") or 0)
    marks = [xs(each)[0] for each in classed(svg, "ref")][1:]  # the first is the key
    total = sum(COUNTED.counts)
    assert marks == pytest.approx([start + share * total * unit for share in COUNTED.expected], abs=0.2)


@BOTH
def test_a_curve_on_the_diagonal_lies_on_the_diagonal_and_breaks_where_undefined(width: int) -> None:
    on = Curve(
        label="on",
        x=(0.0, 0.25, 0.5, 0.75, 1.0),
        y=(0.0, 0.25, None, 0.75, 1.0),
        low=(None,) * 5,
        high=(None,) * 5,
        n=(9,) * 5,
    )
    svg = parsed(draw.svg(replace(CALIBRATION, curves=(on,)), width=width))
    (x0, y0), (x1, y1) = re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", classed(svg, "dg")[0].get("d") or "")
    for dot in classed(svg, "pt")[1:]:  # the first is the key
        along = (float(dot.get("cx") or 0) - float(x0)) / (float(x1) - float(x0))
        up = (float(dot.get("cy") or 0) - float(y0)) / (float(y1) - float(y0))
        assert along == pytest.approx(up, abs=0.005)
    assert len(classed(svg, "ln")) == 3  # the key, and the line in two pieces


def test_rows_beyond_the_most_are_counted_and_not_drawn() -> None:
    svg = parsed(draw.svg(many_groups(55)))
    assert len(classed(svg, "pt")) == 24
    assert "and 31 more in findings.json" in "".join(svg.itertext())


@pytest.mark.parametrize(
    ("values", "unit", "low", "high"),
    [
        ((-0.041, 0.397), "points", -0.1, 0.4),
        ((0.536, 0.925), "share", 0.5, 1.0),
        ((0.2, 0.3), "points", 0.0, 0.3),  # a gap's axis shows zero
        ((1.4, 2.0), "ratio", 1.0, 2.0),  # and a ratio's shows one
        ((0.99, 1.0), "share", 0.99, 1.0),  # a rate's may be cut, and never leaves [0, 1]
        ((0.5, 0.5), "share", 0.44, 0.56),
        ((), "share", 0.0, 1.0),
    ],
)
def test_axes_end_on_round_numbers_that_hold_every_value(
    values: tuple[float, ...], unit: str, low: float, high: float
) -> None:
    axis = Axis.over(values, unit=unit, start=0, end=100, ticks=6)  # type: ignore[arg-type] # parametrised words
    assert (axis.low, axis.high) == pytest.approx((low, high))
    assert len(axis.ticks()) <= 7


def test_a_crossing_is_a_table_with_counts_where_there_is_no_rate() -> None:
    html = draw.html(CROSSED, label="figure 1")
    table = parsed(html)
    cells = ["".join(cell.itertext()) for cell in table.iter("td")]
    assert cells[0] == "89.5\u202f%[86.8, 91.7] n\u202f608"
    assert cells[2] == "too few to judgen\u202f5"
    assert cells[8] == "nobodyn\u202f0"
    shades = [cell.get("class") for cell in table.iter("td")]
    assert (shades[1], shades[6]) == ("h0", "h3")  # worse is low: the highest is lightest, the lowest darkest


def test_hostile_labels_are_text() -> None:
    for width in (draw.WIDE, draw.SLIM):
        svg = draw.svg(replace(GAPS, rows=(row(HOSTILE, 0.1, 0.0, 0.2, 3, section=HOSTILE),)), width=width)
        assert parsed(svg).find(".//img") is None
        assert "<img" not in svg
        assert "\u202e" not in svg


def test_the_data_table_holds_every_number_a_reader_would_quote() -> None:
    table = draw.table(GAPS)
    assert [head.label for head in table.head] == ["Who or what", "Value", "Interval", "n", "Verdict"]
    assert table.rows[1] == ("Hispanic over Black", "14.5 points", "[−4.1, 31.0]", "141", "Uncertain")
    assert table.rows[4] == ("White over (missing)", "too few to judge", "–", "761", "Explored")
    assert draw.table(COUNTED).rows[1] == ("Black", "197", "9.9\u202f%", "[8.6, 11.3]", "14.0\u202f%")
    assert draw.table(CALIBRATION).rows[2][2:] == ("–", "–", "0")
    assert draw.table(CROSSED).rows[2][2] == "too few to judge, n 21"
    assert draw.table(RATES).rows[0][1] == "Recorded decisions, all 1,989 applicants"


@BOTH
def test_a_time_line_marks_alarms_and_breaks_where_nothing_was_measured(width: int) -> None:
    svg = parsed(draw.svg(WATCHED, width=width))
    key, *alarms = classed(svg, "pt", "bad")
    assert len(alarms) == 1
    assert key is not None
    assert len(classed(svg, "ln", "gA")) == 1 + 2  # two swatches, and the one run of two looks; the first stands alone
    assert len(classed(svg, "cw")) == 1
    assert "Alarm at look 4" in (svg.get("aria-label") or "")


@BOTH
def test_the_audited_value_lies_where_the_axis_says(width: int) -> None:
    """Between the ticks of 20 and 40 points, three tenths of the way up."""
    svg = parsed(draw.svg(WATCHED, width=width))
    labels = {each.text: float(each.get("y") or 0) - 4 for each in svg.iter() if each.get("text-anchor") == "end"}
    dashed = classed(svg, "dg")[-1]
    at = float(re.findall(r"M[-\d.]+ ([-\d.]+)", dashed.get("d") or "")[0])
    assert at == pytest.approx(labels["20"] + 0.3 * (labels["40"] - labels["20"]), abs=0.2)


def test_a_time_line_of_many_looks_draws_the_latest() -> None:
    many = replace(WATCHED, moments=WATCHED.moments * 50)
    svg = parsed(draw.svg(many))
    texts = [each.text for each in svg.iter() if each.text]
    assert "81" in texts
    assert "1" not in texts
    assert len(draw.table(many).rows) == 200


def test_the_table_of_a_time_line_has_every_look() -> None:
    table = draw.table(WATCHED)
    assert [row[0] for row in table.rows] == ["1: 2026-10-05", "2: 2026-10-12", "3: 2026-10-19", "4: 2026-10-26"]
    assert [row[-1] for row in table.rows] == ["–", "–", "–", "alarm"]


@BOTH
def test_a_swarm_draws_the_bins_that_hold_enough_and_colours_them_by_height(width: int) -> None:
    svg = parsed(draw.svg(CROWD, width=width))
    (high,), (middle,), (unordered,) = classed(svg, "s2")[1:], classed(svg, "s1")[1:], classed(svg, "s3")
    assert len(classed(svg, "s0")) == 1  # the key alone
    assert [(each.get("d") or "").count("z") for each in (high, middle, unordered)] == [1, 1, 2]
    assert "debts 9.0 points" in (svg.get("aria-label") or "")


@BOTH
def test_the_thickness_of_a_band_grows_with_the_root_of_the_count(width: int) -> None:
    svg = parsed(draw.svg(CROWD, width=width))
    few, many = (_height(classed(svg, look)[1].get("d") or "") for look in ("s2", "s1"))
    assert many / few == pytest.approx((158 / 40) ** 0.5, rel=0.03)  # places are to a tenth of a unit


def _height(block: str) -> float:
    top, bottom = re.findall(r"M[-\d.]+ ([-\d.]+)H[-\d.]+V([-\d.]+)", block)[0]
    return float(bottom) - float(top)


def test_the_table_of_a_swarm_says_where_most_lie_and_how_many_are_not_shown() -> None:
    table = draw.table(CROWD)
    assert table.rows[0] == ("debts", "9.0 points", "[8.0, 10.0]", "0.0 and 10.0", "200", "2")
    assert table.rows[1] == ("town", "1.0 points", "–", "−10.0 and 0.0", "200", "3")
