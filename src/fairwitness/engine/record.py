"""An audit as entries of the ledger: digests of everything it rests on, and what it found in a few words."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from fairwitness.accountability.ledger import JSON, Entry
from fairwitness.accountability.ledger.runs import Run, code, record, running
from fairwitness.accountability.policy import rules
from fairwitness.core.digest import digest
from fairwitness.core.findings import Document, Waiver
from fairwitness.core.watch import Watch
from fairwitness.draw.changes import name
from fairwitness.engine.config import Config
from fairwitness.io import comparisons
from fairwitness.io import findings as documents

if TYPE_CHECKING:
    from fairwitness.engine.fix import Fixed


def policy_digest(config: Config, base: Path) -> str | None:
    """The digest of the policy that the config names, if it is there yet.

    Args:
        config: What the audit is told.
        base: Folder that the policy's path is looked up in.

    Raises:
        ConfigError: The policy is there and wrong.
    """
    if config.policy.path is None or not (base / config.policy.path).exists():
        return None
    return rules.read(base / config.policy.path).digest


def auditing(path: Path | None, config: Config, policy: str | None) -> AbstractContextManager[Run]:
    """An audit under way: recorded as failed or stopped, unless it finishes with what `audited` gives.

    Args:
        path: The ledger; None records nothing.
        config: What the audit is told.
        policy: As `policy_digest` gives it.

    Raises:
        LedgerError: The ledger cannot be written.
    """
    return running(path, "audit", {"subject": config.name, "config": config.digest, "policy": policy})


def audited(document: Document, config: Config, policy: str | None) -> list[Entry]:
    """The entries of a finished audit: the training of its model if it has one, each waiver used, the audit itself."""
    where = document.provenance
    used = sorted({_key(waiver): waiver for waiver in _used(document)}.items())
    bound: dict[str, JSON] = {
        "subject": document.subject.name,
        "config": where.config_digest,
        "data": where.data_digest,
        "model": where.model_digest,
        "seed": where.seed,
        "code": code(),
        "environment": dict(where.environment),
    }
    found = documents.digest(document)
    audit: dict[str, JSON] = {
        **bound,
        "id": found,
        "findings": found,
        "policy": policy,
        "outcome": "passes" if document.gate.passes else "blocked",
        "summary": dict(document.summary),
        "blocking": list(document.gate.blocking),
        "only": list(where.only),
        "skip": list(where.skip),
        "waivers": [key for key, _ in used],
        "started": where.started,
        "seconds": where.seconds,
    }
    return [
        *_training(document, config, bound),
        *(Entry(kind="waiver", body=_waiver(key, waiver, document)) for key, waiver in used),
        Entry(kind="audit", body=audit),
    ]


def mending(path: Path | None, config: Config) -> AbstractContextManager[Run]:
    """Remedies being tried: recorded as failed or stopped, unless it finishes with what `mended` gives.

    Args:
        path: The ledger; None records nothing.
        config: Of the subject that is mended.

    Raises:
        LedgerError: The ledger cannot be written.
    """
    return running(path, "remedy", {"subject": config.name, "config": config.digest})


def mended(fixed: Fixed) -> list[Entry]:
    """The entries of a subject that was mended: the child's training and audit, and what the remedies changed."""
    made = fixed.comparison
    judged = [each for each in made.criteria if each.judged]
    body: dict[str, JSON] = {
        "id": comparisons.digest(made),
        "subject": made.before.name,
        "parent": made.before.fingerprint,
        "child": made.after.fingerprint,
        "findings": {"before": made.before.findings, "after": made.after.findings},
        "remedies": [{"remedy": each.remedy, "by": each.by, "options": dict(each.options)} for each in made.remedies],
        "outcome": "finished",
        "passes": made.after.gate,
        "better": [name(each) for each in judged if each.moved == "better"],
        "worse": [name(each) for each in judged if each.moved == "worse"],
        "traded": list(made.trades),
        "tried": len(made.tried),
        "spent": dict(made.spent),
        "chosen_by": str(made.provenance.get("chosen_by", "")),
        "because": str(made.provenance.get("because", "")),
        "code": code(),
    }
    return [*audited(fixed.after, fixed.config, None), Entry(kind="remedy", body=body)]


def alert(path: Path, watch: Watch) -> None:
    """Record each alarm of a watch, once: what it says, and the audit that it doubts.

    Args:
        path: The ledger.
        watch: What the monitor has seen.

    Raises:
        LedgerError: The ledger cannot be written.
    """
    found = [
        Entry(
            kind="alert",
            body={
                "id": alarm.id,
                "subject": watch.name,
                "findings": watch.findings,
                "what": alarm.kind,
                "about": alarm.about,
                "words": alarm.words,
                "look": alarm.look,
                "raised": alarm.when,
                "alpha": watch.alpha,
                "code": code(),
            },
        )
        for alarm in watch.alarms
    ]
    if found:
        record(path, found)


def _training(document: Document, config: Config, bound: dict[str, JSON]) -> list[Entry]:
    if config.model.train is None:
        return []
    body: dict[str, JSON] = {
        **bound,
        "id": document.provenance.model_digest,
        "outcome": "finished",
        "recipe": config.model.train,
        "rows": document.subject.parts.get("train"),
    }
    return [Entry(kind="training", body=body)]


def _used(document: Document) -> list[Waiver]:
    """The waivers in force that cover a finding."""
    return [each.waiver for each in document.findings if each.waiver is not None and not each.waiver.expired]


def _key(waiver: Waiver) -> str:
    return digest(waiver.check, waiver.about, waiver.owner, waiver.reason, waiver.expires)


def _waiver(key: str, waiver: Waiver, document: Document) -> dict[str, JSON]:
    return {
        "id": key,
        "subject": document.subject.name,
        "check": waiver.check,
        "about": waiver.about,
        "owner": waiver.owner,
        "reason": waiver.reason,
        "expires": waiver.expires,
    }
