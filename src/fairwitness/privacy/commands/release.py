"""`fairwitness release`: private statistics, or a noised copy, of data that may not be given away as they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from fairwitness.accountability.ledger import JSON, Entry
    from fairwitness.privacy.bounds import Public
    from fairwitness.privacy.releasing import Release

LEDGER = Path(".fairwitness/ledger.sqlite")
MOST_EPSILON = 50


def register(app: typer.Typer) -> None:
    """Add `release`."""
    app.command()(release)


def release(
    data: Annotated[str, typer.Argument(metavar="DATA", help="A data file, or package:NAME/path.")],
    *,
    epsilon: Annotated[str, typer.Option(help="The privacy budget, such as 1 or 0.5: small protects much.")],
    out: Annotated[Path, typer.Option(help="Folder for the release; what must stay private lies in DIR/private.")],
    bounds: Annotated[
        Path | None, typer.Option(help="TOML with what is public of each column: low, high, step, or values.")
    ] = None,
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Means and shares (what is done by itself).")
    ] = False,
    copy: Annotated[bool, typer.Option("--copy", help="A copy of all rows, every cell noised.")] = False,
    target: Annotated[
        str | None, typer.Option(help="With --copy: a column to predict, to try whether the copy is of use.")
    ] = None,
    ledger: Annotated[Path, typer.Option(help="Where the release is recorded.")] = LEDGER,
    no_ledger: Annotated[bool, typer.Option("--no-ledger", help="Do not record the release.")] = False,
) -> None:
    """Release private statistics or a noised copy: public bounds, exact noise, and what it costs."""
    from fairwitness.accountability.ledger.runs import running
    from fairwitness.core.digest import digest
    from fairwitness.io.read import read
    from fairwitness.privacy import bounds as public
    from fairwitness.privacy import releasing

    budget = _budget(epsilon)
    if bounds is None:
        raise public.ReleaseError.no_bounds()
    if statistics and copy:
        raise public.ReleaseError(
            "release: --statistics and --copy are two releases, each with a budget of its own; give one of them"
        )
    columns = public.read(bounds)
    _fits(target, columns, copy=copy, source=bounds.name)
    releasing.refuse_second(out)
    table = read(data)
    places = public.places(table, columns)
    about: dict[str, JSON] = {
        "id": table.fingerprint,
        "epsilon": str(budget),
        "what": "copy" if copy else "statistics",
        "columns": [column.name for column in columns],
        "bounds": digest(columns),
        "rows": len(table),
    }
    path = None if no_ledger else ledger
    with running(path, "release", about) as run:
        before = [] if path is None else _spent(path, table.fingerprint)
        made = (
            releasing.of_rows(columns, places, budget, target=target)
            if copy
            else releasing.of_statistics(columns, places, budget)
        )
        files: dict[str, JSON] = {name: digest(text) for name, text in made.files.items()}
        run.finish([_entry(about, files)])
    made.write(
        out, public.originals(table, columns)
    )  # after it is recorded: a release nobody recorded would be worse than a record of none
    typer.echo(_told(made, before, [name for name in table.frame.columns if name not in places], out))


def _entry(about: Mapping[str, JSON], files: dict[str, JSON]) -> Entry:
    from fairwitness.accountability.ledger import Entry
    from fairwitness.accountability.ledger.runs import code

    return Entry(kind="release", body={**about, "outcome": "finished", "files": files, "code": code()})


def _spent(path: Path, data: str) -> list[Fraction]:
    """The budgets of earlier releases of the same data, as far as this ledger knows."""
    from fractions import Fraction

    from fairwitness.accountability.ledger.store import Ledger

    with Ledger(path) as log:
        bodies = [stored.entry.body for stored in log.find("release", data)]
    return [Fraction(str(body["epsilon"])) for body in bodies if body.get("outcome") == "finished"]


def _told(made: Release, before: Sequence[Fraction], left: Sequence[str], out: Path) -> str:
    """What was done, without a true value."""
    from fairwitness.draw.words import listed, plural
    from fairwitness.privacy.releasing import COMPARISON, shown, worth

    lines = [*shown(made), *worth(made)]
    if left:
        lines.append(f"Not released, for want of public bounds: {listed(left)}.")
    if before:
        lines.append(
            f"By this ledger {plural(len(before), 'earlier release')} of the same data spent epsilon {sum(before)}; "
            f"with this one it is {sum(before) + made.epsilon}."
        )
    lines.append(f"Written: {', '.join(str(out / name) for name in made.files)}")
    lines.append(
        f"NOT private, for you alone: {out / 'private' / COMPARISON} holds true values beside the released ones."
    )
    return "\n".join(lines)


def _budget(text: str) -> Fraction:
    """Epsilon as it is written, not as a float comes near it.

    Raises:
        ReleaseError: It is no number, not positive, or so large that it protects nobody.
    """
    from fractions import Fraction

    from fairwitness.privacy.bounds import ReleaseError

    try:
        budget = Fraction(text)
    except (ValueError, ZeroDivisionError):
        budget = Fraction(0)
    if not 0 < budget <= MOST_EPSILON:
        raise ReleaseError.bad_value(
            "--epsilon",
            text,
            source="release",
            want=f"give a number above 0, such as 1; above {MOST_EPSILON} protects nobody",
        )
    return budget


def _fits(target: str | None, columns: tuple[Public, ...], *, copy: bool, source: str) -> None:
    """Refuse a target that is not released, or no category."""
    from fairwitness.privacy.bounds import Choices, ReleaseError

    if target is None:
        return
    if not copy:
        raise ReleaseError(
            "release: --target goes with --copy: no model is trained on statistics; take one of them out"
        )
    found = [column for column in columns if column.name == target]
    if not found or not isinstance(found[0], Choices):
        raise ReleaseError(
            f"{source}: --target {target!r} must be a column with values there, such as [columns.{target}] values = [0, 1]"
        )
