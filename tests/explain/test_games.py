"""Games of columns: encoded rows say what raw rows say, whatever the model is."""

import numpy as np
import pytest
import torch
from torch import nn

from fairwitness.core.columns import Column
from fairwitness.core.subject import Outputs, Rows
from fairwitness.explain.encoded import EncodedGame
from fairwitness.explain.games import ColumnGame, Players, Scale, column_game, players_of
from fairwitness.explain.numbers import integrated_by_player
from fairwitness.explain.shapley import Floats, shapley_values
from fairwitness.torchkit.blackbox import from_callable
from fairwitness.torchkit.encoding import TableEncoding
from fairwitness.torchkit.model import TorchModel
from fairwitness.torchkit.scores import DecisionRule
from fairwitness.torchkit.tables import TableNet, TableShape
from support.attacked import model_of, numbers, rows_of

PLACES = np.arange(12) % 5, np.arange(12) % 7


def table() -> tuple[tuple[Column, ...], Rows]:
    """Numbers with gaps, and categories."""
    rng = np.random.default_rng(0)
    gaps = rng.normal(size=40)
    gaps[::5] = np.nan
    town = np.array([("a", "b", None)[i % 3] for i in range(40)], dtype=object)
    columns = (
        Column(name="income", kind="number"),
        Column(name="town", kind="category"),
        Column(name="debt", kind="number"),
    )
    return columns, rows_of({"income": gaps, "town": town, "debt": rng.normal(size=40)})


def mlp(columns: tuple[Column, ...], rows: Rows, outputs: int = 1) -> TorchModel:
    torch.manual_seed(0)
    encoding = TableEncoding.fit(columns, rows)
    inputs = encoding.encode(rows)
    shape = TableShape.of(inputs, cardinalities=encoding.cardinalities, hidden=(8,), outputs=outputs)
    classes, positive = (("no", "yes"), "yes") if outputs == 1 else (("x", "y", "z"), None)
    rule = DecisionRule(classes=classes, positive=positive, activation="logits")
    return TorchModel(TableNet.scaled(shape, inputs["numbers"]).eval(), encoding, rule, words="planted")


def both(model: TorchModel, rows: Rows, players: Players, scale: Scale) -> tuple[Floats, Floats]:
    """What the game says on encoded rows, and on raw ones."""
    x, others = rows.where(np.arange(len(rows)) < 5), rows.where(np.arange(len(rows)) >= len(rows) - 7)
    fast = column_game(model, others, players=players, scale=scale)
    assert isinstance(fast, EncodedGame)
    slow = ColumnGame(model=model, rows=others, named=players, scale=scale)
    held = np.random.default_rng(1).random((12, len(players))) < 0.5
    return fast.on(x)(*PLACES, held), slow.on(x)(*PLACES, held)


@pytest.mark.parametrize("scale", ["score", "log odds"])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("kept", [(), ("town",)], ids=["all play", "town stays"])
def test_encoded_rows_say_what_raw_rows_say(scale: Scale, outputs: int, kept: tuple[str, ...]) -> None:
    columns, rows = table()
    players = {name: (name,) for name in ("debt", "income", "town") if name not in kept}
    fast, slow = both(mlp(columns, rows, outputs), rows, players, scale)
    assert fast.shape == (12, outputs)
    np.testing.assert_allclose(fast, slow, atol=2e-6)


def test_columns_that_travel_together_are_one_player() -> None:
    columns, rows = table()
    fast, slow = both(mlp(columns, rows), rows, {"money": ("income", "debt"), "town": ("town",)}, "score")
    np.testing.assert_allclose(fast, slow, atol=1e-6)


def test_a_module_of_one_tensor_has_the_fast_way_too() -> None:
    columns, rows = numbers(np.random.default_rng(0), 20)
    model = model_of(nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 1)), columns, rows)
    fast, slow = both(model, rows, {"first": ("a", "b"), "rest": ("c", "d", "e", "f")}, "score")
    np.testing.assert_allclose(fast, slow, atol=1e-6)


