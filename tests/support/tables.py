"""Small tables in memory."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows


def table(**columns: Sequence[Any]) -> tuple[tuple[Column, ...], Rows]:
    """Columns and rows from values; text is a category, anything else a number, None is missing in both."""
    declared, held = [], {}
    for name, values in columns.items():
        text = any(isinstance(value, str) for value in values)
        declared.append(Column(name=name, kind="category" if text else "number"))
        held[name] = np.array(values, dtype=object if text else np.float64)
    count = len(next(iter(held.values())))
    return tuple(declared), Rows(ids=np.arange(count), columns=held)
