"""The whole attack on deployed models: closed forms, every corner, and masks that must not pass for firmness."""

from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

from torch import nn

from fairwitness.core.columns import Column
from fairwitness.robustness import masking
from fairwitness.robustness.attacks.exchange import exchanged, exchanges
from fairwitness.robustness.attacks.search import square
from fairwitness.robustness.attacks.space import Space, of_media, of_numbers
from fairwitness.robustness.attacks.suite import Attacked, Budget, Deployed, attack, margins
from fairwitness.torchkit.blackbox import from_callable
from fairwitness.torchkit.model import TorchModel
from support.attacked import Linear, Quantised, model_of, numbers, recorded_by, rows_of


def planted(n: int = 200, *, mask: bool = False) -> tuple[TorchModel, Space, Deployed, np.ndarray]:
    """A linear model on six numbers, every decision right, and each row's exact distance to the boundary."""
    rng = np.random.default_rng(0)
    columns, rows = numbers(rng, n)
    weights, bias = rng.normal(size=6), 0.1
    net: nn.Module = Linear(weights, bias)
    model = model_of(Quantised(net) if mask else net, columns, rows)
    space = of_numbers(rows, columns, eps=0.1, spread={})
    exact = np.abs(space.x @ weights + bias) / np.abs(weights).sum()
    deployed = Deployed(model=model, classes=("no", "yes"), positive="yes", recorded=recorded_by(model, rows))
    return model, space, deployed, exact


def test_a_deployed_linear_model_breaks_just_beyond_its_distance_and_never_before() -> None:
    _, space, deployed, exact = planted()
    for times, share in ((0.999, 0.0), (1.001, 1.0)):
        radius = times * exact[:, None]
        boxed = Space(
            columns=space.columns,
            rows=space.rows,
            x=space.x,
            low=space.x - radius,
            high=space.x + radius,
            step=space.step,
        )
        found = attack(deployed, boxed, budget=Budget(), dice=np.random.default_rng(0))
        assert found.broken.mean() == share


def test_what_broke_is_allowed_and_decided_otherwise_one_row_at_a_time() -> None:
    model, space, deployed, _ = planted()
    found = attack(deployed, space, budget=Budget(), dice=np.random.default_rng(0))
    assert 0.1 < found.broken.mean() < 0.9
    assert (found.points >= space.low).all()
    assert (found.points <= space.high).all()
    for place in np.flatnonzero(found.broken)[:20]:
        decided = model.outputs(space.moved(found.points[[place]], np.array([place]))).decisions
        assert decided is not None
        assert decided[0] != ("no", "yes")[deployed.recorded[place]]


def test_a_wider_box_and_a_longer_attack_break_no_less() -> None:
    _, _, deployed, _ = planted()
    columns, rows = numbers(np.random.default_rng(0), 200)
    masks = [
        attack(
            deployed, of_numbers(rows, columns, eps=eps, spread={}), budget=Budget(), dice=np.random.default_rng(0)
        ).broken
        for eps in (0.01, 0.05, 0.1, 0.3, 1.0)
    ]
    for less, more in pairwise(masks):
        assert not (less & ~more).any()


def test_whole_numbers_against_every_point_of_the_lattice() -> None:
    """Four columns of steps: up to 5^4 points a row, all of them tried."""
    rng = np.random.default_rng(1)
    columns = tuple(Column(name=name, kind="integer", low=0.0, high=20.0) for name in "abcd")
    rows = rows_of({column.name: rng.integers(0, 21, 60).astype(float) for column in columns})
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(4, 12), nn.Tanh(), nn.Linear(12, 1))
    model = model_of(net, columns, rows)
    deployed = Deployed(model=model, classes=("no", "yes"), positive="yes", recorded=recorded_by(model, rows))
    space = of_numbers(rows, columns, eps=0.1, spread={})
    offsets = np.array(np.meshgrid(*[range(-2, 3)] * 4)).reshape(4, -1).T
    exact = np.zeros(len(rows), dtype=bool)
    for place in range(len(rows)):
        points = space.x[place] + offsets
        at = np.full(len(points), place)
        inside = ((points >= space.low[place]) & (points <= space.high[place])).all(axis=1)
        exact[place] = deployed.turned(space, points[inside], at[inside]).any()
    found = attack(deployed, space, budget=Budget(), dice=np.random.default_rng(0)).broken
    assert exact.any()
    assert not exact.all()
    assert not (found & ~exact).any()
    assert found.sum() >= 0.9 * exact.sum()


def test_a_black_box_is_broken_by_questions() -> None:
    """The same linear model as a function: search finds at least nine tenths of what is there."""
    _, space, deployed, exact = planted()
    model = deployed.model

    def scores(frame: pl.DataFrame) -> NDArray[Any]:
        made = model.outputs(rows_of({name: frame[name].to_numpy() for name in frame.columns})).scores
        assert made is not None
        return made[:, 0]

    box = from_callable(
        scores,
        columns=space.columns,
        classes=("no", "yes"),
        positive="yes",
        activation="probabilities",
        probe=space.rows,
    )
    blind = Deployed(model=box, classes=("no", "yes"), positive="yes", recorded=deployed.recorded)
    found = attack(blind, space, budget=Budget(queries=300), dice=np.random.default_rng(0))
    breakable = exact < 0.1
    inside = attack(deployed, space, budget=Budget(), dice=np.random.default_rng(0)).broken
    assert not found.gradient.any()
    assert not (found.search & ~breakable).any()
    assert found.search.sum() >= 0.9 * inside.sum()


