"""The commands. Heavy imports wait until a command runs, so `--help` answers at once."""

from __future__ import annotations

import importlib
import os
import pkgutil
import shlex
import shutil
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

import fairwitness
from fairwitness.cli import fix, tally
from fairwitness.cli.lazy import lazily

if TYPE_CHECKING:
    from fairwitness.core.findings import Document

WIDEST = 110
"""Columns a report takes on a terminal: longer lines are hard to read."""

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Audit data and models: is it fair, for whom not, how sure are we, and what to do about it.",
)


class Format(StrEnum):
    """What `--format` takes."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    MARKDOWN = "markdown"
    HTML = "html"


FormatOption = Annotated[Format, typer.Option("--format", help="What to print.")]


def _version(wanted: bool) -> None:
    if wanted:
        from fairwitness import __version__

        typer.echo(f"fairwitness {__version__}")
        raise typer.Exit


@app.callback()
def common(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """What every command shares."""


@app.command()
def audit(
    what: Annotated[
        str, typer.Argument(metavar="CONFIG|DATA", help="audit.toml, a folder that holds one, or a data file.")
    ] = "audit.toml",
    more: Annotated[list[Path] | None, typer.Argument(metavar="[TALLY]...", help="More of --from-tallies.")] = None,
    *,
    out: Annotated[Path, typer.Option(help="Folder for findings.json and report.html.")] = Path("audit-report"),
    from_tallies: Annotated[
        list[Path] | None,
        typer.Option(metavar="TALLY [TALLY]...", help="Audit counts that `fairwitness tally` made, added up."),
    ] = None,
    target: Annotated[str | None, typer.Option(help="Column with the recorded outcomes.")] = None,
    positive: Annotated[str | None, typer.Option(help="The class that is predicted.")] = None,
    favorable: Annotated[str | None, typer.Option(help="The class that is good for the person.")] = None,
    group: Annotated[list[str] | None, typer.Option(help="A sensitive attribute; may be repeated.")] = None,
    decision: Annotated[str | None, typer.Option(help="Column of decisions, or COLUMN OP LITERAL.")] = None,
    score: Annotated[str | None, typer.Option(help="Column of probabilities of the positive class.")] = None,
    train: Annotated[str | None, typer.Option(help="Train and audit: mlp, cnn, gru, ... or module:factory.")] = None,
    factory: Annotated[str | None, typer.Option(help="module:function that builds your torch network.")] = None,
    weights: Annotated[
        str | None, typer.Option(help="Its weights (.safetensors, .ckpt, weights-only .pt), or a graph (.onnx, .pt2).")
    ] = None,
    black_box: Annotated[
        str | None, typer.Option(help="module:function that returns your estimator or callable.")
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="Column no model reads; may be repeated.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Only this pillar or check; may be repeated.")] = None,
    skip: Annotated[list[str] | None, typer.Option(help="Not this pillar or check; may be repeated.")] = None,
    preset: Annotated[str | None, typer.Option(help="Named limits: eeoc-four-fifths, strict.")] = None,
    baseline: Annotated[str | None, typer.Option(help="findings.json: fail only on what is worse.")] = None,
    fail_on: Annotated[str | None, typer.Option(help="Least severity that blocks: low, medium, high.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Uncertain and unanswered block too.")] = False,
    seed: Annotated[int | None, typer.Option(help="Seed of everything random.")] = None,
    ledger: Annotated[Path, typer.Option(help="Where the run is recorded.")] = Path(".fairwitness/ledger.sqlite"),
    no_ledger: Annotated[bool, typer.Option("--no-ledger", help="Do not record the run.")] = False,
    output: FormatOption = Format.TEXT,
) -> None:
    """Audit data, recorded decisions or a model; exit 1 if it does not pass."""
    from fairwitness import report
    from fairwitness.cli.progress import showing
    from fairwitness.engine import config as settings
    from fairwitness.engine.audit import audit as run
    from fairwitness.engine.record import audited, auditing, policy_digest
    from fairwitness.io import atomic
    from fairwitness.io import findings as documents

    flags: dict[str, Any] = {
        "seed": seed,
        "preset": preset,
        "baseline": None if baseline is None else str(Path(baseline).absolute()),
        "subject": {
            "target": target,
            "positive": positive,
            "favorable": favorable,
            "groups": group or None,
            "exclude": exclude or None,
        },
        "model": {
            "decision": decision,
            "score": score,
            "train": train,
            "factory": factory,
            "black_box": black_box,
            "weights": None if weights is None else str(Path(weights).absolute()),
        },
        "checks": {"only": only or None, "skip": skip or None},
        "gate": {"fail_on": fail_on, "strict": strict or None},
    }
    data, loaded, base, source = _settings(what)
    tallies = _tallies(data, from_tallies, more)
    config = settings.parse(settings.lay_over(loaded, flags), source=source)
    policy = policy_digest(config, base)
    with showing() as progress, auditing(None if no_ledger else ledger, config, policy) as recorded:
        document = run(
            config,
            data=data,
            tallies_of=tallies,
            base=base,
            out=out,
            source=source,
            command=shlex.join(["fairwitness", *sys.argv[1:]]),
            progress=recorded.watch(progress),
        )
        atomic.write_text(out / "findings.json", documents.dump(document))
        atomic.write_text(out / "report.html", report.render(document, "html"))
        recorded.finish(audited(document, config, policy))
    _print(_rendered(document, output))
    typer.echo(f"Written: {out / 'report.html'} and {out / 'findings.json'}", err=True)
    raise typer.Exit(0 if document.gate.passes else 1)


def _settings(what: str) -> tuple[str | None, dict[str, Any], Path, str]:
    """The data path given (None: the config names it), the settings, their folder, and their name for messages."""
    from fairwitness.engine.config import read

    path = Path(what)
    if path.suffix == ".toml" or (path.is_dir() and (path / "audit.toml").exists()):
        file = path / "audit.toml" if path.is_dir() else path
        return None, read(file), file.parent, file.name
    return what, {}, Path(), "command line"


def _tallies(data: str | None, first: list[Path] | None, more: list[Path] | None) -> list[Path]:
    """The files of counts that are named; none where rows are audited."""
    from fairwitness.core.errors import ConfigError

    if first and data is not None:
        raise ConfigError(
            "command line: --from-tallies needs the settings they were made with; fairwitness audit audit.toml "
            "--from-tallies A B"
        )
    if more and not first:
        raise ConfigError(f"command line: what is {more[0]}? One thing is audited; tallies follow --from-tallies")
    return [*(first or ()), *(more or ())]


def _rendered(document: Document, output: Format) -> str:
    from fairwitness import report as surfaces
    from fairwitness.io import findings as documents

    if output is Format.JSON:
        return documents.dump(document)
    if output is Format.TEXT and sys.stdout.isatty():
        width = min(shutil.get_terminal_size().columns, WIDEST)
        return surfaces.text(document, width=width, colour="NO_COLOR" not in os.environ)
    return surfaces.render(document, cast("surfaces.Format", output.value))


def _print(text: str) -> None:
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


@app.command()
def checks(
    name: Annotated[str | None, typer.Argument(metavar="[ID]", help="A check to explain.")] = None,
) -> None:
    """List every check, or explain one."""
    from fairwitness.cli import catalogue

    _print(catalogue.explain(name) if name else catalogue.listing())


@app.command()
def report(
    findings: Annotated[Path, typer.Argument(metavar="FINDINGS", help="A findings.json.")],
    *,
    out: Annotated[Path | None, typer.Option(help="File to write; without it, print.")] = None,
    output: FormatOption = Format.HTML,
) -> None:
    """Make any surface from findings.json: HTML, text, SARIF, JUnit, Markdown."""
    from fairwitness.io import atomic
    from fairwitness.io import findings as documents

    document = documents.load(findings)
    text = _rendered(document, output)
    if out is None:
        _print(text)
    else:
        atomic.write_text(out, text)


class Contract(StrEnum):
    """What `schema` prints the schema of."""

    FINDINGS = "findings"
    COMPARISON = "comparison"
    FRONTIER = "frontier"


@app.command()
def schema(
    of: Annotated[
        Contract, typer.Argument(metavar="[findings|comparison|frontier]", help="Of which file.")
    ] = Contract.FINDINGS,
) -> None:
    """Print the JSON Schema of findings.json, comparison.json or frontier.json."""
    import json

    from fairwitness.io import comparisons
    from fairwitness.io import findings as documents

    make = {
        Contract.FINDINGS: documents.schema,
        Contract.COMPARISON: comparisons.schema,
        Contract.FRONTIER: comparisons.frontier_schema,
    }
    _print(json.dumps(make[of](), indent=2))


@app.command()
def init(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A data file, or package:NAME/path.")],
    *,
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("audit.toml"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a commented audit.toml with guesses from the data, to be read and mended by a person."""
    from fairwitness.core.errors import ConfigError
    from fairwitness.engine.draft import draft
    from fairwitness.io import atomic
    from fairwitness.io.read import read

    if out.exists() and not force:
        raise ConfigError(f"{out}: is there already; --force replaces it, --out names another")
    atomic.directory(out.parent)
    near = data if data.startswith("package:") else os.path.relpath(data, out.parent)
    text = draft(read(data), path=near, config=str(out))
    atomic.write_text(out, text)
    typer.echo(f"Written: {out}. Read it, mend the guesses, then: fairwitness audit {out}")


