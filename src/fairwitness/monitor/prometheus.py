"""Numbers as Prometheus reads them: the text format 0.0.4, for the textfile collector of node_exporter."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

PREFIX = "fairwitness_watch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One family of samples.

    Attributes:
        name: In base units, counters ending in `_total`; the prefix is put before it.
        samples: Labels and value; none of a person, and cells of few people left out by whoever makes it.
    """

    name: str
    kind: Literal["gauge", "counter"]
    words: str
    samples: Sequence[tuple[Mapping[str, str], float]]


def exposition(metrics: Iterable[Metric]) -> str:
    """The whole file; families without samples are left out.

    Source:
        Prometheus, Exposition formats, text-based format version 0.0.4.
    """
    lines = []
    for metric in metrics:
        if metric.samples:
            name = f"{PREFIX}_{metric.name}"
            lines += [f"# HELP {name} {_escaped(metric.words)}", f"# TYPE {name} {metric.kind}"]
            lines += [f"{name}{_labels(labels)} {_number(value)}" for labels, value in metric.samples]
    return "\n".join(lines) + "\n" if lines else ""


def _labels(labels: Mapping[str, str]) -> str:
    inner = ",".join(f'{name}="{_escaped(value, quotes=True)}"' for name, value in labels.items())
    return f"{{{inner}}}" if inner else ""


def _escaped(text: str, *, quotes: bool = False) -> str:
    safe = text.replace("\\", "\\\\").replace("\n", "\\n")
    return safe.replace('"', '\\"') if quotes else safe


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(float(value)) if not float(value).is_integer() or abs(value) >= 2**53 else str(int(value))
