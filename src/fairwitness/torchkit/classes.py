"""Class names as foreign code gives them, beside the target's own. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence

from fairwitness.torchkit.foreign.errors import ForeignError
from fairwitness.torchkit.scores import DecisionRule

FLAGS = (("0", "1"), ("false", "true"))


def class_names(values: Sequence[object], rule: DecisionRule, *, source: str) -> list[str]:
    """Values as names of the target's classes, as far as they are any.

    Whole numbers have no point. True and false, where neither are classes, mean 1 and 0, or the positive class and the
    other; 1 and 0 mean true and false where those are the classes.

    Raises:
        ForeignError: The values are true and false, and no class is positive.
    """
    names = [_text(value) for value in values]
    if set(names) <= set(rule.classes):
        return names
    twins = next((pair for pair in FLAGS if set(pair) == set(rule.classes)), None)
    flags = next((pair for pair in FLAGS if set(names) <= set(pair)), None)
    if flags is not None and twins is not None:
        return [twins[flags.index(name)] for name in names]
    if flags != FLAGS[1]:
        return names
    if not rule.binary:
        raise ForeignError.flags(source=source)
    other = next(name for name in rule.classes if name != rule.positive)
    return [str(rule.positive) if name == "true" else other for name in names]


def order_of(values: Sequence[object], rule: DecisionRule, *, source: str) -> tuple[int, ...]:
    """Where each of the target's classes stands among a model's own.

    Raises:
        ForeignError: They are not the same classes.
    """
    names = class_names(values, rule, source=source)
    if sorted(names) != sorted(rule.classes):
        raise ForeignError.classes(names, rule.classes, source=source)
    return tuple(names.index(name) for name in rule.classes)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
