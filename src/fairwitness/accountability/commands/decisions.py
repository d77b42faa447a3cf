"""`fairwitness decisions ...`, `trace` and `letter`: what was decided about people, and what they may ask of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairwitness.accountability.commands.formats import TextOrJson, TextOrJsonOption
from fairwitness.accountability.commands.options import DEFAULT, LedgerOption, signer

if TYPE_CHECKING:
    from fairwitness.accountability.decisions.book import Book
    from fairwitness.accountability.decisions.intake import Evidence
    from fairwitness.accountability.decisions.steps import Rules
    from fairwitness.engine.config import Config

decisions = typer.Typer(no_args_is_help=True, help="Decisions about people: import them, forget them, hold them.")

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="The settings; audit.toml of this folder, if there is one.")
]
PersonOption = Annotated[str, typer.Option("--person", metavar="REF", help="The person, as the import named them.")]
ByOption = Annotated[str, typer.Option("--as", metavar="NAME", help="Who does this; it is recorded.")]


def register(app: typer.Typer) -> None:
    """Add `decisions`, `trace` and `letter`."""
    app.add_typer(decisions, name="decisions")
    app.command()(trace)
    app.command()(letter)


@contextmanager
def opened(ledger: Path, config: Config | None, base: Path, *, by: str = "", make: bool = False) -> Iterator[Book]:
    """The ledger `--ledger` names, else the one of `[decisions]`, with its vault; steps are signed with `by`'s key."""
    from fairwitness.accountability.decisions.book import Book

    if ledger == DEFAULT and config is not None and config.decisions.ledger is not None:
        ledger = base / config.decisions.ledger
    with Book(ledger, make=make) as book:
        book.signer = signer(None, by)
        yield book


def settings(path: Path | None) -> tuple[Config | None, Path]:
    """The settings, and the folder they are in; none where no file is named and there is no audit.toml here."""
    from fairwitness.engine.config import parse, read

    file = path or Path("audit.toml")
    if path is None and not file.exists():
        return None, Path()
    return parse(read(file), source=file.name), file if file.is_dir() else file.parent


def rules(config: Config | None) -> Rules:
    """How appeals are handled, as the settings say."""
    from fairwitness.accountability.decisions.steps import Rules

    if config is None:
        return Rules()
    return Rules(
        days=config.appeals.days,
        file_within=config.appeals.file_within,
        recipients=config.decisions.recipients,
        owners=config.roles.owner,
        builders=config.roles.builder,
    )


def now() -> datetime:
    """The time of what is recorded."""
    return datetime.now(UTC)


@decisions.command("import")
def enter(
    file: Annotated[
        str, typer.Argument(metavar="FILE|CONFIG", help="A data file; or audit.toml: what its model decides.")
    ],
    *,
    id_: Annotated[str, typer.Option("--id", metavar="COL", help="The decision's id; @row for the row's number.")],
    person: Annotated[str, typer.Option(metavar="COL", help="The person's reference; @row likewise.")],
    decision: Annotated[str | None, typer.Option(metavar="COL", help="What was decided.")] = None,
    favorable: Annotated[
        str | None, typer.Option(metavar="VALUE", help="The decision that is good for the person.")
    ] = None,
    score: Annotated[str | None, typer.Option(metavar="COL", help="The model's score.")] = None,
    threshold: Annotated[float | None, typer.Option(help="What the score was held against.")] = None,
    group: Annotated[list[str] | None, typer.Option(help="A sensitive attribute; may be repeated.")] = None,
    reasons: Annotated[list[str] | None, typer.Option(metavar="COL", help="Reason codes; may be repeated.")] = None,
    change: Annotated[str | None, typer.Option(metavar="COL", help="What could change the outcome, in words.")] = None,
    time: Annotated[str | None, typer.Option(metavar="COL", help="When it was decided.")] = None,
    decider: Annotated[str | None, typer.Option(metavar="COL", help="Who decided, where a person did.")] = None,
    findings: Annotated[Path | None, typer.Option(help="findings.json of the audit they were made under.")] = None,
    model_digest: Annotated[str, typer.Option(help="Digest of the model, where there are no findings.")] = "",
    policy: Annotated[Path | None, typer.Option(help="The policy they were made under.")] = None,
    config: ConfigOption = None,
    ledger: LedgerOption = DEFAULT,
) -> None:
    """Record decisions. Importing again adds only what is new; a decision recorded before is never rewritten."""
    from fairwitness.accountability.commands.subjects import of_file, of_model
    from fairwitness.accountability.decisions.intake import Columns, decisions
    from fairwitness.accountability.decisions.record import Imported, record
    from fairwitness.core.errors import ConfigError

    model = Path(file).suffix == ".toml" or Path(file).is_dir()
    if model and (decision or score or threshold is not None or config):
        raise ConfigError(
            f"{file}: the settings say what decides; leave out --decision, --score, --threshold, --config"
        )
    said, base = settings(Path(file) if model else config)
    evidence = _evidence(said, findings, model_digest, policy)
    if favorable is None and said is not None and said.subject.favorable is not None:
        value = said.subject.favorable
        favorable = str(value).lower() if isinstance(value, bool) else str(value)
    if favorable is None:
        raise ConfigError(
            f"{Path(file).name}: which decision is good for the person is not known; give --favorable VALUE"
        )
    columns = Columns(
        id=id_,
        person=person,
        favorable=favorable,
        decision=decision,
        score=score,
        threshold=threshold,
        time=time,
        decider=decider,
        change=change,
        reasons=tuple(reasons or ()),
    )
    if model:
        read = of_model(said, base, columns, evidence, groups=group, source=Path(file).name)
    else:
        read = of_file(file, said, columns, evidence, groups=group or [])
    rows = decisions(read.table, read.columns, read.groups, read.evidence)
    done = Imported(0, 0, 0)
    with opened(ledger, said, base, make=True) as book:
        for done in record(book, rows, now=now()):  # noqa: B007 - the last is told below
            pass
    typer.echo(f"Recorded: {done.new:,} new, {done.known:,} known before{_erased(done.erased)}")