def test_square_finds_what_a_sum_of_pixels_decides() -> None:
    """Decided by the mean of 8 x 8 pixels: the worst point moves every pixel, and patches come to it."""
    rng = np.random.default_rng(0)
    images = rng.integers(80, 176, (40, 8, 8)).astype(np.uint8)
    rows = rows_of({}, {"image": images})
    space = of_media(rows, Column(name="image", kind="image"), eps=10 / 255)
    means = images.mean(axis=(1, 2))
    bound = float(np.median(means))

    def ask(points: NDArray[np.float64], at: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        side = np.where(means[at] > bound, 1.0, -1.0)
        away = side * (bound - points.mean(axis=(1, 2)))
        return away, away > 0

    turned, points, spent = square(space, ask, queries=400, dice=np.random.default_rng(0))
    assert (
        np.array_equal(turned, np.abs(means - bound) < 10) or turned.sum() >= 0.9 * (np.abs(means - bound) < 10).sum()
    )
    assert (np.abs(points - images) <= 10).all()
    assert spent < 400 * 40


def test_one_exchange_against_every_one_there_is() -> None:
    rng = np.random.default_rng(0)
    columns = (
        Column(name="x", kind="number", low=0.0, high=1.0),
        Column(name="flag", kind="boolean"),
        Column(name="up", kind="boolean", change="up"),
        Column(name="left", kind="number", one_of="side"),
        Column(name="right", kind="number", one_of="side"),
        Column(name="held", kind="boolean", change="never"),
    )
    side = rng.integers(0, 2, 80).astype(float)
    rows = rows_of(
        {
            "x": rng.random(80),
            "flag": rng.integers(0, 2, 80).astype(float),
            "up": rng.integers(0, 2, 80).astype(float),
            "left": side,
            "right": 1 - side,
            "held": rng.integers(0, 2, 80).astype(float),
        }
    )
    model = model_of(Linear(np.array([1.0, 0.4, 0.6, 0.5, -0.5, 9.0]), -5.0), columns, rows)
    deployed = Deployed(model=model, classes=("no", "yes"), positive="yes", recorded=recorded_by(model, rows))
    space = of_numbers(rows, columns, eps=0.05, spread={})
    offered = exchanges(columns, rows)
    moved, turned, asked = exchanged(deployed, space, offered, most=1)

    z = rows.columns["x"] + 0.4 * rows.columns["flag"] + 0.6 * rows.columns["up"] + 0.5 * (2 * side - 1)
    z = z + 9 * rows.columns["held"] - 5
    moves = [0.4 * (1 - 2 * rows.columns["flag"]), 0.6 * (1 - rows.columns["up"]), 1.0 - 2 * side]
    wanted = np.any([(z + move >= 0) != (z >= 0) for move in moves], axis=0)
    np.testing.assert_array_equal(turned, wanted)
    assert asked == len(offered) * 80
    np.testing.assert_array_equal(moved.columns["left"] + moved.columns["right"], 1.0)
    np.testing.assert_array_equal(moved.columns["held"], rows.columns["held"])
    assert (moved.columns["up"] >= rows.columns["up"]).all()


def look(deployed: Deployed, space: Space) -> tuple[Attacked, dict[str, masking.Sign]]:
    dice = np.random.default_rng(0)
    found = attack(deployed, space, budget=Budget(steps=20, targets=2, searched=1000), dice=dice)
    wide = of_numbers(space.rows, space.columns, eps=1.0, spread={})
    told = masking.signs(deployed, space, search=found.search, searched=found.searched, wide=wide, dice=dice)
    return found, dict(told)


def test_an_honest_model_shows_no_sign_of_masking() -> None:
    _, space, deployed, _ = planted()
    _, told = look(deployed, space)
    assert {name: sign.shown for name, sign in told.items()} == dict.fromkeys(told, 0)
    assert len(told) == 3


def test_a_model_that_rounds_what_it_reads_shows_every_sign() -> None:
    _, space, deployed, exact = planted(mask=True)
    found, told = look(deployed, space)
    assert told[masking.NO_GRADIENT].shown == told[masking.NO_GRADIENT].of == 200
    assert found.gradient.mean() < 0.05
    assert found.search.sum() > 0.7 * (exact < 0.1).sum()
    assert told[masking.SEARCH_AHEAD].shown > 0.2 * told[masking.SEARCH_AHEAD].of
    assert told[masking.UNREACHED].shown > 0.5 * told[masking.UNREACHED].of


def test_margins_by_hand() -> None:
    binary = margins(np.array([[0.8], [0.2]]), np.array([1, 0]), positive=1)
    np.testing.assert_allclose(binary, np.log([0.2 / 0.8, 0.2 / 0.8]))
    several = margins(np.array([[0.5, 0.3, 0.2]]), np.array([1]), positive=2)
    np.testing.assert_allclose(several, np.log([0.5 / 0.3]))
