"""The text file, read back by Prometheus' own client."""

import math

import pytest

from fairwitness.monitor.prometheus import Metric, exposition

HOSTILE = 'a "quoted"\\ name\nwith a line {x="1"} 5'


def test_reads_back_with_the_official_parser() -> None:
    parser = pytest.importorskip("prometheus_client.parser")
    metrics = [
        Metric(name="rows_total", kind="counter", words="Rows.", samples=[({"subject": "loans"}, 1200)]),
        Metric(name="gap_ratio", kind="gauge", words=HOSTILE, samples=[({"who": HOSTILE}, 0.1), ({}, math.inf)]),
        Metric(name="none", kind="gauge", words="Nothing.", samples=[]),
    ]
    families = {family.name: family for family in parser.text_string_to_metric_families(exposition(metrics))}
    assert set(families) == {"fairwitness_watch_rows", "fairwitness_watch_gap_ratio"}
    rows, gap = families["fairwitness_watch_rows"], families["fairwitness_watch_gap_ratio"]
    assert (rows.type, rows.samples[0].value) == ("counter", 1200)
    assert gap.documentation == HOSTILE
    assert [(sample.labels, sample.value) for sample in gap.samples] == [({"who": HOSTILE}, 0.1), ({}, math.inf)]


def test_by_hand() -> None:
    made = exposition([Metric(name="quiet", kind="gauge", words="1 where quiet.", samples=[({"subject": "x"}, 1.0)])])
    assert made == (
        "# HELP fairwitness_watch_quiet 1 where quiet.\n# TYPE fairwitness_watch_quiet gauge\n"
        'fairwitness_watch_quiet{subject="x"} 1\n'
    )
    assert exposition([]) == ""
    assert "NaN" in exposition([Metric(name="x", kind="gauge", words="x", samples=[({}, math.nan), ({}, -math.inf)])])
