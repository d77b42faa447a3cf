"""From Python and in notebooks: `fairwitness.audit(...)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairwitness.core.errors import ConfigError
from fairwitness.core.findings import Document, Evidence, Finding
from fairwitness.engine.audit import audit as run_audit
from fairwitness.engine.config import lay_over, merge, parse, read
from fairwitness.engine.progress import silent
from fairwitness.engine.record import audited, auditing, policy_digest
from fairwitness.engine.settings.data import Scalar
from fairwitness.io import atomic
from fairwitness.io import findings as documents

if TYPE_CHECKING:
    import polars as pl


class Report:
    """An audit's result: shows itself in a notebook, and saves as findings.json and report.html."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.document.findings

    @property
    def passes(self) -> bool:
        """Whether the gate lets the subject through."""
        return self.document.gate.passes

    def to_frame(self) -> pl.DataFrame:
        """One row a judged number (or a finding that has none): check, about, verdict, value, low, high, n, limit."""
        import polars as pl  # only when a frame is wanted

        rows = [_row(finding, item) for finding in self.findings for item in finding.evidence or (None,)]
        return pl.DataFrame(rows, infer_schema_length=None)

    def save(self, directory: str | Path) -> Path:
        """Write findings.json and report.html, each whole or not at all; returns the folder."""
        from fairwitness import report  # only when a page is wanted

        folder = Path(directory)
        atomic.probe_writable(folder)
        atomic.write_text(folder / "findings.json", documents.dump(self.document))
        atomic.write_text(folder / "report.html", report.render(self.document, "html"))
        return folder

    def __repr__(self) -> str:
        from fairwitness import report  # only when text is wanted

        return report.render(self.document, "text")

    def _repr_html_(self) -> str:
        from fairwitness import report  # only when a page is wanted

        page = escape(report.render(self.document, "html"), quote=True)
        return (
            f'<iframe title="Audit report" sandbox="allow-scripts" srcdoc="{page}" width="100%" height="800"></iframe>'
        )


def _row(finding: Finding, item: Evidence | None) -> dict[str, str | float | None]:
    """One judged number of a finding, flat; or the finding alone."""
    limit = finding.limit
    return {
        "check": finding.check,
        "about": finding.about,
        "verdict": str(item.verdict if item else finding.verdict),
        "severity": str(finding.severity),
        "name": item.name if item else None,
        "value": item.value if item else None,
        "low": item.low if item else None,
        "high": item.high if item else None,
        "n": item.n if item else None,
        "at_most": limit.at_most if limit else None,
        "at_least": limit.at_least if limit else None,
        "title": finding.title,
    }


def audit(
    data: object | None = None,
    *,
    target: str | None = None,
    groups: Sequence[str] | Mapping[str, Mapping[str, Any]] = (),
    model: object | None = None,
    positive: Scalar | None = None,
    favorable: Scalar | None = None,
    decision: str | None = None,
    score: str | None = None,
    prediction: str | None = None,
    train: str | None = None,
    config: str | Path | Mapping[str, Any] | None = None,
    out: str | Path | None = None,
    ledger: str | Path | None = None,
    **settings: Any,  # noqa: ANN401 - any top-level setting of audit.toml
) -> Report:
    """Audit data, recorded decisions, or a model.

    Args:
        data: A path, `package:NAME/path`, a pandas or polars frame, arrow table, dict of columns, torch Dataset or
            DataLoader; None to take the config's.
        target: Column with the recorded outcomes.
        groups: Sensitive attributes: column names, or `{name: {"column": ..., "edges": [...]}}`.
        model: A torch module, alone or with what a factory says of it, `(module, {"encode": ...})` or `(module, tokenizer)`;
            a fitted estimator or pipeline; or a callable from a polars frame to scores or decisions.
        positive: The class that is predicted.
        favorable: The class that is good for the person.
        decision: A column of decisions, or `COLUMN OP LITERAL`.
        score: A column of probabilities of the positive class.
        prediction: A column of predicted quantities, where the target is one.
        train: A recipe (`"mlp"`, `"cnn"`, `"gru"`, ...) or `"module:factory"`: trains a model here and audits it on rows
            it has not seen.
        config: Path of an audit.toml, or its tables as a mapping; the other arguments lie over it.
        out: Folder to save findings.json and report.html in; it also lets a stopped audit resume.
        ledger: Where the run is recorded, such as `.fairwitness/ledger.sqlite`; None records nothing.
        settings: Any other table or key of audit.toml: `limits=...`, `context=...`, `seed=...`.

    Raises:
        UserError: Anything wrong with the input, in one line that names the way out.
    """
    base, source = Path(), "audit()"
    loaded: Mapping[str, Any] = {}
    if isinstance(config, str | Path):
        path = Path(config)
        loaded = read(path)
        base, source = path.parent if path.suffix else path, path.name
    elif config is not None:
        loaded = config
    if isinstance(groups, str):
        raise ConfigError(f"{source}: groups is {groups!r}; give a list, groups=[{groups!r}]")
    for name, value in (("train", train), ("decision", decision), ("score", score), ("prediction", prediction)):
        if model is not None and value is not None:
            raise ConfigError(f"{source}: model and {name} are both given; one of them decides")
    named = dict(groups) if isinstance(groups, Mapping) else {}
    over = {
        "subject": {"target": target, "positive": positive, "favorable": favorable, "groups": list(groups) or None},
        "groups": named,
        "model": {"decision": decision, "score": score, "prediction": prediction, "train": train},
    }
    parsed = parse(lay_over(merge(loaded, settings), over), source=source)
    folder = None if out is None else Path(out)
    policy = policy_digest(parsed, base)
    with auditing(None if ledger is None else Path(ledger), parsed, policy) as recorded:
        watched = recorded.watch(silent)
        document = run_audit(parsed, data=data, model=model, base=base, out=folder, source=source, progress=watched)
        report = Report(document)
        if folder is not None:
            report.save(folder)
        recorded.finish(audited(document, parsed, policy))
    return report
