from dataclasses import dataclass

import numpy as np

from fairwitness.core.digest import digest, generator


@dataclass(frozen=True)
class Ask:
    by: tuple[str, ...]


@dataclass(frozen=True)
class Other:
    by: tuple[str, ...]


def test_equal_values_give_equal_digests() -> None:
    assert digest(Ask(("a",)), {"x": 1, "y": 2}) == digest(Ask(("a",)), {"y": 2, "x": 1})
    assert digest(frozenset({"b", "a"})) == digest(frozenset({"a", "b"}))
    assert digest(np.float64(0.5)) == digest(0.5)


def test_classes_and_values_are_told_apart() -> None:
    assert len({digest(Ask(("a",))), digest(Other(("a",))), digest(Ask(("b",))), digest(("a",)), digest("a")}) == 5


def test_generators_are_ones_own() -> None:
    first = generator(0, "check", "race").random(4)
    assert (generator(0, "check", "race").random(4) == first).all()
    assert (generator(0, "check", "sex").random(4) != first).all()
    assert (generator(1, "check", "race").random(4) != first).all()
