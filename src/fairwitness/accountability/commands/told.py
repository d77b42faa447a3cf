"""Traces and lists of appeals as lines to read on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from fairwitness.accountability.decisions.states import Case
from fairwitness.draw import format as fmt
from fairwitness.draw.text import plain


def traced(found: Sequence[dict[str, Any]]) -> str:
    """One block a decision; nothing that was written in a record can pass for a line of its own."""
    return "\n\n".join(_trace(_plain(each)) for each in found)


def _plain(value: Any) -> Any:  # noqa: ANN401 - a tree as JSON has it
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _trace(found: dict[str, Any]) -> str:
    decision, who, place = found["decision"], found["responsible"], found["ledger"]
    rows = [
        ("Decision", decision["id"]),
        ("Person", decision["person"]),
        ("Decided", f"{decision['decision']}, {decision['time'] or 'recorded ' + place['recorded'][:10]}"),
        ("Holds now", decision["of_record"]),
        ("Score", _score(decision)),
        ("Reasons", decision.get("withheld") or ", ".join(decision["reasons"]) or "none recorded"),
        ("Model", who["model"] or "not recorded"),
        ("Findings", who["findings"] or "not recorded"),
        ("Policy", who["policy"] or "not recorded"),
        ("Owner", ", ".join(who["owners"]) or "not recorded"),
        ("Builder", ", ".join(who["builders"]) or "not recorded"),
        ("Decider", who["decider"] or "no person recorded"),
        ("Ledger", _place(place)),
    ]
    rows += [
        ("Evidence", f"{each['kind']}, entry {each['entry']}, {each['time']}{_signed(each)}")
        for each in found["evidence"]
    ]
    lines = [f"{name:<10} {value}" for name, value in rows]
    for appeal in found["appeals"]:
        late = ", overdue" if appeal["overdue"] else ""
        lines.append(f"{'Appeal':<10} {appeal['id']}, {appeal['state']}, due {appeal['due']}{late}")
        lines += [f"{'':<10}   {_step(step)}" for step in appeal["steps"]]
    return "\n".join(lines)


def _score(decision: dict[str, Any]) -> str:
    if "withheld" in decision:
        return "withheld"
    if decision["score"] is None:
        return "none recorded"
    held = "" if decision["threshold"] is None else f", held against {decision['threshold']:g}"
    return f"{decision['score']:g}{held}"


def _place(place: dict[str, Any]) -> str:
    said = "included in the log" if place["included"] else "NOT included in the log"
    opens = "its commitment opens" if place["commitment_opens"] else "its commitment does NOT open"
    return f"entry {place['entry']} of {fmt.count(place['size'])}, {said}, {opens}"


def _signed(entry: dict[str, Any]) -> str:
    if entry["kind"] == "release":
        return f": by {entry.get('by', 'nobody named')}"
    return f": {entry['person']} as {entry['role']}, {entry['decision']}" if entry["kind"] == "sign-off" else ""


def _step(step: dict[str, Any]) -> str:
    words = f": {step['reason']}" if step.get("reason") else ""
    to = f" to {step['to']}" if step["step"] == "assigned" else f" {step['to']}" if "to" in step else ""
    name = step["by"] if step["authenticated"] else f"{step['by']} (unauthenticated)"
    return f"{step['time'][:16].replace('T', ' ')}  {step['step']}{to} by {name}{words}"


def listed(cases: Sequence[Case], today: date) -> str:
    """One line an appeal: those that are late first, then by deadline."""
    if not cases:
        return "No appeals."
    rows = []
    for case in sorted(cases, key=lambda case: (not case.overdue(today), case.due)):
        late = "  overdue" if case.overdue(today) else ""
        rows.append(
            f"{case.id}  {case.state:<12} due {case.due}  {plain(case.reviewer) or 'nobody assigned'}  ({case.origin}){late}"
        )
    return "\n".join(rows)
