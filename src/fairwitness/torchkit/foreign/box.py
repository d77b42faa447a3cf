"""A black box of the user's own, built by their function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fairwitness.core.errors import UserError
from fairwitness.torchkit.errors import LoadError
from fairwitness.torchkit.foreign.errors import ForeignError
from fairwitness.torchkit.foreign.estimators import is_estimator
from fairwitness.torchkit.importing import import_named, is_module, searched


def build_box(spec: str, base: Path) -> Callable[..., Any] | Any:  # noqa: ANN401 - an estimator of any library
    """What a function, `module:function`, returns: an estimator, or a callable from a frame to scores or decisions.

    Raises:
        ModelError: There is no such function, it fails, or returns something else.
    """
    function = import_named(spec, base=base)
    if not callable(function):
        raise ForeignError.no_box(spec, f"a {type(function).__name__} that cannot be called")
    if _wants(function):
        raise ForeignError.scorer(spec)
    try:
        with searched(base):
            given = function()
    except UserError:
        raise
    except (Exception, SystemExit) as error:
        raise LoadError.raised(spec, error) from error
    if is_module(given):
        raise ForeignError.module_in_box(spec)
    if not (is_estimator(given) or callable(given)):
        raise ForeignError.no_box(spec, f"a {type(given).__name__}")
    return given


def _wants(function: Callable[..., Any]) -> bool:
    """Whether it cannot be called without arguments."""
    try:
        inspect.signature(function).bind()
    except TypeError:
        return True
    except ValueError:
        return False  # built in, and silent about it
    return False


def function_named(spec: str, base: Path) -> Callable[..., Any]:
    """The function that `module:function` names, as it is.

    Raises:
        ModelError: There is none.
    """
    function = import_named(spec, base=base)
    if not callable(function):
        raise ForeignError.encode(spec, type(function).__name__)
    made: Callable[..., Any] = function
    return made
