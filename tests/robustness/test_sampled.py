"""Rows that attacks are tried on: one of each person and household."""

from dataclasses import replace

import numpy as np

from fairwitness.core.columns import Column
from fairwitness.core.subject import Rows
from fairwitness.privacy.exposure import unit_column
from fairwitness.robustness.sampled import _one_a_unit
from support import given


def test_of_two_kinds_of_units_one_row_of_each_is_left_whatever_their_order() -> None:
    house = np.repeat(np.arange(50), 4).astype(str).astype(object)
    person = np.arange(100).repeat(2).astype(str).astype(object)
    rows = Rows(ids=np.arange(200), columns={"house": house, "person": person})
    for names in (("house", "person"), ("person", "house")):
        columns = tuple(Column(name=name, kind="category", role="unit") for name in names)
        outline = replace(given.outline(), columns=columns, cluster="house")
        kept = _one_a_unit(rows, outline, np.random.default_rng(0))
        assert len(set(house[kept])) == kept.sum() == len(set(person[kept]))
        assert kept.any()
        assert unit_column(outline) == "house"
