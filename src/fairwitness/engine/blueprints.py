"""From the config's recipe, parts and remedies to a blueprint; and how its edits find their remedies again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fairwitness.core import registry
from fairwitness.core.blueprint import POST, Blueprint, Edit
from fairwitness.core.columns import CROSS
from fairwitness.core.errors import ConfigError
from fairwitness.core.remedy import Remedy
from fairwitness.engine.options import parse_options
from fairwitness.engine.request import Request

BY = "by"


def blueprint(request: Request) -> Blueprint:
    """How the config says the model is made.

    Raises:
        ConflictError: Two parts or remedies do not go together.
        ConfigError: One that is not there, wrong options, or a group it needs is not named.
    """
    made = Blueprint(recipe=str(request.config.model.train))
    for edit in (*_parts(request), *_remedies(request)):
        made = made.with_edit(edit)
    return made


def remedy_of(edit: Edit) -> Remedy | None:
    """The remedy an edit comes from; None for a part that the config names itself."""
    return registry.remedy(edit.id, source="blueprint") if "." in edit.id else None


def options_of(edit: Edit) -> Any:  # noqa: ANN401 - the remedy's own
    """The options of an edit, as its remedy takes them."""
    remedy = registry.remedy(edit.id, source="blueprint")
    return remedy.Options(**{name: value for name, value in edit.options if name != BY})


def looked_at(edit: Edit) -> str:
    """The attribute an edit looks at, or several crossed; empty where it looks at none."""
    return str(dict(edit.options).get(BY, ""))


def _parts(request: Request) -> list[Edit]:
    settings = request.config.model
    if not settings.parts:
        return []
    from fairwitness.torchkit.parts import named  # torch only when a model is asked for

    edits = []
    for part in settings.parts:
        kind, where = named.known(part.part), f"[[model.parts]] {part.part}"
        _check(request, kind.options, part.options, where)
        by = _by(request, part.by, where, wanted=kind.by_group)
        edits.append(Edit(id=part.part, acts=kind.acts, options=_options(part.options, by)))
    return edits


def _remedies(request: Request) -> list[Edit]:
    edits = []
    for given in request.config.model.remedies:
        remedy, where = registry.remedy(given.remedy, source=request.source), f"[[model.remedies]] {given.remedy}"
        info = remedy.info
        if info.tasks is not None and request.goal.task not in info.tasks:
            for_tasks = " and ".join(sorted(info.tasks))
            raise ConfigError(f"{request.source}: {where} is for {for_tasks} tasks; this one is {request.goal.task}")
        if info.acts in POST and request.config.split.tune == 0 and request.config.split.column is None:
            raise ConfigError(f"{request.source}: {where} needs tune rows, and [split] tune is 0; leave some")
        _check(request, remedy.Options, given.options, where)
        by = _by(request, given.by, where, wanted=info.by_group)
        edits.append(Edit(id=info.id, acts=info.acts, options=_options(given.options, by)))
    return edits


def _check(request: Request, kind: type, given: Mapping[str, Any], where: str) -> None:
    parse_options(kind, given, source=f"{request.source}: {where}")


def _by(request: Request, by: str | None, where: str, *, wanted: bool) -> str:
    """The attribute an edit looks at; empty where it looks at none."""
    if wanted:
        return _attribute(request, where, by)
    if by is not None:
        raise ConfigError(f"{request.source}: {where} looks at no group; leave out by")
    return ""


def _options(given: Mapping[str, float | str], by: str) -> tuple[tuple[str, float | str], ...]:
    return tuple(sorted({**given, **({BY: by} if by else {})}.items()))


def _attribute(request: Request, where: str, by: str | None) -> str:
    """The attribute an edit looks at: the one it names, or the only one there is."""
    have = list(request.declared.groups)
    if by is None and len(have) == 1:
        return have[0]
    if by is None or not set(by.split(CROSS)) <= set(have):
        asked = "needs a group" if by is None else f"by is {by!r}, and no such group is declared"
        ways = f"by = one of {', '.join(map(repr, have))}" if have else "declare [subject] groups"
        raise ConfigError(f"{request.source}: {where}: {asked}; {ways}")
    return by
