"""Commands whose options are read when they are called: help over all of them needs only names and first lines.

Typer reads the signature of every command before it does anything, which was a sixth of what `--help` took.
"""

from __future__ import annotations

import inspect
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command_from_info, get_command_name, get_group_from_info, solve_typer_info_help
from typer.models import CommandInfo, TyperInfo


def lazily(app: typer.Typer) -> None:
    """Let every command and group that `app` has by now wait until it is called."""
    later = [*map(_command, app.registered_commands), *map(_group, app.registered_groups)]
    app.registered_commands, app.registered_groups = [], []

    class Waiting(TyperGroup):
        """The group of commands that wait."""

        def __init__(self, **attrs: Any) -> None:  # noqa: ANN401 - whatever typer gives a group
            super().__init__(**attrs)
            self.commands.update({str(each.name): each for each in later})

    app.info.cls = Waiting


class _Later(TyperCommand):
    """A command or group as help lists it; whoever calls it gets the real one."""

    def __init__(self, name: str, words: str, info: CommandInfo | TyperInfo) -> None:
        super().__init__(name=name, help=words)
        self._info = info

    def make_context(self, *args: Any, **named: Any) -> Any:  # noqa: ANN401 - typer's own types are private
        """The context of the real command, which is made now."""
        if isinstance(self._info, CommandInfo):
            real = get_command_from_info(self._info, pretty_exceptions_short=True, rich_markup_mode="rich")
            return real.make_context(*args, **named)
        group = get_group_from_info(
            self._info, pretty_exceptions_short=True, suggest_commands=True, rich_markup_mode="rich"
        )
        return group.make_context(*args, **named)


def _command(info: CommandInfo) -> _Later:
    if info.callback is None:
        raise ValueError("a command without a function")
    name = info.name or get_command_name(info.callback.__name__)
    return _Later(name, inspect.cleandoc(info.help) if info.help else inspect.getdoc(info.callback) or "", info)


def _group(info: TyperInfo) -> _Later:
    return _Later(str(info.name), solve_typer_info_help(info), info)
