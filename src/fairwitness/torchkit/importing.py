"""Code the user names in the config as `module:function`: theirs to trust, found in the config's folder or installed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeGuard

from fairwitness.torchkit.errors import LoadError

if TYPE_CHECKING:
    from torch import nn


def import_named(spec: str, *, base: Path) -> Any:  # noqa: ANN401 - whatever the user has under that name
    """What `module:name` names; the module is looked for in `base` first, then among installed packages.

    Raises:
        LoadError: The text is no such name, there is no such module or name, or importing it fails.
    """
    module, _, name = spec.partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), name)):
        raise LoadError.spec(spec)
    found = _import(module, spec, base.resolve())
    try:
        return getattr(found, name)
    except AttributeError:
        have = [known for known, value in vars(found).items() if callable(value) and not known.startswith("_")]
        raise LoadError.no_function(name, have, source=spec) from None


def is_module(given: object) -> TypeGuard[nn.Module]:
    """Whether it is a torch module, told without importing torch."""
    return any(
        f"{kind.__module__}.{kind.__qualname__}" == "torch.nn.modules.module.Module" for kind in type(given).__mro__
    )


def _import(module: str, spec: str, base: Path) -> ModuleType:
    _forget(module, base)
    try:
        with searched(base):
            return importlib.import_module(module)
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and error.name and f"{module}.".startswith(f"{error.name}."):
            raise LoadError.no_module(module, base) from None
        raise LoadError.import_raised(spec, error) from error


def _forget(module: str, base: Path) -> None:
    """Let the file in `base` win, as it is now, over what this process has imported under that name: from another
    folder, or before it was edited.
    """
    top = module.partition(".")[0]
    here = [path for path in (base / f"{top}.py", base / top / "__init__.py") if path.is_file()]
    if not here or top not in sys.modules:
        return
    same = Path(getattr(sys.modules[top], "__file__", None) or "").resolve() == here[0]
    stale = module if same else top
    for name in [name for name in sys.modules if f"{name}.".startswith(f"{stale}.")]:
        del sys.modules[name]


@contextmanager
def searched(base: Path) -> Iterator[None]:
    """`base` first on the path, so that the user's file can import its neighbours; no bytecode is left in it."""
    importlib.invalidate_caches()
    place, writes = str(base.resolve()), sys.dont_write_bytecode
    sys.path.insert(0, place)
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = writes
        if place in sys.path:  # the user's code may have removed it
            sys.path.remove(place)