class Example(StrEnum):
    """What `example` writes: real data with settings, or settings for a study whose data the user has."""

    LOAN = "loan"
    HEALTH = "health"
    DIGITS = "digits"
    COMPAS = "compas"
    CREDIT_DEFAULT = "credit-default"
    GERMAN_CREDIT = "german-credit"
    HMDA = "hmda"
    FRAMINGHAM = "framingham"
    BIOGRAPHIES = "biographies"
    CALL_BACKS = "call-backs"


@app.command()
def example(
    name: Annotated[
        Example,
        typer.Argument(
            help="loan: Boston mortgages 1990; health: diabetes progression; digits: 5,000 images. The others are studies: "
            "--data names your copy."
        ),
    ],
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Folder to write; the name if left out.")
    ] = None,
    data: Annotated[Path | None, typer.Option(metavar="FILE", help="Of a study: your copy of its data.")] = None,
) -> None:
    """Write real data and its audit.toml, to start from; or the audit.toml of a well-known study."""
    from fairwitness.examples import write

    folder = directory or Path(name.value)
    write(name.value, folder, data)
    typer.echo(f"Written: {folder}. Next: fairwitness audit {folder / 'audit.toml'}")


fix.register(app)
tally.register(app)


def _register_pillars() -> None:
    """Add the commands of every pillar that has a `commands` module, by its `register(app)`; no other file is imported."""
    for root in fairwitness.__path__:
        for pillar in pkgutil.iter_modules([root]):
            if any(entry.name == "commands" for entry in pkgutil.iter_modules([f"{root}/{pillar.name}"])):
                importlib.import_module(f"fairwitness.{pillar.name}.commands").register(app)


_register_pillars()
lazily(app)
