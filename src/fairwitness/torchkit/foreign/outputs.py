"""Which of several named tensors a model's scores are. Needs no torch: it serves graphs too."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from fairwitness.torchkit.classes import class_names
from fairwitness.torchkit.foreign.errors import ForeignError
from fairwitness.torchkit.scores import DecisionRule

LOGITS = "logits"


def named_parts(output: object) -> dict[str, Any]:
    """The parts of a dict, a ModelOutput, a dataclass, or (by place) a tuple; none of anything else."""
    if isinstance(output, Mapping):
        return {str(name): part for name, part in output.items()}
    if isinstance(output, tuple | list):
        names = getattr(output, "_fields", None) or range(len(output))
        return {str(name): part for name, part in zip(names, output, strict=True)}
    if dataclasses.is_dataclass(output) and not isinstance(output, type):
        return {field.name: getattr(output, field.name) for field in dataclasses.fields(output)}
    return {}


def chosen(parts: Mapping[str, Any], rows: int, classes: int, *, name: str | None, source: str) -> str:
    """The name of the part that is read: the one asked for, else `logits`, else the one of a shape that fits.

    Raises:
        ForeignError: There is none, or there are several.
    """
    if name is not None:
        if name not in parts:
            raise ForeignError.no_output(name, parts, source=source)
        return name
    fitting = [key for key, part in parts.items() if _fits(part, rows, classes)]
    if LOGITS in fitting:
        return LOGITS
    if len(fitting) != 1:
        raise ForeignError.outputs(fitting, parts, source=source)
    return fitting[0]


def _fits(part: object, rows: int, classes: int) -> bool:
    shape = tuple(getattr(part, "shape", ()))
    kind = str(getattr(part, "dtype", ""))
    return (
        "float" in kind and shape[:1] == (rows,) and shape[1:] in ({(), (1,), (2,)} if classes == 2 else {(classes,)})
    )


def class_order(module: object, rule: DecisionRule, *, source: str) -> tuple[tuple[int, ...] | None, tuple[str, ...]]:
    """Where the target's classes stand among the outputs that a module's `config.id2label` names, and what to note.

    Numbers that stand for names, as `LABEL_0`, say nothing; other names that are not the classes are noted.
    """
    labels = getattr(getattr(module, "config", None), "id2label", None)
    if not isinstance(labels, Mapping) or len(labels) != len(rule.classes):
        return None, ()
    own = [str(labels[place]) for place in sorted(labels)]
    names = class_names(own, rule, source=source)
    if sorted(names) == sorted(rule.classes):
        order = tuple(names.index(name) for name in rule.classes)
        return (None if order == tuple(sorted(order)) else order), ()
    if own == [f"LABEL_{place}" for place in range(len(own))]:
        return None, ()
    return None, (f"The model calls its outputs {', '.join(own)}; they are read as {', '.join(rule.classes)}.",)
