"""`fairwitness appeal ...`: a person disagrees, and somebody independent looks again."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from fairwitness.accountability.commands.decisions import ByOption, ConfigOption, now, opened, rules, settings
from fairwitness.accountability.commands.formats import TextOrJson, TextOrJsonOption
from fairwitness.accountability.commands.options import DEFAULT, LedgerOption

if TYPE_CHECKING:
    from fairwitness.accountability.decisions.appeals import Seen

appeal = typer.Typer(no_args_is_help=True, help="Appeals: file, assign, review blind, decide, tell, withdraw, close.")

AppealArgument = Annotated[
    str, typer.Argument(metavar="APPEAL", help="The appeal, such as A-0123456789, or the decision's id.")
]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept encrypted.")]


class Outcome(StrEnum):
    """What `--outcome` takes."""

    UPHELD = "upheld"
    OVERTURNED = "overturned"
    PARTLY = "partly"


def register(app: typer.Typer) -> None:
    """Add `appeal`."""
    app.add_typer(appeal, name="appeal")


@appeal.command()
def file(
    decision: Annotated[str, typer.Argument(metavar="ID", help="The decision's id.")],
    *,
    reason: ReasonOption,
    by: ByOption,
    late: Annotated[str, typer.Option(metavar="TEXT", help="Why it is taken after the time to appeal.")] = "",
    config: ConfigOption = None,
    ledger: LedgerOption = DEFAULT,
) -> None:
    """File an appeal against a decision; prints its id."""
    from fairwitness.accountability.decisions import appeals

    said, base = settings(config)
    with opened(ledger, said, base, by=by) as book:
        case = appeals.file(book, decision, reason=reason, by=by, rules=rules(said), now=now(), late=late)
    typer.echo(case.id)
    typer.echo(f"Filed. An answer is due by {case.due}. Next: fairwitness appeal acknowledge {case.id}", err=True)


@appeal.command()
def acknowledge(
    which: AppealArgument, *, by: ByOption, config: ConfigOption = None, ledger: LedgerOption = DEFAULT
) -> None:
    """Record that the person was told the appeal has arrived."""
    from fairwitness.accountability.decisions import appeals

    said, base = settings(config)
    with opened(ledger, said, base, by=by) as book:
        appeals.acknowledge(book, which, by=by, now=now())
    typer.echo(f"Acknowledged. Next: fairwitness appeal assign {which} --reviewer NAME")


@appeal.command()
def assign(
    which: AppealArgument,
    *,
    reviewer: Annotated[str, typer.Option(metavar="NAME", help="Neither owner, nor builder, nor who decided first.")],
    by: ByOption,
    config: ConfigOption = None,
    ledger: LedgerOption = DEFAULT,
) -> None:
    """Give an appeal to a reviewer who had no part in the decision."""
    from fairwitness.accountability.decisions import appeals
    from fairwitness.draw.text import plain

    said, base = settings(config)
    with opened(ledger, said, base, by=by) as book:
        case = appeals.assign(book, which, reviewer=reviewer, by=by, rules=rules(said), now=now())
    typer.echo(
        plain(
            f"Assigned to {case.reviewer}, due {case.due}. Next, by {case.reviewer}: fairwitness appeal review {which}"
        )
    )


@appeal.command()
def review(
    which: AppealArgument,
    *,
    decision: Annotated[str, typer.Option(metavar="VALUE", help="What you would decide, before you see the score.")],
    reason: ReasonOption,
    by: ByOption,
    config: ConfigOption = None,
    ledger: LedgerOption = DEFAULT,
) -> None:
    """Record your own decision; only then is the model's score shown."""
    from fairwitness.accountability.decisions import appeals

    said, base = settings(config)
    with opened(ledger, said, base, by=by) as book:
        seen = appeals.review(book, which, by=by, decision=decision, reason=reason, rules=rules(said), now=now())
    typer.echo(f"Recorded: you would decide {decision!r}.\n{_seen(seen)}\nNext: fairwitness appeal decide {which}")


def _seen(seen: Seen) -> str:
    from fairwitness.draw.text import plain

    score = "not recorded" if seen.score is None else f"{seen.score:g}"
    held = "" if seen.threshold is None else f", held against {seen.threshold:g}"
    reasons = plain(", ".join(seen.reasons)) or "none recorded"
    return f"It was decided {seen.decision!r}; score {score}{held}; reasons: {reasons}."


