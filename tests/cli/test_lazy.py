"""Commands that wait until they are called are those commands."""

from __future__ import annotations

import typer
import typer.main
from typer.testing import CliRunner

from fairwitness.cli.lazy import lazily


def made() -> tuple[typer.Typer, list[str]]:
    """Two commands and a group, and what was called."""
    app, called = typer.Typer(), list[str]()
    group = typer.Typer(no_args_is_help=True, help="Things in a group.")

    @app.callback()
    def common() -> None:
        """All."""

    @app.command()
    def first(name: str = "nobody") -> None:
        """Say a name."""
        called.append(name)

    @app.command("other-name", help="Given in words.")
    def second() -> None:
        called.append("second")

    @group.command()
    def inner(*, loud: bool = False) -> None:
        """Be inside."""
        called.append(f"inner {loud}")

    app.add_typer(group, name="group")
    return app, called


def test_help_is_the_same_as_without_waiting() -> None:
    eager, lazy = made()[0], made()[0]
    lazily(lazy)
    for words in (["--help"], ["first", "--help"], ["group", "--help"], ["group", "inner", "--help"], ["firts"]):
        assert CliRunner().invoke(lazy, words).output == CliRunner().invoke(eager, words).output


def test_commands_and_groups_run_with_their_options() -> None:
    app, called = made()
    lazily(app)
    for words in (["first", "--name", "Ada"], ["other-name"], ["group", "inner", "--loud"]):
        assert CliRunner().invoke(app, words).exit_code == 0
    assert called == ["Ada", "second", "inner True"]
    assert CliRunner().invoke(app, ["first", "--nmae", "Ada"]).exit_code == 2


def test_no_signature_is_read_before_a_call() -> None:
    app, _ = made()
    lazily(app)
    commands = vars(typer.main.get_command(app))["commands"]
    assert sorted(commands) == ["first", "group", "other-name"]
    assert not any(command.params for command in commands.values())