def _erased(count: int) -> str:
    return f"; {count:,} left out, since the person was erased" if count else ""


def _evidence(config: Config | None, findings: Path | None, model: str, policy: Path | None) -> Evidence:
    from fairwitness.accountability.decisions.intake import Evidence
    from fairwitness.accountability.policy import rules as policies
    from fairwitness.io import findings as documents

    digest, roles = "", {} if config is None else config.roles.named()
    if findings is not None:
        document = documents.load(findings)
        digest, roles = documents.digest(document), {**document.roles, **roles}
        model = model or document.provenance.model_digest or ""
    return Evidence(
        model=model,
        findings=digest,
        policy="" if policy is None else policies.read(policy).digest,
        owners=tuple(roles.get("owner", ())),
        builders=tuple(roles.get("builder", ())),
    )


@decisions.command()
def erase(*, person: PersonOption, by: ByOption, config: ConfigOption = None, ledger: LedgerOption = DEFAULT) -> None:
    """Destroy the key to everything about a person; the ledger's proofs and the counts by group stay."""
    from fairwitness.accountability.decisions import erasure

    said, base = settings(config)
    with opened(ledger, said, base, by=by) as book:
        count = erasure.erase(book, person, by=by, now=now())
    typer.echo(
        f"Erased: the key to {count:,} decision{'s' if count != 1 else ''}. Erase the person from your own data and backups too."
    )


NameOption = Annotated[str, typer.Option("--name", metavar="TEXT", help="The hold's name, such as a case number.")]


@decisions.command()
def hold(
    *, person: PersonOption, name: NameOption, by: ByOption, config: ConfigOption = None, ledger: LedgerOption = DEFAULT
) -> None:
    """Put a legal hold on a person's records: nothing is erased until it is lifted."""
    from fairwitness.accountability.decisions import erasure

    said, base = settings(config)
    with opened(ledger, said, base, by=by) as book:
        erasure.hold(book, person, name=name, by=by, now=now())
    typer.echo(f"Held: {name!r}")


@decisions.command()
def release(
    *, person: PersonOption, name: NameOption, by: ByOption, config: ConfigOption = None, ledger: LedgerOption = DEFAULT
) -> None:
    """Lift a legal hold."""
    from fairwitness.accountability.decisions import erasure

    said, base = settings(config)
    with opened(ledger, said, base, by=by) as book:
        erasure.release(book, person, name=name, by=by, now=now())
    typer.echo(f"Released: {name!r}")


def trace(
    id_: Annotated[str | None, typer.Argument(metavar="[ID]", help="The decision's id.")] = None,
    *,
    person: Annotated[str | None, typer.Option(metavar="REF", help="Everything decided about this person.")] = None,
    output: TextOrJsonOption = TextOrJson.TEXT,
    config: ConfigOption = None,
    ledger: LedgerOption = DEFAULT,
) -> None:
    """Show one decision with model, owner, evidence, sign-offs, appeals and proof; or all about one person."""
    from fairwitness.accountability.commands.told import traced
    from fairwitness.accountability.decisions import trace as tracing
    from fairwitness.core.errors import UserError

    if (id_ is None) == (person is None):
        raise UserError("trace: give the decision's ID, or --person REF")
    said, base = settings(config)
    with opened(ledger, said, base) as book:
        today = now().date()
        found = (
            tracing.trace_person(book, person, today=today) if person else [tracing.trace(book, id_ or "", today=today)]
        )
    shown: Any = found if person else found[0]
    typer.echo(json.dumps(shown, indent=2, ensure_ascii=False) if output is TextOrJson.JSON else traced(found))


def letter(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The decision's id.")],
    *,
    out: Annotated[Path, typer.Option(help="The file: .html to print, .txt to paste; for its owner alone (0600).")],
    contact: Annotated[str | None, typer.Option(help="Where an appeal goes; else [appeals] contact.")] = None,
    config: ConfigOption = None,
    ledger: LedgerOption = DEFAULT,
) -> None:
    """Write the letter that explains a decision to the person it is about."""
    from fairwitness.accountability.decisions import letter as letters
    from fairwitness.core.errors import UserError
    from fairwitness.io import atomic

    if out.suffix not in {".html", ".txt"}:
        raise UserError(f"{out.name}: a letter is .html or .txt; name such a file")
    said, base = settings(config)
    wording = letters.Wording(contact=contact or "")
    if said is not None:
        wording = letters.Wording(
            sender=said.appeals.sender,
            contact=contact or said.appeals.contact or said.context.get("appeal_contact", ""),
            about=said.appeals.about,
            reasons=said.decisions.reasons,
            decisions=said.decisions.words,
            rights=said.appeals.rights or letters.RIGHTS,
        )
    with opened(ledger, said, base) as book:
        made = letters.compose(book, id_, wording=wording, rules=rules(said), today=now().date())
    atomic.write_text(out, letters.html(made) if out.suffix == ".html" else letters.text(made), mode=0o600)
    typer.echo(f"Written: {out}")