@appeal.command()
def decide(
    which: AppealArgument,
    *,
    outcome: Annotated[Outcome, typer.Option(help="overturned and partly change the decision of record.")],
    reason: ReasonOption,
    by: ByOption,
    decision: Annotated[
        str | None, typer.Option(metavar="VALUE", help="What holds now; the favorable one if left out.")
    ] = None,
    label: Annotated[str | None, typer.Option(metavar="VALUE", help="What the target should hold for it.")] = None,
    tell: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Whom else to tell; may be repeated.")] = None,
    config: ConfigOption = None,
    ledger: LedgerOption = DEFAULT,
) -> None:
    """Decide an appeal: an overturn corrects the decision and the label, and opens similar cases."""
    from fairwitness.accountability.decisions import rulings
    from fairwitness.draw.text import plain

    said, base = settings(config)
    ruling = rulings.Ruling(
        outcome=outcome.value, reason=reason, decision=decision, label=label, tell=tuple(tell or ())
    )
    with opened(ledger, said, base, by=by) as book:
        done = rulings.decide(book, which, ruling, by=by, rules=rules(said), now=now())
    typer.echo(f"Decided: {done.case.outcome}; what holds now: {done.decision!r}.")
    if done.opened:
        typer.echo(
            f"Opened for review, decided alike: {len(done.opened):,}; `fairwitness appeal list --open` shows them."
        )
    typer.echo(f"To be told: {plain(', '.join(done.tell))}. Next: fairwitness appeal tell {which}")


@appeal.command()
def tell(
    which: AppealArgument,
    *,
    told: Annotated[list[str], typer.Option("--told", metavar="NAME", help="Who has been told; may be repeated.")],
    by: ByOption,
    config: ConfigOption = None,
    ledger: LedgerOption = DEFAULT,
) -> None:
    """Record who has been told of the outcome."""
    from fairwitness.accountability.decisions import appeals
    from fairwitness.draw.text import plain

    said, base = settings(config)
    with opened(ledger, said, base, by=by) as book:
        done = appeals.told(book, which, names=told, by=by, now=now())
    left = f"Still to be told: {plain(', '.join(done.left))}." if done.left else "Everybody has been told."
    typer.echo(left if done.left else f"{left} Next: fairwitness appeal close {which}")


@appeal.command()
def withdraw(
    which: AppealArgument,
    *,
    reason: ReasonOption,
    by: ByOption,
    config: ConfigOption = None,
    ledger: LedgerOption = DEFAULT,
) -> None:
    """Record that the person takes their appeal back."""
    from fairwitness.accountability.decisions import appeals

    said, base = settings(config)
    with opened(ledger, said, base, by=by) as book:
        appeals.withdraw(book, which, reason=reason, by=by, now=now())
    typer.echo(f"Withdrawn. Next: fairwitness appeal close {which}")


@appeal.command()
def close(which: AppealArgument, *, by: ByOption, config: ConfigOption = None, ledger: LedgerOption = DEFAULT) -> None:
    """Close an appeal of whose outcome everybody has been told."""
    from fairwitness.accountability.decisions import appeals

    said, base = settings(config)
    with opened(ledger, said, base, by=by) as book:
        appeals.close(book, which, by=by, now=now())
    typer.echo("Closed.")


@appeal.command("list")
def show(
    *,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those whose last day is over.")] = False,
    still_open: Annotated[bool, typer.Option("--open", help="Only those that are not closed.")] = False,
    output: TextOrJsonOption = TextOrJson.TEXT,
    config: ConfigOption = None,
    ledger: LedgerOption = DEFAULT,
) -> None:
    """List appeals: state, deadline, reviewer."""
    from fairwitness.accountability.commands.told import listed
    from fairwitness.accountability.decisions.states import State

    said, base = settings(config)
    today = now().date()
    with opened(ledger, said, base) as book:
        cases = [case for case in book.cases().values() if not overdue or case.overdue(today)]
    cases = [case for case in cases if not still_open or case.state is not State.CLOSED]
    if output is TextOrJson.TEXT:
        typer.echo(listed(cases, today))
        return
    rows = [
        {
            "id": case.id,
            "state": str(case.state),
            "origin": case.origin,
            "filed": case.filed,
            "due": case.due,
            "overdue": case.overdue(today),
            "reviewer": case.reviewer,
            "outcome": None if case.outcome is None else str(case.outcome),
        }
        for case in cases
    ]
    typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
