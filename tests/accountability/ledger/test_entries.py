"""An entry's bytes: read back alone or together with others, they say the same, or are refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairwitness.accountability.ledger.entries import canonical, decode, decode_all, encode
from support.ledgers import entries

GOOD = [encode(entry, place) for place, entry in enumerate(entries(5))]


def refused(rows: list[bytes]) -> bool:
    try:
        decode_all(rows)
    except (ValueError, RecursionError):
        return True
    return False


def test_together_is_one_by_one() -> None:
    alone = [decode(data) for data in GOOD]
    assert [(index, kind, body, time) for index, kind, body, time in decode_all(GOOD)] == [
        (index, entry.kind, entry.body, entry.time) for index, entry in alone
    ]
    assert decode_all([]) == []


@pytest.mark.parametrize("cut", [1, 20, len(GOOD[1]) - 1])
def test_entries_that_are_whole_only_when_joined_are_refused(cut: int) -> None:
    """Two halves with a comma between them, and two entries in the place of one, keep the number of rows."""
    first, second, third = GOOD[:3]
    assert refused([first[:cut], first[cut:], second])
    assert refused([first + b"," + second, third])
    body = canonical({"body": {"a": 1, "b": 2}, "index": 0, "kind": "audit", "time": ""})
    left, right = body.split(b",", 1)
    assert refused([left, right, second + b"," + third])


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": []},
        {"kind": {}},
        {"kind": "other"},
        {"index": True},
        {"index": 0.0},
        {"body": []},
        {"time": None},
        {"x": 1},
    ],
)
def test_what_is_canonical_and_still_no_entry_is_refused(changes: dict[str, object]) -> None:
    assert refused([GOOD[0], canonical(json.loads(GOOD[1]) | changes)])


@given(st.integers(0, len(GOOD[2]) - 1), st.integers(0, 255))
@settings(max_examples=300, deadline=None)
def test_a_changed_byte_is_seen_together_as_it_is_alone(place: int, byte: int) -> None:
    changed = GOOD[2][:place] + bytes([byte]) + GOOD[2][place + 1 :]
    assert refused([GOOD[0], GOOD[1], changed, GOOD[3]]) == refused([changed])
