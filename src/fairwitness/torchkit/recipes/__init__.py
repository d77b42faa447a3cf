"""How models are trained here: a closed table of recipes by name, and the user's own `module:factory`.

Importing this imports no torch; `named` does.
"""

from __future__ import annotations

from importlib import import_module
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
    return name in TABLE


def named(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        ModelError: There is none.
    """
    if name not in TABLE:
        raise ModelError(f"model: no recipe {name!r}; {hint(name, TABLE)}")
    module, _, attribute = TABLE[name].partition(":")
    found: Recipe = getattr(import_module(f"fairwitness.torchkit.recipes.{module}"), attribute)
    return found
