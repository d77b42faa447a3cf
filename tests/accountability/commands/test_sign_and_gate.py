"""`fairwitness sign` and `fairwitness gate` as a user meets them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fairwitness.accountability.ledger import Entry, Ledger
from fairwitness.io import findings as documents
from support.command import Ran, run
from support.governed import world

POLICY = """
name = "lending"
max_age_days = 30
[[require]]
check = "fairness.equalized-odds-gap"
[[sign_off]]
role = "approver"
{extra}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Findings made just now, a policy beside them, and a home of one's own for keys."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    write(tmp_path)
    (tmp_path / "policy.toml").write_text(POLICY.format(extra=""), encoding="utf-8")
    return tmp_path


def write(folder: Path, **provenance: Any) -> None:
    made = world().document
    told = {"started": datetime.now(UTC).isoformat(timespec="seconds"), **provenance}
    made = replace(made, provenance=replace(made.provenance, **told))
    (folder / "findings.json").write_text(documents.dump(made), encoding="utf-8")


def gate(folder: Path, *words: str) -> Ran:
    return run(["gate", "findings.json", *words], cwd=folder)


def sign(folder: Path, *words: str, name: str = "Ed Fox", decision: str = "approve", reason: str = "All seen.") -> Ran:
    said = ["--as", name, "--decision", decision, "--reason", reason, *words]
    return run(["sign", "findings.json", *said], cwd=folder)


def key(folder: Path, name: str) -> None:
    line = run(["key", "new", name], cwd=folder).out.strip()
    assert run(["key", "register", line, "--role", "approver"], cwd=folder).code == 0


def test_from_nothing_to_an_open_gate(folder: Path) -> None:
    pytest.importorskip("cryptography")
    before = gate(folder)
    assert before.code == 1
    today = datetime.now(UTC).date().isoformat()
    assert before.out == (
        "Closed: boston-mortgage-mlp 3 does not meet 1 of 4 requirements of lending\n"
        "  ✗ sign-off: approved by 1 approver: 0 of 1; ask Ed Fox\n"
        f"  ✓ age: an audit of the last 30 days: made on {today}, holds 30 days more\n"
    )
    assert not (folder / ".fairwitness").exists()  # looking makes no ledger
    key(folder, "ed.fox")
    signed = sign(folder, "--valid-days", "90")
    assert (signed.code, signed.err) == (0, "")
    assert re.fullmatch(
        r"Recorded as entry 1 of \S+: approve of boston-mortgage-mlp 3 by Ed Fox, approver, until 20\d\d-\d\d-\d\d at the "
        r"latest\n",
        signed.out,
    )
    after = gate(folder)
    assert after.code == 0
    assert after.out.endswith("  ✓ sign-off: approved by 1 approver: 1 of 1 (Ed Fox)\n")


def test_without_a_key_the_name_is_shown_as_unauthenticated_and_does_not_count(folder: Path) -> None:
    signed = sign(folder)
    assert signed.code == 0
    assert "by Ed Fox (unauthenticated), approver" in signed.out
    assert signed.err.startswith("Unauthenticated: no key signed it; ")
    closed = gate(folder)
    assert closed.code == 1
    assert "lapsed: it is unauthenticated: no registered key of theirs signed it" in closed.out
    (folder / "policy.toml").write_text(POLICY.format(extra="authenticated = false"), encoding="utf-8")
    assert sign(folder).code == 0
    opened = gate(folder)
    assert opened.code == 0
    assert "1 of 1 (Ed Fox (unauthenticated))" in opened.out


def test_a_key_that_is_not_registered_is_told(folder: Path) -> None:
    pytest.importorskip("cryptography")
    assert run("key new ed.fox", cwd=folder).code == 0
    assert "Unauthenticated: its key is not the one registered in that name" in sign(folder).err


@pytest.mark.parametrize(
    ("provenance", "says"),
    [
        ({"data_digest": "1" * 64}, "the data changed (442f28374349 → 111111111111)"),
        ({"model_digest": "2" * 64}, "the model changed (bbbbbbbbbbbb → 222222222222)"),
        ({"config_digest": "3" * 64}, "the settings changed (0035822b0896 → 333333333333)"),
        ({"started": "2026-01-01T00:00:00Z"}, "age: an audit of the last 30 days: stale by"),
    ],
)
def test_an_approval_lapses_with_what_it_was_for(folder: Path, provenance: dict[str, Any], says: str) -> None:
    (folder / "policy.toml").write_text(POLICY.format(extra="authenticated = false"), encoding="utf-8")
    assert sign(folder).code == 0
    assert gate(folder).code == 0
    write(folder, **provenance)
    assert says in gate(folder).out
    write(folder)
    assert gate(folder).code == 0  # an audit repeated with the same outcome is the same audit


