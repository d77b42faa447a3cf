"""Which networks and encodings a saved model may hold: closed tables, so that loading one runs no code but ours."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, TypeGuard

from fairwitness.torchkit.encoding import Encoding, OwnEncoding
from fairwitness.torchkit.modules.net import Net

NETS = {
    "table-net": "tables:TableNet",
    "cnn": "modules.images:ConvNet",
    "resnet": "modules.images:ResNet",
    "recurrent": "modules.recurrent:RecurrentNet",
    "transformer": "modules.transformer:Transformer",
    "autoencoder": "modules.autoencoder:Autoencoder",
    "text-rnn": "modules.language:LanguageNet",
    "vae": "modules.vae:ImageVAE",
    "gan": "modules.gan:ImageGAN",
}
ENCODINGS = {
    "table": "encoding:TableEncoding",
    "image": "encoding_images:ImageEncoding",
    "series": "encoding_series:SeriesEncoding",
    "text": "tokens:TextEncoding",
    "writing": "decoding:WritingEncoding",
    "drawing": "decoding:DrawingEncoding",
}


def net(described: Mapping[str, Any]) -> Net:
    """The network a `to_json` describes, with random weights.

    Raises:
        KeyError: It is of no kind that is made here.
    """
    made: Net = _named(NETS[described["kind"]]).from_json(described)
    return made


def encoding(described: Mapping[str, Any]) -> OwnEncoding:
    """The encoding a `to_json` describes.

    Raises:
        KeyError: It is of no kind that is made here.
    """
    made: OwnEncoding = _named(ENCODINGS[described["kind"]]).from_json(described)
    return made


def is_own(encoding: Encoding) -> TypeGuard[OwnEncoding]:
    """Whether an encoding is one of ours, so that it can be described."""
    return getattr(type(encoding), "kind", None) in ENCODINGS


def _named(place: str) -> Any:  # noqa: ANN401 - a class of one of the tables
    module, _, name = place.partition(":")
    return getattr(import_module(f"fairwitness.torchkit.{module}"), name)
