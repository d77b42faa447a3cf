"""The gate looks through the ledger it rests on: what was changed in it closes the gate, and nobody's voucher is told."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.command import run
from support.governed import world
from support.ledgers import tamper

pytest.importorskip("cryptography")

POLICY = '[[sign_off]]\nrole = "approver"\n'
LEDGER = Path(".fairwitness/ledger.sqlite")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An open gate: findings, a policy, a key, an approval, and a checkpoint kept elsewhere."""
    from dataclasses import replace

    from fairwitness.io import findings as documents

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    made = world().document
    now = datetime.now(UTC).isoformat(timespec="seconds")
    made = replace(made, provenance=replace(made.provenance, started=now))
    (tmp_path / "findings.json").write_text(documents.dump(made), encoding="utf-8")
    (tmp_path / "policy.toml").write_text(POLICY, encoding="utf-8")
    public = run("key new ed.fox", cwd=tmp_path).out.strip()
    done(tmp_path, ["key", "register", public])
    sign(tmp_path, "approve")
    return tmp_path


def done(folder: Path, words: list[str]) -> str:
    ran = run(words, cwd=folder)
    assert ran.code == 0, ran.err
    return ran.out


def sign(folder: Path, decision: str) -> None:
    done(folder, ["sign", "findings.json", "--as", "Ed Fox", "--decision", decision, "--reason", "All seen."])


def test_who_vouches_is_told_beside_an_open_gate(folder: Path) -> None:
    assert "✓ ledger: nothing in it was changed: 2 entries of" in done(folder, ["gate", "findings.json"])
    assert "newer than every checkpoint: 2 entries, nobody vouches for them yet" in done(
        folder, ["gate", "findings.json"]
    )
    done(folder, ["ledger", "checkpoint", "--as", "ed.fox", "--out", "kept"])
    shown = done(folder, ["gate", "findings.json", "--since", "kept"])
    assert "signed by ed.fox, 2 entries" in shown
    assert "not compared" not in shown
    assert "not compared with a checkpoint kept elsewhere" in done(folder, ["gate", "findings.json"])


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("DELETE FROM entries WHERE place = 2", "truncated: the checkpoint in the ledger has 3 entries, the log 2"),
        ("UPDATE entries SET key = 'another' WHERE place = 2", "tampered: entry 2 is filed under what it is not"),
        ("UPDATE entries SET kind = 'alert' WHERE place = 2", "tampered: entry 2 is filed under what it is not"),
        ("UPDATE entries SET data = replace(data, 'reject', 'approve') WHERE place = 2", "tampered: entry 2"),
    ],
)
def test_a_rejection_that_is_hidden_in_the_file_closes_the_gate(folder: Path, statement: str, says: str) -> None:
    sign(folder, "reject")
    done(folder, ["ledger", "checkpoint", "--as", "ed.fox"])
    assert run("gate findings.json", cwd=folder).code == 1
    tamper(folder / LEDGER, statement)
    closed = run("gate findings.json", cwd=folder)
    assert closed.code == 1
    assert f"✗ ledger: nothing in it was changed: {says}" in closed.out


def test_a_ledger_put_back_to_before_a_rejection_is_seen_with_the_checkpoint_kept_elsewhere(folder: Path) -> None:
    shutil.copy(folder / LEDGER, folder / "before.sqlite")
    sign(folder, "reject")
    done(folder, ["ledger", "checkpoint", "--as", "ed.fox", "--out", "kept"])
    shutil.copy(folder / "before.sqlite", folder / LEDGER)
    assert run("gate findings.json", cwd=folder).code == 0  # nothing in the file shows it
    closed = run("gate findings.json --since kept", cwd=folder)
    assert closed.code == 1
    assert "truncated: the checkpoint kept elsewhere has 3 entries, the log 2" in closed.out


def test_another_ledger_with_the_same_approval_is_not_this_one(folder: Path) -> None:
    """An approval copied into a fresh ledger, without the rejection that came after it."""
    done(folder, ["ledger", "checkpoint", "--as", "ed.fox", "--out", "kept"])
    sign(folder, "reject")
    from fairwitness.accountability.ledger import Ledger

    with Ledger(folder / LEDGER) as log, Ledger(folder / "fresh.sqlite") as fresh:
        fresh.append([stored.entry for stored in log.read(until=2)])
    assert run("gate findings.json --ledger fresh.sqlite", cwd=folder).code == 0
    closed = run("gate findings.json --ledger fresh.sqlite --since kept", cwd=folder)
    assert closed.code == 1
    assert "forked: " in closed.out


def test_a_release_is_recorded_with_what_it_rested_on_and_only_if_the_gate_is_open(folder: Path) -> None:
    from fairwitness.accountability.decisions.signing import authenticated
    from fairwitness.accountability.ledger import Ledger, keys

    shown = run(["gate", "findings.json", "--release", "Ed Fox"], cwd=folder)
    assert (shown.code, shown.err) == (0, f"Released: entry 2 of {LEDGER}\n")
    with Ledger(folder / LEDGER) as log:
        (stored,) = log.read(["release"])
        held = keys.registered(log.read(["key"]))
        (sign_off,) = log.read(["sign-off"])
    body, binds = stored.entry.body, sign_off.entry.body["binds"]
    assert isinstance(binds, dict)
    assert {name: body[name] for name in ("findings", "policy", "data", "config", "model")} == {
        name: binds[name] for name in ("findings", "policy", "data", "config", "model")
    }
    assert {"code", "environment"} < set(body)
    assert authenticated(stored, held)
    unsigned = run(["gate", "findings.json", "--release", "Ada Byron"], cwd=folder)
    assert unsigned.err == f"Released: entry 3 of {LEDGER}, unauthenticated\n"
    sign(folder, "reject")
    refused = run(["gate", "findings.json", "--release", "Ed Fox"], cwd=folder)
    assert (refused.code, refused.err) == (1, "Not released: the gate is closed\n")
