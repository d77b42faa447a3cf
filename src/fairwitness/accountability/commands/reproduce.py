"""`fairwitness reproduce`: the audit again, and whether it says the same."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairwitness.accountability.commands.formats import TextOrJson, TextOrJsonOption

if TYPE_CHECKING:
    from fairwitness.accountability.policy.reproduced import Difference, What
    from fairwitness.core.findings import Document
    from fairwitness.engine.config import Config

MOST = 40
"""Differences listed on a terminal; `--format json` lists all."""


def register(app: typer.Typer) -> None:
    """Add `reproduce`."""
    app.command()(reproduce)


def reproduce(
    findings: Annotated[Path, typer.Argument(metavar="FINDINGS", help="The findings.json of an audit.")],
    *,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its settings; without it, those kept in FINDINGS.")
    ] = None,
    data: Annotated[
        str | None, typer.Option(metavar="DATA", help="Where the data are now; without it, where they were.")
    ] = None,
    tolerance: Annotated[
        float, typer.Option(help="How far numbers may lie apart, as a share of the larger one or of 1.")
    ] = 1e-6,
    output: TextOrJsonOption = TextOrJson.TEXT,
) -> None:
    """Audit again with the same data, settings and seed; exit 1 if the numbers differ, and say what else does."""
    from fairwitness.accountability.policy.reproduced import compared
    from fairwitness.core.errors import ConfigError
    from fairwitness.io import findings as documents

    if not 0 <= tolerance < 1:
        raise ConfigError.bad_value("--tolerance", tolerance, source="command line", want="give 0 or more, below 1")
    then = documents.load(findings)
    causes, numbers = _repeated(then, findings, config, data, tolerance)
    same = not numbers and not any(each.what in {"data", "model"} for each in causes)
    if output is TextOrJson.JSON:
        typer.echo(
            json.dumps(
                {
                    "reproduced": same,
                    "findings": documents.digest(then),
                    "tolerance": tolerance,
                    "compared": compared(then),
                    "differences": [asdict(each) for each in (*causes, *numbers)],
                },
                indent=2,
            )
        )
    else:
        from fairwitness.draw.text import plain

        count = len(then.findings)
        told = f"{count} finding{'' if count == 1 else 's'}, {compared(then):,} numbers, tolerance {tolerance:g}"
        typer.echo(f"Reproduced: {told}" if same else f"Not reproduced ({told}):")
        shown = [*causes, *numbers][:MOST]
        typer.echo("".join(f"  {'although ' if same else ''}{plain(each.told())}\n" for each in shown), nl=False)
        left = len(causes) + len(numbers) - len(shown)
        if left:
            typer.echo(f"  and {left} more; --format json lists them all")
    raise typer.Exit(0 if same else 1)


def _repeated(
    then: Document, findings: Path, config: Path | None, data: str | None, tolerance: float
) -> tuple[list[Difference], list[Difference]]:
    """What differs in what went in, and in what came out; on other data nothing is run."""
    from fairwitness.accountability.policy.reproduced import of_appeals, of_numbers, of_settings, of_versions
    from fairwitness.cli.progress import showing
    from fairwitness.engine.audit import audit, load
    from fairwitness.engine.config import parse
    from fairwitness.io.read import read

    made = then.provenance
    settings, base = _settings(then, findings, config)
    causes = (
        [] if made.config is None else of_settings(_whole(parse(made.config, source=findings.name)), _whole(settings))
    )
    if not causes and settings.digest != made.config_digest:
        causes = [_digests("settings", made.config_digest, settings.digest)]
    source = (config or findings).name
    table = read(_place(then, findings, None if config is None else settings, base, data))
    judged = load(table, settings, base=base, source=source)  # as appeals have put it right since, or not
    if judged.fingerprint != made.data_digest:
        put_right = table.fingerprint == made.data_digest  # the file is the same
        where = "as appeals have put recorded outcomes right since" if put_right else ""
        return [_digests("data", made.data_digest, judged.fingerprint, where), *causes], []
    with showing() as progress:
        now = audit(settings, data=table, base=base, source=source, progress=progress)
    numbers = of_numbers(then, now, tolerance=tolerance)
    before, after = made.model_digest, now.provenance.model_digest
    if before != after and (numbers or settings.model.train is None):  # one trained anew may differ in a last bit
        causes.append(_digests("model", before, after))
    return [*causes, *of_appeals(then, now, numbers), *of_versions(then, now)], numbers


def _settings(then: Document, findings: Path, config: Path | None) -> tuple[Config, Path]:
    """The settings to repeat, and the folder their paths start from.

    Raises:
        ConfigError: They are not in the findings, or are not enough to repeat the audit.
    """
    from fairwitness.core.errors import ConfigError
    from fairwitness.engine.config import parse, read
    from fairwitness.engine.models import wanted

    made = then.provenance
    if config is not None:
        folder = config if config.is_dir() else config.parent
        settings, base = parse(read(config), source=config.name), folder
    elif made.config is None:
        raise ConfigError(f"{findings.name}: its settings are not in it; --config FILE gives them")
    else:
        settings, base = parse(made.config, source=findings.name), Path(made.base)
    if then.subject.decisions_from == "model" and not wanted(settings):
        raise ConfigError(
            f"{findings.name}: its model was given from Python and is not in it; audit again there, and compare with "
            "fairwitness.accountability.policy.reproduced.of_numbers"
        )
    return settings, base


def _place(then: Document, findings: Path, settings: Config | None, base: Path, data: str | None) -> str | Path:
    """Where the data are: as told, as the settings given say, where they were, or beside the findings.

    Raises:
        DataError: They are at none of these.
    """
    from fairwitness.core.errors import DataError

    was = then.provenance.data
    own = None if settings is None else settings.data.path
    if data is not None:
        return data
    if own is not None:
        return own if own.startswith("package:") else base / own
    if was.startswith("package:"):
        return was
    near = [Path(was), findings.parent / Path(was).name] if was else []
    for path in near:
        if path.exists():
            return path
    said = f"the data were at {was!r}, and are not there" if was else "it does not say where the data are"
    raise DataError(f"{findings.name}: {said}; --data PATH names them")


def _whole(settings: Config) -> dict[str, Any]:
    """Every setting, given or not, so that a default written out is no difference."""
    return settings.model_dump(mode="json")


def _digests(what: What, then: str | None, now: str | None, where: str = "") -> Difference:
    from fairwitness.accountability.policy.reproduced import Difference

    short = ["none" if digest is None else f"sha256 {digest[:12]}" for digest in (then, now)]
    return Difference(what=what, where=where, then=short[0], now=short[1])