def test_an_image_is_exchanged_whole() -> None:
    rng = np.random.default_rng(0)
    rows = rows_of({}, {"image": rng.random((20, 8, 8)).astype(np.float32)})
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 1))
    model = model_of(net, (Column(name="image", kind="image"),), rows)
    fast, slow = both(model, rows, {"image": ("image",)}, "score")
    np.testing.assert_allclose(fast, slow, atol=1e-6)


def test_a_black_box_is_asked_about_raw_rows() -> None:
    columns, rows = numbers(np.random.default_rng(0), 30, "ab")
    model = from_callable(
        lambda frame: 0.5 * frame["a"].to_numpy() + 0.25 * frame["b"].to_numpy(),
        columns=columns,
        classes=("no", "yes"),
        positive="yes",
        activation="probabilities",
    )
    x, others = rows.where(np.arange(30) < 3), rows.where(np.arange(30) >= 10)

    made = shapley_values(column_game(model, others), x, rng=np.random.default_rng(0))

    a, b = (x.columns[name] - others.columns[name].mean() for name in "ab")
    np.testing.assert_allclose(made.values[..., 0], np.stack([a / 2, b / 4], axis=1), atol=1e-12)


class Deaf:
    """Decides and gives no scores."""

    words, notes, fingerprint = "deaf", (), None

    def outputs(self, rows: Rows) -> Outputs:
        return Outputs(scores=None, decisions=np.full(len(rows), "no", dtype=object))

    def layers(self, rows: Rows) -> None:
        return None


def test_what_cannot_be_divided_is_refused() -> None:
    _, rows = numbers(np.random.default_rng(0), 4, "ab")
    with pytest.raises(ValueError, match="decisions alone"):
        shapley_values(column_game(Deaf(), rows), rows, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="at least one row"):
        column_game(Deaf(), rows.where(np.zeros(4, dtype=bool)))


def test_sets_of_columns_of_which_one_holds_are_one_player() -> None:
    columns = [Column(name="age", kind="integer"), *(Column(name=n, kind="boolean", one_of="town") for n in "ab")]
    assert players_of(columns) == {"age": ("age",), "town": ("a", "b")}


class ByGroup:
    """A remedy at work: the score is lifted for one group, whose label is aboard and belongs to no player."""

    words, notes, fingerprint = "by group", (), None

    def outputs(self, rows: Rows) -> Outputs:
        lifted = 0.2 * (rows.columns["@group sex"] == "women")
        return Outputs(scores=(0.5 * rows.columns["a"] + lifted)[:, None], decisions=None)

    def layers(self, rows: Rows) -> None:
        return None


@pytest.mark.parametrize("exact_up_to", [10, 1])
def test_what_no_player_holds_stays_the_rows_own(exact_up_to: int) -> None:
    """Each row is compared with others as if they were of its own group."""
    _, rows = numbers(np.random.default_rng(0), 8, "ab")
    sex = np.array(["women", "men"] * 4, dtype=object)
    people = rows_of({**rows.columns, "@group sex": sex})

    made = shapley_values(
        column_game(ByGroup(), rows, players=["a", "b"]),
        people,
        rng=np.random.default_rng(0),
        exact_up_to=exact_up_to,
    )

    a = rows.columns["a"]
    np.testing.assert_allclose(made.values[:, 0, 0], (a - a.mean()) / 2, atol=1e-12)
    np.testing.assert_allclose(made.base[:, 0], a.mean() / 2 + 0.2 * (sex == "women"))
    np.testing.assert_allclose(made.base + made.values.sum(axis=1), made.total)


def test_gradients_do_not_lead_through_gaps_and_categories() -> None:
    columns, rows = table()
    whole = rows_of({**rows.columns, "income": np.nan_to_num(rows.columns["income"])})
    ones = np.ones(len(rows), dtype=np.intp)
    for held, read in ((whole, columns), (rows, columns[::2]), (whole, columns[::2])):
        players = {column.name: (column.name,) for column in read}
        made = integrated_by_player(mlp(read, held), held, held, players, ones)
        assert (made is not None) == (held is whole and len(read) == 2)
    assert made is not None
    values, found = made
    assert values.shape == (40, 2)
    assert found.complete.float().mean() > 0.9  # of rows that hardly differ from the mean next to nothing is left over