def test_another_policy_lapses_it_too_and_a_rejection_closes_the_gate(folder: Path) -> None:
    (folder / "policy.toml").write_text(POLICY.format(extra="authenticated = false"), encoding="utf-8")
    assert sign(folder).code == 0
    (folder / "policy.toml").write_text(POLICY.format(extra="authenticated = false\nvalid_days = 9"), encoding="utf-8")
    assert "lapsed: the policy changed (" in gate(folder).out
    assert sign(folder).code == 0
    assert gate(folder).code == 0
    assert sign(folder, decision="reject", reason="The gap grew.").code == 0
    assert "rejected by Ed Fox (unauthenticated): The gap grew." in gate(folder).out


def test_an_assessment_comes_before_an_approval(folder: Path) -> None:
    text = POLICY.format(extra="authenticated = false").replace("max_age_days = 30", "assessment = true")
    (folder / "policy.toml").write_text(text, encoding="utf-8")
    refused = sign(folder)
    assert refused.code == 2
    assert "asks for a complete impact assessment before an approval" in refused.err
    name = world().document.subject.name
    with Ledger(folder / ".fairwitness" / "ledger.sqlite") as log:
        log.append([Entry(kind="assessment", body={"id": name, "complete": True, "digest": "a" * 64})])
    assert sign(folder).code == 0
    assert gate(folder).code == 0
    with Ledger(folder / ".fairwitness" / "ledger.sqlite") as log:
        log.append([Entry(kind="assessment", body={"id": name, "complete": True, "digest": "b" * 64})])
    assert "the impact assessment changed (aaaaaaaaaaaa → bbbbbbbbbbbb)" in gate(folder).out


def test_json_holds_every_requirement(folder: Path) -> None:
    told = json.loads(gate(folder, "--format", "json").out)
    assert told["passes"] is False
    assert [each["holds"] for each in told["requirements"]] == [True, True, True, False]
    assert {"subject", "findings", "policy", "policy_name", "at"} < set(told)


def test_the_policy_the_settings_name_is_looked_up_beside_them(folder: Path) -> None:
    (folder / "home").mkdir()
    (folder / "policy.toml").rename(folder / "home" / "rules.toml")
    assert gate(folder).err == "fairwitness: policy.toml: no policy; --policy FILE names one\n"
    write(folder, base="home", config={"policy": {"path": "rules.toml"}})
    assert "requirements of lending" in gate(folder).out
    assert "No policy was signed with it" not in sign(folder).err
    (folder / "home" / "rules.toml").unlink()
    assert gate(folder).code == 2


def test_hostile_names_reach_no_terminal(folder: Path) -> None:
    (folder / "policy.toml").write_text(POLICY.format(extra="authenticated = false"), encoding="utf-8")
    assert sign(folder, decision="reject", reason="bad\x1b[31m\u202epass").code == 0
    shown = gate(folder).out
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["gate", "nowhere.json"], "nowhere.json: cannot be read"),
        (["gate", "findings.json", "--policy", "no.toml"], "no.toml: no such file; --policy FILE names the policy"),
        (["gate", "findings.json", "--ledger", "no.sqlite"], "no.sqlite: no ledger there"),
        (["gate", "findings.json", "--ledger", "policy.toml"], "policy.toml: not a ledger"),
        (
            ["sign", "findings.json", "--as", "Bea Carr", "--decision", "approve", "--reason", "x"],
            "'Bea Carr' is not in [roles] approver; there is Ed Fox",
        ),
        (
            ["sign", "findings.json", "--as", "Ed Fox", "--decision", "approve", "--reason", " "],
            "--reason is empty",
        ),
        (
            ["sign", "findings.json", "--as", "Ed Fox", "--decision", "approve", "--reason", "x", "--key", "no"],
            "no key there; `fairwitness key new no` makes one",
        ),
    ],
)
def test_bad_input_is_one_line_and_records_nothing(folder: Path, words: list[str], says: str) -> None:
    ran = run(words, cwd=folder)
    assert ran.code == 2
    assert says in ran.err
    assert ran.err.count("\n") == 1
    assert not (folder / ".fairwitness").exists()
