"""How models are trained here: a closed table of recipes by name, and the user's own `module:factory`.

Importing this imports no torch; `named` does.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from fairwitness.core.errors import ModelError, hint

if TYPE_CHECKING:
    from fairwitness.torchkit.recipes.recipe import Recipe

TABLE = {
    "mlp": "mlp:MLP",
    "cnn": "images:CNN",
    "resnet": "images:RESNET",
    "gru": "sequences:GRU",
    "lstm": "sequences:LSTM",
    "transformer": "sequences:TRANSFORMER",
    "autoencoder": "autoencoder:AUTOENCODER",
}


def known(name: str) -> bool:
    """Whether `name` is a recipe, or has the form of a factory (`module:function`)."""
    module, colon, function = name.partition(":")
    return name in TABLE or bool(colon and module and function)


def named(name: str, *, base: Path | None = None) -> Recipe:
    """The recipe of that name; a factory is looked for in the folder `base` first.

    Raises:
        ModelError: There is none.
    """
    if not known(name):
        raise ModelError(f"model: no recipe {name!r}; {hint(name, TABLE)}")
    if name not in TABLE:
        own = import_module("fairwitness.torchkit.recipes.own")
        made: Recipe = own.recipe(name, base or Path())
        return made
    module, _, attribute = TABLE[name].partition(":")
    found: Recipe = getattr(import_module(f"fairwitness.torchkit.recipes.{module}"), attribute)
    return found
