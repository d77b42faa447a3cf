"""How models are trained here: a closed table of recipes by name, and the user's own `module:factory`.

Importing this imports no torch; `named` does.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from fairwitness.core.errors import ModelError, hint

if TYPE_CHECKING:
    from fairwitness.torchkit.recipes.generative import GenerativeRecipe
    from fairwitness.torchkit.recipes.recipe import Recipe

TABLE = {
    "mlp": "mlp:MLP",
    "cnn": "images:CNN",
    "resnet": "images:RESNET",
    "gru": "sequences:GRU",
    "lstm": "sequences:LSTM",
    "transformer": "sequences:TRANSFORMER",
    "autoencoder": "autoencoder:AUTOENCODER",
    "fine-tune": "fine_tune:recipe",
}
GENERATIVE = {
    "text-rnn": "writing:TEXT_RNN",
    "vae": "drawing:VAE",
    "gan": "drawing:GAN",
}
"""Recipes of models that make rows; they take no target."""


def known(name: str) -> bool:
    """Whether `name` is a recipe, or has the form of a factory (`module:function`)."""
    module, colon, function = name.partition(":")
    return name in TABLE or name in GENERATIVE or bool(colon and module and function)


def named(name: str, *, base: Path | None = None) -> Recipe:
    """The recipe of that name; files and factories it needs are looked for in the folder `base`.

    Raises:
        ModelError: There is none.
    """
    if name in GENERATIVE:
        raise ModelError(f"model: the recipe {name!r} makes rows and decides nothing; declare task = 'generation'")
    if not known(name):
        raise ModelError(f"model: no recipe {name!r}; {hint(name, TABLE)}")
    module, _, attribute = TABLE.get(name, "own:recipe").partition(":")
    found = getattr(import_module(f"fairwitness.torchkit.recipes.{module}"), attribute)
    made: Recipe = found(name, base or Path()) if callable(found) else found
    return made


def generator(name: str) -> GenerativeRecipe:
    """The recipe of that name, of a model that makes rows.

    Raises:
        ModelError: There is none.
    """
    if name not in GENERATIVE:
        raise ModelError(f"model: no recipe {name!r} makes rows; {hint(name, GENERATIVE)}")
    module, _, attribute = GENERATIVE[name].partition(":")
    made: GenerativeRecipe = getattr(import_module(f"fairwitness.torchkit.recipes.{module}"), attribute)
    return made
