"""With rows of nobody every check says why it has nothing to look at; it neither raises nor passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fairwitness.core.asks import PART
from fairwitness.core.check import NotApplicable
from fairwitness.core.columns import Grouping
from fairwitness.core.registry import registered

CHECKS = [entry.id for entry in registered() if entry.id.startswith("data.")]


@pytest.mark.parametrize("check", CHECKS)
def test_no_rows_at_all(look: Callable[..., Any], check: str) -> None:
    none = np.zeros(0, dtype=object)
    outcome = look(
        check,
        {"g": none, "h": none, "y": none, "x": np.zeros(0), PART: none},
        group=("g",),
        target="y",
        positive="1",
        task="binary",
        groupings=(Grouping(columns=("g",)), Grouping(columns=("h",))),
        reference={"g": {"a": 0.5, "b": 0.5}},
    )
    assert isinstance(outcome, NotApplicable)
    assert outcome.reason
