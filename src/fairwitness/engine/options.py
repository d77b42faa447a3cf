"""A recipe's, a check's or a part's options, from the config."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from fairwitness.core.errors import ConfigError, hint


def parse_options(kind: type, values: Mapping[str, Any], *, source: str) -> Any:  # noqa: ANN401 - an instance of `kind`
    """Options as the dataclass that holds them.

    Raises:
        ConfigError: An option it does not have, or a value it refuses.
    """
    names = [field.name for field in dataclasses.fields(kind)]
    for name in values:
        if name not in names:
            raise ConfigError(f"{source}: no option {name!r}; {hint(name, names)}")
    try:
        return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{source}: options: {error}") from None
