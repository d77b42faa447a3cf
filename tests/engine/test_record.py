"""An audit records itself: what it rests on, what it found, and, when it does not finish, where it was."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fairwitness
from fairwitness.accountability.ledger import Ledger
from fairwitness.accountability.ledger.verify import verify
from fairwitness.io import findings as documents
from support.command import run

LEDGER = Path(".fairwitness/ledger.sqlite")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Hiring decisions in which women are hired half as often."""
    rng = np.random.default_rng(0)
    sex = rng.choice(["men", "women"], 2000)
    hired = rng.random(2000) < np.where(sex == "women", 0.2, 0.4)
    lines = ["sex,hired", *(f"{s},{int(h)}" for s, h in zip(sex, hired, strict=True))]
    (tmp_path / "hiring.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = '[data]\npath = "hiring.csv"\n[subject]\ntarget = "hired"\nfavorable = 1\ngroups = ["sex"]\n'
    (tmp_path / "audit.toml").write_text(config, encoding="utf-8")
    return tmp_path


def bodies(path: Path) -> list[tuple[str, dict[str, Any]]]:
    with Ledger(path, make=False) as log:
        return [(stored.entry.kind, dict(stored.entry.body)) for stored in log.read()]


def test_an_audit_is_an_entry_that_binds_what_it_rests_on(folder: Path) -> None:
    run("audit --only fairness", cwd=folder)
    ((kind, body),) = bodies(folder / LEDGER)
    document = documents.load(folder / "audit-report" / "findings.json")
    assert kind == "audit"
    assert body["outcome"] == "blocked"
    assert body["findings"] == body["id"] == documents.digest(document)
    assert body["config"] == document.provenance.config_digest
    assert body["data"] == document.provenance.data_digest
    assert body["code"]["version"] == fairwitness.__version__
    assert len(body["code"]["source"]) == 64
    assert body["environment"]["numpy"] == np.__version__
    assert body["blocking"] == list(document.gate.blocking)
    assert not verify(folder / LEDGER).problems
    assert "hiring.csv" not in json.dumps(body)


def test_another_ledger_or_none(folder: Path) -> None:
    run("audit --only fairness --ledger elsewhere/log.sqlite", cwd=folder)
    assert len(bodies(folder / "elsewhere" / "log.sqlite")) == 1
    run("audit --only fairness --no-ledger", cwd=folder)
    assert not (folder / LEDGER).exists()


def test_waivers_that_were_used_are_recorded_once(folder: Path) -> None:
    run("audit --no-ledger", cwd=folder)
    document = json.loads((folder / "audit-report" / "findings.json").read_text(encoding="utf-8"))
    failing = next(item["check"] for item in document["findings"] if item["verdict"] == "fail")
    waiver = f'[[waivers]]\ncheck = "{failing}"\nowner = "A. Example"\nreason = "known"\nexpires = 2099-01-01\n'
    passing = next(item["check"] for item in document["findings"] if item["verdict"] == "pass")
    unused = waiver.replace(failing, passing).replace("known", "not used")
    with (folder / "audit.toml").open("a", encoding="utf-8") as file:
        file.write(waiver + unused)
    for _ in range(2):
        run("audit", cwd=folder)
    recorded = bodies(folder / LEDGER)
    assert [kind for kind, _ in recorded] == ["waiver", "audit", "audit"]
    used = recorded[0][1]
    assert (used["check"], used["owner"], used["reason"], used["expires"]) == (
        failing,
        "A. Example",
        "known",
        "2099-01-01",
    )
    assert recorded[1][1]["waivers"] == recorded[2][1]["waivers"] == [used["id"]]


def test_a_policy_that_the_config_names_is_bound(folder: Path) -> None:
    from fairwitness.accountability.policy import rules

    (folder / "policy.toml").write_text("max_age_days = 90\n", encoding="utf-8")
    with (folder / "audit.toml").open("a", encoding="utf-8") as file:
        file.write('[policy]\npath = "policy.toml"\n')
    run("audit --only fairness", cwd=folder)
    assert bodies(folder / LEDGER)[0][1]["policy"] == rules.read(folder / "policy.toml").digest


@pytest.mark.slow
def test_a_model_that_was_trained_is_recorded_once(folder: Path) -> None:
    pytest.importorskip("torch")
    with (folder / "hiring.csv").open(encoding="utf-8") as file:
        rows = [line.strip() for line in file]
    years = np.random.default_rng(1).poisson(6, len(rows))
    text = "\n".join([rows[0] + ",years", *(f"{row},{y}" for row, y in zip(rows[1:], years[1:], strict=True))])
    (folder / "hiring.csv").write_text(text + "\n", encoding="utf-8")
    for _ in range(2):
        run("audit --train mlp --only fairness", cwd=folder)
    recorded = bodies(folder / LEDGER)
    assert [kind for kind, _ in recorded] == ["training", "audit", "audit"]
    assert recorded[0][1]["recipe"] == "mlp"
    assert recorded[0][1]["id"] == recorded[1][1]["model"] == recorded[2][1]["model"]


def raising(error: BaseException) -> Callable[..., None]:
    def raise_it(*args: object, **kwargs: object) -> None:
        raise error

    return raise_it


@pytest.mark.parametrize(
    ("error", "code", "outcome"),
    [(KeyboardInterrupt(), 130, "stopped"), (RuntimeError("secret of a person"), 3, "failed")],
)
def test_a_run_that_does_not_finish_says_where_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, outcome: str
) -> None:
    monkeypatch.setattr("fairwitness.engine.audit.scale.steps", raising(error))
    assert run("audit", cwd=folder).code == code
    ((kind, body),) = bodies(folder / LEDGER)
    assert (kind, body["outcome"], body["where"]) == ("audit", outcome, "reading the data")
    assert body["error"] == type(error).__name__
    assert "secret" not in json.dumps(body)


def test_a_users_error_is_a_failed_run(folder: Path) -> None:
    (folder / "hiring.csv").unlink()
    assert run("audit", cwd=folder).code == 2
    ((_, body),) = bodies(folder / LEDGER)
    assert (body["outcome"], body["error"]) == ("failed", "DataError")


def test_a_ledger_that_cannot_be_written_stops_the_audit_before_any_work(folder: Path) -> None:
    (folder / "ledger").mkdir()
    ran = run("audit --ledger ledger", cwd=folder)
    assert ran.code == 2
    assert "is a folder" in ran.err
    assert not (folder / "audit-report").exists()


def test_a_failure_that_cannot_be_recorded_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fairwitness.accountability.ledger import LedgerError

    monkeypatch.setattr("fairwitness.engine.audit.scale.steps", raising(RuntimeError()))
    monkeypatch.setattr("fairwitness.accountability.ledger.store.Ledger.append", raising(LedgerError.full("l")))
    ran = run("audit", cwd=folder)
    assert ran.code == 3
    assert "could not be recorded: l: the disk is full" in ran.err


def test_from_python_nothing_is_recorded_unless_asked(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    given: dict[str, Any] = {"config": folder / "audit.toml", "checks": {"only": ["fairness"]}}
    report = fairwitness.audit(**given)
    assert not list(elsewhere.iterdir())
    again = fairwitness.audit(ledger=elsewhere / "log.sqlite", **given)
    ((_, body),) = bodies(elsewhere / "log.sqlite")
    assert body["findings"] == documents.digest(report.document) == documents.digest(again.document)
